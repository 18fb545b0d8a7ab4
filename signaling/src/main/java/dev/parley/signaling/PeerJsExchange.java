package dev.parley.signaling;

import dev.parley.websocket.MessageException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Passes the messages of PeerJS clients on, and keeps for a moment what is for one that is not there: as much from each as would be kept for a
 * peer. Beyond that, who asks for one that is not there is told so at once. All on the lane of its room.
 */
final class PeerJsExchange implements Dialect {
    /** How what clients say counts. */
    private static final ClientSignal DESCRIPTION = new ClientSignal.Restart("");

    private static final ClientSignal CANDIDATE = new ClientSignal.Candidate("", "", null, null, null, 0);
    private static final ClientSignal MESSAGE = new ClientSignal.Leave();

    /** As long as the original keeps it. */
    private static final Duration KEPT = Duration.ofSeconds(5);

    private static final int MAX_CONNECTION_CHARS = 128;

    private final Room room;
    /** In the order in which they began to wait, and so in the order in which they expire. */
    private final Map<Pair, Waiting> waiting = new LinkedHashMap<>();

    /** From how many something waits for each that is absent. */
    private final Map<String, Integer> absent = new HashMap<>();

    private final Map<Peer, Load> loads = new HashMap<>();
    private final Kept.Bounds bounds;

    private record Pair(Peer from, String to) {}

    /** What one has said to another one that is absent. It waits together, so that only one answer comes. */
    private record Waiting(Instant until, List<String> frames) {}

    /** What waits of one peer. */
    private record Load(int frames, int chars) {
        static final Load NONE = new Load(0, 0);

        Load plus(int moreFrames, int moreChars) {
            return new Load(frames + moreFrames, chars + moreChars);
        }
    }

    PeerJsExchange(Room room) {
        this.room = room;
        bounds = room.rooms().keptBounds();
    }

    // ---- what a client says

