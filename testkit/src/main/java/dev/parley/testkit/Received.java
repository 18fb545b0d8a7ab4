package dev.parley.testkit;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** Bytes that came to a client and that nobody has looked at. Confined to the test's thread. */
final class Received {
    /** A stream that nobody looks at must not eat the heap of the test. */
    private static final int MAX_BYTES = 64 * 1024 * 1024;

    private byte[] bytes = {};
    private int size;

    void add(ByteBuf more) {
        int length = more.readableBytes();
        if (length > MAX_BYTES - size) {
            throw new AssertionError("recorded: more than " + MAX_BYTES
                    + " bytes (expected: a test that looks at them, or a client that stalls)");
        }
        if (size + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + length, Math.min(MAX_BYTES, 2 * bytes.length)));
        }
        more.getBytes(more.readerIndex(), bytes, size, length);
        size += length;
    }

    int size() {
        return size;
    }

    /** All that is there, which is then gone. */
    byte[] take() {
        byte[] taken = Arrays.copyOf(bytes, size);
        size = 0;
        return taken;
    }

    /** What is there up to the end of the last line that has one, which is then gone. */
    byte[] takeLines() {
        int end = size;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
        byte[] taken = Arrays.copyOf(bytes, end);
        System.arraycopy(bytes, end, bytes, 0, size - end);
        size -= end;
        return taken;
    }

    byte[] peek() {
        return Arrays.copyOf(bytes, size);
    }
}
