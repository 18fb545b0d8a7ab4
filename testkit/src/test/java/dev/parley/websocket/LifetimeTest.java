package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.HttpLimits;
import dev.parley.http.Protocol;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.websocket.codec.CloseReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** How long connections last: pings, idle limits, ages, credentials, rates, and a drain; on the kit's clock. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class LifetimeTest {
    private final Protocol protocol;
    private final Heard heard = new Heard();
    private final List<TestServer> servers = new ArrayList<>();

    LifetimeTest(Protocol protocol) {
        this.protocol = protocol;
    }

    @AfterEach
    void close() {
        servers.forEach(TestServer::close);
    }

    private TestServer server(WebSocketEndpoint.Builder endpoint) {
        TestServer server = Heard.server(protocol, endpoint.build());
        servers.add(server);
        return server;
    }

    private static Duration seconds(int seconds) {
        return Duration.ofSeconds(seconds);
    }

    private static long pings(TestWebSocket ws) {
        return ws.frames().stream().filter(frame -> frame.opcode() == 9).count();
    }

    // ---- keep-alive

    @Test
    void aSilentClientIsPingedAndStays() {
        TestServer server = server(heard.endpoint());
        TestWebSocket ws = server.webSocket("/ws");
        server.advance(seconds(29));
        assertThat(pings(ws)).isZero();
        server.advance(seconds(6));
        assertThat(pings(ws)).isOne();

        server.advance(Duration.ofHours(1));
        assertThat(ws).isOpen();
        assertThat(pings(ws)).isBetween(90L, 120L);
        assertThat(heard.take()).startsWith("open", "pong PT0S");
        assertThat(heard.connection().roundTripTime()).contains(Duration.ZERO);
    }

    @Test
    void aPingThatIsNotAnsweredCloses() {
        TestServer server = server(heard.endpoint());
        TestWebSocket ws = server.webSocket("/ws").ignorePings();
        server.advance(seconds(50));
        assertThat(ws).isOpen();
        server.advance(seconds(10));

        assertThat(ws).closedWith(1001, "no answer to a ping");
        assertThat(heard.take()).containsExactly("open", "close 1001 no answer to a ping");
    }

    @Test
    void whateverTheClientSaysCountsAsLife() {
        List<TestFrame> life = List.of(
                TestFrame.text("a"), TestFrame.binary(new byte[1]), TestFrame.ping("p"), TestFrame.pong("unasked"));
        for (TestFrame frame : life) {
            TestServer server = server(heard.endpoint());
            TestWebSocket ws = server.webSocket("/ws").ignorePings();
            for (int i = 0; i < 20; i++) {
                server.advance(seconds(20));
                ws.frame(frame);
            }
            assertThat(ws).isOpen();
            ws.ignoreRest();
        }
    }

    @Test
    void aClientThatIsNotReadIsNotTakenForDead() {
        TestServer server = server(heard.endpoint().readIdle(Duration.ofMinutes(1)));
        TestWebSocket ws = server.webSocket("/ws");
        heard.connection().pauseReading();
        server.advance(Duration.ofMinutes(10));
        assertThat(ws).isOpen();
        assertThat(pings(ws)).isGreaterThan(10);
        heard.connection().resumeReading();
        server.advance(seconds(30));

        assertThat(ws).isOpen();
    }

    @Test
    void theRoundTripIsMeasured() {
        TestServer server = server(heard.endpoint());
        TestWebSocket ws = server.webSocket("/ws").ignorePings();
        heard.connection().ping();
        server.advance(Duration.ofMillis(70));
        ws.answerPings();

        assertThat(heard.take()).containsExactly("open", "pong PT0.07S");
        assertThat(heard.connection().roundTripTime()).contains(Duration.ofMillis(70));
    }

    @Test
    void aPongThatNobodyAskedForIsNoRoundTrip() {
        TestServer server = server(heard.endpoint());
        server.webSocket("/ws")
                .frame(TestFrame.pong("12345678"), TestFrame.pong(""), TestFrame.pong("\0\0\0\0\0\0\0\0"));

        assertThat(heard.take()).containsExactly("open");
        assertThat(heard.connection().roundTripTime()).isEmpty();
    }

    // ---- idle limits

    @Test
    void aClientThatSaysNothingIsClosed() {
        TestServer server = server(heard.endpoint().readIdle(seconds(60)));
        TestWebSocket ws = server.webSocket("/ws");
        server.advance(seconds(50));
        ws.send("a");
        server.advance(seconds(59));
        heard.connection().send("b");
        assertThat(ws).received("b").isOpen();
        server.advance(seconds(10));

        assertThat(ws).closedWith(1001, "nothing was said for too long");
    }

    @Test
    void aConnectionThatIsSentNothingIsClosed() {
        TestServer server = server(heard.endpoint().writeIdle(seconds(60)));
        TestWebSocket ws = server.webSocket("/ws");
        server.advance(seconds(50));
        heard.connection().send("b");
        assertThat(ws).received("b");
        server.advance(seconds(59));
        ws.send("a");
        assertThat(ws).isOpen();
        server.advance(seconds(10));

        assertThat(ws).closedWith(1001, "there was nothing to say for too long");
    }

    @Test
    void aConnectionHasNoOtherLimitOnSilence() {
        TestServer server =
                server(heard.endpoint().keepAlive(Duration.ofHours(1)).pongTimeout(Duration.ofHours(1)));
        TestWebSocket ws = server.webSocket("/ws").ignorePings();
        server.advance(Duration.ofMinutes(59));

        assertThat(ws).isOpen();
    }

    // ---- ages and credentials

    @Test
    void connectionsThatBeganTogetherDoNotEndTogether() {
        TestServer server = server(heard.endpoint().maxAge(seconds(1000)));
        List<TestWebSocket> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(server.webSocket("/ws"));
        }
        server.advance(seconds(895));
        assertThat(all).allMatch(TestWebSocket::isOpen);
        TreeSet<Integer> ends = new TreeSet<>();
        for (int i = 0; i < 110; i++) {
            server.advance(seconds(1));
            long left = all.stream().filter(TestWebSocket::isOpen).count();
            if (left < 20 - ends.size()) {
                ends.add(i);
            }
        }
        assertThat(ends).hasSizeGreaterThan(5);
        all.forEach(ws -> assertThat(ws).closedWith(1012, "come back"));
    }

    private WebSocketEndpoint.Builder expiring() {
        return heard.endpoint()
                .credential(exchange -> exchange.query("left").map(left -> seconds(Integer.parseInt(left))))
                .onText((connection, text) -> connection.credential(seconds(Integer.parseInt(text))));
    }

    @Test
    void aCredentialExpires() {
        TestServer server = server(expiring());
        TestWebSocket ws = server.webSocket("/ws?left=60");
        TestWebSocket forEver = server.webSocket("/ws");
        server.advance(seconds(59));
        assertThat(ws).isOpen();
        server.advance(seconds(2));

        assertThat(ws).closedWith(1008, "the credential has expired");
        assertThat(forEver).isOpen();
    }

    @Test
    void aCredentialIsRefreshedInBand() {
        TestServer server = server(expiring());
        TestWebSocket ws = server.webSocket("/ws?left=60");
        server.advance(seconds(50));
        ws.send("60");
        server.advance(seconds(50));
        assertThat(ws).isOpen();
        ws.send("0");

        assertThat(ws).closedWith(1008);
    }

    @Test
    void whoHasNoCredentialAnyMoreIsNotLetIn() {
        TestServer server = server(expiring());
        for (String left : List.of("0", "-5")) {
            var answer = server.get("/ws?left=" + left).webSocketHandshake().send();
            assertThat(answer).isProblem(401);
        }
        assertThat(heard.take()).isEmpty();
    }

    @Test
    void aCredentialMayLastAsLongAsItLikes() {
        TestServer server =
                server(heard.endpoint().credential(exchange -> Optional.of(Duration.ofSeconds(Long.MAX_VALUE))));
        TestWebSocket ws = server.webSocket("/ws");
        heard.connection().credential(Duration.ofSeconds(Long.MAX_VALUE));
        server.advance(Duration.ofHours(1));

        assertThat(ws).isOpen();
    }

    // ---- rates

    @Test
    void tooManyMessagesClose() {
        TestServer server = server(heard.endpoint().rateLimit(new RateLimit(2, 1_000_000)));
        TestWebSocket ws = server.webSocket("/ws");
        heard.take();
        for (int i = 0; i < 20; i++) {
            ws.send("a");
        }
        server.advance(seconds(1));
        ws.send("b").send("b");
        assertThat(heard.take()).hasSize(22);
        assertThat(ws).isOpen();
        ws.send("c");

        assertThat(heard.take()).containsExactly("close 1008 too much in too short a time");
        assertThat(ws).closedWith(1008, "too much in too short a time");
    }

    @Test
    void tooManyBytesClose() {
        TestServer server = server(heard.endpoint().rateLimit(new RateLimit(1000, 100)));
        TestWebSocket ws = server.webSocket("/ws");
        ws.send(new byte[1000]);
        server.advance(seconds(100));
        ws.send(new byte[1000]);
        assertThat(ws).isOpen();
        server.advance(seconds(5));
        ws.send(new byte[501]);

        assertThat(ws).closedWith(1008);
    }

    // ---- a drain

    @Test
    void aDrainSendsClientsAwayOneAfterTheOther() {
        TestServer server = server(heard.endpoint());
        List<TestWebSocket> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(server.webSocket("/ws"));
        }
        CompletableFuture<Void> drained = server.drain(seconds(100));
        int open = 10;
        for (int i = 0; i < 10; i++) {
            server.advance(seconds(10));
            int now = (int) all.stream().filter(TestWebSocket::isOpen).count();
            assertThat(open - now).isLessThanOrEqualTo(3);
            open = now;
        }
        assertThat(open).isZero();
        all.forEach(ws -> assertThat(ws).closedWith(1012, "the server restarts").isEnded());
        assertThat(drained).isCompleted();
    }

    @Test
    void whoDoesNotGoIsCutOff() {
        TestServer server = server(heard.endpoint().closeTimeout(Duration.ofHours(1)));
        TestWebSocket ws = server.webSocket("/ws").ignoreClose();
        CompletableFuture<Void> drained = server.drain(seconds(10));
        server.advance(seconds(9));
        assertThat(ws).closedWith(1012);
        assertThat(heard.take()).containsExactly("open");
        assertThat(drained).isNotDone();
        server.advance(seconds(2));

        assertThat(heard.take()).containsExactly("close 1012 the server restarts");
        assertThat(drained).isCompleted();
    }

    @Test
    void aDrainHasItsOwnReason() {
        TestServer server = server(heard.endpoint().drainReason(CloseReason.GOING_AWAY, "bye"));
        TestWebSocket ws = server.webSocket("/ws");
        server.drain(seconds(1));
        server.advance(seconds(1));

        assertThat(ws).closedWith(1001, "bye");
        assertThat(heard.take()).containsExactly("open", "close 1001 bye");
    }

    // ---- the stream below

    @Test
    void aClientThatNeverReadsIsGivenUp() {
        TestServer server = Heard.server(
                protocol,
                heard.endpoint().maxQueuedBytes(10_000_000).build(),
                HttpLimits.builder().writeTimeout(seconds(20)).build());
        servers.add(server);
        TestWebSocket ws = server.webSocket("/ws");
        ws.stall();
        heard.connection().send(new byte[1_000_000]);
        server.advance(seconds(15));
        assertThat(heard.take()).containsExactly("open");
        server.advance(seconds(60));

        assertThat(heard.take()).containsExactly("close 1006");
        ws.ignoreRest();
    }

    @Test
    void aClientThatNeverAnswersTheEndIsLeft() {
        TestServer server = server(heard.endpoint());
        TestWebSocket ws = server.webSocket("/ws");
        ws.frame(TestFrame.text("a").unmasked());
        server.advance(seconds(3));

        assertThat(ws).closedWith(1002).isEnded();
    }
}
