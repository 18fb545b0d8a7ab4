package dev.parley.signaling;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.signaling.ServerSignal.Failure;
import dev.parley.websocket.MessageException;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AttributeKey;
import java.security.Principal;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The protocol of the PeerJS server: {@code {"type":…,"src":…,"dst":…,"payload":…}} over a WebSocket, and ids by HTTP. All peers of one
 * key are in one room, where nobody is told of anybody. Better than the original in this: a client that comes back is told {@code OPEN}
 * again, and what waits for one that is absent is bounded.
 */
final class PeerJs implements Endpoint {
    static final String ROOMS = "peerjs/";

    private static final Logger LOG = LoggerFactory.getLogger(PeerJs.class);
    private static final AttributeKey<Conversation> CONVERSATION = AttributeKey.valueOf(PeerJs.class, "conversation");
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    /** What the client lets through. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*");

    static final int MAX_ID_CHARS = 128;
    private static final int MAX_TOKEN_CHARS = 128;
    private static final RoomSettings LARGE =
            RoomSettings.builder().maxPeers(10_000).build();

    private final Rooms rooms;
    private final Ticker ticker;
    private final WebSocketEndpoint webSockets;

    PeerJs(Rooms rooms, Ticker ticker, WebSocketEndpoint.Builder webSockets) {
        this.rooms = rooms;
        this.ticker = ticker;
        this.webSockets = webSockets
                .onOpen((connection, exchange) -> opened(connection, exchange))
                .onText((connection, text) -> conversation(connection).receive(text))
                .onClose((connection, reason) -> conversation(connection).closed())
                .build();
    }

    private static Conversation conversation(WebSocketConnection connection) {
        return connection.attribute(CONVERSATION).orElseThrow();
    }

    @Override
    public void handle(Exchange exchange) {
        String[] path = exchange.path("*").split("/", -1);
        boolean isKey = path.length == 2 && KEY.matcher(path[0]).matches();
        if (path.length == 1 && path[0].equals("peerjs")) {
            webSockets.handle(exchange);
        } else if (!exchange.method().equals(HttpMethod.GET)) {
            exchange.respond(Response.problem(Problem.of(405)).header("Allow", "GET"));
        } else if (path.length == 1 && path[0].isEmpty()) {
            exchange.respond(Response.json(
                    Map.of("name", "PeerJS Server", "description", "Parley's server for PeerJS clients.")));
        } else if (isKey && path[1].equals("id")) {
            exchange.respond(Response.text(UUID.randomUUID().toString()).header("Cache-Control", "no-store"));
        } else if (isKey && path[1].equals("peers")) {
            exchange.respond(Response.problem(Problem.of(401, "Who is here is nobody's business.")));
        } else {
            exchange.respond(Response.problem(Problem.of(404)));
        }
    }

    private void opened(WebSocketConnection connection, Exchange exchange) {
        Conversation conversation = new Conversation(connection);
        connection.attribute(CONVERSATION, conversation);
        conversation.begin(exchange);
    }

    /** What the server says by itself. */
    static Optional<String> words(ServerSignal signal) {
        if (signal instanceof ServerSignal.Welcome) {
            return Optional.of("{\"type\":\"OPEN\"}");
        }
        if (signal instanceof Failure failure) {
            return Optional.of(
                    switch (failure.code()) {
                        case "id_taken" -> said("ID-TAKEN", "ID is taken");
                        case MessageException.TOO_MANY, "room_full" ->
                            said("ERROR", "Server has reached its concurrent user limit");
                        default -> said("ERROR", failure.message());
                    });
        }
        return Optional.empty();
    }

    private static String said(String type, String message) {
        ObjectNode frame = JsonNodeFactory.instance.objectNode().put("type", type);
        frame.putObject("payload").put("msg", message);
        return frame.toString();
    }

    /** One connection of a client. */
    private final class Conversation implements Rooms.Entrance, Rooms.Return {
        private final Link link;
        private final WebSocketConnection connection;
        private ClientSignal.@Nullable Join join;
        private @Nullable Admission admission;
        private @Nullable Principal principal;
        private String token = "";
        private volatile @Nullable Peer peer;
        private volatile boolean ended;

