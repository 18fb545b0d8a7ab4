package dev.parley.upload;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.regex.Pattern;

/** Makes a name of a file harmless: {@link Part#safeFileName}. What it gave once it gives again. */
final class FileName {
    private static final String NOTHING_LEFT = "file";
    /** File systems take 255: this leaves room for a number, or for {@code .part}. */
    private static final int MAX_BYTES = 200;
    /** An ending that is longer is not worth keeping. */
    private static final int MAX_ENDING_BYTES = 20;

    /**
     * What Windows does not take in a name, and what it turns into a slash, a backslash or a colon where a program still uses a code page
     * (fraction slash, division slash, set minus, the full-width ones).
     */
    private static final String REPLACED = ":*?\"<>|\u2044\u2215\u2216\u29F5\u29F8\u29F9\uFE55\uFE68\uFF0F\uFF1A\uFF3C";

    /** Devices are there in each directory, with any ending, and blanks before it. */
    private static final Pattern DEVICE = Pattern.compile(
            "(?:CON|PRN|AUX|NUL|CONIN\\$|CONOUT\\$|(?:COM|LPT)[0-9\u00B9\u00B2\u00B3]) *(?:\\..*)?",
            Pattern.CASE_INSENSITIVE);

    private FileName() {}

    static String safe(String name) {
        int slash = Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\'));
        String shown = stripped(shown(name.substring(slash + 1)));
        if (DEVICE.matcher(shown).matches()) {
            shown = "_" + shown;
        }
        String cut = cut(shown);
        return cut.isEmpty() ? NOTHING_LEFT : cut;
    }

    /** The characters that show, with one kind of blank. */
    private static String shown(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.PRIVATE_USE,
                        Character.UNASSIGNED,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> {}
                case Character.SPACE_SEPARATOR -> shown.append(' ');
                default -> shown.appendCodePoint(REPLACED.indexOf(c) < 0 ? c : '_');
            }
        });
        return shown.toString();
    }

    /** Without dots and blanks at both ends: Windows leaves those at the end out, and one in front hides a file. */
    private static String stripped(String text) {
        int from = 0;
        int end = text.length();
        while (from < end && isDotOrBlank(text.charAt(from))) {
            from++;
        }
        while (end > from && isDotOrBlank(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(from, end);
    }

    private static boolean isDotOrBlank(char c) {
        return c == '.' || c == ' ';
    }

    private static String cut(String text) {
        if (bytes(text) <= MAX_BYTES) {
            return text;
        }
        int dot = text.lastIndexOf('.');
        String ending = dot < 0 ? "" : text.substring(dot);
        if (bytes(ending) > MAX_ENDING_BYTES) {
            ending = "";
        }
        return stripped(first(text, MAX_BYTES - bytes(ending))) + ending;
    }

    /** As many whole characters as have so many bytes. */
    private static String first(String text, int maxBytes) {
        int end = 0;
        int bytes = 0;
        while (true) {
            int c = text.codePointAt(end);
            bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            if (bytes > maxBytes) {
                return text.substring(0, end);
            }
            end += Character.charCount(c);
        }
    }

    private static int bytes(String text) {
        return text.getBytes(UTF_8).length;
    }
}
