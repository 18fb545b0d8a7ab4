package dev.parley.http;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Where blocking work runs unless the application says otherwise: one for the whole program, of daemon threads. */
final class BlockingExecutor {
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
            return (ExecutorService) MethodHandles.publicLookup()
                    .findStatic(
                            Executors.class,
                            "newVirtualThreadPerTaskExecutor",
                            MethodType.methodType(ExecutorService.class))
                    .invokeExact();
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
}
