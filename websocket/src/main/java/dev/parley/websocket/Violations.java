package dev.parley.websocket;

import dev.parley.websocket.codec.Violation;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts what clients did wrong. Thread-safe. */
final class Violations {
    private final Map<Violation, LongAdder> counts = new EnumMap<>(Violation.class);

    Violations() {
        for (Violation violation : Violation.values()) {
            counts.put(violation, new LongAdder());
        }
    }

    void add(Violation violation) {
        LongAdder count = counts.get(violation);
        if (count != null) {
            count.increment();
        }
    }

    /** Those that there were, and how often. */
    Map<Violation, Long> counted() {
        Map<Violation, Long> counted = new EnumMap<>(Violation.class);
        counts.forEach((violation, count) -> {
            if (count.sum() > 0) {
                counted.put(violation, count.sum());
            }
        });
        return counted;
    }
}
