package dev.parley.testkit;

import dev.parley.topic.Broker;
import dev.parley.topic.Position;
import dev.parley.topic.Publication;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Hears a topic, and sees to it that a broker keeps to the rules that hold at every moment: it says first where the log
 * begins, each publication follows the one before, and one call comes at a time. Thread-safe.
 */
final class BrokerRecorder implements Broker.Listener {
    private final Duration patience;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Publication> publications = new ArrayList<>();
    private @Nullable Position first;
    private @Nullable Position last;
    /** How many of the publications were passed on. */
    private int passedOn;

    private @Nullable String violation;
    private final AtomicReference<@Nullable Thread> telling = new AtomicReference<>();
    private volatile Runnable onReady = () -> {};

    BrokerRecorder(Duration patience) {
        this.patience = patience;
    }

    /** Sets what is done each time there is something to pass on. */
    void onReady(Runnable task) {
        onReady = task;
    }

    // ---- what the broker tells

    @Override
    public void began(Position position) {
        tell(() -> {
            if (first == null) {
                first = position;
            }
            last = position;
        });
    }

    @Override
    public void published(Publication publication) {
        tell(() -> {
            Position position = publication.position();
            Position before = last;
            if (before == null) {
                violate("published(" + position + ") came first (expected: began(…) before anything else)");
            } else if (!position.equals(new Position(before.epoch(), before.offset() + 1))) {
                violate("published(" + position + ") came behind " + before + " (expected: "
                        + new Position(before.epoch(), before.offset() + 1)
                        + ", or began(…) where something was lost for good)");
            }
            last = position;
            publications.add(publication);
        });
    }

    private void tell(Runnable told) {
        Thread other = telling.compareAndExchange(null, Thread.currentThread());
        lock.lock();
        try {
            if (other != null) {
                violate("two threads told at once: " + Thread.currentThread().getName() + " and " + other.getName()
                        + " (expected: one call of began(…) and published(…) at a time)");
            }
            told.run();
            changed.signalAll();
        } finally {
            lock.unlock();
            if (other == null) {
                telling.set(null);
            }
        }
    }

    @Override
    public void ready() {
        lock.lock();
        try {
            passedOn = publications.size();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        onReady.run();
    }

    /** Under the lock. Only the first is told of: others may follow from it. */
    private void violate(String what) {
        if (violation == null) {
            violation = what;
        }
    }

    // ---- what the contract asks

    /** Fails if a rule was broken. */
    void check() {
        lock.lock();
        try {
            if (violation != null) {
                throw new AssertionError(violation);
            }
        } finally {
            lock.unlock();
        }
    }

    /** What was heard, once it was passed on as far as an offset. Fails when that takes too long. */
    List<Publication> heardTo(long offset) {
        lock.lock();
        try {
            long left = patience.toNanos();
            while (violation == null && !isPassedOn(offset)) {
                if (left <= 0) {
                    throw new AssertionError("heard to " + last + ", and ready() came behind "
                            + passedOn + " of " + publications.size() + " publications (expected: offset " + offset
                            + " heard and then ready(), within " + patience + ")");
                }
                left = changed.awaitNanos(left);
            }
            check();
            return List.copyOf(publications);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    private boolean isPassedOn(long offset) {
        return last != null && last.offset() >= offset && passedOn == publications.size();
    }

    /** What was heard until now, whether or not it was passed on. */
    List<Publication> heard() {
        lock.lock();
        try {
            return List.copyOf(publications);
        } finally {
            lock.unlock();
        }
    }

    /** Where the log began for this listener. */
    Position first() {
        lock.lock();
        try {
            if (first == null) {
                throw new AssertionError("nothing was heard (expected: began(…) by the time that join(…) completes)");
            }
            return first;
        } finally {
            lock.unlock();
        }
    }
}
