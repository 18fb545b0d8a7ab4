package dev.parley.topic;

import java.util.Collection;
import java.util.List;

/**
 * Where a subscription begins.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class From {
    private static final From TAIL = new From(Kind.TAIL, 0, List.of());
    private static final From OLDEST = new From(Kind.OLDEST, 0, List.of());

    private enum Kind {
        TAIL,
        OLDEST,
        LAST,
        SINCE
    }

    private final Kind kind;
    private final int count;
    private final List<Position> positions;

    private From(Kind kind, int count, List<Position> positions) {
        this.kind = kind;
        this.count = count;
        this.positions = positions;
    }

    /**
     * With what is published from now on.
     *
     * @return the place
     */
    public static From tail() {
        return TAIL;
    }

    /**
     * With the oldest publication that is kept.
     *
     * @return the place
     */
    public static From oldest() {
        return OLDEST;
    }

    /**
     * With the last publications, or as many as are kept. A filter is not asked: what it refuses counts.
     *
     * @param count how many, 0 or more
     * @return the place
     */
    public static From last(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count: " + count + " (expected: >= 0)");
        }
        return new From(Kind.LAST, count, List.of());
    }

    /**
     * Behind a position. If what follows it is not kept any more, or the position is of another epoch, the subscription
     * hears of the {@link Gap} first and then begins with the oldest that is kept.
     *
     * @param position what was heard last
     * @return the place
     */
    public static From since(Position position) {
        return new From(Kind.SINCE, 0, List.of(position));
    }

    /**
     * Behind positions of several topics: each topic takes the one of its own epoch. A topic that finds none begins with
     * a {@link Gap}, and then with the oldest that is kept.
     *
     * @param positions what was heard last, at least one position
     * @return the place
     */
    public static From since(Collection<Position> positions) {
        if (positions.isEmpty()) {
            throw new IllegalArgumentException("positions: none (expected: at least one)");
        }
        return new From(Kind.SINCE, 0, List.copyOf(positions));
    }

    /** The position behind which a subscription to a log begins; of another epoch than the ring's if it finds none there. */
    Position in(Ring ring, long oldest) {
        return switch (kind) {
            case TAIL -> ring.position();
            case OLDEST -> new Position(ring.epoch(), oldest - 1);
            case LAST -> new Position(ring.epoch(), Math.max(oldest - 1, ring.tail() - count));
            case SINCE -> {
                for (Position position : positions) {
                    if (position.epoch() == ring.epoch()) {
                        yield position;
                    }
                }
                yield positions.get(0);
            }
        };
    }
}
