package dev.parley.examples;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Endpoint;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.sse.SseClient;
import dev.parley.sse.SseEndpoint;
import dev.parley.sse.SseRequest;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.BrokerContract;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestStream;
import dev.parley.topic.Batch;
import dev.parley.topic.Broker;
import dev.parley.topic.Draft;
import dev.parley.topic.Encoding;
import dev.parley.topic.Filter;
import dev.parley.topic.From;
import dev.parley.topic.Gap;
import dev.parley.topic.History;
import dev.parley.topic.Outlet;
import dev.parley.topic.OverflowPolicy;
import dev.parley.topic.Position;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The guide to topics: each of its programs compiles and runs here, and what it shows of the wire is what goes over it. */
@Timeout(Patience.TEST_SECONDS)
class TopicsGuideTest {
    private static final GuidePage PAGE = GuidePage.of("topics", TopicsGuideTest.class);
    private static final String EPOCH = "k3f9x2a";

    private final Topics topics = Topics.inMemory();
    private final Topic news = topics.topic("news");
    /** Runs tasks in the calling thread, so that what is published has been heard when the next line runs. */
    private final Executor worker = Runnable::run;

    private final List<String> log = new ArrayList<>();
    private final List<String> index = new ArrayList<>();

    @Test
    void itsProgramsAreTheOnesThatRunHere() throws IOException {
        PAGE.assertProgramsRun();
        assertThat(PAGE.blocks("js"))
                .allMatch(GuidePage.squeezed(Path.of("src/main/resources/web/demos/fetch.js"))::contains);
    }

    @Test
    void aTopicIsPublishedTo() {
        assertThat(begin()).isNotNull();
        Topic prices = topics.topic("prices");
        prices.publish(Draft.of("17.3").event("price").key("ACME").tags("nyse", "tech"));

        assertThat(news.subscriptions()).isZero();
    }

    private static Topics begin() {
        Topics topics = Topics.inMemory();
        Topic news = topics.topic("news");
        CompletionStage<Position> at = news.publish("Water found on Mars");
        assertThat(at).isCompleted();
        return topics;
    }

    @Test
    void aSubscriptionHearsHistoryAndThenWhatIsPublished() {
        news.publish(Draft.of("old").event("headline"));

        Subscription subscription = Subscription.to(news)
                .from(From.last(10))
                .filter(Filter.events("headline"))
                .overflow(OverflowPolicy.SKIP_TO_TAIL)
                .executor(worker)
                .onGap(gap -> log.add(gap.count() + " lost"))
                .onEnd((end, failure) -> log.add("over: " + end))
                .listen(publication -> index.add(publication.text()));
        news.publish(Draft.of("new").event("headline"));
        news.publish("something else");
        subscription.close();

        assertThat(index).containsExactly("old", "new");
        assertThat(log).containsExactly("over: CLOSED");
    }

    @Test
    void settingsAreTheBuilders() {
        Topics topics = Topics.builder()
                .history(new History(1000, 1024 * 1024, Duration.ofMinutes(5)))
                .history(name -> name.startsWith("cursor/"), History.NONE)
                .maxBytes(256 * 1024 * 1024)
                .build();
        topics.topic("cursor/1").publish("gone at once");
        topics.topic("news").publish("kept");

        Subscription.to(List.of(topics.topic("cursor/1"), topics.topic("news")))
                .from(From.oldest())
                .executor(worker)
                .listen(publication -> index.add(publication.text()));

        assertThat(index).containsExactly("kept");
    }

    @Test
    void withoutHistoryThoseWhoAreThereHearAll() {
        Topic topic = Topics.builder().history(History.NONE).build().topic("cursor");
        Subscription.to(topic).executor(worker).listen(publication -> index.add(publication.text()));
        Position first = topic.publish("a").toCompletableFuture().join();
        topic.publish("b");
        Subscription.to(topic)
                .from(From.since(first))
                .executor(worker)
                .onGap(gap -> log.add(gap.count() + " lost"))
                .listen(publication -> log.add(publication.text()));

        assertThat(index).containsExactly("a", "b");
        assertThat(log).containsExactly("1 lost");
    }

