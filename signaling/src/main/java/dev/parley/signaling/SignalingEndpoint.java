package dev.parley.signaling;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.StaticFiles;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.SseEndpoint;
import dev.parley.websocket.MessageException;
import dev.parley.websocket.RateLimit;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AttributeKey;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;

/**
 * Serves rooms in which browsers find each other: over WebSocket, and where that is blocked over an event stream and {@code POST}, on one
 * path.
 *
 * <pre>{@code
 * SignalingEndpoint call = SignalingEndpoint.builder()
 *         .policy(JoinTokens.hmac(secret))
 *         .iceServers(IceServers.stun("stun:stun.example").turn("turn:turn.example", TurnCredentials.rest(turnSecret)))
 *         .maxPeers(8)
 *         .build();
 * Routes routes = Routes.builder().any("/signal", call).build();
 * }</pre>
 *
 * <p>In the browser, {@code parley/signaling.js} of this library's resources speaks to it; {@code docs/signaling-protocol.md} has the protocol,
 * {@link ClientSignal} and {@link ServerSignal} its messages.
 *
 * <p><b>Limits</b> are the builder's. A message that is wrong, or too much, is answered with an error; who goes on is sent away.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class SignalingEndpoint implements Endpoint {
    private static final AttributeKey<Conversation> CONVERSATION =
            AttributeKey.valueOf(SignalingEndpoint.class, "conversation");
    private static final AttributeKey<String> FIRST = AttributeKey.valueOf(SignalingEndpoint.class, "first");
    private static final String SESSION = "Parley-Session";

    private final Rooms rooms;
    private final Ticker ticker;
    private final Duration joinTimeout;
    private final Duration keepAlive;
    private final int maxTextBytes;
    private final WebSocketEndpoint webSockets;
    private final SseEndpoint streams;
    private final PeerJs peerJs;
    private final YWebRtc yWebRtc;

    private SignalingEndpoint(Builder builder) {
        rooms = new Rooms(builder.settings());
        ticker = new Ticker(rooms);
        joinTimeout = builder.joinTimeout;
        keepAlive = builder.keepAlive;
        // JSON writes each line break of a description in four bytes for two, and other things may come with it.
        maxTextBytes = 4096 + 2 * Math.max(builder.maxSdpBytes, builder.maxMessageBytes);
        webSockets = webSockets(builder)
                .onOpen((connection, exchange) -> opened(connection, exchange))
                .onText((connection, text) -> conversation(connection).receive(text))
                .onClose((connection, reason) -> conversation(connection).closed())
                .build();
        peerJs = new PeerJs(rooms, ticker, joinTimeout, webSockets(builder));
        yWebRtc = new YWebRtc(rooms, ticker, joinTimeout, webSockets(builder));
        streams = SseEndpoint.builder()
                .onOpen(emitter -> opened(emitter))
                .keepAlive(builder.keepAlive)
                .build();
    }

    private WebSocketEndpoint.Builder webSockets(Builder builder) {
        return WebSocketEndpoint.builder()
                .maxMessageBytes(maxTextBytes)
                .rateLimit(builder.rate)
                .keepAlive(builder.keepAlive)
                .pongTimeout(builder.keepAlive)
                .noDeflate(); // sessions and credentials are sent beside what others choose
    }

    /**
     * Begins with what holds unless something else is set.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void handle(Exchange exchange) {
        if (!exchange.method().equals(HttpMethod.POST)) {
            webSockets.handle(exchange);
            return;
        }
        exchange.maxBodyBytes(maxTextBytes);
        Optional<String> session = exchange.header(SESSION);
        exchange.body().thenAccept(body -> {
            String text = new String(body.bytes(), StandardCharsets.UTF_8);
            if (session.isPresent()) {
                exchange.respond(said(session.get(), text));
            } else {
                exchange.attribute(FIRST, text);
                streams.handle(exchange);
            }
        });
    }

    /** A peer that hears by an event stream says something. What becomes of it, it hears there. */
    private Response said(String session, String text) {
        Optional<Peer> peer =
                rooms.bySession(session).filter(one -> one.room().dialect().announces());
        Link link = peer.map(Peer::link).orElse(null);
        if (link instanceof StreamLink stream) {
            stream.receive(text);
        } else if (peer.isPresent() && link == null && isLeave(text)) {
            // Its page is gone, and the stream with it, before it was heard that it leaves.
            peer.get().room().execute(() -> peer.get().room().remove(peer.get(), LeaveReason.LEFT, ""));
        } else {
            return Response.problem(Problem.of(404, "There is no event stream of this session now."));
        }
        return Response.noContent();
    }

    private static boolean isLeave(String text) {
        try {
            return SignalFormat.read(SignalFormat.tree(text)) instanceof ClientSignal.Leave;
        } catch (MessageException e) {
            return false;
        }
    }

    private void opened(WebSocketConnection connection, Exchange exchange) {
        WebSocketLink link = new WebSocketLink(connection);
        Conversation conversation = new Conversation(rooms, ticker, exchange, link);
        connection.attribute(CONVERSATION, conversation);
        exchange.after(joinTimeout, conversation::expire);
    }

    private void opened(SseEmitter emitter) {
        Exchange exchange = emitter.exchange();
        Conversation conversation = new StreamLink(rooms, ticker, exchange, emitter, keepAlive).conversation();
        emitter.onClose(reason -> conversation.closed());
        exchange.after(joinTimeout, conversation::expire);
        conversation.receive(exchange.attribute(FIRST).orElseThrow());
    }

    private static Conversation conversation(WebSocketConnection connection) {
        return connection.attribute(CONVERSATION).orElseThrow();
    }

    /**
     * The browser's side, for pages to import: {@code signaling.js}, an ES module without dependencies, and its types, {@code signaling.d.ts};
     * with {@code signaling.schema.json}, the messages of the protocol as a JSON Schema.
     *
     * <pre>{@code
     * routes.files("/parley", SignalingEndpoint.browserModule())
     *
     * import { join } from '/parley/signaling.js'
     * const room = await join('/signal', { room: 'team', name: 'Ann', media: { audio: true, video: true } })
     * room.addEventListener('peer', ({ peer }) => document.body.append(peer.video))
     * }</pre>
     *
     * @return the files, to be mounted where pages of the same origin find them
     */
    public static StaticFiles browserModule() {
        return StaticFiles.builder(SignalingEndpoint.class.getClassLoader(), "/META-INF/resources/parley")
                .mediaType("ts", "text/plain; charset=utf-8")
                .build();
    }

    // ---- other protocols

    /**
     * Serves clients of <a href="https://peerjs.com">PeerJS</a>, which need no change. All clients of one key are in the room {@code peerjs/KEY}, of up to
     * 10,000 unless the policy says otherwise; the policy is asked with the client's id as {@link JoinRequest#name} and its token as {@link JoinRequest#token},
     * which its own makes no secret worth the name: a {@linkplain JoinTokens token} that you give it, or a {@link dev.parley.http.Guard}, says who a client is. What waits for a client that is not there is bounded, and
     * expires after 5 seconds. To list clients is not possible.
     *
     * <pre>{@code
     * Routes.builder().any("/peerjs/*", call.peerJs())      // new Peer({ host, port, path: '/peerjs/' })
     * }</pre>
     *
     * @return what serves them, with the limits, the policy and the rooms of this endpoint; for a route that ends in a wildcard
     */
    public Endpoint peerJs() {
        return peerJs;
    }

    /**
     * Serves clients of <a href="https://github.com/yjs/y-webrtc">y-webrtc</a>, which need no change. Each topic is a room {@code y-webrtc/TOPIC}, of up to 10,000
     * subscribers unless the policy says otherwise; the policy is asked with {@code token} of the address as {@link JoinRequest#token}. What is published may be encrypted, so that candidates are not filtered here.
     *
     * <pre>{@code
     * Routes.builder().any("/y-webrtc", call.yWebRtc())     // new WebrtcProvider(topic, doc, { signaling: ['wss://example/y-webrtc'] })
     * }</pre>
     *
     * @return what serves them, with the limits, the policy and the rooms of this endpoint
     */
    public Endpoint yWebRtc() {
        return yWebRtc;
    }

    // ---- for the application

    /**
     * All rooms there are.
     *
     * @return a view, not to be changed, which may be read while rooms come and go
     */
    public Collection<Room> rooms() {
        return rooms.all();
    }

    /**
     * A room by its name.
     *
     * @param name its name
     * @return the room; empty if there is none
     */
    public Optional<Room> room(String name) {
        return rooms.room(name);
    }

    /**
     * What there is, and what was done.
     *
     * @return the numbers of this moment
     */
    public SignalingStatistics statistics() {
        return rooms.statistics();
    }

    /**
     * Builds an endpoint for rooms.
     *
     * <p><b>Threading.</b> Not thread-safe.
     */
    public static final class Builder {
        private RoomPolicy policy = RoomPolicy.open();
        private IceServers iceServers = IceServers.none();
        private RoomSettings room = RoomSettings.standard();
        private RoomListener listener = new RoomListener() {};
        private int maxRooms = 10_000;
        private int maxPeersInAll = 50_000;
        private Duration grace = Duration.ofSeconds(15);
        private Duration joinTimeout = Duration.ofSeconds(10);
        private Duration decisionTimeout = Duration.ofSeconds(5);
        private Duration keepAlive = Duration.ofSeconds(15);
        private int maxSdpBytes = 64 * 1024;
        private int maxCandidateBytes = 1024;
        private int maxMessageBytes = 16 * 1024;
        private int maxMetadataBytes = 4096;
        private int descriptionsPerMinute = 600;
        private int candidatesPerMinute = 6_000;
        private int messagesPerMinute = 1_200;
        private RateLimit rate = new RateLimit(200, 1024 * 1024);
        private int maxKeptMessages = 256;
        private int maxKeptBytes = 256 * 1024;
        private long maxKeptBytesInAll = Math.max(8L << 20, Runtime.getRuntime().maxMemory() / 16);
        private InstantSource clock = InstantSource.system();

        private Builder() {}

        /**
         * Sets who may join what: everybody may, unless this is set.
         *
         * @param policy decides
         * @return this builder
         */
        public Builder policy(RoomPolicy policy) {
            this.policy = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Sets the STUN and TURN servers that peers are told of: none unless set.
         *
         * @param servers the servers
         * @return this builder
         */
        public Builder iceServers(IceServers servers) {
            iceServers = Objects.requireNonNull(servers, "servers");
            return this;
        }

        /**
         * Sets how rooms are, unless the policy {@linkplain Admission#room says} otherwise for one.
         *
         * @param settings the settings
         * @return this builder
         */
        public Builder room(RoomSettings settings) {
            room = Objects.requireNonNull(settings, "settings");
            return this;
        }

        /**
         * Sets how many peers a room takes, and all else as it is unless set: short for {@link #room}.
         *
         * @param peers 1 to 10,000
         * @return this builder
         */
        public Builder maxPeers(int peers) {
            return room(RoomSettings.builder().maxPeers(peers).build());
        }

        /**
         * Sets what hears of rooms and peers: nothing unless set.
         *
         * @param listener the listener
         * @return this builder
         */
        public Builder listener(RoomListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Sets how many rooms there may be: 10,000 unless set. Who would create one more is told {@code too_many}.
         *
         * @param rooms 1 or more
         * @return this builder
         */
        public Builder maxRooms(int rooms) {
            maxRooms = Setting.between("maxRooms", rooms, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how many peers there may be in all rooms: 50,000 unless set. One more is told {@code too_many}.
         *
         * @param peers 1 or more
         * @return this builder
         */
        public Builder maxPeersInAll(int peers) {
            maxPeersInAll = Setting.between("maxPeersInAll", peers, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets for how long a peer whose connection broke is kept, and nobody is told: 15 seconds unless set. Then it has left, as {@link
         * LeaveReason#LOST}.
         *
         * @param grace 0 to an hour; 0 for not at all
         * @return this builder
         */
        public Builder grace(Duration grace) {
            if (grace.isNegative() || grace.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("grace: " + grace + " (expected: 0 to 1 h)");
            }
            this.grace = grace;
            return this;
        }

        /**
         * Sets how long a connection has until it is in a room, or knocks: 10 seconds unless set. Then it is closed with 1008.
         *
         * @param timeout more than 0
         * @return this builder
         */
        public Builder joinTimeout(Duration timeout) {
            joinTimeout = Setting.positive("joinTimeout", timeout);
            return this;
        }

        /**
         * Sets how long the policy may take to decide on a signal ({@link RoomPolicy#maySignal}): 5 seconds unless set. Whoever it has not decided on by then
         * does not hear it.
         *
         * @param timeout more than 0, up to 8 s: {@code signaling.js} takes a server that does not answer for 10 s for gone
         * @return this builder
         */
        public Builder decisionTimeout(Duration timeout) {
            if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(Duration.ofSeconds(8)) > 0) {
                throw new IllegalArgumentException(
                        "decisionTimeout: " + timeout + " (expected: more than 0, up to 8 s)");
            }
            decisionTimeout = timeout;
            return this;
        }

        /**
         * Sets how often a silent client is pinged, and how long it has to answer before its connection counts as broken: 15 seconds each
         * unless set.
         *
         * @param keepAlive as {@link WebSocketEndpoint.Builder#keepAlive}
         * @return this builder
         */
        public Builder keepAlive(Duration keepAlive) {
            this.keepAlive = Setting.positive("keepAlive", keepAlive);
            return this;
        }

        /**
         * Sets how long a description may be: 64 KiB unless set. A longer one is answered with {@code too_large}.
         *
         * @param bytes 1 KiB to 1 MiB
         * @return this builder
         */
        public Builder maxSdpBytes(int bytes) {
            maxSdpBytes = Setting.between("maxSdpBytes", bytes, 1024, 1024 * 1024);
            return this;
        }

        /**
         * Sets how long an ICE candidate may be: 1 KiB unless set. A longer one is answered with {@code too_large}.
         *
         * @param bytes 128 to 16 KiB
         * @return this builder
         */
        public Builder maxCandidateBytes(int bytes) {
            maxCandidateBytes = Setting.between("maxCandidateBytes", bytes, 128, 16 * 1024);
            return this;
        }

        /**
         * Sets how long a message of the application may be, with all that is around it: 16 KiB unless set. A longer one is answered with
         * {@code too_large}.
         *
         * @param bytes characters of JSON, 1 KiB to 1 MiB
         * @return this builder
         */
        public Builder maxMessageBytes(int bytes) {
            maxMessageBytes = Setting.between("maxMessageBytes", bytes, 1024, 1024 * 1024);
            return this;
        }

        /**
         * Sets how much the metadata of a peer or a room may be: 4 KiB unless set. More is answered with {@code too_large}.
         *
         * <p>It may have 256 values, however short they are.
         *
         * @param bytes characters of JSON, 2 to 64 KiB
         * @return this builder
         */
        public Builder maxMetadataBytes(int bytes) {
            maxMetadataBytes = Setting.between("maxMetadataBytes", bytes, 2, 64 * 1024);
            return this;
        }

        /**
         * Sets how many offers, answers and restarts a peer may send, to all others together: 600 a minute unless set. One more is answered
         * with {@code too_many}, and who doesn't stop then is sent away.
         *
         * @param perMinute 1 or more; all may come at once
         * @return this builder
         */
        public Builder maxDescriptions(int perMinute) {
            descriptionsPerMinute = Setting.between("maxDescriptions", perMinute, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how many candidates a peer may send, to all others together: 6,000 a minute unless set. See {@link #maxDescriptions}.
         *
         * @param perMinute 1 or more; all may come at once
         * @return this builder
         */
        public Builder maxCandidates(int perMinute) {
            candidatesPerMinute = Setting.between("maxCandidates", perMinute, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how many other messages a peer may send: 1,200 a minute unless set. See {@link #maxDescriptions}.
         *
         * @param perMinute 1 or more; all may come at once
         * @return this builder
         */
        public Builder maxMessages(int perMinute) {
            messagesPerMinute = Setting.between("maxMessages", perMinute, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how much one connection may send of anything: 200 messages and 1 MiB a second unless set. One that sends more is closed with 1008.
         *
         * @param rate the limit
         * @return this builder
         */
        public Builder rateLimit(RateLimit rate) {
            this.rate = Objects.requireNonNull(rate, "rate");
            return this;
        }

        /**
         * Sets how much is kept of what a peer may have missed, until it says that it has it: 256 messages and 256 KiB unless set. A peer that
         * missed more is told all anew when it comes back. As much of what a peer says may wait for the policy; more is told {@code too_many}.
         *
         * @param messages 0 or more
         * @param bytes characters of JSON, 0 or more
         * @return this builder
         */
        public Builder maxKept(int messages, int bytes) {
            maxKeptMessages = Setting.between("messages", messages, 0, Integer.MAX_VALUE);
            maxKeptBytes = Setting.between("bytes", bytes, 0, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how much is kept for all peers together: a sixteenth of the heap unless set, and at least 8 MiB. Beyond that a peer that breaks off is told
         * all anew when it comes back.
         *
         * @param bytes characters of JSON, 0 or more
         * @return this builder
         */
        public Builder maxKeptBytesInAll(long bytes) {
            maxKeptBytesInAll = Setting.atLeast("maxKeptBytesInAll", bytes, 0);
            return this;
        }

        /**
         * Sets the clock: the system's unless set.
         *
         * @param clock the clock
         * @return this builder
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Makes the endpoint.
         *
         * @return the endpoint
         */
        public SignalingEndpoint build() {
            return new SignalingEndpoint(this);
        }

        private Rooms.Settings settings() {
            return new Rooms.Settings(
                    policy,
                    iceServers,
                    room,
                    listener,
                    maxRooms,
                    maxPeersInAll,
                    decisionTimeout,
                    grace,
                    maxSdpBytes,
                    maxCandidateBytes,
                    maxMessageBytes,
                    maxMetadataBytes,
                    new Allowance.PerMinute(descriptionsPerMinute, candidatesPerMinute, messagesPerMinute),
                    maxKeptMessages,
                    maxKeptBytes,
                    maxKeptBytesInAll,
                    clock);
        }
    }
}
