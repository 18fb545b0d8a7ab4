package dev.parley.testkit;

import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** An event loop that is run by the thread of a test, on a clock that stands still until it is moved. */
final class VirtualLoop extends ManualIoEventLoop {
    private static final long NO_DEADLINE = -1;

    private final MockTicker ticker;

    VirtualLoop() {
        this(Ticker.newMockTicker());
    }

    private VirtualLoop(MockTicker ticker) {
        super(null, Thread.currentThread(), LocalIoHandler.newFactory(), ticker);
        this.ticker = ticker;
    }

    /** The time since this loop began. */
    Duration elapsed() {
        return Duration.ofNanos(ticker.nanoTime() - ticker.initialNanoTime());
    }

    /** Moves the clock to the next scheduled task, or by the time given if that comes first. What was moved. */
    long moveTowards(long nanos) {
        long deadline = nextScheduledTaskDeadlineNanos();
        long step = deadline == NO_DEADLINE ? nanos : Math.min(nanos, Math.max(0, deadline - ticker.nanoTime()));
        ticker.advance(step, TimeUnit.NANOSECONDS);
        return step;
    }

    boolean isDue() {
        long deadline = nextScheduledTaskDeadlineNanos();
        return deadline != NO_DEADLINE && deadline <= ticker.nanoTime();
    }
}
