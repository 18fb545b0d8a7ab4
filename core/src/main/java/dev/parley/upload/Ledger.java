package dev.parley.upload;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes each upload takes, and all together. It knows the size of a content whose file was moved away, too. Thread-safe.
 */
final class Ledger {
    private final long maxBytes;
    /** Guarded by this. */
    private final Map<String, Long> sizes = new HashMap<>();
    /** The sum of {@link #sizes}. Guarded by this. */
    private long used;

    Ledger(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    long maxBytes() {
        return maxBytes;
    }

    /** What is left; nothing if there is more than may be, as of a store that was opened with a lower bound than before. */
    synchronized long freeBytes() {
        return Math.max(0, maxBytes - used);
    }

    /** Enters an upload. */
    synchronized void enter(String id, long size) {
        sizes.put(id, size);
        used += size;
    }

    /** Takes room before it is written to. */
    synchronized void take(String id, long bytes) throws NoSpaceException {
        if (bytes > 0 && bytes > maxBytes - used) {
            throw new NoSpaceException("store: " + bytes + " bytes more than " + used + " (expected: at most "
                    + maxBytes + " bytes in all)");
        }
        change(id, bytes);
    }

    /** Gives back what was taken and not needed, or is cut off. */
    synchronized void giveBack(String id, long bytes) {
        change(id, -bytes);
    }

    /** An upload that was deleted while it was open counts no more. */
    private void change(String id, long by) {
        if (sizes.computeIfPresent(id, (ignored, size) -> size + by) != null) {
            used += by;
        }
    }

    synchronized void forget(String id) {
        @Nullable Long size = sizes.remove(id);
        used -= size == null ? 0 : size;
    }
}
