package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static dev.parley.websocket.Heard.doElsewhere;
import static dev.parley.websocket.Heard.elsewhere;
import static dev.parley.websocket.Heard.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Protocol;
import dev.parley.http.SendOutcome;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of what is sent, on the event loop and on other threads, and how much is queued. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class SendingTest {
    private static final int BOUND = 256 * 1024;
    private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(4 * 1024, 16 * 1024);
    private static final String PIECE = text(32 * 1024);

    private final Protocol protocol;
    private final Heard heard = new Heard();
    private final List<TestServer> servers = new ArrayList<>();

    SendingTest(Protocol protocol) {
        this.protocol = protocol;
    }

    @AfterEach
    void close() {
        servers.forEach(TestServer::close);
    }

    private TestWebSocket open(WebSocketEndpoint.Builder endpoint) {
        TestServer server = Heard.server(protocol, endpoint.build());
        servers.add(server);
        return server.webSocket("/ws");
    }

    private void run() {
        servers.forEach(TestServer::run);
    }

    private TestWebSocket bounded(WhenFull whenFull) {
        return open(heard.endpoint().maxQueuedBytes(BOUND).whenFull(whenFull));
    }

    @Test
    void aClientThatReadsIsSentAtOnce() {
        TestWebSocket ws = open(heard.endpoint());
        WebSocketConnection connection = heard.connection();

        assertThat(connection.send("a")).isEqualTo(SendOutcome.SENT);
        assertThat(connection.send(new byte[] {1})).isEqualTo(SendOutcome.SENT);
        assertThat(connection.send(Unpooled.wrappedBuffer(new byte[] {2}))).isEqualTo(SendOutcome.SENT);
        assertThat(ws.frames())
                .containsExactly(
                        TestFrame.text("a"), TestFrame.binary(new byte[] {1}), TestFrame.binary(new byte[] {2}));
        assertThat(connection.isWritable()).isTrue();
        assertThat(connection.queuedBytes()).isZero();
    }

    @Test
    void otherThreadsSendAsWell() {
        TestWebSocket ws = open(heard.endpoint());
        WebSocketConnection connection = heard.connection();

        assertThat(elsewhere(() -> connection.send("a"))).isEqualTo(SendOutcome.SENT);
        assertThat(elsewhere(() -> connection.send(new byte[] {1}))).isEqualTo(SendOutcome.SENT);
        assertThat(elsewhere(() -> connection.send(Unpooled.wrappedBuffer(new byte[] {2}))))
                .isEqualTo(SendOutcome.SENT);
        assertThat(connection.queuedBytes()).isEqualTo(3);
        assertThat(ws.frames())
                .containsExactly(
                        TestFrame.text("a"), TestFrame.binary(new byte[] {1}), TestFrame.binary(new byte[] {2}));
        assertThat(connection.queuedBytes()).isZero();
    }

    @Test
    void whatOneThreadSendsArrivesInItsOrder() {
        TestWebSocket ws = open(heard.endpoint());
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            sent.add("n" + i);
        }
        doElsewhere(() -> sent.forEach(heard.connection()::send));

        assertThat(ws.texts()).isEqualTo(sent);
    }

    @Test
    void whatIsClosedTakesNothing() {
        TestWebSocket ws = open(heard.endpoint());
        WebSocketConnection connection = heard.connection();
        ws.close(1000, "");

        assertThat(connection.send("a")).isEqualTo(SendOutcome.CLOSED);
        assertThat(connection.send(Unpooled.wrappedBuffer(new byte[] {2}))).isEqualTo(SendOutcome.CLOSED);
        assertThat(elsewhere(() -> connection.send("a"))).isEqualTo(SendOutcome.CLOSED);
        assertThat(elsewhere(() -> connection.send(Unpooled.wrappedBuffer(new byte[] {2}))))
                .isEqualTo(SendOutcome.CLOSED);
        assertThat(connection.ping()).isEqualTo(SendOutcome.CLOSED);
        assertThat(connection.isWritable()).isFalse();
        assertThat(connection.isOpen()).isFalse();
        assertThat(connection.queuedBytes()).isZero();
        connection.close();
        connection.credential(Duration.ofSeconds(1));
        connection.pauseReading();
        connection.resumeReading();
        assertThat(connection.flushed()).isCompletedExceptionally();
        assertThat(ws).closedWith(1000);
    }

    @Test
    void aClientThatStallsIsBehind() {
        TestWebSocket ws = bounded(WhenFull.CLOSE);
        WebSocketConnection connection = heard.connection();
        connection.onWritable(() -> heard.add("writable"));
        ws.stall();
        List<SendOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            outcomes.add(connection.send(PIECE));
            run();
        }

        assertThat(outcomes).startsWith(SendOutcome.SENT).endsWith(SendOutcome.QUEUED);
        assertThat(connection.isWritable()).isFalse();
        assertThat(connection.queuedBytes()).isBetween(64L * 1024, (long) BOUND);
        assertThat(heard.take()).containsExactly("open");

        ws.resume();
        assertThat(heard.take()).containsExactly("writable");
        assertThat(connection.isWritable()).isTrue();
        assertThat(connection.queuedBytes()).isZero();
        assertThat(ws.texts()).hasSize(6).containsOnly(PIECE);
    }

    /** As much is queued as may be, by the event loop or by another thread. */
    private void fill(Supplier<SendOutcome> send) {
        SendOutcome outcome = SendOutcome.SENT;
        for (int i = 0; outcome == SendOutcome.SENT || outcome == SendOutcome.QUEUED; i++) {
            assertThat(i).isLessThan(20);
            outcome = send.get();
            run();
            assertThat(heard.connection().queuedBytes()).isLessThanOrEqualTo(BOUND + 100);
        }
        assertThat(outcome).isEqualTo(SendOutcome.DROPPED);
    }

    @Test
    void aClientThatIsTooFarBehindIsClosed() {
        TestWebSocket ws = bounded(WhenFull.CLOSE);
        ws.stall();
        fill(() -> heard.connection().send(PIECE));
        assertThat(heard.connection().isOpen()).isFalse();

        ws.resume();
        assertThat(ws.texts()).hasSizeBetween(7, 12).containsOnly(PIECE);
        assertThat(ws).closedWith(1013, "the client does not keep up");
        assertThat(heard.take()).containsExactly("open", "close 1013 the client does not keep up");
    }

    @Test
    void aClientThatIsTooFarBehindIsClosedFromOtherThreads() {
        TestWebSocket ws = bounded(WhenFull.CLOSE);
        ws.stall();
        fill(() -> elsewhere(() -> heard.connection().send(PIECE)));
        ws.resume();

        assertThat(ws.texts()).containsOnly(PIECE);
        assertThat(ws).closedWith(1013, "the client does not keep up");
    }

    @Test
    void whatIsTooMuchMayBeDropped() {
        TestWebSocket ws = bounded(WhenFull.DROP);
        ws.stall();
        fill(() -> heard.connection().send(PIECE));
        run();
        fill(() -> elsewhere(() -> heard.connection().send(PIECE)));
        ws.resume();
        int sent = ws.texts().size();
        assertThat(sent).isBetween(7, 12);

        assertThat(heard.connection().send("again")).isEqualTo(SendOutcome.SENT);
        assertThat(ws).received("again").isOpen();
    }

    @Test
    void aMessageThatIsLongerThanTheBoundIsSentByItself() {
        for (boolean here : new boolean[] {true, false}) {
            TestWebSocket ws = bounded(WhenFull.CLOSE);
            WebSocketConnection connection = heard.connection();
            String big = text(3 * BOUND);
            SendOutcome outcome = here ? connection.send(big) : elsewhere(() -> connection.send(big));

            assertThat(outcome).isEqualTo(SendOutcome.QUEUED);
            assertThat(ws).received(big);
            assertThat(connection.send("a")).isEqualTo(SendOutcome.SENT);
            assertThat(ws).received("a").isOpen();
        }
    }

    // ---- onWritable

    @Test
    void whoSetsItLateIsToldAtOnce() {
        TestWebSocket ws = open(heard.endpoint());
        WebSocketConnection connection = heard.connection();
        SendOutcome outcome = connection.send(text(1_000_000));
        ws.texts();
        connection.onWritable(() -> heard.add("writable"));
        run();

        assertThat(outcome).isEqualTo(SendOutcome.QUEUED);
        assertThat(heard.take()).containsExactly("open", "writable");
        run();
        connection.onWritable(() -> heard.add("again"));
        run();
        assertThat(heard.take()).isEmpty();
    }

    @Test
    void whoWasToldElsewhereThatItIsBehindIsToldThatItIsNot() {
        TestWebSocket ws = open(heard.endpoint());
        WebSocketConnection connection = heard.connection();
        connection.onWritable(() -> heard.add("writable"));
        List<SendOutcome> outcomes = new ArrayList<>();
        doElsewhere(() -> {
            for (int i = 0; i < 4; i++) {
                outcomes.add(connection.send(PIECE));
            }
        });

        assertThat(outcomes).endsWith(SendOutcome.QUEUED);
        assertThat(ws.texts()).hasSize(4);
        assertThat(heard.take()).startsWith("open", "writable");
    }

    @Test
    void whoIsBehindOnlyUntilTheEndOfTheTaskIsTold() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> {
            // All of it fits what the system takes, but more than this waits for the end of the task.
            ((OpenConnection) connection).tunnel().pipeline().channel().config().setWriteBufferWaterMark(MARKS);
            connection.onWritable(() -> heard.add("writable"));
            for (int i = 0; i < 3; i++) {
                heard.add(connection.send(text(10 * 1024)).toString());
            }
        }));
        ws.send("go");

        assertThat(ws.texts()).hasSize(3);
        assertThat(heard.take()).containsExactly("open", "SENT", "SENT", "QUEUED", "writable");
    }

    // ---- flushed

    @Test
    void whatIsFlushedIsWithTheSystem() {
        TestWebSocket ws = open(heard.endpoint());
        WebSocketConnection connection = heard.connection();
        ws.stall();
        connection.send(text(1_000_000));
        CompletableFuture<Void> flushed = connection.flushed().toCompletableFuture();
        CompletableFuture<Void> flushedElsewhere =
                elsewhere(connection::flushed).toCompletableFuture();
        run();
        assertThat(flushed).isNotDone();

        ws.resume();
        assertThat(flushed).isCompleted();
        assertThat(flushedElsewhere).isCompleted();
        assertThat(ws.texts()).hasSize(1);
    }

    @Test
    void whatIsNeverFlushedFails() {
        TestWebSocket ws = open(heard.endpoint());
        WebSocketConnection connection = heard.connection();
        ws.stall();
        connection.send(text(1_000_000));
        CompletableFuture<Void> flushed = connection.flushed().toCompletableFuture();
        ws.cut();

        assertThatThrownBy(flushed::join)
                .hasCauseInstanceOf(IOException.class)
                .hasMessageEndingWith("the connection has ended");
    }

    // ---- reading

    @Test
    void readingCanBePaused() {
        TestWebSocket ws = open(heard.endpoint());
        heard.take();
        heard.connection().pauseReading();
        ws.frame(TestFrame.text("a"), TestFrame.ping("p"), TestFrame.text("b"));
        assertThat(heard.take()).isEmpty();
        assertThat(ws).receivedNothing();

        heard.connection().resumeReading();
        assertThat(ws).ponged("p").isOpen();
        assertThat(heard.take()).containsExactly("text a", "text b");
    }

    @Test
    void readingCanBePausedInsideAListenerBetweenMessagesOfOneRead() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> {
            heard.add("text " + text);
            connection.pauseReading();
        }));
        heard.take();
        ws.frame(TestFrame.text("a"), TestFrame.text("b"), TestFrame.text("c"));
        assertThat(heard.take()).containsExactly("text a");

        doElsewhere(heard.connection()::resumeReading);
        run();
        assertThat(heard.take()).containsExactly("text b");
        heard.connection().resumeReading();
        ws.send("d");
        assertThat(heard.take()).containsExactly("text c");
        heard.connection().resumeReading();
        run();
        assertThat(heard.take()).containsExactly("text d");
    }

    @Test
    void aPauseHoldsTheClientBack() {
        TestWebSocket ws = open(heard.endpoint().onBinary((connection, bytes) -> heard.add("got")));
        heard.connection().pauseReading();
        heard.take();
        for (int i = 0; i < 100; i++) {
            ws.frame(TestFrame.binary(new byte[32 * 1024]));
        }
        assertThat(heard.take()).isEmpty();

        heard.connection().resumeReading();
        run();
        assertThat(heard.take()).hasSize(100);
    }

    @Test
    void resumedInsideAListenerGoesOn() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> {
            connection.pauseReading();
            heard.add("text " + text);
            connection.resumeReading();
        }));
        heard.take();
        ws.frame(TestFrame.text("a"), TestFrame.text("b"));
        ws.send("c");

        assertThat(heard.take()).containsExactly("text a", "text b", "text c");
    }

    // ---- compression

    @Test
    void longMessagesAreCompressedUnlessTheyMustNotBe() {
        TestServer server = Heard.server(protocol, heard.endpoint().build());
        servers.add(server);
        TestWebSocket ws = server.get("/ws").deflate().webSocket();
        WebSocketConnection connection = heard.connection();
        connection.send(text(256));
        connection.send(text(255));
        connection.sendUncompressed(text(1000));
        connection.sendUncompressed(new byte[1000]);
        doElsewhere(() -> {
            connection.send(new byte[1000]);
            connection.sendUncompressed(new byte[1000]);
        });

        assertThat(ws.frames()).extracting(TestFrame::rsv).containsExactly(TestFrame.RSV1, 0, 0, 0, TestFrame.RSV1, 0);
    }

    @Test
    void compressionCanBeOff() {
        TestServer server = Heard.server(protocol, heard.endpoint().noDeflate().build());
        servers.add(server);
        TestWebSocket ws = server.get("/ws").deflate().webSocket();
        heard.connection().send(text(1000));

        assertThat(ws).hasExtensions().received(text(1000));
    }

    @Test
    void theBudgetOfContextTakeoverIsGivenBack() {
        TestServer server = Heard.server(
                protocol, heard.endpoint().contextTakeover(400 * 1024).build());
        servers.add(server);
        for (int i = 0; i < 5; i++) {
            TestWebSocket ws = server.get("/ws").deflate().webSocket();
            assertThat(ws).hasExtensions("permessage-deflate");
            assertThat(server.get("/ws")
                            .header("Origin", "https://elsewhere.example")
                            .deflate()
                            .webSocketHandshake()
                            .send())
                    .hasStatus(403);
            TestWebSocket other = server.get("/ws").deflate().webSocket();
            assertThat(other.headers().get("Sec-WebSocket-Extensions")).contains("server_no_context_takeover");
            String text = text(1000);
            ws.sendCompressed(text).sendCompressed(text);
            heard.connection().send(text);
            assertThat(other).received(text);
            other.close(1000, "");
            assertThat(other).closedWith(1000);
            if (i % 2 == 0) {
                ws.cut();
            } else {
                assertThat(ws.close(1000, "")).closedWith(1000);
            }
        }
    }

    @Test
    void theBudgetIsGivenBackWhereNoConnectionCameOfIt() {
        WebSocketEndpoint endpoint = heard.endpoint()
                .contextTakeover(400 * 1024)
                .credential(exchange -> {
                    if (exchange.query("fail").isPresent()) {
                        throw new IllegalStateException("broken");
                    }
                    return exchange.query("expired").map(expired -> Duration.ZERO);
                })
                .build();
        TestServer server = Heard.server(protocol, endpoint);
        servers.add(server);
        assertThat(server.get("/ws?fail=1").deflate().webSocketHandshake().send())
                .hasStatus(500);
        assertThat(server.get("/ws?expired=1").deflate().webSocketHandshake().send())
                .hasStatus(401);

        assertThat(server.get("/ws").deflate().webSocket()).hasExtensions("permessage-deflate");
    }
}
