package dev.parley.signaling;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.websocket.MessageException;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import io.netty.util.AttributeKey;
import java.security.Principal;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The signaling protocol of y-webrtc: clients subscribe to topics, and what one publishes goes to all that subscribed, itself included. A
 * topic is a room; what is published may be encrypted, so that nobody looks into it.
 */
final class YWebRtc implements Endpoint {
    static final String ROOMS = "y-webrtc/";

    private static final Logger LOG = LoggerFactory.getLogger(YWebRtc.class);
    private static final AttributeKey<Conversation> CONVERSATION = AttributeKey.valueOf(YWebRtc.class, "conversation");
    /** One page has one topic for each document that it shows. */
    private static final int MAX_TOPICS = 64;

    private static final int POLICY_VIOLATION = 1008;
    private static final RoomSettings LARGE =
            RoomSettings.builder().maxPeers(10_000).build();
    private static final Dialect SILENT = new Dialect() {};

    private final Rooms rooms;
    private final Ticker ticker;
    private final WebSocketEndpoint webSockets;

    YWebRtc(Rooms rooms, Ticker ticker, WebSocketEndpoint.Builder webSockets) {
        this.rooms = rooms;
        this.ticker = ticker;
        this.webSockets = webSockets
                .onOpen((connection, exchange) ->
                        connection.attribute(CONVERSATION, new Conversation(connection, exchange)))
                .onText((connection, text) -> conversation(connection).receive(text))
                .onClose((connection, reason) -> conversation(connection).closed())
                .build();
    }

    private static Conversation conversation(WebSocketConnection connection) {
        return connection.attribute(CONVERSATION).orElseThrow();
    }

    @Override
    public void handle(Exchange exchange) {
        webSockets.handle(exchange);
    }

    /** One connection, which is a peer in each room whose topic it subscribed to. */
    private final class Conversation {
        private final WebSocketConnection connection;
        private final Exchange exchange;
        private final Link link;
        private final Map<String, Subscriber> subscribed = new ConcurrentHashMap<>();

        Conversation(WebSocketConnection connection, Exchange exchange) {
            this.connection = connection;
            this.exchange = exchange;
            link = new ForeignLink(connection, signal -> Optional.empty());
        }

        void receive(String text) {
            try {
                JsonNode message = SignalFormat.tree(text);
                switch (message.path("type").stringValue("")) {
                    case "ping" -> connection.send("{\"type\":\"pong\"}");
                    case "subscribe" -> message.path("topics").forEach(topic -> subscribe(topic.stringValue("")));
                    case "unsubscribe" -> message.path("topics").forEach(topic -> unsubscribe(topic.stringValue("")));
                    case "publish" -> publish((ObjectNode) message, text.length());
                    default -> throw new MessageException(MessageException.UNKNOWN_TYPE, "");
                }
            } catch (MessageException e) {
                rooms.refused();
                connection.close(POLICY_VIOLATION, "not the protocol of y-webrtc"); // which has no words for it
            }
        }

        private void subscribe(String topic) {
            String room = ROOMS + topic;
            if (topic.isEmpty() || topic.length() > SignalFormat.MAX_ROOM_CHARS || subscribed.size() >= MAX_TOPICS) {
                throw new MessageException(MessageException.TOO_MANY, "");
            }
            ClientSignal.Join join = new ClientSignal.Join(room, "", JsonNodeFactory.instance.objectNode(), null);
            Subscriber subscriber = new Subscriber(this, join);
            if (subscribed.putIfAbsent(topic, subscriber) == null) {
                ask(topic, subscriber);
            }
        }

        private void ask(String topic, Subscriber subscriber) {
            ClientSignal.Join join = subscriber.join;
            CompletionStage<Admission> decision;
            try {
                decision = rooms.admission(new JoinRequest(exchange, join, !rooms.exists(join.room())));
            } catch (RuntimeException | Error e) {
                LOG.error("a policy of rooms failed", e);
                subscribed.remove(topic);
                return;
            }
            decision.whenComplete((decided, failure) -> {
                if (decided == null) {
                    LOG.error("a policy of rooms failed", failure);
                    subscribed.remove(topic);
                } else if (decided.refusal() != null || !rooms.reservePeer()) {
                    rooms.refused();
                    subscribed.remove(topic);
                } else {
                    ticker.start(connection.eventLoop());
                    subscriber.admission = decided.settings() == null ? decided.room(LARGE) : decided;
                    rooms.enter(subscriber);
                }
            });
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
                from.room().heard();
                Outgoing all = new Outgoing(
                        message.put("clients", from.room().peers().size()).toString());
                from.room().peers().forEach(to -> {
                    if (to == from || rooms.maySignal(from, to)) {
                        to.tell(all);
                    }
                });
            } else {
                rooms.refused();
                if (from.allowance().isAbused()) {
                    connection.close(POLICY_VIOLATION, "too many messages");
                }
            }
        }

        private Rooms rooms() {
            return rooms;
        }

        void closed() {
            subscribed.values().forEach(Subscriber::leave);
        }
    }

    /** A connection in one room. */
    private static final class Subscriber implements Rooms.Entrance {
        private final Conversation conversation;
        private final ClientSignal.Join join;
        private volatile Admission admission = Admission.accept();
        private volatile @Nullable Peer peer;
        private volatile boolean left;

        Subscriber(Conversation conversation, ClientSignal.Join join) {
            this.conversation = conversation;
            this.join = join;
        }

        /** It has no session, so there is nobody to wait for. */
        void leave() {
            left = true;
            Peer as = peer;
            if (as != null) {
                as.room().execute(() -> {
                    as.gone();
                    as.room().remove(as, LeaveReason.LEFT, "");
                });
            }
        }

        @Override
        public ClientSignal.Join join() {
            return join;
        }

        @Override
        public Admission admission() {
            return admission;
        }

        @Override
        public Link link() {
            return conversation.link;
        }

        @Override
        public @Nullable Principal principal() {
            return conversation.connection.principal().orElse(null);
        }

        @Override
        public @Nullable Object id() {
            return null;
        }

        @Override
        public Dialect newDialect(Room room) {
            return SILENT;
        }

        @Override
        public void entered(Peer as) {
            peer = as;
            if (left) {
                leave();
            }
        }

        @Override
        public void waits(Runnable givesUp) {
            givesUp.run(); // it has no words for it
            conversation.unsubscribe(join.room().substring(ROOMS.length()));
        }

        @Override
        public void refuse(String code, String message) {
            conversation.rooms().releasePeer();
            conversation.rooms().refused();
            conversation.unsubscribe(join.room().substring(ROOMS.length()));
        }

        @Override
        public void sendAway(LeaveReason reason, String text) {
            conversation.unsubscribe(join.room().substring(ROOMS.length()));
        }
    }
}
