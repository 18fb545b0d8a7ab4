package dev.parley.beacon;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Beacons that wait for their sink, and the one batch that it has.
 *
 * <p>Event loops put them in; tasks of the executor take them out. The state sees to it that only one batch is on its way:
 *
 * <pre>
 *          first beacon            time is up, or a batch is full            its task begins
 *   IDLE ───────────────→ TIMED ──────────────────────────────────→ HANDED ──────────────────→ HANDING
 *     ↑                     ↑                                         ↑                           │
 *     └─────────────────────┴─────────────────────────────────────────┴───────────────────────────┘
 *            nothing waits, what waits is not due yet, or the next batch is due
 * </pre>
 *
 * <p>A task that the executor has and never begins, as it has ended or has no thread to spare, keeps nothing: whoever gets from HANDED to
 * HANDING first takes the batch, and {@link #close} sends another.
 *
 * <p>Thread-safe. No lock is held while the sink or a client is called.
 */
final class BeaconQueue {
    private static final Logger LOG = LoggerFactory.getLogger(BeaconQueue.class);

    /** How long {@link #close} waits for the sink. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Response STORED = Response.noContent();
    private static final Response FAILED =
            Response.problem(Problem.of(503, "The beacon could not be stored.")).header("Retry-After", "1");

    /** {@link #held} counts beacons above this bit, and bytes below it: room for six times 10 million, and for twice 64 GiB. */
    private static final int BYTES_BITS = 37;

    private static final long ONE = 1L << BYTES_BITS;

    private enum State {
        IDLE,
        /** Something waits until its time is up. */
        TIMED,
        /** A task is to take a batch, and has not begun. */
        HANDED,
        /** A task takes a batch, or the sink has one. */
        HANDING
    }

    /** A beacon, what it weighs, and who waits for it to be stored. */
    private record Waiting(
            Beacon beacon, int weight, @Nullable Client client) {
        long size() {
            return ONE + weight;
        }
    }

    /** Who waits, and the loop on which it is answered. */
    private record Client(EventLoop loop, CompletableFuture<Response> answer) {}

    private final BeaconSink sink;
    private final boolean durable;
    private final BeaconLimits limits;
    private final Tally tally;
    /** Runs tasks so many nanoseconds later where no event loop does. */
    private final LongFunction<Executor> later;

    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
    /** Beacons and bytes that wait, in one number. */
    private final AtomicLong held = new AtomicLong();

    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
    /** Tells the newest timer from those of batches that were full before their time. */
    private volatile long cycle;

    /** The loop and the executor of whoever came last: they drive what comes next. */
    private volatile @Nullable EventLoop loop;

    private volatile @Nullable Executor executor;
    /** Set by {@link #close}; complete when nothing waits any more. */
    private volatile @Nullable CompletableFuture<Void> emptied;
    /** Whether the last batch failed: only the first of a row is told loudly. Confined to the batch on its way. */
    private boolean failing;

    BeaconQueue(BeaconSink sink, BeaconLimits limits, Tally tally) {
        this(sink, limits, tally, nanos -> CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS));
    }

    /** With a clock that a test owns for what no event loop times. */
    BeaconQueue(BeaconSink sink, BeaconLimits limits, Tally tally, LongFunction<Executor> later) {
        this.sink = sink;
        this.durable = sink.isDurable();
        this.limits = limits;
        this.tally = tally;
        this.later = later;
    }

    boolean isDurable() {
        return durable;
    }

    /**
     * Takes a beacon, unless as many wait as may. Of a durable sink the exchange is answered when the sink has decided, else
     * it is left to the caller.
     *
     * @return {@code null} if it was taken, else why it was not; it has been counted in either case
     */
    @Nullable
    BeaconCause offer(Beacon beacon, Exchange exchange) {
        if (emptied != null) {
            return turnedAway(BeaconCause.FULL);
        }
        Client client = durable ? new Client(exchange.eventLoop(), new CompletableFuture<>()) : null;
        Waiting next = new Waiting(beacon, beacon.weight(), client);
        if (isOver(held.addAndGet(next.size()))) {
            if (limits.whenBehind() != WhenBehind.DROP_OLDEST) {
                held.addAndGet(-next.size());
                return turnedAway(limits.whenBehind() == WhenBehind.REFUSE ? BeaconCause.FULL : BeaconCause.NEWEST);
            }
            dropOldest();
        }
        tally.entered();
        waiting.add(next);
        wake(exchange);
        if (client != null) {
            exchange.respondInTurn(client.answer()); // last, as what is behind it comes in meanwhile
        }
        return null;
    }

    private BeaconCause turnedAway(BeaconCause cause) {
        tally.turnedAway(cause);
        return cause;
    }

    private boolean isOver(long size) {
        return beacons(size) > limits.maxQueuedBeacons() || bytes(size) > limits.maxQueuedBytes();
    }

    private boolean isBatch() {
        long size = held.get();
        return beacons(size) >= limits.maxBatchBeacons() || bytes(size) >= limits.maxBatchBytes();
    }

    private static long beacons(long size) {
        return size >>> BYTES_BITS;
    }

    private static long bytes(long size) {
        return size & (ONE - 1);
    }

    private void dropOldest() {
        do {
            Waiting oldest = poll();
            if (oldest == null) {
                return;
            }
            tally.turnedAway(BeaconCause.OLDEST);
        } while (isOver(held.get()));
    }

    private @Nullable Waiting poll() {
        Waiting oldest = waiting.poll();
        if (oldest != null) {
            held.addAndGet(-oldest.size());
        }
        return oldest;
    }

    // ---- when the next batch is due

    private void wake(Exchange exchange) {
        State now = state.get();
        if (now == State.IDLE) {
            loop = exchange.eventLoop(); // before others see that it is timed, and hand it over
            executor = exchange.executor();
        }
        if (now == State.IDLE && state.compareAndSet(State.IDLE, State.TIMED)) {
            schedule(limits.maxBatchDelay().toNanos());
            now = State.TIMED;
        }
        if (now == State.TIMED && isBatch()) {
            handTimed();
        }
    }

    private void schedule(long nanos) {
        EventLoop on = loop;
        if (on == null || nanos <= 0 || emptied != null) {
            handTimed();
            return;
        }
        long timed = cycle + 1;
        cycle = timed; // whoever writes it last has a timer that is not over
        try {
            on.schedule(() -> timeIsUp(timed), nanos, TimeUnit.NANOSECONDS).addListener(timer -> {
                if (timer.isCancelled()) { // the loop ends, and another may have brought what waits
                    handTimed();
                }
            });
        } catch (RejectedExecutionException e) {
            later.apply(nanos).execute(() -> timeIsUp(timed));
        }
    }

    /** A timer whose batch was full before its time is of no use to the next. */
    private void timeIsUp(long timed) {
        if (timed == cycle) {
            handTimed();
        }
    }

    private void handTimed() {
        if (state.compareAndSet(State.TIMED, State.HANDED)) {
            handOver();
        }
    }

    /** Sends a task for the batch. The state is HANDED before it is looked whether the queue closes: else {@link #close} might miss it. */
    private void handOver() {
        Executor on = executor;
        if (on == null || emptied != null) {
            ForkJoinPool.commonPool().execute(this::begin); // at the end, when there may be no other
            return;
        }
        try {
            on.execute(this::begin);
        } catch (Throwable t) { // it is full, or there is no thread to be had
            LOG.debug("the executor refused to write a batch; it is asked again", t);
            if (state.compareAndSet(State.HANDED, State.TIMED)) { // and close() has not sent another
                schedule(limits.maxBatchDelay().toNanos() + TimeUnit.MILLISECONDS.toNanos(1));
            }
        }
    }

    /** Another batch, if one is due; else what waits is left until it is. */
    private void goOn(long began) {
        boolean due = isBatch() || emptied != null;
        long left = limits.maxBatchDelay().toNanos() - (nanoTime() - began);
        if (!waiting.isEmpty() && (due || left <= 0)) {
            state.set(State.HANDED);
            handOver();
            return;
        }
        state.set(State.IDLE);
        if (!waiting.isEmpty()) {
            if (state.compareAndSet(State.IDLE, State.TIMED)) {
                schedule(left);
                if (isBatch()) { // what filled it came since it was looked, and saw a batch on its way
                    handTimed();
                }
            }
        } else {
            CompletableFuture<Void> closing = emptied;
            if (closing != null) {
                closing.complete(null);
            }
        }
    }

    /** The time of the event loop, which the test kit owns. */
    private long nanoTime() {
        EventLoop on = loop;
        return on == null ? System.nanoTime() : on.ticker().nanoTime();
    }

    // ---- one batch

    /** A task that comes late, when another has taken what it was sent for, does nothing. */
    private void begin() {
        if (state.compareAndSet(State.HANDED, State.HANDING)) {
            hand();
        }
    }

    private void hand() {
        long began = nanoTime();
        int expected = (int) Math.min(beacons(held.get()), limits.maxBatchBeacons());
        List<Waiting> batch = new ArrayList<>(expected);
        List<Beacon> beacons = new ArrayList<>(expected);
        long bytes = 0;
        while (batch.size() < limits.maxBatchBeacons() && bytes < limits.maxBatchBytes()) {
            Waiting next = poll();
            if (next == null) {
                break;
            }
            batch.add(next);
            beacons.add(next.beacon());
            bytes += next.weight();
        }
        if (batch.isEmpty()) {
            goOn(began);
            return;
        }
        written(Collections.unmodifiableList(beacons)).whenComplete((ignored, failure) -> {
            decided(batch, failure);
            goOn(began);
        });
    }

    private CompletionStage<?> written(List<Beacon> beacons) {
        try {
            return Objects.requireNonNull(sink.write(beacons), "the sink's stage");
        } catch (Throwable t) {
            return CompletableFuture.failedStage(t);
        }
    }

    private void decided(List<Waiting> batch, @Nullable Throwable failure) {
        tally.decided(batch.size(), failure == null);
        if (failure == null) {
            failing = false;
        } else if (failing) {
            LOG.debug("{} more beacons could not be stored", batch.size(), failure);
        } else {
            failing = true;
            LOG.error("{} beacons could not be stored; what fails next is logged at DEBUG", batch.size(), failure);
        }
        if (durable) {
            answer(batch, failure == null ? STORED : FAILED);
        }
    }

    /** One task for each event loop, however many of its clients wait. */
    private static void answer(List<Waiting> batch, Response response) {
        Map<EventLoop, List<CompletableFuture<Response>>> byLoop = new HashMap<>();
        for (Waiting each : batch) {
            Client client = each.client();
            if (client != null) {
                byLoop.computeIfAbsent(client.loop(), it -> new ArrayList<>()).add(client.answer());
            }
        }
        byLoop.forEach((on, answers) -> {
            try {
                on.execute(() -> answers.forEach(answer -> answer.complete(response)));
            } catch (RejectedExecutionException e) {
                LOG.debug("the event loop is gone, and with it {} who waited", answers.size());
            }
        });
    }

    // ---- the end

    /** Takes no more, and gives what waits to the sink at once. Waits for it, for 10 s at most. */
    void close() {
        close(PATIENCE);
    }

    void close(Duration patience) {
        CompletableFuture<Void> closing = closing();
        if (state.compareAndSet(State.IDLE, State.HANDED)
                || state.compareAndSet(State.TIMED, State.HANDED)
                || state.get() == State.HANDED) { // its task may wait for this very thread, or for one that has ended
            handOver();
        }
        try {
            closing.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            LOG.error(
                    "the sink did not take what waits within {}: {} beacons",
                    patience,
                    tally.counts().accepted());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // it is only ever completed with success
        }
    }

    private synchronized CompletableFuture<Void> closing() {
        CompletableFuture<Void> closing = emptied;
        if (closing == null) {
            closing = new CompletableFuture<>();
            emptied = closing;
        }
        return closing;
    }
}
