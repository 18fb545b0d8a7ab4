package dev.parley.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a representation, of at least one byte:
 * <a href="https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2">RFC 9110 section 14.1.2</a>.
 *
 * <pre>
 * bytes=0-499   the first 500
 * bytes=500-    all but the first 500
 * bytes=-500    the last 500
 * </pre>
 *
 * @param first the position of its first byte
 * @param last the position of its last byte: the range includes it
 */
record ByteRange(long first, long last) {
    /** Players and download managers ask for one range, PDF readers for a handful. Who asks for more gets the whole. */
    static final int MAX_RANGES = 16;

    private static final Pattern UNIT = Pattern.compile("bytes=", Pattern.CASE_INSENSITIVE);
    private static final Pattern SPEC = Pattern.compile("(?<first>\\d*)-(?<last>\\d*)");

    long length() {
        return last - first + 1;
    }

    /** As {@code Content-Range} states it. */
    String of(long completeLength) {
        return "bytes " + first + '-' + last + '/' + completeLength;
    }

    /**
     * Reads a {@code Range} field.
     *
     * @param field what the field says
     * @param completeLength how long the representation is, in bytes
     * @return the ranges in order of position, cut to the representation, those that overlap or adjoin made one; none
     *     if no range can be satisfied (416); empty if the field has no bearing: another unit, malformed, too many
     *     ranges, or the last bytes of a representation that has none
     */
    static Optional<List<ByteRange>> parse(String field, long completeLength) {
        Matcher unit = UNIT.matcher(field);
        if (!unit.lookingAt()) {
            return Optional.empty();
        }
        String[] specs = field.substring(unit.end()).split(",", MAX_RANGES + 1);
        if (specs.length > MAX_RANGES) {
            return Optional.empty();
        }
        List<ByteRange> ranges = new ArrayList<>();
        boolean any = false;
        for (String element : specs) {
            if (element.isBlank()) {
                continue;
            }
            Matcher spec = SPEC.matcher(element.strip());
            if (!spec.matches()) {
                return Optional.empty();
            }
            any = true;
            String start = spec.group("first");
            String end = spec.group("last");
            if (start.isEmpty() && end.isEmpty()) {
                return Optional.empty();
            }
            long first = start.isEmpty() ? completeLength - Math.min(position(end), completeLength) : position(start);
            long last = start.isEmpty() || end.isEmpty() ? Long.MAX_VALUE : position(end);
            boolean lastOfNothing = start.isEmpty() && completeLength == 0 && position(end) > 0;
            if (last < first || lastOfNothing) {
                return Optional.empty();
            }
            if (first < completeLength) {
                ranges.add(new ByteRange(first, Math.min(last, completeLength - 1)));
            }
        }
        return any ? Optional.of(coalesced(ranges)) : Optional.empty();
    }

    /** Digits as a number; what is over any length stays over any length. */
    private static long position(String digits) {
        long number = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(i) - '0';
            if (number > (Long.MAX_VALUE - digit) / 10) {
                return Long.MAX_VALUE;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    private static List<ByteRange> coalesced(List<ByteRange> ranges) {
        ranges.sort(Comparator.comparingLong(ByteRange::first));
        List<ByteRange> result = new ArrayList<>();
        for (ByteRange range : ranges) {
            ByteRange before = result.isEmpty() ? null : result.get(result.size() - 1);
            if (before != null && range.first <= before.last + 1) {
                result.set(result.size() - 1, new ByteRange(before.first, Math.max(before.last, range.last)));
            } else {
                result.add(range);
            }
        }
        return result;
    }
}
