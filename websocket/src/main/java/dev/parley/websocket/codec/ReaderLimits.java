package dev.parley.websocket.codec;

/**
 * How much a {@link WebSocketReader} takes.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param maxFrameBytes bytes of a frame's payload, as they are on the wire
 * @param maxMessageBytes bytes of a message's payload, as they are on the wire
 * @param maxInflatedBytes bytes of a compressed message when it is inflated
 */
public record ReaderLimits(int maxFrameBytes, int maxMessageBytes, int maxInflatedBytes) {
    /**
     * Checks the limits.
     *
     * @param maxFrameBytes 1 or more
     * @param maxMessageBytes 1 or more
     * @param maxInflatedBytes 1 or more
     * @throws IllegalArgumentException if one is not positive
     */
    public ReaderLimits {
        check("maxFrameBytes", maxFrameBytes);
        check("maxMessageBytes", maxMessageBytes);
        check("maxInflatedBytes", maxInflatedBytes);
    }

    private static void check(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: 1 to 2^31 - 1)");
        }
    }

    /**
     * The same limit for all.
     *
     * @param bytes a number of bytes
     * @return the limits
     */
    public static ReaderLimits of(int bytes) {
        return new ReaderLimits(bytes, bytes, bytes);
    }
}
