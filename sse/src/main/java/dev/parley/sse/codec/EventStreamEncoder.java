package dev.parley.sse.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Writes events as blocks of {@code text/event-stream}.
 *
 * <p><b>Wire.</b> One block, of which only the fields that are set are written, each line of a field by itself:
 *
 * <pre>
 * : comment      LF
 * retry: 3000    LF
 * id: 42         LF
 * event: name    LF
 * data: line 1   LF
 * data: line 2   LF
 *                LF
 * </pre>
 *
 * A line of a value ends at CR, LF or CRLF, as a client's does, so no text can begin a field of its own. The space
 * behind the colon is always written: a client removes one, so a value that begins with a space keeps it.
 *
 * <p>A block is written whole or not at all, and a client acts on it at its empty line only; a stream may be cut
 * between blocks without harm.
 *
 * <p><b>Threading.</b> Stateless; the buffer is the caller's.
 */
public final class EventStreamEncoder {
    private static final byte[] COMMENT = ": ".getBytes(US_ASCII);
    private static final byte[] RETRY = "retry: ".getBytes(US_ASCII);
    private static final byte[] ID = "id: ".getBytes(US_ASCII);
    private static final byte[] EVENT = "event: ".getBytes(US_ASCII);
    private static final byte[] DATA = "data: ".getBytes(US_ASCII);

    private EventStreamEncoder() {}

    /**
     * Encodes an event into a new buffer of exactly its size.
     *
     * @param event the event
     * @param allocator gives the buffer
     * @return the buffer, which the caller releases
     */
    public static ByteBuf encode(ServerSentEvent event, ByteBufAllocator allocator) {
        Block block = Block.of(event);
        ByteBuf out = allocator.buffer(block.size());
        block.write(out);
        return out;
    }

    /**
     * Encodes an event behind what a buffer holds, which grows at most once.
     *
     * @param event the event
     * @param out gets the block; it stays the caller's
     */
    public static void encode(ServerSentEvent event, ByteBuf out) {
        Block block = Block.of(event);
        out.ensureWritable(block.size());
        block.write(out);
    }

    /**
     * Encodes an event whose data is UTF-8 already, behind what a buffer holds, which grows at most once.
     *
     * @param id as {@link ServerSentEvent#id}
     * @param event as {@link ServerSentEvent#event}
     * @param data the data, UTF-8; what is not well-formed reaches the client as U+FFFD, and can't hide a line end
     * @param out gets the block; it stays the caller's
     * @throws IllegalArgumentException if the id or the name would break out of its field; nothing was written
     */
    public static void encode(@Nullable String id, @Nullable String event, byte[] data, ByteBuf out) {
        ServerSentEvent.checkId(id);
        ServerSentEvent.checkEvent(event);
        Block block = new Block(null, null, utf8(id), utf8(event), data);
        out.ensureWritable(block.size());
        block.write(out);
    }

    /**
     * Not {@code ByteBufUtil.writeUtf8}: behind an unpaired high surrogate it writes the low byte of whatever character
     * follows, and that of U+010A is a line end. The JDK writes one {@code ?} for each unpaired surrogate; for ASCII it
     * is a copy of memory, and line ends are then found in bytes, which UTF-8 allows.
     */
    private static byte @Nullable [] utf8(@Nullable String text) {
        return text == null ? null : text.getBytes(UTF_8);
    }

    /** The fields of one block in UTF-8. */
    private record Block(
            byte @Nullable [] comment,
            byte @Nullable [] retry,
            byte @Nullable [] id,
            byte @Nullable [] event,
            byte @Nullable [] data) {

        static Block of(ServerSentEvent event) {
            return new Block(
                    utf8(event.comment()),
                    event.retry() == null
                            ? null
                            : utf8(Long.toString(event.retry().toMillis())),
                    utf8(event.id()),
                    utf8(event.event()),
                    utf8(event.data()));
        }

        int size() {
            return Math.toIntExact(size(COMMENT, comment)
                    + size(RETRY, retry)
                    + size(ID, id)
                    + size(EVENT, event)
                    + size(DATA, data)
                    + 1);
        }

        void write(ByteBuf out) {
            write(COMMENT, comment, out);
            write(RETRY, retry, out);
            write(ID, id, out);
            write(EVENT, event, out);
            write(DATA, data, out);
            out.writeByte('\n');
        }

        private static long size(byte[] name, byte @Nullable [] value) {
            if (value == null) {
                return 0;
            }
            long size = name.length + value.length + 1L;
            byte last = 0;
            for (byte b : value) {
                if (b == '\r' || b == '\n') {
                    // The LF of a CRLF is dropped; any other line end becomes LF and begins a line with the name.
                    size += b == '\n' && last == '\r' ? -1 : name.length;
                }
                last = b;
            }
            return size;
        }

        private static void write(byte[] name, byte @Nullable [] value, ByteBuf out) {
            if (value == null) {
                return;
            }
            int start = 0;
            for (int i = 0; i < value.length; i++) {
                byte b = value[i];
                if (b == '\r' || b == '\n') {
                    writeLine(name, value, start, i, out);
                    if (b == '\r' && i + 1 < value.length && value[i + 1] == '\n') {
                        i++;
                    }
                    start = i + 1;
                }
            }
            writeLine(name, value, start, value.length, out);
        }

        private static void writeLine(byte[] name, byte[] value, int start, int end, ByteBuf out) {
            out.writeBytes(name).writeBytes(value, start, end - start).writeByte('\n');
        }
    }
}
