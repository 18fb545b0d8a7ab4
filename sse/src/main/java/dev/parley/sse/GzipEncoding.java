package dev.parley.sse;

import dev.parley.http.SharedChunk;
import dev.parley.topic.Batch;
import dev.parley.topic.Encoding;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Compresses each batch once, for all streams that get it. Equal for the same format, so that these share the work. */
record GzipEncoding(Encoding<SharedChunk> format) implements Encoding<GzipChunk> {

    @Override
    public GzipChunk encode(Batch batch) {
        SharedChunk plain = format.encode(batch);
        try {
            ByteBuf bytes = plain.content();
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
            format.release(plain);
        }
    }

    @Override
    public void release(GzipChunk encoded) {
        encoded.chunk().release();
    }
}
