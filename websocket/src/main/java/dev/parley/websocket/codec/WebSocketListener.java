package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link WebSocketHandler} tells of its connection.
 *
 * <p><b>Threading.</b> Called on the channel's event loop; must not block.
 *
 * <p><b>Memory.</b> Buffers are valid during the call: their readable bytes are the payload. Whoever needs them longer takes a
 * copy, or a {@code retainedSlice}.
 *
 * <p><b>Errors.</b> What {@link #text} and {@link #binary} throw closes the connection with 1011.
 */
public interface WebSocketListener {

    /**
     * A whole text message.
     *
     * @param utf8 its bytes, which are valid UTF-8
     */
    void text(ByteBuf utf8);

    /**
     * A whole binary message.
     *
     * @param bytes its bytes
     */
    void binary(ByteBuf bytes);

    /**
     * A ping; the pong is on its way.
     *
     * @param payload 0 to 125 bytes
     */
    default void ping(ByteBuf payload) {}

    /**
     * A pong.
     *
     * @param payload 0 to 125 bytes
     */
    default void pong(ByteBuf payload) {}

    /**
     * Who looks at the frames of this connection, asked once.
     *
     * @return {@code null} for nobody
     */
    default @Nullable FrameListener observer() {
        return null;
    }

    /** The client has caught up: messages can be written again. */
    default void writable() {}

    /**
     * The client broke the protocol; {@link #closed} follows.
     *
     * @param violation what it did
     */
    default void violated(Violation violation) {}

    /**
     * A listener threw, or a handler of the pipeline; {@link #closed} follows.
     *
     * @param failure what was thrown
     */
    default void failed(Throwable failure) {}

    /**
     * The connection is over: told once, last.
     *
     * @param reason what whoever closed it first said; {@link CloseReason#ABNORMAL} if the client went without a word
     */
    void closed(CloseReason reason);

    /**
     * Both sides are done: the transport is to be closed by the server, gently if that can be: what was written should reach
     * the client.
     *
     * @param ctx the handler's own
     */
    default void end(ChannelHandlerContext ctx) {
        ctx.close();
    }
}
