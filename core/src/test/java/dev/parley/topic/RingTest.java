package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The ring alone, and many short races on it and on the life of a log: what may never be seen is a fault. */
final class RingTest {
    private static final int ROUNDS = 200 * Integer.getInteger("parley.rounds", 1);

    private static Publication publication(long offset) {
        return Publication.of(new Position(5, offset), Instant.EPOCH, Draft.of("" + offset));
    }

    @Test
    void anyRowOfAddsAndRemovalsKeepsAllFromHeadToTail() {
        for (long seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            long start = random.nextInt(100);
            Ring ring = new Ring(new Position(5, start));
            long head = start + 1;
            long tail = start;
            for (int step = 0; step < 500; step++) {
                if (random.nextInt(1000) < 400 + 300 * (step / 100 % 2)) {
                    ring.add(publication(++tail));
                } else if (head <= tail) {
                    ring.removeOldest();
                    head++;
                }
                assertThat(ring.head()).as("seed " + seed).isEqualTo(head);
                assertThat(ring.tail()).as("seed " + seed).isEqualTo(tail);
            }
            Invariants.checkRing(ring);
        }
    }

    @Test
    void anEmptyRingLetsGoOfItsSlots() {
        Ring ring = new Ring(new Position(5, 0));
        for (int i = 1; i <= 1000; i++) {
            ring.add(publication(i));
        }
        while (ring.count() > 0) {
            ring.removeOldest();
        }

        assertThat(ring.slots.length()).isEqualTo(16);
        assertThat(ring.bytes()).isZero();
    }

    /** Runs some tasks at the same time, again and again. */
    private static void race(int rounds, Runnable before, List<Runnable> tasks, Runnable after)
            throws InterruptedException {
        Queue<Throwable> faults = new ConcurrentLinkedQueue<>();
        CyclicBarrier start = new CyclicBarrier(tasks.size(), before);
        CyclicBarrier end = new CyclicBarrier(tasks.size(), after);
        List<Thread> threads = new ArrayList<>();
        for (Runnable task : tasks) {
            threads.add(new Thread(() -> {
                try {
                    for (int i = 0; i < rounds && faults.isEmpty(); i++) {
                        start.await(60, TimeUnit.SECONDS);
                        task.run();
                        end.await(60, TimeUnit.SECONDS);
                    }
                } catch (BrokenBarrierException e) {
                    // another has told why
                } catch (Throwable t) {
                    faults.add(t);
                    start.reset();
                    end.reset();
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(faults).isEmpty();
    }

    @Test
    void whoSeesTheTailSeesAllUpToItUnlessItWasOvertaken() throws InterruptedException {
        Ring[] ring = new Ring[1];
        AtomicInteger found = new AtomicInteger();
        AtomicBoolean written = new AtomicBoolean();

        Runnable write = () -> {
            for (int i = 1; i <= 300; i++) {
                ring[0].add(publication(i));
                // Grows to 32, 64 and more; now and then nothing is left, and the slots are made anew. The last stay,
                // so
                // that however late a reader is it finds some.
                int most = i == 300 ? 70 : i % 100 == 0 ? 0 : i % 50 < 25 ? 20 : 70;
                while (ring[0].count() > most) {
                    ring[0].removeOldest();
                }
            }
        };
        Runnable writer = () -> {
            try {
                write.run();
            } finally {
                written.set(true);
            }
        };
        Runnable reader = () -> {
            long read = 0;
            while (read < 300) {
                boolean isLast = written.get();
                long tail = ring[0].tail();
                assertThat(isLast && tail == read)
                        .as("the writer has failed at %s", read)
                        .isFalse();
                while (read < tail) {
                    Publication next = ring[0].get(read + 1);
                    if (next == null) {
                        long head = ring[0].head();
                        assertThat(head)
                                .as("only what was let go of is missing")
                                .isGreaterThan(read + 1);
                        read = head - 1;
                        tail = ring[0].tail();
                    } else {
                        assertThat(next.offset()).isEqualTo(read + 1);
                        found.incrementAndGet();
                        read++;
                    }
                }
                Thread.onSpinWait();
            }
        };
        race(
                ROUNDS,
                () -> {
                    written.set(false);
                    ring[0] = new Ring(new Position(5, 0));
                },
                List.of(writer, reader, reader),
                () -> Invariants.checkRing(ring[0]));

        assertThat(found.get()).as("read").isPositive();
    }

    /** A topic that retires just when somebody publishes and another subscribes: neither is lost. */
    @Test
    void aTopicThatRetiresTakesNothingWithIt() throws InterruptedException {
        ManualClock clock = new ManualClock();
        Topics topics = Topics.builder()
                .clock(clock)
                .idle(Duration.ofSeconds(1))
                .history(History.last(10))
                .build();
        Topic topic = topics.topic("news");
        RecordingOutlet[] outlet = new RecordingOutlet[1];
        AtomicInteger published = new AtomicInteger();
        Log[] last = new Log[1];
        race(
                5 * ROUNDS,
                () -> {
                    outlet[0] = new RecordingOutlet();
                    last[0] = topic.hold();
                    last[0].release();
                    clock.pass(Duration.ofMinutes(6)); // too old to be history, and unused for long
                },
                List.of(
                        () -> {
                            topic.publish("p").toCompletableFuture().join();
                            published.incrementAndGet();
                        },
                        () -> outlet[0].subscribe(topic, From.oldest()),
                        () -> last[0].retireIfUnused(clock.millis() - 1000)),
                () -> {
                    assertThat(outlet[0].heard)
                            .as("what was published is history, or live")
                            .containsExactly("p");
                    Subscription subscription = outlet[0].begun();
                    subscription.close();
                });

        assertThat(published).hasValue(5 * ROUNDS);
        topics.close();
    }

    /** Subscribing, publishing and leaving at the same time: each hears a row without a hole. */
    @Test
    void subscribingWhilePublishingHasNoSeam() throws InterruptedException {
        Topics topics = Topics.builder().history(History.last(1000)).build();
        Topic topic = topics.topic("news");
        RecordingOutlet[] outlets = new RecordingOutlet[2];
        Position[] from = new Position[1];
        Runnable publisher = () -> {
            for (int i = 0; i < 20; i++) {
                topic.publish("x");
            }
        };
        race(
                ROUNDS,
                () -> {
                    from[0] = topic.publish("first").toCompletableFuture().join();
                    outlets[0] = new RecordingOutlet();
                    outlets[1] = new RecordingOutlet();
                },
                List.of(publisher, publisher, () -> outlets[0].subscribe(topic, From.since(from[0])), () -> {
                    Subscription gone = outlets[1].subscribe(topic, From.since(from[0]));
                    gone.close();
                }),
                () -> {
                    assertThat(outlets[0].heard).hasSize(40).containsOnly("x");
                    assertThat(outlets[1].heard).hasSizeLessThanOrEqualTo(40);
                    assertThat(outlets[1].end).isEqualTo(Subscription.End.CLOSED);
                    Subscription subscription = outlets[0].begun();
                    subscription.close();
                    assertThat(topic.subscriptions()).isZero();
                    Invariants.check(topics);
                });
        topics.close();
        Invariants.checkClosed(topics);
    }
}
