package dev.parley.topic;

import org.jspecify.annotations.Nullable;

/**
 * Where a subscription begins in one log.
 *
 * @param offset behind which it reads
 * @param gap what it was owed before that, and can't get
 */
record Mark(Ring ring, long offset, @Nullable Gap gap) {
    /**
     * Where one begins who has heard all up to a position.
     *
     * @param oldest offset of the oldest publication that may be replayed
     * @param maxAhead how far beyond the tail a position may be
     */
    static Mark of(String topic, Ring ring, Position position, long oldest, long maxAhead) {
        boolean known = position.epoch() == ring.epoch() && position.offset() <= ring.tail() + maxAhead;
        if (known && position.offset() + 1 >= oldest) {
            return new Mark(ring, position.offset(), null);
        }
        return new Mark(ring, oldest - 1, new Gap(topic, position, new Position(ring.epoch(), oldest - 1)));
    }
}
