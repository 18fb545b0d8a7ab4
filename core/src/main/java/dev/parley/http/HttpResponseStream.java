package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The one implementation of {@link ResponseStream}.
 *
 * <p>{@code queued} counts bytes from the moment they are accepted, on whatever thread, until the transport has them:
 * it bounds what waits between threads as well as what waits for the client.
 */
final class HttpResponseStream implements ResponseStream {
    private static final long UNKNOWN_LENGTH = -1;

    private final HttpExchange exchange;
    private final Wire wire;
    private final Channel channel;
    private final AtomicLong queued = new AtomicLong();
    private volatile boolean over;
    /** The application has ended it, or cut it off; what it wrote before may still be on its way to the event loop. */
    private volatile boolean ended;

    private boolean begun;
    /** What is left of an announced length, or {@link #UNKNOWN_LENGTH}. */
    private long remaining = UNKNOWN_LENGTH;

    private boolean behind;
    private @Nullable Runnable writableListener;

    HttpResponseStream(HttpExchange exchange, Wire wire) {
        this.exchange = exchange;
        this.wire = wire;
        this.channel = wire.channel();
    }

    // ---- told by the exchange, on the event loop

    /** The head is out. */
    void begun(long length) {
        begun = true;
        remaining = length;
    }

    /** Nothing more can be sent. */
    void over() {
        over = true;
    }

    /** The client has caught up. */
    void writable() {
        Runnable listener = writableListener;
        if (behind && listener != null && isWritable()) { // who has no listener yet hears of it later
            behind = false;
            exchange.call(listener);
        }
    }

    // ---- asked by the application, on any thread

    @Override
    public SendOutcome write(byte[] bytes) {
        return write(Unpooled.wrappedBuffer(bytes));
    }

    @Override
    public SendOutcome write(String text) {
        // Not ByteBufUtil.writeUtf8: after an unpaired surrogate it writes the next character's low byte, whatever it
        // is.
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public SendOutcome write(ByteBuf bytes) {
        int size = bytes.readableBytes();
        if (over || ended) {
            bytes.release();
            return SendOutcome.CLOSED;
        }
        long before = queued.getAndAdd(size);
        if (before > 0 && before + size > wire.context().limits().maxQueuedBytes()) {
            queued.addAndGet(-size);
            bytes.release();
            return SendOutcome.DROPPED;
        }
        if (channel.eventLoop().inEventLoop()) {
            send(bytes, size, false);
            return channel.isWritable() ? SendOutcome.SENT : SendOutcome.QUEUED;
        }
        // What other threads sent and the event loop has not seen yet counts as well.
        boolean tellWhenWritable = channel.bytesBeforeUnwritable() <= before + size;
        channel.eventLoop().execute(() -> send(bytes, size, tellWhenWritable));
        return tellWhenWritable ? SendOutcome.QUEUED : SendOutcome.SENT;
    }

    @Override
    public SendOutcome write(SharedChunk chunk) {
        if (over || ended) {
            return SendOutcome.CLOSED;
        }
        if (!channel.isWritable()) {
            behind = true;
            return SendOutcome.DROPPED;
        }
        if (!begun || remaining != UNKNOWN_LENGTH) {
            return write(chunk.plain());
        }
        if (chunk.size() > 0) { // an empty chunk would end the body
            wire.sendShared(chunk);
        }
        if (channel.isWritable()) {
            return SendOutcome.SENT;
        }
        behind = true;
        return SendOutcome.QUEUED;
    }

    /** For a caller on the event loop that sends no more while the client is behind, and so bounds itself. */
    SendOutcome writeUnbounded(ByteBuf bytes) {
        if (over || ended) {
            bytes.release();
            return SendOutcome.CLOSED;
        }
        int size = bytes.readableBytes();
        queued.addAndGet(size);
        send(bytes, size, false);
        return channel.isWritable() ? SendOutcome.SENT : SendOutcome.QUEUED;
    }

    private void send(ByteBuf bytes, int size, boolean tellWhenWritable) {
        if (!begun && !over) {
            // The task that sends the head was queued before, by another thread: keep behind it.
            channel.eventLoop().execute(() -> send(bytes, size, tellWhenWritable));
            return;
        }
        if (over || size == 0 || !fits(size)) {
            queued.addAndGet(-size);
            bytes.release();
            return;
        }
        ChannelPromise promise = channel.newPromise();
        promise.addListener(ignored -> queued.addAndGet(-size));
        wire.sendData(bytes, promise);
        wire.flushSoon();
        if (!channel.isWritable()) {
            behind = true;
        } else if (tellWhenWritable) {
            behind = true;
            channel.eventLoop().execute(this::writable);
        }
    }

    /** Whether an announced length has room for so many bytes; if it has not, the exchange fails. */
    private boolean fits(int size) {
        if (remaining == UNKNOWN_LENGTH) {
            return true;
        }
        if (size > remaining) {
            exchange.fail(new IllegalStateException("the body is longer than its Content-Length"));
            return false;
        }
        remaining -= size;
        return true;
    }

    /** Sends all of the body as a region of a file, which closes the file when it was sent. */
    void sendRegion(FileRegion region) {
        remaining -= region.count();
        wire.sendData(region, channel.newPromise());
        finish(EmptyHttpHeaders.INSTANCE);
    }

    @Override
    public boolean isWritable() {
        return !over && !ended && channel.isWritable();
    }

    @Override
    public long queuedBytes() {
        return queued.get();
    }

    @Override
    public void onWritable(Runnable listener) {
        exchange.onLoop(() -> {
            writableListener = listener;
            if (behind) {
                // The client may have caught up while this was on its way to the event loop.
                channel.eventLoop().execute(this::writable);
            }
        });
    }

    @Override
    public void end() {
        end(EmptyHttpHeaders.INSTANCE);
    }

    @Override
    public void end(HttpHeaders trailers) {
        ended = true;
        exchange.onLoop(() -> finish(trailers));
    }

    private void finish(HttpHeaders trailers) {
        if (over) {
            return;
        }
        if (!begun) {
            channel.eventLoop().execute(() -> finish(trailers));
            return;
        }
        if (remaining > 0) {
            exchange.fail(
                    new IllegalStateException("the body is " + remaining + " bytes shorter than its Content-Length"));
            return;
        }
        over = true;
        wire.sendEnd(exchange, trailers);
        wire.flushSoon();
        exchange.end(EndReason.COMPLETED);
    }

    @Override
    public void abort() {
        ended = true;
        exchange.onLoop(() -> {
            if (!over) {
                over = true;
                wire.cutOff(exchange, EndReason.ERROR);
            }
        });
    }
}
