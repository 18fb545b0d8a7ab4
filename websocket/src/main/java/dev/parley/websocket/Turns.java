package dev.parley.websocket;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Lets tasks run on an executor one at a time, in their order. Few wait: a connection is not read while one of its tasks
 * runs.
 *
 * <p>Confined to the event loop, except what runs on the executor.
 */
final class Turns implements Runnable {
    private final Executor executor;
    private final Queue<Runnable> waiting = new ArrayDeque<>(2);
    private boolean running;

    Turns(Executor executor) {
        this.executor = executor;
    }

    /** Runs a task when those before it have run. */
    void take(Runnable task) {
        synchronized (waiting) {
            waiting.add(task);
            if (running) {
                return;
            }
            running = true;
        }
        try {
            executor.execute(this);
        } catch (RuntimeException | Error e) { // such as no memory for a thread
            synchronized (waiting) {
                running = false;
                waiting.clear();
            }
            throw new RejectedExecutionException(e);
        }
    }

    @Override
    public void run() {
        for (Runnable next = next(); next != null; next = next()) {
            next.run();
        }
    }

    private @Nullable Runnable next() {
        synchronized (waiting) {
            Runnable next = waiting.poll();
            running = next != null;
            return next;
        }
    }
}
