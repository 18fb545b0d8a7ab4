package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Tells HTTP/2 by prior knowledge from HTTP/1.1 by the first bytes of a connection
 * (<a href="https://www.rfc-editor.org/rfc/rfc9113#section-3.4">RFC 9113 section 3.4</a>), and goes away.
 *
 * <p>The handlers of HTTP/1.1 stand behind it from the start, so their time limits hold while it waits.
 */
final class PrefaceDetector extends ByteToMessageDecoder {
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ServerContext context;

    PrefaceDetector(ServerContext context) {
        this.context = context;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        int length = Math.min(in.readableBytes(), PREFACE.length);
        for (int i = 0; i < length; i++) {
            if (in.getByte(in.readerIndex() + i) != PREFACE[i]) {
                passOn(ctx, in, out);
                return;
            }
        }
        if (length == PREFACE.length) {
            ChannelPipeline pipeline = ctx.pipeline();
            pipeline.remove(Http1Connection.class);
            pipeline.remove(Http1Decoder.class);
            Http2Connection.addTo(pipeline, context);
            passOn(ctx, in, out);
        }
    }

    /**
     * Goes away. What was read is passed on here, since the decoder would fire a {@code channelReadComplete} of its own
     * behind it: then that of the channel would look like the end of a read that gave a part of a request.
     */
    private void passOn(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        out.add(in.readRetainedSlice(in.readableBytes()));
        ctx.pipeline().remove(this);
    }
}
