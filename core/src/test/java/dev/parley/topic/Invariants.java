package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;

/** What is true of topics whenever nobody is using them. */
final class Invariants {
    private Invariants() {}

    static void check(Topics topics) {
        long bytes = 0;
        int subscriptions = 0;
        for (Log log : topics.logs.values()) {
            if (log.isJoined()) {
                checkKept(log);
                bytes += log.ring().bytes();
            }
            int members = 0;
            for (Group<?> group : log.groups) {
                assertThat(group.entered).as("a group without members is gone").isPositive();
                members += group.entered;
                subscriptions += group.logs[0] == log ? group.entered : 0;
            }
            assertThat(log.subscriptions()).as("subscriptions of " + log.name()).isEqualTo(members);
            assertThat(log.hold()).as(log.name() + " is in use or can be used").isTrue();
            log.release();
        }
        assertThat(topics.bytes()).as("bytes of all topics").isEqualTo(bytes);
        assertThat(topics.subscriptions()).as("subscriptions to all topics").isEqualTo(subscriptions);
        assertThat(users(topics)).as("users of dispatchers").isLessThanOrEqualTo(subscriptions);
    }

    static void checkClosed(Topics topics) {
        assertThat(topics.logs).isEmpty();
        assertThat(topics.bytes()).isZero();
        assertThat(topics.subscriptions()).isZero();
        assertThat(users(topics)).isZero();
    }

    private static int users(Topics topics) {
        return topics.dispatchers.values().stream()
                .mapToInt(Topics.Shared::users)
                .sum();
    }

    private static void checkKept(Log log) {
        Ring ring = log.ring();
        checkRing(ring);
        assertThat(log.historyHead).as("history is kept").isBetween(ring.head(), ring.tail() + 1);
        long history = 0;
        for (long offset = log.historyHead; offset <= ring.tail(); offset++) {
            history += ring.at(offset).size();
        }
        assertThat(log.historyBytes).as("bytes of history").isEqualTo(history);
        if (log.subscriptions() == 0) {
            assertThat(log.historyHead)
                    .as("nothing but history is kept for nobody")
                    .isEqualTo(ring.head());
        }
    }

    static void checkRing(Ring ring) {
        assertThat(ring.head()).as("head").isBetween(1L, ring.tail() + 1);
        assertThat(ring.count()).as("count").isEqualTo((int) (ring.tail() + 1 - ring.head()));
        long bytes = 0;
        for (long offset = ring.head(); offset <= ring.tail(); offset++) {
            Publication kept = ring.at(offset);
            assertThat(kept.position()).isEqualTo(new Position(ring.epoch(), offset));
            bytes += kept.size();
        }
        assertThat(ring.bytes()).as("bytes").isEqualTo(bytes);
        assertThat(ring.get(ring.head() - 1)).as("before the head").isNull();
        assertThat(ring.get(ring.tail() + 1)).as("behind the tail").isNull();
        int filled = 0;
        int slots = ring.slots.length();
        for (int i = 0; i < slots; i++) {
            filled += ring.slots.get(i) == null ? 0 : 1;
        }
        assertThat(filled).as("slots that hold something").isEqualTo(ring.count());
        assertThat(Integer.bitCount(slots)).as("slots are a power of two").isEqualTo(1);
        assertThat(slots).as("slots").isGreaterThanOrEqualTo(ring.count());
    }
}
