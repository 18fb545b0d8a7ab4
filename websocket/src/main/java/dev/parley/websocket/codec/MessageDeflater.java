package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.Deflater;

/**
 * Compresses messages (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1">RFC 7692 section 7.2.1</a>).
 *
 * <p>Each thread has {@linkplain #shared(int) one deflater} for all connections without context takeover: to empty its hash
 * tables takes a fraction of the time that it takes to make a deflater. A connection with context takeover has its
 * {@linkplain #own(int) own}.
 *
 * <p><b>Wire.</b> A message ends at a whole byte, with an empty block whose last four bytes, {@code 00 00 FF FF}, are left
 * out. An empty message is the rest of such a block: {@code 00}.
 *
 * <p><b>Windows.</b> The JDK's deflater knows only the window of 2^15 bytes. Where the client asked for a smaller one, what
 * was deflated is forgotten at each multiple of it (zlib's full flush): no reference goes back beyond such a point, so none is
 * longer than the window.
 *
 * <p><b>Threading.</b> A shared one is confined to the thread that asked for it; an own one is not thread-safe.
 */
public final class MessageDeflater implements AutoCloseable {
    /**
     * What zlib takes for an own deflater, outside of the heap: 256 KiB for a window of 32 KiB and its hash tables
     * (<a href="https://www.zlib.net/zlib_tech.html">zlib's own figure</a>), and its state.
     */
    public static final int OWN_BYTES = 264 * 1024;

    /**
     * On an event loop all others wait: 64 KiB of JSON take a quarter of the time that zlib's default (6) takes, and get a
     * tenth longer; for messages of 1 KiB and less there is no difference.
     */
    private static final int LEVEL = 3;

    private static final int LEAST_WINDOW_BITS = 8;
    private static final int MOST_WINDOW_BITS = 15;
    /** Enough that zlib does not flush twice, which it may where it has 6 bytes or less. */
    private static final int LEAST_ROOM = 64;
    /** What is left out at the end of a message. */
    private static final int TAIL_BYTES = 4;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private static final FastThreadLocal<List<MessageDeflater>> SHARED = new FastThreadLocal<>() {
        @Override
        protected List<MessageDeflater> initialValue() {
            Deflater one = new Deflater(LEVEL, true);
            return IntStream.rangeClosed(LEAST_WINDOW_BITS, MOST_WINDOW_BITS)
                    .mapToObj(bits -> new MessageDeflater(one, bits, Context.FORGOTTEN))
                    .toList();
        }

        @Override
        protected void onRemoval(List<MessageDeflater> ofThread) {
            ofThread.get(0).deflater.end();
        }
    };

    private final Deflater deflater;
    private final int windowBytes;
    private final Context context;
    /** How many bytes may be deflated until all must be forgotten. */
    private int windowLeft;

    private MessageDeflater(Deflater deflater, int windowBits, Context context) {
        this.deflater = deflater;
        this.windowBytes = 1 << windowBits;
        this.context = context;
        windowLeft = windowBytes;
    }

    /** What becomes of a message that was deflated. */
    private enum Context {
        KEPT,
        FORGOTTEN
    }

    /**
     * The thread's deflater of messages that refer to no other message. It is not to be closed.
     *
     * @param windowBits 8 to 15, as {@linkplain DeflateAgreement#serverMaxWindowBits() agreed on}; for a message to many
     *     connections 15, and see {@link DeflateAgreement#takesShared(int)}
     * @return the deflater
     * @throws IllegalArgumentException if there is no such window
     */
    public static MessageDeflater shared(int windowBits) {
        return SHARED.get().get(checked(windowBits) - LEAST_WINDOW_BITS);
    }

    /**
     * A new deflater of messages that refer to those before them. It must be closed.
     *
     * @param windowBits 8 to 15, as {@linkplain DeflateAgreement#serverMaxWindowBits() agreed on}
     * @return the deflater
     * @throws IllegalArgumentException if there is no such window
     */
    public static MessageDeflater own(int windowBits) {
        return new MessageDeflater(new Deflater(LEVEL, true), checked(windowBits), Context.KEPT);
    }

    private static int checked(int windowBits) {
        if (windowBits < LEAST_WINDOW_BITS || windowBits > MOST_WINDOW_BITS) {
            throw new IllegalArgumentException("windowBits: " + windowBits + " (expected: 8 to 15)");
        }
        return windowBits;
    }

    /** How much room a message of so many bytes takes, about. */
    static int room(int bytes) {
        return LEAST_ROOM + bytes / 2;
    }

    /**
     * Appends a compressed message.
     *
     * <p>What an own deflater has written must be sent, and before any other compressed message, or be {@linkplain #forget()
     * forgotten}.
     *
     * @param payload the message; its bytes stay readable
     * @param out where to; in one piece of memory, which grows if it must
     */
    public void deflate(ByteBuf payload, ByteBuf out) {
        if (!payload.isReadable()) {
            out.writeByte(0);
            return;
        }
        int left = payload.readableBytes();
        boolean whole = false;
        try {
            for (ByteBuffer part : payload.nioBuffers()) {
                while (part.hasRemaining()) {
                    int bytes = Math.min(part.remaining(), windowLeft);
                    left -= bytes;
                    append(part.slice(part.position(), bytes), flush(bytes, left), out);
                    part.position(part.position() + bytes);
                }
            }
            out.writerIndex(out.writerIndex() - TAIL_BYTES);
            whole = true;
        } finally {
            if (whole && context == Context.KEPT) {
                deflater.setInput(NOTHING);
            } else {
                forget(); // also where there was no memory for all of it, so that it can't be sent
            }
        }
    }

    /** How zlib is to end a piece, with so many bytes of the message behind it. */
    private int flush(int bytes, int left) {
        windowLeft -= bytes;
        if (windowLeft == 0) {
            windowLeft = windowBytes;
            if (windowBytes < 1 << MOST_WINDOW_BITS) {
                return Deflater.FULL_FLUSH;
            }
        }
        return left == 0 ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH;
    }

    private void append(ByteBuffer piece, int flush, ByteBuf out) {
        deflater.setInput(piece);
        ByteBuffer room;
        do {
            out.ensureWritable(LEAST_ROOM);
            room = out.internalNioBuffer(out.writerIndex(), out.writableBytes());
            out.writerIndex(out.writerIndex() + deflater.deflate(room, flush));
        } while (!room.hasRemaining());
    }

    /**
     * Forgets all messages, so that the next one refers to none of them. To be called on an own deflater when a message went to
     * the client that was compressed otherwise, as it has pushed others out of the client's window; a message that was not
     * compressed does not matter.
     */
    public void forget() {
        deflater.reset();
        windowLeft = windowBytes;
    }

    /** Gives its memory back. Does nothing for a shared one. */
    @Override
    public void close() {
        if (context == Context.KEPT) {
            deflater.end();
        }
    }
}
