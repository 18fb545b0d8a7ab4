package dev.parley.signaling;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.websocket.MessageException;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import dev.parley.websocket.codec.CloseReason;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The signaling protocol of y-webrtc: clients subscribe to topics, and what one publishes goes to all that subscribed, itself included. A
 * topic is a room; what is published may be encrypted, so that nobody looks into it.
 */
final class YWebRtc implements Endpoint {
    static final String ROOMS = "y-webrtc/";

    private static final AttributeKey<Client> CLIENT = AttributeKey.valueOf(YWebRtc.class, "client");
    /** One page has one topic for each document that it shows. */
    private static final int MAX_TOPICS = 64;

    private static final Outgoing PONG = new Outgoing("{\"type\":\"pong\"}");
    /** Counts as any message. */
    private static final ClientSignal ASKED = new ClientSignal.Leave();

    private static final Dialect SILENT = new Dialect() {};

    private final Rooms rooms;
    private final Ticker ticker;
    private final Duration joinTimeout;
    private final WebSocketEndpoint webSockets;

    YWebRtc(Rooms rooms, Ticker ticker, Duration joinTimeout, WebSocketEndpoint.Builder webSockets) {
        this.joinTimeout = joinTimeout;
        this.rooms = rooms;
        this.ticker = ticker;
        this.webSockets = webSockets
                .onOpen((connection, exchange) -> connection.attribute(CLIENT, new Client(connection, exchange)))
                .onText((connection, text) -> client(connection).receive(text))
                .onClose((connection, reason) -> client(connection).closed())
                .build();
    }

    private static Client client(WebSocketConnection connection) {
        return connection.attribute(CLIENT).orElseThrow();
    }

    @Override
    public void handle(Exchange exchange) {
        webSockets.handle(exchange);
    }

    /** One connection, which is a peer in each room whose topic it subscribed to. */
    private final class Client {
        private final WebSocketConnection connection;
        private final Exchange exchange;
        private final @Nullable String token;
        private final Allowance asked;
        private final Link link;
        private final Map<String, Subscriber> subscribed = new ConcurrentHashMap<>();
        private final AtomicInteger undecided = new AtomicInteger();

        Client(WebSocketConnection connection, Exchange exchange) {
            this.connection = connection;
            this.exchange = exchange;
            token = exchange.query("token").orElse(null);
            asked = rooms.newAllowance();
            exchange.after(joinTimeout, this::expire);
            link = new ForeignLink(connection, signal -> Optional.empty());
        }

        void receive(String text) {
            try {
                JsonNode message = SignalFormat.tree(text);
                switch (message.path("type").stringValue("")) {
                    case "ping" -> link.send(PONG, 0, null);
                    case "subscribe" -> subscribe(message.path("topics"));
                    case "unsubscribe" -> message.path("topics").forEach(topic -> unsubscribe(topic.stringValue("")));
                    case "publish" -> publish((ObjectNode) message, text.length());
                    default -> throw new MessageException(MessageException.UNKNOWN_TYPE, "");
                }
            } catch (MessageException e) {
                rooms.refused();
                connection.close(CloseReason.POLICY, "not the protocol of y-webrtc"); // which has no words for it
            }
        }

        /** What it publishes next has to wait until it is decided who hears it. */
        private void subscribe(JsonNode topics) {
            undecided.incrementAndGet();
            connection.pauseReading();
            try {
                topics.forEach(topic -> subscribe(topic.stringValue("")));
            } finally {
                decided();
            }
        }

        private void decided() {
            if (undecided.decrementAndGet() == 0) {
                connection.resumeReading();
            }
        }

