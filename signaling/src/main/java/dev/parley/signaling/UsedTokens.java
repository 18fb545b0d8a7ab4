package dev.parley.signaling;

import java.util.Comparator;
import java.util.HashSet;
import java.util.PriorityQueue;
import java.util.Set;

/** The ids of tokens that were used, each until it expires. Thread-safe; a call takes less than it takes to check a signature. */
final class UsedTokens {
    private record Used(String id, long expires) {}

    private final int most;
    private final Set<String> ids = new HashSet<>();
    private final PriorityQueue<Used> byExpiry = new PriorityQueue<>(Comparator.comparingLong(Used::expires));

    UsedTokens(int most) {
        this.most = most;
    }

    enum Outcome {
        USED_NOW,
        USED_BEFORE,
        FULL
    }

    /**
     * Uses a token.
     *
     * @param expires when its id may be forgotten, in seconds since 1970
     */
    synchronized Outcome use(String id, long expires, long now) {
        for (Used next = byExpiry.peek(); next != null && next.expires <= now; next = byExpiry.peek()) {
            byExpiry.remove();
            ids.remove(next.id);
        }
        if (ids.contains(id)) {
            return Outcome.USED_BEFORE;
        }
        if (ids.size() >= most) {
            return Outcome.FULL;
        }
        ids.add(id);
        byExpiry.add(new Used(id, expires));
        return Outcome.USED_NOW;
    }
}
