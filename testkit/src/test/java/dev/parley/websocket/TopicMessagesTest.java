package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static dev.parley.websocket.Heard.bytes;
import static dev.parley.websocket.Heard.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.HttpLimits;
import dev.parley.http.Protocol;
import dev.parley.http.SendOutcome;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.topic.Draft;
import dev.parley.topic.Filter;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.OverflowPolicy;
import dev.parley.topic.Position;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import io.netty.channel.WriteBufferWaterMark;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Topics on connections: each publication is a message, and frames are made once for all. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class TopicMessagesTest {
    private final Protocol protocol;
    private final Heard heard = new Heard();
    private final Topics topics = Topics.builder()
            .history(History.last(16))
            .backlog(64, Long.MAX_VALUE)
            .build();
    private final Topic news = topics.topic("news");
    private final List<TestServer> servers = new ArrayList<>();

    TopicMessagesTest(Protocol protocol) {
        this.protocol = protocol;
    }

    @AfterEach
    void close() {
        servers.forEach(TestServer::close);
        assertThat(topics.subscriptions()).isZero();
        topics.close();
    }

    private TestServer server(WebSocketEndpoint.Builder endpoint) {
        TestServer server = Heard.server(
                protocol,
                endpoint.build(),
                HttpLimits.builder().writeTimeout(Duration.ofHours(1)).build());
        servers.add(server);
        return server;
    }

    private TestWebSocket open() {
        return server(heard.endpoint()).webSocket("/ws");
    }

    private void run() {
        servers.forEach(TestServer::run);
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    @Test
    void publicationsAreMessagesOfTheirKind() {
        TestWebSocket ws = open();
        heard.connection().subscribe(news);
        news.publish("é");
        news.publish(Draft.ofBytes(new byte[] {1, 2}));
        news.publish("");

        assertThat(ws.frames())
                .containsExactly(TestFrame.text("é"), TestFrame.binary(new byte[] {1, 2}), TestFrame.text(""));
    }

    @Test
    void aSubscriptionBeginsWhereItIsToldTo() {
        List<Position> positions = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            positions.add(
                    news.publish(Integer.toString(i)).toCompletableFuture().join());
        }
        TestWebSocket oldest = open();
        heard.connection().subscribe(news, From.oldest());
        TestWebSocket since = open();
        heard.connection().subscribe(news, From.since(positions.get(2)));
        TestWebSocket last = open();
        heard.connection().subscribe(news, From.last(1));
        TestWebSocket tail = open();
        heard.connection().subscribe(news);
        news.publish("5");

        assertThat(oldest.texts()).isEqualTo(numbers(0, 6));
        assertThat(since.texts()).isEqualTo(numbers(3, 6));
        assertThat(last.texts()).isEqualTo(numbers(4, 6));
        assertThat(tail.texts()).isEqualTo(numbers(5, 6));
    }

    @Test
    void aFilterAndSeveralTopicsWork() {
        Topic sports = topics.topic("sports");
        TestWebSocket ws = open();
        heard.connection()
                .subscribe(Subscription.to(List.of(news, sports)).filter(publication -> publication.key() != null));
        news.publish(Draft.of("a").key("k"));
        sports.publish(Draft.of("b"));
        sports.publish(Draft.of("c").key("k"));

        assertThat(ws).received("a", "c");
    }

    @Test
    void severalSubscriptionsEndWithTheirConnection() {
        TestWebSocket ws = open();
        heard.connection().subscribe(news);
        Subscription other = heard.connection().subscribe(topics.topic("other"));
        Heard.elsewhere(() -> heard.connection().subscribe(topics.topic("third")));
        run();
        assertThat(topics.subscriptions()).isEqualTo(3);
        other.close();
        run();
        assertThat(topics.subscriptions()).isEqualTo(2);
        topics.topic("third").publish("a");
        assertThat(ws).received("a");
        ws.cut();

        run();
        assertThat(topics.subscriptions()).isZero();
        assertThat(other.isOpen()).isFalse();
    }

    @Test
    void aClosedConnectionIsNotSubscribed() {
        TestWebSocket ws = open().close(1000, "");
        Subscription late = heard.connection().subscribe(news);
        Subscription lateElsewhere = Heard.elsewhere(() -> heard.connection().subscribe(news));
        run();

        assertThat(late.isOpen()).isFalse();
        assertThat(lateElsewhere.isOpen()).isFalse();
        assertThat(ws).closedWith(1000);
    }

    @Test
    void presenceIsTold() {
        List<String> present = new ArrayList<>();
        try (var watch =
                news.onPresence(Runnable::run, presence -> present.add(presence.change() + " " + presence.who()))) {
            assertThat(watch).isNotNull();
            TestWebSocket ws = open();
            heard.connection().subscribe(Subscription.to(news).as("mai"));
            run();
            ws.close(1000, "");
            assertThat(ws).closedWith(1000);
        }
        assertThat(present).hasSize(2).allMatch(change -> change.endsWith(" mai"));
    }

    @Test
    void aFilterThatFailsClosesItsOwnConnection() {
        TestWebSocket other = open();
        heard.connection().subscribe(news);
        TestWebSocket ws = server(heard.endpoint()
                        .onError((connection, failure) -> heard.add(String.valueOf(failure.getMessage()))))
                .webSocket("/ws");
        heard.take();
        Filter broken = publication -> {
            throw new IllegalStateException("broken");
        };
        heard.connection().subscribe(Subscription.to(news).filter(broken));
        news.publish("a");

        assertThat(ws).closedWith(1011);
        assertThat(other).received("a").isOpen();
        assertThat(heard.take()).containsExactly("broken", "close 1011 something failed");
    }

    @Test
    void topicsThatAreClosedSendClientsAway() {
        Topics others = Topics.inMemory();
        TestWebSocket ws = open();
        heard.connection().subscribe(others.topic("a"));
        others.close();

        assertThat(ws).closedWith(1012, "the server restarts");
    }

    // ---- clients that are slow

    private static final String FILLING = text(8 * 1024);

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            news.publish(Draft.of(i + " " + FILLING).key("k" + i % 4));
            run();
        }
    }

    private static List<Integer> numbers(TestWebSocket ws) {
        return ws.texts().stream()
                .map(text -> Integer.valueOf(text.substring(0, text.indexOf(' '))))
                .toList();
    }

    @Test
    void whoIsNotOvertakenMissesNothing() {
        TestWebSocket ws = open();
        heard.connection().subscribe(news);
        ws.stall();
        publish(0, 60);
        ws.resume();
        publish(60, 70);

        assertThat(numbers(ws)).isEqualTo(IntStream.range(0, 70).boxed().toList());
        assertThat(ws).isOpen();
    }

    @Test
    void whoIsOvertakenIsClosedAndCostsNothingMeanwhile() {
        TestWebSocket ws = open();
        TestWebSocket fast = servers.get(0).webSocket("/ws");
        heard.connection().subscribe(news);
        WebSocketConnection one = heard.connection();
        servers.get(0).run();
        TestWebSocket slow = servers.get(0).webSocket("/ws");
        heard.connection().subscribe(news);
        slow.stall();
        for (int i = 0; i < 100; i++) {
            for (int k = 0; k < 16; k++) {
                news.publish(text(64 * 1024)); // 100 MiB in all
            }
            assertThat(fast.texts()).hasSize(16);
            assertThat(heard.connection().queuedBytes()).isLessThan(17 * 65 * 1024);
            assertThat(one.queuedBytes()).isZero();
            assertThat(topics.bytes()).isLessThan(66L * 65 * 1024);
        }
        slow.resume();

        assertThat(slow.texts()).hasSizeLessThan(64);
        assertThat(slow).closedWith(1013, "what comes next is not kept any more");
        assertThat(ws).isOpen();
    }

    @Test
    void aTopicThatWaitedOnlyForAFlushGoesOn() {
        TestWebSocket ws = open();
        WebSocketConnection connection = heard.connection();
        connection.subscribe(news);
        run();
        ((OpenConnection) connection)
                .tunnel()
                .pipeline()
                .channel()
                .config()
                .setWriteBufferWaterMark(new WriteBufferWaterMark(4 * 1024, 16 * 1024));
        // All of it fits what the system takes; but the topic's turn comes when what is gathered was handed on by the
        // other thread's message, and was not flushed.
        List<SendOutcome> outcomes = new ArrayList<>();
        Heard.doElsewhere(() -> outcomes.add(connection.send(text(10 * 1024))));
        news.publish("published");
        for (int i = 0; i < 3; i++) {
            outcomes.add(connection.send(text(7 * 1024)));
        }

        assertThat(ws.texts()).hasSize(5).endsWith("published");
        assertThat(outcomes).containsOnly(SendOutcome.SENT);
    }

    @Test
    void whoIsSlowMayGetTheNewestOfEachKey() {
        TestWebSocket ws = open();
        heard.connection().subscribe(Subscription.to(news).overflow(OverflowPolicy.LATEST_PER_KEY));
        ws.stall();
        publish(0, 50);
        ws.resume();

        assertThat(numbers(ws)).endsWith(46, 47, 48, 49).hasSizeLessThan(50).isSorted();
        assertThat(ws).isOpen();
    }

    // ---- compression

    @Test
    void publicationsAreCompressedForThoseWhoAgreed() {
        TestServer server = server(heard.endpoint().contextTakeover(100_000_000));
        List<TestWebSocket> all = new ArrayList<>();
        List<WebSocketConnection> connections = new ArrayList<>();
        for (String offer : new String[] {
            "none",
            "",
            "server_no_context_takeover",
            "client_no_context_takeover",
            "server_max_window_bits=9",
            "server_max_window_bits=10; server_no_context_takeover"
        }) {
            all.add(
                    offer.equals("none")
                            ? server.webSocket("/ws")
                            : server.get("/ws").deflate(offer).webSocket());
            connections.add(heard.connection());
            heard.connection().subscribe(news);
        }
        List<String> sent = new ArrayList<>();
        StringBuilder alike = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            alike.append("{\"number\":")
                    .append(i)
                    .append(",\"name\":\"小麦")
                    .append(i * 31)
                    .append("\"},");
            sent.add(alike.toString());
            if (i % 3 == 0) {
                connections.forEach(connection -> connection.send(alike.toString()));
            } else {
                news.publish(alike.toString());
            }
            run();
        }
        for (TestWebSocket ws : all) {
            assertThat(ws.texts()).isEqualTo(sent);
        }
        news.publish(text(255));
        news.publish(text(256));
        assertThat(all.get(0).frames()).extracting(TestFrame::rsv).containsExactly(0, 0);
        for (TestWebSocket ws : all.subList(1, all.size())) {
            assertThat(ws.frames()).extracting(TestFrame::rsv).containsExactly(0, TestFrame.RSV1);
        }
    }

    @Test
    void publicationsAreEncodedOnceForAllThatAgreedOnTheSame() {
        PublicationEncoding one = new PublicationEncoding(PublicationFormat.PLAIN, 256, 15);

        assertThat(one).isEqualTo(new PublicationEncoding(PublicationFormat.PLAIN, 256, 15));
        assertThat(one).isNotEqualTo(new PublicationEncoding(PublicationFormat.PLAIN, 256, 0));
    }

    @Test
    void aPublicationAndOwnMessagesKeepTheirOrder() {
        TestWebSocket ws = open();
        WebSocketConnection connection = heard.connection();
        connection.subscribe(news);
        run();
        connection.send("a");
        news.publish("b");
        run();
        connection.send("c");

        assertThat(ws).received("a", "b", "c");
        assertThat(ws.send(bytes("x")).isOpen()).isTrue();
    }
}