    @ParameterizedTest
    @CsvSource({
        "RESUME, a1 b1, over: OVERRUN",
        "SKIP_TO_TAIL, a1 b1 later, 4 lost",
        "LATEST_PER_KEY, a1 b1 b3 a5 later, 1 lost"
    })
    void whoIsTooSlowIsServedAsItsPolicySays(OverflowPolicy policy, String heard, String told) {
        Topic topic = Topics.builder()
                .history(History.NONE)
                .backlog(3, Long.MAX_VALUE)
                .build()
                .topic("prices");
        Deque<Runnable> waiting = new ArrayDeque<>();
        Subscription.to(topic)
                .overflow(policy)
                .executor(waiting::add)
                .onGap(gap -> log.add(gap.count() + " lost"))
                .onEnd((end, failure) -> log.add("over: " + end))
                .listen(publication -> index.add(publication.text()));
        publish(topic, waiting, "a1", "b1");
        publish(topic, waiting, "a2", "b3", "a4", "a5");
        publish(topic, waiting, "later");

        assertThat(String.join(" ", index)).isEqualTo(heard);
        assertThat(log).containsExactly(told);
    }

    /** Publishes all at once, with the first letter as the key, and then lets the subscriber work. */
    private static void publish(Topic topic, Deque<Runnable> waiting, String... texts) {
        for (String text : texts) {
            topic.publish(Draft.of(text).key(text.substring(0, 1)));
        }
        while (!waiting.isEmpty()) {
            waiting.remove().run();
        }
    }

    @Test
    void aTopicThatNobodyUsesIsForgottenAndBeginsAnew() {
        Instant[] now = {Instant.EPOCH};
        Topics topics =
                Topics.builder().clock(() -> now[0]).history(History.NONE).build();
        Position before =
                topics.topic("news").publish("a").toCompletableFuture().join();
        now[0] = now[0].plusSeconds(61);
        assertThat(topics.count()).isZero();

        Position after = topics.topic("news").publish("b").toCompletableFuture().join();
        assertThat(after.offset()).isEqualTo(1);
        assertThat(after.epoch()).isNotEqualTo(before.epoch());
    }

    // ---- event streams

    record Wanted(List<String> topics) {}

    private Endpoint chosen() {
        SseEndpoint chosen = SseEndpoint.builder()
                .topics(exchange -> exchange.json(Wanted.class)
                        .thenApply(wanted -> wanted.topics().stream()
                                .distinct()
                                .limit(16)
                                .map(topics::topic)
                                .toList()))
                .build();
        return chosen;
    }

    private static final class Shop {
        String stock() {
            return "{\"tea\":12}";
        }

        boolean isClosed() {
            return closed;
        }

        private boolean closed;
    }

    private Endpoint withAll(Shop shop, Executor worker) {
        SseEndpoint stock = SseEndpoint.builder(exchange -> topics.topic("stock"))
                .from(From.last(20))
                .filterFor(
                        exchange -> exchange.query("region").map(Filter::tags).orElse(Filter.ALL))
                .allow((exchange, publication) ->
                        exchange.principal().isPresent() || !publication.tags().contains("internal"))
                .snapshot(exchange -> CompletableFuture.supplyAsync(
                        () -> ServerSentEvent.builder()
                                .event("stock")
                                .data(shop.stock())
                                .build(),
                        worker))
                .credential(exchange -> exchange.query("left").map(Duration::parse))
                .finished(exchange -> shop.isClosed())
                .maxAge(Duration.ofHours(1))
                .build();
        return stock;
    }

    private Routes routes() {
        Routes routes = Routes.builder()
                .get("/api/news", SseEndpoint.of(news))
                .get(
                        "/api/news/lines",
                        SseEndpoint.builder(exchange -> news).ndjson().build())
                .get(
                        "/api/prices/{symbol}",
                        SseEndpoint.builder(exchange -> topics.topic("prices/" + exchange.path("symbol")))
                                .overflow(OverflowPolicy.LATEST_PER_KEY)
                                .build())
                .post("/api/streams", chosen())
                .build();
        return routes;
    }

    /** Opens a stream, whose body comes as it is: HTTP/1.0 has no chunks. */
    private static TestConnection open(TestServer server, String request) {
        TestConnection client = server.connect().send(request.replace("\n", "\r\n") + "\r\n\r\n");
        server.run();
        return client;
    }

    private static String bodyOf(TestConnection client) {
        String answer = client.receivedText();
        return asShown(answer.substring(answer.indexOf("\r\n\r\n") + 4));
    }

    /** With the epoch of the page, as each run has another. */
    private static String asShown(String body) {
        return body.replaceAll("\\b[0-9a-z]{5,8}-(?=\\d)", EPOCH + "-");
    }

    private static String get(TestServer server, String request) {
        TestConnection client = open(server, request);
        String body = bodyOf(client);
        client.cut();
        return body;
    }

    private static String epoch(Topic topic) {
        return Long.toString(topic.publish("first").toCompletableFuture().join().epoch(), 36);
    }

