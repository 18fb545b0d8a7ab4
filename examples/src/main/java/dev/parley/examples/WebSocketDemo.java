package dev.parley.examples;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Routes;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import dev.parley.websocket.MessageException;
import dev.parley.websocket.RateLimit;
import dev.parley.websocket.Reply;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import dev.parley.websocket.codec.CloseReason;
import dev.parley.websocket.codec.FrameListener.Frame;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Answers {@code new WebSocket("/api/login")}, and a chat: rooms that lose nothing when a connection is cut. */
final class WebSocketDemo {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int MAX_NAME_CHARS = 20;
    private static final int MAX_TEXT_CHARS = 200;

    private static final AttributeKey<String> ROOM = AttributeKey.valueOf(WebSocketDemo.class, "room");
    private static final AttributeKey<String> NAME = AttributeKey.valueOf(WebSocketDemo.class, "name");
    private static final AttributeKey<Topic> FRAMES = AttributeKey.valueOf(WebSocketDemo.class, "frames");

    /** What was said last, for who comes back: who missed more than eight messages hears of a gap. */
    private final Topics topics = Topics.builder()
            .history(History.last(8))
            .history(name -> name.startsWith("here/"), History.last(1))
            .history(name -> name.startsWith("frames/"), History.last(50))
            .maxTopics(3000)
            .maxSubscriptions(3000)
            .build();

    /** Who is in which room: the connections that have joined it, and their names. */
    private final Map<String, Map<WebSocketConnection, String>> rooms = new ConcurrentHashMap<>();

    record Login(String user, int age) {}

    record Welcome(String greeting, int age) {}

    record Join(String name) {}

    record Joined(long at) {}

    record Say(String text) {}

    record Said(String name, String text, long at) {}

    Routes routes() {
        // The document's page sends the age as a text, "23": a text that is a number is taken as one.
        WebSocketEndpoint login = WebSocketEndpoint.json()
                .on("login", Login.class, (connection, who) -> new Welcome("你好 Hello, " + who.user(), who.age()))
                .build();
        WebSocketEndpoint chat = WebSocketEndpoint.json()
                .onOpen(this::enter)
                .on("join", Join.class, this::join)
                .on("say", Say.class, this::say)
                .on("cut", WebSocketDemo::cut)
                .subscriptions(this::mayHear)
                .onClose((connection, reason) -> leave(connection))
                .onFrame(this::tell)
                .maxMessageBytes(4 * 1024)
                .rateLimit(new RateLimit(10, 10 * 1024))
                .keepAlive(Duration.ofSeconds(10)) // short, so that the frame log has pings to show
                .build();
        WebSocketEndpoint frames = WebSocketEndpoint.builder()
                .onOpen((connection, exchange) ->
                        connection.subscribe(topics.topic("frames/" + id(exchange, "connection")), From.oldest()))
                .build();
        return Routes.builder()
                .get("/api/login", login)
                .get("/api/rooms/{room}/{connection}", exchange -> {
                    id(exchange, "room");
                    id(exchange, "connection");
                    chat.handle(exchange);
                })
                .get("/api/frames/{connection}", exchange -> {
                    id(exchange, "connection");
                    frames.handle(exchange);
                })
                .build();
    }

    /** A page makes up the names of its room and of its connections, and may tell the room's to others. */
    private static String id(Exchange exchange, String what) {
        String id = exchange.path(what);
        if (!id.matches("[0-9a-f-]{36}")) {
            throw Problem.of(404, "there is no such " + what).asException();
        }
        return id;
    }

    // ---- the chat

    private void enter(WebSocketConnection connection, Exchange exchange) {
        connection.attribute(ROOM, id(exchange, "room"));
        connection.attribute(FRAMES, topics.topic("frames/" + id(exchange, "connection")));
    }

    private Joined join(WebSocketConnection connection, Join join) {
        String name = checked("name", join.name(), MAX_NAME_CHARS);
        connection.attribute(NAME, name);
        rooms.compute(room(connection), (room, before) -> {
            Map<WebSocketConnection, String> here = before == null ? new LinkedHashMap<>() : before;
            here.put(connection, name);
            return tellWhoIsHere(room, here);
        });
        // What was said up to now the page has missed; what comes behind it hears as it is said.
        return new Joined(System.currentTimeMillis());
    }

    private void leave(WebSocketConnection connection) {
        rooms.computeIfPresent(room(connection), (room, here) -> {
            boolean left = here.remove(connection) != null;
            return left ? tellWhoIsHere(room, here) : here;
        });
    }

    /** Publishes under the room's lock, so that the last list is the last word. A room that is empty is forgotten. */
    private @Nullable Map<WebSocketConnection, String> tellWhoIsHere(
            String room, Map<WebSocketConnection, String> here) {
        Collection<String> names = here.values();
        topics.topic("here/" + room).publish(JSON.writeValueAsString(names));
        return here.isEmpty() ? null : here;
    }

    private CompletionStage<Reply> say(WebSocketConnection connection, Say say) {
        // The name is the one that joined, whatever the message says.
        String name = connection
                .attribute(NAME)
                .orElseThrow(() -> new MessageException(MessageException.NOT_ALLOWED, "join first"));
        Said said = new Said(name, checked("text", say.text(), MAX_TEXT_CHARS), System.currentTimeMillis());
        return topics.topic("said/" + room(connection))
                .publish(JSON.writeValueAsString(said))
                .thenApply(position -> Reply.none());
    }

    /** What a page may subscribe to: two topics of the room that it has joined. A page that comes back tells its position. */
    private Optional<Subscription.Builder> mayHear(WebSocketConnection connection, String topic) {
        boolean may = connection.attribute(NAME).isPresent() && (topic.equals("said") || topic.equals("here"));
        return may
                ? Optional.of(Subscription.to(topics.topic(topic + "/" + room(connection)))
                        .from(From.oldest()))
                : Optional.empty();
    }

    private static Reply cut(WebSocketConnection connection) {
        connection.close(CloseReason.SERVICE_RESTART, "cut off, as you asked");
        return Reply.none();
    }

    /** To another WebSocket: on this one each frame that tells of a frame would be a frame to tell of. */
    private void tell(WebSocketConnection connection, Frame frame) {
        connection.attribute(FRAMES).ifPresent(frames -> frames.publish(JSON.writeValueAsString(frame)));
    }

    private static String room(WebSocketConnection connection) {
        return connection.attribute(ROOM).orElseThrow();
    }

    private static String checked(String what, String text, int maxChars) {
        if (text.isBlank() || text.length() > maxChars || text.chars().anyMatch(Character::isISOControl)) {
            throw new MessageException(
                    MessageException.INVALID_PAYLOAD,
                    "payload." + what + ": (expected: 1 to " + maxChars + " characters on one line)");
        }
        return text;
    }
}
