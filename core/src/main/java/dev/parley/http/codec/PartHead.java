package dev.parley.http.codec;

import org.jspecify.annotations.Nullable;

/**
 * What the head of a part says (<a href="https://www.rfc-editor.org/rfc/rfc7578#section-4.2">RFC 7578 section 4.2</a>).
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param name the field's name, decoded; it may have any character, line breaks too
 * @param fileName the file's name as its sender says, decoded, or {@code null} for a part that is no file. It may have any character:
 *     slashes, {@code ..}, line breaks; it is nothing to make a path of
 * @param contentType {@code Content-Type} as it came, or {@code null}
 */
public record PartHead(
        String name, @Nullable String fileName, @Nullable String contentType) {
    /**
     * What it is, for logs.
     *
     * @return how long the texts are, and nothing of them: they are the sender's, and may have any character
     */
    @Override
    public String toString() {
        return "PartHead[name=" + length(name) + ", fileName=" + length(fileName) + ", contentType="
                + length(contentType) + "]";
    }

    private static String length(@Nullable String text) {
        return text == null ? "null" : text.length() + " characters";
    }
}
