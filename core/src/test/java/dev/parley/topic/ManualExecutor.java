package dev.parley.topic;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Runs nothing by itself, and refuses tasks once it is told to. Not thread-safe. */
final class ManualExecutor implements Executor {
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private boolean refuses;

    @Override
    public void execute(Runnable task) {
        if (refuses) {
            throw new RejectedExecutionException("refused");
        }
        tasks.add(task);
    }

    int waiting() {
        return tasks.size();
    }

    void runOne() {
        tasks.remove().run();
    }

    void runAll() {
        while (!tasks.isEmpty()) {
            runOne();
        }
    }

    /** Loses what waits as well, as {@code shutdownNow} does. */
    void refuse() {
        refuses = true;
    }
}
