package dev.parley.http;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long an exchange lasts: who hears of its end and of a drain, and what is called meanwhile.
 *
 * <p>Apart from the exchange, so that an answer which lasts long need not keep the request. Confined to the event loop.
 */
final class Life {
    private static final Logger LOG = LoggerFactory.getLogger(Life.class);

    private StreamOwner owner;
    private @Nullable EndReason ended;
    private @Nullable Consumer<EndReason> endListener;
    private @Nullable Consumer<Duration> drainListener;
    private @Nullable Alarm alarms;

    Life(StreamOwner owner) {
        this.owner = owner;
    }

    /** Somebody else runs callbacks from now on. */
    void moveTo(StreamOwner another) {
        owner = another;
    }

    // ---- the end

    @Nullable
    EndReason ended() {
        return ended;
    }

    void onEnd(Consumer<EndReason> listener) {
        EndReason reason = ended;
        if (reason != null) {
            tell(listener, reason);
        } else {
            Consumer<EndReason> before = endListener;
            endListener = before == null ? listener : new Both(before, listener);
        }
    }

    /** Tells all who listen, once; nothing is called afterwards. */
    void end(EndReason reason) {
        ended = reason;
        while (alarms != null) {
            remove(alarms);
        }
        Consumer<EndReason> listener = endListener;
        endListener = null;
        if (listener != null) {
            tell(listener, reason);
        }
    }

    private static void tell(Consumer<EndReason> listener, EndReason reason) {
        try {
            listener.accept(reason);
        } catch (Throwable t) {
            LOG.error("a listener for the end of an exchange failed", t); // the others are still told
        }
    }

    /** In the order in which they were added. */
    private record Both(Consumer<EndReason> first, Consumer<EndReason> second) implements Consumer<EndReason> {
        @Override
        public void accept(EndReason reason) {
            tell(first, reason);
            tell(second, reason);
        }
    }

    // ---- a drain

    void onDrain(Consumer<Duration> listener) {
        drainListener = listener;
        if (owner.loop().isDraining()) {
            drain(owner.loop().drainLeft());
        }
    }

    /** The server drains: who listens is told once, even if the time is made shorter. */
    void drain(Duration left) {
        Consumer<Duration> listener = drainListener;
        if (listener != null && ended == null) {
            drainListener = null;
            owner.call(() -> listener.accept(left));
        }
    }

    // ---- time

    /** One call that is due at some time. */
    static final class Alarm extends Wheel.Deadline implements Timer {
        private final EventLoop eventLoop;
        /** {@code null} once it was called, or cancelled. */
        private @Nullable Runnable task;

        private @Nullable Life life;
        private @Nullable Alarm next;

        Alarm(EventLoop eventLoop, Runnable task) {
            this.eventLoop = eventLoop;
            this.task = task;
        }

        @Override
        void expired() {
            Runnable due = task;
            Life of = life;
            if (due != null && of != null) {
                of.remove(this);
                of.owner.call(due);
            }
        }

        @Override
        public void cancel() {
            if (eventLoop.inEventLoop()) {
                stop();
            } else {
                eventLoop.execute(this::stop);
            }
        }

        private void stop() {
            task = null;
            if (life != null) {
                life.remove(this);
            }
        }
    }

    void add(Alarm alarm, long ticks) {
        if (ended == null && alarm.task != null) {
            alarm.life = this;
            alarm.next = alarms;
            alarms = alarm;
            owner.loop().wheel.arm(alarm, ticks);
        }
    }

    /** There are few: a search costs nothing. */
    private void remove(Alarm alarm) {
        owner.loop().wheel.disarm(alarm);
        if (alarms == alarm) {
            alarms = alarm.next;
        } else {
            for (Alarm before = alarms; before != null; before = before.next) {
                if (before.next == alarm) {
                    before.next = alarm.next;
                    break;
                }
            }
        }
        alarm.next = null;
        alarm.life = null;
        alarm.task = null;
    }
}