    @Test
    void theWireOfAStream() throws IOException {
        try (TestServer server = TestServer.of(routes())) {
            TestConnection client = open(server, "GET /api/news HTTP/1.0");
            news.publish("Water found on Mars");
            news.publish(Draft.of("two\nlines").event("headline"));
            news.publish(Draft.ofBytes(new byte[] {1, 2, 3}));

            String body = bodyOf(client);
            assertThat(body).isEqualTo("""
                    retry: 3000

                    id: k3f9x2a-0

                    id: k3f9x2a-1
                    data: Water found on Mars

                    id: k3f9x2a-2
                    event: headline
                    data: two
                    data: lines

                    id: k3f9x2a-3
                    data: AQID

                    """);
            PAGE.assertShown(body);
            server.advance(Duration.ofSeconds(16));
            assertThat(client.receivedText()).isEqualTo(":\n\n");
            client.cut();
        }
    }

    @Test
    void theWireOfAResume() throws IOException {
        try (TestServer server = TestServer.of(routes())) {
            String epoch = epoch(news);
            news.publish("Water found on Mars");

            String resumed = get(server, "GET /api/news HTTP/1.0\nLast-Event-ID: " + epoch + "-1");
            assertThat(resumed).isEqualTo("""
                    retry: 3000

                    id: k3f9x2a-1
                    event: parley:resumed
                    data: {}

                    id: k3f9x2a-2
                    data: Water found on Mars

                    """);
            PAGE.assertShown(resumed);
            assertThat(get(server, "GET /api/news?lastEventId=" + epoch + "-1 HTTP/1.0"))
                    .isEqualTo(resumed);
        }
    }

    @Test
    void theWireOfALoss() throws IOException {
        Topics few = Topics.builder().history(History.last(8)).build();
        Topic topic = few.topic("news");
        Routes routes = Routes.builder().get("/api/news", SseEndpoint.of(topic)).build();
        try (TestServer server = TestServer.of(routes)) {
            String epoch = epoch(topic);
            for (int i = 2; i <= 20; i++) {
                topic.publish("number " + i);
            }

            String gap = get(server, "GET /api/news HTTP/1.0\nLast-Event-ID: " + epoch + "-4");
            assertThat(gap)
                    .startsWith("retry: 3000\n\nid: k3f9x2a-12\nevent: parley:gap\n")
                    .contains("\nid: k3f9x2a-13\ndata: number 13\n\n");
            String event = """
                    id: k3f9x2a-12
                    event: parley:gap
                    data: {"topic":"news","from":"k3f9x2a-4","to":"k3f9x2a-12","lost":8}

                    """;
            assertThat(gap).contains("\n\n" + event + "id: k3f9x2a-13\n");
            PAGE.assertShown(event);

            String reset = get(server, "GET /api/news HTTP/1.0\nLast-Event-ID: 7zz-41");
            String begunAnew = """
                    id: k3f9x2a-12
                    event: parley:reset
                    data: {"topic":"news","from":"7zz-41","to":"k3f9x2a-12"}

                    """;
            assertThat(reset).contains("\n\n" + begunAnew + "id: k3f9x2a-13\n");
            PAGE.assertShown(begunAnew);
            assertThat(get(server, "GET /api/news HTTP/1.0\nLast-Event-ID: " + epoch + "-10021"))
                    .contains("event: parley:reset\n");
            assertThat(get(server, "GET /api/news HTTP/1.0\nLast-Event-ID: who knows"))
                    .contains("event: parley:reset\n");
        }
    }

    @Test
    void theWireOfLines() throws IOException {
        try (TestServer server = TestServer.of(routes())) {
            TestStream lines = server.get("/api/news/lines").stream();
            news.publish("Water found on Mars");
            news.publish(Draft.ofBytes(new byte[] {1, 2, 3}).event("picture"));

            String text = asShown(lines.text());
            assertThat(text).isEqualTo("""
                    {"retry":3000}
                    {"id":"k3f9x2a-0"}
                    {"id":"k3f9x2a-1","data":"Water found on Mars"}
                    {"id":"k3f9x2a-2","event":"picture","base64":"AQID"}
                    """);
            PAGE.assertShown(text);
        }
    }

    @Test
    void aSilentStreamIsKeptAlive() {
        Routes routes = Routes.builder()
                .get("/lines", SseEndpoint.builder(exchange -> news).ndjson().build())
                .get(
                        "/filtered",
                        SseEndpoint.builder(exchange -> news)
                                .filter(Filter.tags("x"))
                                .build())
                .build();
        try (TestServer server = TestServer.of(routes)) {
            TestConnection lines = open(server, "GET /lines HTTP/1.0");
            TestConnection filtered = open(server, "GET /filtered HTTP/1.0");
            assertThat(bodyOf(lines)).isEqualTo("{\"retry\":3000}\n{\"id\":\"k3f9x2a-0\"}\n");
            assertThat(bodyOf(filtered)).isEqualTo("retry: 3000\n\nid: k3f9x2a-0\n\n");
            server.advance(Duration.ofSeconds(16));
            assertThat(lines.receivedText()).isEqualTo("{}\n");
            assertThat(asShown(filtered.receivedText())).isEqualTo("id: k3f9x2a-0\n\n");
            lines.cut();
            filtered.cut();
        }
    }

