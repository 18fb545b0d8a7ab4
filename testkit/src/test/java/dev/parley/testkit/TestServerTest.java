package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.Routes;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the kit itself promises. */
final class TestServerTest {
    private final Deque<Exchange> taken = new ArrayDeque<>();
    private final Deque<ResponseStream> opened = new ArrayDeque<>();

    private static Routes routes(Endpoint endpoint) {
        return Routes.builder().get("/", endpoint).build();
    }

    private static TestServer server(Protocol protocol, Endpoint endpoint) {
        return TestServer.builder(routes(endpoint)).protocol(protocol).build();
    }

    // ---- what fails a test

    @ParameterizedTest
    @EnumSource
    void anEndpointThatDoesNotAnswerFailsTheTestAndSaysWhatToDo(Protocol protocol) {
        try (TestServer server = server(protocol, taken::add)) {
            assertThatThrownBy(() -> server.get("/").send())
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("GET / over " + protocol + ": not answered (expected: an answer: advance the clock, or"
                            + " complete what the endpoint waits for)");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerThatGoesOnIsNoWholeOne(Protocol protocol) {
        try (TestServer server = server(protocol, exchange -> opened.add(exchange.stream(Response.of(200))))) {
            assertThatThrownBy(() -> server.get("/").send())
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("GET / over " + protocol + ": answered 200, and goes on (expected: a whole answer: for"
                            + " one that goes on use stream())");
        }
    }

    @Test
    void aStreamThatNobodyLookedAtFailsTheTest() {
        TestServer server = TestServer.of(
                routes(exchange -> exchange.stream(Response.of(200)).write("one\r\n")));
        server.get("/").stream();

        assertThatThrownBy(server::close)
                .isInstanceOf(AssertionError.class)
                .hasMessage("GET / over HTTP_1_1: answered 200, and goes on: nobody looked at \"one\\r\\n\" (expected:"
                        + " all of it taken, or ignoreRest())");
    }

    @Test
    void aStreamMayBeIgnored() {
        TestServer server = TestServer.of(
                routes(exchange -> exchange.stream(Response.of(200)).write("one")));
        server.get("/").stream().ignoreRest();

        server.close();
    }

    @Test
    void anAnswerThatNobodyLookedAtFailsTheTest() {
        TestServer server = TestServer.of(routes(exchange -> exchange.respond(Response.noContent())));
        server.get("/").open().end();

        assertThatThrownBy(server::close)
                .isInstanceOf(AssertionError.class)
                .hasMessage("GET / over HTTP_1_1: answered 204, and nobody looked (expected: response() or stream())");
    }

    @Test
    void bytesThatNobodyLookedAtFailTheTest() {
        TestServer server = TestServer.of(routes(exchange -> exchange.respond(Response.noContent())));
        server.connect().send("GET / HTTP/1.0\r\n\r\n");

        assertThatThrownBy(server::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("a connection: nobody looked at \"HTTP/1.1 204 No Content\\r\\n");
    }

    @Test
    void aBufferThatIsNotReleasedFailsTheTest() {
        List<ByteBuf> kept = new ArrayList<>();
        TestServer server = TestServer.of(routes(exchange -> exchange.switchProtocol(
                EmptyHttpHeaders.INSTANCE,
                tunnel -> tunnel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        kept.add((ByteBuf) message);
                    }

                    @Override
                    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                        ctx.close();
                    }
                }))));
        server.get("/").upgrade("x").tunnel().send("abc");

        assertThatThrownBy(server::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("3 bytes of buffers were not released (expected: each ByteBuf released once");
        kept.forEach(ByteBuf::release);
    }

