package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The frame of one beacon in a log: a line of JSON whose beginning has a fixed length.
 *
 * <pre>
 *   offset  0      6        14      21       29          40            40+n
 *           {"n":" 0000007b ","c":" 1a2b3c4d ","beacon": {"at":…}      }\n
 *                  n, hex           CRC32C, hex          n bytes
 * </pre>
 *
 * <p>No beacon holds a line end, so whoever is lost finds the next record behind the next one.
 */
final class LogRecord {
    /** The longest beacon, as JSON: 16 MiB of body at twice its size, and room for what came with it. */
    static final int MAX_BYTES = 64 * 1024 * 1024;

    static final int HEAD_BYTES = 40;
    static final int TAIL_BYTES = 2;

    /** What begins a record: quotes that no string of a beacon holds as they are. */
    static final int BEGINNING_BYTES = 6;

    private static final int LENGTH_AT = BEGINNING_BYTES;
    private static final int CHECK_AT = 21;
    private static final int DIGITS = 8;
    private static final byte[] HEAD = "{\"n\":\"00000000\",\"c\":\"00000000\",\"beacon\":".getBytes(ISO_8859_1);
    private static final byte[] TAIL = "}\n".getBytes(ISO_8859_1);

    private LogRecord() {}

    /**
     * Adds a beacon and its frame.
     *
     * @throws IOException if it is too long; nothing was added then
     */
    static void append(Beacon beacon, JsonBytes out) throws IOException {
        int from = out.size();
        out.raw(HEAD);
        int start = out.size();
        BeaconJson.write(beacon, out);
        int length = out.size() - start;
        if (length > MAX_BYTES) {
            out.cut(from);
            throw new IOException("beacon: " + length + " bytes as JSON (expected: at most " + MAX_BYTES + ")");
        }
        out.hex(from + LENGTH_AT, length, DIGITS);
        out.hex(from + CHECK_AT, crc(out.array(), start, length), DIGITS);
        out.raw(TAIL);
    }

    /** The length of the beacon whose record begins at a place, where a whole head is; negative if there is no head. */
    static int length(byte[] bytes, int at) {
        if (!isBeginning(bytes, at)
                || !isHead(bytes, at, LENGTH_AT + DIGITS, CHECK_AT)
                || !isHead(bytes, at, CHECK_AT + DIGITS, HEAD_BYTES)) {
            return -1;
        }
        long length = hex(bytes, at + LENGTH_AT);
        return length > MAX_BYTES ? -1 : (int) length;
    }

    private static boolean isHead(byte[] bytes, int at, int from, int to) {
        return Arrays.equals(bytes, at + from, at + to, HEAD, from, to);
    }

    /** Whether the beacon behind a head is what was written. */
    static boolean isIntact(byte[] bytes, int at, int length) {
        long check = hex(bytes, at + CHECK_AT);
        return check >= 0 && (int) check == crc(bytes, at + HEAD_BYTES, length);
    }

    /** Whether a record ends as it should. */
    static boolean isTail(byte[] bytes, int at) {
        return Arrays.equals(bytes, at, at + TAIL_BYTES, TAIL, 0, TAIL_BYTES);
    }

    /** Whether a line begins as a record does, and as nothing within one can. */
    static boolean isBeginning(byte[] bytes, int at) {
        return Arrays.equals(bytes, at, at + BEGINNING_BYTES, HEAD, 0, BEGINNING_BYTES);
    }

    private static int crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }

    /** Eight digits of lower case, or negative. */
    private static long hex(byte[] bytes, int from) {
        long value = 0;
        for (int i = from; i < from + DIGITS; i++) {
            int c = bytes[i];
            int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }
}
