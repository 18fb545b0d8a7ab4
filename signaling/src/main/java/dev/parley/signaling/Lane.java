package dev.parley.signaling;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what happens in one room one after the other, without a lock and without a thread of its own: whoever comes while nobody is there
 * runs what it brings, and what others bring meanwhile.
 */
final class Lane implements Executor {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    /** After so many tasks that others brought, they are for another thread's time. */
    private static final int TURN = 256;

    private final Executor elsewhere;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();

    /**
     * Makes a lane.
     *
     * @param elsewhere where it goes on when a thread has run enough for others
     */
    Lane(Executor elsewhere) {
        this.elsewhere = elsewhere;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (waiting.getAndIncrement() == 0) {
            run();
        }
    }

    private void run() {
        int turn = 0;
        do {
            if (turn++ == TURN && goesOnElsewhere()) {
                return;
            }
            try {
                tasks.remove().run();
            } catch (Throwable t) { // the next must run all the same
                LOG.error("something failed in a room", t);
            }
        } while (waiting.decrementAndGet() > 0);
    }

    private boolean goesOnElsewhere() {
        try {
            elsewhere.execute(this::run);
            return true;
        } catch (RejectedExecutionException ended) {
            return false; // that event loop has stopped: then it is this thread's to do
        }
    }
}