        private void subscribe(String topic) {
            if (topic.isEmpty() || subscribed.containsKey(topic)) {
                return; // as the original does
            }
            String room = SignalFormat.name("topic", ROOMS + topic);
            if (room.length() > SignalFormat.MAX_ROOM_CHARS
                    || subscribed.size() >= MAX_TOPICS
                    || !asked.takes(ASKED, rooms.now().toEpochMilli())) {
                throw new MessageException(MessageException.TOO_MANY, "");
            }
            ClientSignal.Join join = new ClientSignal.Join(room, "", JsonNodeFactory.instance.objectNode(), token);
            Subscriber subscriber = new Subscriber(this, topic, join);
            subscribed.put(topic, subscriber);
            undecided.incrementAndGet();
            subscriber.ask(exchange, ticker);
        }

        /** There are no words for it: it just hears nothing. */
        private void refuse(Subscriber subscriber) {
            rooms.refused();
            subscribed.remove(subscriber.topic, subscriber);
            decided();
        }

        /** Who has subscribed to nothing by now never will, and one whose topics are not decided on is not read. */
        private void expire() {
            if (subscribed.isEmpty() || undecided.get() > 0) {
                connection.close(CloseReason.POLICY, "in no room in time");
                connection.resumeReading(); // its close
            }
        }

        private void unsubscribe(String topic) {
            Subscriber subscriber = subscribed.remove(topic);
            if (subscriber != null) {
                subscriber.leave();
            }
        }

        private void publish(ObjectNode message, int length) {
            Subscriber subscriber = subscribed.get(message.path("topic").stringValue(""));
            Peer from = subscriber == null ? null : subscriber.peer;
            if (from != null) {
                from.room().execute(() -> publish(from, message, length));
            }
        }

        /** On the lane of the room. */
        private void publish(Peer from, ObjectNode message, int length) {
            ClientSignal kind = new ClientSignal.Message(null, message);
            if (!from.room().has(from) || !from.is(Right.MESSAGE) || length > rooms.maxSignalChars()) {
                rooms.refused();
            } else if (from.allowance().takes(kind, rooms.now().toEpochMilli())) {
                try {
                    from.inTurn(length, () -> publish(from, message));
                } catch (MessageException tooMuchWaits) {
                    rooms.refused();
                }
            } else {
                rooms.refused();
                if (from.allowance().isAbused()) {
                    connection.close(CloseReason.POLICY, "too many messages");
                }
            }
        }

        private static void publish(Peer from, ObjectNode message) {
            Room room = from.room();
            List<Peer> others = room.peers().stream().filter(to -> to != from).toList();
            from.ask(others, hearers -> {
                room.heard();
                Outgoing all =
                        new Outgoing(message.put("clients", room.peers().size()).toString());
                from.tell(all);
                room.peers().stream().filter(hearers::contains).forEach(to -> to.tell(all));
            });
        }

        void closed() {
            subscribed.values().forEach(Subscriber::leave);
        }
    }

    /** A connection in one room. */
    private final class Subscriber extends Entrance {
        private final Client client;
        private final String topic;
        private volatile @Nullable Peer peer;
        private volatile boolean left;

        Subscriber(Client client, String topic, ClientSignal.Join join) {
            super(rooms, join, client.link);
            this.client = client;
            this.topic = topic;
        }

        /** It has no session, so there is nobody to wait for. */
        void leave() {
            left = true;
            Peer as = peer;
            if (as != null) {
                as.room()
                        .execute(() -> as.lastTurn(() -> {
                            as.gone();
                            as.room().remove(as, LeaveReason.LEFT, "");
                        }));
            }
        }

        @Override
        Dialect newDialect(Room room) {
            return SILENT;
        }

        @Override
        RoomSettings settings(RoomSettings usual) {
            return usual.large();
        }

        @Override
        void entered(Peer as) {
            peer = as;
            if (left) {
                leave();
            }
            client.decided();
        }

        @Override
        void waits(Runnable givesUp) {
            givesUp.run();
            client.refuse(this);
        }

        @Override
        void refused(MessageException why) {
            client.refuse(this);
        }

        @Override
        void sendAway(LeaveReason reason, String text) {} // it does not wait
    }
}
