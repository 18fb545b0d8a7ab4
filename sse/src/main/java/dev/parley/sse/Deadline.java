package dev.parley.sse;

import io.netty.util.concurrent.Ticker;
import java.time.Duration;

/**
 * A point in the time of an event loop.
 *
 * @param nanos by the clock
 */
record Deadline(Ticker clock, long nanos) {

    static Deadline after(Duration time, Ticker clock) {
        return new Deadline(clock, clock.nanoTime() + time.toNanos());
    }

    /** How long it is until then; 0 if it has passed. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - clock.nanoTime()));
    }
}
