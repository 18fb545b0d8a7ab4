package dev.parley.signaling;

/** Why a peer is not in its room any more. */
public enum LeaveReason {
    /** It said so. */
    LEFT,
    /** Its connection broke, and it did not come back in time. */
    LOST,
    /** An owner or the application sent it away. */
    EVICTED,
    /** The room was closed. */
    CLOSED
}
