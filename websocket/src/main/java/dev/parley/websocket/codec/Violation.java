package dev.parley.websocket.codec;

/**
 * What a client can do wrong once its WebSocket is open: all of it, each with the code and the text that it is closed with. It
 * is to blame for all but {@link #NO_ROOM}, which may be others' doing.
 *
 * <p><b>Threading.</b> Immutable.
 */
public enum Violation {
    /** A reserved bit is set that no extension gave a meaning to (RFC 6455 section 5.2). */
    RESERVED_BIT(CloseReason.PROTOCOL_ERROR, "a reserved bit is set", "RFC 6455 section 5.2"),
    /** An opcode of 3 to 7 or 11 to 15 (RFC 6455 section 5.2). */
    RESERVED_OPCODE(CloseReason.PROTOCOL_ERROR, "the opcode is reserved", "RFC 6455 section 5.2"),
    /** A client's frame without a mask (RFC 6455 section 5.1). */
    NOT_MASKED(CloseReason.PROTOCOL_ERROR, "the frame is not masked", "RFC 6455 section 5.1"),
    /** A length in more bytes than it needs (RFC 6455 section 5.2). */
    LENGTH_NOT_MINIMAL(CloseReason.PROTOCOL_ERROR, "the length is not in its shortest form", "RFC 6455 section 5.2"),
    /** A length of 2^63 and more (RFC 6455 section 5.2). */
    LENGTH_NEGATIVE(CloseReason.PROTOCOL_ERROR, "the length has its highest bit set", "RFC 6455 section 5.2"),
    /** A control frame of more than 125 bytes (RFC 6455 section 5.5). */
    CONTROL_TOO_LONG(CloseReason.PROTOCOL_ERROR, "the control frame is too long", "RFC 6455 section 5.5"),
    /** A control frame without FIN (RFC 6455 section 5.5). */
    CONTROL_FRAGMENTED(CloseReason.PROTOCOL_ERROR, "the control frame is fragmented", "RFC 6455 section 5.5"),
    /** A continuation where there is nothing to continue (RFC 6455 section 5.4). */
    NOTHING_TO_CONTINUE(CloseReason.PROTOCOL_ERROR, "there is no message to continue", "RFC 6455 section 5.4"),
    /** A new message in the midst of another (RFC 6455 section 5.4). */
    MESSAGE_NOT_ENDED(CloseReason.PROTOCOL_ERROR, "the message before has not ended", "RFC 6455 section 5.4"),
    /** A close frame of one byte (RFC 6455 section 5.5.1). */
    CLOSE_TOO_SHORT(CloseReason.PROTOCOL_ERROR, "the close frame has half a code", "RFC 6455 section 5.5.1"),
    /** A close code that may not be sent (RFC 6455 section 7.4). */
    CLOSE_CODE(CloseReason.PROTOCOL_ERROR, "the close code may not be sent", "RFC 6455 section 7.4"),
    /** A reason of a close that is not UTF-8 (RFC 6455 section 5.5.1). */
    CLOSE_NOT_UTF8(CloseReason.INVALID_PAYLOAD, "the close reason is not UTF-8", "RFC 6455 section 5.5.1"),
    /** A text message that is not UTF-8 (RFC 6455 section 8.1). */
    NOT_UTF8(CloseReason.INVALID_PAYLOAD, "the text is not UTF-8", "RFC 6455 section 8.1"),
    /** A compressed message that is not DEFLATE (RFC 7692 section 7.2.2). */
    NOT_DEFLATE(CloseReason.INVALID_PAYLOAD, "the message can't be inflated", "RFC 7692 section 7.2.2"),
    /** A frame that is longer than is allowed here (RFC 6455 section 10.4). */
    FRAME_TOO_BIG(CloseReason.TOO_BIG, "the frame is too big", "RFC 6455 section 10.4"),
    /** A message that is longer than is allowed here (RFC 6455 section 10.4). */
    MESSAGE_TOO_BIG(CloseReason.TOO_BIG, "the message is too big", "RFC 6455 section 10.4"),
    /** A compressed message that gets longer than is allowed here (RFC 7692 section 8). */
    INFLATED_TOO_BIG(CloseReason.TOO_BIG, "the inflated message is too big", "RFC 7692 section 8"),
    /** A message that has begun long ago and is not whole (RFC 6455 section 10.4). */
    MESSAGE_TOO_SLOW(CloseReason.POLICY, "the message comes too slowly", "RFC 6455 section 10.4"),
    /** A part of a message, while those of all clients take as much memory as they may (RFC 6455 section 10.4). */
    NO_ROOM(CloseReason.TRY_AGAIN_LATER, "too many messages are unfinished", "RFC 6455 section 10.4");

    private final int code;
    private final String text;
    private final String source;

    Violation(int code, String text, String source) {
        this.code = code;
        this.text = text;
        this.source = source;
    }

    /**
     * The code that a connection is closed with for it.
     *
     * @return 1002, 1007, 1008, 1009 or 1013
     */
    public int code() {
        return code;
    }

    /**
     * What the client is told.
     *
     * @return a short text
     */
    public String text() {
        return text;
    }

    /**
     * Where it is said that this is wrong.
     *
     * @return a section of an RFC
     */
    public String source() {
        return source;
    }

    /**
     * What a connection is closed with for it.
     *
     * @return its code and text
     */
    public CloseReason reason() {
        return new CloseReason(code, text);
    }
}
