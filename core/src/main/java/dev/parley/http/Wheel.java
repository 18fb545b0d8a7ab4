package dev.parley.http;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one timer of an event loop: any number of deadlines, one scheduled task, and none while there are no deadlines.
 *
 * <p>A hashed wheel. A deadline sits in the slot of its tick modulo {@link #SLOTS}, in an intrusive list, so that adding
 * and removing touch nothing but its neighbours. Deadlines further away than one turn stay in their slot until their
 * turn comes. A deadline that is put off again and again (an idle limit) need not be moved each time: its owner may look
 * at {@link #tick} when it expires, and add it anew.
 *
 * <p>Time comes from the event loop's own ticker, which the test kit owns in tests. Confined to the event loop.
 */
final class Wheel implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Wheel.class);

    static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** A turn of about 51 s: longer than most deadlines, and 2 KiB. */
    private static final int SLOTS = 512;

    private static final int NOT_ARMED = -1;
    /** Taken off its slot, and about to expire unless somebody disarms it first. */
    private static final int EXPIRING = -2;

    /** One deadline. In a list of the wheel while {@code slot} is not negative. */
    abstract static class Deadline {
        private @Nullable Deadline before;
        private @Nullable Deadline after;
        private long due;
        private int slot = NOT_ARMED;

        /** The time has come. The deadline is not armed any more, and may be armed again here. */
        abstract void expired();
    }

    private final EventLoop eventLoop;
    private final long start;
    private final @Nullable Deadline[] slots = new Deadline[SLOTS];
    private final List<Deadline> expiring = new ArrayList<>();
    private int armed;
    private boolean scheduled;
    private long tick;

    Wheel(EventLoop eventLoop) {
        this.eventLoop = eventLoop;
        this.start = eventLoop.ticker().nanoTime();
    }

    /** Ticks since the wheel began; it stands still while nothing is armed. */
    long tick() {
        return tick;
    }

    /** How many ticks a time takes, rounded up. */
    static long ticks(long nanos) {
        return nanos / TICK_NANOS + (nanos % TICK_NANOS == 0 ? 0 : 1);
    }

    /** Arms a deadline that many ticks from now, wherever it was before. Returns the tick after which it will expire. */
    long arm(Deadline deadline, long ticks) {
        disarm(deadline);
        if (!scheduled) {
            tick = now();
            schedule();
        }
        // Counted from now, as after a stall of the event loop the last tick is old; and one more than asked for, as
        // this tick
        // has begun already.
        deadline.due = ticks > Long.MAX_VALUE / 2 ? Long.MAX_VALUE / 2 : now() + Math.max(ticks, 0) + 1;
        int slot = (int) (deadline.due % SLOTS);
        Deadline first = slots[slot];
        deadline.after = first;
        if (first != null) {
            first.before = deadline;
        }
        slots[slot] = deadline;
        deadline.slot = slot;
        armed++;
        return deadline.due - 1;
    }

    void disarm(Deadline deadline) {
        if (deadline.slot >= 0) {
            unlink(deadline);
        }
        deadline.slot = NOT_ARMED;
    }

    private void unlink(Deadline deadline) {
        Deadline before = deadline.before;
        Deadline after = deadline.after;
        if (before == null) {
            slots[deadline.slot] = after;
        } else {
            before.after = after;
        }
        if (after != null) {
            after.before = before;
        }
        deadline.before = null;
        deadline.after = null;
        armed--;
    }

    /** Visits all that is armed. The visitor may disarm what it visits, and nothing else. */
    void forEach(Consumer<Deadline> visitor) {
        for (Deadline first : slots) {
            for (Deadline next = first; next != null; ) {
                Deadline visited = next;
                next = visited.after;
                visitor.accept(visited);
            }
        }
    }

    @Override
    public void run() {
        // Still scheduled as far as arm is concerned: it would move the tick past slots that were not looked at yet.
        long target = now();
        // After a stall of more than a turn each slot is looked at once, and all that is overdue is found.
        long from = Math.max(tick + 1, target - SLOTS + 1);
        tick = target;
        for (long t = from; t <= target; t++) {
            expire((int) (t % SLOTS), target);
        }
        scheduled = false;
        if (armed > 0) {
            schedule();
        }
    }

    private void expire(int slot, long target) {
        for (Deadline next = slots[slot]; next != null; ) {
            Deadline visited = next;
            next = visited.after;
            if (visited.due <= target) {
                unlink(visited);
                visited.slot = EXPIRING;
                expiring.add(visited);
            }
        }
        // Each may arm and disarm others, so none is called before the slot is done with.
        for (Deadline deadline : expiring) {
            if (deadline.slot == EXPIRING) {
                deadline.slot = NOT_ARMED;
                try {
                    deadline.expired();
                } catch (Throwable t) {
                    LOG.error("a deadline failed", t); // its own affair: the others still expire
                }
            }
        }
        expiring.clear();
    }

    private long now() {
        return (eventLoop.ticker().nanoTime() - start) / TICK_NANOS;
    }

    private void schedule() {
        scheduled = true;
        eventLoop.schedule(this, TICK_NANOS, TimeUnit.NANOSECONDS);
    }
}
