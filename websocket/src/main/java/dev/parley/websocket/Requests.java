package dev.parley.websocket;

import dev.parley.http.SendOutcome;
import dev.parley.http.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What the client was asked and has not answered yet. Confined to the event loop, except {@link #send} and {@link #answered}. */
final class Requests {
    /** What ids begin with, so that none of the client's is the same. */
    static final String PREFIX = "parley:";
    /** A client's code or message that is longer is cut off: nobody reads on. */
    private static final int MAX_CHARS = 1024;

    private final OpenConnection connection;
    private final int max;
    private final AtomicLong last = new AtomicLong();
    /** Requests from the call on until they are done. */
    private final AtomicInteger open = new AtomicInteger();

    private final Map<String, Request<?>> pending = new HashMap<>(4);

    Requests(OpenConnection connection, int max) {
        this.connection = connection;
        this.max = max;
    }

    /** Asks the client, from any thread. */
    <R> CompletionStage<R> send(String type, @Nullable Object payload, Class<R> reply, Duration deadline) {
        String id = PREFIX + last.incrementAndGet();
        byte[] message = Json.message(type, id, payload);
        if (open.incrementAndGet() > max) {
            open.decrementAndGet();
            return CompletableFuture.failedFuture(
                    new MessageException(MessageException.TOO_MANY, "open requests (expected: at most " + max + ")"));
        }
        Request<R> request = new Request<>(reply);
        connection.onLoop(() -> begin(id, request, deadline)); // first, so that no answer comes before
        SendOutcome outcome = connection.sendJson(message);
        if (outcome == SendOutcome.DROPPED || outcome == SendOutcome.CLOSED) {
            connection.onLoop(() -> fail(id, new IOException("not sent: " + outcome)));
        }
        return request.future;
    }

    /** The client has answered, perhaps to what nobody waits for any more. */
    void answered(String id, JsonNode message, Answer answer) {
        connection.onLoop(() -> {
            Request<?> request = remove(id);
            if (request != null) {
                request.answered(message, answer);
            }
        });
    }

    /** What kind of answer it is. */
    enum Answer {
        REPLY,
        ERROR
    }

    // ---- on the event loop

    private void begin(String id, Request<?> request, Duration deadline) {
        pending.put(id, request);
        if (connection.isOpen()) {
            request.timer = connection
                    .tunnel()
                    .after(deadline, () -> fail(id, new TimeoutException("no answer within " + deadline)));
        } else {
            fail(id, gone());
        }
    }

    /** The connection is over. */
    void closed() {
        for (String id : List.copyOf(pending.keySet())) {
            fail(id, gone());
        }
    }

    private static IOException gone() {
        return new IOException("the connection has ended");
    }

    private void fail(String id, Exception failure) {
        Request<?> request = remove(id);
        if (request != null) {
            request.future.completeExceptionally(failure);
        }
    }

    private @Nullable Request<?> remove(String id) {
        Request<?> request = pending.remove(id);
        if (request != null) {
            open.decrementAndGet();
            if (request.timer != null) {
                request.timer.cancel();
            }
        }
        return request;
    }

    /** One question. */
    private static final class Request<R> {
        private final Class<R> reply;
        private final CompletableFuture<R> future = new CompletableFuture<>();
        private @Nullable Timer timer;

        Request(Class<R> reply) {
            this.reply = reply;
        }

        void answered(JsonNode message, Answer answer) {
            if (answer == Answer.ERROR) {
                JsonNode payload = message.path("payload");
                future.completeExceptionally(new MessageException(
                        text(payload.path("code"), MessageException.FAILED), text(payload.path("message"), "")));
                return;
            }
            try {
                future.complete(Json.payload(message, reply));
            } catch (MessageException e) {
                future.completeExceptionally(e);
            }
        }

        private static String text(JsonNode node, String otherwise) {
            String text = node.isString() ? node.stringValue() : otherwise;
            return text.length() > MAX_CHARS ? text.substring(0, MAX_CHARS) : text;
        }
    }
}
