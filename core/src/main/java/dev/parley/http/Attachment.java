package dev.parley.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/**
 * {@code Content-Disposition} of a file to be saved, whatever somebody called it
 * (<a href="https://www.rfc-editor.org/rfc/rfc6266">RFC 6266</a>,
 * <a href="https://www.rfc-editor.org/rfc/rfc8187">RFC 8187</a>).
 *
 * <pre>
 *   attachment; filename="Bericht _.pdf"; filename*=UTF-8''Bericht%20%C3%A4.pdf
 * </pre>
 */
final class Attachment {
    private static final String UNNAMED = "download";

    /** In bytes of UTF-8: file systems take 255, and browsers add {@code (1)} and their own extension on the way. */
    private static final int LONGEST = 220;
    /** A longer one is no extension. In chars, with the dot. */
    private static final int LONGEST_EXTENSION = 16;

    /** What stands for itself in {@code filename*} (RFC 8187 section 3.2.1). */
    private static final String ATTR_CHAR =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~";

    /** Names of devices on Windows, with any extension. */
    private static final Set<String> DEVICES = Set.of(
            "con", "prn", "aux", "nul", "conin$", "conout$", "com0", "com1", "com2", "com3", "com4", "com5", "com6",
            "com7", "com8", "com9", "com¹", "com²", "com³", "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6",
            "lpt7", "lpt8", "lpt9", "lpt¹", "lpt²", "lpt³");

    private Attachment() {}

    /** The field's value. */
    static String of(String name) {
        String safe = safe(name);
        String ascii = ascii(safe);
        String plain = "attachment; filename=\"" + ascii + '"';
        return ascii.equals(safe) ? plain : plain + "; filename*=UTF-8''" + StaticFiles.encoded(safe, ATTR_CHAR);
    }

    /** A name that means a file in whatever directory it is saved to, on any system, and looks like what it is. */
    static String safe(String name) {
        StringBuilder shown = new StringBuilder(name.length());
        name.codePoints()
                .filter(Attachment::isShown)
                .map(c -> "/\\:*?\"<>|".indexOf(c) >= 0 ? '_' : Character.isSpaceChar(c) ? ' ' : c)
                .forEach(shown::appendCodePoint);
        String safe = ended(shortened(ended(shown.toString())));
        if (safe.isEmpty()) {
            return UNNAMED;
        }
        int dot = safe.indexOf('.');
        String stem = (dot < 0 ? safe : safe.substring(0, dot)).strip().toLowerCase(Locale.ROOT);
        return DEVICES.contains(stem) ? '_' + safe : safe;
    }

    /** Windows strips dots and spaces from the end, and a dot at the begin hides a file elsewhere. */
    private static String ended(String name) {
        int begin = 0;
        int end = name.length();
        while (begin < end && isDotOrSpace(name.charAt(begin))) {
            begin++;
        }
        while (end > begin && isDotOrSpace(name.charAt(end - 1))) {
            end--;
        }
        return name.substring(begin, end);
    }

    private static boolean isDotOrSpace(char c) {
        return c == '.' || c == ' ';
    }

    /** Cut where it is too long, but not its extension. */
    private static String shortened(String name) {
        int dot = name.lastIndexOf('.');
        String extension = dot > 0 && name.length() - dot <= LONGEST_EXTENSION ? name.substring(dot) : "";
        int left = LONGEST - bytes(extension);
        int end = 0;
        int limit = name.length() - extension.length();
        while (end < limit) {
            int c = name.codePointAt(end);
            left -= c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            if (left < 0) {
                break;
            }
            end += Character.charCount(c);
        }
        return name.substring(0, end) + extension;
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Not a control, a line, what turns the direction of writing or can't be seen, half of a character, or none at all. */
    private static boolean isShown(int c) {
        boolean isNone = (c & 0xFFFE) == 0xFFFE || c >= 0xFDD0 && c <= 0xFDEF; // Unicode section 23.7
        return !isNone
                && switch (Character.getType(c)) {
                    case Character.CONTROL,
                            Character.FORMAT,
                            Character.SURROGATE,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR -> false;
                    default -> true;
                };
    }

    /** What old clients show. A percent sign would make some of them decode it. */
    private static String ascii(String name) {
        StringBuilder ascii = new StringBuilder(name.length());
        name.codePoints().map(c -> c > 0x7E || c == '%' ? '_' : c).forEach(ascii::appendCodePoint);
        return ascii.toString();
    }
}
