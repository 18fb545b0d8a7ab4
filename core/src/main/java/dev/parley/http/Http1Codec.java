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

    /** HTTP goes on after a request that asked for another protocol: decodes what came behind it. */
    void goOn(ChannelHandlerContext ctx) {
        if (inboundHandler().goOn()) {
            try {
                channelRead(ctx, Unpooled.EMPTY_BUFFER);
            } catch (Exception e) {
                ctx.fireExceptionCaught(e);
            }
        }
    }
}
