package dev.parley.topic;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that the test owns. Thread-safe. */
final class ManualClock implements InstantSource {
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public Instant instant() {
        return now;
    }

    void pass(Duration duration) {
        now = now.plus(duration);
    }

    void pass(long millis) {
        pass(Duration.ofMillis(millis));
    }
}
