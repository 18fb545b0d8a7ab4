package dev.parley.websocket;

import dev.parley.topic.Batch;
import dev.parley.topic.Encoding;
import dev.parley.topic.Publication;
import dev.parley.websocket.codec.FrameWriter;
import dev.parley.websocket.codec.MessageDeflater;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/**
 * Makes frames of publications, one message each: once for all connections of an event loop that are to get the same.
 *
 * @param format what a publication looks like
 * @param deflateThreshold messages of at least so many bytes are compressed, each by itself
 * @param windowBits how far back they may refer; 0 for those that compress nothing
 */
record PublicationEncoding(PublicationFormat format, int deflateThreshold, int windowBits)
        implements Encoding<ByteBuf> {

    @Override
    public ByteBuf encode(Batch batch) {
        byte[][] payloads = new byte[batch.size()][];
        int bytes = 0;
        for (int i = 0; i < payloads.length; i++) {
            payloads[i] = format.payload(batch.id(i), batch.publication(i));
            bytes += payloads[i].length + FrameWriter.MAX_HEAD_BYTES;
        }
        ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer(bytes);
        try {
            for (int i = 0; i < payloads.length; i++) {
                write(out, batch.publication(i), payloads[i]);
            }
            return out;
        } catch (Throwable t) {
            out.release();
            throw t;
        }
    }

    private void write(ByteBuf out, Publication publication, byte[] payload) {
        int opcode = format.opcode(publication);
        if (windowBits == 0 || payload.length < deflateThreshold) {
            FrameWriter.write(out, opcode, payload);
        } else {
            FrameWriter.write(out, opcode, Unpooled.wrappedBuffer(payload), MessageDeflater.shared(windowBits));
        }
    }

    @Override
    public void release(ByteBuf encoded) {
        encoded.release();
    }
}
