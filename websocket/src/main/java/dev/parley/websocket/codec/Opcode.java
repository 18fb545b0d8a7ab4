package dev.parley.websocket.codec;

/** The opcodes of frames (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-11.8">RFC 6455 section 11.8</a>). */
public final class Opcode {
    /** More of the message that was begun. */
    public static final int CONTINUATION = 0x0;
    /** A text message, or its beginning. */
    public static final int TEXT = 0x1;
    /** A binary message, or its beginning. */
    public static final int BINARY = 0x2;
    /** The last frame of a side. */
    public static final int CLOSE = 0x8;
    /** To be answered with a pong. */
    public static final int PING = 0x9;
    /** The answer to a ping. */
    public static final int PONG = 0xA;

    private Opcode() {}

    /** Whether frames with this opcode control the connection; else they carry messages. */
    static boolean isControl(int opcode) {
        return (opcode & 0x8) != 0;
    }

    /** Whether the opcode means something. */
    static boolean isDefined(int opcode) {
        return opcode <= BINARY || (opcode >= CLOSE && opcode <= PONG);
    }
}
