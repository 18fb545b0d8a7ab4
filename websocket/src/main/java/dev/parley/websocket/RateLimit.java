package dev.parley.websocket;

/**
 * How much one client may send. A connection over it is closed with 1008.
 *
 * <p>Pings count as messages.
 *
 * <p>Of both, ten seconds' worth may come at once.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param messagesPerSecond messages, on average
 * @param bytesPerSecond bytes of messages, on average, as the application gets them
 */
public record RateLimit(int messagesPerSecond, long bytesPerSecond) {
    /** What was not used is good for so long. */
    static final int BURST_SECONDS = 10;

    /**
     * Checks the limits.
     *
     * @param messagesPerSecond see above
     * @param bytesPerSecond see above
     * @throws IllegalArgumentException if one is not positive, or so large that ten seconds' worth can't be counted
     */
    public RateLimit {
        if (messagesPerSecond < 1) {
            throw new IllegalArgumentException("messagesPerSecond: " + messagesPerSecond + " (expected: > 0)");
        }
        if (bytesPerSecond < 1 || bytesPerSecond > Long.MAX_VALUE / BURST_SECONDS) {
            throw new IllegalArgumentException(
                    "bytesPerSecond: " + bytesPerSecond + " (expected: 1 to " + Long.MAX_VALUE / BURST_SECONDS + ")");
        }
    }
}
