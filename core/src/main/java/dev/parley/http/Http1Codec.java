package dev.parley.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.http.HttpResponseEncoder;

/** The strict {@link Http1Decoder} and Netty's encoder. */
final class Http1Codec extends CombinedChannelDuplexHandler<Http1Decoder, HttpResponseEncoder> {
    Http1Codec(HttpLimits limits) {
        super(new Http1Decoder(limits), new HttpResponseEncoder());
    }

    Http1Decoder decoder() {
        return inboundHandler();
    }

    /** Decodes what waits in the decoder. */
    void decodeHeld(ChannelHandlerContext ctx) {
        if (decoder().isDecoding()) {
            return;
        }
        try {
            channelRead(ctx, Unpooled.EMPTY_BUFFER);
            channelReadComplete(ctx);
        } catch (Exception e) {
            ctx.fireExceptionCaught(e);
        }
    }
}
