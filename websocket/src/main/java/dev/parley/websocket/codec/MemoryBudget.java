package dev.parley.websocket.codec;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory all connections may take together, for something that each takes by itself: context takeover
 * ({@link DeflateSettings}), messages that are not whole ({@link ReaderLimits}).
 *
 * <p><b>Threading.</b> Thread-safe. One budget may be shared by many endpoints.
 */
public final class MemoryBudget {
    private final long maxBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    /**
     * A budget of which nothing is used.
     *
     * @param maxBytes how much may be used at a time
     * @throws IllegalArgumentException if it is negative
     */
    public MemoryBudget(long maxBytes) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes: " + maxBytes + " (expected: >= 0)");
        }
        this.maxBytes = maxBytes;
    }

    /**
     * How much may be used at a time.
     *
     * @return bytes
     */
    public long maxBytes() {
        return maxBytes;
    }

    /**
     * How much is used now.
     *
     * @return bytes, 0 to {@link #maxBytes()}
     */
    public long usedBytes() {
        return usedBytes.get();
    }

    /** Takes so many bytes, all or none. */
    boolean take(int bytes) {
        long used;
        do {
            used = usedBytes.get();
            if (bytes > maxBytes - used) {
                return false;
            }
        } while (!usedBytes.compareAndSet(used, used + bytes));
        return true;
    }

    /** Gives back what was taken. */
    void giveBack(int bytes) {
        usedBytes.addAndGet(-bytes);
    }

    @Override
    public String toString() {
        return usedBytes + " of " + maxBytes + " bytes";
    }
}
