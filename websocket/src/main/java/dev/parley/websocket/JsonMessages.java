package dev.parley.websocket;

import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The JSON messages that an endpoint takes, by their types.
 *
 * @param routes by type
 * @param maxRequests how many may be open on a connection, in each direction
 * @param maxSubscriptions how many a client may ask for
 */
record JsonMessages(Map<String, Route> routes, int maxRequests, int maxSubscriptions) {
    static final String ERROR = "error";

    private static final String SUBSCRIBE = "subscribe";
    private static final String UNSUBSCRIBE = "unsubscribe";
    private static final String PUBLISH = "publish";
    /** What the protocol itself means by a client's message. */
    private static final Set<String> OWN = Set.of(Reply.TYPE, ERROR, SUBSCRIBE, UNSUBSCRIBE, PUBLISH);

    /** What takes messages of one type. */
    interface Route {
        void take(JsonConversation conversation, @Nullable Object id, JsonNode message);
    }

    Route route(String type) {
        Route route = routes.get(type);
        if (route == null) {
            throw new MessageException(
                    MessageException.UNKNOWN_TYPE,
                    "type: \"" + JsonConversation.shown(type) + "\" (expected: a type that is taken here)");
        }
        return route;
    }

    /** Collects them. Not thread-safe. */
    static final class Builder {
        private static final int MAX_REQUESTS = 64;
        private static final int MAX_SUBSCRIPTIONS = 16;

        private final Map<String, Route> routes = new HashMap<>();
        private int maxRequests = MAX_REQUESTS;
        private int maxSubscriptions = MAX_SUBSCRIPTIONS;

        <T> void on(String type, Class<T> payload, BiFunction<? super WebSocketConnection, ? super T, ?> listener) {
            add(type, route(payload, listener));
        }

        void on(String type, BiFunction<? super WebSocketConnection, JsonNode, ?> listener) {
            add(type, (conversation, id, message) -> conversation.call(id, listener, message));
        }

        <S> void on(Class<S> set, BiFunction<? super WebSocketConnection, ? super S, ?> listener) {
            if (!set.isSealed() || !set.isInterface()) {
                throw new IllegalArgumentException(
                        "set: " + set.getName() + " (expected: a sealed interface of records)");
            }
            for (Class<? extends S> message : records(set)) {
                add(name(message), route(message, listener));
            }
        }

        private static <T> Route route(
                Class<T> payload, BiFunction<? super WebSocketConnection, ? super T, ?> listener) {
            return (conversation, id, message) -> conversation.call(id, listener, Json.payload(message, payload));
        }

        private void add(String type, Route route) {
            if (type.isEmpty() || OWN.contains(type)) {
                throw new IllegalArgumentException(
                        "type: \"" + type + "\" (expected: not empty, and none of the protocol's own: " + OWN + ")");
            }
            own(type, route);
        }

        private void own(String type, Route route) {
            if (routes.putIfAbsent(type, route) != null) {
                throw new IllegalArgumentException("type: \"" + type + "\" twice (expected: one listener for each)");
            }
        }

        private static <S> List<Class<? extends S>> records(Class<S> set) {
            List<Class<? extends S>> records = new ArrayList<>();
            for (Class<?> permitted : set.getPermittedSubclasses()) {
                Class<? extends S> message = permitted.asSubclass(set);
                if (message.isRecord()) {
                    records.add(message);
                } else if (message.isSealed() && message.isInterface()) {
                    records.addAll(records(message));
                } else {
                    throw new IllegalArgumentException(
                            "set: " + message.getName() + " (expected: a record, or a sealed interface of records)");
                }
            }
            return records;
        }

        private static String name(Class<?> message) {
            JsonTypeName name = message.getAnnotation(JsonTypeName.class);
            String simple = message.getSimpleName();
            return name == null || name.value().isEmpty()
                    ? simple.substring(0, 1).toLowerCase(Locale.ROOT) + simple.substring(1)
                    : name.value();
        }

        void subscriptions(BiFunction<WebSocketConnection, String, Optional<Subscription.Builder>> rule) {
            own(
                    SUBSCRIBE,
                    (conversation, id, message) -> conversation
                            .topics()
                            .subscribe(id, Json.payload(message, InBandTopics.Subscribe.class), rule));
            own(
                    UNSUBSCRIBE,
                    (conversation, id, message) -> conversation
                            .topics()
                            .unsubscribe(id, Json.payload(message, InBandTopics.Unsubscribe.class)));
        }

        void publications(BiFunction<WebSocketConnection, String, Optional<Topic>> rule) {
            own(PUBLISH, (conversation, id, message) -> {
                InBandTopics.Publish wish = Json.payload(message, InBandTopics.Publish.class);
                conversation.call(
                        id, (connection, payload) -> conversation.topics().publish(payload, rule), wish);
            });
        }

        void maxRequests(int max) {
            maxRequests = max;
        }

        void maxSubscriptions(int max) {
            maxSubscriptions = max;
        }

        JsonMessages build() {
            return new JsonMessages(Map.copyOf(routes), maxRequests, maxSubscriptions);
        }
    }
}
