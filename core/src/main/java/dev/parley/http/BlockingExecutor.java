package dev.parley.http;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Where blocking work runs unless the application says otherwise: one for the whole program, of daemon threads. */
final class BlockingExecutor {
    /** Where the JVM has virtual threads: as many tasks as may run at once; more are refused, and answered with 503. */
    private static final int VIRTUAL_THREADS = 10_000;
    /** Where it has none. */
    private static final int THREADS = 64;
    /** Beyond this many waiting tasks more are refused, and answered with 503. */
    private static final int WAITING = 1024;

    private static final class Holder {
        private static final Executor SHARED = create();
    }

    private BlockingExecutor() {}

    static Executor shared() {
        return Holder.SHARED;
    }

    private static Executor create() {
        try {
            // Java 21 and later; the code is compiled for 17.
            ExecutorService threads = (ExecutorService) MethodHandles.publicLookup()
                    .findStatic(
                            Executors.class,
                            "newVirtualThreadPerTaskExecutor",
                            MethodType.methodType(ExecutorService.class))
                    .invokeExact();
            return new Bounded(threads, VIRTUAL_THREADS);
        } catch (Throwable olderJava) {
            AtomicInteger number = new AtomicInteger();
            ThreadPoolExecutor pool = new ThreadPoolExecutor(
                    THREADS, THREADS, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING), task -> {
                        Thread thread = new Thread(task, "parley-blocking-" + number.incrementAndGet());
                        thread.setDaemon(true);
                        return thread;
                    });
            pool.allowCoreThreadTimeOut(true);
            return pool;
        }
    }

    /** Refuses a task while as many as may be have not ended. */
    private record Bounded(Executor threads, Semaphore places) implements Executor {
        Bounded(Executor threads, int places) {
            this(threads, new Semaphore(places));
        }

        @Override
        public void execute(Runnable task) {
            if (!places.tryAcquire()) {
                throw new RejectedExecutionException("as many tasks as may be have not ended");
            }
            threads.execute(() -> {
                try {
                    task.run();
                } finally {
                    places.release();
                }
            });
        }
    }
}
