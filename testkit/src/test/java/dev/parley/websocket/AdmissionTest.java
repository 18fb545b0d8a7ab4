package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Endpoints;
import dev.parley.http.Guard;
import dev.parley.http.Guard.Verdict;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Who may open a connection, and what the others are told. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class AdmissionTest {
    private final Protocol protocol;
    private final Heard heard = new Heard();
    private final List<TestServer> servers = new ArrayList<>();

    AdmissionTest(Protocol protocol) {
        this.protocol = protocol;
    }

    @AfterEach
    void close() {
        servers.forEach(TestServer::close);
    }

    private TestServer server(Routes.Builder routes) {
        TestServer server =
                TestServer.builder(routes.build()).protocol(protocol).build();
        servers.add(server);
        return server;
    }

    private TestServer server() {
        return server(Routes.builder().get("/ws", heard.endpoint().build()));
    }

    private static TestRequest from(TestServer server, String origin) {
        return server.get("/ws").header("Host", "parley.example").header("Origin", origin);
    }

    // ---- origins

    @Test
    void pagesOfOtherOriginsMayNotConnect() {
        TestServer server = server();
        for (String origin : List.of(
                "https://elsewhere.example",
                "http://parley.example:8080",
                "https://parley.example",
                "http://sub.parley.example",
                "http://parley.example.evil.example",
                "null")) {
            assertThat(from(server, origin).webSocketHandshake().send()).isProblem(403);
        }
        assertThat(heard.take()).isEmpty();
    }

    @Test
    void pagesOfTheSameOriginAndWhatIsNoPageMayConnect() {
        TestServer server = server();
        from(server, "http://parley.example").webSocket();
        server.get("/ws").webSocket();

        assertThat(heard.take()).containsExactly("open", "open");
    }

    @Test
    void thePolicyOfTheRouteSaysWhoMayConnect() {
        TestServer server = server(Routes.builder()
                .origins(OriginPolicy.of("https://shop.example"))
                .get("/ws", heard.endpoint().build())
                .mount(
                        "/open",
                        Routes.builder()
                                .origins(OriginPolicy.anyOrigin())
                                .get("/ws", heard.endpoint().build())
                                .build()));

        from(server, "https://shop.example").webSocket();
        assertThat(from(server, "https://other.example").webSocketHandshake().send())
                .isProblem(403);
        server.get("/open/ws").header("Origin", "https://other.example").webSocket();
        assertThat(heard.take()).containsExactly("open", "open");
    }

    // ---- guards

    @Test
    void aGuardDecidesBeforeTheHandshake() {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        TestServer server = guarded(exchange -> verdict);
        TestExchange asked = server.get("/ws").webSocketHandshake().open();
        assertThat(asked.isAnswered()).isFalse();
        Heard.doElsewhere(() ->
                verdict.complete(Verdict.refuse(Response.text("sign in first").status(401))));
        assertThat(asked.response()).hasStatus(401).hasBody("sign in first");
        assertThat(heard.take()).isEmpty();
    }

    @Test
    void aGuardMayForbid() {
        TestServer server = guarded(exchange -> Verdict.refuse(403).now());

        assertThat(server.get("/ws").webSocketHandshake().send()).isProblem(403);
    }

    private TestServer guarded(Guard guard) {
        return server(Routes.builder()
                .get("/ws", Endpoints.guard(guard, heard.endpoint().build())));
    }

    @Test
    void aGuardMayTakeItsTime() {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        TestServer server = guarded(exchange -> verdict);
        TestExchange asked = server.get("/ws").webSocketHandshake().open();
        Heard.doElsewhere(() -> verdict.complete(Verdict.allow(() -> "mai")));
        server.run();

        assertThat(heard.take()).containsExactly("open");
        assertThat(heard.connection().principal().orElseThrow().getName()).isEqualTo("mai");
        assertThat(asked.webSocket()).isOpen();
    }

    @Test
    void whoWentMeanwhileIsNotOpened() {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        TestServer server = guarded(exchange -> verdict);
        TestExchange asked = server.get("/ws").webSocketHandshake().open();
        asked.cut();
        verdict.complete(Verdict.allow());
        server.run();

        assertThat(heard.take()).isEmpty();
    }

    // ---- handshakes that are none

    @Test
    void aRequestThatAsksForNoWebSocketIsToldWhatThisIs() {
        TestServer server = server();
        int expected = protocol == Protocol.HTTP_2 ? 400 : 426;

        var answer = server.get("/ws").send();
        assertThat(answer).isProblem(expected);
        if (protocol == Protocol.HTTP_1_1) {
            assertThat(answer).hasHeader("Upgrade", "websocket").hasHeader("Connection", "upgrade");
        } else {
            assertThat(answer.headers().contains("Upgrade")).isFalse();
        }
        assertThat(server.head("/ws").send()).hasStatus(protocol == Protocol.HTTP_2 ? 400 : 405);
        assertThat(server.post("/ws").send()).hasStatus(405);
        assertThat(server.get("/ws").upgrade("other").send().status()).isIn(400, 426);
    }

    @Test
    void aWrongVersionIsRefused() {
        var answer = server().get("/ws")
                .header("Sec-WebSocket-Version", "8")
                .webSocketHandshake()
                .send();

        assertThat(answer.status()).isEqualTo(protocol == Protocol.HTTP_2 ? 400 : 426);
        assertThat(answer.headers().get("Sec-WebSocket-Version")).isEqualTo("13");
    }

    @Test
    void aWrongKeyIsRefusedWhereThereIsOne() {
        TestServer server = server();
        if (protocol == Protocol.HTTP_1_1) {
            assertThat(server.get("/ws")
                            .header("Sec-WebSocket-Key", "YQ==")
                            .webSocketHandshake()
                            .send())
                    .isProblem(400);
            assertThat(server.get("/ws")
                            .header("Sec-WebSocket-Version", "13")
                            .upgrade("websocket")
                            .send())
                    .isProblem(400);
        } else {
            server.get("/ws").header("Sec-WebSocket-Key", "YQ==").webSocket();
        }
    }

    @Test
    void subprotocolsAreAgreedOnOrNot() {
        TestServer server = server(Routes.builder()
                .get("/ws", heard.endpoint().subprotocols("v2", "v1").build()));

        assertThat(server.get("/ws").subprotocols("v1", "v2").webSocket()).hasSubprotocol("v1");
        assertThat(server.get("/ws").subprotocols("v3").webSocket()).hasNoSubprotocol();
        assertThat(server.get("/ws").webSocket()).hasNoSubprotocol();
    }
}
