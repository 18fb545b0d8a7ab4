package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * What came of a message that is not whole. It is there only while that is so, and its memory is counted against the
 * {@linkplain ReaderLimits#unfinished() budget} of all such messages: what its buffer takes, not only what is in it.
 *
 * <p>Not thread-safe.
 */
final class Gathering {
    private final MemoryBudget budget;
    private final ByteBuf bytes;
    private int takenBytes;
    private int beats;

    private Gathering(MemoryBudget budget, ByteBuf bytes, int takenBytes) {
        this.budget = budget;
        this.bytes = bytes;
        this.takenBytes = takenBytes;
    }

    /**
     * Begins with room for so many bytes.
     *
     * @throws ViolationException if that is too much now ({@link Violation#NO_ROOM})
     */
    static Gathering of(int room, ReaderLimits limits, ByteBufAllocator allocator) {
        take(limits.unfinished(), room);
        try {
            return new Gathering(limits.unfinished(), allocator.buffer(room, limits.maxMessageBytes()), room);
        } catch (Throwable t) { // no memory, though it was allowed
            limits.unfinished().giveBack(room);
            throw t;
        }
    }

    /**
     * Adds so many bytes, and goes behind them.
     *
     * @throws ViolationException if that is too much now
     */
    void add(ByteBuf in, int length) {
        int least = bytes.readableBytes() + length;
        if (least > takenBytes) {
            int room = bytes.alloc().calculateNewCapacity(least, bytes.maxCapacity());
            take(budget, room - takenBytes);
            takenBytes = room;
            bytes.capacity(room);
        }
        bytes.writeBytes(in, length);
    }

    private static void take(MemoryBudget budget, int bytes) {
        if (!budget.take(bytes)) {
            throw new ViolationException(Violation.NO_ROOM);
        }
    }

    /** What came so far, which stays this object's. */
    ByteBuf bytes() {
        return bytes;
    }

    /** Counts a beat that it has lasted. Returns all of them. */
    int beat() {
        return ++beats;
    }

    void release() {
        bytes.release();
        budget.giveBack(takenBytes);
    }
}
