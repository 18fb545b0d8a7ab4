package dev.parley.websocket.codec;

/**
 * Looks at the frames of a connection, as they are on the wire: for those who look for a fault, or like to see how it works.
 *
 * <p><b>Threading.</b> Called on the connection's event loop; must not block.
 */
@FunctionalInterface
public interface FrameListener {

    /** Who sent a frame. */
    enum Direction {
        /** The client did. */
        RECEIVED,
        /** The server did. */
        SENT
    }

    /**
     * The head of a frame (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-5.2">RFC 6455 section 5.2</a>).
     *
     * @param direction who sent it
     * @param opcode one of {@link Opcode}
     * @param isFinal whether it is the last frame of its message: FIN
     * @param isCompressed whether it begins a compressed message: RSV1 (RFC 7692)
     * @param length bytes of its payload
     */
    record Frame(Direction direction, int opcode, boolean isFinal, boolean isCompressed, long length) {}

    /**
     * A frame was sent, or begins to be received.
     *
     * @param frame its head
     */
    void frame(Frame frame);
}
