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
 *
 * <p>An executor that refuses a task, or fails to take it, gets no other: it was shut down. What waits, and what comes later, then runs in the
 * thread that brings it, still one thing after the other, so that whatever belongs to the executor can end.
 */
final class Dispatcher {
    /** Then others have a turn: an event loop has sockets to read. */
    private static final int TASKS_AT_ONCE = 256;

    private static final System.Logger LOG = System.getLogger(Dispatcher.class.getName());

    private final Executor executor;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    /** Whether somebody runs the tasks, or will: nobody else does then. */
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private volatile boolean shutDown;

    Dispatcher(Executor executor) {
        this.executor = executor;
    }

    Executor executor() {
        return executor;
    }

    /** Whether the executor has refused a task: then nothing is delivered any more. */
    boolean isShutDown() {
        return shutDown;
    }

    /** Runs a task on the executor, behind those that wait. */
    void execute(Runnable task) {
        tasks.add(task);
        schedule();
    }

    /** Puts a task in its place behind those that wait; it runs at the latest when what is returned was run. */
    Runnable enqueue(Runnable task) {
        tasks.add(task);
        return this::schedule;
    }

    private void schedule() {
        // Read before it is written, as mostly it is set, and many threads publish.
        if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
            submit();
        }
    }

    private void submit() {
        while (!shutDown) {
            Turn turn = new Turn();
            try {
                executor.execute(turn);
            } catch (RuntimeException | Error e) { // whoever publishes can't help it, and others still hear
                if (!(e instanceof RejectedExecutionException)) {
                    LOG.log(System.Logger.Level.ERROR, "an executor failed, and gets no more tasks", e);
                }
                shutDown = true;
                break;
            }
            turn.returned = true;
            if (!turn.again) {
                return;
            }
        }
        while (runSome()) {
            // until nothing waits
        }
    }

    /** One task in the executor. */
    private final class Turn implements Runnable {
        private final Thread submitter = Thread.currentThread();
        // Both are the submitter's: no other thread reads or writes them.
        private boolean returned;
        private boolean again;

        @Override
        public void run() {
            if (runSome()) {
                if (Thread.currentThread() == submitter && !returned) {
                    again = true; // an executor that runs tasks in the calling thread: its stack must not grow
                } else {
                    submit();
                }
            }
        }
    }

    /** Runs what waits, but not more than is fair; whether there is more, which this thread has to see to. */
    private boolean runSome() {
        for (int i = 0; i < TASKS_AT_ONCE; i++) {
            Runnable task = tasks.poll();
            if (task == null) {
                scheduled.set(false);
                return !tasks.isEmpty() && scheduled.compareAndSet(false, true);
            }
            try {
                task.run();
            } catch (Throwable t) {
                LOG.log(System.Logger.Level.ERROR, "a task of topics failed", t); // the others still run
            }
        }
        return true;
    }
}
