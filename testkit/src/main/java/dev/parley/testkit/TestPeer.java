package dev.parley.testkit;

import dev.parley.signaling.ServerSignal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A scripted peer in a signaling room, as a browser would be one: it says what the test says, and records what it is told.
 *
 * <pre>{@code
 * TestPeer ann = TestPeer.join(server, "/signal", "team", "Ann");
 * TestPeer bob = TestPeer.join(server, "/signal", "team", "Bob");
 * ann.send("offer", Map.of("to", bob.id(), "sdp", sdp));
 * assertThat(bob.signals()).containsExactly(new ServerSignal.Offer(ann.id(), sdp, 0));
 * assertThat(ann.present()).containsExactly("Bob");
 * }</pre>
 *
 * <p><b>Threading.</b> Not thread-safe: it belongs to the test's thread, as its server does.
 */
public final class TestPeer {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private static final Map<String, Class<?>> TYPES = types();

    private final TestServer server;
    private final String target;
    private final List<ServerSignal> signals = new ArrayList<>();
    private final Map<String, String> present = new LinkedHashMap<>();
    private TestWebSocket webSocket;
    private ServerSignal.@Nullable Welcome welcome;
    private long seen;
    private boolean acknowledges = true;

    private TestPeer(TestServer server, String target) {
        this.server = server;
        this.target = target;
        webSocket = server.webSocket(target);
    }

    private static Map<String, Class<?>> types() {
        Map<String, Class<?>> types = new LinkedHashMap<>();
        for (Class<?> type : ServerSignal.class.getPermittedSubclasses()) {
            String name = type.getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", "-");
            types.put(type == ServerSignal.Failure.class ? "error" : name.toLowerCase(Locale.ROOT), type);
        }
        return types;
    }

    /**
     * Opens a WebSocket and joins a room.
     *
     * @param server where
     * @param target the path of the signaling endpoint
     * @param room the room
     * @param name the peer's name
     * @return the peer: in the room, unless the endpoint said otherwise ({@link #signals})
     */
    public static TestPeer join(TestServer server, String target, String room, String name) {
        return connect(server, target).send("join", Map.of("room", room, "name", name));
    }

    /**
     * Opens a WebSocket, and says nothing yet.
     *
     * @param server where
     * @param target the path of the signaling endpoint
     * @return the peer
     */
    public static TestPeer connect(TestServer server, String target) {
        return new TestPeer(server, target);
    }

    /**
     * Says something.
     *
     * @param type the type of the message, such as {@code offer}
     * @param payload its payload, made JSON
     * @return this peer
     */
    public TestPeer send(String type, Object payload) {
        webSocket.sendJson(type, payload);
        return this;
    }

    /**
     * What it has been told since the last look, but for {@link ServerSignal.Welcome} and answers to messages with an id.
     *
     * @return the signals, in order
     */
    public List<ServerSignal> signals() {
        look();
        List<ServerSignal> taken = List.copyOf(signals);
        signals.clear();
        return taken;
    }

    /**
     * Who else is in the room, by what it has been told.
     *
     * @return their names, in the order in which they came
     */
    public List<String> present() {
        look();
        return List.copyOf(present.values());
    }

    /**
     * What it was welcomed with, the last time.
     *
     * @return the welcome
     * @throws AssertionError if it was not welcomed
     */
    public ServerSignal.Welcome welcome() {
        look();
        ServerSignal.Welcome said = welcome;
        if (said == null) {
            throw new AssertionError("not welcomed; told: " + signals);
        }
        return said;
    }

    /**
     * Its id.
     *
     * @return what other peers know it by
     * @throws AssertionError if it was not welcomed
     */
    public String id() {
        return welcome().peer();
    }

    /**
     * Says no more what has arrived, so that the server keeps it.
     *
     * @return this peer
     */
    public TestPeer ignoreAcks() {
        acknowledges = false;
        return this;
    }

    /** Loses the connection, without a close. What the server had sent is lost unless it was looked at. */
    public void cut() {
        webSocket.ignoreRest();
        webSocket.cut();
    }

    /**
     * Comes back on a new connection, with its session.
     *
     * @return this peer
     */
    public TestPeer resume() {
        String session = welcome().session();
        webSocket = server.webSocket(target);
        return send("resume", Map.of("session", session, "seen", seen));
    }

    /**
     * Its WebSocket, for what this class does not do.
     *
     * @return the last one that was opened
     */
    public TestWebSocket webSocket() {
        return webSocket;
    }

    private void look() {
        long before = seen;
        for (JsonNode message : webSocket.json(JsonNode.class)) {
            Optional.ofNullable(TYPES.get(message.path("type").stringValue("")))
                    .ifPresent(type -> hear((ServerSignal) JSON.treeToValue(message.path("payload"), type)));
            seen = message.path("seq").longValue(seen);
        }
        if (acknowledges && seen > before && webSocket.isOpen()) {
            send("ack", Map.of("seq", seen));
        }
    }

    private void hear(ServerSignal signal) {
        if (signal instanceof ServerSignal.Welcome said) {
            if (!said.resumed()) {
                present.clear();
                seen = said.seq();
            }
            said.peers().forEach(peer -> present.put(peer.id(), peer.name()));
            welcome = said;
            return;
        }
        if (signal instanceof ServerSignal.PeerJoined joined) {
            present.put(joined.peer().id(), joined.peer().name());
        } else if (signal instanceof ServerSignal.PeerUpdated updated) {
            present.replace(updated.peer().id(), updated.peer().name());
        } else if (signal instanceof ServerSignal.PeerLeft left) {
            present.remove(left.peer());
        }
        signals.add(signal);
    }

    /** For failure messages. */
    @Override
    public String toString() {
        return welcome == null ? "a peer that has not joined" : "peer " + welcome.peer();
    }
}
