package dev.parley.sse;

import dev.parley.http.SharedChunk;
import dev.parley.topic.Batch;
import dev.parley.topic.Encoding;
import io.netty.buffer.ByteBufAllocator;

/** Writes each batch into one chunk, for all streams that get it. Equal for the same format, so that these share the work. */
record ChunkEncoding(StreamFormat format) implements Encoding<SharedChunk> {

    @Override
    public SharedChunk encode(Batch batch) {
        int capacity = 0;
        for (int i = 0; i < batch.size(); i++) {
            capacity += batch.publication(i).payload().length + format.overheadBytes();
        }
        SharedChunk chunk = SharedChunk.allocate(ByteBufAllocator.DEFAULT, capacity);
        try {
            for (int i = 0; i < batch.size(); i++) {
                format.publication(batch.id(i), batch.publication(i), chunk.content());
            }
            return chunk;
        } catch (Throwable t) {
            chunk.release();
            throw t;
        }
    }

    @Override
    public void release(SharedChunk encoded) {
        encoded.release();
    }
}
