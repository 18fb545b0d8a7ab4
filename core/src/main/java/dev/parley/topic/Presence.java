package dev.parley.topic;

import org.jspecify.annotations.Nullable;

/**
 * A subscription to a topic has begun or ended on this node.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param change which of the two
 * @param who the subscriber's name, where the subscription has one
 * @param count how many subscriptions the topic has now
 */
public record Presence(Change change, @Nullable String who, int count) {

    /** Somebody is told of presence. Thread-safe. */
    public interface Watch extends AutoCloseable {
        /** Tells no more, but for what is on its way. */
        @Override
        void close();
    }

    /** What has happened. */
    public enum Change {
        /** A subscription has begun. */
        JOINED,
        /** A subscription has ended. */
        LEFT
    }
}
