package dev.parley.topic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where a publication stands in its topic. Opaque for clients, which hand it back to go on behind it.
 *
 * <p><b>Wire.</b> {@code epoch "-" offset}, the epoch in base 36 and the offset in decimal, as in {@code k3f9x2a-42}; several
 * positions are joined with {@code ~}. These are ASCII letters, digits and marks that need no escape in a header, a
 * query, JSON, or a {@code Last-Event-ID} that crosses origins.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param epoch one life of one topic's log, 0 or more: two topics never have the same, nor has a topic whose offsets began anew
 * @param offset 1 for the first publication of the epoch, and one more for each that follows; 0 is before the first
 */
public record Position(long epoch, long offset) {
    private static final int RADIX = 36;
    /** As much as a {@code long} takes in base 36 and in decimal, with the dash. */
    private static final int MAX_CHARS = 13 + 1 + 19;

    /**
     * Checks the numbers.
     *
     * @param epoch see above
     * @param offset see above
     * @throws IllegalArgumentException if one of them is negative
     */
    public Position {
        if (epoch < 0 || offset < 0) {
            throw new IllegalArgumentException("position: " + epoch + ", " + offset + " (expected: none negative)");
        }
    }

    /**
     * Reads a position as {@link #toString} wrote it.
     *
     * @param text any text, such as a client's
     * @return the position; empty where the text is none
     */
    public static Optional<Position> parse(String text) {
        int dash = text.indexOf('-');
        if (dash < 1 || text.length() > MAX_CHARS) {
            return Optional.empty();
        }
        try {
            Position position = new Position(
                    Long.parseLong(text.substring(0, dash), RADIX), Long.parseLong(text.substring(dash + 1)));
            // One text for each position: no sign, no zero in front, no capital.
            return position.toString().equals(text) ? Optional.of(position) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // a client may send anything
        }
    }

    /**
     * Reads the positions of several topics, as {@link #join} wrote them.
     *
     * @param text any text, such as a client's
     * @return the positions that could be read, in order
     */
    public static List<Position> parseAll(String text) {
        List<Position> positions = new ArrayList<>();
        for (int start = 0; start <= text.length(); ) {
            int end = text.indexOf('~', start);
            end = end < 0 ? text.length() : end;
            parse(text.substring(start, end)).ifPresent(positions::add);
            start = end + 1;
        }
        return positions;
    }

    /**
     * Writes the positions of several topics as one text.
     *
     * @param positions one for each topic
     * @return the text
     */
    public static String join(Collection<Position> positions) {
        return positions.stream().map(Position::toString).collect(Collectors.joining("~"));
    }

    /**
     * Whether this stands behind another position of the same epoch.
     *
     * @param other any position
     * @return {@code false} also where the epochs differ, as nothing is known then
     */
    public boolean isAfter(Position other) {
        return epoch == other.epoch && offset > other.offset;
    }

    /** The text that clients get; see above. */
    @Override
    public String toString() {
        return Long.toString(epoch, RADIX) + '-' + offset;
    }
}
