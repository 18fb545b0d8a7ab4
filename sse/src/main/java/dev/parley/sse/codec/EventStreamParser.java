package dev.parley.sse.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.util.ByteProcessor;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Reads one event stream as it arrives, in chunks that may end anywhere: inside a character, between CR and LF.
 *
 * <p><b>Wire.</b> {@code text/event-stream} by the rules of the
 * <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation">HTML standard,
 * 9.2.6</a>: always UTF-8; malformed bytes become U+FFFD; a leading byte order mark is skipped once; an event that is
 * not closed by an empty line when the stream ends is never heard of.
 *
 * <p><b>Limits.</b> The bytes of one line, without its end, and the bytes of all lines of one block, without comments
 * and line ends. Both are 1 MiB unless set.
 *
 * <p><b>Errors.</b> {@link TooLongFrameException} when a limit is passed; the parser is over then. What a listener
 * throws leaves {@link #parse}, which may be called again with the rest of the chunk.
 *
 * <p><b>Threading.</b> Not thread-safe. The listener is called by the thread that calls {@link #parse}.
 *
 * <p><b>Memory.</b> Holds one incomplete line and the data of one incomplete event; keeps no buffer that it was given.
 */
public final class EventStreamParser {
    private static final int DEFAULT_MAX_BYTES = 1024 * 1024;
    /** Above this many characters the space of an event's data is not kept for the next one. */
    private static final int MAX_KEPT_CHARS = 4096;

    private static final ByteProcessor NO_LINE_END = b -> b != '\n' && b != '\r';

    private final Listener listener;
    private final int maxLineBytes;
    private final int maxEventBytes;

    /** The begin of a line that the chunks so far did not end. */
    private @Nullable ByteBuf begun;
    /** The last line ended with a CR: an LF that follows belongs to it. */
    private boolean afterCr;

    private boolean atStart = true;
    private boolean over;

    private StringBuilder data = new StringBuilder();
    private @Nullable String event;
    /** The id of this block; it counts from the block's empty line on, and until then not at all. */
    private @Nullable String id;

    private int eventBytes;
    private @Nullable String lastEventId;

    /**
     * Hears what a stream says.
     *
     * <p><b>Threading.</b> Called by the thread that feeds the parser.
     */
    @FunctionalInterface
    public interface Listener {

        /**
         * An event.
         *
         * @param event has data, and its own id if it came with one; {@link EventStreamParser#lastEventId} is the id
         *     that holds. Retry and comment are not part of it
         */
        void onEvent(ServerSentEvent event);

        /**
         * A comment line, heard at once: a sign of life. Ignored unless overridden.
         *
         * @param comment the text behind the colon and one space
         */
        default void onComment(String comment) {}

        /**
         * The time to wait before a reconnect, heard at once. Ignored unless overridden.
         *
         * @param retry 0 or more
         */
        default void onRetry(Duration retry) {}
    }

    /**
     * A parser for one stream, with the default limits.
     *
     * @param listener hears the stream
     */
    public EventStreamParser(Listener listener) {
        this(listener, DEFAULT_MAX_BYTES, DEFAULT_MAX_BYTES);
    }

    /**
     * A parser for one stream.
     *
     * @param listener hears the stream
     * @param maxLineBytes the longest line, in bytes, at least 1
     * @param maxEventBytes the largest event, in bytes, at least 1
     */
    public EventStreamParser(Listener listener, int maxLineBytes, int maxEventBytes) {
        this.listener = listener;
        this.maxLineBytes = atLeastOne("maxLineBytes", maxLineBytes);
        this.maxEventBytes = atLeastOne("maxEventBytes", maxEventBytes);
    }

    /**
     * Reads all of a chunk, and calls the listener for what it completes.
     *
     * @param chunk read to its end, and still the caller's to release
     * @throws TooLongFrameException if a line or an event is over its limit
     * @throws IllegalStateException if the stream is over
     */
    public void parse(ByteBuf chunk) {
        if (over) {
            throw new IllegalStateException("event stream: over (expected: a new parser for each stream)");
        }
        while (chunk.isReadable()) {
            int start = chunk.readerIndex();
            if (afterCr) {
                afterCr = false;
                if (chunk.getByte(start) == '\n') {
                    chunk.skipBytes(1);
                    continue;
                }
            }
            int end = chunk.forEachByte(NO_LINE_END);
            int length = (end < 0 ? chunk.writerIndex() : end) - start;
            if (length + (begun == null ? 0 : begun.readableBytes()) > maxLineBytes) {
                throw tooLong("line", "maxLineBytes", maxLineBytes);
            }
            if (end >= 0 && begun == null) {
                next(chunk, end);
                line(chunk, start, end);
                continue;
            }
            if (begun == null) {
                begun = Unpooled.buffer(length); // On the heap, and so the collector's to take.
            }
            begun.writeBytes(chunk, length);
            if (end >= 0) {
                ByteBuf line = begun;
                begun = null;
                next(chunk, end);
                line(line, 0, line.writerIndex());
            }
        }
    }

    /** Ends the stream. What is incomplete is dropped; does nothing if the stream is over. */
    public void end() {
        over = true;
        begun = null;
        id = null;
        event = null;
        data = new StringBuilder(0);
    }

    /**
     * The id to resume from: that of the last complete block that had one, also if the block had no data.
     *
     * @return the id; empty if the stream took it back; {@code null} if this stream has not said any
     */
    public @Nullable String lastEventId() {
        return lastEventId;
    }

    /** Steps over the end of a line, before its listener is called, which may throw. */
    private void next(ByteBuf chunk, int lineEnd) {
        afterCr = chunk.getByte(lineEnd) == '\r';
        chunk.readerIndex(lineEnd + 1);
    }

    private void line(ByteBuf line, int lineStart, int end) {
        int start = atStart ? behindByteOrderMark(line, lineStart, end) : lineStart;
        atStart = false;
        if (start == end) {
            dispatch();
            return;
        }
        int colon = line.indexOf(start, end, (byte) ':');
        int nameEnd = colon < 0 ? end : colon;
        int valueStart = colon < 0 ? end : colon + 1;
        if (valueStart < end && line.getByte(valueStart) == ' ') {
            valueStart++;
        }
        if (nameEnd == start) {
            listener.onComment(Utf8.decode(line, valueStart, end));
            return;
        }
        if (end - start > maxEventBytes - eventBytes) {
            throw tooLong("event", "maxEventBytes", maxEventBytes);
        }
        eventBytes += end - start;
        // Longer names are unknown ones.
        String name = nameEnd - start > 5 ? "" : line.toString(start, nameEnd - start, US_ASCII);
        switch (name) {
            case "data" -> data.append(Utf8.decode(line, valueStart, end)).append('\n');
            case "event" -> event = Utf8.decode(line, valueStart, end);
            case "id" -> {
                if (line.indexOf(valueStart, end, (byte) 0) < 0) {
                    id = Utf8.decode(line, valueStart, end);
                }
            }
            case "retry" -> retry(line, valueStart, end);
            default -> {} // Ignored, by the standard.
        }
    }

    private void retry(ByteBuf line, int start, int end) {
        long millis = 0;
        for (int i = start; i < end; i++) {
            int digit = line.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                return;
            }
            millis = millis > (Long.MAX_VALUE - 9) / 10 ? Long.MAX_VALUE : millis * 10 + digit;
        }
        if (start < end) {
            listener.onRetry(Duration.ofMillis(millis));
        }
    }

    /** The empty line: the block counts, and the next one begins, before the listener is called, which may throw. */
    private void dispatch() {
        String text = data.length() == 0 ? null : data.substring(0, data.length() - 1);
        String name = event == null || event.isEmpty() ? null : event;
        String ownId = id;
        if (data.capacity() > MAX_KEPT_CHARS) {
            data = new StringBuilder();
        } else {
            data.setLength(0);
        }
        event = null;
        id = null;
        eventBytes = 0;
        if (ownId != null) {
            lastEventId = ownId;
        }
        if (text != null) {
            listener.onEvent(new ServerSentEvent(ownId, name, text, null, null));
        }
    }

    private TooLongFrameException tooLong(String what, String setting, int limit) {
        end();
        return new TooLongFrameException(what + ": too long (expected: at most " + limit + " bytes, " + setting + ")");
    }

    private static int behindByteOrderMark(ByteBuf line, int start, int end) {
        return end - start >= 3 && line.getUnsignedMedium(start) == 0xEFBBBF ? start + 3 : start;
    }

    private static int atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
        return value;
    }
}
