package dev.parley.topic;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How far one has read in some logs: behind which offset of which ring, for each.
 *
 * <p>Confined to the dispatcher of its group, once it is there.
 */
final class Place {
    private final Log[] logs;
    private final Ring[] rings;
    private final long[] offsets;

    private Place(Log[] logs, Ring[] rings, long[] offsets) {
        this.logs = logs;
        this.rings = rings;
        this.offsets = offsets;
    }

    static Place of(Log[] logs, List<Mark> marks) {
        Place place = new Place(logs, new Ring[logs.length], new long[logs.length]);
        for (int i = 0; i < logs.length; i++) {
            place.rings[i] = marks.get(i).ring();
            place.offsets[i] = marks.get(i).offset();
        }
        return place;
    }

    static Place atTail(Log[] logs) {
        Place place = new Place(logs, new Ring[logs.length], new long[logs.length]);
        place.toTail();
        return place;
    }

    Place copy() {
        return new Place(logs, rings.clone(), offsets.clone());
    }

    void toTail() {
        for (int i = 0; i < logs.length; i++) {
            rings[i] = logs[i].ring();
            offsets[i] = rings[i].tail();
        }
    }

    /** What a subscriber resumes from who stands here. */
    String id() {
        if (logs.length == 1) {
            return position(0).toString();
        }
        List<Position> positions = new ArrayList<>(logs.length);
        for (int i = 0; i < logs.length; i++) {
            positions.add(position(i));
        }
        return Position.join(positions);
    }

    private Position position(int log) {
        return new Position(rings[log].epoch(), offsets[log]);
    }

    boolean is(Place other) {
        for (int i = 0; i < logs.length; i++) {
            if (rings[i] != other.rings[i] || offsets[i] != other.offsets[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether something is to be read to get to another place. */
    boolean isBehind(Place other) {
        for (int i = 0; i < logs.length; i++) {
            if (offsets[i] < other.offsets[i]) {
                return true;
            }
        }
        return false;
    }

    /** Whether what comes next in some log is not kept any more, or that log began anew. */
    boolean isLost() {
        for (int i = 0; i < logs.length; i++) {
            if (isLost(i)) {
                return true;
            }
        }
        return false;
    }

    private boolean isLost(int log) {
        Ring ring = logs[log].ring();
        if (rings[log] != ring && rings[log].epoch() == ring.epoch() && offsets[log] + 1 >= ring.head()) {
            rings[log] = ring; // others have lost something; here nothing is missing
        }
        return rings[log] != ring || offsets[log] + 1 < ring.head();
    }

    /** Goes on where each log that is lost can be read again; tells what is skipped. */
    List<Gap> recover() {
        List<Gap> gaps = new ArrayList<>(1);
        for (int i = 0; i < logs.length; i++) {
            if (isLost(i)) {
                Ring ring = logs[i].ring();
                skip(i, ring, ring.head() - 1, gaps);
            }
        }
        return gaps;
    }

    /** Goes on at another place in each log that is lost; tells what is skipped. */
    List<Gap> skipTo(Place other) {
        List<Gap> gaps = new ArrayList<>(1);
        for (int i = 0; i < logs.length; i++) {
            if (isLost(i)) {
                Ring ring = logs[i].ring();
                // The other may be lost by now as well: nobody goes back.
                skip(i, ring, Math.max(ring.head() - 1, other.rings[i] == ring ? other.offsets[i] : 0), gaps);
            }
        }
        return gaps;
    }

    private void skip(int log, Ring ring, long offset, List<Gap> gaps) {
        Position from = position(log);
        rings[log] = ring;
        offsets[log] = offset;
        if (!position(log).equals(from)) {
            gaps.add(new Gap(logs[log].name(), from, position(log)));
        }
    }

    /**
     * Reads what comes next, by time where there are several logs, and moves behind it.
     *
     * @param until where to stop; {@code null} for all that there is
     * @param filter what is read but not added to the batch
     * @return whether there is more to look at: the batch is full, or this was overtaken
     */
    boolean read(@Nullable Place until, Filter filter, Batch batch) {
        if (logs.length == 1) {
            long last = until == null ? rings[0].tail() : until.offsets[0];
            while (offsets[0] < last) {
                if (batch.isFull()) {
                    return true;
                }
                Publication next = rings[0].get(offsets[0] + 1);
                if (next == null) {
                    return true; // overtaken: seen at the next look
                }
                offsets[0]++;
                if (filter.accepts(next)) {
                    batch.add(next, null);
                }
            }
            return false;
        }
        return merge(until, filter, batch);
    }

    /**
     * Reads what comes next, but of the publications with a key only the newest up to the other place.
     *
     * @param until where to stop
     * @param filter what is read but not added to the batch
     */
    void readLatest(Place until, Filter filter, Batch batch) {
        Set<Publication> newest = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int i = 0; i < logs.length; i++) {
            Map<String, Publication> ofKey = new HashMap<>(); // a key means something in its topic only
            for (long offset = offsets[i] + 1; offset <= until.offsets[i]; offset++) {
                Publication next = rings[i].get(offset);
                if (next != null && next.key() != null && filter.accepts(next)) {
                    ofKey.put(next.key(), next);
                }
            }
            newest.addAll(ofKey.values());
        }
        read(
                until,
                publication -> publication.key() == null ? filter.accepts(publication) : newest.contains(publication),
                batch);
    }

    private boolean merge(@Nullable Place until, Filter filter, Batch batch) {
        while (!batch.isFull()) {
            Publication earliest = null;
            int of = 0;
            boolean overtaken = false;
            for (int i = 0; i < logs.length; i++) {
                long last = until == null ? rings[i].tail() : until.offsets[i];
                Publication next = offsets[i] < last ? rings[i].get(offsets[i] + 1) : null;
                overtaken |= next == null && offsets[i] < last;
                if (next != null && (earliest == null || next.millis() < earliest.millis())) {
                    earliest = next;
                    of = i;
                }
            }
            if (earliest == null) {
                return overtaken;
            }
            offsets[of]++;
            if (filter.accepts(earliest)) {
                batch.add(earliest, id());
            }
        }
        return true;
    }
}
