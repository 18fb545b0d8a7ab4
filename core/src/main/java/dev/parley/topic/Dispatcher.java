package dev.parley.topic;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What one executor has to do for topics, one thing after the other: there is at most one task of it in the executor,
 * however much waits. So on a pool of threads everything is still in order, and on an event loop a burst of publications
 * costs one task.
 */
final class Dispatcher implements Runnable {
    /** Then others have a turn: an event loop has sockets to read. */
    private static final int TASKS_AT_ONCE = 256;

    private static final System.Logger LOG = System.getLogger(Dispatcher.class.getName());

    private final Executor executor;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    Dispatcher(Executor executor) {
        this.executor = executor;
    }

    Executor executor() {
        return executor;
    }

    /**
     * Runs a task on the executor, behind those that wait.
     *
     * @return whether it will run: an executor that was shut down runs nothing
     */
    boolean execute(Runnable task) {
        tasks.add(task);
        return schedule();
    }

    /** Puts a task in its place behind those that wait; it runs at the latest when what is returned was run. */
    Runnable enqueue(Runnable task) {
        tasks.add(task);
        return this::schedule;
    }

    private boolean schedule() {
        // Read before it is written, as mostly it is set, and many threads publish.
        if (scheduled.get() || !scheduled.compareAndSet(false, true)) {
            return true;
        }
        try {
            executor.execute(this);
            return true;
        } catch (RejectedExecutionException e) {
            tasks.clear();
            scheduled.set(false);
            return false;
        }
    }

    @Override
    public void run() {
        for (int i = 0; i < TASKS_AT_ONCE; i++) {
            Runnable task = tasks.poll();
            if (task == null) {
                break;
            }
            try {
                task.run();
            } catch (Throwable t) {
                LOG.log(System.Logger.Level.ERROR, "a task of topics failed", t); // the others still run
            }
        }
        scheduled.set(false);
        if (!tasks.isEmpty()) {
            schedule();
        }
    }
}
