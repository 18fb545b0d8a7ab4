package dev.parley.testkit;

import dev.parley.topic.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the ids of an event stream, and of those that it goes on from, tell: whether an event is missing or came twice.
 * Ids that are positions are compared as such, so that a stream of a million events costs no more than one of ten; of
 * others only a repetition can be seen. Confined to the test's thread.
 */
final class Trail {
    /** What the client said it had; {@code null} if nothing. */
    private final @Nullable String sent;
    /** By epoch, the last offset that the client knows to be followed by what comes next on this stream. */
    private final Map<Long, Long> behind = new HashMap<>();

    private final List<String> holes = new ArrayList<>();

    // Of this stream, and of those before it.
    private final Map<Long, Long> newest = new HashMap<>();
    private final Set<String> otherIds = new HashSet<>();
    private final List<String> repeated = new ArrayList<>();

    /**
     * The trail of a stream.
     *
     * @param sent the id that the client came with
     * @param before the trail of the stream that the client had before
     */
    Trail(@Nullable String sent, @Nullable Trail before) {
        this.sent = sent == null || sent.isEmpty() ? null : sent;
        if (before != null) {
            newest.putAll(before.newest);
            otherIds.addAll(before.otherIds);
            repeated.addAll(before.repeated);
        }
        if (this.sent != null) {
            begins(this.sent);
        }
    }

    @Nullable
    String sent() {
        return sent;
    }

    /** What is missing without a word, in order. */
    List<String> holes() {
        return holes;
    }

    /** The ids of events that had come before, in order. */
    List<String> repeated() {
        return repeated;
    }

    /** A block without an event says where the stream stands: news only to a client that had no idea. */
    void stands(String id) {
        if (behind.isEmpty()) {
            begins(id);
        }
    }

    /** What comes next follows this id, and all before it is accounted for. */
    void begins(String id) {
        Position.parseAll(id).forEach(position -> behind.put(position.epoch(), position.offset()));
    }

    void event(String id) {
        List<Position> positions = Position.parseAll(id);
        if (!Position.join(positions).equals(id) || id.isEmpty()) {
            if (!otherIds.add(id)) {
                repeated.add(id);
            }
            return;
        }
        boolean begun = !behind.isEmpty();
        boolean isNew = false;
        for (Position position : positions) {
            Long known = behind.put(position.epoch(), position.offset());
            if (known == null && begun) {
                holes.add("whatever was before " + position + ", as its epoch is another");
            } else if (known != null && position.offset() > known + 1) {
                holes.add("what was between " + new Position(position.epoch(), known) + " and " + position);
            }
            Long seen = newest.get(position.epoch());
            if (seen == null || position.offset() > seen) {
                newest.put(position.epoch(), position.offset());
                isNew = true;
            }
        }
        if (!isNew) {
            repeated.add(id);
        }
    }
}
