package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a client sends: bytes in, messages out (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-5">RFC 6455
 * section 5</a>).
 *
 * <pre>
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 * +-+-+-+-+-------+-+-------------+-------------------------------+
 * |F|R|R|R| opcode|M| length      | length, 16 bits if it was 126 |
 * |I|S|S|S|  (4)  |A|  (7)        |         64 bits if it was 127 |
 * |N|V|V|V|       |S|             +-------------------------------+
 * | |1|2|3|       |K|             | masking key, 32 bits          |
 * +-+-+-+-+-------+-+-------------+-------------------------------+
 * </pre>
 *
 * <p>A message that is in one frame, and whole in what was read, is handed on where it stands: it is unmasked in place, and
 * neither copied nor wrapped. Others are gathered, and take memory as their bytes come, not as their heads promise, and no more
 * than all of them may together. Text is checked as it comes, so that a message which can't be right is refused before it is whole; a compressed one when it is.
 *
 * <p><b>States.</b> After a {@link ViolationException} or the close frame a reader reads nothing more.
 *
 * <p><b>Threading.</b> Not thread-safe.
 *
 * <p><b>Memory.</b> Between messages nothing is kept but this object. {@link #close} releases what is gathered.
 *
 * <p><b>Limits.</b> {@link ReaderLimits}.
 */
public final class WebSocketReader {
    private static final int FIN = 0x80;
    private static final int RSV1 = 0x40;
    private static final int RSV2_3 = 0x30;
    private static final int OPCODE = 0x0F;
    private static final int MASKED = 0x80;
    private static final int MASK_BYTES = 4;
    private static final int MAX_HEAD_BYTES = 14;
    private static final int MAX_CONTROL_BYTES = 125;
    private static final int NO_MESSAGE = 0;

    private final ReaderLimits limits;
    private final ByteBufAllocator allocator;
    private final MessageListener listener;
    private final @Nullable MessageInflater inflater;
    private @Nullable FrameListener observer;

    /** What of a message came in other reads or frames: mostly {@code null}. */
    private @Nullable Gathering gathered;
    /** The same of a head, or of the payload of a control frame. */
    private @Nullable ByteBuf part;

    /** The masking key, turned so that the next byte's is the highest. */
    private int mask;
    /** What is left of the frame's payload. */
    private int left;
    /** The first byte of the frame's head. */
    private byte first;
    /** The opcode of the message that has begun, or {@link #NO_MESSAGE}. */
    private byte message = NO_MESSAGE;
    /** How far the text is: a state of {@link Utf8}. */
    private byte utf8 = Utf8.ACCEPT;

    private boolean compressed;
    /** Whether a head was read, and not all of its payload. */
    private boolean inPayload;

    private boolean paused;
    private boolean ended;

    /**
     * A reader for a new connection.
     *
     * @param limits how much it takes
     * @param inflater what inflates messages; {@code null} where no compression was agreed on
     * @param allocator gives the buffers in which messages are gathered
     * @param listener hears of what is read
     */
    public WebSocketReader(
            ReaderLimits limits,
            @Nullable MessageInflater inflater,
            ByteBufAllocator allocator,
            MessageListener listener) {
        this.limits = limits;
        this.inflater = inflater;
        this.allocator = allocator;
        this.listener = listener;
    }

    /**
     * Sets who looks at the frames.
     *
     * @param observer hears of each head; {@code null} for nobody
     */
    public void observer(@Nullable FrameListener observer) {
        this.observer = observer;
    }

    @Nullable
    FrameListener observer() {
        return observer;
    }

    /**
     * Reads bytes: all of them, unless it is paused or ends meanwhile.
     *
     * @param in the bytes; they are unmasked in place, so the buffer must be writable, and nobody else's; it stays the
     *     caller's
     * @throws ViolationException if the client broke the protocol; what came before it was told
     */
    public void read(ByteBuf in) {
        try {
            while (!paused && !ended && (inPayload || in.isReadable())) {
                if (inPayload ? !readPayload(in) : !readHead(in)) {
                    return;
                }
            }
        } catch (ViolationException e) {
            close();
            throw e;
        }
    }

    /** Stops reading behind the message that is being told, until {@link #resume}. */
    public void pause() {
        paused = true;
    }

    /** Reads again. What was left over is to be given to {@link #read} anew. */
    public void resume() {
        paused = false;
    }

    /**
     * Whether it reads no more.
     *
     * @return {@code true} after the close frame, a violation or {@link #close}
     */
    public boolean isEnded() {
        return ended;
    }

    /**
     * Counts a beat for a message that has begun and is not whole: who calls this steadily knows how long it lasts.
     *
     * @return how many it has lasted; 0 if there is none
     */
    public int beat() {
        return gathered == null ? 0 : gathered.beat();
    }

    /** Ends it, and releases what is gathered. */
    public void close() {
        ended = true;
        part = released(part);
        if (gathered != null) {
            gathered.release();
            gathered = null;
        }
    }

    private static @Nullable ByteBuf released(@Nullable ByteBuf buffer) {
        if (buffer != null) {
            buffer.release();
        }
        return null;
    }

    // ---- heads

    private boolean readHead(ByteBuf in) {
        if (part == null) {
            int bytes = headBytes(in, in.readerIndex(), in.readableBytes());
            if (bytes > 0) {
                begin(in, in.readerIndex(), bytes);
                in.skipBytes(bytes);
                return true;
            }
            part = allocator.buffer(MAX_HEAD_BYTES, MAX_CONTROL_BYTES).writeBytes(in);
            return false;
        }
        ByteBuf head = part;
        while (in.isReadable()) {
            head.writeByte(in.readByte());
            int bytes = headBytes(head, 0, head.readableBytes());
            if (bytes > 0) {
                begin(head, 0, bytes);
                part = released(part);
                return true;
            }
        }
        return false;
    }

    /**
     * Checks what is there of a head.
     *
     * @return how long it is, with the masking key; 0 if it is not whole
     */
    private int headBytes(ByteBuf in, int at, int available) {
        int start = in.getByte(at);
        checkStart(start);
        if (available < 2) {
            return 0;
        }
        int second = in.getByte(at + 1);
        if ((second & MASKED) == 0) {
            throw new ViolationException(Violation.NOT_MASKED);
        }
        int length = second & 0x7F;
        if (length > MAX_CONTROL_BYTES) {
            if (Opcode.isControl(start & OPCODE)) {
                throw new ViolationException(Violation.CONTROL_TOO_LONG);
            }
            int bytes = 2 + (length == 126 ? 2 : 8) + MASK_BYTES;
            if (available >= bytes - MASK_BYTES) { // before the key, as the length may be wrong already
                checkLength(extendedLength(in, at));
            }
            return available < bytes ? 0 : bytes;
        }
        if (!Opcode.isControl(start & OPCODE)) {
            checkLength(length);
        }
        return available < 2 + MASK_BYTES ? 0 : 2 + MASK_BYTES;
    }

    private void checkStart(int start) {
        int opcode = start & OPCODE;
        if ((start & RSV2_3) != 0) {
            throw new ViolationException(Violation.RESERVED_BIT);
        }
        if (!Opcode.isDefined(opcode)) {
            throw new ViolationException(Violation.RESERVED_OPCODE);
        }
        // Compression is marked on the first frame of a message and nowhere else (RFC 7692 section 6).
        if ((start & RSV1) != 0 && (inflater == null || opcode == Opcode.CONTINUATION || Opcode.isControl(opcode))) {
            throw new ViolationException(Violation.RESERVED_BIT);
        }
        if (Opcode.isControl(opcode)) {
            if ((start & FIN) == 0) {
                throw new ViolationException(Violation.CONTROL_FRAGMENTED);
            }
        } else if (opcode == Opcode.CONTINUATION) {
            if (message == NO_MESSAGE) {
                throw new ViolationException(Violation.NOTHING_TO_CONTINUE);
            }
        } else if (message != NO_MESSAGE) {
            throw new ViolationException(Violation.MESSAGE_NOT_ENDED);
        }
    }

    private static long extendedLength(ByteBuf in, int at) {
        if ((in.getByte(at + 1) & 0x7F) == 126) {
            int length = in.getUnsignedShort(at + 2);
            if (length <= MAX_CONTROL_BYTES) {
                throw new ViolationException(Violation.LENGTH_NOT_MINIMAL);
            }
            return length;
        }
        long length = in.getLong(at + 2);
        if (length < 0) {
            throw new ViolationException(Violation.LENGTH_NEGATIVE);
        }
        if (length <= 0xFFFF) {
            throw new ViolationException(Violation.LENGTH_NOT_MINIMAL);
        }
        return length;
    }

    private void checkLength(long length) {
        if (length > limits.maxFrameBytes()) {
            throw new ViolationException(Violation.FRAME_TOO_BIG);
        }
        if (length
                > limits.maxMessageBytes()
                        - (gathered == null ? 0 : gathered.bytes().readableBytes())) {
            throw new ViolationException(Violation.MESSAGE_TOO_BIG);
        }
    }

    /** A head is whole, and right. */
    private void begin(ByteBuf in, int at, int bytes) {
        first = in.getByte(at);
        int length = in.getByte(at + 1) & 0x7F;
        left = length <= MAX_CONTROL_BYTES ? length : (int) extendedLength(in, at);
        mask = in.getInt(at + bytes - MASK_BYTES);
        inPayload = true;
        int opcode = first & OPCODE;
        if (opcode == Opcode.TEXT || opcode == Opcode.BINARY) {
            message = (byte) opcode;
            compressed = (first & RSV1) != 0;
            utf8 = Utf8.ACCEPT;
        }
        if (observer != null) {
            observer.frame(new FrameListener.Frame(
                    FrameListener.Direction.RECEIVED, opcode, (first & FIN) != 0, (first & RSV1) != 0, left));
        }
    }

    // ---- payloads

    /** Reads what is there of a payload. Returns whether that is all of it. */
    private boolean readPayload(ByteBuf in) {
        int length = Math.min(left, in.readableBytes());
        if (length == 0 && left > 0) {
            return false;
        }
        boolean control = Opcode.isControl(first & OPCODE);
        int at = in.readerIndex();
        unmask(in, at, length, message == Opcode.TEXT && !compressed && !control);
        left -= length;
        if (control) {
            return readControl(in, length);
        }
        boolean whole = left == 0;
        boolean last = whole && (first & FIN) != 0;
        if (last && gathered == null) {
            int end = in.writerIndex();
            in.setIndex(at, at + length);
            try {
                complete(in);
            } finally {
                in.setIndex(at + length, end);
            }
            return true;
        }
        if (gathered == null) {
            gathered = Gathering.of(length, limits, allocator);
        }
        gathered.add(in, length);
        if (last) {
            Gathering all = gathered;
            gathered = null;
            try {
                complete(all.bytes());
            } finally {
                all.release();
            }
        }
        inPayload = !whole;
        return whole;
    }

    /** Unmasks in place, eight bytes at a time, and checks text on the way. */
    private void unmask(ByteBuf in, int from, int length, boolean text) {
        int key = mask;
        long wide = (long) key << 32 | (key & 0xFFFFFFFFL);
        int at = from;
        int end = from + length;
        int state = utf8;
        if (text) {
            for (; end - at >= 8; at += 8) {
                long eight = in.getLong(at) ^ wide;
                in.setLong(at, eight);
                state = Utf8.next(state, eight);
            }
        } else {
            for (; end - at >= 8; at += 8) {
                in.setLong(at, in.getLong(at) ^ wide);
            }
        }
        for (; at < end; at++) {
            int b = in.getByte(at) ^ key >>> 24;
            in.setByte(at, b);
            key = Integer.rotateLeft(key, 8);
            if (text) {
                state = Utf8.next(state, b);
            }
        }
        mask = key;
        if (text) {
            if (state == Utf8.REJECT) {
                throw new ViolationException(Violation.NOT_UTF8);
            }
            utf8 = (byte) state;
        }
    }

    /** The payload of a message is whole. */
    private void complete(ByteBuf payload) {
        boolean text = message == Opcode.TEXT;
        message = NO_MESSAGE;
        inPayload = false;
        if (!compressed || inflater == null) {
            if (text && utf8 != Utf8.ACCEPT) {
                throw new ViolationException(Violation.NOT_UTF8);
            }
            tell(text, payload);
            return;
        }
        ByteBuf inflated = inflater.inflate(payload, limits.maxInflatedBytes(), allocator);
        try {
            if (text && !Utf8.isValid(inflated, inflated.readerIndex(), inflated.readableBytes())) {
                throw new ViolationException(Violation.NOT_UTF8);
            }
            tell(text, inflated);
        } finally {
            inflated.release();
        }
    }

    private void tell(boolean text, ByteBuf payload) {
        if (text) {
            listener.text(payload);
        } else {
            listener.binary(payload);
        }
    }

    // ---- control frames

    /** Reads a part of a control frame's payload, which is unmasked already. Returns whether that is all of it. */
    private boolean readControl(ByteBuf in, int length) {
        boolean whole = left == 0;
        inPayload = !whole;
        if (whole && part == null) {
            int at = in.readerIndex();
            int end = in.writerIndex();
            in.setIndex(at, at + length);
            try {
                control(in);
            } finally {
                in.setIndex(at + length, end);
            }
            return true;
        }
        if (part == null) {
            part = allocator.buffer(MAX_CONTROL_BYTES, MAX_CONTROL_BYTES);
        }
        part.writeBytes(in, length);
        if (whole) {
            ByteBuf all = part;
            part = null;
            try {
                control(all);
            } finally {
                all.release();
            }
        }
        return whole;
    }

    private void control(ByteBuf payload) {
        switch (first & OPCODE) {
            case Opcode.PING -> listener.ping(payload);
            case Opcode.PONG -> listener.pong(payload);
            default -> {
                CloseReason reason = closeReason(payload);
                close();
                listener.closeFrame(reason);
            }
        }
    }

    private static CloseReason closeReason(ByteBuf payload) {
        int length = payload.readableBytes();
        int at = payload.readerIndex();
        if (length == 0) {
            return new CloseReason(CloseReason.NO_STATUS, "");
        }
        if (length == 1) {
            throw new ViolationException(Violation.CLOSE_TOO_SHORT);
        }
        int code = payload.getUnsignedShort(at);
        if (!CloseReason.isSendable(code)) {
            throw new ViolationException(Violation.CLOSE_CODE);
        }
        if (!Utf8.isValid(payload, at + 2, length - 2)) {
            throw new ViolationException(Violation.CLOSE_NOT_UTF8);
        }
        return new CloseReason(code, payload.toString(at + 2, length - 2, UTF_8));
    }
}
