package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one implementation of {@link ResponseStream}.
 *
 * <p>{@code queued} counts bytes from the moment they are accepted, on whatever thread, until the transport has them:
 * it bounds what waits between threads as well as what waits for the client.
 */
final class HttpResponseStream implements ResponseStream {
    private static final long UNKNOWN_LENGTH = -1;
    private static final VarHandle QUEUED;

    static {
        try {
            QUEUED = MethodHandles.lookup().findVarHandle(HttpResponseStream.class, "queued", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private StreamOwner owner;
    private BodyWire wire;
    private final Channel channel;

    @SuppressWarnings("UnusedVariable") // through QUEUED
    private volatile long queued;

    private volatile boolean over;
    /** The application has ended it, or cut it off; what it wrote before may still be on its way to the event loop. */
    private volatile boolean ended;

    private boolean begun;
    /** What is left of an announced length, or {@link #UNKNOWN_LENGTH}. */
    private long remaining = UNKNOWN_LENGTH;

    private boolean behind;
    private @Nullable Runnable writableListener;

    HttpResponseStream(StreamOwner owner, BodyWire wire) {
        this.owner = owner;
        this.wire = wire;
        this.channel = wire.channel();
    }

    // ---- told by its owner, on the event loop

    /** Somebody else sends the rest. */
    void moveTo(StreamOwner another, BodyWire through) {
        owner = another;
        wire = through;
    }

    boolean hasLength() {
        return remaining != UNKNOWN_LENGTH;
    }

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
            owner.call(listener);
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
        long before = (long) QUEUED.getAndAdd(this, (long) size);
        if (before > 0 && before + size > wire.context().limits().maxQueuedBytes()) {
            drop(bytes, size);
            return SendOutcome.DROPPED;
        }
        if (channel.eventLoop().inEventLoop()) {
            send(bytes, size, false);
            return channel.isWritable() ? SendOutcome.SENT : SendOutcome.QUEUED;
        }
        // What other threads sent and the event loop has not seen yet counts as well.
        boolean tellWhenWritable = channel.bytesBeforeUnwritable() <= before + size;
        if (!execute(() -> send(bytes, size, tellWhenWritable))) {
            drop(bytes, size);
            return SendOutcome.CLOSED;
        }
        return tellWhenWritable ? SendOutcome.QUEUED : SendOutcome.SENT;
    }

    @Override
    public SendOutcome write(SharedChunk chunk) {
        if (!channel.eventLoop().inEventLoop()) {
            throw new IllegalStateException(
                    "write: called by " + Thread.currentThread().getName() + " (expected: the stream's event loop)");
        }
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
        QUEUED.getAndAdd(this, (long) size);
        send(bytes, size, false);
        return channel.isWritable() ? SendOutcome.SENT : SendOutcome.QUEUED;
    }

    private void send(ByteBuf bytes, int size, boolean tellWhenWritable) {
        if (!begun && !over) {
            // The task that sends the head was queued before, by another thread: keep behind it.
            if (!execute(() -> send(bytes, size, tellWhenWritable))) {
                drop(bytes, size);
            }
            return;
        }
        if (over || size == 0 || !fits(size)) {
            drop(bytes, size);
            return;
        }
        ChannelPromise promise = channel.newPromise();
        promise.addListener(ignored -> QUEUED.getAndAdd(this, (long) -size));
        wire.sendData(bytes, promise);
        wire.flushSoon();
        if (!channel.isWritable()) {
            behind = true;
        } else if (tellWhenWritable) {
            behind = true;
            execute(this::writable);
        }
    }

    private void drop(ByteBuf bytes, int size) {
        QUEUED.getAndAdd(this, (long) -size);
        bytes.release();
    }

    /** Hands something to the event loop. Returns whether it will run: not when the server has closed, of which this stream is about to hear. */
    private boolean execute(Runnable task) {
        try {
            channel.eventLoop().execute(task);
            return true;
        } catch (RejectedExecutionException ending) {
            return false;
        }
    }

    /** Whether an announced length has room for so many bytes; if it has not, the exchange fails. */
    private boolean fits(int size) {
        if (remaining == UNKNOWN_LENGTH) {
            return true;
        }
        if (size > remaining) {
            owner.fail(new IllegalStateException("the body is longer than its Content-Length"));
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
        return queued;
    }

    @Override
    public void onWritable(Runnable listener) {
        onLoop(() -> {
            writableListener = listener;
            if (behind) {
                // The client may have caught up while this was on its way to the event loop.
                execute(this::writable);
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
        onLoop(() -> finish(trailers));
    }

    private void finish(HttpHeaders trailers) {
        if (over) {
            return;
        }
        if (!begun) {
            execute(() -> finish(trailers));
            return;
        }
        if (remaining > 0) {
            owner.fail(
                    new IllegalStateException("the body is " + remaining + " bytes shorter than its Content-Length"));
            return;
        }
        over = true;
        wire.sendEnd(trailers);
        wire.flushSoon();
        owner.end(EndReason.COMPLETED);
    }

    @Override
    public void abort() {
        ended = true;
        onLoop(() -> {
            if (!over) {
                over = true;
                owner.cutOff(EndReason.ERROR);
            }
        });
    }

    // ---- as long as it lasts

    @Override
    public EventLoop eventLoop() {
        return channel.eventLoop();
    }

    @Override
    public void onEnd(Consumer<EndReason> listener) {
        onLoop(() -> owner.life().onEnd(listener));
    }

    @Override
    public void onDrain(Consumer<Duration> listener) {
        onLoop(() -> owner.life().onDrain(listener));
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        Life.Alarm alarm = new Life.Alarm(channel.eventLoop(), task);
        long ticks = Wheel.ticks(delay.toNanos());
        onLoop(() -> owner.life().add(alarm, ticks));
        return alarm;
    }

    private void onLoop(Runnable task) {
        if (channel.eventLoop().inEventLoop()) {
            task.run();
        } else {
            execute(task);
        }
    }
}
