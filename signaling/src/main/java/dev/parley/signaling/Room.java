package dev.parley.signaling;

/** A place in which peers meet. */
public final class Room {
    Room() {}
}
