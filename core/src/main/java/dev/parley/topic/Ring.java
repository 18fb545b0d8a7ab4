package dev.parley.topic;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The publications of one epoch that are kept: those from {@link #head} to {@link #tail}.
 *
 * <p>One writer at a time, under the lock of its {@link Log}; any number of readers, without a lock. A slot tells by its
 * publication's offset whether it still holds what a reader looks for: if not, the reader was overtaken. The writer
 * fills a slot before it moves the tail, so that whoever sees the tail sees all up to it.
 */
final class Ring {
    private static final int LEAST_SLOTS = 16;

    private final long epoch;
    volatile AtomicReferenceArray<@Nullable Publication> slots = new AtomicReferenceArray<>(LEAST_SLOTS);
    /** Offset of the oldest that is kept; one more than the tail where nothing is. */
    private volatile long head;
    /** Offset of the newest. */
    private volatile long tail;

    private long bytes;

    Ring(Position start) {
        epoch = start.epoch();
        tail = start.offset();
        head = tail + 1;
    }

    long epoch() {
        return epoch;
    }

    long head() {
        return head;
    }

    long tail() {
        return tail;
    }

    Position position() {
        return new Position(epoch, tail);
    }

    /** A publication; {@code null} if it is not kept any more. */
    @Nullable
    Publication get(long offset) {
        AtomicReferenceArray<@Nullable Publication> all = slots;
        Publication found = all.getAcquire(index(all, offset));
        return found != null && found.offset() == offset ? found : null;
    }

    private static int index(AtomicReferenceArray<?> slots, long offset) {
        return (int) offset & slots.length() - 1;
    }

    // ---- the writer

    /** What is kept, in the bytes of {@link Publication#size}. */
    long bytes() {
        return bytes;
    }

    int count() {
        return (int) (tail - head + 1);
    }

    void add(Publication publication) {
        AtomicReferenceArray<@Nullable Publication> all = slots;
        if (count() == all.length()) {
            AtomicReferenceArray<@Nullable Publication> more = new AtomicReferenceArray<>(2 * all.length());
            for (long offset = head; offset <= tail; offset++) {
                more.setPlain(index(more, offset), all.getPlain(index(all, offset)));
            }
            all = more;
            slots = more;
        }
        all.setRelease(index(all, publication.offset()), publication);
        bytes += publication.size();
        tail = publication.offset();
    }

    /** A publication that is kept. */
    Publication at(long offset) {
        Publication found = get(offset);
        if (found == null) {
            throw new IllegalStateException(
                    "nothing at " + offset + " of " + epoch + " (expected: all from head to tail)");
        }
        return found;
    }

    /** The oldest; only where something is kept. */
    Publication oldest() {
        return at(head);
    }

    void removeOldest() {
        bytes -= oldest().size();
        AtomicReferenceArray<@Nullable Publication> all = slots;
        long removed = head;
        head = removed + 1; // first, so that whoever finds the slot empty finds the head beyond it
        all.setRelease(index(all, removed), null);
        if (count() == 0 && all.length() > LEAST_SLOTS) {
            slots = new AtomicReferenceArray<>(LEAST_SLOTS);
        }
    }
}
