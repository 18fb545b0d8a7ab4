package dev.parley.websocket;

import dev.parley.topic.TopicException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One connection's JSON messages: {@code {"type":…,"id":…,"payload":…}}. Whatever is wrong with one is answered, and closes
 * nothing.
 *
 * <p>Messages come one at a time, where listeners are called; stages may complete on any thread.
 */
final class JsonConversation {
    /** An id is kept until it is answered, so it is short. */
    private static final int MAX_ID_CHARS = 128;

    private static final int SHOWN_CHARS = 64;

    private final OpenConnection connection;
    private final JsonMessages messages;
    private final Requests requests;
    private final InBandTopics topics;
    /** Messages whose stage has not completed. */
    private final AtomicInteger awaited = new AtomicInteger();

    JsonConversation(OpenConnection connection, JsonMessages messages) {
        this.connection = connection;
        this.messages = messages;
        requests = new Requests(connection, messages.maxRequests());
        topics = new InBandTopics(connection, this, messages.maxSubscriptions());
    }

    Requests requests() {
        return requests;
    }

    InBandTopics topics() {
        return topics;
    }

    // ---- what comes

    /** Takes a message; throws nothing. */
    void receive(String text) {
        Object id = null;
        try {
            JsonNode message = Json.tree(text);
            if (!message.isObject()) {
                throw new MessageException(
                        MessageException.INVALID_JSON, "message: not taken (expected: a JSON object)");
            }
            String type = type(message);
            boolean answer = type.equals(Reply.TYPE) || type.equals(JsonMessages.ERROR);
            id = id(message, answer);
            if (answer) {
                answered(type, id, message);
            } else {
                messages.route(type).take(this, id, message);
            }
        } catch (Throwable t) {
            fail(id, t);
        }
    }

    private static String type(JsonNode message) {
        JsonNode type = message.path("type");
        if (!type.isString()) {
            throw new MessageException(
                    MessageException.INVALID_MESSAGE,
                    "type: " + (type.isMissingNode() ? "missing" : "no text") + " (expected: a text)");
        }
        return type.stringValue();
    }

    /** The id of a message, as it is to be sent back. */
    private static @Nullable Object id(JsonNode message, boolean answer) {
        JsonNode id = message.path("id");
        if (id.isMissingNode() || id.isNull()) {
            return null;
        }
        if (id.isIntegralNumber() && id.canConvertToLong()) {
            return id.longValue();
        }
        if (id.isString() && id.stringValue().length() <= MAX_ID_CHARS) {
            String text = id.stringValue();
            if (answer || !text.startsWith(Requests.PREFIX)) {
                return text;
            }
        }
        throw new MessageException(
                MessageException.INVALID_MESSAGE,
                "id: not taken (expected: a whole number of 64 bits, or a text of at most " + MAX_ID_CHARS
                        + " characters that does not begin with " + Requests.PREFIX + ")");
    }

    private void answered(String type, @Nullable Object id, JsonNode message) {
        // Others are of nobody's: an error is not answered with an error, or two programs might never stop.
        if (id instanceof String known) {
            requests.answered(known, message, type.equals(Reply.TYPE) ? Requests.Answer.REPLY : Requests.Answer.ERROR);
        }
    }

    // ---- what is answered

    /** Calls a listener, and answers with what it returns. */
    <T> void call(@Nullable Object id, BiFunction<? super WebSocketConnection, ? super T, ?> listener, T payload) {
        if (awaited.get() >= messages.maxRequests()) {
            throw new MessageException(
                    MessageException.TOO_MANY, "open requests (expected: at most " + messages.maxRequests() + ")");
        }
        Object returned = listener.apply(connection, payload);
        if (returned instanceof CompletionStage<?> stage) {
            awaited.incrementAndGet();
            stage.whenComplete((value, failure) -> {
                awaited.decrementAndGet();
                if (failure == null) {
                    answer(id, value);
                } else {
                    fail(id, failure);
                }
            });
        } else {
            answer(id, returned);
        }
    }

    private void answer(@Nullable Object id, @Nullable Object returned) {
        Reply reply = Reply.to(id, returned);
        if (reply.isNone()) {
            return;
        }
        byte[] message;
        try {
            message = reply.message(id);
        } catch (IllegalArgumentException e) {
            fail(id, e);
            return;
        }
        connection.sendJson(message);
    }

    /** Tells the client that its message failed; what happened, if that is no answer, is told to the application alone. */
    void fail(@Nullable Object id, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof MessageException told) {
            error(id, told.code(), String.valueOf(told.getMessage()));
        } else if (cause instanceof TopicException topic) {
            switch (topic.reason()) {
                case NAME -> error(id, MessageException.UNKNOWN_TOPIC, "there is no such topic");
                case FULL -> error(id, MessageException.TOO_MANY, "there is no room for more now");
                case CLOSED -> error(id, MessageException.FAILED, "the server stops");
            }
        } else {
            connection.listenerFailed(cause);
            error(id, MessageException.FAILED, "something failed");
        }
    }

    private void error(@Nullable Object id, String code, String message) {
        connection.sendJson(Json.message(JsonMessages.ERROR, id, Json.object("code", code, "message", message)));
    }

    /** Text of a client's, as it may be shown to it again. */
    static String shown(String text) {
        return text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) + "…" : text;
    }
}
