package dev.parley.sse;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Makes pieces of which the body of a gzip member (<a href="https://www.rfc-editor.org/rfc/rfc1952">RFC 1952</a>) is put
 * together. Each ends at a whole byte (RFC 1951 section 3.2.4: an empty stored block), so that a client can read all of
 * it at once, and refers to nothing before it: any piece may follow any other, and one piece may be part of many
 * members.
 *
 * <p>Each event loop has its own, with some 256 KiB outside of the heap.
 */
final class GzipPieces {
    private static final FastThreadLocal<GzipPieces> OF_THREAD = new FastThreadLocal<>() {
        @Override
        protected GzipPieces initialValue() {
            return new GzipPieces();
        }

        @Override
        protected void onRemoval(GzipPieces pieces) {
            pieces.deflater.end();
        }
    };
    /** Enough that zlib does not flush twice, which it may where it has 6 bytes or less. */
    private static final int LEAST_ROOM = 64;

    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    private final CRC32 crc = new CRC32();

    private GzipPieces() {}

    static GzipPieces ofThread() {
        return OF_THREAD.get();
    }

    /** How much room a piece of so many bytes takes, about. */
    static int room(int bytes) {
        return LEAST_ROOM + bytes / 2;
    }

    /** Appends a piece, and gives the CRC of the bytes that are in it. They stay readable. */
    int append(ByteBuf bytes, ByteBuf piece) {
        ByteBuffer plain = bytes.nioBuffer();
        crc.reset();
        crc.update(plain.duplicate());
        try {
            deflater.setInput(plain);
            ByteBuffer room;
            do {
                piece.ensureWritable(LEAST_ROOM);
                room = piece.nioBuffer(piece.writerIndex(), piece.writableBytes());
                piece.writerIndex(piece.writerIndex() + deflater.deflate(room, Deflater.SYNC_FLUSH));
            } while (!room.hasRemaining());
        } finally {
            deflater.reset(); // forgets the bytes as well
        }
        return (int) crc.getValue();
    }
}
