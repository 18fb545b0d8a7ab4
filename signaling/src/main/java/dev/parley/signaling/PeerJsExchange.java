package dev.parley.signaling;

import dev.parley.websocket.MessageException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Passes the messages of PeerJS clients on, and keeps for a moment what is for one that is not there. All on the lane of its room.
 */
final class PeerJsExchange implements Dialect {
    /** As long as the original keeps it. */
    private static final Duration KEPT = Duration.ofSeconds(5);
    /** For all that are absent. Beyond that, who asks for one is told at once that it is not there. */
    private static final int MAX_WAITING = 1_000;

    private static final int MAX_WAITING_CHARS = 1024 * 1024;

    private final Room room;
    /** In the order in which they came, and so in the order in which they expire. */
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    /** How many messages wait for each. */
    private final Map<String, Integer> absent = new HashMap<>();

    private int waitingChars;

    private record Waiting(String from, String to, String frame, Instant until) {}

    PeerJsExchange(Room room) {
        this.room = room;
    }

    // ---- what a client says

    void take(Peer from, String text) {
        try {
            JsonNode frame = SignalFormat.tree(text);
            switch (frame.path("type").stringValue("")) {
                case "HEARTBEAT" -> {} // that it is there is seen by pings
                case "LEAVE" -> leave(from, frame);
                case "OFFER", "ANSWER" -> count(from, new ClientSignal.Restart(""), frame);
                case "CANDIDATE" -> count(from, new ClientSignal.Candidate("", "", null, null, null, 0), frame);
                default -> throw new MessageException(MessageException.UNKNOWN_TYPE, "Message type unknown");
            }
        } catch (MessageException e) {
            room.rooms().refused();
            from.answer(new ServerSignal.Failure(e.code(), String.valueOf(e.getMessage())), null);
        }
    }

    private void leave(Peer from, JsonNode frame) {
        String to = frame.path("dst").stringValue("");
        if (to.isEmpty()) {
            room.remove(from, LeaveReason.LEFT, "");
            return;
        }
        Peer peer = room.get(to);
        if (peer != null && peer.isConnected() && room.rooms().maySignal(from, peer)) {
            peer.tell(new Outgoing(frame("LEAVE", from.id(), to)));
        }
    }

    private void count(Peer from, ClientSignal kind, JsonNode frame) {
        if (!from.allowance().takes(kind, room.rooms().now().toEpochMilli())) {
            if (from.allowance().isAbused()) {
                room.remove(from, LeaveReason.EVICTED, "too many signals");
                return;
            }
            throw new MessageException(MessageException.NOT_ALLOWED, "Too many messages");
        }
        if (!from.is(Right.CALL)) {
            throw new MessageException(MessageException.NOT_ALLOWED, "Not allowed");
        }
        pass(from, frame);
    }

    private void pass(Peer from, JsonNode frame) {
        String to = frame.path("dst").stringValue("");
        if (to.isEmpty() || to.length() > PeerJs.MAX_ID_CHARS) {
            throw new MessageException(MessageException.INVALID_PAYLOAD, "Message without a destination");
        }
        Optional<JsonNode> payload = let(frame.path("payload"));
        if (payload.isEmpty()) {
            return;
        }
        ObjectNode passed = JsonNodeFactory.instance.objectNode();
        passed.put("type", frame.path("type").stringValue())
                .put("src", from.id())
                .put("dst", to);
        passed.set("payload", payload.get());
        Peer peer = room.get(to);
        if (peer != null && !room.rooms().maySignal(from, peer)) {
            throw new MessageException(MessageException.NOT_ALLOWED, "Not allowed");
        }
        room.heard();
        if (peer != null && peer.isConnected()) {
            peer.tell(new Outgoing(passed.toString()));
        } else {
            keep(from, to, passed.toString());
        }
    }

    /** What the room's firewall leaves of a payload; empty for nothing. */
    private Optional<JsonNode> let(JsonNode payload) {
        Firewall firewall = room.firewall();
        JsonNode sdp = payload.path("sdp").path("sdp");
        JsonNode candidate = payload.path("candidate").path("candidate");
        if (sdp.isString()) {
            ((ObjectNode) payload.path("sdp")).put("sdp", firewall.description(sdp.stringValue()));
        } else if (candidate.isString()) {
            Optional<String> let = firewall.candidate(candidate.stringValue());
            let.ifPresent(text -> ((ObjectNode) payload.path("candidate")).put("candidate", text));
            return let.map(text -> payload);
        } else if (payload.has("sdp")
                || payload.path("candidate").isValueNode()
                        && !payload.path("candidate").isNull()) {
            throw new MessageException(MessageException.INVALID_PAYLOAD, "Payload not understood");
        }
        return Optional.of(payload);
    }

    // ---- who is absent

    private void keep(Peer from, String to, String frame) {
        if (waiting.size() >= MAX_WAITING || waitingChars + frame.length() > MAX_WAITING_CHARS) {
            from.tell(new Outgoing(frame("EXPIRE", to, from.id())));
            return;
        }
        waiting.add(new Waiting(from.id(), to, frame, room.rooms().now().plus(KEPT)));
        waitingChars += frame.length();
        absent.merge(to, 1, Integer::sum);
    }

    /** One that was absent is there. */
    void deliver(Peer peer) {
        if (!absent.containsKey(peer.id())) {
            return;
        }
        for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
            Waiting message = all.next();
            if (message.to.equals(peer.id())) {
                all.remove();
                forget(message);
                peer.tell(new Outgoing(message.frame));
            }
        }
    }

    private void forget(Waiting message) {
        waitingChars -= message.frame.length();
        absent.computeIfPresent(message.to, (to, count) -> count == 1 ? null : count - 1);
    }

    @Override
    public void tick(Instant now) {
        Set<String> told = new HashSet<>();
        for (Waiting message = waiting.peek();
                message != null && !now.isBefore(message.until);
                message = waiting.peek()) {
            waiting.remove();
            forget(message);
            Peer from = room.get(message.from);
            if (from != null && told.add(message.from + ' ' + message.to)) {
                from.tell(new Outgoing(frame("EXPIRE", message.to, message.from)));
            }
        }
    }

    private static String frame(String type, String from, String to) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", type)
                .put("src", from)
                .put("dst", to)
                .toString();
    }
}
