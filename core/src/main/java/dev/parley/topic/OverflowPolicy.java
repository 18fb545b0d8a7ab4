package dev.parley.topic;

/**
 * What becomes of a subscription whose topic no longer keeps what it is owed next: it has fallen too far behind, or the log
 * has begun anew.
 */
public enum OverflowPolicy {
    /**
     * It is closed with {@link Subscription.End#OVERRUN}, so that the client comes back with its position, hears of the gap, and
     * goes on with what is kept. Of all policies the one that leaves no doubt.
     */
    RESUME,
    /** It hears of the {@link Gap} and goes on with what is published from now on. */
    SKIP_TO_TAIL,
    /**
     * It hears of the {@link Gap} and goes on with what is kept. Besides, whenever it is behind, it gets of the
     * publications that wait only the newest for each key of a topic, and all that have no key.
     */
    LATEST_PER_KEY
}
