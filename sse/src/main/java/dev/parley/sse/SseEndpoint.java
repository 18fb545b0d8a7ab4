package dev.parley.sse;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Filter;
import dev.parley.topic.From;
import dev.parley.topic.OverflowPolicy;
import dev.parley.topic.Position;
import dev.parley.topic.Publication;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.topic.TopicException;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Answers exchanges with event streams: from topics, from the application, or from both.
 *
 * <pre>{@code
 * routes.get("/api/news", SseEndpoint.of(news));
 *
 * SseEndpoint prices = SseEndpoint.builder(exchange -> topics.topic("prices/" + exchange.path("symbol")))
 *         .keepAlive(Duration.ofSeconds(15))
 *         .overflow(OverflowPolicy.LATEST_PER_KEY)
 *         .build();
 *
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
 * stream. Any other method that is routed here opens one: {@code POST} is for clients that use {@code fetch}.
 *
 * <p><b>Topics on the wire.</b> Each publication is an event with its position as {@code id}, so that a client which
 * reconnects gets what it missed: once, in order. Where it was is told by {@code Last-Event-ID}, or for a first request by
 * the query parameter {@code lastEventId}. Such a client first gets an event {@code parley:resumed}; or, for each topic of
 * which something was lost, {@code parley:gap} with {@code {"topic":…,"from":…,"to":…,"lost":n}} as data, or
 * {@code parley:reset} without {@code lost} where nobody knows how much it was; then all that is kept. A place comes as an
 * {@code id} with the last of what its client has to hear there, the notices or the {@linkplain Builder#snapshot snapshot}: who
 * is cut off before hears all of it again.
 *
 * <p><b>A slow client</b> costs no memory: it goes on from the topic when it reads again. What happens when the topic no
 * longer keeps what it needs is its {@link OverflowPolicy}.
 *
 * <p><b>Threading.</b> Immutable. What the application gives is called on the event loop of the connection and must not
 * block.
 *
 * <p><b>Errors.</b> {@code 406} if the request's {@code Accept} excludes event streams, {@code 404} if there is no such topic,
 * {@code 503} if there are too many topics or subscriptions, or the topics were closed. A listener that throws closes its own stream, is logged once,
 * and harms no other. Who may subscribe is a {@link dev.parley.http.Guard}'s to say, before the stream begins.
 */
public final class SseEndpoint implements Endpoint {
    private static final Response NO_TOPIC = Response.problem(Problem.of(404, "there is no such topic"));
    private static final Response TOO_MANY_TOPICS =
            Response.problem(Problem.of(400, "a stream has no more than " + Subscription.MAX_TOPICS + " topics"));
    private static final Response FULL = Response.problem(Problem.of(503, "there are too many topics or subscriptions"))
            .header("Retry-After", "5");
    private static final Response CLOSED =
            Response.problem(Problem.of(503, "there are no topics any more")).header("Retry-After", "5");
    private static final Response EXPIRED = Response.problem(Problem.of(401, "the credential has expired"));

    private final StreamSettings settings;
    private final @Nullable TopicSource source;
    private final @Nullable Consumer<SseEmitter> onOpen;
    private final Predicate<Exchange> finished;

    private SseEndpoint(
            StreamSettings settings,
            @Nullable TopicSource source,
            @Nullable Consumer<SseEmitter> onOpen,
            Predicate<Exchange> finished) {
        this.settings = settings;
        this.source = source;
        this.onOpen = onOpen;
        this.finished = finished;
    }

    /**
     * An endpoint whose streams carry a topic, with the settings that hold where nobody sets others.
     *
     * @param topic the topic
     * @return the endpoint
     */
    public static SseEndpoint of(Topic topic) {
        return builder(exchange -> topic).build();
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

    /**
     * Begins an endpoint whose streams carry a topic.
     *
     * @param topic chooses it
     * @return a new builder
     */
    public static Builder builder(Function<Exchange, Topic> topic) {
        return new Builder().topics(exchange -> CompletableFuture.completedStage(List.of(topic.apply(exchange))));
    }

    @Override
    public void handle(Exchange exchange) {
        Optional<Deadline> end = settings.end(exchange);
        if (!settings.format().isAcceptedBy(exchange.headers().getAll("Accept"))) {
            exchange.respond(settings.format().notAcceptable());
        } else if (finished.test(exchange)) {
            exchange.respond(Response.noContent());
        } else if (end.filter(it -> it.left().isZero()).isPresent()) {
            exchange.respond(EXPIRED);
        } else if (source != null) {
            choose(exchange, source, end);
        } else if (isHead(exchange)) {
            exchange.stream(settings.head(settings.compression(exchange)));
        } else {
            open(exchange, null, settings.compression(exchange), end);
        }
    }

    private static boolean isHead(Exchange exchange) {
        return exchange.method().equals(HttpMethod.HEAD);
    }

    private void choose(Exchange exchange, TopicSource from, Optional<Deadline> end) {
        CompletionStage<List<Topic>> topics;
        try {
            topics = from.topics().apply(exchange);
        } catch (TopicException e) {
            refuse(exchange, e);
            return;
        }
        topics.whenComplete((chosen, failure) -> {
            Runnable next = () -> {
                try {
                    if (failure != null) {
                        refuse(exchange, failure);
                    } else {
                        subscribe(exchange, from, chosen, end);
                    }
                } catch (Throwable t) { // nobody looks at what becomes of this stage
                    refuse(exchange, t);
                }
            };
            if (exchange.eventLoop().inEventLoop()) {
                next.run();
            } else {
                exchange.eventLoop().execute(next);
            }
        });
    }

    private void subscribe(Exchange exchange, TopicSource from, List<Topic> wanted, Optional<Deadline> end) {
        List<Topic> chosen = wanted.stream().distinct().toList();
        if (chosen.isEmpty() || chosen.size() > Subscription.MAX_TOPICS) {
            exchange.respond(chosen.isEmpty() ? NO_TOPIC : TOO_MANY_TOPICS);
            return;
        }
        GzipFormat gzip = settings.compression(exchange);
        if (isHead(exchange)) {
            exchange.stream(settings.head(gzip));
            return;
        }
        Optional<List<Position>> heard = LastEventId.positions(exchange);
        TopicFeed feed = new TopicFeed(from, exchange, heard.isPresent());
        // First, as it may be refused; nothing is heard before this event loop's next turn.
        Subscription.Builder subscription = from.subscription(exchange, chosen, heard);
        feed.subscribed(
                gzip == null
                        ? subscription.feed(exchange.eventLoop(), settings.encoding(), feed)
                        : subscription.feed(exchange.eventLoop(), gzip.encoding(), new GzipFeed(feed)));
        open(exchange, feed, gzip, end);
    }

    /** Answers with what a failure stands for; if the stream is open it is cut off. */
    private static void refuse(Exchange exchange, Throwable thrown) {
        Throwable failure =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (failure instanceof TopicException e) {
            exchange.respond(
                    switch (e.reason()) {
                        case NAME -> NO_TOPIC;
                        case FULL -> FULL;
                        case CLOSED -> CLOSED;
                    });
        } else {
            exchange.respond(CompletableFuture.failedStage(failure));
        }
    }

    private void open(Exchange exchange, @Nullable TopicFeed feed, @Nullable GzipFormat gzip, Optional<Deadline> end) {
        ResponseStream answer = exchange.stream(settings.head(gzip));
        OpenStream stream = new OpenStream(settings, gzip == null ? answer : new GzipStream(answer));
        if (feed != null) {
            feed.opened(stream);
            stream.stream().onWritable(feed);
        }
        stream.open(end, feed);
        if (onOpen != null && stream.isOpen()) { // It is not where the client is gone, or the server drains.
            onOpen.accept(new SseEmitter(exchange, stream));
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
        private @Nullable Function<Exchange, CompletionStage<List<Topic>>> topics;
        private @Nullable Function<Exchange, From> from;
        private @Nullable Function<Exchange, Filter> filter;
        private @Nullable BiPredicate<Exchange, Publication> allow;
        private @Nullable OverflowPolicy overflow;
        private @Nullable Function<Exchange, CompletionStage<ServerSentEvent>> snapshot;
        private Predicate<Exchange> finished = exchange -> false;
        private Function<Exchange, Optional<Duration>> credential = exchange -> Optional.empty();
        // Proxies and balancers cut silent connections off after 30 s and more; the HTML standard suggests 15 s.
        private Duration keepAlive = Duration.ofSeconds(15);
        // What Chromium does by itself; said to all, so that all do the same.
        private Duration retry = Duration.ofSeconds(3);
        private @Nullable Duration maxAge;
        private StreamFormat format = EventStreamFormat.INSTANCE;
        private boolean gzip;

        private Builder() {}

        /**
         * Sets what gets the streams. On streams that carry topics, its events should have no ids: those are places in
         * the topics.
         *
         * @param onOpen called once for each stream, on its event loop; it must not block
         * @return this builder
         */
        public Builder onOpen(Consumer<SseEmitter> onOpen) {
            this.onOpen = onOpen;
            return this;
        }

        /**
         * Sets what the streams carry: any number of topics up to 16, chosen now or later, say by what the body of a
         * {@code POST} asks for. The ids of such a stream resume all of its topics.
         *
         * @param topics chooses them; an empty list answers {@code 404}, more than 16 {@code 400}; one that is there twice
         *     counts once
         * @return this builder
         */
        public Builder topics(Function<Exchange, CompletionStage<List<Topic>>> topics) {
            this.topics = topics;
            return this;
        }

        /**
         * Sets where a client begins that tells no position: at the tail, unless this is set.
         *
         * @param from chooses the place
         * @return this builder
         */
        public Builder from(Function<Exchange, From> from) {
            this.from = from;
            return this;
        }

        /**
         * Sets where a client begins that tells no position: at the tail, unless this is set.
         *
         * @param from the place
         * @return this builder
         */
        public Builder from(From from) {
            return from(exchange -> from);
        }

        /**
         * Sets which publications are heard by whom. Streams with equal filters share the work.
         *
         * @param filter chooses the filter
         * @return this builder
         */
        public Builder filterFor(Function<Exchange, Filter> filter) {
            this.filter = filter;
            return this;
        }

        /**
         * Sets which publications are heard.
         *
         * @param filter the filter
         * @return this builder
         */
        public Builder filter(Filter filter) {
            return filterFor(exchange -> filter);
        }

        /**
         * Sets who may hear what. It is asked for each publication when it is about to be sent, also when it is
         * replayed: a right that was taken away meanwhile counts. Such streams share no work.
         *
         * @param allow decides, on the event loop; it must not block
         * @return this builder
         */
        public Builder allow(BiPredicate<Exchange, Publication> allow) {
            this.allow = allow;
            return this;
        }

        /**
         * Sets what becomes of a client that is too slow: {@link OverflowPolicy#RESUME}, unless this is set.
         *
         * @param overflow the policy
         * @return this builder
         */
        public Builder overflow(OverflowPolicy overflow) {
            this.overflow = overflow;
            return this;
        }

        /**
         * Sets what a client gets first, unless it resumes without a loss: the state that publications then change. It is
         * made after the stream's place in the topics is settled, so that no change is missed; one that the snapshot has
         * in it already may come again.
         *
         * @param snapshot makes it; a failure ends the stream
         * @return this builder
         */
        public Builder snapshot(Function<Exchange, CompletionStage<ServerSentEvent>> snapshot) {
            this.snapshot = snapshot;
            return this;
        }

        /**
         * Sets when there is nothing more to hear: then a request is answered with {@code 204}, which makes an
         * {@code EventSource} stop for good, where any end of a stream makes it come back.
         *
         * @param finished decides
         * @return this builder
         */
        public Builder finished(Predicate<Exchange> finished) {
            this.finished = finished;
            return this;
        }

        /**
         * Sets how long the credential of a request is good. Then the stream ends; the client comes back, and what guards
         * the route says what it gets.
         *
         * @param credential the time that is left; empty for ever; 0 or less answers {@code 401}
         * @return this builder
         */
        public Builder credential(Function<Exchange, Optional<Duration>> credential) {
            this.credential = credential;
            return this;
        }

        /**
         * Sets the longest silence: before it is over, the client gets a comment. A stream on which something was sent
         * within the last half of it gets none. The default is 15 s; timers are up to 0.4 s late.
         *
         * @param keepAlive 1 s to 1 day
         * @return this builder
         */
        public Builder keepAlive(Duration keepAlive) {
            if (keepAlive.compareTo(LEAST_KEEP_ALIVE) < 0 || keepAlive.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("keepAlive: " + keepAlive + " (expected: 1 s to 1 day)");
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
         * Sets how long a stream lasts at most; then it ends and the client comes back, perhaps to another server. Each
         * stream gets up to a tenth less, so that those which began together do not end together. No limit, unless this
         * is set.
         *
         * @param maxAge 1 s to 365 days
         * @return this builder
         */
        public Builder maxAge(Duration maxAge) {
            if (maxAge.compareTo(Duration.ofSeconds(1)) < 0 || maxAge.compareTo(StreamSettings.LONGEST) > 0) {
                throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: 1 s to 365 days)");
            }
            this.maxAge = maxAge;
            return this;
        }

        /**
         * Writes the streams as {@code application/x-ndjson}, for those who read them with {@code fetch}: in each line one
         * JSON object with the members {@code id}, {@code event} and {@code data}, as an event has them. {@code base64} stands in
         * place of {@code data} for bytes; what tells of a loss has it in {@code gap}; a line with nothing but an id is a
         * heartbeat. To resume, send the last id as {@code Last-Event-ID}.
         *
         * @return this builder
         */
        public Builder ndjson() {
            format = NdjsonFormat.INSTANCE;
            return this;
        }

        /**
         * Compresses the streams of those clients whose {@code Accept-Encoding} allows gzip. Off, unless this is set.
         *
         * <p>All publications that are sent at once are compressed once, at the default level of zlib (6), for all streams that
         * share the work. So each such batch is compressed by itself, as is all else that a stream is sent: it pays for large
         * events, or for many at once. A single event of less than some 100 bytes gets longer, by up to 6.
         *
         * <p>Each event loop takes some 256 KiB of memory for it, and each stream some 50 bytes; each event costs each stream
         * one step of its checksum. What threads other than its event loop send on an {@link SseEmitter} is compressed on the
         * event loop: at most 1 MiB waits, and a client that is found to be further behind than the server allows is cut off.
         *
         * <p><b>Security.</b> Who sees the length of what is compressed, and may choose a part of it, can find out the rest
         * (BREACH): leave it off where events carry secrets together with what others wrote.
         *
         * @return this builder
         */
        public Builder gzip() {
            gzip = true;
            return this;
        }

        /**
         * The endpoint.
         *
         * @return a new endpoint
         * @throws IllegalArgumentException if there are neither topics nor {@link #onOpen}, or a setting is for topics and
         *     there are none
         */
        public SseEndpoint build() {
            if (onOpen == null && topics == null) {
                throw new IllegalArgumentException("onOpen: null (expected: what gets the streams, or topics)");
            }
            if (topics == null
                    && (from != null || filter != null || allow != null || overflow != null || snapshot != null)) {
                throw new IllegalArgumentException(
                        "topics: none (expected: topics for from, filter, allow, overflow or snapshot)");
            }
            ChunkEncoding encoding = new ChunkEncoding(format);
            StreamSettings settings = new StreamSettings(
                    encoding,
                    gzip ? GzipFormat.of(encoding) : null,
                    retry,
                    keepAlive.dividedBy(2),
                    maxAge,
                    credential,
                    new AtomicInteger());
            TopicSource source = topics == null
                    ? null
                    : new TopicSource(
                            topics,
                            from == null ? exchange -> From.tail() : from,
                            filter,
                            allow,
                            overflow == null ? OverflowPolicy.RESUME : overflow,
                            snapshot);
            return new SseEndpoint(settings, source, onOpen, finished);
        }
    }
}