    void take(Peer from, String text) {
        try {
            JsonNode frame = SignalFormat.tree(text);
            switch (frame.path("type").stringValue("")) {
                case "HEARTBEAT" -> {} // that it is there is seen by pings
                case "LEAVE" -> leave(from, frame);
                case "OFFER", "ANSWER" -> pass(from, frame, DESCRIPTION);
                case "CANDIDATE" -> pass(from, frame, CANDIDATE);
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
            from.lastTurn(() -> room.remove(from, LeaveReason.LEFT, ""));
        } else if (isCounted(from, MESSAGE)) {
            String left = frame("LEAVE", from.id(), to);
            try {
                from.inTurn(left.length(), () -> leave(from, to, left));
            } catch (MessageException tooMuchWaits) {
                room.rooms().refused();
            }
        }
    }

    private void leave(Peer from, String to, String frame) {
        Peer peer = connected(to);
        if (peer != null) {
            from.ask(List.of(peer), hearers -> {
                if (hearers.contains(peer)) {
                    deliver(peer, frame);
                }
            });
        }
    }

    /** Counts what one says. Returns whether it is still here. */
    private boolean isCounted(Peer from, ClientSignal kind) {
        if (from.allowance().takes(kind, room.rooms().now().toEpochMilli())) {
            return true;
        }
        if (from.allowance().isAbused()) {
            room.remove(from, LeaveReason.EVICTED, "too many signals");
            return false;
        }
        throw new MessageException(MessageException.NOT_ALLOWED, "Too many messages");
    }

    private void pass(Peer from, JsonNode frame, ClientSignal kind) {
        if (!isCounted(from, kind)) {
            return;
        }
        String to = frame.path("dst").stringValue("");
        if (to.isEmpty() || to.length() > PeerJs.MAX_ID_CHARS) {
            throw new MessageException(MessageException.INVALID_PAYLOAD, "Message without a destination");
        }
        if (!from.is(Right.CALL)) {
            throw new MessageException(MessageException.NOT_ALLOWED, "Not allowed");
        }
        Optional<ObjectNode> payload = kind == CANDIDATE ? candidate(frame) : Optional.of(description(frame));
        if (payload.isEmpty()) {
            return;
        }
        ObjectNode passed = JsonNodeFactory.instance
                .objectNode()
                .put("type", frame.path("type").stringValue())
                .put("src", from.id())
                .put("dst", to);
        passed.set("payload", payload.get());
        String text = passed.toString();
        try {
            from.inTurn(text.length(), () -> pass(from, to, text, kind));
        } catch (MessageException tooMuchWaits) {
            deny(from, to, kind);
        }
    }

    private void pass(Peer from, String to, String frame, ClientSignal kind) {
        Peer peer = connected(to);
        if (peer == null) {
            room.heard();
            keep(new Pair(from, to), frame, kind);
            return;
        }
        from.ask(List.of(peer), hearers -> {
            if (connected(to) != peer) { // it has gone, or gone and come, while the policy took its time
                pass(from, to, frame, kind);
            } else if (hearers.contains(peer)) {
                deliver(peer, frame);
            } else {
                deny(from, to, kind);
            }
        });
    }

    private @Nullable Peer connected(String id) {
        Peer peer = room.get(id);
        return peer != null && peer.isConnected() ? peer : null;
    }

    private void deliver(Peer to, String frame) {
        room.heard();
        to.tell(new Outgoing(frame));
    }

    private void deny(Peer from, String to, ClientSignal kind) {
        if (kind != CANDIDATE) { // which follows what was answered
            room.rooms().refused();
            expire(from, to); // an error would cost the client its connection
        }
    }

    /** What the room's firewall leaves of an offer or answer. */
    private ObjectNode description(JsonNode frame) {
        JsonNode sdp = frame.path("payload").path("sdp").path("sdp");
        if (!sdp.isString() || frame.path("payload").has("candidate")) {
            throw new MessageException(MessageException.INVALID_PAYLOAD, "Description not understood");
        }
        ObjectNode payload = (ObjectNode) frame.path("payload");
        ObjectNode description = (ObjectNode) payload.path("sdp");
        String let = room.firewall().description(sdp.stringValue());
        description.put("sdp", "");
        if (payload.toString().length() > room.rooms().maxMessageBytes()) {
            throw new MessageException(Firewall.TOO_LARGE, "Too much beside the description");
        }
        description.put("sdp", let);
        return payload;
    }

    /** What the room's firewall leaves of a candidate; empty for nothing. */
    private Optional<ObjectNode> candidate(JsonNode frame) {
        JsonNode candidate = frame.path("payload").path("candidate");
        JsonNode text = candidate.path("candidate");
        if (!text.isString() || frame.path("payload").has("sdp")) {
            throw new MessageException(MessageException.INVALID_PAYLOAD, "Candidate not understood");
        }
        JsonNode index = candidate.path("sdpMLineIndex");
        JsonNode connection = frame.path("payload").path("connectionId");
        String mid = candidate.path("sdpMid").stringValue(null);
        Integer line = index.isIntegralNumber() && index.canConvertToInt() ? index.intValue() : null;
        String fragment = candidate.path("usernameFragment").stringValue(null);
        room.firewall().names(mid, line, fragment);
        if (connection.toString().length() > MAX_CONNECTION_CHARS) {
            throw new MessageException(MessageException.INVALID_PAYLOAD, "connectionId not understood");
        }
        // Nothing else goes with it.
        return room.firewall().candidate(text.stringValue()).map(let -> {
            ObjectNode payload = JsonNodeFactory.instance.objectNode();
            payload.putObject("candidate")
                    .put("candidate", let)
                    .put("sdpMid", mid)
                    .put("sdpMLineIndex", line)
                    .put("usernameFragment", fragment);
            payload.put(
                    "type", frame.path("payload").path("type").stringValue("").equals("media") ? "media" : "data");
            payload.set("connectionId", connection);
            return payload;
        });
    }

    // ---- who is absent

    private void keep(Pair pair, String frame, ClientSignal kind) {
        Load load = loads.getOrDefault(pair.from, Load.NONE).plus(1, frame.length());
        if (load.frames <= bounds.maxMessages() && load.chars <= bounds.maxBytes() && bounds.reserve(frame.length())) {
            loads.put(pair.from, load);
            waiting.computeIfAbsent(pair, this::begin).frames.add(frame);
        } else if (kind != CANDIDATE && !waiting.containsKey(pair)) { // those that wait are answered in time
            expire(pair.from, pair.to);
        }
    }

    private Waiting begin(Pair pair) {
        absent.merge(pair.to, 1, Integer::sum);
        return new Waiting(room.rooms().now().plus(KEPT), new ArrayList<>(4));
    }

    /** They wait no more. */
    private void release(Pair pair, List<String> frames) {
        absent.computeIfPresent(pair.to, (to, pairs) -> pairs == 1 ? null : pairs - 1);
        int chars = frames.stream().mapToInt(String::length).sum();
        bounds.release(chars);
        loads.computeIfPresent(
                pair.from, (peer, load) -> load.frames == frames.size() ? null : load.plus(-frames.size(), -chars));
    }

    @Override
    public void welcomed(Peer peer) {
        if (!absent.containsKey(peer.id())) {
            return;
        }
        for (Iterator<Map.Entry<Pair, Waiting>> all = waiting.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Pair, Waiting> entry = all.next();
            Peer from = entry.getKey().from;
            if (entry.getKey().to.equals(peer.id())) {
                all.remove();
                release(entry.getKey(), entry.getValue().frames);
                if (!room.has(from)) {
                    continue; // it does not wait for an answer
                }
                arrived(from, peer, entry.getValue().frames);
            }
        }
    }

    /** What waited for one that is here now. */
    private void arrived(Peer from, Peer to, List<String> frames) {
        int chars = frames.stream().mapToInt(String::length).sum();
        from.nextTurn(
                chars,
                () -> from.ask(List.of(to), hearers -> {
                    if (hearers.contains(to) && room.has(to)) {
                        frames.forEach(frame -> to.tell(new Outgoing(frame)));
                    } else {
                        expire(from, to.id());
                    }
                }));
    }

    @Override
    public void tick(Instant now) {
        for (Iterator<Map.Entry<Pair, Waiting>> all = waiting.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Pair, Waiting> entry = all.next();
            if (now.isBefore(entry.getValue().until)) {
                return; // and so are all that came later
            }
            all.remove();
            release(entry.getKey(), entry.getValue().frames);
            expire(entry.getKey().from, entry.getKey().to);
        }
    }

    @Override
    public void ended() {
        waiting.forEach((pair, messages) -> release(pair, messages.frames));
        waiting.clear();
    }

    /** Tells one that whom it asked for is not there; unless it is away itself. */
    private static void expire(Peer from, String to) {
        if (from.isConnected()) {
            from.tell(new Outgoing(frame("EXPIRE", to, from.id())));
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
