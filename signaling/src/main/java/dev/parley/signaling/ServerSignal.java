package dev.parley.signaling;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the server tells a peer, as JSON {@code {"type":…,"payload":…}}: see {@link ClientSignal} for how. What a peer that comes back
 * must not miss has a {@code seq} besides, which counts up by one.
 *
 * <p><b>Threading.</b> Immutable.
 */
public sealed interface ServerSignal {

    /**
     * A peer as another one sees it.
     *
     * @param id its id, for as long as it is in the room
     * @param name its name; may be empty
     * @param metadata what it says of itself, a JSON object
     * @param polite whether the one that is told this gives way when both make an offer at once: of two peers, the one that came later
     * @param owner whether it owns the room
     */
    record PeerView(String id, String name, JsonNode metadata, boolean polite, boolean owner) {}

    /**
     * A room as its peers see it.
     *
     * @param name its name
     * @param metadata what its owner says of it, a JSON object
     * @param locked whether nobody else may join
     * @param maxPeers how many peers it takes
     * @param relayOnly whether only candidates of TURN servers are passed on: connections are to be made with {@code iceTransportPolicy: "relay"}
     */
    record RoomView(String name, JsonNode metadata, boolean locked, int maxPeers, boolean relayOnly) {}

    /**
     * The peer is in the room.
     *
     * @param peer its own id
     * @param session with which it may come back, for as long as {@code graceMillis}; a secret
     * @param graceMillis how long it is kept when its connection breaks
     * @param resumed whether it came back, and what follows is what it missed. If not, all that it knew is void
     * @param seq the {@code seq} of the last message before this one, for who counts
     * @param rights what it may do
     * @param room the room
     * @param peers all others
     * @param iceServers STUN and TURN servers
     */
    record Welcome(
            String peer,
            String session,
            long graceMillis,
            boolean resumed,
            long seq,
            Set<Right> rights,
            RoomView room,
            List<PeerView> peers,
            List<IceServer> iceServers)
            implements ServerSignal {}

    /** The peer must wait until an owner lets it in. {@link Welcome} follows, or {@link Left}. */
    record Waiting() implements ServerSignal {}

    /**
     * To owners: somebody knocks.
     *
     * @param peer its id, for {@link ClientSignal.Admit}
     * @param name its name
     * @param metadata what it says of itself
     */
    record Knock(String peer, String name, JsonNode metadata) implements ServerSignal {}

    /**
     * To owners: somebody does not knock any more; it went away, or was answered.
     *
     * @param peer its id
     */
    record KnockEnded(String peer) implements ServerSignal {}

    /**
     * Another peer has joined.
     *
     * @param peer who it is
     */
    record PeerJoined(PeerView peer) implements ServerSignal {}

    /**
     * Something about another peer, or one's own rights, is different.
     *
     * @param peer how it is now
     */
    record PeerUpdated(PeerView peer) implements ServerSignal {}

    /**
     * Another peer has left.
     *
     * @param peer its id
     * @param reason why
     */
    record PeerLeft(String peer, LeaveReason reason) implements ServerSignal {}

    /**
     * Something about the room is different.
     *
     * @param room how it is now
     */
    record RoomUpdated(RoomView room) implements ServerSignal {}

    /**
     * See {@link ClientSignal.Offer}.
     *
     * @param from who sent it; the server says so
     * @param sdp the description
     * @param generation which try of the two to connect it belongs to
     */
    record Offer(String from, String sdp, int generation) implements ServerSignal {}

    /**
     * See {@link ClientSignal.Answer}.
     *
     * @param from who sent it
     * @param sdp the description
     * @param generation that of the offer
     */
    record Answer(String from, String sdp, int generation) implements ServerSignal {}

    /**
     * See {@link ClientSignal.Candidate}.
     *
     * @param from who sent it
     * @param candidate the candidate
     * @param sdpMid the media section's identification
     * @param sdpMLineIndex the media section's place
     * @param usernameFragment which ICE session it belongs to
     * @param generation that of the description
     */
    record Candidate(
            String from,
            String candidate,
            @Nullable String sdpMid,
            @Nullable Integer sdpMLineIndex,
            @Nullable String usernameFragment,
            int generation)
            implements ServerSignal {}

    /**
     * See {@link ClientSignal.Restart}.
     *
     * @param from who asks
     */
    record Restart(String from) implements ServerSignal {}

    /**
     * A message of the application.
     *
     * @param from the peer that sent it; {@code null} for the server
     * @param data any JSON
     */
    record Message(@Nullable String from, JsonNode data) implements ServerSignal {}

    /**
     * Other STUN and TURN servers, or new credentials, to be used from now on ({@code RTCPeerConnection.setConfiguration}).
     *
     * @param iceServers the servers
     */
    record IceServersChanged(List<IceServer> iceServers) implements ServerSignal {}

    /**
     * Whether the peer is still there: to be answered with any message, such as {@code ack}. By event streams only, as WebSocket has
     * pings of its own.
     */
    record Ping() implements ServerSignal {}

    /**
     * The peer is not in the room any more, and need not try again.
     *
     * @param reason why
     * @param text for people; may be empty
     */
    record Left(LeaveReason reason, String text) implements ServerSignal {}

    /**
     * What the peer sent last, or what has the same {@code id}, was not done.
     *
     * @param code which kind of error, for programs
     * @param message what is wrong, for people
     */
    record Failure(String code, String message) implements ServerSignal {}
}