        Conversation(WebSocketConnection connection) {
            this.connection = connection;
            link = new ForeignLink(connection, PeerJs::words);
        }

        void begin(Exchange exchange) {
            String key = exchange.query("key").orElse("");
            String id = exchange.query("id").orElse("");
            token = exchange.query("token").orElse("");
            if (key.isEmpty() || id.isEmpty() || token.isEmpty()) {
                end("No id, token, or key supplied to websocket server");
            } else if (!KEY.matcher(key).matches()) {
                end("Invalid key provided");
            } else if (id.length() > MAX_ID_CHARS || !ID.matcher(id).matches() || token.length() > MAX_TOKEN_CHARS) {
                end("Invalid id or token provided");
            } else {
                join = new ClientSignal.Join(ROOMS + key, id, JsonNodeFactory.instance.objectNode(), token);
                principal = exchange.principal().orElse(null);
                if (rooms.bySession(session()).isPresent()) {
                    rooms.comeBack(session(), this);
                } else {
                    ask(exchange);
                }
            }
        }

        private void ask(Exchange exchange) {
            CompletionStage<Admission> decision;
            try {
                decision = rooms.admission(new JoinRequest(exchange, join(), !rooms.exists(join().room())));
            } catch (RuntimeException | Error e) {
                LOG.error("a policy of rooms failed", e);
                end("The server failed");
                return;
            }
            decision.whenComplete((decided, failure) -> {
                if (decided == null) {
                    LOG.error("a policy of rooms failed", failure);
                    end("The server failed");
                } else if (decided.refusal() != null) {
                    end(decided.refusal());
                } else if (!rooms.reservePeer()) {
                    refused(MessageException.TOO_MANY, "");
                } else {
                    admission = decided.settings() == null ? decided.room(LARGE) : decided;
                    ticker.start(exchange.eventLoop());
                    rooms.enter(this);
                }
            });
        }

        private void end(String message) {
            connection.send(said("ERROR", message));
            connection.close();
        }

        // ---- on its way in

        @Override
        public ClientSignal.Join join() {
            return Objects.requireNonNull(join);
        }

        @Override
        public Admission admission() {
            return Objects.requireNonNull(admission);
        }

        @Override
        public Link link() {
            return link;
        }

        @Override
        public @Nullable Principal principal() {
            return principal;
        }

        @Override
        public @Nullable Object id() {
            return null;
        }

        @Override
        public String peerId() {
            return join().name();
        }

        /** As good a secret as the client's token is: {@code docs/signaling.md} says so. */
        @Override
        public String session() {
            return join().room() + ' ' + join().name() + ' ' + token;
        }

        @Override
        public Dialect newDialect(Room room) {
            return new PeerJsExchange(room);
        }

        @Override
        public long seen() {
            return 0;
        }

        @Override
        public void entered(Peer as) {
            peer = as;
            exchangeOf(as).deliver(as);
            if (ended) {
                as.room().execute(() -> as.room().lost(as, link));
            }
        }

        @Override
        public void waits(Runnable givesUp) {
            givesUp.run(); // it has no words for it
            end("Nobody can let you in");
        }

        @Override
        public void refuse(String code, String message) {
            rooms.releasePeer();
            refused(code, message);
        }

        private void refused(String code, String message) {
            rooms.refused();
            link.send(new Outgoing(new Failure(code, message)), 0, null);
            link.close(1000, "");
        }

        @Override
        public void refuse() {
            end("The session is over"); // in this very moment; the client tries again
        }

        @Override
        public void sendAway(LeaveReason reason, String text) {
            connection.close(Link.GONE, text);
        }

        // ---- in

        void receive(String text) {
            Peer from = peer;
            if (from != null) {
                from.room().execute(() -> {
                    if (from.link() == link) {
                        exchangeOf(from).take(from, text);
                    }
                });
            }
        }

        private static PeerJsExchange exchangeOf(Peer peer) {
            return (PeerJsExchange) peer.room().dialect();
        }

        void closed() {
            ended = true;
            Peer as = peer;
            if (as != null) {
                as.room().execute(() -> as.room().lost(as, link));
            }
        }
    }
}
