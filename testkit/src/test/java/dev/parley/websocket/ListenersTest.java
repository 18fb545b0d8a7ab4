package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static dev.parley.websocket.Heard.doElsewhere;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.parley.http.Endpoints;
import dev.parley.http.Guard.Verdict;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.websocket.codec.Opcode;
import dev.parley.websocket.codec.Violation;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** What listeners hear, in which order, and what becomes of a connection whose listener fails. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class ListenersTest {
    private final Protocol protocol;
    private final Heard heard = new Heard();
    private final List<TestServer> servers = new ArrayList<>();
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Logger log = (Logger) LoggerFactory.getLogger(OpenConnection.class);

    ListenersTest(Protocol protocol) {
        this.protocol = protocol;
        logged.start();
        log.addAppender(logged);
    }

    @AfterEach
    void close() {
        log.detachAppender(logged);
        servers.forEach(TestServer::close);
    }

    private TestServer server(WebSocketEndpoint.Builder endpoint) {
        return server(Routes.builder().get("/ws", endpoint.build()).build());
    }

    private TestServer server(Routes routes) {
        TestServer server = TestServer.builder(routes).protocol(protocol).build();
        servers.add(server);
        return server;
    }

    private TestWebSocket open(WebSocketEndpoint.Builder endpoint) {
        return server(endpoint).webSocket("/ws");
    }

    @Test
    void listenersHearAllInItsOrder() {
        TestWebSocket ws = open(heard.endpoint());
        heard.connection().ping();
        ws.send("a").send(new byte[] {1}).send("b").close(1000, "bye");

        assertThat(heard.take())
                .containsExactly("open", "pong PT0S", "text a", "binary 01", "text b", "close 1000 bye");
        assertThat(ws).closedWith(1000);
    }

    @Test
    void whatComesRightBehindTheHandshakeIsHeardBehindTheOpening() {
        TestServer server = server(heard.endpoint());
        TestWebSocket ws =
                server.get("/ws").body(TestFrame.text("Hello").toBytes()).webSocket();

        assertThat(heard.take()).containsExactly("open", "text Hello");
        assertThat(ws).isOpen();
    }

    @Test
    void theOpeningGetsTheRequest() {
        List<String> asked = new ArrayList<>();
        TestServer server = server(Routes.builder()
                .get(
                        "/rooms/{room}",
                        heard.endpoint()
                                .onOpen((connection, exchange) -> {
                                    asked.add(exchange.path() + " " + exchange.path("room") + " "
                                            + exchange.headers().get("X-Who"));
                                    connection.send("welcome");
                                })
                                .build())
                .build());
        TestWebSocket ws =
                server.get("/rooms/blue?token=1").header("X-Who", "mai").webSocket();

        assertThat(asked).containsExactly("/rooms/blue blue mai");
        assertThat(ws).received("welcome").isOpen();
    }

    @Test
    void whatNobodyListensForIsRefused() {
        assertThat(open(WebSocketEndpoint.builder()).send("a")).closedWith(1003, "text is not taken here");
        assertThat(open(WebSocketEndpoint.builder()).send(new byte[1])).closedWith(1003, "binary is not taken here");
    }

    @Test
    void aListenerMayPauseAndGoOnInTheMidstOfARead() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> {
            heard.add("text " + text);
            connection.pauseReading();
            connection.resumeReading();
        }));
        for (int i = 0; i < 2; i++) {
            ws.frame(TestFrame.text("a"), TestFrame.text("b"), TestFrame.text("c"))
                    .send("d");
        }

        assertThat(heard.take())
                .containsExactly(
                        "open", "text a", "text b", "text c", "text d", "text a", "text b", "text c", "text d");
        assertThat(ws).isOpen();
    }

    @Test
    void whatClientsDoWrongIsCounted() {
        WebSocketEndpoint endpoint = heard.endpoint().build();
        TestServer server = server(Routes.builder().get("/ws", endpoint).build());

        assertThat(server.webSocket("/ws").frame(TestFrame.text("a").unmasked()))
                .closedWith(1002);
        assertThat(server.webSocket("/ws").frame(TestFrame.text("a").unmasked()))
                .closedWith(1002);

        assertThat(endpoint.violations()).containsExactly(Map.entry(Violation.NOT_MASKED, 2L));
    }

    @Test
    void aPongOfTheLeastNumberIsNoAnswer() {
        TestWebSocket ws = open(heard.endpoint());
        ws.frame(TestFrame.of(Opcode.PONG, new byte[] {(byte) 0x80, 0, 0, 0, 0, 0, 0, 0}));

        assertThat(heard.take()).containsExactly("open");
        assertThat(heard.connection().roundTripTime()).isEmpty();
        assertThat(ws).isOpen();
    }

    @Test
    void aListenerThatThrowsClosesAndIsLoggedOnce() {
        RuntimeException failure = new IllegalStateException("broken");
        WebSocketEndpoint.Builder endpoint = heard.endpoint().onText((connection, text) -> {
            heard.add("text " + text);
            throw failure;
        });
        TestWebSocket ws = open(endpoint);
        ws.frame(TestFrame.text("a"), TestFrame.text("b"));

        assertThat(ws).closedWith(1011, "something failed");
        assertThat(heard.take()).containsExactly("open", "text a", "close 1011 something failed");
        assertThat(logged.list).hasSize(1);
        assertThat(logged.list.get(0).getFormattedMessage())
                .matches("WebSocket of .*127.0.0.1:\\d+: a listener failed");
    }

    @Test
    void eachListenerMayThrow() {
        List<WebSocketEndpoint.Builder> all = List.of(
                heard.endpoint().onOpen((connection, exchange) -> fail()),
                heard.endpoint().onBinary((connection, bytes) -> fail()),
                heard.endpoint().onPong((connection, time) -> fail()),
                heard.endpoint().onOpen((connection, exchange) -> {
                    heard.opened(connection);
                    connection.onWritable(ListenersTest::fail);
                }),
                heard.endpoint().onFrame((connection, frame) -> fail()));
        for (WebSocketEndpoint.Builder endpoint : all) {
            TestWebSocket ws = open(endpoint);
            boolean isOpen = ws.isOpen();
            if (isOpen) {
                heard.connection().ping();
                servers.forEach(TestServer::run);
            }
            if (ws.isOpen()) {
                ws.stall();
                heard.connection().send(new byte[300_000]);
                heard.connection().flushed();
                ws.resume();
                ws.binaries();
            }
            if (ws.isOpen()) {
                ws.send(new byte[1]);
            }

            assertThat(ws).closedWith(1011);
            assertThat(heard.take()).endsWith("close 1011 something failed");
            assertThat(logged.list).hasSize(1);
            logged.list.clear();
        }
    }

    private static void fail() {
        throw new IllegalStateException("broken");
    }

    @Test
    void aFailureIsToldInPlaceOfTheLog() {
        WebSocketEndpoint.Builder endpoint = heard.endpoint()
                .onText((connection, text) -> {
                    throw new IllegalStateException("broken");
                })
                .onError((connection, failure) -> heard.add("error " + failure.getMessage()));
        TestWebSocket ws = open(endpoint).send("a");

        assertThat(ws).closedWith(1011);
        assertThat(heard.take()).containsExactly("open", "error broken", "close 1011 something failed");
        assertThat(logged.list).isEmpty();
    }

    @Test
    void theListenerForFailuresMayFailItself() {
        WebSocketEndpoint.Builder endpoint =
                heard.endpoint().onText((connection, text) -> fail()).onError((connection, failure) -> fail());
        TestWebSocket ws = open(endpoint).send("a");

        assertThat(ws).closedWith(1011);
        assertThat(heard.take()).containsExactly("open", "close 1011 something failed");
        assertThat(logged.list).hasSize(1);
    }

    @Test
    void theListenerForTheEndMayFail() {
        TestWebSocket ws =
                open(heard.endpoint().onClose((connection, reason) -> fail())).close(1000, "");

        assertThat(ws).closedWith(1000);
        assertThat(logged.list).hasSize(1);
    }

    @Test
    void aFailureHarmsNoOther() {
        TestServer server = server(heard.endpoint().onText((connection, text) -> {
            if (text.equals("fail")) {
                fail();
            }
            connection.send(text);
        }));
        TestWebSocket one = server.webSocket("/ws");
        TestWebSocket other = server.webSocket("/ws");
        one.send("fail");
        other.send("a");

        assertThat(one).closedWith(1011);
        assertThat(other).received("a").isOpen();
    }

    // ---- the end

    @Test
    void theEndIsToldOnceHoweverItComes() {
        TestServer server = server(heard.endpoint());

        assertThat(server.webSocket("/ws").close(1001, "away")).closedWith(1001);
        assertThat(heard.take()).containsExactly("open", "close 1001 away");

        assertThat(server.webSocket("/ws").close()).closedWith(1005);
        assertThat(heard.take()).containsExactly("open", "close 1005");

        TestWebSocket closed = server.webSocket("/ws");
        heard.connection().close(4000, "enough");
        heard.connection().close(4001, "again");
        assertThat(closed).closedWith(4000, "enough").isEnded();
        assertThat(heard.take()).containsExactly("open", "close 4000 enough");

        TestWebSocket silent = server.webSocket("/ws").ignoreClose();
        heard.connection().close();
        assertThat(heard.take()).containsExactly("open");
        server.advance(Duration.ofSeconds(5));
        assertThat(silent).closedWith(1000);
        assertThat(heard.take()).containsExactly("close 1000");

        server.webSocket("/ws").cut();
        assertThat(heard.take()).containsExactly("open", "close 1006");

        server.webSocket("/ws").closeOutput();
        assertThat(heard.take()).containsExactly("open", "close 1006");

        assertThat(server.webSocket("/ws").frame(TestFrame.text("a").unmasked()))
                .closedWith(1002);
        assertThat(heard.take()).containsExactly("open", "close 1002 the frame is not masked");
        server.advance(Duration.ofMinutes(5));
        assertThat(heard.take()).isEmpty();
    }

    @Test
    void theEndOfTheConnectionIsToldWhileReadingIsPaused() {
        TestServer server = server(heard.endpoint());
        for (int i = 0; i < 2; i++) {
            var client = server.client();
            TestWebSocket ws = client.webSocket("/ws");
            heard.connection().pauseReading();
            server.run();
            if (i == 0) {
                client.cut();
            } else {
                ws.cut();
            }
            server.run();
            assertThat(heard.take()).containsExactly("open", "close 1006");
        }
    }

    @Test
    void bothSidesMayCloseAtTheSameTime() {
        TestWebSocket ws = open(heard.endpoint()).ignoreClose();
        heard.connection().close(4000, "server");
        ws.frame(TestFrame.close(4001, "client"));

        assertThat(ws).closedWith(4000, "server").isEnded();
        assertThat(heard.take()).containsExactly("open", "close 4000 server");
    }

    @Test
    void aLongReasonIsCutAtACharacter() {
        TestWebSocket ws = open(heard.endpoint());
        heard.connection().close(4000, "x" + "小".repeat(50));

        assertThat(ws).closedWith(4000, "x" + "小".repeat(40));
    }

    @Test
    void whatWasSentBeforeTheCloseArrives() {
        TestWebSocket ws = open(heard.endpoint());
        doElsewhere(() -> {
            heard.connection().send("last");
            heard.connection().close(4000, "");
            heard.connection().send("too late");
        });

        assertThat(ws).received("last").closedWith(4000);
    }

    @Test
    void nothingIsHeardOnceItIsClosedHere() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> {
                    heard.add("text " + text);
                    connection.close();
                }))
                .ignoreClose();
        ws.frame(TestFrame.text("a"), TestFrame.text("b"), TestFrame.ping("p"));

        assertThat(heard.take()).containsExactly("open", "text a");
        assertThat(heard.connection().isOpen()).isFalse();
        ws.answerClose();
        assertThat(ws).closedWith(1000);
    }

    @Test
    void anOpeningMayClose() {
        TestWebSocket ws = open(heard.endpoint().onOpen(connection -> {
            connection.send("no room");
            connection.close(4001, "full");
        }));

        assertThat(ws).received("no room").closedWith(4001, "full").isEnded();
    }

    // ---- what is known

    @Test
    void attributesStay() {
        AttributeKey<String> name = AttributeKey.valueOf("ListenersTest.name");
        AttributeKey<Integer> age = AttributeKey.valueOf("ListenersTest.age");
        open(heard.endpoint());
        WebSocketConnection connection = heard.connection();
        assertThat(connection.attribute(name)).isEmpty();

        connection.attribute(age, null);
        doElsewhere(() -> connection.attribute(name, "mai"));
        connection.attribute(age, 23);
        assertThat(connection.attribute(name)).contains("mai");
        connection.attribute(name, null);
        assertThat(connection.attribute(name)).isEmpty();
        assertThat(connection.attribute(age)).contains(23);
    }

    @Test
    void aConnectionKnowsItsClient() {
        TestServer server = server(Routes.builder()
                .get(
                        "/ws",
                        Endpoints.guard(
                                exchange -> Verdict.allow(() -> "mai").now(),
                                heard.endpoint().subprotocols("v1", "v2").build()))
                .build());
        server.get("/ws").subprotocols("v3", "v2").webSocket();
        WebSocketConnection connection = heard.connection();

        assertThat(connection.principal().orElseThrow().getName()).isEqualTo("mai");
        assertThat(connection.subprotocol()).contains("v2");
        assertThat(connection.protocol()).isEqualTo(protocol);
        assertThat(connection.peerAddress().getPort()).isEqualTo(49_152);
        assertThat(connection).hasToString("WebSocket of " + connection.peerAddress());
        assertThat(connection.eventLoop().inEventLoop()).isTrue();
    }

    @Test
    void nothingIsKnownOfAnyone() {
        open(heard.endpoint().subprotocols("v1"));

        assertThat(heard.connection().principal()).isEmpty();
        assertThat(heard.connection().subprotocol()).isEmpty();
        assertThat(heard.connection().roundTripTime()).isEmpty();
    }

    // ---- frames

    @Test
    void framesAreSeenInBothDirections() {
        TestWebSocket ws = open(heard.endpoint()
                .onText((connection, text) -> connection.send(text))
                .onFrame((connection, frame) ->
                        heard.add(frame.direction() + " " + frame.opcode() + " " + frame.length())));
        ws.send("abc").ping("p").close(1000, "");

        assertThat(ws).received("abc").ponged("p").closedWith(1000);
        assertThat(heard.take())
                .containsExactly(
                        "open",
                        "RECEIVED 1 3",
                        "SENT 1 3",
                        "RECEIVED 9 1",
                        "SENT 10 1",
                        "RECEIVED 8 2",
                        "SENT 8 2",
                        "close 1000");
    }
}
