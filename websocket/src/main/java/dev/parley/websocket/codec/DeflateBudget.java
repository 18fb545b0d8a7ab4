package dev.parley.websocket.codec;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What all connections with context takeover may take together outside of the heap.
 *
 * <p>Memory is taken when such a connection is agreed on, and given back when its {@link DeflateAgreement} is closed. While
 * there is none left, connections get no context takeover, which costs nothing.
 *
 * <p><b>Threading.</b> Thread-safe. One budget may be shared by many endpoints.
 */
public final class DeflateBudget {
    /**
     * What zlib takes for a deflater: 256 KiB for a window of 32 KiB and its hash tables
     * (<a href="https://www.zlib.net/zlib_tech.html">zlib's own figure</a>), and its state.
     */
    public static final int DEFLATER_BYTES = 264 * 1024;
    /** What zlib takes for an inflater: a window of 32 KiB, and its state. */
    public static final int INFLATER_BYTES = 44 * 1024;

    private final long maxBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    /**
     * A budget of which nothing is used.
     *
     * @param maxBytes how much may be used at a time
     * @throws IllegalArgumentException if it is negative
     */
    public DeflateBudget(long maxBytes) {
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
