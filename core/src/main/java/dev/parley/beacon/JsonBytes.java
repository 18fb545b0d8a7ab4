package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;

/**
 * JSON that is being written, as bytes of UTF-8, into an array that is used again and again.
 *
 * <p>What stands in strings is harmless wherever it is shown: besides what RFC 8259 section 7 asks for, the control characters
 * U+007F to U+009F and the line ends U+2028 and U+2029 are escaped, so that a terminal gets no escape sequence and a tool no
 * line that is none. Unpaired surrogates are escaped too: UTF-8 has no form for them.
 *
 * <p>Not thread-safe.
 */
final class JsonBytes {
    /** The most bytes that one {@code char} takes: an escape. */
    private static final int ESCAPE_BYTES = 6;

    private static final byte[] HEX = "0123456789abcdef".getBytes(ISO_8859_1);
    /** ASCII that stands for itself in a string. */
    private static final boolean[] PLAIN = new boolean[128];

    static {
        Arrays.fill(PLAIN, ' ', 0x7f, true);
        PLAIN['"'] = false;
        PLAIN['\\'] = false;
    }

    private static final int NANO_DIGITS = 9;

    private byte[] bytes;
    private int size;
    /** The second of the time that was written last, and how it was written, without the zone. */
    private long second;

    private byte[] toSecond = {};

    JsonBytes(int capacity) {
        bytes = new byte[capacity];
    }

    /** The array, of which the first {@link #size} bytes count, until the next write. */
    byte[] array() {
        return bytes;
    }

    int size() {
        return size;
    }

    byte[] copy() {
        return Arrays.copyOf(bytes, size);
    }

    /** Forgets what was written, and an array that is larger than needed. */
    void clear(int capacity) {
        size = 0;
        if (bytes.length > capacity) {
            bytes = new byte[capacity];
        }
    }

    /** Forgets what was written behind a place. */
    void cut(int at) {
        size = at;
    }

    /** Adds ASCII as it is. */
    JsonBytes raw(byte[] ascii) {
        room(ascii.length);
        System.arraycopy(ascii, 0, bytes, size, ascii.length);
        size += ascii.length;
        return this;
    }

    /** Adds a time as {@link Instant#toString} gives it. What it is up to the second is kept for the next. */
    JsonBytes instant(Instant at) {
        if (at.getEpochSecond() != second || toSecond.length == 0) {
            second = at.getEpochSecond();
            String text = Instant.ofEpochSecond(second).toString();
            toSecond = text.substring(0, text.length() - 1).getBytes(ISO_8859_1);
        }
        raw(toSecond);
        room(NANO_DIGITS + 2);
        int nano = at.getNano();
        if (nano != 0) {
            bytes[size++] = '.';
            // Three digits, six or nine, as many as it takes.
            int digits = nano % 1_000_000 == 0 ? 3 : nano % 1_000 == 0 ? 6 : NANO_DIGITS;
            for (int i = NANO_DIGITS - 1; i >= 0; i--) {
                if (i < digits) {
                    bytes[size + i] = (byte) ('0' + nano % 10);
                }
                nano /= 10;
            }
            size += digits;
        }
        bytes[size++] = 'Z';
        return this;
    }

