package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates messages (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2">RFC 7692 section 7.2.2</a>), no further
 * than to a limit.
 *
 * <p>Each thread has {@linkplain #shared() one inflater} for all connections whose client has no context takeover. A
 * connection whose client has it has its {@linkplain #own() own}.
 *
 * <p><b>Wire.</b> What a message ends with, {@code 00 00 FF FF}, is not sent, and added here. A block may be marked as the last
 * one (section 7.2.3.4): then what is behind it, if anything, begins anew.
 *
 * <p><b>Threading.</b> A shared one is confined to the thread that asked for it; an own one is not thread-safe.
 */
public final class MessageInflater implements AutoCloseable {
    /** What zlib takes for an own inflater, outside of the heap: a window of 32 KiB, and its state. */
    public static final int OWN_BYTES = 44 * 1024;

    /** What was left out of each message. */
    private static final byte[] TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF};
    /**
     * The same and an empty last block: if zlib takes it for the end, no block before it was cut short. Where a window is
     * kept, there can be no last block.
     */
    private static final byte[] LAST_TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF, 3, 0};

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    /** How many times longer than its compressed bytes a message is taken for. JSON is often 3 to 5 times as long. */
    private static final int USUAL_RATIO = 4;

    private static final int LEAST_ROOM = 256;

    private static final FastThreadLocal<MessageInflater> SHARED = new FastThreadLocal<>() {
        @Override
        protected MessageInflater initialValue() {
            return new MessageInflater(Context.FORGOTTEN);
        }

        @Override
        protected void onRemoval(MessageInflater ofThread) {
            ofThread.inflater.end();
        }
    };

    private final Inflater inflater = new Inflater(true);
    private final Context context;
    /** The byte behind a buffer that is full, if the message has one. */
    private final ByteBuffer oneMore = ByteBuffer.allocate(1);

    private final ByteBuffer tail;

    private MessageInflater(Context context) {
        this.context = context;
        tail = ByteBuffer.wrap(context == Context.KEPT ? TAIL : LAST_TAIL);
    }

    /** What becomes of a message that was inflated. */
    private enum Context {
        KEPT,
        FORGOTTEN
    }

    /**
     * The thread's inflater of messages that refer to no other message. It is not to be closed.
     *
     * @return the inflater
     */
    public static MessageInflater shared() {
        return SHARED.get();
    }

    /**
     * A new inflater of messages that may refer to those before them. It must be closed.
     *
     * @return the inflater
     */
    public static MessageInflater own() {
        return new MessageInflater(Context.KEPT);
    }

    /**
     * Inflates a message.
     *
     * @param compressed the payload of all its frames; it stays readable
     * @param maxBytes how long the message may get; no larger buffer is asked for
     * @param allocator where its buffer comes from
     * @return the message, which the caller releases
     * @throws ViolationException if it gets longer ({@link Violation#INFLATED_TOO_BIG}), or is not DEFLATE, or not all of it
     *     ({@link Violation#NOT_DEFLATE}; an own inflater may notice that something was cut off only in the next message). An own
     *     inflater can't be used after that
     */
    public ByteBuf inflate(ByteBuf compressed, int maxBytes, ByteBufAllocator allocator) {
        if (!compressed.isReadable()) {
            throw new ViolationException(Violation.NOT_DEFLATE); // an empty message has one byte (section 7.2.3.6)
        }
        long guess = Math.max(LEAST_ROOM, (long) USUAL_RATIO * compressed.readableBytes());
        ByteBuf out = allocator.buffer((int) Math.min(guess, maxBytes), maxBytes);
        boolean whole = false;
        try {
            for (ByteBuffer part : compressed.nioBuffers()) {
                feed(part, out);
            }
            end(out);
            whole = true;
            return out;
        } catch (DataFormatException e) {
            throw new ViolationException(Violation.NOT_DEFLATE);
        } finally {
            if (!whole) {
                out.release();
            }
            if (context == Context.FORGOTTEN) {
                inflater.reset();
            } else {
                inflater.setInput(NOTHING);
            }
        }
    }

    private void end(ByteBuf out) throws DataFormatException {
        if (inflater.finished()) {
            return; // with its last byte: nothing was left out
        }
        feed(tail.clear(), out);
        if (context == Context.FORGOTTEN && !inflater.finished()) {
            throw new ViolationException(Violation.NOT_DEFLATE);
        }
    }

    private void feed(ByteBuffer compressed, ByteBuf out) throws DataFormatException {
        while (compressed.hasRemaining()) {
            if (inflater.finished()) {
                inflater.reset();
            }
            inflater.setInput(compressed);
            drain(out);
        }
    }

    /** Inflates until zlib has no more: it then has read all that it was given, or a last block. */
    private void drain(ByteBuf out) throws DataFormatException {
        while (true) {
            if (!out.isWritable()) {
                // Most buffers that are just full are the right size by chance: no need to grow before one knows.
                if (inflater.inflate(oneMore.clear()) == 0) {
                    return;
                }
                if (out.maxWritableBytes() == 0) {
                    throw new ViolationException(Violation.INFLATED_TOO_BIG);
                }
                out.writeByte(oneMore.get(0));
            }
            ByteBuffer room = out.internalNioBuffer(out.writerIndex(), out.writableBytes());
            out.writerIndex(out.writerIndex() + inflater.inflate(room));
            if (room.hasRemaining()) {
                return;
            }
        }
    }

    /** Gives its memory back. Does nothing for a shared one. */
    @Override
    public void close() {
        if (context == Context.KEPT) {
            inflater.end();
        }
    }
}
