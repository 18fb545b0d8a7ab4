package dev.parley.http;

import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Finds the end of a section of lines: the head of a request, or a trailer section
 * (<a href="https://www.rfc-editor.org/rfc/rfc9112#section-2.2">RFC 9112 sections 2.2, 5 and 5.2</a>).
 *
 * <p>Looks at bytes only, eight at a time, and at each of them once however they arrive. A line ends with CRLF and nothing
 * else; no other control character but a tab may stand in it; and none may begin with white space, which would fold it.
 */
final class Http1Lines {
    static final int INCOMPLETE = -1;

    /** Any order will do: all eight bytes are asked the same. */
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private static final long EACH = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;

    private final int maxFirstLine;
    private final int maxFields;
    /** Where each line ends, before its CRLF, from the start of the section. */
    private int[] ends = new int[16];

    private int lines;
    private boolean hasFirstLine;
    /** From the start of the section: what has been looked at, and where the current line begins. */
    private int scanned;

    private int line;
    private int fieldBytes;

    Http1Lines(int maxFirstLine, int maxFields) {
        this.maxFirstLine = maxFirstLine;
        this.maxFields = maxFields;
    }

    /** Begins with a new section: of a head, whose first line is no field, or of trailers. */
    void begin(boolean firstLine) {
        hasFirstLine = firstLine;
        lines = 0;
        scanned = 0;
        line = 0;
        fieldBytes = 0;
    }

    /** Lines without the empty one at the end. */
    int count() {
        return lines;
    }

    int start(int index) {
        return index == 0 ? 0 : ends[index - 1] + 2;
    }

    int end(int index) {
        return ends[index];
    }

    /**
     * Looks at what has arrived since the last call.
     *
     * @param bytes the section from its beginning, at each call
     * @param size how much of it has arrived
     * @return the length of the section with the empty line at its end, or {@link #INCOMPLETE}
     * @throws IllegalArgumentException if it is malformed
     * @throws TooLongHttpLineException if the first line is over its limit
     * @throws TooLongHttpHeaderException if the fields are over theirs
     */
    int scan(byte[] bytes, int size) {
        int at = scanned;
        while (at < size) {
            if (size - at >= Long.BYTES && !hasControl((long) LONG.get(bytes, at))) {
                at += Long.BYTES;
                continue;
            }
            byte b = bytes[at];
            if (!isControl(b)) {
                at++;
                continue;
            }
            if (b != HttpConstants.CR) {
                throw new IllegalArgumentException("a control character in a line");
            }
            if (at + 1 == size) {
                break;
            }
            if (bytes[at + 1] != HttpConstants.LF) {
                throw new IllegalArgumentException("a carriage return that ends no line");
            }
            int length = at - line;
            at += 2;
            if (length == 0) {
                return at;
            }
            endLine(bytes, length);
            line = at;
        }
        scanned = at;
        checkLength(at - line);
        if (line < size) {
            checkNotFolded(bytes[line]);
        }
        return INCOMPLETE;
    }

    private void endLine(byte[] bytes, int length) {
        checkLength(length);
        checkNotFolded(bytes[line]);
        if (lines > 0 || !hasFirstLine) {
            fieldBytes += length;
        }
        if (lines == ends.length) {
            ends = Arrays.copyOf(ends, 2 * lines);
        }
        ends[lines++] = line + length;
    }

    private void checkLength(int length) {
        if (lines == 0 && hasFirstLine) {
            if (length > maxFirstLine) {
                throw new TooLongHttpLineException("the request line is longer than " + maxFirstLine);
            }
        } else if (fieldBytes + length > maxFields) {
            throw new TooLongHttpHeaderException("the fields are longer than " + maxFields);
        }
    }

    private static void checkNotFolded(byte first) {
        if (first == HttpConstants.SP || first == HttpConstants.HT) {
            throw new IllegalArgumentException("a line that begins with white space");
        }
    }

    private static boolean isControl(byte b) {
        return b >= 0 && b < 0x20 && b != HttpConstants.HT || b == 0x7F;
    }

    /** Whether one of eight bytes may be a control character; a tab counts. */
    private static boolean hasControl(long word) {
        long below = (word - EACH * 0x20) & ~word;
        long delete = word ^ EACH * 0x7F;
        return ((below | (delete - EACH) & ~delete) & HIGH_BITS) != 0;
    }
}
