package dev.parley.signaling;

/** One participant of a {@link Room}. It outlives its connection by a grace period. */
public final class Peer {
    Peer() {}
}
