package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Lets another protocol use an HTTP/2 stream as if it were a TCP connection
 * (<a href="https://www.rfc-editor.org/rfc/rfc8441#section-5">RFC 8441 section 5</a>): data frames are its bytes,
 * {@code END_STREAM} is its FIN, {@code RST_STREAM} its reset.
 */
final class Http2Tunnel extends ChannelDuplexHandler {
    private boolean closing;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Http2DataFrame frame) {
            ctx.fireChannelRead(frame.content());
            if (frame.isEndStream()) {
                ctx.channel().close();
            }
        } else {
            boolean reset = message instanceof Http2ResetFrame;
            ReferenceCountUtil.release(message);
            if (reset) {
                closing = true;
                ctx.close();
            }
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ctx.write(message instanceof ByteBuf bytes ? new DefaultHttp2DataFrame(bytes) : message, promise);
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (closing || !ctx.channel().isActive()) {
            ctx.close(promise);
            return;
        }
        closing = true;
        ctx.writeAndFlush(new DefaultHttp2DataFrame(true)).addListener(ended -> ctx.close(promise));
    }
}
