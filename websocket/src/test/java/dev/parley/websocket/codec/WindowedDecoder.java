package dev.parley.websocket.codec;

import java.util.Arrays;

/**
 * A decoder of DEFLATE (RFC 1951) that is written for the tests, slow and strict: it fails on a reference beyond the window of
 * the client, which zlib does not in Java, as it always has the largest window.
 *
 * <p>It keeps its window from message to message, until it is made anew.
 */
final class WindowedDecoder {
    private static final int[] LENGTH_BASE = {
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258
    };
    private static final int[] LENGTH_EXTRA = {
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0
    };
    private static final int[] ORDER_OF_LENGTHS = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    private static final int MAX_CODE_BITS = 15;

    private final int windowBytes;
    private byte[] history = new byte[1 << 16];
    private int end;
    private byte[] in = {};
    private int bit;
    private int longestDistance;

    WindowedDecoder(int windowBits) {
        windowBytes = 1 << windowBits;
    }

    /** The longest distance of any reference until now. */
    int longestDistance() {
        return longestDistance;
    }

    /** Decodes a message of RFC 7692. Fails unless the last block is empty and ends with the message. */
    byte[] message(byte[] compressed) {
        in = Arrays.copyOf(compressed, compressed.length + 4);
        in[compressed.length + 2] = in[compressed.length + 3] = (byte) 0xFF;
        bit = 0;
        int start = end;
        int lastBlock = start;
        while (bit < in.length * 8) {
            lastBlock = end;
            block();
        }
        check(lastBlock == end, "the last block is not empty");
        return Arrays.copyOfRange(history, start, end);
    }

    private void block() {
        check(bits(1) == 0, "a last block");
        switch (bits(2)) {
            case 0 -> stored();
            case 1 -> {
                int[] lengths = new int[288];
                Arrays.fill(lengths, 0, 144, 8);
                Arrays.fill(lengths, 144, 256, 9);
                Arrays.fill(lengths, 256, 280, 7);
                Arrays.fill(lengths, 280, 288, 8);
                int[] distances = new int[30];
                Arrays.fill(distances, 5);
                codes(lengths, distances);
            }
            case 2 -> dynamic();
            default -> throw new AssertionError("an unknown kind of block");
        }
    }

    private void stored() {
        bit = (bit + 7) / 8 * 8;
        int length = bits(16);
        check(length == (bits(16) ^ 0xFFFF), "a length and its complement");
        for (int i = 0; i < length; i++) {
            append(bits(8));
        }
    }

    private void dynamic() {
        int literals = bits(5) + 257;
        int distances = bits(5) + 1;
        int count = bits(4) + 4;
        int[] ofLengths = new int[19];
        for (int i = 0; i < count; i++) {
            ofLengths[ORDER_OF_LENGTHS[i]] = bits(3);
        }
        int[] lengths = new int[literals + distances];
        for (int i = 0; i < lengths.length; ) {
            int symbol = symbol(ofLengths);
            if (symbol < 16) {
                lengths[i++] = symbol;
            } else {
                int value = symbol == 16 ? lengths[i - 1] : 0;
                int times = symbol == 16 ? bits(2) + 3 : symbol == 17 ? bits(3) + 3 : bits(7) + 11;
                Arrays.fill(lengths, i, i + times, value);
                i += times;
            }
        }
        codes(Arrays.copyOf(lengths, literals), Arrays.copyOfRange(lengths, literals, lengths.length));
    }

    private void codes(int[] literals, int[] distances) {
        while (true) {
            int symbol = symbol(literals);
            if (symbol < 256) {
                append(symbol);
            } else if (symbol == 256) {
                return;
            } else {
                int length = LENGTH_BASE[symbol - 257] + bits(LENGTH_EXTRA[symbol - 257]);
                int code = symbol(distances);
                int extra = Math.max(0, code / 2 - 1);
                int distance = code < 2 ? code + 1 : (2 + code % 2 << extra) + 1 + bits(extra);
                check(distance <= end, "a reference to before the beginning");
                check(distance <= windowBytes, "a reference of " + distance + " in a window of " + windowBytes);
                longestDistance = Math.max(longestDistance, distance);
                for (int i = 0; i < length; i++) {
                    append(history[end - distance]);
                }
            }
        }
    }

    /** Reads a symbol of the canonical Huffman code with these lengths (RFC 1951 section 3.2.2). */
    private int symbol(int[] lengths) {
        int[] counts = new int[MAX_CODE_BITS + 1];
        for (int length : lengths) {
            counts[length]++;
        }
        int code = 0;
        int first = 0;
        for (int length = 1; length <= MAX_CODE_BITS; length++) {
            code = code << 1 | bits(1);
            if (code - first < counts[length]) {
                return nth(lengths, length, code - first);
            }
            first = first + counts[length] << 1;
        }
        throw new AssertionError("no such code");
    }

    private static int nth(int[] lengths, int length, int n) {
        int left = n;
        for (int symbol = 0; ; symbol++) {
            if (lengths[symbol] == length && left-- == 0) {
                return symbol;
            }
        }
    }

    private int bits(int count) {
        int value = 0;
        for (int i = 0; i < count; i++, bit++) {
            check(bit / 8 < in.length, "more bits than there are");
            value |= (in[bit / 8] >> bit % 8 & 1) << i;
        }
        return value;
    }

    private void append(int value) {
        if (end == history.length) {
            history = Arrays.copyOf(history, 2 * end);
        }
        history[end++] = (byte) value;
    }

    private static void check(boolean expected, String otherwise) {
        if (!expected) {
            throw new AssertionError(otherwise);
        }
    }
}
