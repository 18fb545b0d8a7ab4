package dev.parley.websocket;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Tunnel;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.websocket.codec.CloseReason;
import dev.parley.websocket.codec.DeflateAgreement;
import dev.parley.websocket.codec.DeflateSettings;
import dev.parley.websocket.codec.FrameListener;
import dev.parley.websocket.codec.Handshake;
import dev.parley.websocket.codec.MemoryBudget;
import dev.parley.websocket.codec.ReaderLimits;
import dev.parley.websocket.codec.Violation;
import dev.parley.websocket.codec.WebSocketSettings;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Opens WebSockets: over HTTP/1.1 (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-4.2">RFC 6455 section 4.2</a>) and
 * over HTTP/2 (<a href="https://www.rfc-editor.org/rfc/rfc8441">RFC 8441</a>), of which its listeners see no difference.
 *
 * <pre>{@code
 * routes.get("/echo", WebSocketEndpoint.builder().onText((connection, text) -> connection.send(text)).build());
 * }</pre>
 *
 * <p><b>Who may connect.</b> Pages of the route's {@link dev.parley.http.OriginPolicy}, and what is no page: others get
 * {@code 403}. Who else may not is a {@link dev.parley.http.Guard}'s to say, before the handshake.
 *
 * <p><b>How a connection ends.</b> Its close listener is told once, with the reason of whoever closed first.
 *
 * <table>
 * <caption>Codes that Parley closes with</caption>
 * <tr><td>1001</td><td>no answer to a ping, or an idle limit</td></tr>
 * <tr><td>1002</td><td>the client broke the protocol</td></tr>
 * <tr><td>1003</td><td>a text or a binary message where there is no listener for it</td></tr>
 * <tr><td>1007</td><td>text that is not UTF-8, a compressed message that can't be inflated</td></tr>
 * <tr><td>1008</td><td>too many messages in too short a time, one that comes too slowly, a credential that has expired</td></tr>
 * <tr><td>1009</td><td>a frame or a message that is too big</td></tr>
 * <tr><td>1011</td><td>a listener failed</td></tr>
 * <tr><td>1012</td><td>the server drains, or the connection is as old as it may be</td></tr>
 * <tr><td>1013</td><td>as much is queued as may be, or a topic does not keep any more what comes next; a message whose parts find
 * no room</td></tr>
 * </table>
 *
 * <p><b>Threading.</b> Immutable. Listeners are called on the connection's event loop, and must not block, unless there is an
 * {@linkplain Builder#blocking executor}; in order, one at a time for each connection.
 *
 * <p><b>Errors.</b> A listener that throws closes its own connection with 1011, is logged once, and harms no other. A handshake
 * that is wrong is answered with {@code 400}; with {@code 426} where it is none, or of another version.
 */
public final class WebSocketEndpoint implements Endpoint {
    /** Longer than any server runs, and far from what overflows in nanoseconds. */
    static final Duration LONGEST = Duration.ofDays(365);

    private static final Response EXPIRED = Response.problem(Problem.of(401, "the credential has expired"));
    private static final Response FOREIGN = Response.problem(Problem.of(403, "pages of this origin may not connect"));

    private final Settings settings;
    private final Handshake handshake;

    private WebSocketEndpoint(Settings settings, Handshake handshake) {
        this.settings = settings;
        this.handshake = handshake;
    }

    /**
     * Begins an endpoint whose listeners get messages as they are.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder(null);
    }

    /**
     * Begins an endpoint of typed JSON messages: text messages such as {@code {"type":"login","id":1,"payload":{…}}}, which go
     * to the listener for their {@linkplain Builder#on type}. What it returns is the answer, with the same id.
     *
     * <pre>{@code
     * record Login(String user, int age) {}
     * record Welcome(String greeting) {}
     *
     * WebSocketEndpoint chat = WebSocketEndpoint.json()
     *         .on("login", Login.class, (connection, login) -> new Welcome("hello " + login.user()))
     *         .on("say", Say.class, (connection, say) -> { room.publish(say.text()); return Reply.none(); })
     *         .onOpen(connection -> connection.subscribe(room))
     *         .build();
     * }</pre>
     *
     * <p><b>Wire.</b> {@code type} is a text; {@code id} is a whole number or a text of at most 128 characters, and may be left out.
     * An answer is {@code {"type":"reply","id":…,"payload":…}}, without an id if there was none.
     *
     * <p><b>Errors.</b> What can't be read, is of an unknown type or of a wrong shape, and what a listener fails with, is answered
     * with {@code {"type":"error","id":…,"payload":{"code":…,"message":…}}} and closes nothing: {@link MessageException} has the
     * codes. A client that sends nothing else is a matter of the {@linkplain Builder#rateLimit rate limit}.
     *
     * <p><b>Limits.</b> A message is at most {@link Builder#maxMessageBytes} long and 64 levels deep.
     *
     * @return a new builder
     */
    public static Builder json() {
        return new Builder(new JsonMessages.Builder());
    }

    /**
     * What clients did wrong, since the endpoint was built.
     *
     * @return how often, for each that there was
     */
    public Map<Violation, Long> violations() {
        return settings.violations().counted();
    }

    /**
     * What all connections hold now of messages that are not whole.
     *
     * @return bytes of memory, 0 to {@link Builder#maxUnfinishedBytes}
     */
    public long unfinishedBytes() {
        return settings.codec().limits().unfinished().usedBytes();
    }

    @Override
    public void handle(Exchange exchange) {
        Handshake.Outcome outcome = exchange.protocol() == Protocol.HTTP_2
                ? handshake.http2(http2Method(exchange), exchange.requestedProtocol(), exchange.headers())
                : handshake.http1(exchange.method(), exchange.requestedProtocol(), exchange.headers());
        if (outcome instanceof Handshake.Refused refused) {
            Response response = Response.problem(Problem.of(refused.status(), refused.detail()));
            for (Map.Entry<String, String> header : refused.headers()) {
                response = response.header(header.getKey(), header.getValue());
            }
            exchange.respond(response);
        } else if (outcome instanceof Handshake.Accepted accepted) {
            DeflateAgreement deflate = accepted.deflate();
            if (deflate != null && (deflate.serverTakesOver() || deflate.clientTakesOver())) {
                exchange.onEnd(ended -> deflate.close()); // also where it comes to no connection, whatever the reason
            }
            open(exchange, accepted);
        }
    }

    /** The method on the wire: exchanges call an extended CONNECT a GET, and only it asks for a protocol (RFC 8441 section 4). */
    private static HttpMethod http2Method(Exchange exchange) {
        return exchange.requestedProtocol().isPresent() ? HttpMethod.CONNECT : exchange.method();
    }

    private void open(Exchange exchange, Handshake.Accepted accepted) {
        Optional<Duration> credential = settings.credential().apply(exchange);
        boolean expired =
                credential.filter(left -> left.isZero() || left.isNegative()).isPresent();
        if (expired || !exchange.originPolicy().allows(exchange)) {
            exchange.respond(expired ? EXPIRED : FOREIGN);
            return;
        }
        HttpHeaders headers = accepted.headers();
        exchange.switchProtocol(headers, tunnel -> begin(tunnel, exchange, accepted, credential));
    }

    private void begin(Tunnel tunnel, Exchange exchange, Handshake.Accepted accepted, Optional<Duration> credential) {
        new OpenConnection(settings, tunnel, exchange, accepted.subprotocol(), accepted.deflate())
                .begin(exchange, credential);
    }

    /**
     * Builds an endpoint for WebSockets.
     *
     * <p><b>Threading.</b> Not thread-safe.
     */
    public static final class Builder {
        /** What a small message gains is less than the work, and a few bytes may make it longer. */
        private static final int DEFLATE_THRESHOLD = 256;

        private static final Duration LEAST_BEAT = Duration.ofMillis(500);

        private @Nullable BiConsumer<WebSocketConnection, Exchange> onOpen;
        private @Nullable BiConsumer<WebSocketConnection, String> onText;
        private @Nullable BiConsumer<WebSocketConnection, ByteBuf> onBinary;
        private @Nullable BiConsumer<WebSocketConnection, Duration> onPong;
        private @Nullable BiConsumer<WebSocketConnection, CloseReason> onClose;
        private @Nullable BiConsumer<WebSocketConnection, Throwable> onError;
        private @Nullable BiConsumer<WebSocketConnection, FrameListener.Frame> onFrame;
        private @Nullable Executor executor;
        private List<String> subprotocols = List.of();
        private int maxFrameBytes = Integer.MAX_VALUE;
        private int maxMessageBytes = 64 * 1024;
        /** 0 for what is usual. */
        private long maxUnfinishedBytes;

        private int maxQueuedBytes = 1024 * 1024;
        private WhenFull whenFull = WhenFull.CLOSE;
        private @Nullable RateLimit rate;
        private @Nullable DeflateSettings deflate = DeflateSettings.withoutTakeover();
        private int deflateThreshold = DEFLATE_THRESHOLD;
        // Proxies and balancers cut silent connections off after 60 s and more.
        private Duration keepAlive = Duration.ofSeconds(30);
        private Duration pongTimeout = Duration.ofSeconds(20);
        private Duration messageTimeout = Duration.ofSeconds(60);
        private @Nullable Duration readIdle;
        private @Nullable Duration writeIdle;
        private Duration closeTimeout = Duration.ofSeconds(5);
        private @Nullable Duration maxAge;
        private Function<Exchange, Optional<Duration>> credential = exchange -> Optional.empty();
        private CloseReason drainReason = CloseReason.of(CloseReason.SERVICE_RESTART, "the server restarts");

        /** {@code null} if messages are taken as they are. */
        private final JsonMessages.@Nullable Builder messages;

        private Builder(JsonMessages.@Nullable Builder messages) {
            this.messages = messages;
        }

        // ---- JSON messages

        /**
         * Sets what gets JSON messages of a type.
         *
         * <p><b>What is returned</b> is the answer, with the id of the message: a plain value becomes the payload of a message of
         * the type {@code reply}; {@link Reply#of} is for other types, {@link Reply#none()} for no answer. {@code null} says that it
         * is done: the answer has no payload, and is only sent where there was an id. A stage is awaited, meanwhile others are
         * heard; at most {@link #maxRequests} are.
         *
         * <p><b>What is thrown</b>, or what a stage fails with, is answered as an error: a {@link MessageException} as it says, a
         * {@link dev.parley.topic.TopicException} by its reason, all else with the code {@code failed}, of which only the
         * {@linkplain #onError error listener} or the log hears more. The connection stays open.
         *
         * <p><b>Components of records</b> must be there and not {@code null}, unless they are {@code Optional} or
         * {@code @Nullable}; what a record does not have is passed over. Where the payload is left out it counts as an object without
         * members.
         *
         * @param type the type: not empty, and none of {@code reply}, {@code error}, {@code subscribe}, {@code unsubscribe} and
         *     {@code publish}, which are the protocol's own
         * @param payload what Jackson makes of the payload, such as a record
         * @param listener called for each
         * @param <T> the payload
         * @return this builder
         * @throws IllegalArgumentException if there is a listener for the type already
         * @throws IllegalStateException if the endpoint is not one of {@linkplain WebSocketEndpoint#json() JSON messages}
         */
        public <T> Builder on(
                String type, Class<T> payload, BiFunction<? super WebSocketConnection, ? super T, ?> listener) {
            messages("on").on(type, payload, listener);
            return this;
        }

        /**
         * Sets what gets JSON messages of a type that have no payload, or whose payload does not matter.
         *
         * @param type as {@linkplain #on(String, Class, BiFunction) above}
         * @param listener called for each; what it returns is the answer, as above
         * @return this builder
         * @throws IllegalArgumentException as above
         * @throws IllegalStateException as above
         */
        public Builder on(String type, Function<? super WebSocketConnection, ?> listener) {
            messages("on").on(type, (connection, message) -> listener.apply(connection));
            return this;
        }

        /**
         * Sets what gets a set of JSON messages: the records of a sealed interface, so that a {@code switch} knows them all. The
         * type of each is its simple name with a lower-case first letter, unless it has a
         * {@link com.fasterxml.jackson.annotation.JsonTypeName}.
         *
         * <pre>{@code
         * sealed interface Move permits Step, Turn {}
         * record Step(int far) implements Move {}       // {"type":"step","payload":{"far":2}}
         * record Turn(String where) implements Move {}  // {"type":"turn","payload":{"where":"left"}}
         * }</pre>
         *
         * @param set a sealed interface, of records and of other such interfaces
         * @param listener called for each; what it returns is the answer, as {@linkplain #on(String, Class, BiFunction) above}
         * @param <S> the set
         * @return this builder
         * @throws IllegalArgumentException if it is no such interface, or there is a listener for one of its types already
         * @throws IllegalStateException as above
         */
        public <S> Builder on(Class<S> set, BiFunction<? super WebSocketConnection, ? super S, ?> listener) {
            messages("on").on(set, listener);
            return this;
        }

        /**
         * Lets clients subscribe to topics by messages: {@code {"type":"subscribe","id":…,"payload":{"topic":…,"position":…}}}, where
         * the position is what they heard last, if they did, on whatever transport. Nobody may, unless this is set.
         *
         * <pre>{@code
         * .subscriptions((connection, name) -> name.startsWith("public/")
         *         ? Optional.of(Subscription.to(topics.topic(name)))
         *         : Optional.empty())
         * }</pre>
         *
         * <p>A client that falls too far behind is told that its subscription has ended, and where; the connection stays open.
         *
         * @param rule gets the name that a client tells, any text of 1 to 256 characters, and gives the subscription to begin, a new
         *     builder each time: its place holds for clients that tell none; empty if it is not allowed. Called where listeners are
         * @return this builder
         * @throws IllegalStateException if the endpoint is not one of {@linkplain WebSocketEndpoint#json() JSON messages}
         */
        public Builder subscriptions(BiFunction<WebSocketConnection, String, Optional<Subscription.Builder>> rule) {
            messages("subscriptions").subscriptions(rule);
            return this;
        }

        /**
         * Lets clients publish by messages: {@code {"type":"publish","id":…,"payload":{"topic":…,"event":…,"data":…}}}. Nobody
         * may, unless this is set.
         *
         * @param rule gets the name that a client tells, any text of 1 to 256 characters, and gives the topic; empty if it is not
         *     allowed. Called where listeners are
         * @return this builder
         * @throws IllegalStateException if the endpoint is not one of {@linkplain WebSocketEndpoint#json() JSON messages}
         */
        public Builder publications(BiFunction<WebSocketConnection, String, Optional<Topic>> rule) {
            messages("publications").publications(rule);
            return this;
        }

        /**
         * Sets to how many topics a client may be subscribed by its own messages; beyond it gets an error with the code
         * {@code too_many}. The default is 16.
         *
         * @param max 1 or more
         * @return this builder
         * @throws IllegalStateException if the endpoint is not one of {@linkplain WebSocketEndpoint#json() JSON messages}
         */
        public Builder maxSubscriptions(int max) {
            messages("maxSubscriptions").maxSubscriptions(positive("maxSubscriptions", max));
            return this;
        }

        /**
         * Sets how many requests may be open on a connection, in each direction: of the client's those whose listener has returned
         * a stage, beyond which it gets an error with the code {@code too_many}; and
         * {@linkplain WebSocketConnection#request requests to the client}. The default is 64.
         *
         * @param max 1 or more
         * @return this builder
         * @throws IllegalStateException if the endpoint is not one of {@linkplain WebSocketEndpoint#json() JSON messages}
         */
        public Builder maxRequests(int max) {
            messages("maxRequests").maxRequests(positive("maxRequests", max));
            return this;
        }

        private JsonMessages.Builder messages(String setting) {
            if (messages == null) {
                throw new IllegalStateException(setting + " (expected: WebSocketEndpoint.json())");
            }
            return messages;
        }

        // ---- listeners

        /**
         * Sets what gets each connection that was opened, before any of its messages.
         *
         * @param onOpen called once for each
         * @return this builder
         */
        public Builder onOpen(Consumer<WebSocketConnection> onOpen) {
            return onOpen((connection, exchange) -> onOpen.accept(connection));
        }

        /**
         * Sets what gets each connection that was opened, with the request that it began with. The latter should not be
         * kept: a connection holds nothing of it.
         *
         * @param onOpen called once for each
         * @return this builder
         */
        public Builder onOpen(BiConsumer<WebSocketConnection, Exchange> onOpen) {
            this.onOpen = onOpen;
            return this;
        }

        /**
         * Sets what gets text messages. Without it a connection that gets one is closed with 1003. Not for JSON messages: each
         * text is one.
         *
         * @param onText called for each
         * @return this builder
         */
        public Builder onText(BiConsumer<WebSocketConnection, String> onText) {
            this.onText = onText;
            return this;
        }

        /**
         * Sets what gets binary messages. Without it a connection that gets one is closed with 1003.
         *
         * @param onBinary called for each; the buffer is valid during the call, and who needs it longer takes a copy
         * @return this builder
         */
        public Builder onBinary(BiConsumer<WebSocketConnection, ByteBuf> onBinary) {
            this.onBinary = onBinary;
            return this;
        }

        /**
         * Sets what hears of answers to pings.
         *
         * @param onPong gets the round-trip time
         * @return this builder
         */
        public Builder onPong(BiConsumer<WebSocketConnection, Duration> onPong) {
            this.onPong = onPong;
            return this;
        }

        /**
         * Sets what hears of the end of each connection that was opened.
         *
         * @param onClose called once for each, last, with the reason of whoever closed first;
         *     {@link CloseReason#ABNORMAL} if the client went without a word
         * @return this builder
         */
        public Builder onClose(BiConsumer<WebSocketConnection, CloseReason> onClose) {
            this.onClose = onClose;
            return this;
        }

        /**
         * Sets what hears of listeners that failed, in place of the log. The connection is closed with 1011, unless it was a
         * listener of JSON messages, or a stage of its: then the client is told that something failed.
         *
         * @param onError gets what was thrown; on whatever thread a stage failed
         * @return this builder
         */
        public Builder onError(BiConsumer<WebSocketConnection, Throwable> onError) {
            this.onError = onError;
            return this;
        }

        /**
         * Sets who looks at the frames of all connections, but those that publications are sent in. It costs an object for
         * each frame: for who looks for a fault.
         *
         * @param onFrame called on the event loop
         * @return this builder
         */
        public Builder onFrame(BiConsumer<WebSocketConnection, FrameListener.Frame> onFrame) {
            this.onFrame = onFrame;
            return this;
        }

        /**
         * Calls listeners on an executor, where they may block: in order, one at a time for each connection, which is not read
         * meanwhile. If it refuses a task the connection is closed with 1013, and the close listener, if that is refused too,
         * called on the event loop.
         *
         * @param executor runs listeners
         * @return this builder
         */
        public Builder blocking(Executor executor) {
            this.executor = executor;
            return this;
        }

        /**
         * Sets the subprotocols that the endpoint speaks. Of those that a client asks for the first that is among them is
         * agreed on; if none is, the connection is opened without one, and browsers give it up.
         *
         * @param subprotocols tokens
         * @return this builder
         */
        public Builder subprotocols(String... subprotocols) {
            this.subprotocols = List.of(subprotocols);
            return this;
        }

        // ---- limits

        /**
         * Sets how long a frame may be that a client sends; beyond it the connection is closed with 1009. As long as a message,
         * unless this is set.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxFrameBytes(int bytes) {
            maxFrameBytes = positive("maxFrameBytes", bytes);
            return this;
        }

        /**
         * Sets how long a message may be that a client sends, both as it is on the wire and when it is inflated; beyond it the
         * connection is closed with 1009. The default is 64 KiB.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxMessageBytes(int bytes) {
            maxMessageBytes = positive("maxMessageBytes", bytes);
            return this;
        }

        /**
         * Sets how much memory messages may take that have begun and are not whole, of all connections of the endpoint together: in
         * fragments, or long ones that come in several reads. A connection whose message has no room is closed with 1013; those
         * whose messages come whole are not concerned. The default is 64 MiB, or that of one message, if it may be longer.
         *
         * @param bytes 1 or more, and no less than {@link #maxMessageBytes}; buffers that grow take up to twice what is in them
         * @return this builder
         */
        public Builder maxUnfinishedBytes(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("maxUnfinishedBytes: " + bytes + " (expected: > 0)");
            }
            maxUnfinishedBytes = bytes;
            return this;
        }

        /**
         * Sets how much may be queued for a client that does not keep up. The default is 1 MiB. A message that is longer is
         * sent if nothing else waits.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxQueuedBytes(int bytes) {
            maxQueuedBytes = positive("maxQueuedBytes", bytes);
            return this;
        }

        /**
         * Sets what happens when as much is queued as may be: {@link WhenFull#CLOSE}, unless this is set.
         *
         * @param whenFull what happens
         * @return this builder
         */
        public Builder whenFull(WhenFull whenFull) {
            this.whenFull = whenFull;
            return this;
        }

        /**
         * Sets how much a client may send; beyond it the connection is closed with 1008. No limit, unless this is set.
         *
         * @param rate the limit
         * @return this builder
         */
        public Builder rateLimit(RateLimit rate) {
            this.rate = rate;
            return this;
        }

        private static int positive(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
            }
            return value;
        }

        // ---- compression

        /**
         * Compresses nothing. Unless this is called it is agreed on with each client that offers it.
         *
         * @return this builder
         */
        public Builder noDeflate() {
            deflate = null;
            return this;
        }

        /**
         * Sets from which length on messages are compressed. The default is 256 bytes.
         *
         * @param bytes 0 or more
         * @return this builder
         */
        public Builder deflateThreshold(int bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("deflateThreshold: " + bytes + " (expected: >= 0)");
            }
            deflateThreshold = bytes;
            return this;
        }

        /**
         * Lets compressed messages refer to those before them, which makes small messages that are alike much smaller; unless
         * this is called each is compressed by itself, and connections keep nothing for it.
         *
         * @param maxBytes what this may take for all connections of the endpoint, outside of the heap, at some 300 KiB each;
         *     those beyond it compress each message by itself
         * @return this builder
         */
        public Builder contextTakeover(long maxBytes) {
            deflate = DeflateSettings.withTakeover(new MemoryBudget(maxBytes));
            return this;
        }

        // ---- times

        /**
         * Sets after which silence of the client's it is sent a ping. The default is 30 s. Pings are a beat late: a beat is a
         * quarter of the shortest time that is set, and half a second at least.
         *
         * @param keepAlive 1 s to 1 hour
         * @return this builder
         */
        public Builder keepAlive(Duration keepAlive) {
            this.keepAlive = within("keepAlive", keepAlive, Duration.ofHours(1));
            return this;
        }

        /**
         * Sets within which time a client has to answer a ping, or say anything else; else it is closed with 1001. The
         * default is 20 s.
         *
         * @param timeout 1 s to 1 hour
         * @return this builder
         */
        public Builder pongTimeout(Duration timeout) {
            this.pongTimeout = within("pongTimeout", timeout, Duration.ofHours(1));
            return this;
        }

        /**
         * Sets within which time a message must be whole that has begun; else the connection is closed with 1008. While a message is
         * on its way the client's silence is not looked at. The default is 60 s: who lets messages be long that clients send over
         * slow links may want more.
         *
         * @param timeout 1 s to 1 day
         * @return this builder
         */
        public Builder messageTimeout(Duration timeout) {
            this.messageTimeout = within("messageTimeout", timeout, Duration.ofDays(1));
            return this;
        }

        /**
         * Sets after which time without a message of the client's a connection is closed, with 1001. No limit, unless this is
         * set.
         *
         * @param limit 1 s to 1 day
         * @return this builder
         */
        public Builder readIdle(Duration limit) {
            this.readIdle = within("readIdle", limit, Duration.ofDays(1));
            return this;
        }

        /**
         * Sets after which time without a message to the client a connection is closed, with 1001. No limit, unless this is
         * set.
         *
         * @param limit 1 s to 1 day
         * @return this builder
         */
        public Builder writeIdle(Duration limit) {
            this.writeIdle = within("writeIdle", limit, Duration.ofDays(1));
            return this;
        }

        /**
         * Sets how long a client has to answer a close frame before the connection is closed without. The default is 5 s.
         *
         * @param timeout 1 s to 1 hour
         * @return this builder
         */
        public Builder closeTimeout(Duration timeout) {
            this.closeTimeout = within("closeTimeout", timeout, Duration.ofHours(1));
            return this;
        }

        /**
         * Sets how long a connection lasts at most; then it is closed with 1012, and the client comes back, perhaps to another
         * server. Each gets up to a tenth less, so that those which began together do not end together. No limit, unless this
         * is set.
         *
         * @param maxAge 1 s to 365 days
         * @return this builder
         */
        public Builder maxAge(Duration maxAge) {
            this.maxAge = within("maxAge", maxAge, LONGEST);
            return this;
        }

        private static Duration within(String name, Duration value, Duration most) {
            if (value.compareTo(Duration.ofSeconds(1)) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: 1 s to " + most + ")");
            }
            return value;
        }

        /**
         * Sets how long the credential of a request is good. Then the connection is closed with 1008, unless the client has
         * shown a new one before: {@link WebSocketConnection#credential}.
         *
         * @param credential the time that is left, asked once for each request; empty for ever; 0 or less answers {@code 401}
         * @return this builder
         */
        public Builder credential(Function<Exchange, Optional<Duration>> credential) {
            this.credential = credential;
            return this;
        }

        /**
         * Sets what connections are closed with when the server drains: 1012, unless this is set.
         *
         * @param code a code that may be sent, such as {@link CloseReason#GOING_AWAY}
         * @param text for people who look for a fault
         * @return this builder
         */
        public Builder drainReason(int code, String text) {
            drainReason = CloseReason.of(code, text);
            return this;
        }

        /**
         * The endpoint.
         *
         * @return a new endpoint
         * @throws IllegalArgumentException if settings contradict each other
         */
        public WebSocketEndpoint build() {
            if (maxFrameBytes != Integer.MAX_VALUE && maxFrameBytes > maxMessageBytes) {
                throw new IllegalArgumentException("maxFrameBytes: " + maxFrameBytes
                        + " (expected: at most maxMessageBytes, " + maxMessageBytes + ")");
            }
            if (messages != null && onText != null) {
                throw new IllegalArgumentException(
                        "onText (expected: not with JSON messages, as each text is one: on(type, …))");
            }
            if (maxUnfinishedBytes != 0 && maxUnfinishedBytes < maxMessageBytes) {
                throw new IllegalArgumentException("maxUnfinishedBytes: " + maxUnfinishedBytes
                        + " (expected: at least maxMessageBytes, " + maxMessageBytes + ")");
            }
            MemoryBudget unfinished = maxUnfinishedBytes == 0
                    ? ReaderLimits.usualBudget(maxMessageBytes)
                    : new MemoryBudget(maxUnfinishedBytes);
            Duration beat = beat();
            Settings settings = new Settings(
                    new WebSocketSettings(
                            new ReaderLimits(maxFrameBytes, maxMessageBytes, maxMessageBytes, unfinished),
                            deflateThreshold,
                            closeTimeout),
                    new Listeners(onOpen, onText, onBinary, onPong, onClose, onError, onFrame),
                    messages == null ? null : messages.build(),
                    maxQueuedBytes,
                    whenFull,
                    beat,
                    beats(keepAlive, beat),
                    beats(pongTimeout, beat),
                    beats(messageTimeout, beat),
                    readIdle == null ? 0 : beats(readIdle, beat),
                    writeIdle == null ? 0 : beats(writeIdle, beat),
                    maxAge,
                    credential,
                    rate,
                    drainReason,
                    executor,
                    new Violations(),
                    new AtomicInteger());
            return new WebSocketEndpoint(settings, new Handshake(subprotocols, deflate));
        }

        /** A quarter of the shortest time: no time is more than that late. */
        private Duration beat() {
            Duration shortest = keepAlive.compareTo(pongTimeout) < 0 ? keepAlive : pongTimeout;
            for (Duration other : new Duration[] {messageTimeout, readIdle, writeIdle}) {
                shortest = other != null && other.compareTo(shortest) < 0 ? other : shortest;
            }
            Duration quarter = shortest.dividedBy(4);
            return quarter.compareTo(LEAST_BEAT) < 0 ? LEAST_BEAT : quarter;
        }

        /** How many beats make a time, rounded up. */
        private static int beats(Duration time, Duration beat) {
            return (int) ((time.toMillis() + beat.toMillis() - 1) / beat.toMillis());
        }
    }
}
