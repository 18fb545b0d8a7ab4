package dev.parley.upload;

import io.netty.util.concurrent.EventExecutor;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the tasks of one upload one after the other, off the event loop: what touches the upload needs no lock.
 *
 * <p><b>Threading.</b> {@link #execute} may be called on any thread.
 */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    /** After so many tasks other lanes have their turn. */
    private static final int TURN = 64;

    /** Until an executor that had no room is asked again: a task of a lane must not be lost, as it may hold buffers. */
    private static final long RETRY_MILLIS = 50;

    private final Executor executor;
    private final EventExecutor timer;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();

    Lane(Executor executor, EventExecutor timer) {
        this.executor = executor;
        this.timer = timer;
    }

    Executor executor() {
        return executor;
    }

    void execute(Runnable task) {
        tasks.add(task);
        if (waiting.getAndIncrement() == 0) {
            start();
        }
    }

    private void start() {
        try {
            executor.execute(this::run);
        } catch (RejectedExecutionException full) {
            try {
                timer.schedule(this::start, RETRY_MILLIS, TimeUnit.MILLISECONDS).addListener(retry -> {
                    if (retry.isCancelled()) { // the event loop ends, and must not be kept by what blocks
                        ForkJoinPool.commonPool().execute(this::run);
                    }
                });
            } catch (RejectedExecutionException ended) {
                run(); // an event loop that has ended keeps nobody waiting
            }
        }
    }

    private void run() {
        for (int i = 0; i < TURN; i++) {
            Runnable task = tasks.remove();
            try {
                task.run();
            } catch (Throwable t) { // each task answers for itself; the next must run all the same
                LOG.error("a task of an upload failed", t);
            }
            if (waiting.decrementAndGet() == 0) {
                return;
            }
        }
        start();
    }
}
