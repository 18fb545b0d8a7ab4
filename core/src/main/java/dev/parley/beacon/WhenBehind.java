package dev.parley.beacon;

/** What becomes of beacons while as many wait for the sink as may. */
public enum WhenBehind {
    /** A new one is refused with 503 and {@code Retry-After}. The only policy for a durable sink. */
    REFUSE,
    /** Those that wait longest are dropped to make room for a new one. */
    DROP_OLDEST,
    /** A new one is dropped; its client gets 204 all the same. */
    DROP_NEWEST
}
