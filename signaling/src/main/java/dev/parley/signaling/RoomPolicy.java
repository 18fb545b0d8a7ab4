package dev.parley.signaling;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Who may create, join, and speak to whom.
 *
 * <pre>{@code
 * RoomPolicy members = wish -> users.find(wish.exchange().principal())
 *         .thenApply(user -> user.isMemberOf(wish.room()) ? Admission.accept().name(user.name()) : Admission.refuse("no member"));
 * }</pre>
 *
 * <p><b>Threading.</b> {@link #join} is called on the event loop of the peer's connection, and must not block; its stage may complete
 * on any thread. {@link #maySignal} is called on any event loop, or on a thread of the application that asks something of the room just then; it
 * must not block, either.
 */
@FunctionalInterface
public interface RoomPolicy {

    /**
     * Everybody may create any room and join it. Who creates a room owns it.
     *
     * @return the policy that holds unless another is set
     */
    static RoomPolicy open() {
        return wish -> CompletableFuture.completedStage(Admission.accept());
    }

    /**
     * Decides on a wish to join. Not asked when a peer comes back with its session.
     *
     * @param wish who wants to join what
     * @return completes with the decision; if it fails, the peer is refused, and the failure is logged
     */
    CompletionStage<Admission> join(JoinRequest wish);

    /**
     * Decides whether a peer may send another one signals: offers, answers, candidates and messages. Asked for each of them, after
     * the {@linkplain Admission#rights rights} of the sender. A message to all goes to those whom the sender may send it to. What a
     * peer says arrives in the order in which it said it, so that all of it waits for a decision that is not there yet: as much of one
     * peer as {@link SignalingEndpoint.Builder#maxKept}, and for {@link SignalingEndpoint.Builder#joinTimeout} at most.
     *
     * @param from the sender
     * @param to another peer of the same room
     * @return completes with whether it may; if it fails, the sender is told {@code failed}, and the failure is logged
     */
    default CompletionStage<Boolean> maySignal(Peer from, Peer to) {
        return CompletableFuture.completedStage(true);
    }
}
