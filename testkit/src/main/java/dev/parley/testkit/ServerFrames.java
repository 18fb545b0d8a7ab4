package dev.parley.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the frames of a server, strictly: what RFC 6455 and RFC 7692 do not allow ends the reading. Shares no code with
 * what it tests. Confined to the test's thread.
 */
final class ServerFrames {
    /** A server that sends without end must not eat the heap of the test. */
    private static final int MAX_BYTES = 64 * 1024 * 1024;

    private static final int NONE = -1;
    private static final long INCOMPLETE = -1;

    private final Listener listener;
    private final @Nullable MessageInflater inflater;

    // What has come and was not read, from and to in the buffer.
    private byte[] buffer = {};
    private int from;
    private int to;

    // Of the message that has not ended.
    private int messageOpcode = NONE;
    private boolean messageCompressed;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();

    private boolean closed;
    private boolean broken;

    /** Gets what was read. */
    interface Listener {
        /** A frame; the message or the control frame that it ends is told next. */
        void onFrame(TestFrame frame);

        void onText(String text);

        void onBinary(byte[] bytes);

        /** A control frame, with nothing wrong in it. */
        void onControl(TestFrame frame);

        /** Nothing more can be read. */
        void onWrong(String what);
    }

    ServerFrames(@Nullable DeflateTerms deflate, Listener listener) {
        this.listener = listener;
        this.inflater = deflate == null ? null : new MessageInflater(deflate);
    }

    /** What came of a message that has not ended; empty if there is none. */
    String unfinished() {
        String frame = from == to ? "" : to - from + " bytes of a frame that has not ended";
        String fragments = messageOpcode == NONE ? "" : message.size() + " bytes of a message that has not ended";
        return fragments + (frame.isEmpty() || fragments.isEmpty() ? "" : ", and ") + frame;
    }

    void read(byte[] bytes) {
        if (broken) {
            return;
        }
        append(bytes);
        ByteBuffer in = ByteBuffer.wrap(buffer, from, to - from);
        try {
            while (in.hasRemaining() && readFrame(in)) {
                from = in.position();
            }
        } catch (WrongException e) {
            broken = true;
            listener.onWrong(e.what);
        }
    }

    private void append(byte[] bytes) {
        if (bytes.length > buffer.length - to) {
            int size = to - from;
            byte[] room = new byte[Math.max(size + bytes.length, 2 * size)];
            System.arraycopy(buffer, from, room, 0, size);
            buffer = room;
            from = 0;
            to = size;
        }
        System.arraycopy(bytes, 0, buffer, to, bytes.length);
        to += bytes.length;
    }

    /** Whether a whole frame was there. What is wrong with its head is told before the rest has come. */
    private boolean readFrame(ByteBuffer in) {
        if (closed) {
            throw new WrongException("bytes behind its close frame: " + Text.hex(rest(in))
                    + " (expected: none, RFC 6455 section 5.5.1)");
        }
        if (in.remaining() < 2) {
            return false;
        }
        int first = in.get();
        boolean last = (first & 0x80) != 0;
        int rsv = first >> 4 & 7;
        int opcode = first & 0xF;
        checkHead(last, rsv, opcode);
        int second = in.get();
        if ((second & 0x80) != 0) {
            throw new WrongException("a frame with a mask (expected: none from a server, RFC 6455 section 5.1)");
        }
        long length = length(in, second & 0x7F);
        if (length == INCOMPLETE) {
            return false;
        }
        if (isControl(opcode) && length > TestFrame.MAX_CONTROL_BYTES) {
            throw new WrongException(
                    "a control frame of " + length + " bytes (expected: 125 at most, RFC 6455 section 5.5)");
        }
        if (length > MAX_BYTES) {
            throw new WrongException("a frame of " + length + " bytes (expected: " + MAX_BYTES
                    + " at most, which is what a test can hold)");
        }
        if (length > in.remaining()) {
            return false;
        }
        byte[] payload = new byte[(int) length];
        in.get(payload);
        dispatch(TestFrame.received(last, rsv, opcode, payload));
        return true;
    }

    private static byte[] rest(ByteBuffer in) {
        byte[] rest = new byte[in.remaining()];
        in.get(rest);
        return rest;
    }

    private static boolean isControl(int opcode) {
        return (opcode & 0x8) != 0;
    }

