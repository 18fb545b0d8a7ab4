package dev.parley.http;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** What a channel tells of the other end. */
final class Addresses {
    /** For channels without a socket: local transports and tests. */
    private static final InetSocketAddress NO_SOCKET = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

    private Addresses() {}

    static InetSocketAddress peer(Channel channel) {
        Channel connection = channel.parent() != null && channel.remoteAddress() == null ? channel.parent() : channel;
        return connection.remoteAddress() instanceof InetSocketAddress address ? address : NO_SOCKET;
    }

    static boolean isSecure(Channel channel) {
        return channel.pipeline().get(SslHandler.class) != null;
    }
}
