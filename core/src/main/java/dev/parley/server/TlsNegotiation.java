package dev.parley.server;

import dev.parley.http.ParleyHandler;
import dev.parley.http.Protocol;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Adds the protocol that ALPN agreed on, when the handshake is done. */
final class TlsNegotiation extends ApplicationProtocolNegotiationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(TlsNegotiation.class);

    private final ParleyHandler handler;

    private TlsNegotiation(ParleyHandler handler) {
        super(ApplicationProtocolNames.HTTP_1_1);
        this.handler = handler;
    }

    /** Begins the handshake of a new connection, which may take some time and no longer. */
    static void begin(Channel channel, Tls tls, ParleyHandler handler, Duration timeout) {
        SslHandler handshake = tls.context().newHandler(channel.alloc());
        handshake.setHandshakeTimeout(Math.max(1, timeout.toMillis()), TimeUnit.MILLISECONDS);
        channel.pipeline().addLast(handshake, new TlsNegotiation(handler));
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
        handler.addTo(
                ctx.pipeline(), protocol.equals(ApplicationProtocolNames.HTTP_2) ? Protocol.HTTP_2 : Protocol.HTTP_1_1);
    }

    @Override
    protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{} TLS handshake failed", ctx.channel(), cause); // a client alone can cause it
        ctx.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{} failed before a protocol was agreed on", ctx.channel(), cause);
        ctx.close();
    }
}
