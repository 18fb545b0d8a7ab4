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
 * <p>What it has written once may be sent to any number of clients.
 *
 * <p><b>Memory.</b> All methods append to a buffer of the caller's; none keeps it, or what is written.
 */
public final class FrameWriter {
    /** What the head of a frame takes at most, in bytes. */
    public static final int MAX_HEAD_BYTES = 10;

    private static final int FIN = 0x80;
    private static final int RSV1 = 0x40;
    private static final int MAX_CONTROL_BYTES = 125;

    private FrameWriter() {}

    /**
     * Appends a whole message, or a control frame.
     *
     * @param out where to
     * @param opcode one of {@link Opcode}
     * @param payload its payload: of a control frame at most 125 bytes
     * @throws IllegalArgumentException if it is a control frame, and longer
     */
    public static void write(ByteBuf out, int opcode, byte[] payload) {
        head(out, FIN | opcode, payload.length);
        out.writeBytes(payload);
    }

    /**
     * Appends a whole message, or a control frame.
     *
     * @param out where to
     * @param opcode one of {@link Opcode}
     * @param payload its payload, of a control frame at most 125 bytes; its bytes stay readable
     * @throws IllegalArgumentException if it is a control frame, and longer
     */
    public static void write(ByteBuf out, int opcode, ByteBuf payload) {
        int length = payload.readableBytes();
        head(out, FIN | opcode, length);
        out.writeBytes(payload, payload.readerIndex(), length);
    }

    /**
     * Appends a whole message, compressed (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-6">RFC 7692 section 6</a>).
     *
     * @param out where to; in one piece of memory
     * @param opcode {@link Opcode#TEXT} or {@link Opcode#BINARY}
     * @param payload its payload; its bytes stay readable
     * @param deflater compresses it
     * @return how many bytes the payload of the frame has
     */
    public static int write(ByteBuf out, int opcode, ByteBuf payload, MessageDeflater deflater) {
        int start = out.writerIndex();
        int room = headBytes(payload.readableBytes() / 2); // a guess; if it was wrong the payload is moved
        out.ensureWritable(MAX_HEAD_BYTES + MessageDeflater.room(payload.readableBytes()));
        out.writerIndex(start + room);
        int length;
        int needed;
        try {
            deflater.deflate(payload, out);
            length = out.writerIndex() - start - room;
            needed = headBytes(length);
            if (needed != room) {
                out.ensureWritable(needed);
                ByteBuf moved = out.copy(start + room, length);
                out.setBytes(start + needed, moved);
                moved.release();
            }
        } finally {
            out.writerIndex(start); // a part of it must not be sent, where there was no memory for all
        }
        head(out, FIN | RSV1 | opcode, length);
        out.writerIndex(start + needed + length);
        return length;
    }

    /**
     * Appends the beginning of a message that has more fragments, or the next of them but the last.
     *
     * @param out where to
     * @param opcode {@link Opcode#TEXT} or {@link Opcode#BINARY}, then {@link Opcode#CONTINUATION}
     * @param payload the fragment
     */
    public static void fragment(ByteBuf out, int opcode, ByteBuf payload) {
        int length = payload.readableBytes();
        head(out, opcode, length);
        out.writeBytes(payload, payload.readerIndex(), length);
    }

    /**
     * Appends a close frame.
     *
     * @param out where to
     * @param reason why; {@link CloseReason#NO_STATUS} to say nothing
     * @throws IllegalArgumentException if its code may not be sent
     */
    public static void close(ByteBuf out, CloseReason reason) {
        if (reason.code() == CloseReason.NO_STATUS) {
            head(out, FIN | Opcode.CLOSE, 0);
            return;
        }
        if (!CloseReason.isSendable(reason.code())) {
            throw new IllegalArgumentException(
                    "code: " + reason.code() + " (expected: one that may be sent, or none: 1005)");
        }
        byte[] text = reason.textBytes();
        head(out, FIN | Opcode.CLOSE, 2 + text.length);
        out.writeShort(reason.code()).writeBytes(text);
    }

    /** How many bytes the head before so many bytes takes. */
    private static int headBytes(int length) {
        return length <= MAX_CONTROL_BYTES ? 2 : length < 0x10000 ? 4 : MAX_HEAD_BYTES;
    }

    private static void head(ByteBuf out, int first, int length) {
        if (length > MAX_CONTROL_BYTES && Opcode.isControl(first)) {
            throw new IllegalArgumentException(
                    "payload: " + length + " bytes (expected: at most 125 in a control frame)");
        }
        out.ensureWritable(headBytes(length) + length); // for all of it, or nothing is written
        if (length <= MAX_CONTROL_BYTES) {
            out.writeShort(first << 8 | length);
        } else if (length < 0x10000) {
            out.writeInt(first << 24 | 126 << 16 | length);
        } else {
            out.writeShort(first << 8 | 127).writeLong(length);
        }
    }
}
