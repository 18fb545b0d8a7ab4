package dev.parley.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * What a body that is being sent needs of its connection or stream.
 *
 * <p>Confined to the channel's event loop, except {@link #channel} and {@link #context}.
 */
interface BodyWire {

    /** The connection (HTTP/1.1) or the stream's child channel (HTTP/2). */
    Channel channel();

    ServerContext context();

    Loop loop();

    /** Sends a part of the body; the wire owns the message, a {@link io.netty.buffer.ByteBuf} or, if it takes them, a file region. */
    void sendData(Object data, ChannelPromise promise);

    /** Sends a part of the body of which others have the same bytes, and flushes. */
    void sendShared(SharedChunk chunk);

    /** Ends the body. */
    void sendEnd(HttpHeaders trailers);

    /** Sends what was written: when the current read is over, or else when the current task is. */
    void flushSoon();
}
