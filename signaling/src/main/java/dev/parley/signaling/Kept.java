package dev.parley.signaling;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What one peer was sent and may have to be sent again: numbered, bounded, the oldest is given up first. An idle peer keeps nothing.
 * Confined to the lane of a room.
 */
final class Kept {
    private final Bounds bounds;
    private @Nullable Deque<Outgoing> messages;
    private int size;
    private long last;

    /**
     * How much is kept.
     *
     * @param maxMessages for one peer
     * @param maxBytes for one peer; of characters of JSON
     * @param maxBytesInAll for all peers
     * @param taken by all peers
     */
    record Bounds(int maxMessages, int maxBytes, long maxBytesInAll, AtomicLong taken) {

        /** Takes so much of what all may keep. Returns whether there was as much. */
        boolean reserve(int bytes) {
            if (taken.addAndGet(bytes) <= maxBytesInAll) {
                return true;
            }
            release(bytes);
            return false;
        }

        void release(int bytes) {
            taken.addAndGet(-bytes);
        }
    }

    Kept(Bounds bounds) {
        this.bounds = bounds;
    }

    /** The number of the last message, 0 if there was none. */
    long last() {
        return last;
    }

    /** Gives a message its number, without keeping it. */
    long pass() {
        forgetAll();
        return ++last;
    }

    /** Gives a message its number, and keeps it. */
    long add(Outgoing message) {
        last++;
        int bytes = message.size();
        if (bytes > bounds.maxBytes || !bounds.reserve(bytes)) {
            forgetAll(); // what follows a gap is no use without what is in it
            return last;
        }
        Deque<Outgoing> kept = messages;
        if (kept == null) {
            kept = new ArrayDeque<>(4);
            messages = kept;
        }
        kept.add(message);
        size += bytes;
        while (kept.size() > bounds.maxMessages || size > bounds.maxBytes) {
            forgetFirst(kept);
        }
        return last;
    }

    /** Messages up to this one have arrived. */
    void acknowledge(long seq) {
        Deque<Outgoing> kept = messages;
        if (kept == null) {
            return;
        }
        while (!kept.isEmpty() && last - kept.size() < seq) {
            forgetFirst(kept);
        }
        if (kept.isEmpty()) {
            messages = null;
        }
    }

    /** Whether all after this number is kept. */
    boolean hasAllAfter(long seen) {
        return seen <= last && seen >= last - (messages == null ? 0 : messages.size());
    }

    /** Gives all that is kept, with numbers, in order. */
    void forEach(BiConsumer<Outgoing, Long> each) {
        Deque<Outgoing> kept = messages;
        if (kept != null) {
            long seq = last - kept.size();
            for (Outgoing message : kept) {
                each.accept(message, ++seq);
            }
        }
    }

    void forgetAll() {
        bounds.taken.addAndGet(-size);
        size = 0;
        messages = null;
    }

    private void forgetFirst(Deque<Outgoing> kept) {
        int bytes = kept.remove().size();
        size -= bytes;
        bounds.taken.addAndGet(-bytes);
    }
}
