package dev.parley.sse;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers exchanges with event streams.
 *
 * <pre>{@code
 * SseEndpoint countdown = SseEndpoint.emitting(emitter -> {
 *     emitter.send(ServerSentEvent.of("3"));
 *     emitter.send(ServerSentEvent.builder().event("done").data("go").build());
 *     emitter.close();
 * });
 * }</pre>
 *
 * <p><b>Wire.</b> {@code 200} with {@code text/event-stream}
 * (<a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">HTML standard, 9.2</a>), not cached, not
 * buffered by proxies that can be told so, and without a length. It begins with a {@code retry}. A stream that is silent
 * gets a comment from time to time, so that nothing on the way takes it for dead. {@code HEAD} gets the head and opens no
 * stream.
 *
 * <p><b>Threading.</b> Immutable. The listener is called on the event loop of the connection and must not block.
 *
 * <p><b>Errors.</b> {@code 406} if the request's {@code Accept} excludes event streams. A listener that throws closes
 * its own stream, is logged once, and harms no other.
 */
public final class SseEndpoint implements Endpoint {
    /**
     * No {@code charset}: the format is UTF-8 and nothing else, clients ignore the parameter, and some compare the whole
     * value.
     */
    private static final Response RESPONSE_HEAD = Response.of(200)
            .header("Content-Type", "text/event-stream")
            .header("Cache-Control", "no-store")
            .header("X-Accel-Buffering", "no");

    private static final Response NOT_ACCEPTABLE =
            Response.problem(Problem.of(406, "this resource is an event stream: Accept must allow text/event-stream"));

    private final Consumer<SseEmitter> onOpen;
    private final Duration keepAlive;
    private final Duration retry;

    private SseEndpoint(Consumer<SseEmitter> onOpen, Duration keepAlive, Duration retry) {
        this.onOpen = onOpen;
        this.keepAlive = keepAlive;
        this.retry = retry;
    }

    /**
     * An endpoint whose streams the application sends on, with the settings that hold where nobody sets others.
     *
     * @param onOpen gets each stream that was opened
     * @return the endpoint
     */
    public static SseEndpoint emitting(Consumer<SseEmitter> onOpen) {
        return builder().onOpen(onOpen).build();
    }

    /**
     * Begins an endpoint whose streams the application sends on.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void handle(Exchange exchange) {
        if (!Accept.allowsEventStream(exchange.headers().getAll("Accept"))) {
            exchange.respond(NOT_ACCEPTABLE);
            return;
        }
        ResponseStream stream = exchange.stream(RESPONSE_HEAD);
        if (exchange.method().equals(HttpMethod.HEAD)) {
            return;
        }
        SseEmitter emitter = new SseEmitter(exchange, stream, retry, keepAlive);
        emitter.open();
        if (emitter.isOpen()) { // It is not where the client is gone, or the server drains: it has been told already.
            onOpen.accept(emitter);
        }
    }

    /**
     * Builds an endpoint for event streams.
     *
     * <p><b>Threading.</b> Not thread-safe.
     */
    public static final class Builder {
        private static final Duration LEAST_KEEP_ALIVE = Duration.ofSeconds(1);

        private @Nullable Consumer<SseEmitter> onOpen;
        // Proxies and balancers cut silent connections off after 30 s and more; the HTML standard suggests 15 s.
        private Duration keepAlive = Duration.ofSeconds(15);
        // What Chromium does by itself; said to all, so that all do the same.
        private Duration retry = Duration.ofSeconds(3);

        private Builder() {}

        /**
         * Sets what gets the streams.
         *
         * @param onOpen called once for each stream, on its event loop; it must not block
         * @return this builder
         */
        public Builder onOpen(Consumer<SseEmitter> onOpen) {
            this.onOpen = onOpen;
            return this;
        }

        /**
         * Sets the longest silence: before it is over, the client gets a comment. A stream on which something was sent
         * within the last half of it gets none. The default is 15 s.
         *
         * @param keepAlive at least 1 s
         * @return this builder
         */
        public Builder keepAlive(Duration keepAlive) {
            if (keepAlive.compareTo(LEAST_KEEP_ALIVE) < 0) {
                throw new IllegalArgumentException(
                        "keepAlive: " + keepAlive + " (expected: >= " + LEAST_KEEP_ALIVE + ")");
            }
            this.keepAlive = keepAlive;
            return this;
        }

        /**
         * Sets how long clients wait before they reconnect. The default is 3 s.
         *
         * @param retry 0 to 1 day, in whole milliseconds
         * @return this builder
         */
        public Builder retry(Duration retry) {
            if (retry.isNegative() || retry.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("retry: " + retry + " (expected: 0 to 1 day)");
            }
            this.retry = retry;
            return this;
        }

        /**
         * The endpoint.
         *
         * @return a new endpoint
         * @throws IllegalArgumentException if there is no {@link #onOpen}
         */
        public SseEndpoint build() {
            if (onOpen == null) {
                throw new IllegalArgumentException("onOpen: null (expected: what gets the streams)");
            }
            return new SseEndpoint(onOpen, keepAlive, retry);
        }
    }
}
