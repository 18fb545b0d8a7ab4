package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;

/**
 * What a {@link WebSocketReader} tells of what it reads.
 *
 * <p><b>Threading.</b> Called by whoever feeds the reader.
 *
 * <p><b>Memory.</b> Buffers are the reader's, and valid during the call: their readable bytes are the payload. Whoever needs them
 * longer takes a copy, or a {@code retainedSlice}.
 *
 * <p><b>Errors.</b> What a listener throws passes through the reader, which has read that message and none behind it.
 */
public interface MessageListener {

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
     * A ping, which is to be answered with a pong of the same payload.
     *
     * @param payload 0 to 125 bytes
     */
    void ping(ByteBuf payload);

    /**
     * A pong.
     *
     * @param payload 0 to 125 bytes
     */
    void pong(ByteBuf payload);

    /**
     * The close frame: nothing is read after it.
     *
     * @param reason what it says; {@link CloseReason#NO_STATUS} if it says nothing
     */
    void closeFrame(CloseReason reason);
}
