package dev.parley.websocket;

/** What becomes of a connection when as much is queued for its client as the limit allows. */
public enum WhenFull {
    /** The connection is closed with 1013, so that the client comes back: nothing is missed without a sign. */
    CLOSE,
    /** The message is dropped, and whoever sends it is told so. */
    DROP
}
