package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What an exchange needs of the connection or stream that it lives on: how HTTP/1.1 and HTTP/2 differ, and nothing
 * else.
 *
 * <p>Confined to the channel's event loop.
 */
interface Wire extends BodyWire {

    /** The other end of the socket; a made-up address where there is no socket. */
    InetSocketAddress peerAddress();

    /** Whether the bytes go through TLS. */
    boolean isSecure();

    /** Whether the other end of the socket is a proxy that is believed. */
    boolean isProxied();

    /** Sends {@code 100 Continue}. */
    void sendContinue();

    /** Sends an interim response at once, or drops it if the channel is not writable. */
    void sendInterim(Interim interim);

    /** Looks again at {@link HttpExchange#wantsBody}, which has changed. */
    void appetiteChanged();

    /**
     * Sends a head, and with it all that follows if that is known; the wire adds what frames the message.
     *
     * @param length the body's length, or -1 if it is not known
     * @param content the whole body; {@code null} if there is none or it follows
     * @param last whether nothing follows
     */
    void sendHead(HttpExchange exchange, Response head, long length, byte @Nullable [] content, boolean last);

    /** The exchange will have a whole response, and the next may begin before that. */
    default void mayBePassed(HttpExchange exchange) {}

    /** Whether all exchanges that must be answered before this one have been. */
    default boolean isTurnOf(HttpExchange exchange) {
        return true;
    }

    /** Whether {@link #sendData} takes a {@link io.netty.channel.FileRegion}. */
    boolean takesFileRegions();

    /** The head of a body is out whose end nobody knows. */
    void streamBegan();

    /** Cuts the answer off so that the client can tell, and ends the exchange. */
    void cutOff(HttpExchange exchange, EndReason reason);

    /** Hands the channel over to another protocol, as soon as the request is complete. */
    void switchProtocol(HttpExchange exchange, HttpHeaders headers, Consumer<OpenTunnel> protocol);

    /** The exchange has ended: all of its answer was handed to this wire, or it never will be. */
    void ended(HttpExchange exchange);
}