    private void checkHead(boolean last, int rsv, int opcode) {
        if (opcode > TestFrame.BINARY && opcode < TestFrame.CLOSE || opcode > TestFrame.PONG) {
            throw new WrongException("opcode " + opcode + " (expected: 0 to 2, or 8 to 10, RFC 6455 section 5.2)");
        }
        boolean begins = opcode == TestFrame.TEXT || opcode == TestFrame.BINARY;
        boolean mayBeCompressed = inflater != null && begins;
        if ((rsv & ~(mayBeCompressed ? TestFrame.RSV1 : 0)) != 0) {
            throw new WrongException("reserved bits " + rsv + " on opcode " + opcode + " (expected: 0"
                    + (mayBeCompressed ? ", or 4 as permessage-deflate was agreed on" : "")
                    + ", RFC 6455 section 5.2)");
        }
        if (isControl(opcode)) {
            if (!last) {
                throw new WrongException("a control frame without FIN, of opcode " + opcode
                        + " (expected: with it, RFC 6455 section 5.5)");
            }
        } else if (begins && messageOpcode != NONE) {
            throw new WrongException(
                    "a new message before the last one has ended (expected: a continuation, RFC 6455 section 5.4)");
        } else if (!begins && messageOpcode == NONE) {
            throw new WrongException(
                    "a continuation of no message (expected: text or binary first, RFC 6455 section 5.4)");
        }
    }

    private static long length(ByteBuffer in, int first) {
        if (first < TestFrame.LENGTH_IN_2_BYTES) {
            return first;
        }
        int bytes = first == TestFrame.LENGTH_IN_2_BYTES ? 2 : 8;
        if (in.remaining() < bytes) {
            return INCOMPLETE;
        }
        long length = bytes == 2 ? in.getShort() & 0xFFFF : in.getLong();
        if (length < 0) {
            throw new WrongException("a length with its highest bit set (expected: unset, RFC 6455 section 5.2)");
        }
        if (length < (bytes == 2 ? TestFrame.LENGTH_IN_2_BYTES : 0x10000)) {
            throw new WrongException("a length of " + length + " in " + bytes
                    + " bytes (expected: the shortest form, RFC 6455 section 5.2)");
        }
        return length;
    }

    private void dispatch(TestFrame frame) {
        if (frame.isControl()) {
            if (frame.opcode() == TestFrame.CLOSE) {
                String problem = CloseCodes.problem(frame.payload());
                if (!problem.isEmpty()) {
                    throw new WrongException(problem);
                }
                closed = true;
            }
            listener.onFrame(frame);
            listener.onControl(frame);
            return;
        }
        if (frame.opcode() != TestFrame.CONTINUATION) {
            messageOpcode = frame.opcode();
            messageCompressed = frame.rsv() != 0;
        }
        if (frame.payload().length > MAX_BYTES - message.size()) {
            throw new WrongException("a message of more than " + MAX_BYTES + " bytes (expected: what a test can hold)");
        }
        message.writeBytes(frame.payload());
        listener.onFrame(frame);
        if (frame.isFinal()) {
            endMessage();
        }
    }

    private void endMessage() {
        byte[] payload = message.toByteArray();
        boolean isText = messageOpcode == TestFrame.TEXT;
        message.reset();
        messageOpcode = NONE;
        byte[] bytes = messageCompressed ? inflate(payload) : payload;
        if (!isText) {
            listener.onBinary(bytes);
            return;
        }
        String text = Text.utf8(bytes);
        if (text == null) {
            throw new WrongException(
                    "a text that is not UTF-8: " + Text.hex(bytes) + " (expected: UTF-8, RFC 6455 section 8.1)");
        }
        listener.onText(text);
    }

    private byte[] inflate(byte[] payload) {
        if (inflater == null) {
            throw new IllegalStateException("permessage-deflate: not agreed on");
        }
        try {
            return inflater.inflate(payload);
        } catch (DataFormatException e) {
            String why = e.getMessage() == null ? "no DEFLATE" : e.getMessage();
            throw new WrongException("a compressed message that can't be inflated: " + why + ": " + Text.hex(payload)
                    + " (RFC 7692 section 7.2.2)");
        }
    }

    /** Ends the reading of a frame. */
    private static final class WrongException extends RuntimeException {
        private static final long serialVersionUID = 1;

        final String what;

        WrongException(String what) {
            super(what);
            this.what = what;
        }
    }
}
