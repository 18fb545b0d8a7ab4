package dev.parley.upload;

import dev.parley.http.BodyListener;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.upload.UploadProgress.EventType;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one request on their way into an upload: received on the event loop, written on the upload's lane, in as large
 * pieces as have come meanwhile.
 *
 * <p><b>States.</b> It stores until it has ended: all has come, it was broken off, it failed, or another took over. After that it
 * stores nothing.
 *
 * <p><b>Memory.</b> At most {@value #MAX_WAITING} bytes wait for the disk, and one read of the socket; and if those of all
 * transfers are over {@link Uploads#maxBytesInFlight}, one read of the socket.
 *
 * <p><b>Threading.</b> The listener's methods are called on the event loop, all else on the lane.
 */
final class Transfer implements BodyListener {
    /** Enough for the disk to be busy with one half while the other comes. */
    static final int MAX_WAITING = 256 * 1024;

    /** Enough to begin a write, and not more with one: what fits the cache of a core is there still when it is written. */
    private static final int WRITTEN_AT_ONCE = MAX_WAITING / 2;

    /** As many buffers as a gathering write takes. */
    private static final int MAX_BUFFERS = 512;

    /** Whom a request answers to, besides its upload. Called on the lane. */
    interface Listener {
        /**
         * So much is stored, and may be announced.
         *
         * @param offset all up to here is
         */
        default void stored(long offset) {}

        /** How long until {@link #stored} is called again, in nanoseconds; negative for never. */
        default long storedEvery() {
            return -1;
        }

        /** What the bytes of the request have to come to, if its trailer section says so. */
        default @Nullable UploadDigest digest(HttpHeaders trailers) {
            return null;
        }

        /** All bytes of the request are in the upload, which nobody appends to any more. */
        void received() throws Exception;

        /** It ended otherwise; what it has stored stays, unless there was a digest. */
        void failed(Throwable cause);
    }

    private final Exchange exchange;
    private final LiveUpload upload;
    private final Uploads uploads;
    private final Listener listener;
    private final long from;
    /** Where the upload ends at the latest. */
    private final long maxOffset;

    private final @Nullable UploadDigest digest;
    private final boolean digestFollows;

    private final Queue<ByteBuf> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean drains = new AtomicBoolean();
    private volatile @Nullable CompletableFuture<Void> gate;
    private volatile boolean ended;
    /** The lane is told when all that can be read at once has been. Only on the event loop. */
    private boolean drainsWhenRead;

    private boolean tellsLater;
    private boolean storedLater;
    private long stored;
    private long storedAt;

    /**
     * A transfer; {@link #begin} begins it.
     *
     * @param maxOffset how far it may go
     * @param digest what its bytes have to come to
     * @param digestFollows whether that is only said behind them
     */
    Transfer(
            Exchange exchange,
            LiveUpload upload,
            Uploads uploads,
            long maxOffset,
            @Nullable UploadDigest digest,
            boolean digestFollows,
            Listener listener) {
        this.exchange = exchange;
        this.upload = upload;
        this.uploads = uploads;
        this.maxOffset = maxOffset;
        this.digest = digest;
        this.digestFollows = digestFollows;
        this.listener = listener;
        from = upload.offset();
    }

    long now() {
        return exchange.eventLoop().ticker().nanoTime();
    }

    /** Takes the upload; what comes goes into it. Whoever calls this has to see to it that something comes, or that it ends. */
    void begin() throws IOException {
        upload.takeOver();
        long mark = digest != null || digestFollows ? from : -1;
        if (upload.state().unchecked() != mark) {
            upload.unchecked(mark);
        }
        upload.begin(this);
        stored = from;
        storedAt = now();
        uploads.retain(upload);
    }

    // ---- the body, on the event loop

    @Override
    public CompletionStage<Void> onChunk(ByteBuf chunk) {
        if (ended) {
            return READY; // it is answered; nobody cares for the rest
        }
        int size = chunk.readableBytes();
        long bytes = waitingBytes.addAndGet(size);
        long all = uploads.inFlight(size);
        waiting.add(chunk.retain());
        if (bytes < MAX_WAITING && all < uploads.maxBytesInFlight() && !upload.isPaused()) {
            if (bytes >= WRITTEN_AT_ONCE) {
                drainSoon();
            } else {
                drainWhenRead();
            }
            return READY;
        }
        CompletableFuture<Void> ready = new CompletableFuture<>();
        gate = ready;
        drainSoon(); // only now, as it opens the gate
        return ready;
    }

    @Override
    public void onEnd(HttpHeaders trailers) {
        upload.lane.execute(() -> end(trailers));
    }

    @Override
    public void onFailure(Throwable cause) {
        upload.lane.execute(() -> breakOff(cause));
    }

    /** A read of the socket is mostly followed by another: to wake a thread for each costs more than to write it. */
    private void drainWhenRead() {
        if (!drainsWhenRead) {
            drainsWhenRead = true;
            exchange.eventLoop().execute(() -> {
                drainsWhenRead = false;
                drainSoon();
            });
        }
    }

    private void drainSoon() {
        if (drains.compareAndSet(false, true)) {
            upload.lane.execute(this::drain);
        }
    }

    // ---- on the lane

    private void drain() {
        drains.set(false);
        try {
            write();
            long now = now();
            if (!ended) {
                tell(now);
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
        goOn();
    }

    /** Lets more come, if there is room and nobody wants it to wait. */
    void goOn() {
        CompletableFuture<Void> closed = gate;
        if (closed != null && (ended || hasRoom() && !upload.isPaused())) {
            gate = null;
            closed.complete(null);
        }
    }

    private boolean hasRoom() {
        long bytes = waitingBytes.get();
        return bytes == 0 || bytes <= MAX_WAITING - WRITTEN_AT_ONCE && uploads.inFlight(0) < uploads.maxBytesInFlight();
    }

    private void write() throws IOException {
        List<ByteBuf> batch = new ArrayList<>();
        long bytes = 0;
        for (ByteBuf next = waiting.poll(); next != null; next = waiting.poll()) {
            batch.add(next);
            bytes += next.readableBytes();
            if (bytes >= WRITTEN_AT_ONCE || batch.size() == MAX_BUFFERS) {
                write(batch, bytes);
                goOn();
                batch.clear();
                bytes = 0;
            }
        }
        write(batch, bytes);
    }

    private void write(List<ByteBuf> batch, long bytes) throws IOException {
        List<ByteBuffer> buffers = new ArrayList<>(batch.size());
        for (ByteBuf each : batch) {
            buffers.addAll(Arrays.asList(each.nioBuffers()));
        }
        try {
            if (ended || bytes == 0) {
                return;
            }
            if (bytes > maxOffset - upload.offset()) {
                throw new TooLongException(maxOffset);
            }
            upload.append(buffers.toArray(new ByteBuffer[0]), bytes);
        } finally {
            waitingBytes.addAndGet(-bytes);
            uploads.inFlight(-bytes);
            batch.forEach(ByteBuf::release);
        }
    }

    private void tell(long now) throws IOException {
        if (!upload.tellProgress(now) && !tellsLater) {
            tellsLater = true;
            later(ProgressMeter.LEAST_NANOS, () -> {
                tellsLater = false;
                upload.tellProgress(now());
            });
        }
        if (listener.storedEvery() >= 0 && digest == null && !digestFollows) {
            tellStored(now);
        }
    }

    private void tellStored(long now) throws IOException {
        long wait = listener.storedEvery() - (now - storedAt);
        if (upload.offset() == stored) {
            return;
        }
        if (wait <= 0) {
            upload.acknowledge();
            stored = upload.offset();
            storedAt = now;
            listener.stored(stored);
        } else if (!storedLater) { // a client that waits for it sends nothing that would cause it
            storedLater = true;
            later(wait, () -> {
                storedLater = false;
                tellStored(now());
            });
        }
    }

    /** What is done later, unless the transfer has ended by then. */
    @FunctionalInterface
    private interface Later {
        void run() throws IOException;
    }

    private void later(long nanos, Later task) {
        exchange.after(
                Duration.ofNanos(nanos),
                () -> upload.lane.execute(() -> {
                    if (!ended) {
                        try {
                            task.run();
                        } catch (IOException | RuntimeException e) {
                            fail(e);
                        }
                    }
                }));
    }

    private void end(HttpHeaders trailers) {
        if (ended) {
            return;
        }
        try {
            write();
            UploadDigest stated = digest != null ? digest : digestFollows ? listener.digest(trailers) : null;
            if (stated != null && !stated.matches(upload.content(), from, upload.offset())) {
                throw new ChecksumMismatchException();
            }
            upload.checked();
            upload.acknowledge();
        } catch (IOException | RuntimeException e) {
            fail(e);
            return;
        }
        over();
        try {
            upload.ended(this);
            listener.received();
        } catch (Exception e) { // a protocol may fail as it likes
            listener.failed(e);
        } finally {
            uploads.release(upload);
        }
    }

    /** The client is gone, or too slow. */
    private void breakOff(Throwable cause) {
        if (ended) {
            return;
        }
        try {
            write();
            uncheckedIsCut();
        } catch (IOException | RuntimeException e) {
            cause.addSuppressed(e);
        }
        end(
                cause instanceof SocketTimeoutException ? EventType.TIMEOUT : EventType.ABORT,
                new BrokenOffException(cause));
    }

    private void fail(Throwable cause) {
        if (!ended) {
            try {
                uncheckedIsCut();
            } catch (IOException | RuntimeException e) {
                cause.addSuppressed(e);
            }
            end(EventType.ERROR, cause);
        }
    }

    /** Another takes over. What has come stays. */
    void revoke() {
        if (!ended) {
            Throwable cause = Problem.of(409, "Another request has taken over this upload.")
                    .asException();
            try {
                write();
                uncheckedIsCut();
            } catch (IOException | RuntimeException e) {
                cause.addSuppressed(e);
            }
            over();
            listener.failed(cause);
            uploads.release(upload);
        }
    }

    private void uncheckedIsCut() throws IOException {
        if (digest != null || digestFollows) {
            upload.cutBack(from);
        }
    }

    private void end(EventType type, Throwable cause) {
        over();
        upload.brokenOff(this, type);
        listener.failed(cause);
        uploads.release(upload);
    }

    /** Nothing is stored any more, and nothing held. */
    private void over() {
        ended = true;
        for (ByteBuf next = waiting.poll(); next != null; next = waiting.poll()) {
            int size = next.readableBytes();
            waitingBytes.addAndGet(-size);
            uploads.inFlight(-size);
            next.release();
        }
        goOn();
    }
}
