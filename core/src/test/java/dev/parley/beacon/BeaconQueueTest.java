package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Exchange;
import dev.parley.http.Response;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.Ticker;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The queue with real threads: whatever was taken is written exactly once, one batch at a time. */
@Timeout(300)
final class BeaconQueueTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, LocalIoHandler.newFactory());
    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private final Tally tally = new Tally();

    @AfterEach
    void end() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        loops.shutdownGracefully(0, 30, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);
        assertThat(loops.isTerminated()).isTrue();
    }

    private static Beacon beacon(String text) {
        BeaconSource source = new BeaconSource(LOOPBACK, "/", null, null, null, Map.of());
        return new Beacon(Instant.EPOCH, source, BeaconBody.of("text/plain", text.getBytes(UTF_8)));
    }

    private static List<String> texts(List<Beacon> beacons) {
        return beacons.stream().map(it -> it.body().text()).toList();
    }

    private static BeaconLimits limits(int perBatch, Duration delay) {
        return new BeaconLimits(10_000_000, 1L << 36, perBatch, 1L << 30, delay, WhenBehind.REFUSE);
    }

    private BeaconQueue queue(BeaconSink sink, int perBatch, Duration delay) {
        return new BeaconQueue(sink, limits(perBatch, delay), tally);
    }

    private static Exchange exchange(EventLoop loop, Executor executor) {
        return WaitingExchange.of(loop, executor, answer -> {
            throw new AssertionError("answered by a queue that is not durable");
        });
    }

    private Exchange exchange() {
        return exchange(loops.next(), threads);
    }

    private static void await(String what, BooleanSupplier reached) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + PATIENCE + ": " + what);
            }
            Thread.onSpinWait();
        }
    }

    /** Records, and fails where batches overlap, are empty or too large, or come on an event loop. */
    private final class Recorder implements BeaconSink {
        final ConcurrentLinkedQueue<String> written = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<String> faults = new ConcurrentLinkedQueue<>();
        final AtomicInteger count = new AtomicInteger();
        private final AtomicBoolean busy = new AtomicBoolean();
        private final int perBatch;
        private final boolean durable;
        private final Random random = new Random(1);

        Recorder(int perBatch, boolean durable) {
            this.perBatch = perBatch;
            this.durable = durable;
        }

        @Override
        public CompletionStage<?> write(List<Beacon> batch) {
            if (!busy.compareAndSet(false, true)) {
                faults.add("two batches at once");
            }
            if (batch.isEmpty() || batch.size() > perBatch) {
                faults.add("a batch of " + batch.size());
            }
            loops.forEach(loop -> {
                if (loop.inEventLoop()) {
                    faults.add("on an event loop");
                }
            });
            boolean later = random.nextInt(3) == 0; // confined, as batches come one at a time
            written.addAll(texts(batch));
            count.addAndGet(batch.size());
            if (!later) {
                busy.set(false);
                return STORED;
            }
            CompletableFuture<Void> stored = new CompletableFuture<>();
            EventLoop elsewhere = loops.next();
            elsewhere.execute(() -> {
                busy.set(false);
                stored.complete(null);
            });
            return stored;
        }

        @Override
        public boolean isDurable() {
            return durable;
        }
    }

    // ---- raced

    @ParameterizedTest
    @CsvSource({"1, 0", "1, 1000000", "3, 0", "7, 20000", "64, 100000", "1000, 1000000", "100000, 50000"})
    void whateverIsTakenIsWrittenExactlyOnceInTheOrderOfItsThread(int perBatch, long delayNanos) throws Exception {
        int senders = 4;
        int each = 5_000;
        Recorder sink = new Recorder(perBatch, false);
        BeaconQueue queue = queue(sink, perBatch, Duration.ofNanos(delayNanos));

        List<Thread> running = new ArrayList<>();
        for (int sender = 0; sender < senders; sender++) {
            int number = sender;
            Thread thread = new Thread(() -> {
                Exchange exchange = exchange();
                Random random = new Random(number);
                for (int i = 0; i < each; i++) {
                    assertThat(queue.offer(beacon(number + "/" + i), exchange)).isNull();
                    if (random.nextInt(100) == 0) { // so that the queue is often empty, and has to be woken
                        int sofar = sink.count.get();
                        for (int spin = random.nextInt(2000); spin > 0 && sink.count.get() == sofar; spin--) {
                            Thread.onSpinWait();
                        }
                    }
                }
            });
            running.add(thread);
            thread.start();
        }
        for (Thread thread : running) {
            thread.join();
        }

        await("all written", () -> sink.count.get() == senders * each);
        await("all counted", () -> tally.counts().accepted() == 0);
        queue.close(PATIENCE);
        assertThat(sink.faults).isEmpty();
        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, (long) senders * each, 0, Map.of()));
        for (int sender = 0; sender < senders; sender++) {
            String own = sender + "/";
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < each; i++) {
                expected.add(own + i);
            }
            assertThat(sink.written.stream().filter(it -> it.startsWith(own)).toList())
                    .isEqualTo(expected);
        }
    }

    @Test
    void eachThatIsAloneIsWrittenToo() {
        Recorder sink = new Recorder(1000, false);
        BeaconQueue queue = queue(sink, 1000, Duration.ofNanos(1000));
        Exchange exchange = exchange();

        for (int i = 1; i <= 3_000; i++) {
            queue.offer(beacon("" + i), exchange);
            int sofar = i;
            await("number " + i, () -> sink.count.get() == sofar);
        }

        assertThat(sink.faults).isEmpty();
    }

    @Test
    void eachThatWaitsForADurableSinkIsAnsweredOnceAndOnItsEventLoop() throws Exception {
        int senders = 3;
        int each = 3_000;
        Recorder sink = new Recorder(10, true);
        BeaconQueue queue = queue(sink, 10, Duration.ofNanos(100_000));
        AtomicInteger answered = new AtomicInteger();
        ConcurrentLinkedQueue<String> faults = new ConcurrentLinkedQueue<>();

        List<Thread> running = new ArrayList<>();
        for (int sender = 0; sender < senders; sender++) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    EventLoop loop = loops.next();
                    AtomicBoolean before = new AtomicBoolean();
                    queue.offer(beacon("x"), WaitingExchange.of(loop, threads, answer -> {
                        if (!loop.inEventLoop() || before.getAndSet(true) || answer.status() != 204) {
                            faults.add(Thread.currentThread() + ": " + answer.status());
                        }
                        answered.incrementAndGet();
                    }));
                }
            });
            running.add(thread);
            thread.start();
        }
        for (Thread thread : running) {
            thread.join();
        }

        await("all answered", () -> answered.get() == senders * each);
        queue.close(PATIENCE);
        assertThat(faults).isEmpty();
        assertThat(sink.faults).isEmpty();
        assertThat(answered).hasValue(senders * each);
    }

    @Test
    void theVeryFirstIsNotWrittenOnAnEventLoopEither() throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        for (int i = 0; i < 2_000; i++) {
            Recorder sink = new Recorder(1, false);
            BeaconQueue queue = queue(sink, 1, Duration.ofHours(1));
            CompletableFuture<?>[] offers = new CompletableFuture<?>[2];
            int number = 0;
            for (EventLoop loop : List.of(loops.next(), loops.next())) {
                offers[number++] = CompletableFuture.runAsync(
                        () -> {
                            try {
                                start.await(60, TimeUnit.SECONDS);
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                            queue.offer(beacon("x"), exchange(loop, threads));
                        },
                        loop);
            }
            CompletableFuture.allOf(offers).get(60, TimeUnit.SECONDS);
            await("both written", () -> sink.count.get() == 2);
            assertThat(sink.faults).isEmpty();
        }
    }

    @Test
    void countsAddUpWhileTheOldestAreDropped() throws Exception {
        int senders = 3;
        int each = 20_000;
        Recorder sink = new Recorder(16, false);
        BeaconLimits limits = new BeaconLimits(32, 1L << 30, 16, 1L << 30, Duration.ZERO, WhenBehind.DROP_OLDEST);
        BeaconQueue queue = new BeaconQueue(sink, limits, tally);

        List<Thread> running = new ArrayList<>();
        for (int sender = 0; sender < senders; sender++) {
            Thread thread = new Thread(() -> {
                Exchange exchange = exchange();
                for (int i = 0; i < each; i++) {
                    queue.offer(beacon("x"), exchange);
                }
            });
            running.add(thread);
            thread.start();
        }
        for (Thread thread : running) {
            while (thread.isAlive()) {
                assertThat(tally.counts().accepted()).isNotNegative();
            }
        }

        queue.close(PATIENCE);
        BeaconCounts counts = tally.counts();
        assertThat(counts.accepted()).isZero();
        assertThat(counts.stored()).isEqualTo(sink.count.get());
        assertThat(counts.received()).isEqualTo((long) senders * each);
        assertThat(counts.of(BeaconCause.OLDEST)).isEqualTo((long) senders * each - sink.count.get());
        assertThat(sink.faults).isEmpty();
    }

    // ---- when a batch is due

    /** What is offered between two looks sees a batch on its way, and leaves it to whoever ends it to see that the next is full. */
    @Test
    void aBatchThatIsFullOnlyWhenTheOneBeforeEndsDoesNotWaitForItsTime() {
        List<List<String>> batches = new ArrayList<>();
        CompletableFuture<Void> first = new CompletableFuture<>();
        BeaconQueue queue = queue(
                batch -> {
                    batches.add(texts(batch));
                    return batches.size() == 1 ? first : BeaconSink.STORED;
                },
                2,
                Duration.ofHours(1));
        AtomicReference<Runnable> whenAskedForTheTime = new AtomicReference<>(() -> {});
        EventLoop loop = withTicker(loops.next(), () -> {
            whenAskedForTheTime.getAndSet(() -> {}).run();
            return 0;
        });
        Exchange exchange = exchange(loop, Runnable::run);
        queue.offer(beacon("a"), exchange);
        queue.offer(beacon("b"), exchange);
        queue.offer(beacon("c"), exchange);
        whenAskedForTheTime.set(() -> queue.offer(beacon("d"), exchange));

        first.complete(null);

        assertThat(batches).containsExactly(List.of("a", "b"), List.of("c", "d"));
    }

    /** An event loop with a clock of its own. */
    private static EventLoop withTicker(EventLoop loop, LongSupplier nanos) {
        Ticker ticker = new Ticker() {
            @Override
            public long initialNanoTime() {
                return 0;
            }

            @Override
            public long nanoTime() {
                return nanos.getAsLong();
            }

            @Override
            public void sleep(long delay, TimeUnit unit) {
                throw new UnsupportedOperationException();
            }
        };
        return (EventLoop) Proxy.newProxyInstance(
                EventLoop.class.getClassLoader(),
                new Class<?>[] {EventLoop.class},
                (proxy, method, arguments) ->
                        method.getName().equals("ticker") ? ticker : method.invoke(loop, arguments));
    }

    @Test
    void withLoopAndExecutorGoneOneTimerAsksAgainHoweverManyCame() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Executor gone = task -> {
            asked.incrementAndGet();
            throw new RejectedExecutionException("gone");
        };
        Queue<Runnable> timers = new ArrayDeque<>();
        BeaconQueue queue =
                new BeaconQueue(new Recorder(1, false), limits(1, Duration.ofMillis(1)), tally, nanos -> timers::add);
        Exchange exchange = exchange(ended(), gone);
        for (int i = 0; i < 100; i++) {
            queue.offer(beacon("" + i), exchange);
        }
        int before = asked.get();

        List<Runnable> due = List.copyOf(timers);
        timers.clear();
        due.forEach(Runnable::run);

        assertThat(asked.get() - before).as("asked again").isEqualTo(1);
        assertThat(timers).hasSize(1);
        queue.close(PATIENCE);
        assertThat(tally.counts().stored()).isEqualTo(100);
    }

    /** An event loop that has ended. */
    private static EventLoop ended() throws InterruptedException {
        EventLoopGroup ended = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
        EventLoop loop = ended.next();
        ended.shutdownGracefully(0, 10, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);
        assertThat(ended.isTerminated()).isTrue();
        return loop;
    }

    // ---- what fails

    @Test
    @SuppressWarnings("NullAway") // what an application may do by mistake
    void aSinkThatReturnsNothingHasFailedAndTheNextBatchComes() {
        List<String> written = new ArrayList<>();
        BeaconQueue queue = queue(
                batch -> {
                    written.addAll(texts(batch));
                    return written.size() == 1 ? null : BeaconSink.STORED;
                },
                1,
                Duration.ZERO);

        queue.offer(beacon("a"), exchange());
        await("the first decided", () -> tally.counts().failed() == 1);
        queue.offer(beacon("b"), exchange());
        await("the second decided", () -> tally.counts().stored() == 1);

        assertThat(written).containsExactly("a", "b");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anExecutorThatRefusesIsAskedAgain(boolean rejects) {
        Recorder sink = new Recorder(10, false);
        BeaconQueue queue = queue(sink, 10, Duration.ofMillis(1));
        AtomicInteger asked = new AtomicInteger();
        Executor busy = task -> {
            if (asked.incrementAndGet() % 3 != 0) {
                if (rejects) {
                    throw new RejectedExecutionException("full");
                }
                throw new OutOfMemoryError("unable to create native thread, as a test says");
            }
            threads.execute(task);
        };

        for (int i = 0; i < 100; i++) {
            queue.offer(beacon("" + i), exchange(loops.next(), busy));
        }

        await("all written", () -> sink.count.get() == 100);
        assertThat(sink.faults).isEmpty();
    }

    @Test
    void aLoopThatEndsLeavesItsTimerToNobodyAndNothingIsLost() throws Exception {
        EventLoopGroup ends = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
        Recorder sink = new Recorder(1000, false);
        BeaconQueue queue = queue(sink, 1000, Duration.ofHours(1));
        queue.offer(beacon("a"), exchange(ends.next(), threads));

        ends.shutdownGracefully(0, 10, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);

        await("written when its timer went", () -> sink.count.get() == 1);
        assertThat(sink.faults).isEmpty();
    }

    @Test
    void aLoopThatHasEndedDoesNotKeepWhatComesFromIt() throws Exception {
        Recorder sink = new Recorder(1000, false);
        BeaconQueue queue = queue(sink, 1000, Duration.ofMillis(5));

        queue.offer(beacon("a"), exchange(ended(), threads));

        await("written", () -> sink.count.get() == 1);
    }

    @Test
    void withLoopAndExecutorGoneTheRestIsWrittenAtTheEnd() throws Exception {
        EventLoop loop = ended();
        AtomicInteger asked = new AtomicInteger();
        Executor gone = task -> {
            asked.incrementAndGet();
            throw new RejectedExecutionException("gone");
        };
        Recorder sink = new Recorder(1, false);
        BeaconQueue queue = queue(sink, 1, Duration.ZERO);
        for (int i = 0; i < 20_000; i++) {
            queue.offer(beacon("" + i), exchange(loop, gone));
        }
        await("asked again", () -> asked.get() > 2);
        assertThat(sink.count).hasValue(0);

        queue.close(PATIENCE);

        assertThat(sink.count).hasValue(20_000);
        assertThat(sink.faults).isEmpty();
        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, 20_000, 0, Map.of()));
    }

    // ---- the end

    @Test
    void whatWaitsIsWrittenAtTheEndAndNothingAfterIt() {
        Recorder sink = new Recorder(10, false);
        BeaconQueue queue = queue(sink, 10, Duration.ofHours(1));
        for (int i = 0; i < 5; i++) {
            queue.offer(beacon("" + i), exchange());
        }
        assertThat(sink.count).hasValue(0);

        queue.close(PATIENCE);

        assertThat(sink.written).containsExactly("0", "1", "2", "3", "4");
        assertThat(queue.offer(beacon("late"), exchange())).isEqualTo(BeaconCause.FULL);
        queue.close(PATIENCE);
        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, 5, 0, Map.of(BeaconCause.FULL, 1L)));
    }

    /** As one that was shut down with tasks in its queue, or whose only thread closes. */
    @Test
    void whatTheExecutorNeverBeginsIsWrittenAtTheEnd() {
        Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
        Recorder sink = new Recorder(2, false);
        BeaconQueue queue = queue(sink, 2, Duration.ofHours(1));
        for (int i = 0; i < 5; i++) {
            queue.offer(beacon("" + i), exchange(loops.next(), tasks::add));
        }
        assertThat(tasks).hasSize(1);

        queue.close(PATIENCE);

        assertThat(sink.written).containsExactly("0", "1", "2", "3", "4");
        tasks.remove().run();
        assertThat(tasks).isEmpty();
        assertThat(sink.faults).isEmpty();
        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, 5, 0, Map.of()));
    }

    @Test
    void aTaskThatBeginsWhenItsBatchIsTakenDoesNotTakeTheNextAsWell() {
        Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
        CompletableFuture<Void> stored = new CompletableFuture<>();
        CountDownLatch written = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        BeaconQueue queue = queue(
                batch -> {
                    calls.incrementAndGet();
                    written.countDown();
                    return stored;
                },
                1,
                Duration.ofHours(1));
        queue.offer(beacon("a"), exchange(loops.next(), tasks::add));
        queue.offer(beacon("b"), exchange(loops.next(), tasks::add));
        queue.close(Duration.ZERO); // takes the first
        await("the first written", () -> written.getCount() == 0);

        tasks.remove().run();

        assertThat(calls).hasValue(1);
        stored.complete(null);
        queue.close(PATIENCE);
        assertThat(tally.counts().stored()).isEqualTo(2);
    }

    @Test
    void aQueueThatNobodyUsedEndsAtOnce() {
        queue(new Recorder(1, false), 1, Duration.ZERO).close(PATIENCE);
    }

    @Test
    void aSinkThatIsStuckKeepsNobodyWaitingForLong() {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        BeaconQueue queue = queue(
                batch -> {
                    calls.incrementAndGet();
                    release.await();
                    return BeaconSink.STORED;
                },
                10,
                Duration.ofHours(1));
        queue.offer(beacon("a"), exchange());

        queue.close(Duration.ofMillis(50));
        queue.close(Duration.ofMillis(50));

        assertThat(tally.counts().accepted()).isEqualTo(1);
        release.countDown();
        queue.close(PATIENCE);
        assertThat(tally.counts().stored()).isEqualTo(1);
        assertThat(calls).hasValue(1);
    }

    @Test
    void aStageThatNeverCompletesKeepsNobodyWaitingForLong() {
        CompletableFuture<Void> stored = new CompletableFuture<>();
        BeaconQueue queue = queue(batch -> stored, 1, Duration.ZERO);
        queue.offer(beacon("a"), exchange());
        queue.offer(beacon("b"), exchange());

        queue.close(Duration.ofMillis(50));
        assertThat(tally.counts().accepted()).isEqualTo(2);

        stored.complete(null);
        queue.close(PATIENCE);
        assertThat(tally.counts().stored()).isEqualTo(2);
    }

    @Test
    void severalMayCloseAtOnce() throws Exception {
        CompletableFuture<Void> stored = new CompletableFuture<>();
        CountDownLatch written = new CountDownLatch(1);
        BeaconQueue queue = queue(
                batch -> {
                    written.countDown();
                    return stored;
                },
                1,
                Duration.ZERO);
        queue.offer(beacon("a"), exchange());
        assertThat(written.await(60, TimeUnit.SECONDS)).isTrue();

        List<CompletableFuture<Void>> closers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            closers.add(CompletableFuture.runAsync(() -> queue.close(PATIENCE), threads));
        }
        stored.complete(null);

        CompletableFuture.allOf(closers.toArray(CompletableFuture<?>[]::new)).join();
        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, 1, 0, Map.of()));
    }

    @Test
    void closingWhileBatchesComeAndGoNeverWaitsForATimer() throws Exception {
        for (int i = 0; i < 500; i++) {
            Recorder sink = new Recorder(3, false);
            BeaconQueue queue = queue(sink, 3, Duration.ofHours(1));
            CompletableFuture<Void> sender = CompletableFuture.runAsync(
                    () -> {
                        for (int k = 0; k < 10; k++) {
                            queue.offer(beacon("x"), exchange());
                        }
                    },
                    loops.next());
            sender.get(60, TimeUnit.SECONDS);

            queue.close(PATIENCE);

            assertThat(sink.count).hasValue(10);
            assertThat(sink.faults).isEmpty();
        }
    }

    @Test
    void durableAnswersComeAtTheEndToo() {
        ConcurrentLinkedQueue<Integer> answers = new ConcurrentLinkedQueue<>();
        boolean[] fails = {false};
        BeaconSink sink = new BeaconSink() {
            @Override
            public CompletionStage<?> write(List<Beacon> batch) {
                boolean failing = fails[0];
                fails[0] = true;
                return failing ? CompletableFuture.failedStage(new IllegalStateException("disk full")) : STORED;
            }

            @Override
            public boolean isDurable() {
                return true;
            }
        };
        BeaconQueue queue = queue(sink, 1, Duration.ofHours(1));
        Executor gone = task -> {
            throw new RejectedExecutionException("gone");
        };
        EventLoop loop = loops.next();
        for (int i = 0; i < 2; i++) {
            queue.offer(beacon("" + i), WaitingExchange.of(loop, gone, (Response it) -> answers.add(it.status())));
        }

        queue.close(PATIENCE);

        await("both answered", () -> answers.size() == 2);
        assertThat(answers).containsExactly(204, 503);
        assertThat(Arrays.asList(tally.counts().stored(), tally.counts().failed()))
                .containsExactly(1L, 1L);
    }
}
