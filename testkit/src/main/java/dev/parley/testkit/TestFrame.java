package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One frame of a WebSocket (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-5.2">RFC 6455 section 5.2</a>): one that
 * a {@link TestWebSocket} received, or one that it is to send, right or wrong.
 *
 * <pre>{@code
 * ws.frame(TestFrame.text("in ").notFinal(), TestFrame.ping(""), TestFrame.continuation("pieces"));
 * ws.frame(TestFrame.text("a").rsv(TestFrame.RSV2));
 * ws.frame(TestFrame.binary(bytes).unmasked());
 * }</pre>
 *
 * <p>Two frames are equal if FIN, reserved bits, opcode and payload are. How a frame is put on the wire (mask, form of the
 * length) is no part of that, as only one way is right for a server.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into a payload: each setter gives a new frame.
 */
public final class TestFrame {
    /** The first reserved bit: this message is compressed, where permessage-deflate was agreed on. */
    public static final int RSV1 = 4;
    /** The second reserved bit. */
    public static final int RSV2 = 2;
    /** The third reserved bit. */
    public static final int RSV3 = 1;

    static final int CONTINUATION = 0x0;
    static final int TEXT = 0x1;
    static final int BINARY = 0x2;
    static final int CLOSE = 0x8;
    static final int PING = 0x9;
    static final int PONG = 0xA;

    static final int MAX_CONTROL_BYTES = 125;
    /** What the seven bits of the length say where two bytes follow, and where eight do. */
    static final int LENGTH_IN_2_BYTES = 126;

    static final int LENGTH_IN_8_BYTES = 127;

    private static final int MAX_HEADER_BYTES = 14;

    private final boolean last;
    private final int rsv;
    private final int opcode;
    private final byte[] payload;
    private final Form form;

    /**
     * How a frame is put on the wire.
     *
     * @param masked whether there is a mask
     * @param mask the mask; {@code null} for one that the client chooses
     * @param length what the header says; {@code null} for the truth
     * @param lengthBytes 2 or 8 behind the first byte of the length; 0 for the shortest form
     */
    private record Form(
            boolean masked,
            @Nullable Integer mask,
            @Nullable Long length,
            int lengthBytes) {
        static final Form RIGHT = new Form(true, null, null, 0);
    }

    private TestFrame(boolean last, int rsv, int opcode, byte[] payload, Form form) {
        this.last = last;
        this.rsv = rsv;
        this.opcode = opcode;
        this.payload = payload;
        this.form = form;
    }

    static TestFrame received(boolean last, int rsv, int opcode, byte[] payload) {
        return new TestFrame(last, rsv, opcode, payload, Form.RIGHT);
    }

    // ---- frames

    /**
     * A final frame with any opcode.
     *
     * @param opcode 0 to 15
     * @param payload the payload, which must not be changed afterwards
     * @return the frame
     */
    public static TestFrame of(int opcode, byte[] payload) {
        if (opcode < 0 || opcode > 15) {
            throw new IllegalArgumentException("opcode: " + opcode + " (expected: 0 to 15)");
        }
        return new TestFrame(true, 0, opcode, payload, Form.RIGHT);
    }

    /**
     * A text message, or with {@link #notFinal} its beginning.
     *
     * @param text sent as UTF-8
     * @return the frame
     */
    public static TestFrame text(String text) {
        return of(TEXT, text.getBytes(UTF_8));
    }

    /**
     * A binary message, or with {@link #notFinal} its beginning.
     *
     * @param bytes the payload, which must not be changed afterwards
     * @return the frame
     */
    public static TestFrame binary(byte[] bytes) {
        return of(BINARY, bytes);
    }

    /**
     * More of a message, or with {@link #notFinal} not yet the last of it.
     *
     * @param text sent as UTF-8
     * @return the frame
     */
    public static TestFrame continuation(String text) {
        return continuation(text.getBytes(UTF_8));
    }

    /**
     * More of a message, or with {@link #notFinal} not yet the last of it.
     *
     * @param bytes the payload, which must not be changed afterwards
     * @return the frame
     */
    public static TestFrame continuation(byte[] bytes) {
        return of(CONTINUATION, bytes);
    }

    /**
     * A ping.
     *
     * @param text what the pong is to have too, as UTF-8
     * @return the frame
     */
    public static TestFrame ping(String text) {
        return of(PING, text.getBytes(UTF_8));
    }

    /**
     * A pong.
     *
     * @param text what the ping had, as UTF-8
     * @return the frame
     */
    public static TestFrame pong(String text) {
        return of(PONG, text.getBytes(UTF_8));
    }

    /**
     * A close frame without a code.
     *
     * @return the frame
     */
    public static TestFrame close() {
        return of(CLOSE, new byte[0]);
    }

    /**
     * A close frame.
     *
     * @param code any two bytes, legal or not
     * @param reason sent as UTF-8
     * @return the frame
     */
    public static TestFrame close(int code, String reason) {
        if (code < 0 || code > 0xFFFF) {
            throw new IllegalArgumentException("code: " + code + " (expected: 0 to 65535)");
        }
        byte[] text = reason.getBytes(UTF_8);
        return of(
                CLOSE,
                ByteBuffer.allocate(2 + text.length)
                        .putShort((short) code)
                        .put(text)
                        .array());
    }

    // ---- setters

    /**
     * The same without FIN.
     *
     * @return a new frame
     */
    public TestFrame notFinal() {
        return new TestFrame(false, rsv, opcode, payload, form);
    }

    /**
     * The same with other reserved bits.
     *
     * @param bits a sum of {@link #RSV1}, {@link #RSV2} and {@link #RSV3}
     * @return a new frame
     */
    public TestFrame rsv(int bits) {
        if (bits < 0 || bits > 7) {
            throw new IllegalArgumentException("rsv: " + bits + " (expected: 0 to 7)");
        }
        return new TestFrame(last, bits, opcode, payload, form);
    }

    /**
     * The same without a mask, as only a server may send it.
     *
     * @return a new frame
     */
    public TestFrame unmasked() {
        return form(new Form(false, null, form.length, form.lengthBytes));
    }

    /**
     * The same with a mask that the test chooses.
     *
     * @param mask its four bytes
     * @return a new frame
     */
    public TestFrame mask(int mask) {
        return form(new Form(true, mask, form.length, form.lengthBytes));
    }

    /**
     * The same with a header that tells another length than the payload has.
     *
     * @param bytes what is told; below 0 for a length whose highest bit is set
     * @return a new frame
     */
    public TestFrame length(long bytes) {
        return form(new Form(form.masked, form.mask, bytes, form.lengthBytes));
    }

    /**
     * The same with a length in a form that is not its shortest.
     *
     * @param count how many bytes follow the first one of the length: 2 or 8
     * @return a new frame
     */
    public TestFrame lengthBytes(int count) {
        if (count != 2 && count != 8) {
            throw new IllegalArgumentException("lengthBytes: " + count + " (expected: 2 or 8)");
        }
        return form(new Form(form.masked, form.mask, form.length, count));
    }

    private TestFrame form(Form other) {
        return new TestFrame(last, rsv, opcode, payload, other);
    }

    // ---- accessors

    /**
     * Whether a message ends with it: the bit FIN.
     *
     * @return whether it does
     */
    public boolean isFinal() {
        return last;
    }

    /**
     * The reserved bits.
     *
     * @return a sum of {@link #RSV1}, {@link #RSV2} and {@link #RSV3}
     */
    public int rsv() {
        return rsv;
    }

    /**
     * The opcode.
     *
     * @return 0 to 15
     */
    public int opcode() {
        return opcode;
    }

    /**
     * The payload, as it is without a mask. That of a compressed message is compressed.
     *
     * @return the bytes themselves, not a copy
     */
    public byte[] payload() {
        return payload;
    }

    /**
     * The payload as UTF-8.
     *
     * @return the text
     */
    public String text() {
        return new String(payload, UTF_8);
    }

    boolean isControl() {
        return (opcode & 0x8) != 0;
    }

    /** Whether the other side may take it for the last frame. */
    boolean isLegalClose() {
        return opcode == CLOSE
                && last
                && rsv == 0
                && form.masked
                && form.length == null
                && form.lengthBytes == 0
                && payload.length <= MAX_CONTROL_BYTES
                && CloseCodes.problem(payload).isEmpty();
    }

    /**
     * The frame on the wire, to be sent right behind the handshake ({@link TestRequest#body(byte[])}), or together with
     * other bytes ({@link TestWebSocket#bytes}).
     *
     * @return its bytes, with the mask 37 fa 21 3d where the frame says nothing of masks
     */
    public byte[] toBytes() {
        return toBytes(0x37FA213D);
    }

    /**
     * The frame on the wire.
     *
     * @param chosen the mask, where the frame says nothing of it
     */
    byte[] toBytes(int chosen) {
        ByteBuffer out = ByteBuffer.allocate(MAX_HEADER_BYTES + payload.length);
        out.put((byte) ((last ? 0x80 : 0) | rsv << 4 | opcode));
        int maskBit = form.masked ? 0x80 : 0;
        long length = form.length == null ? payload.length : form.length;
        if (form.lengthBytes == 8 || length < 0 || length > 0xFFFF) {
            out.put((byte) (maskBit | LENGTH_IN_8_BYTES)).putLong(length);
        } else if (form.lengthBytes == 2 || length > MAX_CONTROL_BYTES) {
            out.put((byte) (maskBit | LENGTH_IN_2_BYTES)).putShort((short) length);
        } else {
            out.put((byte) (maskBit | (int) length));
        }
        if (form.masked) {
            int mask = form.mask == null ? chosen : form.mask;
            out.putInt(mask);
            for (int i = 0; i < payload.length; i++) {
                out.put((byte) (payload[i] ^ mask >> 24 - 8 * (i & 3)));
            }
        } else {
            out.put(payload);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TestFrame frame
                && last == frame.last
                && rsv == frame.rsv
                && opcode == frame.opcode
                && Arrays.equals(payload, frame.payload);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * opcode + rsv) + Arrays.hashCode(payload);
    }

    /** The opcode, the bits that are not as usual, and the payload. */
    @Override
    public String toString() {
        String name = switch (opcode) {
            case CONTINUATION -> "continuation";
            case TEXT -> "text";
            case BINARY -> "binary";
            case CLOSE -> "close";
            case PING -> "ping";
            case PONG -> "pong";
            default -> "opcode " + opcode;
        };
        String bits = (last ? "" : " not final") + (rsv == 0 ? "" : " rsv " + rsv);
        if (payload.length == 0) {
            return name + bits;
        }
        if (opcode == CLOSE && CloseCodes.problem(payload).isEmpty()) {
            return name + bits + " " + CloseCodes.read(payload);
        }
        boolean readable = rsv == 0 && opcode != BINARY && opcode != CLOSE;
        return name + bits + " " + (readable ? Text.quote(payload) : Text.hex(payload));
    }
}
