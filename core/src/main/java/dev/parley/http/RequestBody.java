package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a request's body.
 *
 * <p><b>States.</b> {@code UNCLAIMED}: nobody has asked for it; what arrives is held and no more is read. Then either
 * {@code WHOLE} (gathered into an array) or {@code CHUNKS} (given to a listener, held while the listener is busy). In
 * the end {@code DISCARDED}: thrown away, because it is not wanted any more.
 *
 * <p><b>Memory.</b> What is held was read with one read of the socket, or is within the window of the HTTP/2 stream.
 * An announced length reserves next to nothing: the array grows with what arrives, and counts for all connections until the body is whole.
 *
 * <p>Confined to the event loop, except {@link #claim}.
 */
final class RequestBody {
    private enum Mode {
        UNCLAIMED,
        WHOLE,
        CHUNKS,
        DISCARDED
    }

    private static final byte[] EMPTY = {};
    /** An announced length up to this is believed, as far as the first allocation goes: a word costs a client nothing. */
    private static final int BELIEVED_LENGTH = 4 * 1024;
    /** What a JVM can surely make; more than that is over the limit of a whole body, whatever that says. */
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

    private static final AtomicIntegerFieldUpdater<RequestBody> CLAIMED =
            AtomicIntegerFieldUpdater.newUpdater(RequestBody.class, "claimed");

    private final HttpExchange exchange;
    private final Wire wire;
    /** What the client announced, or -1. */
    private final long announced;

    private long limit;
    private long received;
    private Mode mode = Mode.UNCLAIMED;

    @SuppressWarnings("UnusedVariable") // through CLAIMED
    private volatile int claimed;

    private boolean continueAwaited;
    /** The last byte has arrived. */
    private boolean complete;

    private HttpHeaders trailers = EmptyHttpHeaders.INSTANCE;

    private @Nullable CompletableFuture<Body> whole;
    private byte[] gathered = EMPTY;
    /** How much of the memory for all bodies the array has. */
    private int taken;

    private @Nullable BodyListener listener;
    private boolean listenerBusy;
    private boolean delivering;
    private @Nullable Deque<ByteBuf> held;

    RequestBody(HttpExchange exchange, Wire wire, long announced, long limit) {
        this.exchange = exchange;
        this.wire = wire;
        this.announced = announced;
        this.limit = limit;
    }

    // ---- asked by the application

    /** Only one may read the body. */
    void claim() {
        if (!CLAIMED.compareAndSet(this, 0, 1)) {
            throw new IllegalStateException("the body has been asked for before");
        }
    }

    void limit(long bytes) {
        limit = bytes;
    }

    void readWhole(CompletableFuture<Body> future) {
        limit = Math.min(limit, LARGEST_ARRAY);
        if (mayBegin(future::completeExceptionally)) {
            mode = Mode.WHOLE;
            whole = future;
            if (announced > 0 && !complete && !grow((int) Math.min(announced, BELIEVED_LENGTH))) {
                return;
            }
            int size = 0;
            for (ByteBuf next = pollHeld(); next != null; next = pollHeld()) {
                size = gather(next, size);
            }
            if (mode == Mode.WHOLE) {
                goOn();
            }
        }
    }

    void readChunks(BodyListener to) {
        if (mayBegin(to::onFailure)) {
            mode = Mode.CHUNKS;
            listener = to;
            if (gathered.length > 0) {
                hold(Unpooled.wrappedBuffer(gathered));
                gathered = EMPTY;
            }
            goOn();
        }
    }

    private interface Failed {
        void with(Throwable cause);
    }

    private boolean mayBegin(Failed failed) {
        if (mode == Mode.DISCARDED) {
            failed.with(new IOException("the exchange is over"));
            return false;
        }
        if (isTooBig()) {
            mode = Mode.DISCARDED;
            releaseHeld();
            failed.with(refuseAsTooBig());
            return false;
        }
        if (continueAwaited) {
            continueAwaited = false;
            if (!exchange.isAnswered()) {
                wire.sendContinue();
            }
        }
        return true;
    }

    private void goOn() {
        if (mode == Mode.CHUNKS) {
            deliver();
        } else if (complete) {
            finishWhole();
        }
        wire.appetiteChanged();
    }

    // ---- told by the wire

    /** All of it came with the head. */
    void came(byte[] bytes) {
        gathered = bytes;
        received = bytes.length;
        complete = true;
    }

    /** The client waits for {@code 100 Continue} before it sends. */
    void awaitContinue() {
        continueAwaited = true;
    }

    boolean isContinueAwaited() {
        return continueAwaited;
    }

    /** Whether more than the limit has been announced, or has come. */
    boolean isTooBig() {
        return announced > limit || received > limit;
    }

    /** Whether it goes to a listener. */
    boolean isInChunks() {
        return mode == Mode.CHUNKS;
    }

    boolean isComplete() {
        return complete;
    }

    /** Whether nobody reads it any more, and nothing of it is held. */
    boolean isDone() {
        return mode == Mode.DISCARDED;
    }

    /** Bytes that have come. */
    long received() {
        return received;
    }

    boolean wantsMore() {
        return switch (mode) {
            case UNCLAIMED -> held == null || held.isEmpty();
            case WHOLE, DISCARDED -> true;
            case CHUNKS -> !listenerBusy && (held == null || held.isEmpty());
        };
    }

    /** The next bytes; this method owns them. */
    void content(ByteBuf data) {
        int size = data.readableBytes();
        if (size == 0) {
            data.release();
            return;
        }
        int before = (int) Math.min(received, Integer.MAX_VALUE);
        received += size;
        if ((mode == Mode.WHOLE || mode == Mode.CHUNKS) && received > limit) {
            data.release();
            // Answered before the reader hears of it, who could answer else, and not as the end of the exchange.
            Reader reader = takeReader();
            reader.fail(refuseAsTooBig());
            return;
        }
        switch (mode) {
            // Whatever the limit is: whoever asks for it may set another before. No more is read until then.
            case UNCLAIMED -> hold(data);
            case WHOLE -> gather(data, before);
            case CHUNKS -> {
                BodyListener to = listener;
                if (to == null || delivering || !wantsMore()) {
                    hold(data);
                } else {
                    deliverNow(to, data);
                }
            }
            case DISCARDED -> data.release();
        }
    }

    /** The last byte has come. */
    void end(HttpHeaders trailerSection) {
        complete = true;
        continueAwaited = false;
        trailers = trailerSection;
        switch (mode) {
            case WHOLE -> finishWhole();
            case CHUNKS -> deliver();
            case UNCLAIMED, DISCARDED -> {}
        }
    }

    /** An answer has begun: a body that nobody asked for by now is not wanted. */
    void answered() {
        if (mode == Mode.UNCLAIMED && claimed == 0) {
            mode = Mode.DISCARDED;
            releaseHeld();
            wire.appetiteChanged();
        }
    }

    /** The exchange is over, and with it whatever reads the body. */
    void over(EndReason reason) {
        if (mode == Mode.UNCLAIMED) {
            mode = Mode.DISCARDED;
            releaseHeld();
        } else if (mode != Mode.DISCARDED) {
            failReader(
                    reason == EndReason.TIMEOUT
                            ? new SocketTimeoutException("the body came too slowly")
                            : new IOException("the exchange ended before its body: " + reason));
        }
        wire.appetiteChanged();
    }

    // ---- how it works

    private int gather(ByteBuf data, int at) {
        int size = data.readableBytes();
        if (at + size > gathered.length) {
            // Twice as much each time, but no more than what was announced, if something was.
            long wanted =
                    Math.max(at + size, Math.min(gathered.length * 2L, announced > 0 ? announced : Long.MAX_VALUE));
            if (!grow((int) Math.min(wanted, LARGEST_ARRAY))) {
                data.release();
                return at;
            }
        }
        data.readBytes(gathered, at, size).release();
        return at + size;
    }

    /** Makes room for so many bytes, if there is memory for them; else the exchange is answered, and the reader knows. */
    private boolean grow(int length) {
        int more = length - gathered.length;
        if (!wire.context().takeGathered(more)) {
            // Answered before the reader hears of it, who could answer else.
            Problem problem = Problem.of(503, "Too much of other bodies is on its way.");
            Reader reader = takeReader();
            exchange.overrule(problem, EndReason.ERROR);
            reader.fail(problem.asException());
            return false;
        }
        taken += more;
        gathered = Arrays.copyOf(gathered, length);
        return true;
    }

    /** The array is the reader's now, or nobody's. */
    private void letGo() {
        gathered = EMPTY;
        if (taken > 0) {
            wire.context().giveGathered(taken);
            taken = 0;
        }
    }

    private void finishWhole() {
        CompletableFuture<Body> future = whole;
        if (future == null) {
            return;
        }
        whole = null;
        mode = Mode.DISCARDED;
        byte[] bytes = gathered.length == received ? gathered : Arrays.copyOf(gathered, (int) received);
        letGo();
        future.complete(new Body(bytes, exchange.headers(), trailers));
    }

    /** Delivers what has just come, while nothing else waits. */
    private void deliverNow(BodyListener to, ByteBuf data) {
        delivering = true;
        try {
            deliver(to, data);
        } finally {
            delivering = false;
        }
        if (complete || held != null && !held.isEmpty()) { // came meanwhile
            deliver();
        }
    }

    private void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        try {
            deliverHeld();
        } finally {
            delivering = false;
        }
    }

    private void deliverHeld() {
        BodyListener to = listener;
        while (to != null && !listenerBusy && mode == Mode.CHUNKS) {
            ByteBuf next = pollHeld();
            if (next == null) {
                if (complete) {
                    mode = Mode.DISCARDED;
                    listener = null;
                    try {
                        to.onEnd(trailers);
                    } catch (Throwable t) {
                        exchange.fail(t);
                    }
                }
                return;
            }
            deliver(to, next);
        }
    }

    private void deliver(BodyListener to, ByteBuf chunk) {
        try {
            awaitListener(to.onChunk(chunk));
        } catch (Throwable t) {
            failReader(t);
            exchange.fail(t);
        } finally {
            chunk.release();
        }
    }

    private void awaitListener(CompletionStage<?> ready) {
        if (ready == BodyListener.READY) {
            return;
        }
        listenerBusy = true;
        ready.whenComplete((ignored, failure) -> exchange.onLoop(() -> {
            listenerBusy = false;
            if (failure != null && mode == Mode.CHUNKS) {
                failReader(failure);
                exchange.fail(failure);
            }
            if (!delivering) { // else to the loop: one call inside the other for each chunk would fill the stack
                deliver();
                wire.appetiteChanged();
            }
        }));
    }

    private ProblemException refuseAsTooBig() {
        Problem problem = Problem.of(413, "The body is over the limit of " + limit + " bytes.");
        exchange.overrule(problem, EndReason.ERROR);
        return problem.asException();
    }

    /** Whoever reads the body gets no more of it. */
    private void failReader(Throwable cause) {
        takeReader().fail(cause);
    }

    private Reader takeReader() {
        Reader reader = new Reader(whole, listener);
        mode = Mode.DISCARDED;
        releaseHeld();
        letGo();
        whole = null;
        listener = null;
        return reader;
    }

    /** Whoever read the body, and has to be told why there is no more of it. */
    private final class Reader {
        private final @Nullable CompletableFuture<Body> future;
        private final @Nullable BodyListener to;

        Reader(@Nullable CompletableFuture<Body> future, @Nullable BodyListener to) {
            this.future = future;
            this.to = to;
        }

        void fail(Throwable cause) {
            if (future != null) {
                future.completeExceptionally(cause);
            }
            if (to != null) {
                exchange.call(() -> to.onFailure(cause));
            }
        }
    }

    /** Hands over what was held, when another protocol takes over; each buffer is the caller's. */
    void handOver(Consumer<ByteBuf> to) {
        mode = Mode.DISCARDED;
        for (ByteBuf next = pollHeld(); next != null; next = pollHeld()) {
            to.accept(next);
        }
    }

    private void hold(ByteBuf data) {
        if (held == null) {
            held = new ArrayDeque<>(4);
        }
        held.add(data);
    }

    private @Nullable ByteBuf pollHeld() {
        return held == null ? null : held.poll();
    }

    private void releaseHeld() {
        for (ByteBuf next = pollHeld(); next != null; next = pollHeld()) {
            next.release();
        }
    }
}
