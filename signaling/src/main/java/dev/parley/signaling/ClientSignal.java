package dev.parley.signaling;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a peer tells the server, as JSON {@code {"type":…,"payload":…}}: its type is the name of a record in lower case with hyphens, its
 * components are the members of the payload, and a component that is nullable may be missing. With an {@code id} in the message the
 * answer has the same {@code id}: {@link ServerSignal.Welcome}, {@link ServerSignal.Waiting}, {@link ServerSignal.Failure}, or else
 * {@code {"type":"reply","id":…}}. {@code docs/signaling-protocol.md} tells the whole conversation.
 *
 * <p><b>Threading.</b> Immutable.
 */
public sealed interface ClientSignal {

    /** A signal that is for one other peer. The server passes it on with {@code from} in place of {@code to}. */
    sealed interface Relayed extends ClientSignal permits Offer, Answer, Candidate, Restart {
        /**
         * Whom it is for.
         *
         * @return the id of a peer of the same room
         */
        String to();
    }

    /**
     * Wants to join a room: the first message of a connection.
     *
     * @param room its name: 1 to 128 characters
     * @param name the peer's own name for the others to see, up to 64 characters; empty if missing
     * @param metadata what else the others may know, a JSON object; empty if missing
     * @param token what the {@link RoomPolicy} wants to see
     */
    record Join(
            String room,
            String name,
            JsonNode metadata,
            @Nullable String token) implements ClientSignal {}

    /**
     * Comes back: the first message of a connection that takes over from one that broke.
     *
     * @param session what {@link ServerSignal.Welcome} said
     * @param seen the {@code seq} of the last message that came, 0 if none had one
     */
    record Resume(String session, long seen) implements ClientSignal {}

    /**
     * A description of type {@code offer}.
     *
     * @param to whom it is for
     * @param sdp the description (RFC 8866)
     * @param generation which try of the two to connect it belongs to, from 0; a higher one makes the server drop what comes late for a lower one
     */
    record Offer(String to, String sdp, int generation) implements Relayed {}

    /**
     * A description of type {@code answer}.
     *
     * @param to whom it is for
     * @param sdp the description
     * @param generation that of the offer
     */
    record Answer(String to, String sdp, int generation) implements Relayed {}

    /**
     * An ICE candidate, as {@code RTCIceCandidate.toJSON()} gives it.
     *
     * @param to whom it is for
     * @param candidate the candidate (RFC 8839 section 5.1); empty for the end of candidates (RFC 8838 section 8.2)
     * @param sdpMid the media section's identification
     * @param sdpMLineIndex the media section's place
     * @param usernameFragment which ICE session it belongs to
     * @param generation that of the description
     */
    record Candidate(
            String to,
            String candidate,
            @Nullable String sdpMid,
            @Nullable Integer sdpMLineIndex,
            @Nullable String usernameFragment,
            int generation)
            implements Relayed {}

    /**
     * Asks the other to restart ICE, as what connected the two does not work any more.
     *
     * @param to whom it is for
     */
    record Restart(String to) implements Relayed {}

    /**
     * A message of the application.
     *
     * @param to whom it is for; all others of the room if missing
     * @param data any JSON
     */
    record Message(@Nullable String to, JsonNode data) implements ClientSignal {}

    /**
     * Says something new of oneself, such as that the microphone is off.
     *
     * @param name the new name, as in {@link Join}
     * @param metadata what the others may know now, in place of what they knew
     */
    record Update(@Nullable String name, @Nullable JsonNode metadata) implements ClientSignal {}

    /**
     * Owners only: says something new of the room.
     *
     * @param locked whether nobody else may join
     * @param metadata what all may know of it, in place of what they knew
     */
    record UpdateRoom(@Nullable Boolean locked, @Nullable JsonNode metadata) implements ClientSignal {}

    /**
     * Owners only: lets in who knocked.
     *
     * @param peer who it is
     */
    record Admit(String peer) implements ClientSignal {}

    /**
     * Owners only: sends a peer away, or doesn't let in who knocked.
     *
     * @param peer who it is
     * @param reason why, for people; empty if missing
     */
    record Evict(String peer, String reason) implements ClientSignal {}

    /** Owners only: closes the room. */
    record CloseRoom() implements ClientSignal {}

    /** Leaves the room. */
    record Leave() implements ClientSignal {}

    /**
     * Says what has arrived, so that the server need not keep it for when the connection breaks. Now and then is enough.
     *
     * @param seq the highest {@code seq} that came
     */
    record Ack(long seq) implements ClientSignal {}
}
