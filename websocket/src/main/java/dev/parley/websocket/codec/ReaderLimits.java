package dev.parley.websocket.codec;

/**
 * How much a {@link WebSocketReader} takes.
 *
 * <p>The sum of what connections gather of messages that are not whole has a budget: else a few hundred clients that send half of a
 * long message each take all memory there is. A message that is whole in what was read at once needs none of it. A message that is
 * inflated is not counted: there is one at a time for each event loop.
 *
 * <p><b>Threading.</b> Immutable, but for what is used of the budget.
 *
 * @param maxFrameBytes bytes of a frame's payload, as they are on the wire
 * @param maxMessageBytes bytes of a message's payload, as they are on the wire
 * @param maxInflatedBytes bytes of a compressed message when it is inflated
 * @param unfinished what the unfinished messages of all readers with these limits may take together
 */
public record ReaderLimits(int maxFrameBytes, int maxMessageBytes, int maxInflatedBytes, MemoryBudget unfinished) {
    private static final long USUAL_UNFINISHED_BYTES = 64 * 1024 * 1024;

    /**
     * Checks the limits.
     *
     * @param maxFrameBytes 1 or more
     * @param maxMessageBytes 1 or more
     * @param maxInflatedBytes 1 or more
     * @param unfinished of at least {@code maxMessageBytes}, as else such a message might never come through
     * @throws IllegalArgumentException if one is not so
     */
    public ReaderLimits {
        check("maxFrameBytes", maxFrameBytes);
        check("maxMessageBytes", maxMessageBytes);
        check("maxInflatedBytes", maxInflatedBytes);
        if (unfinished.maxBytes() < maxMessageBytes) {
            throw new IllegalArgumentException(
                    "unfinished: " + unfinished + " (expected: at least maxMessageBytes, " + maxMessageBytes + ")");
        }
    }

    private static void check(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: 1 to 2^31 - 1)");
        }
    }

    /**
     * The same limit for frames and messages, and a {@linkplain #usualBudget budget} of their own.
     *
     * @param bytes a number of bytes
     * @return the limits
     */
    public static ReaderLimits of(int bytes) {
        return new ReaderLimits(bytes, bytes, bytes, usualBudget(bytes));
    }

    /**
     * A budget of 64 MiB for messages that are not whole, or of as much as one may take, if that is more.
     *
     * @param maxMessageBytes bytes of a message's payload
     * @return a new budget
     */
    public static MemoryBudget usualBudget(int maxMessageBytes) {
        return new MemoryBudget(Math.max(USUAL_UNFINISHED_BYTES, maxMessageBytes));
    }
}
