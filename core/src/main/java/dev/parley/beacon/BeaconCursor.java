package dev.parley.beacon;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in a {@link BeaconLog}: what is before it has been read. It means the same as long as the log lives, through restarts
 * of reader and writer, and a place that has been given is never given again to something else.
 *
 * <p><b>Wire.</b> As text, for a file or a column of a database: the number of the segment, a hyphen and the offset in it, both
 * decimal, such as {@code 12-3456}.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param segment the number of the segment; 0 stands before all of them
 * @param offset the offset in the segment, in bytes
 */
public record BeaconCursor(long segment, long offset) implements Comparable<BeaconCursor> {
    /** The oldest beacon that the log still has. */
    public static final BeaconCursor START = new BeaconCursor(0, 0);

    private static final Pattern FORM = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");

    /**
     * Checks both numbers.
     *
     * @param segment 0 or more
     * @param offset 0 or more
     */
    public BeaconCursor {
        if (segment < 0 || offset < 0) {
            throw new IllegalArgumentException("cursor: " + segment + ", " + offset + " (expected: none negative)");
        }
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @param text such as {@code 12-3456}
     * @return the cursor
     * @throws IllegalArgumentException if it is none
     */
    public static BeaconCursor parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "cursor: " + text.length() + " characters (expected: two numbers, such as 12-3456)");
        }
        return new BeaconCursor(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
    }

    /**
     * Compares by segment, then by offset.
     *
     * @param other another place of the same log
     * @return negative if this one is before it
     */
    @Override
    public int compareTo(BeaconCursor other) {
        int bySegment = Long.compare(segment, other.segment);
        return bySegment != 0 ? bySegment : Long.compare(offset, other.offset);
    }

    @Override
    public String toString() {
        return segment + "-" + offset;
    }
}
