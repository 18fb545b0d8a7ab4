package dev.parley.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.EndReason;
import dev.parley.http.HttpLimits;
import dev.parley.http.ResponseStream;
import dev.parley.http.SendOutcome;
import dev.parley.http.SharedChunk;
import dev.parley.http.Timer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A response whose body is one gzip member (<a href="https://www.rfc-editor.org/rfc/rfc1952">RFC 1952</a>), put together
 * of {@linkplain GzipPieces pieces}: a client can read all that was written at once. It is complete when the response was
 * ended, and not when it was cut off.
 *
 * <p>All is compressed on the event loop, as only there the order is known in which bytes go out, which the checksum
 * needs. What other threads write goes there first: at most as much as {@link HttpLimits#maxQueuedBytes} has by default.
 */
final class GzipStream implements ResponseStream {
    private static final Logger LOG = LoggerFactory.getLogger(GzipStream.class);

    /** Magic, deflate, no flags, no time, no hint, an unknown system (RFC 1952 section 2.3). */
    private static final byte[] HEADER = {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, 0, (byte) 0xFF};
    /** The last block: fixed codes, and nothing but its end (RFC 1951 section 3.2.6). */
    private static final int LAST_BLOCK = 0x0003;

    private static final int TRAILER_BYTES = 10;

    private static final int MAX_WAITING = HttpLimits.builder().build().maxQueuedBytes();
    /** What may wait between threads before the client counts as behind: what a channel takes, too. */
    private static final int MUCH_WAITING = 64 * 1024;
    /** How often an end looks whether there is room for it. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private static final AtomicIntegerFieldUpdater<GzipStream> WAITING =
            AtomicIntegerFieldUpdater.newUpdater(GzipStream.class, "waiting");

    private final ResponseStream out;

    /** Of the bytes that went out, before compression. */
    private int crc;
    /** How many these are, modulo 2^32. */
    private int size;

    /** The end was asked for, on whatever thread; what that wrote before may be on its way to the event loop. */
    private volatile boolean ended;
    /** The event loop has come to the end. */
    private boolean ending;

    private @Nullable Runnable writableListener;

    /** Bytes on their way from other threads to the event loop. */
    private volatile int waiting;

    /** To be called on the event loop, before anything was written. */
    GzipStream(ResponseStream out) {
        this.out = out;
        out.write(Unpooled.wrappedBuffer(HEADER));
    }

    @Override
    public SendOutcome write(ByteBuf bytes) {
        if (ended) {
            bytes.release();
            return SendOutcome.CLOSED;
        }
        if (eventLoop().inEventLoop()) {
            return send(bytes);
        }
        int length = bytes.readableBytes();
        int before = WAITING.getAndAdd(this, length);
        long queued = before + out.queuedBytes();
        if (queued > 0 && queued + length > MAX_WAITING) {
            WAITING.getAndAdd(this, -length);
            bytes.release();
            return SendOutcome.DROPPED;
        }
        boolean behind = !out.isWritable() || before + length > MUCH_WAITING;
        try {
            eventLoop().execute(() -> sendAccepted(bytes, length, behind));
        } catch (RejectedExecutionException ending) { // the server has closed, and this stream is about to hear of it
            WAITING.getAndAdd(this, -length);
            bytes.release();
            return SendOutcome.CLOSED;
        }
        return behind ? SendOutcome.QUEUED : SendOutcome.SENT;
    }

    private void sendAccepted(ByteBuf bytes, int length, boolean behind) {
        WAITING.getAndAdd(this, -length);
        if (send(bytes) == SendOutcome.DROPPED) { // The server's limit is lower, and the sender knows of no loss.
            LOG.warn("a client of a compressed stream is too slow, and cut off");
            abort();
        } else if (behind && writableListener != null && isWritable()) {
            try {
                writableListener.run();
            } catch (Throwable t) {
                LOG.error("a listener failed, and its stream is cut off", t);
                abort();
            }
        }
    }

    private SendOutcome send(ByteBuf bytes) {
        int length = bytes.readableBytes();
        if (ending || length == 0) {
            bytes.release();
            return ending ? SendOutcome.CLOSED : SendOutcome.SENT;
        }
        ByteBuf piece = ByteBufAllocator.DEFAULT.directBuffer(GzipPieces.room(length));
        int pieceCrc;
        try {
            pieceCrc = GzipPieces.ofThread().append(bytes, piece);
        } catch (Throwable t) {
            piece.release();
            throw t;
        } finally {
            bytes.release();
        }
        return noted(out.write(piece), pieceCrc, length, Crc.factor(length));
    }

    /** Sends bytes that other streams send too, on the event loop; as {@link #write(SharedChunk)}, but compressed already. */
    SendOutcome write(GzipChunk chunk) {
        return ended
                ? SendOutcome.CLOSED
                : noted(out.write(chunk.chunk()), chunk.crc(), chunk.length(), chunk.factor());
    }

    private SendOutcome noted(SendOutcome outcome, int pieceCrc, int length, int factor) {
        if (outcome == SendOutcome.SENT || outcome == SendOutcome.QUEUED) {
            crc = Crc.append(crc, pieceCrc, factor);
            size += length;
        }
        return outcome;
    }

    @Override
    public SendOutcome write(byte[] bytes) {
        return write(Unpooled.wrappedBuffer(bytes));
    }

    @Override
    public SendOutcome write(String text) {
        return write(text.getBytes(UTF_8));
    }

    /** Nothing is shared that each stream would have to compress by itself. */
    @Override
    public SendOutcome write(SharedChunk chunk) {
        throw new UnsupportedOperationException("a chunk as it is (expected: one that is compressed)");
    }

    @Override
    public boolean isWritable() {
        return !ended && out.isWritable();
    }

    @Override
    public long queuedBytes() {
        return waiting + out.queuedBytes();
    }

    @Override
    public void onWritable(Runnable listener) {
        onLoop(() -> writableListener = listener);
        out.onWritable(listener);
    }

    @Override
    public void onEnd(Consumer<EndReason> listener) {
        out.onEnd(listener);
    }

    @Override
    public void onDrain(Consumer<Duration> listener) {
        out.onDrain(listener);
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        return out.after(delay, task);
    }

    @Override
    public EventLoop eventLoop() {
        return out.eventLoop();
    }

    @Override
    public void end() {
        end(EmptyHttpHeaders.INSTANCE);
    }

    @Override
    public void end(HttpHeaders trailers) {
        ended = true;
        onLoop(() -> {
            if (!ending) {
                ending = true;
                finish(trailers);
            }
        });
    }

    /** Completes the member as soon as there is room for that. */
    private void finish(HttpHeaders trailers) {
        ByteBuf end = Unpooled.buffer(TRAILER_BYTES)
                .writeShortLE(LAST_BLOCK)
                .writeIntLE(crc)
                .writeIntLE(size);
        if (out.write(end) == SendOutcome.DROPPED) {
            out.after(LOOK_AGAIN, () -> finish(trailers));
        } else {
            out.end(trailers);
        }
    }

    @Override
    public void abort() {
        ended = true;
        out.abort();
    }

    private void onLoop(Runnable task) {
        if (eventLoop().inEventLoop()) {
            task.run();
        } else {
            try {
                eventLoop().execute(task);
            } catch (RejectedExecutionException ending) {
                return; // the server has closed, and this stream is about to hear of it
            }
        }
    }
}
