package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Publishers hammer while subscribers stall, leave and come back: each of them hears each publication once, in order, or
 * is told of exactly one gap that has it.
 *
 * <p>{@code -Dparley.rounds=N} runs N seeds instead of one.
 */
final class TopicSeamTest {
    private static final int ROUNDS = Integer.getInteger("parley.rounds", 1);
    private static final int PUBLISHERS = 8;
    private static final int EACH = 1000;
    private static final int SUBSCRIBERS = 200;
    private static final int EXECUTORS = 3;
    private static final long TIMEOUT_SECONDS = 60;

    @ParameterizedTest
    @CsvSource({"RESUME, 100, 150", "SKIP_TO_TAIL, 100, 150", "LATEST_PER_KEY, 100, 150", "RESUME, 100000, 4096"})
    void nothingIsLostOrDoubledAtTheSeam(OverflowPolicy policy, int history, int backlog) throws InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            long seed = 1000L * round + history;
            new Round(seed, policy, history, backlog).run();
        }
    }

    private static final class Round {
        private final long seed;
        private final OverflowPolicy policy;
        private final boolean keepsAll;
        private final Topics topics;
        private final Topic topic;
        private final Queue<String> faults = new ConcurrentLinkedQueue<>();
        private final CountDownLatch caughtUp = new CountDownLatch(SUBSCRIBERS);
        private final AtomicLong heard = new AtomicLong();
        private final AtomicLong missed = new AtomicLong();

        Round(long seed, OverflowPolicy policy, int history, int backlog) {
            this.seed = seed;
            this.policy = policy;
            this.keepsAll = history > PUBLISHERS * EACH;
            this.topics = Topics.builder()
                    .history(new History(history, 1L << 30, History.DEFAULT.age()))
                    .backlog(backlog, 1L << 30)
                    .build();
            this.topic = topics.topic("seam");
        }

        void run() throws InterruptedException {
            List<ExecutorService> executors = new ArrayList<>();
            for (int i = 0; i < EXECUTORS; i++) {
                executors.add(Executors.newSingleThreadExecutor());
            }
            List<Subscriber> subscribers = new ArrayList<>();
            for (int i = 0; i < SUBSCRIBERS; i++) {
                Subscriber subscriber = new Subscriber(new Random(seed + i), executors.get(i % EXECUTORS));
                subscribers.add(subscriber);
                subscriber.subscribe(From.tail());
            }
            List<Thread> publishers = new ArrayList<>();
            for (int i = 0; i < PUBLISHERS; i++) {
                publishers.add(new Thread(() -> {
                    for (int k = 0; k < EACH; k++) {
                        topic.publish("p");
                    }
                }));
            }
            publishers.forEach(Thread::start);
            for (Thread publisher : publishers) {
                publisher.join();
            }
            // All publications have their place: this is the last one.
            Position last = topic.publish("last").toCompletableFuture().join();
            boolean all = caughtUp.await(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            for (ExecutorService executor : executors) {
                CountDownLatch quiet = new CountDownLatch(1);
                executor.execute(quiet::countDown);
                assertThat(quiet.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
            }

            String what = "seed " + seed + ", " + policy;
            assertThat(faults).as(what).isEmpty();
            assertThat(all)
                    .as(what + ": " + caughtUp.getCount() + " have not heard the last")
                    .isTrue();
            assertThat(last.offset()).isEqualTo(PUBLISHERS * EACH + 1L);
            assertThat(subscribers).as(what).allMatch(subscriber -> subscriber.offset == last.offset());
            if (policy != OverflowPolicy.LATEST_PER_KEY) {
                assertThat(heard.get() + missed.get()).as(what).isEqualTo(SUBSCRIBERS * last.offset());
            }
            if (keepsAll) {
                assertThat(missed).as(what).hasValue(0);
            }
            Invariants.check(topics);
            topics.close();
            for (ExecutorService executor : executors) {
                executor.shutdown();
                assertThat(executor.awaitTermination(TIMEOUT_SECONDS, TimeUnit.SECONDS))
                        .isTrue();
            }
            Invariants.checkClosed(topics);
            assertThat(faults).as(what).isEmpty();
        }

        /** One client over all its connections. Confined to its executor. */
        private final class Subscriber implements Outlet<List<Publication>> {
            private final Random random;
            private final ExecutorService executor;
            private @Nullable Subscription subscription;
            private boolean stalled;
            private boolean leaving;
            /** All up to here was heard or was in a gap. */
            private volatile long offset;

            private boolean done;

            Subscriber(Random random, ExecutorService executor) {
                this.random = random;
                this.executor = executor;
            }

            void subscribe(From from) {
                Subscription.to(topic).from(from).overflow(policy).feed(executor, RecordingOutlet.ENCODING, this);
            }

            @Override
            public void begin(Subscription begun, List<Gap> gaps) {
                subscription = begun;
                leaving = false;
                stalled = false;
                gaps.forEach(this::gap);
            }

            @Override
            public boolean write(List<Publication> publications) {
                if (stalled) {
                    return false;
                }
                for (Publication publication : publications) {
                    long expected = offset + 1;
                    offset = publication.position().offset();
                    heard.incrementAndGet();
                    if (offset != expected) {
                        faults.add("heard " + offset + " (expected: " + expected + ")");
                    }
                }
                if (leaving) {
                    faults.add("heard " + offset + " after it was closed");
                }
                look();
                return true;
            }

            @Override
            public boolean isWritable() {
                return !stalled;
            }

            @Override
            public void gaps(List<Gap> gaps) {
                gaps.forEach(this::gap);
            }

            private void gap(Gap gap) {
                if (gap.isReset() || gap.from().offset() != offset || gap.count() < 1) {
                    faults.add(gap + " after " + offset);
                }
                missed.addAndGet(gap.count());
                offset = gap.to().offset();
                look();
            }

            /** Does what a client may do. */
            private void look() {
                if (!done && offset == PUBLISHERS * EACH + 1L) {
                    done = true;
                    caughtUp.countDown();
                }
                Subscription current = subscription;
                if (done || current == null || leaving || stalled) {
                    return;
                }
                int what = random.nextInt(100);
                if (what < 5) {
                    leaving = true;
                    current.close();
                } else if (what < 25) {
                    stalled = true;
                    resumeAfter(current, random.nextInt(60));
                }
            }

            private void resumeAfter(Subscription of, int turns) {
                if (done) {
                    return;
                }
                if (turns > 0) {
                    executor.execute(() -> resumeAfter(of, turns - 1));
                } else if (of == subscription) {
                    stalled = false;
                    of.resume();
                }
            }

            @Override
            public void end(Subscription.End end, @Nullable Throwable failure) {
                Subscription ended = subscription;
                if (end == Subscription.End.TOPICS_CLOSED) {
                    return;
                }
                boolean expected = end == Subscription.End.CLOSED && leaving
                        || end == Subscription.End.OVERRUN && policy == OverflowPolicy.RESUME && !keepsAll;
                if (!expected || ended == null) {
                    faults.add("ended with " + end + " " + failure);
                    return;
                }
                List<Position> positions = Position.parseAll(ended.id());
                if (positions.size() != 1 || positions.get(0).offset() != offset) {
                    faults.add("id " + ended.id() + " at " + offset);
                    return;
                }
                subscription = null;
                if (done) {
                    return;
                }
                executor.execute(() -> subscribe(From.since(positions)));
            }
        }
    }
}
