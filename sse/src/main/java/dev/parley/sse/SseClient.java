package dev.parley.sse;

import dev.parley.sse.codec.ServerSentEvent;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.LongUnaryOperator;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears an event stream, and comes back to it for as long as there is one: {@code EventSource} for Java.
 *
 * <pre>{@code
 * try (SseClient client = SseClient.builder(URI.create("http://localhost:8080/api/news"))
 *         .onEvent(event -> index.add(event))
 *         .build()
 *         .start()) {
 *     …
 * }
 * }</pre>
 *
 * <p><b>Wire.</b> HTTP/1.1, in clear text or over TLS, one connection for each attempt. {@code text/event-stream} by the
 * <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">HTML standard, 9.2</a>. The last event id is
 * kept from one stream to the next and sent as {@code Last-Event-ID}. Redirects 301, 302, 303, 307 and 308 are followed,
 * at most 10 in a row and never from {@code https} to {@code http}; what {@code Authorization}, {@code Cookie} and
 * {@code Proxy-Authorization} say is not told to another origin. Each attempt begins at the first URI.
 *
 * <p><b>States.</b> Built, then {@link #start started} once. An attempt may bring a stream, which is then open; it ends
 * with a {@link SseEnd}. Unless the reason is {@linkplain SseEnd.Reason#isFinal final}, the next attempt begins after a
 * delay: the reconnection time (the server's last {@code retry}, else {@link Builder#retry}), and a random part of 0 up
 * to that time, doubled with each attempt in a row that failed, but at most {@link Builder#maxRetry}. The row ends with
 * each event, and with each stream that ended properly: the random part is small again. Where a 429 or 503 has a
 * {@code Retry-After}, that time (at most an hour) is added.
 *
 * <p><b>Threading.</b> Thread-safe. Callbacks run on one event loop, one after the other, in the order of what they
 * tell, and must not block. From {@link #close} on none is called but {@code onClose}, which is called once.
 *
 * <p><b>Backpressure.</b> A listener that returns a stage ({@link Builder#onEventAsync}) gets the next event when that is
 * complete. Until then nothing more is parsed, nor read from the socket beyond one read (64 KiB at most), and the
 * connection is not taken for silent. If it is lost meanwhile, what was read is heard first.
 *
 * <p><b>Errors.</b> A callback that throws, or whose stage fails, stops the client with
 * {@link SseEnd.Reason#LISTENER_FAILED}, and is logged once; {@link #lastEventId} is still the id before that event, from
 * where a new client can resume. So a final reason is told to {@code onClose} and {@link #closed}, and every other one to
 * {@code onDisconnect}.
 *
 * <p><b>Limits.</b> {@link Builder#maxEventBytes} and {@link Builder#maxHeadBytes}.
 */
public final class SseClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SseClient.class);

    /** How long {@link #close} waits for a callback that is running. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final EventLoop loop;
    private final Reconnector reconnector;
    private final AtomicBoolean started = new AtomicBoolean();

    private SseClient(EventLoop loop, Reconnector reconnector) {
        this.loop = loop;
        this.reconnector = reconnector;
    }

    /**
     * Begins a client.
     *
     * @param uri where the stream is: {@code http} or {@code https}, with a host and without a user. Its query is sent,
     *     its fragment is not
     * @return a new builder
     * @throws IllegalArgumentException if the URI is none of these
     */
    public static Builder builder(URI uri) {
        return new Builder(Target.of(uri));
    }

    /**
     * Begins the first attempt, and returns at once.
     *
     * @return this client
     * @throws IllegalStateException if it was started or closed before
     */
    public SseClient start() {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("start: this client was started or closed before (expected: a new one)");
        }
        reconnector.start();
        return this;
    }

    /**
     * Whether there is a stream now.
     *
     * @return {@code true} from {@code onOpen} to {@code onDisconnect} or {@code onClose}
     */
    public boolean isOpen() {
        return reconnector.isOpen();
    }

    /**
     * The id to resume from: that of the last event which the listener is done with, or of a block behind it that had an
     * id and no data. So within a callback it is the id before.
     *
     * @return the id; empty where there is none
     */
    public String lastEventId() {
        return reconnector.lastEventId();
    }

    /**
     * The end of the client, however it comes.
     *
     * @return completes with the reason, on the event loop, after {@code onClose} was called
     */
    public CompletionStage<SseEnd> closed() {
        return reconnector.closed();
    }

    /**
     * Stops for good: cuts the connection, and waits until no callback runs any more, unless it is called by one. Does
     * nothing if the client has stopped.
     */
    @Override
    public void close() {
        started.set(true);
        reconnector.close();
        if (loop.inEventLoop()) {
            return;
        }
        try {
            reconnector.closed().toCompletableFuture().get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("a callback blocks the client's event loop for more than {}", CLOSE_TIMEOUT, e);
        }
    }

    /**
     * Builds a {@link SseClient}. Each callback replaces the one before.
     *
     * <p><b>Threading.</b> Not thread-safe.
     */
    public static final class Builder {
        private static final Duration MAX_TIME = Duration.ofDays(1);

        private final Target target;
        private @Nullable Function<ServerSentEvent, CompletionStage<?>> onEvent;
        private Consumer<HttpHeaders> onOpen = headers -> {};
        private Consumer<String> onComment = comment -> {};
        private BiConsumer<SseEnd, Duration> onDisconnect = (end, delay) -> {};
        private Consumer<SseEnd> onClose = end -> {};
        private IntFunction<CompletionStage<SseRequest>> requests =
                attempt -> CompletableFuture.completedFuture(SseRequest.get());
        private @Nullable Bootstrap bootstrap;
        private @Nullable SslContext sslContext;
        private String lastEventId = "";
        // What Chromium does.
        private Duration retry = Duration.ofSeconds(3);
        private Duration maxRetry = Duration.ofMinutes(1);
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration responseTimeout = Duration.ofSeconds(30);
        // Three of the heartbeats that the HTML standard suggests.
        private Duration idleTimeout = Duration.ofSeconds(45);
        private int maxEventBytes = 1024 * 1024;
        private int maxHeadBytes = 16 * 1024;
        private LongUnaryOperator random = most -> ThreadLocalRandom.current().nextLong(most + 1);

        private Builder(Target target) {
            this.target = target;
        }

        /**
         * Sets what gets the events.
         *
         * @param listener called with each event; it has its own id, if it came with one, and no retry and comment
         * @return this builder
         */
        public Builder onEvent(Consumer<ServerSentEvent> listener) {
            return onEventAsync(event -> {
                listener.accept(event);
                return SseConnection.READY;
            });
        }

        /**
         * Sets what gets the events, at its own pace.
         *
         * @param listener called with each event; what it returns completes when the next may come, on any thread
         * @return this builder
         */
        public Builder onEventAsync(Function<ServerSentEvent, CompletionStage<?>> listener) {
            this.onEvent = listener;
            return this;
        }

        /**
         * Sets what is called when a stream is open.
         *
         * @param listener gets the headers of the response, whose status is 200
         * @return this builder
         */
        public Builder onOpen(Consumer<HttpHeaders> listener) {
            this.onOpen = listener;
            return this;
        }

        /**
         * Sets what gets the comments.
         *
         * @param listener gets the text behind the colon and one space
         * @return this builder
         */
        public Builder onComment(Consumer<String> listener) {
            this.onComment = listener;
            return this;
        }

        /**
         * Sets what is called when an attempt is over and another one follows, whether there was a stream or not.
         *
         * @param listener gets the reason, which is not final, and the delay before the next attempt
         * @return this builder
         */
        public Builder onDisconnect(BiConsumer<SseEnd, Duration> listener) {
            this.onDisconnect = listener;
            return this;
        }

        /**
         * Sets what is called when the client stops.
         *
         * @param listener called once, with the reason, which is final
         * @return this builder
         */
        public Builder onClose(Consumer<SseEnd> listener) {
            this.onClose = listener;
            return this;
        }

        /**
         * Sets what makes the request of each attempt, such as with a token that is renewed. The default is
         * {@link SseRequest#get}. If it throws, the attempt has failed with {@link SseEnd.Reason#NO_REQUEST}.
         *
         * @param requests called with the number of the attempt, from 1 on, once for each; a redirect is none
         * @return this builder
         */
        public Builder request(IntFunction<SseRequest> requests) {
            return requestAsync(attempt -> CompletableFuture.completedFuture(requests.apply(attempt)));
        }

        /**
         * Sets what makes the request of each attempt, for one that has to wait for something. If the stage fails, or
         * takes longer than {@link #responseTimeout}, the attempt has failed with {@link SseEnd.Reason#NO_REQUEST}.
         *
         * @param requests called with the number of the attempt, from 1 on, once for each; a redirect is none. What it
         *     returns may be completed on any thread
         * @return this builder
         */
        public Builder requestAsync(IntFunction<CompletionStage<SseRequest>> requests) {
            this.requests = requests;
            return this;
        }

        /**
         * Sets where to resume from, such as an id that was kept from the last run.
         *
         * @param lastEventId without CR, LF and NUL; empty for none
         * @return this builder
         */
        public Builder lastEventId(String lastEventId) {
            if (lastEventId.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
                throw new IllegalArgumentException("lastEventId: (expected: no CR, LF or NUL)");
            }
            this.lastEventId = lastEventId;
            return this;
        }

        /**
         * Sets the reconnection time that holds until the server says another. The default is 3 s.
         *
         * @param retry 0 to 1 day
         * @return this builder
         */
        public Builder retry(Duration retry) {
            this.retry = between(Duration.ZERO, "retry", retry);
            return this;
        }

        /**
         * Sets the most that is added to the reconnection time, however often it failed. The default is 1 min.
         *
         * @param maxRetry 0 to 1 day
         * @return this builder
         */
        public Builder maxRetry(Duration maxRetry) {
            this.maxRetry = between(Duration.ZERO, "maxRetry", maxRetry);
            return this;
        }

        /**
         * Sets how long the TCP connection may take, and as long again the TLS handshake. The default is 10 s.
         *
         * @param connectTimeout 1 ms to 1 day
         * @return this builder
         */
        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = between(Duration.ofMillis(1), "connectTimeout", connectTimeout);
            return this;
        }

        /**
         * Sets how long the head of the response may take. The default is 30 s.
         *
         * @param responseTimeout 1 ms to 1 day
         * @return this builder
         */
        public Builder responseTimeout(Duration responseTimeout) {
            this.responseTimeout = between(Duration.ofMillis(1), "responseTimeout", responseTimeout);
            return this;
        }

        /**
         * Sets how long an open stream may be silent, without even a comment, before it is given up. It should be longer
         * than the server's time between heartbeats. The default is 45 s.
         *
         * @param idleTimeout 0 to 1 day; 0 for any silence, if connections never die without a sign
         * @return this builder
         */
        public Builder idleTimeout(Duration idleTimeout) {
            this.idleTimeout = between(Duration.ZERO, "idleTimeout", idleTimeout);
            return this;
        }

        /**
         * Sets the largest event: the bytes of its lines, without line ends. A larger one stops the client with
         * {@link SseEnd.Reason#TOO_LONG}, since a resume would bring it again. The default is 1 MiB.
         *
         * @param maxEventBytes at least 1; holds for a single line, too, comments included
         * @return this builder
         */
        public Builder maxEventBytes(int maxEventBytes) {
            this.maxEventBytes = atLeastOne("maxEventBytes", maxEventBytes);
            return this;
        }

        /**
         * Sets the largest status line, and the largest header section of a response. A larger one counts as a connection
         * that was lost. The default is 16 KiB.
         *
         * @param maxHeadBytes at least 1
         * @return this builder
         */
        public Builder maxHeadBytes(int maxHeadBytes) {
            this.maxHeadBytes = atLeastOne("maxHeadBytes", maxHeadBytes);
            return this;
        }

        /**
         * Sets whom to trust, and with what certificate to appear. The default trusts what the JDK does. The server's name
         * is always checked.
         *
         * @param sslContext for a client, without {@code h2} in its ALPN
         * @return this builder
         */
        public Builder sslContext(SslContext sslContext) {
            if (!sslContext.isClient()) {
                throw new IllegalArgumentException("sslContext: for a server (expected: for a client)");
            }
            if (sslContext.applicationProtocolNegotiator().protocols().contains("h2")) {
                throw new IllegalArgumentException("sslContext: offers h2 (expected: HTTP/1.1 only)");
            }
            this.sslContext = sslContext;
            return this;
        }

        /**
         * Sets how to connect: the event loops, the kind of channel, the name resolver, socket options. The client takes one
         * of the event loops, and does not stop it. Without this, it has a daemon thread of its own, which it stops; that
         * one resolves names as the JDK does, blocking, and holds no one up but this client.
         *
         * @param bootstrap with a group and a channel; it is copied
         * @return this builder
         */
        public Builder bootstrap(Bootstrap bootstrap) {
            if (bootstrap.config().group() == null) {
                throw new IllegalArgumentException("bootstrap: without a group (expected: event loops)");
            }
            this.bootstrap = bootstrap.clone();
            return this;
        }

        /** What tests put in place of chance: gives 0 up to its argument. */
        Builder random(LongUnaryOperator random) {
            this.random = random;
            return this;
        }

        /**
         * The client, which is to be {@linkplain SseClient#close closed}, also if it is never started.
         *
         * @return a new client
         * @throws IllegalArgumentException if there is neither {@link #onEvent} nor {@link #onEventAsync}
         */
        public SseClient build() {
            if (onEvent == null) {
                throw new IllegalArgumentException("onEvent: null (expected: what gets the events)");
            }
            Bootstrap given = bootstrap;
            Bootstrap connecting = given == null ? ownBootstrap() : given.clone();
            EventLoop loop = connecting.config().group().next();
            connecting
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(connectTimeout.toMillis()));
            Reconnector reconnector = new Reconnector(
                    target,
                    lastEventId,
                    loop,
                    new Reconnector.Transport(
                            connecting,
                            sslContext == null ? DefaultTls.CONTEXT : sslContext,
                            connectTimeout,
                            maxHeadBytes,
                            requests),
                    new SseConnection.Limits(responseTimeout, idleTimeout, maxEventBytes),
                    new Reconnector.Callbacks(onOpen, onEvent, onComment, onDisconnect, onClose),
                    new Backoff(retry, maxRetry, random));
            if (given == null) {
                EventLoopGroup own = connecting.config().group();
                reconnector.closed().thenRun(() -> own.shutdownGracefully(0, 0, TimeUnit.SECONDS));
            }
            return new SseClient(loop, reconnector);
        }

        private static Bootstrap ownBootstrap() {
            return new Bootstrap()
                    .group(new MultiThreadIoEventLoopGroup(
                            1, new DefaultThreadFactory("parley-sse-client", true), NioIoHandler.newFactory()))
                    .channel(NioSocketChannel.class);
        }

        private static Duration between(Duration least, String name, Duration value) {
            if (value.compareTo(least) < 0 || value.compareTo(MAX_TIME) > 0) {
                throw new IllegalArgumentException(
                        name + ": " + value + " (expected: " + (least.isZero() ? "0" : "1 ms") + " to 1 day)");
            }
            return value;
        }

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
            }
            return value;
        }
    }

    /** Read from disk with the first client that is built, and so never on an event loop. */
    private static final class DefaultTls {
        static final SslContext CONTEXT = context();

        private static SslContext context() {
            try {
                return SslContextBuilder.forClient().build();
            } catch (SSLException e) {
                throw new IllegalStateException("TLS: this JVM has no default context", e);
            }
        }
    }
}
