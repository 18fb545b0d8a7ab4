package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class DispatcherTest {
    private final ManualExecutor executor = new ManualExecutor();
    private final Dispatcher dispatcher = new Dispatcher(executor);
    private final List<Integer> ran = new ArrayList<>();

    @Test
    void whateverWaitsIsOneTaskInTheExecutor() {
        for (int i = 0; i < 200; i++) {
            int each = i;
            dispatcher.execute(() -> ran.add(each));
        }
        assertThat(executor.waiting()).isEqualTo(1);

        executor.runOne();

        assertThat(ran).hasSize(200).isSorted();
        assertThat(executor.waiting()).isZero();
    }

    @Test
    void othersHaveTheirTurnInALongRow() {
        for (int i = 0; i < 1000; i++) {
            int each = i;
            dispatcher.execute(() -> ran.add(each));
        }

        executor.runOne();
        assertThat(ran).hasSize(256);
        assertThat(executor.waiting()).isEqualTo(1);
        executor.runAll();

        assertThat(ran).hasSize(1000).isSorted();
    }

    @Test
    void theStackOfACallingThreadDoesNotGrow() {
        Dispatcher calling = new Dispatcher(Runnable::run);
        AtomicInteger left = new AtomicInteger(3_000_000);
        class Next implements Runnable {
            @Override
            public void run() {
                if (left.decrementAndGet() > 0) {
                    calling.execute(this);
                }
            }
        }

        calling.execute(new Next());

        assertThat(left).hasValue(0);
    }

    @Test
    void anExecutorThatRefusesHasItsTasksRunInOrderByWhoBringsThem() {
        dispatcher.execute(() -> ran.add(1));
        executor.runAll();
        executor.refuse();

        dispatcher.execute(() -> {
            dispatcher.execute(() -> ran.add(3));
            ran.add(2);
        });
        dispatcher.execute(() -> ran.add(4));

        assertThat(dispatcher.isShutDown()).isTrue();
        assertThat(ran).containsExactly(1, 2, 3, 4);
    }

    @Test
    void anExecutorThatRefusesInTheMiddleOfARowLosesNothing() {
        for (int i = 0; i < 1000; i++) {
            int each = i;
            dispatcher.execute(() -> ran.add(each));
        }
        executor.refuse();

        executor.runOne();

        assertThat(ran).hasSize(1000).isSorted();
    }

    /** Some say in their own way that they are closed, or that there is no thread left. */
    @Test
    void anExecutorThatFailsIsOneThatRefuses() {
        Dispatcher failing = new Dispatcher(task -> {
            throw new IllegalStateException("closed");
        });

        failing.execute(() -> ran.add(1));
        failing.execute(() -> ran.add(2));

        assertThat(failing.isShutDown()).isTrue();
        assertThat(ran).containsExactly(1, 2);
    }

    @Test
    void aTaskThatThrowsDoesNotKeepTheOthersFromRunning() {
        dispatcher.execute(() -> {
            throw new AssertionError("mine");
        });
        dispatcher.execute(() -> ran.add(1));

        executor.runAll();

        assertThat(ran).containsExactly(1);
    }

    @Test
    void whatIsEnqueuedKeepsItsPlace() {
        Runnable first = dispatcher.enqueue(() -> ran.add(1));
        dispatcher.execute(() -> ran.add(2));
        first.run();

        executor.runAll();

        assertThat(ran).containsExactly(1, 2);
    }

    /** One thread at a time runs tasks, also where the pool is shut down in between: the list below is not thread-safe. */
    @Test
    void onAPoolTasksRunOneAtATimeAndEachOnce() throws InterruptedException {
        for (int round = 0; round < 40; round++) {
            ExecutorService pool = Executors.newFixedThreadPool(3);
            Dispatcher onPool = new Dispatcher(pool);
            int threads = 4;
            int each = 500;
            Deque<Integer> all = new ArrayDeque<>();
            CountDownLatch done = new CountDownLatch(threads * each);
            List<Thread> submitters = new ArrayList<>();
            boolean shutDown = round % 2 == 1;
            for (int t = 0; t < threads; t++) {
                int submitter = t;
                submitters.add(new Thread(() -> {
                    for (int i = 0; i < each; i++) {
                        int number = submitter * each + i;
                        onPool.execute(() -> {
                            all.add(number);
                            done.countDown();
                        });
                        if (shutDown && submitter == 0 && i == each / 2) {
                            pool.shutdown();
                        }
                    }
                }));
            }
            submitters.forEach(Thread::start);

            assertThat(done.await(60, TimeUnit.SECONDS)).as("all ran").isTrue();
            for (Thread submitter : submitters) {
                submitter.join();
            }
            pool.shutdown();
            assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).isTrue();

            assertThat(all).hasSize(threads * each);
            for (int t = 0; t < threads; t++) {
                int submitter = t;
                assertThat(all.stream().filter(number -> number / each == submitter))
                        .isSorted();
            }
        }
    }
}
