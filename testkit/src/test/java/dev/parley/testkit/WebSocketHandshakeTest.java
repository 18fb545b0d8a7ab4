package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the kit asks for a WebSocket, and which answers it takes. */
final class WebSocketHandshakeTest {
    private static final String EXTENSIONS = "Sec-WebSocket-Extensions";

    private final FakeWebSocket fake = new FakeWebSocket();

    private void assertRefusedByTheClient(Protocol protocol, TestRequest request, String message) {
        assertThatThrownBy(request::webSocket)
                .isInstanceOf(AssertionError.class)
                .hasMessage("GET /ws over " + protocol + ": handshake: " + message);
    }

    @Test
    void overHttp1ItIsAnUpgradeWithAKey() {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            TestWebSocket ws = server.webSocket("/ws");

            Exchange asked = fake.exchange();
            assertThat(asked.method()).hasToString("GET");
            assertThat(asked.requestedProtocol()).contains("websocket");
            assertThat(asked.headers().get("Sec-WebSocket-Key")).isEqualTo("dGhlIHNhbXBsZSBub25jZQ==");
            assertThat(asked.headers().getAll("Sec-WebSocket-Version")).containsExactly("13");
            assertThat(ws.headers().get("Sec-WebSocket-Accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        }
    }

    @Test
    void overHttp2ItIsAnExtendedConnectWithoutAKey() {
        try (TestServer server = fake.server(Protocol.HTTP_2)) {
            server.webSocket("/ws");

            Exchange asked = fake.exchange();
            assertThat(asked.requestedProtocol()).contains("websocket");
            assertThat(asked.headers().contains("Sec-WebSocket-Key")).isFalse();
            assertThat(asked.headers().getAll("Sec-WebSocket-Version")).containsExactly("13");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void webSocketsShareAConnectionWhereTheProtocolAllowsIt(Protocol protocol) {
        try (TestServer server = fake.server(protocol)) {
            TestClient client = server.client();
            TestWebSocket first = client.webSocket("/ws");
            fake.send(TestFrame.text("a"));
            assertThat(first).received("a");
            if (protocol == Protocol.HTTP_2) {
                TestWebSocket second = client.webSocket("/ws");
                fake.send(TestFrame.text("b"));
                assertThat(second).received("b");
                assertThat(first).receivedNothing().isOpen();
            }
        }
    }

    @Test
    void whatTheTestHasSetStays() {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            server.get("/ws")
                    .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
                    .header("Sec-WebSocket-Version", "8")
                    .webSocket();

            assertThat(fake.exchange().headers().getAll("Sec-WebSocket-Key"))
                    .containsExactly("AAAAAAAAAAAAAAAAAAAAAA==");
            assertThat(fake.exchange().headers().getAll("Sec-WebSocket-Version"))
                    .containsExactly("8");
        }
    }

    @Test
    void aStreamThatIsResetHasNotEndedAsItShould() {
        try (TestServer server = fake.server(Protocol.HTTP_2)) {
            TestWebSocket ws = server.webSocket("/ws");
            fake.send(TestFrame.close(1000, ""));
            server.run();
            fake.reset();

            assertThatThrownBy(() -> assertThat(ws).closedWith(1000))
                    .hasMessage(
                            "GET /ws over HTTP_2: closed with 1000, and the stream is reset (expected: END_STREAM, RFC"
                                    + " 8441 section 5)");
            TestWebSocket other = server.webSocket("/ws");
            fake.reset();
            assertThat(other).wasCut();
        }
    }

    // ---- refusals

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void aRefusalTellsStatusAndBodyAndCanBeLookedAt(Protocol protocol) {
        Routes routes = Routes.builder()
                .get(
                        "/ws",
                        exchange -> exchange.respond(Response.text("not you").status(403)))
                .build();
        try (TestServer server = TestServer.builder(routes).protocol(protocol).build()) {
            assertThatThrownBy(() -> server.webSocket("/ws"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage(
                            "GET /ws over " + protocol + ": 403 \"not you\" (expected: a WebSocket; for a refusal use"
                                    + " webSocketHandshake().send())");
            assertThat(server.get("/ws").webSocketHandshake().send())
                    .hasStatus(403)
                    .hasBody("not you");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void anAnswerMayComeLate(Protocol protocol) {
        Deque<Exchange> taken = new ArrayDeque<>();
        Routes routes = Routes.builder().get("/ws", taken::add).build();
        try (TestServer server = TestServer.builder(routes).protocol(protocol).build()) {
            TestExchange accepted = server.get("/ws").webSocketHandshake().open();
            TestExchange refused = server.get("/ws").webSocketHandshake().open();
            assertThatThrownBy(accepted::webSocket)
                    .hasMessage(
                            "GET /ws over " + protocol + ": not answered (expected: a WebSocket: advance the clock, or"
                                    + " complete what the endpoint waits for)");

            fake.handle(taken.removeFirst());
            fake.send(TestFrame.text("welcome"));
            assertThat(accepted.webSocket()).received("welcome");
            taken.removeFirst().respond(Response.problem(Problem.of(401)));
            assertThat(refused.response()).isProblem(401);
        }
    }

    // ---- answers that are wrong

    @Test
    void theKeyMustBeAccepted() {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            fake.answer.set("Sec-WebSocket-Accept", "AAAA");
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws"),
                    "header Sec-WebSocket-Accept: [AAAA] (expected: [s3pPLMBiTxaQ9kYGzzhZRbK+xOo=])");

            fake.answer.set("Sec-WebSocket-Accept", "");
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws"),
                    "header Sec-WebSocket-Accept: [] (expected: [s3pPLMBiTxaQ9kYGzzhZRbK+xOo=])");
        }
    }

    @Test
    void theSwitchMustBeToAWebSocket() {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws").upgrade("chat"),
                    "header Upgrade: [chat] (expected: [websocket])");
        }
    }

    @Test
    void whatIsHttp1OnlyIsWrongOverHttp2() {
        try (TestServer server = fake.server(Protocol.HTTP_2)) {
            fake.answer.set("Sec-WebSocket-Accept", "AAAA");
            assertRefusedByTheClient(
                    Protocol.HTTP_2, server.get("/ws"), "header Sec-WebSocket-Accept: [AAAA] (expected: [])");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void theSubprotocolMustBeOneThatWasOffered(Protocol protocol) {
        try (TestServer server = fake.server(protocol)) {
            assertThat(server.get("/ws").subprotocols("a", "b").webSocket()).hasNoSubprotocol();
            fake.answer.set("Sec-WebSocket-Protocol", "b");
            TestWebSocket ws = server.get("/ws").subprotocols("a", "b").webSocket();
            assertThat(ws).hasSubprotocol("b");
            assertThatThrownBy(() -> assertThat(ws).hasSubprotocol("a"))
                    .hasMessage("GET /ws over " + protocol + ": open: subprotocol: b (expected: a)");
            assertThatThrownBy(() -> assertThat(ws).hasNoSubprotocol())
                    .hasMessage(
                            "GET /ws over " + protocol + ": open: subprotocol: Optional[b] (expected: Optional.empty)");

            assertRefusedByTheClient(
                    protocol,
                    server.get("/ws"),
                    "header Sec-WebSocket-Protocol: [b] (expected: none, as none was offered)");
            assertRefusedByTheClient(
                    protocol,
                    server.get("/ws").subprotocols("a").subprotocols("B"),
                    "header Sec-WebSocket-Protocol: [b] (expected: one of [a, B], or none)");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "permessage-deflate | permessage-deflate",
                "permessage-deflate | permessage-deflate; client_no_context_takeover; server_no_context_takeover",
                "permessage-deflate | permessage-deflate; server_max_window_bits=8",
                "permessage-deflate; server_no_context_takeover | permessage-deflate; server_no_context_takeover",
                "permessage-deflate; server_max_window_bits=10 | permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=10 | permessage-deflate;server_max_window_bits=9",
                "permessage-deflate; client_max_window_bits | permessage-deflate",
                "permessage-deflate; client_max_window_bits | permessage-deflate; client_max_window_bits=15",
                "permessage-deflate; client_max_window_bits=10 | permessage-deflate; client_max_window_bits=10",
                "permessage-deflate; client_max_window_bits=\"10\" | permessage-deflate; client_max_window_bits=10",
                "permessage-deflate; nonsense, permessage-deflate | permessage-deflate"
            })
    void anOfferMayBeTaken(String offer, String answer) {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            fake.answer.set(EXTENSIONS, answer);
            TestWebSocket ws = server.get("/ws").header(EXTENSIONS, offer).webSocket();

            assertThat(ws).hasExtensions(answer);
            assertThatThrownBy(() -> assertThat(ws).hasExtensions())
                    .hasMessage("GET /ws over HTTP_1_1: open: extensions: [" + answer + "] (expected: [])");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "permessage-deflate; server_no_context_takeover | permessage-deflate",
                "permessage-deflate; server_max_window_bits=10 | permessage-deflate",
                "permessage-deflate; server_max_window_bits=10 | permessage-deflate; server_max_window_bits=11",
                "permessage-deflate; server_max_window_bits | permessage-deflate; server_max_window_bits=15",
                "permessage-deflate; server_max_window_bits=16 | permessage-deflate; server_max_window_bits=15",
                "permessage-deflate; server_no_context_takeover=1 | permessage-deflate; server_no_context_takeover",
                "permessage-deflate | permessage-deflate; client_max_window_bits=15",
                "permessage-deflate; client_max_window_bits=10 | permessage-deflate; client_max_window_bits=11",
                "permessage-deflate; client_max_window_bits= | permessage-deflate",
                "permessage-deflate; nonsense | permessage-deflate",
                "permessage-deflate; client_no_context_takeover; client_no_context_takeover | permessage-deflate",
                "x-other | permessage-deflate"
            })
    void aBadOfferOrAnotherOneMustNotBeTaken(String offer, String answer) {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            fake.answer.set(EXTENSIONS, answer);
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws").header(EXTENSIONS, offer),
                    "extension " + answer + " (expected: what answers an offer: [" + offer
                            + "], RFC 7692 section 7.1)");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "client_max_window_bits",
                "client_max_window_bits=7",
                "server_max_window_bits=16",
                "server_no_context_takeover=1",
                "nonsense"
            })
    void anAnswerMustBeRightInItself(String parameter) {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            fake.answer.set(EXTENSIONS, "permessage-deflate; " + parameter);
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws").deflate(),
                    "extension permessage-deflate; " + parameter + ": parameter " + parameter
                            + " (RFC 7692 section 7.1)");
        }
    }

    @Test
    void noExtensionMayBeChosenThatWasNotOfferedOrMoreThanOne() {
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            fake.answer.set(EXTENSIONS, "x-other");
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws").deflate(""),
                    "extension x-other (expected: one that was offered: [permessage-deflate])");

            fake.answer.set(EXTENSIONS, "permessage-deflate, permessage-deflate");
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws").deflate("").deflate(),
                    "header Sec-WebSocket-Extensions: [permessage-deflate, permessage-deflate] (expected: one, as only"
                            + " permessage-deflate is known here)");

            fake.answer.set(EXTENSIONS, "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9");
            assertRefusedByTheClient(
                    Protocol.HTTP_1_1,
                    server.get("/ws").deflate(),
                    "extension permessage-deflate; server_max_window_bits=9; server_max_window_bits=9: a parameter that"
                            + " came twice (RFC 7692 section 7.1)");
        }
    }
}
