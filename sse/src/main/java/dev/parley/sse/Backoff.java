package dev.parley.sse;

import java.time.Duration;
import java.util.function.LongUnaryOperator;

/**
 * How long a client waits before it comes back.
 *
 * <pre>
 * delay  = base + random(0 … spread)
 * spread = the lesser of max and base × 2^failures
 * </pre>
 *
 * <p>The base is a floor, since the HTML standard lets a client wait longer than the server's {@code retry} but not less.
 * The random part is what keeps many clients of one server apart, so there is some from the first time on.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
final class Backoff {
    /** More than any server can mean. */
    private static final Duration MAX_BASE = Duration.ofDays(1);
    /** What is doubled where the base is less: a {@code retry} of 0 is no wish to be called without a pause. */
    private static final Duration LEAST_STEP = Duration.ofMillis(100);

    private final long maxSpreadNanos;
    /** Gives 0 up to its argument, both included. */
    private final LongUnaryOperator random;

    private Duration base;
    private int failures;

    Backoff(Duration base, Duration maxSpread, LongUnaryOperator random) {
        this.base = base;
        this.maxSpreadNanos = maxSpread.toNanos();
        this.random = random;
    }

    /** The server's word holds from now on. */
    void base(Duration retry) {
        base = least(retry, MAX_BASE);
    }

    /** The server does what it should: the next delay is like the first. */
    void reset() {
        failures = 0;
    }

    /** The delay before the next attempt; the one after it may be longer. */
    Duration next() {
        long step = Math.max(base.toNanos(), LEAST_STEP.toNanos());
        // Compared this way round, since doubled without end it would overflow.
        boolean isBelow = failures < Long.SIZE - 1 && step <= maxSpreadNanos >> failures;
        long spread = isBelow ? step << failures : maxSpreadNanos;
        failures++;
        return base.plusNanos(random.applyAsLong(spread));
    }

    static Duration least(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
