package dev.parley.topic;

import java.time.Duration;

/**
 * How much a topic keeps for those who come back: all three limits hold together.
 *
 * <p>What was published and not yet handed to subscriptions that keep up is kept besides, within
 * {@link Topics.Builder#backlog}: it is theirs, and no history.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param count publications, 0 to 2^24
 * @param bytes what they take in memory, about: payload, names, and some 100 bytes each
 * @param age how long after it was published, up to a hundred years; looked at when the topics are next used
 */
public record History(int count, long bytes, Duration age) {
    private static final int MAX_COUNT = 1 << 24;
    /** A hundred years: for ever, and still a number of milliseconds. */
    private static final Duration MAX_AGE = Duration.ofDays(36_525);

    /** 1,000 publications, 1 MiB, 5 minutes: enough for a client that reconnects. */
    public static final History DEFAULT = new History(1000, 1024 * 1024, Duration.ofMinutes(5));
    /** Nothing: who comes back after a publication hears of a gap. */
    public static final History NONE = new History(0, 0, Duration.ZERO);

    /**
     * Checks the limits.
     *
     * @param count see above
     * @param bytes see above
     * @param age see above
     * @throws IllegalArgumentException if one is negative or too big
     */
    public History {
        if (count < 0 || count > MAX_COUNT) {
            throw new IllegalArgumentException("count: " + count + " (expected: 0 to " + MAX_COUNT + ")");
        }
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 0)");
        }
        if (age.isNegative() || age.compareTo(MAX_AGE) > 0) {
            throw new IllegalArgumentException("age: " + age + " (expected: 0 to " + MAX_AGE + ")");
        }
    }

    /**
     * The last publications, within the other limits of {@link #DEFAULT}.
     *
     * @param count how many
     * @return the limits
     */
    public static History last(int count) {
        return new History(count, DEFAULT.bytes, DEFAULT.age);
    }
}
