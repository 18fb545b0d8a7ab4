package dev.parley.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decompresses one gzip member (<a href="https://www.rfc-editor.org/rfc/rfc1952">RFC 1952</a>) as it comes, as a browser
 * does: all that can be read of what came is read at once. Confined to the test's thread.
 */
final class Gunzip {
    private static final int HEADER_BYTES = 10;
    private static final int MAGIC_AND_DEFLATE = 0x1F8B08;
    private static final int TRAILER_BYTES = 8;

    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    private final ByteBuffer trailer = ByteBuffer.allocate(TRAILER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final Inflater inflater = new Inflater(true);
    private final CRC32 crc = new CRC32();
    private long size;

    /**
     * Gives what comes out.
     *
     * @throws AssertionError if this is no gzip, or not what its checksum says
     */
    byte[] decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (header.hasRemaining()) {
            move(in, header);
            // Flags add fields that nobody sends on a stream.
            if (!header.hasRemaining() && (header.getInt(0) != MAGIC_AND_DEFLATE << 8)) {
                throw new AssertionError("Content-Encoding gzip: another header (expected: 1f 8b 08 00)");
            }
        }
        byte[] decoded = inflate(in);
        if (inflater.finished() && in.hasRemaining()) {
            move(in, trailer);
            if (in.hasRemaining()) {
                throw new AssertionError("Content-Encoding gzip: bytes behind the member");
            }
            if (isComplete() && (trailer.getInt(0) != (int) crc.getValue() || trailer.getInt(4) != (int) size)) {
                throw new AssertionError("Content-Encoding gzip: wrong CRC or size");
            }
        }
        return decoded;
    }

    private byte[] inflate(ByteBuffer in) {
        ByteArrayOutputStream decoded = new ByteArrayOutputStream();
        byte[] room = new byte[8192];
        try {
            inflater.setInput(in);
            for (int n; !inflater.finished() && (n = inflater.inflate(room)) > 0; ) {
                decoded.write(room, 0, n);
                crc.update(room, 0, n);
                size += n;
            }
        } catch (DataFormatException e) {
            throw new AssertionError("Content-Encoding gzip: not deflate", e);
        }
        return decoded.toByteArray();
    }

    private static void move(ByteBuffer from, ByteBuffer to) {
        while (from.hasRemaining() && to.hasRemaining()) {
            to.put(from.get());
        }
    }

    /** Whether the trailer has come. */
    boolean isComplete() {
        return !trailer.hasRemaining();
    }
}
