package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;

/**
 * Writes the frames of a server: never masked, lengths in their shortest form
 * (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-5.2">RFC 6455 section 5.2</a>).
 *
 * <pre>
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 * +-+-+-+-+-------+-+-------------+-------------------------------+
 * |F|R|R|R| opcode|0| length      | length, 16 bits if it was 126 |
 * |I|S|S|S|  (4)  | |  (7)        |         64 bits if it was 127 |
 * |N|V|V|V|       | |             |                               |
 * | |1|2|3|       | |             |                               |
 * +-+-+-+-+-------+-+-------------+-------------------------------+
 * </pre>
 *
 * <p><b>Memory.</b> All methods append to a buffer of the caller's; none keeps it.
 */
public final class FrameWriter {
    /** What a header takes at most. */
    public static final int MAX_HEADER_BYTES = 10;
    /** What a control frame takes at most. */
    public static final int MAX_CONTROL_BYTES = 2 + 125;

    private static final int FIN = 0x80;
    private static final int RSV1 = 0x40;

    private FrameWriter() {}

    /** How many bytes the header before so many bytes takes. */
    static int headerBytes(int length) {
        return length < 126 ? 2 : length < 0x10000 ? 4 : MAX_HEADER_BYTES;
    }

    /** Appends the header of a whole message in one frame. */
    static void header(ByteBuf out, int opcode, int length) {
        header(out, FIN | opcode, (long) length);
    }

    /** Appends the header of a whole message in one frame, whose payload is compressed (RFC 7692 section 6). */
    static void compressedHeader(ByteBuf out, int opcode, int length) {
        header(out, FIN | RSV1 | opcode, (long) length);
    }

    /** Appends the header of a fragment. */
    static void fragmentHeader(ByteBuf out, int opcode, Fragment fragment, int length) {
        header(out, (fragment == Fragment.LAST ? FIN : 0) | opcode, (long) length);
    }

    /** Whether a message has more than this fragment. */
    enum Fragment {
        MORE,
        LAST
    }

    private static void header(ByteBuf out, int first, long length) {
        if (length < 126) {
            out.writeShort(first << 8 | (int) length);
        } else if (length < 0x10000) {
            out.writeInt(first << 24 | 126 << 16 | (int) length);
        } else {
            out.writeShort(first << 8 | 127).writeLong(length);
        }
    }
}