    /** Adds a string with its quotes. */
    JsonBytes string(String text) {
        room(text.length() * (long) ESCAPE_BYTES + 2);
        bytes[size++] = '"';
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < PLAIN.length && PLAIN[c]) {
                bytes[size++] = (byte) c;
            } else if (isEscaped(c)) {
                escape(c);
            } else if (c < 0x800) {
                bytes[size++] = (byte) (0xc0 | c >> 6);
                trail(c);
            } else if (!Character.isSurrogate(c)) {
                bytes[size++] = (byte) (0xe0 | c >> 12);
                trail(c >> 6);
                trail(c);
            } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
                int point = Character.toCodePoint(c, text.charAt(++i));
                bytes[size++] = (byte) (0xf0 | point >> 18);
                trail(point >> 12);
                trail(point >> 6);
                trail(point);
            } else {
                escape(c);
            }
        }
        bytes[size++] = '"';
        return this;
    }

    private void trail(int bits) {
        bytes[size++] = (byte) (0x80 | bits & 0x3f);
    }

    private static boolean isEscaped(int c) {
        return c < 0xa0 || c == 0x2028 || c == 0x2029;
    }

    /**
     * Adds UTF-8 as a string with its quotes.
     *
     * @return {@code false} if it is not well-formed (Unicode, table 3-7), or takes more than twice its bytes as most of it is
     *     control characters; nothing was added then
     */
    boolean utf8(byte[] text) {
        int before = size;
        long most = before + 2L * text.length + 2;
        room(2L * text.length + 2 + ESCAPE_BYTES);
        bytes[size++] = '"';
        int i = 0;
        while (i < text.length) {
            int from = i;
            while (i < text.length && text[i] >= 0 && PLAIN[text[i]]) {
                i++;
            }
            System.arraycopy(text, from, bytes, size, i - from);
            size += i - from;
            if (i == text.length) {
                break;
            }
            int length = sequence(text, i);
            int c = length == 0 ? 0 : point(text, i, length);
            if (length > 0 && isEscaped(c)) {
                escape(c);
            } else {
                System.arraycopy(text, i, bytes, size, length);
                size += length;
            }
            // Each turn adds an escape more than it may, at most, and so does not outgrow the room.
            if (length == 0 || size + (text.length - i - length) + 1 > most) {
                size = before;
                return false;
            }
            i += length;
        }
        bytes[size++] = '"';
        return true;
    }

    /** How many bytes the character that begins at a place takes; 0 if they are none. */
    private static int sequence(byte[] text, int at) {
        int lead = text[at] & 0xff;
        if (lead < 0x80) {
            return 1;
        }
        int length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        if (at + length > text.length) {
            return 0;
        }
        for (int i = 1; i < length; i++) {
            if ((text[at + i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        if (length > 2) {
            int second = text[at + 1] & 0xff;
            boolean isWellFormed = switch (lead) {
                case 0xe0 -> second >= 0xa0; // not overlong
                case 0xed -> second < 0xa0; // no surrogate
                case 0xf0 -> second >= 0x90; // not overlong
                case 0xf4 -> second < 0x90; // not beyond U+10FFFF
                default -> true;
            };
            return isWellFormed ? length : 0;
        }
        return length;
    }

    /** The character of a sequence. Longer ones than of three bytes are never escaped, so any number above will do. */
    private static int point(byte[] text, int at, int length) {
        return switch (length) {
            case 1 -> text[at];
            case 2 -> (text[at] & 0x1f) << 6 | text[at + 1] & 0x3f;
            case 3 -> (text[at] & 0x0f) << 12 | (text[at + 1] & 0x3f) << 6 | text[at + 2] & 0x3f;
            default -> Character.MAX_CODE_POINT;
        };
    }

    private void escape(int c) {
        bytes[size++] = '\\';
        switch (c) {
            case '"', '\\' -> bytes[size++] = (byte) c;
            case '\n' -> bytes[size++] = 'n';
            case '\r' -> bytes[size++] = 'r';
            case '\t' -> bytes[size++] = 't';
            default -> {
                bytes[size++] = 'u';
                hex(size, c, 4);
                size += 4;
            }
        }
    }

    /** Adds bytes as a string of base64 with its quotes (RFC 4648 section 4). */
    JsonBytes base64(byte[] binary) {
        byte[] coded = Base64.getEncoder().encode(binary);
        room(coded.length + 2L);
        bytes[size++] = '"';
        System.arraycopy(coded, 0, bytes, size, coded.length);
        size += coded.length;
        bytes[size++] = '"';
        return this;
    }

    /** Writes the last digits of a number over what stands at a place. */
    void hex(int at, int value, int digits) {
        for (int i = 0; i < digits; i++) {
            bytes[at + i] = HEX[value >>> 4 * (digits - 1 - i) & 0xf];
        }
    }

    private void room(long more) {
        long needed = size + more;
        if (needed > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("beacon: " + needed + " bytes as JSON (expected: less than 2 GiB)");
        }
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.max(needed, Math.min(bytes.length * 2L, Integer.MAX_VALUE - 8)));
        }
    }

    @Override
    public String toString() {
        return new String(bytes, 0, size, StandardCharsets.UTF_8);
    }
}