    @Test
    void allFailuresAreToldTogether() {
        TestServer server = TestServer.of(
                routes(exchange -> exchange.stream(Response.of(200)).write("x")));
        server.get("/").stream();
        server.get("/").stream();

        assertThatThrownBy(server::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("(GET / over HTTP_1_1: .*\n?){2}");
    }

    @Test
    void aClosedServerTakesNoMoreClients() {
        TestServer server = TestServer.of(routes(taken::add));
        server.close();
        server.close();

        assertThatThrownBy(() -> server.get("/").send())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("this server is closed");
    }

    @Test
    void settingsAreChecked() {
        assertThatThrownBy(() -> TestServer.builder(routes(taken::add)).pieceBytes(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("pieceBytes: 0 (expected: >= 1)");
        try (TestServer server = TestServer.of(routes(taken::add))) {
            assertThatThrownBy(() -> server.advance(Duration.ofSeconds(-1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("time: PT-1S (expected: >= 0)");
        }
    }

    // ---- the clock

    @Test
    void timeStandsStillUntilItIsMoved() {
        Instant start = Instant.parse("2030-05-06T07:08:09Z");
        try (TestServer server =
                TestServer.builder(routes(taken::add)).startingAt(start).build()) {
            assertThat(server.clock().instant()).isEqualTo(start);
            server.advance(Duration.ofMillis(1_234));
            assertThat(server.clock().instant()).isEqualTo(start.plusMillis(1_234));
        }
    }

    @Test
    void eachTimerFiresAtItsOwnTime() {
        List<Instant> times = new ArrayList<>();
        Instant start = Instant.parse("2026-01-01T00:00:00Z");
        try (TestServer server = TestServer.of(routes(taken::add))) {
            server.get("/").open().end();
            for (int seconds = 3; seconds > 0; seconds--) {
                taken.getFirst()
                        .after(
                                Duration.ofSeconds(seconds),
                                () -> times.add(server.clock().instant()));
            }
            server.advance(Duration.ofMinutes(1));

            assertThat(times).hasSize(3).isSorted();
            for (int i = 0; i < 3; i++) {
                assertThat(times.get(i))
                        .isBetween(
                                start.plusSeconds(i + 1),
                                start.plusSeconds(i + 1).plusMillis(200));
            }
        }
    }

    // ---- bad clients

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void aRequestMayBeCutAtEachByte(Protocol protocol) {
        Routes routes = Routes.builder()
                .post("/", exchange -> exchange.respond(exchange.body().thenApply(body -> Response.text(body.text()))))
                .build();
        for (int n = 1; n < 160; n++) {
            try (TestServer server =
                    TestServer.builder(routes).protocol(protocol).build()) {
                TestClient client = server.client();
                if (client.isClosed()) {
                    continue;
                }
                client.cutAfterSending(n);
                if (client.isClosed()) {
                    continue; // cut in the preface, which is sent already
                }
                TestExchange exchange = client.post("/").body("hello").open();
                if (!exchange.isCutOff()) {
                    exchange.end();
                }
                if (exchange.isCutOff()) {
                    assertThat(client.isClosed()).isTrue();
                } else {
                    assertThat(exchange.response()).hasBody("hello");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void anAnswerMayBeCutAtEachByte(Protocol protocol) {
        int whole = 0;
        for (int n = 1; n < 160; n++) {
            try (TestServer server = server(protocol, exchange -> exchange.respond(Response.text("hello")))) {
                TestClient client = server.client();
                client.cutAfterReceiving(n);
                if (client.isClosed()) {
                    continue;
                }
                TestExchange exchange = client.get("/").open().end();
                if (!exchange.isCutOff()) {
                    assertThat(exchange.response()).hasBody("hello");
                    whole++;
                }
            }
        }
        assertThat(whole).isPositive();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void aClientThatStallsGetsNothing(Protocol protocol) {
        try (TestServer server = server(protocol, exchange -> opened.add(exchange.stream(Response.of(200))))) {
            TestClient client = server.client();
            TestStream stream = client.get("/").stream();
            client.stall();
            opened.getFirst().write("late");
            assertThat(stream).receivedNothing();

            client.resume();
            assertThat(stream).receivedText("late");
        }
    }

    // ---- values

    @Test
    void aRequestMayBeSentAgain() {
        try (TestServer server = TestServer.of(routes(
                exchange -> exchange.respond(Response.text(exchange.header("X").orElse("none")))))) {
            TestRequest request = server.get("/");
            TestRequest other = request.header("X", "1");

            assertThat(request.send()).hasBody("none");
            assertThat(other.send()).hasBody("1");
            assertThat(other.send()).hasBody("1");
        }
    }

    @Test
    void http10IsSpokenToo() {
        try (TestServer server = server(Protocol.HTTP_1_0, exchange -> {
            ResponseStream stream = exchange.stream(Response.of(200));
            stream.write(exchange.protocol().toString());
            stream.end();
        })) {
            assertThat(server.get("/").send())
                    .hasStatus(200)
                    .hasHeader("Connection", "close")
                    .hasNoHeader("Transfer-Encoding")
                    .hasBody("HTTP_1_0");
        }
    }

    // ---- assertions

    @Test
    void aFailedAssertionTellsWhatWasAskedAndAnswered() {
        try (TestServer server = TestServer.of(routes(exchange -> exchange.respond(Response.text("hello"))))) {
            TestResponse response = server.get("/").send();

            assertThatThrownBy(() -> assertThat(response).hasStatus(201))
                    .hasMessage("GET / over HTTP_1_1: 200 \"hello\": status: 200 (expected: 201)");
            assertThatThrownBy(() -> assertThat(response).hasHeader("X", "1"))
                    .hasMessageContaining("header X: [] (expected: [1])");
            assertThatThrownBy(() -> assertThat(response).hasBody("bye"))
                    .hasMessageContaining("body: hello (expected: bye)");
            assertThatThrownBy(() -> assertThat(response).isProblem(404)).isInstanceOf(AssertionError.class);
            assertThatThrownBy(() -> assertThat(response).hasJson("{}")).hasMessageContaining("no JSON");
        }
    }

    @Test
    void aFailedAssertionOnAStreamTakesWhatItSaw() {
        try (TestServer server = TestServer.of(
                routes(exchange -> exchange.stream(Response.of(200)).write("x")))) {
            TestStream stream = server.get("/").stream();

            assertThatThrownBy(() -> assertThat(stream).receivedText("y"))
                    .hasMessageContaining("received: x (expected: y)");
            assertThatThrownBy(() -> assertThat(stream).received("y"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Content-Type none (expected: text/event-stream; else use text())");
            assertThatThrownBy(() -> assertThat(stream).isComplete())
                    .hasMessageContaining("goes on (expected: complete)");
            assertThatThrownBy(() -> assertThat(stream).isCutOff()).hasMessageContaining("(expected: cut off)");
        }
    }
}
