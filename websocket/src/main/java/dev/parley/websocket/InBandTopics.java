package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.topic.Draft;
import dev.parley.topic.From;
import dev.parley.topic.Position;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a client has subscribed to by messages of its own. The rules are called where listeners are; all else is confined to the
 * event loop.
 */
final class InBandTopics {
    /** A position of no topic: who tells something that can't be read has lost what nobody knows. */
    private static final Position UNKNOWN = new Position(0, 0);
    /** No position that a server of this library gives comes near to it. */
    private static final int MAX_POSITION_CHARS = 1024;
    /** What the client calls its topics is kept, so it is short. */
    private static final int MAX_NAME_CHARS = 256;

    private static final String OLDEST = "oldest";

    /** The payload of a message that subscribes. */
    record Subscribe(String topic, Optional<String> position) {}

    /** The payload of a message that ends a subscription. */
    record Unsubscribe(String topic) {}

    /** The payload of a message that publishes. */
    record Publish(String topic, Optional<String> event, Optional<String> data, Optional<String> base64) {}

    private final OpenConnection connection;
    private final JsonConversation conversation;
    private final int max;
    private final Map<String, InBandFeed> feeds = new HashMap<>(4);

    InBandTopics(OpenConnection connection, JsonConversation conversation, int max) {
        this.connection = connection;
        this.conversation = conversation;
        this.max = max;
    }

    // ---- where listeners are called

    void subscribe(
            @Nullable Object id,
            Subscribe wish,
            BiFunction<WebSocketConnection, String, Optional<Subscription.Builder>> rule) {
        Subscription.Builder subscription = allowed(rule, wish.topic());
        wish.position().ifPresent(position -> subscription.from(from(position)));
        String resumed = wish.position().filter(at -> !at.equals(OLDEST)).isPresent() ? "resumed" : "subscribed";
        connection.onLoop(() -> subscribe(id, wish.topic(), subscription, resumed));
    }

    private static From from(String position) {
        if (position.equals(OLDEST)) {
            return From.oldest();
        }
        List<Position> positions = position.length() > MAX_POSITION_CHARS ? List.of() : Position.parseAll(position);
        return From.since(positions.isEmpty() ? List.of(UNKNOWN) : positions);
    }

    void unsubscribe(@Nullable Object id, Unsubscribe wish) {
        connection.onLoop(() -> {
            InBandFeed feed = feeds.remove(wish.topic());
            if (feed == null) {
                refuse(id, MessageException.UNKNOWN_TOPIC, "payload.topic: not one of the subscriptions");
            } else {
                feed.leave(id);
            }
        });
    }

    CompletionStage<Reply> publish(Publish wish, BiFunction<WebSocketConnection, String, Optional<Topic>> rule) {
        Draft draft = draft(wish);
        Topic topic = allowed(rule, wish.topic());
        CompletionStage<Position> published;
        try {
            published = topic.publish(draft);
        } catch (IllegalArgumentException e) { // over a limit of the topics
            throw new MessageException(
                    MessageException.INVALID_PAYLOAD, "payload: can't be published: " + e.getMessage());
        }
        return published.thenApply(
                position -> Reply.of("published", Json.object("topic", wish.topic(), "position", position.toString())));
    }

    private static Draft draft(Publish wish) {
        if (wish.data().isPresent() == wish.base64().isPresent()) {
            throw new MessageException(
                    MessageException.INVALID_PAYLOAD,
                    wish.data().isPresent()
                            ? "payload.base64: there besides data (expected: one of them)"
                            : "payload.data: missing (expected: a text, or base64 in its place)");
        }
        Draft draft;
        try {
            draft = wish.data()
                    .map(data -> Draft.ofUtf8(data.getBytes(UTF_8)))
                    .orElseGet(() -> Draft.ofBytes(
                            Base64.getDecoder().decode(wish.base64().orElseThrow())));
        } catch (IllegalArgumentException e) {
            throw new MessageException(
                    MessageException.INVALID_PAYLOAD, "payload.base64: a text (expected: Base64, RFC 4648 section 4)");
        }
        try {
            return wish.event().map(draft::event).orElse(draft);
        } catch (IllegalArgumentException e) {
            throw new MessageException(MessageException.INVALID_PAYLOAD, "payload." + e.getMessage());
        }
    }

    private <T> T allowed(BiFunction<WebSocketConnection, String, Optional<T>> rule, String name) {
        if (name.isEmpty() || name.length() > MAX_NAME_CHARS) {
            throw new MessageException(
                    MessageException.UNKNOWN_TOPIC,
                    "payload.topic: " + name.length() + " characters (expected: 1 to " + MAX_NAME_CHARS + ")");
        }
        return rule.apply(connection, name)
                .orElseThrow(() -> new MessageException(
                        MessageException.NOT_ALLOWED,
                        "payload.topic: not allowed (expected: a topic of this client's)"));
    }

    // ---- on the event loop

    private void subscribe(@Nullable Object id, String name, Subscription.Builder subscription, String resumed) {
        if (feeds.containsKey(name)) {
            refuse(id, MessageException.ALREADY_SUBSCRIBED, "payload.topic: subscribed to already");
            return;
        }
        if (feeds.size() >= max) {
            refuse(id, MessageException.TOO_MANY, "payload.topic: one too many (expected: at most " + max + ")");
            return;
        }
        InBandFeed feed = new InBandFeed(this, connection, name, resumed, id);
        feeds.put(name, feed);
        try {
            connection.subscribe(subscription, feed);
        } catch (RuntimeException e) {
            feeds.remove(name);
            conversation.fail(id, e);
        }
    }

    private void refuse(@Nullable Object id, String code, String message) {
        conversation.fail(id, new MessageException(code, message));
    }

    /** A subscription is over. There may be another to the same topic by now. */
    void ended(String name, InBandFeed feed) {
        feeds.remove(name, feed);
    }
}
