package dev.parley.signaling;

import java.time.Instant;

/** What is different in a room whose peers speak another protocol than Parley's own. Called on the room's lane. */
interface Dialect {
    /** Parley's own. */
    Dialect PARLEY = new Dialect() {
        @Override
        public boolean announces() {
            return true;
        }
    };

    /** Whether peers are told of each other. */
    default boolean announces() {
        return false;
    }

    /** One has joined or come back, and was told so. */
    default void welcomed(Peer peer) {}

    /** Time has passed. */
    default void tick(Instant now) {}

    /** The room is no more. */
    default void ended() {}
}
