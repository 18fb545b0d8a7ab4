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
 * on any thread. {@link #maySignal} must not block, either. It is called on any event loop, on a thread that completes a stage of this policy, or on
 * one of the application that asks something of the room just then.
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
     * the {@linkplain Admission#rights rights} of the sender, in its order: while the policy takes its time, what the same peer says behind it
     * waits, as much as {@link SignalingEndpoint.Builder#maxKept}. A message to all goes to those whom the sender may send it to.
     *
     * @param from the sender
     * @param to another peer of the same room
     * @return completes with whether it may. If it fails, or is not there within {@link SignalingEndpoint.Builder#decisionTimeout}, that peer does
     *     not hear it, which is logged, and told to the sender as {@code failed} unless it is a message to all
     */
    default CompletionStage<Boolean> maySignal(Peer from, Peer to) {
        return CompletableFuture.completedStage(true);
    }
}
