package dev.parley.sse;

import dev.parley.http.SharedChunk;
import dev.parley.topic.Batch;
import dev.parley.topic.Encoding;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Compresses each batch once, for all streams that get it. Equal for the same format, so that these share the work. */
record GzipEncoding(ChunkEncoding plain) implements Encoding<GzipChunk> {

    @Override
    public GzipChunk encode(Batch batch) {
        SharedChunk whole = plain.encode(batch);
        try {
            ByteBuf bytes = whole.content();
            int length = bytes.readableBytes();
            SharedChunk chunk = SharedChunk.allocate(ByteBufAllocator.DEFAULT, GzipPieces.room(length));
            try {
                int crc = GzipPieces.ofThread().append(bytes, chunk.content());
                return new GzipChunk(chunk, crc, length, Crc.factor(length));
            } catch (Throwable t) {
                chunk.release();
                throw t;
            }
        } finally {
            plain.release(whole);
        }
    }

    @Override
    public void release(GzipChunk encoded) {
        encoded.chunk().release();
    }
}