    @Test
    void aDrainTellsEachStreamWhenToComeBack() throws Exception {
        try (ParleyServer server =
                ParleyServer.builder().port(0).routes(routes()).build().start()) {
            HttpResponse<Stream<String>> stream = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + "/api/news"))
                                    .timeout(Duration.ofSeconds(Patience.SECONDS))
                                    .build(),
                            HttpResponse.BodyHandlers.ofLines());
            CompletionStage<Void> drained = server.drain(Duration.ofSeconds(1));

            assertThat(stream.body().map(TopicsGuideTest::asShown).toList())
                    .satisfiesExactly(
                            line -> assertThat(line).isEqualTo("retry: 3000"),
                            line -> assertThat(line).isEmpty(),
                            line -> assertThat(line).isEqualTo("id: k3f9x2a-0"),
                            line -> assertThat(line).isEmpty(),
                            line -> assertThat(line).matches("retry: 3\\d{3}"),
                            line -> assertThat(line).isEmpty());
            assertThat(drained.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(Patience.SECONDS));
        }
    }

    @Test
    void whereThereIsNoRoomARequestIsToldToComeLater() {
        Topic topic = Topics.builder().maxSubscriptions(1).build().topic("news");
        topic.subscribe(publication -> {});
        try (TestServer server = TestServer.of(
                Routes.builder().get("/api/news", SseEndpoint.of(topic)).build())) {
            assertThat(server.get("/api/news").send()).hasStatus(503).hasHeader("Retry-After", "5");
        }
    }

    @Test
    void severalTopicsOnOneStream() {
        try (TestServer server = TestServer.of(routes())) {
            TestStream stream = server.post("/api/streams").json(new Wanted(List.of("news", "weather"))).stream();
            news.publish("a");
            topics.topic("weather").publish("rain");
            assertThat(stream).received("a", "rain");
            assertThat(stream.lastEventId()).matches("[0-9a-z]+-1~[0-9a-z]+-1");

            stream.cut();
            news.publish("b");
            topics.topic("weather").publish("sun");
            assertThat(stream.reconnect()).received("b", "sun").isResumed();
        }
    }

    @Test
    void whatARequestIsAnswered() {
        Shop shop = new Shop();
        Routes routes = Routes.builder()
                .get("/stock", withAll(shop, worker))
                .post("/chosen", chosen())
                .build();
        try (TestServer server = TestServer.of(routes)) {
            topics.topic("stock").publish(Draft.of("-1").tags("eu"));
            topics.topic("stock").publish(Draft.of("secret").tags("eu", "internal"));
            topics.topic("stock").publish(Draft.of("-2").tags("us"));

            TestStream stream = server.get("/stock?region=eu").stream();
            assertThat(stream).received("{\"tea\":12}", "-1");
            stream.cut();

            TestStream expiring = server.get("/stock?left=PT10S").stream();
            expiring.ignoreRest();
            server.advance(Duration.ofSeconds(11));
            assertThat(expiring).isComplete();
            assertThat(server.get("/stock?left=PT0S").send()).hasStatus(401);
            assertThat(server.get("/stock").header("Accept", "text/html").send())
                    .hasStatus(406);
            assertThat(server.post("/chosen").json(new Wanted(List.of())).send())
                    .hasStatus(404);
            assertThat(server.post("/chosen")
                            .json(new Wanted(List.of("x".repeat(257))))
                            .send())
                    .hasStatus(404);
            assertThat(server.request(HttpMethod.HEAD, "/stock").send())
                    .hasStatus(200)
                    .hasHeader("Content-Type", "text/event-stream");
            shop.closed = true;
            assertThat(server.get("/stock").send()).hasStatus(204);
        }
    }

    // ---- presence, brokers, transports

    @Test
    void presenceIsCountedAndTold() throws Exception {
        Topic room = topics.topic("rooms/1");
        AutoCloseable telling = room.onPresence(
                worker, presence -> log.add(presence.who() + " " + presence.change() + ", now " + presence.count()));
        Subscription ann = Subscription.to(room).as("Ann").executor(worker).listen(publication -> {});
        assertThat(room.subscriptions()).isEqualTo(1);
        ann.close();
        telling.close();

        assertThat(log).containsExactly("Ann JOINED, now 1", "Ann LEFT, now 0");
    }

    @Test
    void nodesThatShareABrokerShareTheirTopics() {
        Broker broker = Broker.inMemory();
        Topics here = Topics.on(broker);
        Topics there = Topics.on(broker);
        Subscription.to(there.topic("news")).executor(worker).listen(publication -> index.add(publication.text()));

        here.topic("news").publish("heard on both");

        assertThat(index).containsExactly("heard on both");
    }

    @Nested
    final class MyBrokerTest extends BrokerContract {
        private final Broker shared = Broker.inMemory();

        @Override
        protected Broker broker() {
            return shared;
        }

        @Override
        protected Broker another() {
            return shared;
        }
    }

    /** Publications as lines. Kept in a constant, as outlets with an equal encoding share what it makes. */
    static final Encoding<ByteBuf> LINES = new Encoding<>() {
        @Override
        public ByteBuf encode(Batch batch) {
            ByteBuf lines = Unpooled.buffer();
            for (int i = 0; i < batch.size(); i++) {
                lines.writeBytes(batch.publication(i).payload()).writeByte('\n');
            }
            return lines;
        }

        @Override
        public void release(ByteBuf lines) {
            lines.release();
        }
    };

    /** The end of one connection. */
    static final class LineOutlet extends ChannelInboundHandlerAdapter implements Outlet<ByteBuf> {
        private final Channel channel;
        private final Subscription subscription;

        LineOutlet(Channel channel, Topic topic) {
            this.channel = channel;
            subscription = Subscription.to(topic).feed(channel.eventLoop(), LINES, this);
            channel.pipeline().addLast(this);
        }

        @Override
        public boolean write(ByteBuf lines) {
            if (!channel.isWritable()) {
                return false; // they stay in the topic
            }
            channel.writeAndFlush(lines.retainedDuplicate());
            return true;
        }

        @Override
        public boolean isWritable() {
            return channel.isWritable();
        }

        @Override
        public void gaps(List<Gap> gaps) {
            gaps.forEach(gap -> channel.writeAndFlush(Unpooled.copiedBuffer("# " + gap.count() + " lost\n", UTF_8)));
        }

        @Override
        public void end(Subscription.End end, @Nullable Throwable failure) {
            channel.close();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            subscription.resume();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            subscription.close();
        }
    }

    @Test
    void aTransportOfOnesOwn() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
        assertThat(new LineOutlet(channel, news).isWritable()).isTrue();
        channel.runPendingTasks();

        news.publish("a");
        news.publish("b");
        channel.runPendingTasks();
        ByteBuf lines = channel.readOutbound();
        assertThat(lines.toString(UTF_8)).isEqualTo("a\nb\n");
        lines.release();
        channel.close();
        channel.runPendingTasks();
        assertThat(news.subscriptions()).isZero();
    }

    // ---- the client, and tests

    private record Tokens(String current) {}

    @Test
    void aClientInJava() throws Exception {
        Tokens tokens = new Tokens("t");
        BlockingQueue<Optional<String>> heard = new LinkedBlockingQueue<>();
        try (ParleyServer server =
                ParleyServer.builder().port(0).routes(routes()).build().start()) {
            String before = news.publish("a").toCompletableFuture().join().toString();
            news.publish("b");
            URI uri = URI.create("http://localhost:" + server.port() + "/api/news");
            try (SseClient client = SseClient.builder(uri)
                    .request(attempt -> SseRequest.get().header("Authorization", "Bearer " + tokens.current()))
                    .lastEventId(before)
                    .onEvent(event -> heard.add(Optional.ofNullable(event.data())))
                    .onDisconnect((end, delay) -> log.add(end.reason() + ", again in " + delay))
                    .build()
                    .start()) {
                assertThat(heard.poll(Patience.SECONDS, TimeUnit.SECONDS)).contains("{}"); // parley:resumed
                assertThat(heard.poll(Patience.SECONDS, TimeUnit.SECONDS)).contains("b");
                assertThat(client.isOpen()).isTrue();
            }
        }
    }

    @Test
    void whoComesBackGetsWhatItMissed() {
        Routes routes = routes();
        try (TestServer server = TestServer.of(routes)) {
            TestStream first = server.get("/api/news").stream();
            news.publish("a");
            assertThat(first).received("a");

            first.cut();
            news.publish("b");
            TestStream second = first.reconnect();
            assertThat(second).received("b").isResumed().hasNoGap().hasNoDuplicate();
        }
    }
}
