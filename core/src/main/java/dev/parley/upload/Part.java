package dev.parley.upload;

import org.jspecify.annotations.Nullable;

/**
 * What the head of a part of a form says (<a href="https://www.rfc-editor.org/rfc/rfc7578#section-4.2">RFC 7578 section 4.2</a>): a part is
 * a field or a file.
 *
 * <p>All of it is the client's word. A name may have any character; of a file's name make nothing but {@link #safeFileName}.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param index which part of the form it is: 0 for the first
 * @param name the field's name, decoded, within {@link Multipart.Builder#maxNameChars}
 * @param fileName the file's name as the client says, decoded, within the same limit; {@code null} for a field that is no file
 * @param contentType {@code Content-Type} as it came, or {@code null}
 */
public record Part(
        int index,
        String name,
        @Nullable String fileName,
        @Nullable String contentType) {

    /**
     * Whether this is a file.
     *
     * @return {@code true} if the client gave a name of a file, an empty one too
     */
    public boolean isFile() {
        return fileName != null;
    }

    /**
     * Whether this is a file without a name. If no data follows, it is what a browser sends for an {@code <input type=file>} for
     * which nothing was chosen (<a
     * href="https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#constructing-the-form-data-set">HTML, constructing the
     * entry list</a>): no file at all. A file that is empty but has a name is a file.
     *
     * @return {@code true} if {@link #fileName} is empty
     */
    public boolean mayBeEmptyFileInput() {
        return fileName != null && fileName.isEmpty();
    }

    /**
     * The file's name made harmless: it may be shown, written to a log, and used as the name of a download or, if need be, of a file on any
     * system.
     *
     * <p>It is the last segment of a path with slashes or backslashes, without control characters, bidirectional overrides and other
     * characters that don't show, without dots and blanks at either end. Characters that some system takes for a separator or a wildcard, such
     * as {@code :} and {@code "}, become {@code _}. It is no name of a device such as {@code CON} or {@code nul.txt}: those get a {@code _}
     * in front.
     *
     * <p>It is not unique, and says nothing of what the file is: {@code .html} stays {@code .html}.
     *
     * @return 1 to 200 bytes of UTF-8, of which an ending of up to 20 is kept when it is cut; {@code file} where nothing is left
     */
    public String safeFileName() {
        return FileName.safe(fileName == null ? "" : fileName);
    }

    /**
     * What it is, for logs.
     *
     * @return the index and how long the texts are, and nothing of them: they are the client's, and may have any character
     */
    @Override
    public String toString() {
        return "Part[index=" + index + ", name=" + length(name) + ", fileName=" + length(fileName) + ", contentType="
                + length(contentType) + "]";
    }

    private static String length(@Nullable String text) {
        return text == null ? "null" : text.length() + " characters";
    }
}
