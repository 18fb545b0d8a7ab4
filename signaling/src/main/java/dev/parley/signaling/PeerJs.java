package dev.parley.signaling;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.signaling.ServerSignal.Failure;
import dev.parley.websocket.MessageException;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import dev.parley.websocket.codec.CloseReason;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AttributeKey;
import java.security.Principal;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The protocol of the PeerJS server: {@code {"type":…,"src":…,"dst":…,"payload":…}} over a WebSocket, and ids by HTTP. All peers of one
 * key are in one room, where nobody is told of anybody. Better than the original in this: a client that comes back is told {@code OPEN}
 * again, and what waits for one that is absent is bounded.
 */
final class PeerJs implements Endpoint {
    static final String ROOMS = "peerjs/";

    private static final AttributeKey<Client> CLIENT = AttributeKey.valueOf(PeerJs.class, "client");
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    /** What the client itself lets through. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*");

    /** As long as that of any peer. */
    static final int MAX_ID_CHARS = 64;

    private static final String FULL = "Server has reached its concurrent user limit";
    /** As long as one of {@link JoinTokens} may be. */
    private static final int MAX_TOKEN_CHARS = 4096;

    private final Rooms rooms;
    private final Ticker ticker;
    private final Duration joinTimeout;
    private final WebSocketEndpoint webSockets;

    PeerJs(Rooms rooms, Ticker ticker, Duration joinTimeout, WebSocketEndpoint.Builder webSockets) {
        this.joinTimeout = joinTimeout;
        this.rooms = rooms;
        this.ticker = ticker;
        this.webSockets = webSockets
                .onOpen((connection, exchange) -> opened(connection, exchange))
                .onText((connection, text) -> client(connection).receive(text))
                .onClose((connection, reason) -> client(connection).closed(reason))
                .build();
    }

    private static Client client(WebSocketConnection connection) {
        return connection.attribute(CLIENT).orElseThrow();
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
        Client client = new Client(connection, exchange);
        connection.attribute(CLIENT, client);
        client.begin();
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
                        case MessageException.TOO_MANY, "room_full" -> said("ERROR", FULL);
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
    private final class Client {
        private final Link link;
        private final WebSocketConnection connection;
        private final Exchange exchange;
        private final Optional<String> user;
        private volatile @Nullable Peer peer;
        private volatile boolean ended;

        Client(WebSocketConnection connection, Exchange exchange) {
            this.connection = connection;
            this.exchange = exchange;
            user = exchange.principal().map(Principal::getName);
            link = new ForeignLink(connection, PeerJs::words);
        }

        void begin() {
            String key = exchange.query("key").orElse("");
            String id = exchange.query("id").orElse("");
            String token = exchange.query("token").orElse("");
            if (key.isEmpty() || id.isEmpty() || token.isEmpty()) {
                end("No id, token, or key supplied to websocket server");
            } else if (!KEY.matcher(key).matches()) {
                end("Invalid key provided");
            } else if (id.length() > MAX_ID_CHARS || !ID.matcher(id).matches() || token.length() > MAX_TOKEN_CHARS) {
                end("Invalid id or token provided");
            } else {
                connection.pauseReading(); // clients send offers before they are told OPEN
                exchange.after(joinTimeout, this::expire);
                Entering entering = new Entering(
                        this, new ClientSignal.Join(ROOMS + key, id, JsonNodeFactory.instance.objectNode(), token));
                if (wasHere(entering.session())) {
                    comeBack(entering);
                } else {
                    entering.ask(exchange, ticker);
                }
            }
        }

        /** Whether it is here already, by another connection. Tokens are weak: where somebody knows who it is, that must be the same, too. */
        private boolean wasHere(String session) {
            return rooms.bySession(session)
                    .filter(before -> before.principal().map(Principal::getName).equals(user))
                    .isPresent();
        }

        private void comeBack(Entering entering) {
            Runnable gone = // it was here until this very moment
                    () -> connection.eventLoop().execute(() -> entering.ask(exchange, ticker));
            rooms.comeBack(entering.session(), new Rooms.Return(0, link, null, this::entered, gone));
        }

        private void entered(Peer as) {
            peer = as;
            connection.resumeReading();
            if (ended) {
                gone(as, null);
            }
        }

        private void expire() {
            if (peer == null && !ended) {
                end("The server did not decide in time");
            }
        }

        private void end(String message) {
            say(new Failure(MessageException.FAILED, message));
        }

        private void say(Failure failure) {
            rooms.refused();
            link.send(new Outgoing(failure), 0, null);
            link.close(CloseReason.NORMAL, "");
            connection.resumeReading(); // its close
        }

        /** Whether the client closed, as it does by itself or with its page: without a text. The server gives one. */
        private static boolean isOfAPage(CloseReason reason) {
            int code = reason.code();
            return reason.text().isEmpty()
                    && (code == CloseReason.NORMAL || code == CloseReason.GOING_AWAY || code == CloseReason.NO_STATUS);
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

        void closed(CloseReason reason) {
            ended = true;
            Peer as = peer;
            if (as != null) {
                gone(as, reason);
            }
        }

        /** A page that is left says so, and its id is free for the next one at once; who says nothing may come back. */
        private void gone(Peer as, @Nullable CloseReason reason) {
            boolean said = reason != null && isOfAPage(reason);
            as.room().execute(() -> {
                if (as.link() != link) {
                    return; // another connection has taken over
                }
                if (said) {
                    as.lastTurn(() -> {
                        if (as.link() == link) { // and no other connection has taken over meanwhile
                            as.room().remove(as, LeaveReason.LEFT, "");
                        }
                    });
                } else {
                    as.room().lost(as, link);
                }
            });
        }
    }

    /** A client on its way in. */
    private final class Entering extends Entrance {
        private final Client client;

        Entering(Client client, ClientSignal.Join join) {
            super(rooms, join, client.link);
            this.client = client;
        }

        @Override
        String peerId() {
            return join().name();
        }

        /** As good a secret as the client's token is: {@code docs/signaling.md} says so. */
        @Override
        String session() {
            return join().room() + ' ' + join().name() + '\n' + join().token();
        }

        @Override
        Dialect newDialect(Room room) {
            return new PeerJsExchange(room);
        }

        @Override
        RoomSettings settings(RoomSettings usual) {
            return usual.large();
        }

        @Override
        boolean isGone() {
            return client.ended;
        }

        @Override
        void entered(Peer as) {
            client.entered(as);
        }

        @Override
        void waits(Runnable givesUp) {
            givesUp.run(); // it has no words for it
            client.end("Nobody can let you in");
        }

        @Override
        void refused(MessageException why) {
            if (why.code().equals("id_taken") && client.wasHere(session())) { // it came twice at once
                client.comeBack(this);
            } else {
                client.say(new Failure(why.code(), String.valueOf(why.getMessage())));
            }
        }

        @Override
        void sendAway(LeaveReason reason, String text) {
            client.link.close(Link.GONE, text);
        }
    }
}
