package dev.parley.signaling;

/**
 * Hears what happens in rooms.
 *
 * <p><b>Threading.</b> For one room, calls come one at a time and in order; on the thread that caused them, mostly an event loop: they must not block.
 * One that throws is logged, and changes nothing.
 */
public interface RoomListener {

    /**
     * A room was created. {@link #joined} follows.
     *
     * @param room the room
     */
    default void created(Room room) {}

    /**
     * A peer has joined. Not called when it comes back after its connection broke.
     *
     * @param peer who
     */
    default void joined(Peer peer) {}

    /**
     * A peer has left for good.
     *
     * @param peer who
     * @param reason why
     */
    default void left(Peer peer, LeaveReason reason) {}

    /**
     * A room is no more: the last peer has left, or it was closed.
     *
     * @param room the room
     */
    default void closed(Room room) {}
}
