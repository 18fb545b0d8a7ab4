package dev.parley.signaling;

/** What a peer may do in its room. */
public enum Right {
    /** Send offers, answers, candidates and restarts to other peers. */
    CALL,
    /** Send messages to other peers. */
    MESSAGE,
    /** Lock the room, let in who knocks, send peers away, say things about the room, and close it. */
    OWN
}
