package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.parley.http.Body;
import dev.parley.http.BodyListener;
import dev.parley.http.Endpoint;
import dev.parley.http.Endpoints;
import dev.parley.http.Exchange;
import dev.parley.http.Guard;
import dev.parley.http.HttpLimits;
import dev.parley.http.Problem;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.Routes;
import dev.parley.http.SendOutcome;
import dev.parley.http.Timer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** An exchange looks the same over each version of HTTP, and however its bytes come in. */
@ParameterizedClass(name = "{0} in pieces of {1}")
@MethodSource("wires")
final class ExchangeTest {
    private static final int ALL = Integer.MAX_VALUE;

    private final Protocol protocol;
    private final int pieceBytes;
    private final List<String> log = new ArrayList<>();
    private final Deque<Exchange> taken = new ArrayDeque<>();
    private final Deque<ResponseStream> opened = new ArrayDeque<>();
    private HttpLimits limits = HttpLimits.DEFAULT;

    ExchangeTest(Protocol protocol, int pieceBytes) {
        this.protocol = protocol;
        this.pieceBytes = pieceBytes;
    }

    static Stream<Arguments> wires() {
        return Stream.of(
                Arguments.of(Protocol.HTTP_1_1, ALL),
                Arguments.of(Protocol.HTTP_1_1, 1),
                Arguments.of(Protocol.HTTP_1_1, 2),
                Arguments.of(Protocol.HTTP_1_1, 7),
                Arguments.of(Protocol.HTTP_2, ALL),
                Arguments.of(Protocol.HTTP_2, 1),
                Arguments.of(Protocol.HTTP_2, 7));
    }

    private TestServer get(Endpoint endpoint) {
        return serve(Routes.builder().get("/", endpoint).build());
    }

    private TestServer post(Endpoint endpoint) {
        return serve(Routes.builder().post("/", endpoint).build());
    }

    private TestServer serve(Routes routes) {
        return TestServer.builder(routes)
                .protocol(protocol)
                .pieceBytes(pieceBytes)
                .limits(limits)
                .build();
    }

    private boolean isHttp2() {
        return protocol == Protocol.HTTP_2;
    }

    /** So many bytes, or fewer where each few of them are a read. */
    private int many(int bytes) {
        return pieceBytes == ALL ? bytes : bytes / 1000;
    }

    private void logEnd(Exchange exchange) {
        exchange.onEnd(reason -> log.add(reason.toString()));
    }

    record Order(String item, int count) {}

    // ---- whole responses

    @Test
    void theAnswerIsThatOfTheEndpoint() {
        try (TestServer server = get(exchange -> exchange.respond(
                Response.json(Map.of("hello", "world")).status(201).header("X-One", "1")))) {
            TestResponse response = server.get("/").send();

            assertThat(response)
                    .hasStatus(201)
                    .hasHeader("Content-Type", "application/json")
                    .hasHeader("Content-Length", "17")
                    .hasHeader("X-One", "1")
                    .hasHeader("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
                    .hasJson("{ \"hello\": \"world\" }");
        }
    }

    @Test
    void theEndpointSeesTheRequest() {
        try (TestServer server = get(exchange -> {
            log.add(exchange.method() + " " + exchange.target() + " " + exchange.path() + " " + exchange.protocol());
            log.add(exchange.scheme() + " " + exchange.authority() + " "
                    + exchange.peerAddress().getAddress().isLoopbackAddress());
            log.add(exchange.header("x-two").orElse("none") + " "
                    + exchange.header("x-three").orElse("none"));
            exchange.respond(Response.noContent());
        })) {
            server.get("/?a=b%20c")
                    .header("Host", "shop.example:81")
                    .header("X-Two", "2")
                    .send();

            assertThat(log).containsExactly("GET /?a=b%20c / " + protocol, "http shop.example:81 true", "2 none");
        }
    }

    @Test
    void anUnknownPathIsAProblem() {
        try (TestServer server = get(exchange -> exchange.respond(Response.noContent()))) {
            assertThat(server.get("/nowhere").send()).isProblem(404);
        }
    }

    @Test
    void noContentHasNeitherBodyNorLength() {
        try (TestServer server = get(exchange -> exchange.respond(Response.noContent()))) {
            assertThat(server.get("/").send()).hasStatus(204).hasNoBody().hasNoHeader("Content-Length");
        }
    }

    @Test
    void aLargeBodyArrivesWhole() {
        byte[] large = new byte[3_000_000];
        Arrays.fill(large, (byte) 'x');
        try (TestServer server = get(exchange -> exchange.respond(Response.bytes("a/b", large)))) {
            assertThat(server.get("/").send()).hasStatus(200).hasBody(large);
        }
    }

    @Test
    void anAnswerMayComeLater() {
        try (TestServer server = get(taken::add)) {
            TestExchange exchange = server.get("/").open().end();

            assertThat(exchange.isAnswered()).isFalse();
            taken.getFirst().respond(Response.text("late"));
            assertThat(exchange.response()).hasStatus(200).hasBody("late");
        }
    }

    @Test
    void aStageIsAnsweredWithWhenItCompletes() {
        CompletableFuture<Response> stage = new CompletableFuture<>();
        try (TestServer server = get(exchange -> exchange.respond(stage))) {
            TestExchange exchange = server.get("/").open().end();

            stage.complete(Response.text("done"));
            assertThat(exchange.response()).hasBody("done");
        }
    }

    @Test
    void aFailedStageIsAProblem() {
        try (TestServer server = get(exchange -> exchange.respond(
                CompletableFuture.failedStage(Problem.of(409, "taken").asException())))) {
            assertThat(server.get("/").send()).isProblem(409, "taken");
        }
    }

    @Test
    void aSecondAnswerIsRefused() {
        try (TestServer server = get(exchange -> {
            exchange.respond(Response.text("first"));
            assertThatThrownBy(() -> exchange.respond(Response.text("second")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("GET / has been answered already");
            assertThatThrownBy(() -> exchange.stream(Response.of(200))).isInstanceOf(IllegalStateException.class);
            log.add("refused twice");
        })) {
            assertThat(server.get("/").send()).hasBody("first");
            assertThat(log).containsExactly("refused twice");
        }
    }

    @Test
    void connectionsServeOneExchangeAfterTheOther() {
        try (TestServer server = get(exchange -> exchange.respond(Response.text(exchange.target())))) {
            TestClient client = server.client();

            assertThat(client.get("/?1").send()).hasBody("/?1");
            assertThat(client.get("/?2").send()).hasBody("/?2");
            assertThat(client.isReusable()).isTrue();
        }
    }

    @Test
    void requestsAheadAreAnsweredInOrder() {
        List<Exchange> exchanges = new ArrayList<>();
        try (TestServer server = get(exchanges::add)) {
            TestClient client = server.client();
            TestExchange first = client.get("/?1").open().end();
            TestExchange second = client.get("/?2").open().end();
            assertThat(exchanges).hasSize(isHttp2() ? 2 : 1);

            exchanges.get(0).respond(Response.text("1"));
            assertThat(first.response()).hasBody("1");
            exchanges.get(1).respond(Response.text("2"));
            assertThat(second.response()).hasBody("2");
        }
    }

    // ---- what fails

    @Test
    void anEndpointThatThrowsAnswers500WithoutDetails() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            throw new IOException("secret");
        })) {
            assertThat(server.get("/").send())
                    .isProblem(500)
                    .hasJson("{\"title\":\"Internal Server Error\",\"status\":500}");
            assertThat(log).containsExactly("COMPLETED");
        }
    }

    @Test
    void anEndpointThatThrowsAProblemAnswersWithIt() {
        try (TestServer server = get(exchange -> {
            throw Problem.of(410, "sold").asException();
        })) {
            assertThat(server.get("/").send()).isProblem(410, "sold");
        }
    }

    @Test
    void anEndpointThatThrowsBehindTheHeadIsCutOff() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            exchange.stream(Response.of(200)).write("half");
            throw new IOException("secret");
        })) {
            TestExchange exchange = server.get("/").open().end();

            assertThat(exchange.isCutOff()).isTrue();
            assertThat(log).containsExactly("ERROR");
        }
    }

    @Test
    void anEndpointThatThrowsHarmsNoOther() {
        try (TestServer server = serve(Routes.builder()
                .get("/bad", exchange -> {
                    throw new IOException("secret");
                })
                .get("/good", exchange -> exchange.respond(Response.text("good")))
                .build())) {
            TestClient client = server.client();

            assertThat(client.get("/bad").send()).isProblem(500);
            assertThat(client.get("/good").send()).hasBody("good");
        }
    }

    @Test
    void aRejectedExecutionIs503() {
        Endpoint full = Endpoints.blocking(
                task -> {
                    throw new RejectedExecutionException("full");
                },
                exchange -> exchange.respond(Response.noContent()));
        try (TestServer server = get(full)) {
            assertThat(server.get("/").send()).isProblem(503).hasHeader("Retry-After", "1");
        }
    }

    // ---- guards and blocking work

    @Test
    void aGuardMayAllowLater() {
        CompletableFuture<Guard.Verdict> verdict = new CompletableFuture<>();
        try (TestServer server = get(Endpoints.guard(exchange -> verdict, exchange -> {
            log.add("ran");
            exchange.respond(Response.text(exchange.principal().orElseThrow().getName()));
        }))) {
            TestExchange exchange = server.get("/").open().end();
            assertThat(exchange.isAnswered()).isFalse();
            assertThat(log).isEmpty();

            verdict.complete(Guard.Verdict.allow(() -> "ann"));
            assertThat(exchange.response()).hasStatus(200).hasBody("ann");
        }
    }

    @Test
    void aGuardRefusesBeforeAnythingOfTheEndpointRuns() {
        CompletableFuture<Guard.Verdict> verdict = new CompletableFuture<>();
        try (TestServer server = post(Endpoints.guard(exchange -> verdict, exchange -> log.add("ran")))) {
            TestExchange exchange = server.post("/").body("abc").open().end();
            assertThat(exchange.isAnswered()).isFalse();

            verdict.complete(Guard.Verdict.refuse(403));
            assertThat(exchange.response()).isProblem(403);
            assertThat(log).isEmpty();
        }
    }

    @Test
    void aGuardThatFailsAnswers500() {
        try (TestServer server = get(Endpoints.guard(
                exchange -> CompletableFuture.failedStage(new IOException("secret")), exchange -> log.add("ran")))) {
            assertThat(server.get("/").send()).isProblem(500);
            assertThat(log).isEmpty();
        }
    }

    @Test
    void aGuardThatThrowsAnswersWithItsProblem() {
        try (TestServer server = get(Endpoints.guard(
                exchange -> {
                    throw Problem.of(401).asException();
                },
                exchange -> log.add("ran")))) {
            assertThat(server.get("/").send()).isProblem(401);
            assertThat(log).isEmpty();
        }
    }

    @Test
    void aGuardLeavesAttributesForTheEndpoint() {
        AttributeKey<String> tenant = AttributeKey.valueOf("tenant");
        Guard guard = exchange -> {
            exchange.attribute(tenant, "blue");
            return Guard.Verdict.allow().now();
        };
        try (TestServer server = get(Endpoints.guard(
                guard,
                exchange -> exchange.respond(
                        Response.text(exchange.attribute(tenant).orElse("none")))))) {
            assertThat(server.get("/").send()).hasBody("blue");
        }
    }

    @Test
    void blockingWorkAnswersToo() {
        try (TestServer server = get(Endpoints.blocking(exchange -> exchange.respond(Response.text("worked"))))) {
            assertThat(server.get("/").send()).hasBody("worked");
        }
    }

    @Test
    void blockingWorkThatThrowsAnswers500() {
        try (TestServer server = get(Endpoints.blocking(exchange -> {
            throw new IOException("secret");
        }))) {
            assertThat(server.get("/").send()).isProblem(500);
        }
    }

    // ---- request bodies

    private static CompletionStage<Response> echo(CompletionStage<Body> body) {
        return body.thenApply(it -> Response.text(it.text()));
    }

    @Test
    void aWholeBodyArrives() {
        try (TestServer server = post(exchange -> exchange.respond(echo(exchange.body())))) {
            assertThat(server.post("/").body("grüße").send()).hasBody("grüße");
            assertThat(server.post("/").send()).hasBody("");
        }
    }

    @Test
    void aBodyWithoutALengthArrivesToo() {
        try (TestServer server = post(exchange -> exchange.respond(echo(exchange.body())))) {
            TestExchange exchange =
                    server.post("/").open().send("one ").send("two").end();

            assertThat(exchange.response()).hasBody("one two");
        }
    }

    @Test
    void aBodyUpToTheLimitArrives() {
        limits = HttpLimits.builder().maxBodyBytes(10).build();
        try (TestServer server = post(exchange -> exchange.respond(echo(exchange.body())))) {
            assertThat(server.post("/").body("0123456789").send()).hasBody("0123456789");
        }
    }

    @Test
    void aBodyThatIsAnnouncedOverTheLimitIs413() {
        limits = HttpLimits.builder().maxBodyBytes(10).build();
        try (TestServer server = post(exchange -> {
            logEnd(exchange);
            exchange.body().whenComplete((body, failure) -> log.add(failure.getMessage()));
        })) {
            TestExchange exchange =
                    server.post("/").header("Content-Length", "11").open().send("0");

            assertThat(exchange.response()).isProblem(413, "The body is over the limit of 10 bytes.");
            assertThat(log)
                    .containsExactly("ERROR", "413 Request Entity Too Large: The body is over the limit of 10 bytes.");
        }
    }

    @Test
    void aBodyThatGrowsOverTheLimitIs413() {
        limits = HttpLimits.builder().maxBodyBytes(10).build();
        try (TestServer server = post(exchange -> exchange.respond(echo(exchange.body())))) {
            TestExchange exchange = server.post("/").open().send("0123456789");
            assertThat(exchange.isAnswered()).isFalse();

            exchange.send("0");
            assertThat(exchange.response()).isProblem(413);
        }
    }

    @Test
    void anEndpointHasItsOwnLimit() {
        limits = HttpLimits.builder().maxBodyBytes(10).build();
        try (TestServer server =
                post(Endpoints.maxBodyBytes(20, exchange -> exchange.respond(echo(exchange.body()))))) {
            assertThat(server.post("/").body("0123456789abcdef").send()).hasBody("0123456789abcdef");
            assertThat(server.post("/").body("x".repeat(21)).send()).isProblem(413);
        }
    }

    @Test
    void jsonIsReadIntoAType() {
        try (TestServer server = post(exchange -> exchange.respond(exchange.json(Order.class)
                .thenApply(order -> Response.json(new Order(order.item, order.count + 1)))))) {
            assertThat(server.post("/").json(new Order("tea", 1)).send()).hasJson("{\"item\":\"tea\",\"count\":2}");
        }
    }

    @Test
    void malformedJsonTellsThePlaceAndEchoesNothing() {
        try (TestServer server = post(
                exchange -> exchange.respond(exchange.json(Order.class).thenApply(order -> Response.noContent())))) {
            TestResponse response = server.post("/")
                    .header("Content-Type", "application/json")
                    .body("{\"item\":\"tea\",\n \"count\": oops<script>}")
                    .send();

            assertThat(response).isProblem(400, "The body is not JSON of the expected shape.");
            assertThat(response.json(JsonNode.class).path("line").asInt(0)).isEqualTo(2);
            assertThat(response.json(JsonNode.class).path("column").asInt(0)).isBetween(11, 13);
            assertThat(response.text()).doesNotContain("oops", "script", "tea");
        }
    }

    @Test
    void whatIsNotJsonIs415() {
        try (TestServer server = post(
                exchange -> exchange.respond(exchange.json(Order.class).thenApply(order -> Response.noContent())))) {
            assertThat(server.post("/")
                            .header("Content-Type", "text/plain")
                            .body("{}")
                            .send())
                    .isProblem(415);
            assertThat(server.post("/").body("{}").send()).isProblem(415);
        }
    }

    @Test
    void theBodyIsReadOnce() {
        try (TestServer server = post(exchange -> {
            exchange.body();
            assertThatThrownBy(exchange::body)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the body has been asked for before");
            exchange.respond(Response.noContent());
        })) {
            assertThat(server.post("/").body("x").send()).hasStatus(204);
        }
    }

    @Test
    void aBodyThatNobodyReadsIsThrownAway() {
        try (TestServer server = post(exchange -> exchange.respond(Response.text("whatever")))) {
            TestClient client = server.client();

            assertThat(client.post("/").body("x".repeat(many(200_000))).send()).hasBody("whatever");
            assertThat(client.post("/").body("y").send()).hasBody("whatever");
        }
    }

    @Test
    void trailersOfTheRequestArrive() {
        try (TestServer server = post(exchange -> exchange.respond(exchange.body()
                .thenApply(body ->
                        Response.text(body.text() + " " + body.trailers().get("X-Sum")))))) {
            assertThat(server.post("/").body("abc").trailer("X-Sum", "3").send())
                    .hasBody("abc 3");
        }
    }

    @Test
    void aClientThatWaitsMayGoOn() {
        try (TestServer server = post(taken::add)) {
            TestExchange exchange = server.post("/")
                    .header("Expect", "100-continue")
                    .header("Content-Length", "3")
                    .open();
            assertThat(exchange.interims()).isEmpty();

            taken.getFirst().respond(echo(taken.getFirst().body()));
            assertThat(exchange.interims()).extracting(TestInterim::status).containsExactly(100);
            assertThat(exchange.send("abc").end().response()).hasBody("abc");
        }
    }

    @Test
    void interimResponsesAreTold() {
        try (TestServer server = post(taken::add)) {
            TestExchange exchange = server.post("/").open();
            assertThat(exchange.interims()).isEmpty();

            taken.getFirst().interim(104, new DefaultHttpHeaders().add("Upload-Offset", "3"));
            assertThat(exchange.isAnswered()).isFalse();
            taken.getFirst().interim(103, EmptyHttpHeaders.INSTANCE);
            taken.getFirst().respond(Response.text("done"));

            assertThat(exchange.interims())
                    .extracting(TestInterim::status, it -> it.headers().get("Upload-Offset"))
                    .containsExactly(tuple(104, "3"), tuple(103, null));
            assertThat(exchange.end().response()).hasBody("done");
            assertThat(exchange.response().interims()).isEqualTo(exchange.interims());
        }
    }

    @Test
    void aClientThatWaitsIsRefusedWithoutItsBody() {
        try (TestServer server = post(exchange -> exchange.respond(Response.problem(Problem.of(403))))) {
            TestExchange exchange = server.post("/")
                    .header("Expect", "100-continue")
                    .header("Content-Length", "3")
                    .open();

            assertThat(exchange.response()).isProblem(403);
            assertThat(exchange.interims()).isEmpty();
        }
    }

    // ---- bodies in chunks

    /** Takes no more until it is told. */
    private final class Slow implements BodyListener {
        private final StringBuilder text = new StringBuilder();
        private CompletableFuture<Void> ready = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onChunk(ByteBuf chunk) {
            text.append(chunk.toString(java.nio.charset.StandardCharsets.UTF_8));
            ready = new CompletableFuture<>();
            return ready;
        }

        @Override
        public void onEnd(HttpHeaders trailers) {
            log.add("end " + trailers.get("X-Sum", "none"));
        }

        @Override
        public void onFailure(Throwable cause) {
            log.add(cause.toString());
        }
    }

    @Test
    void chunksComeOneAfterTheOther() {
        Slow slow = new Slow();
        try (TestServer server = post(exchange -> {
            taken.add(exchange);
            exchange.receive(slow);
        })) {
            TestExchange exchange = server.post("/").open().send("one ");
            if (pieceBytes == ALL) {
                exchange.send("two ");
                assertThat(slow.text).hasToString("one ");
            }
            exchange.end(new DefaultHttpHeaders().add("X-Sum", "3"));

            for (int i = 0; i < 100; i++) {
                slow.ready.complete(null);
                server.run();
            }
            assertThat(slow.text).hasToString(pieceBytes == ALL ? "one two " : "one ");
            assertThat(log).containsExactly("end 3");
            taken.getFirst().respond(Response.noContent());
            assertThat(exchange.response()).hasStatus(204);
        }
    }

    @Test
    void whileTheListenerIsBusyNoMoreIsRead() {
        Slow slow = new Slow();
        limits = HttpLimits.builder().maxBodyBytes(Long.MAX_VALUE).build();
        try (TestServer server = post(exchange -> {
            taken.add(exchange);
            exchange.receive(slow);
        })) {
            TestExchange exchange = server.post("/").open();
            byte[] sent = new byte[many(4_000_000)];
            Arrays.fill(sent, (byte) 'x');
            exchange.send(sent);
            // One read, or one frame.
            assertThat(slow.text.length()).isBetween(1, 64 * 1024);

            exchange.cut();
            assertThat(log).hasSize(1);
            assertThat(log.get(0)).startsWith("java.io.IOException");
            slow.ready.complete(null);
            server.run();
            assertThat(log).hasSize(1);
        }
    }

    @Test
    void chunksOverTheLimitEndTheExchangeWith413() {
        limits = HttpLimits.builder().maxBodyBytes(10).build();
        Slow slow = new Slow();
        try (TestServer server = post(exchange -> exchange.receive(slow))) {
            TestExchange exchange = server.post("/").open();
            for (int i = 0; i < 11; i++) {
                exchange.send("x");
                slow.ready.complete(null);
            }

            assertThat(exchange.response()).isProblem(413);
            assertThat(log)
                    .containsExactly(
                            "dev.parley.http.ProblemException: 413 Request Entity Too Large: The body is over the limit of 10"
                                    + " bytes.");
        }
    }

    @Test
    void aListenerThatFailsAnswers500() {
        Slow slow = new Slow();
        try (TestServer server = post(exchange -> exchange.receive(slow))) {
            TestExchange exchange = server.post("/").open().send("x");

            slow.ready.completeExceptionally(new IllegalStateException("secret"));
            assertThat(exchange.response()).isProblem(500);
            assertThat(log).containsExactly("java.lang.IllegalStateException: secret");
        }
    }

    // ---- streamed responses

    @Test
    void aStreamGoesOutPieceByPiece() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            opened.add(exchange.stream(Response.of(200).header("Content-Type", "text/plain")));
        })) {
            TestStream stream = server.get("/").stream();
            assertThat(stream)
                    .hasStatus(200)
                    .hasHeader("Content-Type", "text/plain")
                    .receivedNothing()
                    .isOpen();

            assertThat(opened.getFirst().write("one ")).isEqualTo(SendOutcome.SENT);
            assertThat(stream).receivedText("one ");
            opened.getFirst().write("two");
            opened.getFirst().end();
            assertThat(stream).receivedText("two").isComplete();
            assertThat(opened.getFirst().write("three")).isEqualTo(SendOutcome.CLOSED);
            assertThat(log).containsExactly("COMPLETED");
        }
    }

    @Test
    void trailersOfTheResponseArrive() {
        try (TestServer server = get(exchange -> {
            ResponseStream stream = exchange.stream(Response.of(200).header("Trailer", "X-Sum"));
            stream.write("abc");
            stream.end(new DefaultHttpHeaders().add("X-Sum", "3"));
        })) {
            assertThat(server.get("/").send()).hasBody("abc").hasTrailer("X-Sum", "3");
        }
    }

    @Test
    void anAnnouncedLengthIsKept() {
        try (TestServer server = get(exchange -> {
            ResponseStream stream = exchange.stream(Response.of(200).header("Content-Length", "3"));
            stream.write("abc");
            stream.end();
        })) {
            assertThat(server.get("/").send())
                    .hasHeader("Content-Length", "3")
                    .hasNoHeader("Transfer-Encoding")
                    .hasBody("abc");
        }
    }

    @Test
    void aStreamThatIsShorterThanAnnouncedIsCutOff() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            ResponseStream stream = exchange.stream(Response.of(200).header("Content-Length", "5"));
            stream.write("abc");
            stream.end();
        })) {
            assertThat(server.get("/").open().end().isCutOff()).isTrue();
            assertThat(log).containsExactly("ERROR");
        }
    }

    @Test
    void aStreamCanBeAborted() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            opened.add(exchange.stream(Response.of(200)));
        })) {
            TestStream stream = server.get("/").stream();
            opened.getFirst().write("half");
            assertThat(stream).receivedText("half");

            opened.getFirst().abort();
            assertThat(stream).isCutOff();
            assertThat(log).containsExactly("ERROR");
        }
    }

    @Test
    void aSlowReaderIsToldOfAndHeardOfAgain() {
        limits = HttpLimits.builder().maxQueuedBytes(300_000).build();
        byte[] kilobytes = new byte[10_000];
        try (TestServer server = get(exchange -> {
            ResponseStream stream = exchange.stream(Response.of(200));
            stream.onWritable(() -> log.add("writable"));
            opened.add(stream);
        })) {
            TestStream stream = server.get("/").stream();
            stream.stall();
            int accepted = 0;
            List<SendOutcome> outcomes = new ArrayList<>();
            while (outcomes.isEmpty() || outcomes.get(outcomes.size() - 1) != SendOutcome.DROPPED) {
                SendOutcome outcome = opened.getFirst().write(kilobytes);
                outcomes.add(outcome);
                accepted += outcome == SendOutcome.DROPPED ? 0 : kilobytes.length;
                server.run();
                assertThat(outcomes.size()).isLessThan(100);
            }

            assertThat(outcomes).contains(SendOutcome.SENT, SendOutcome.QUEUED);
            assertThat(outcomes).isSorted();
            assertThat(opened.getFirst().isWritable()).isFalse();
            assertThat(opened.getFirst().queuedBytes()).isBetween(250_000L, 300_000L);
            assertThat(log).isEmpty();

            stream.resume();
            assertThat(stream.bytes()).hasSize(accepted);
            assertThat(log).containsExactly("writable");
            assertThat(opened.getFirst().isWritable()).isTrue();
            assertThat(opened.getFirst().queuedBytes()).isZero();
        }
    }

    @Test
    void headHasTheHeadersOfGetAndNoBody() {
        try (TestServer server = serve(Routes.builder()
                .get("/", exchange -> exchange.respond(Response.text("hello")))
                .get("/stream", exchange -> {
                    ResponseStream stream = exchange.stream(Response.of(200));
                    log.add(stream.write("hello").toString());
                })
                .build())) {
            TestClient client = server.client();

            assertThat(client.head("/").send())
                    .hasStatus(200)
                    .hasHeader("Content-Length", "5")
                    .hasNoBody();
            assertThat(client.head("/stream").send()).hasStatus(200).hasNoBody();
            assertThat(log).containsExactly("CLOSED");
        }
    }

    @Test
    void aFileIsSent(@TempDir Path directory) throws IOException {
        byte[] content = new byte[500_000];
        Arrays.fill(content, (byte) 'f');
        Path file = Files.write(directory.resolve("file"), content);
        try (TestServer server = serve(Routes.builder()
                .get("/", exchange -> exchange.respond(Response.file("a/b", file)))
                .get("/none", exchange -> exchange.respond(Response.file("a/b", directory.resolve("none"))))
                .build())) {
            assertThat(server.get("/").send())
                    .hasStatus(200)
                    .hasHeader("Content-Type", "a/b")
                    .hasHeader("Content-Length", "500000")
                    .hasBody(content);
            assertThat(server.get("/none").send()).isProblem(404);
        }
    }

    // ---- ends

    @Test
    void aClientThatGoesAwayEndsTheExchange() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            taken.add(exchange);
        })) {
            TestExchange exchange = server.get("/").open().end();
            exchange.cut();

            assertThat(log).containsExactly("CLIENT_GONE");
            taken.getFirst().respond(Response.text("nobody hears it"));
            taken.getFirst().onEnd(reason -> log.add("late " + reason));
            assertThat(log).containsExactly("CLIENT_GONE", "late CLIENT_GONE");
        }
    }

    @Test
    void aClientThatGoesAwayInTheMiddleOfItsBodyFailsIt() {
        try (TestServer server = post(exchange -> {
            logEnd(exchange);
            exchange.body().whenComplete((body, failure) -> log.add(failure.toString()));
        })) {
            TestExchange exchange = server.post("/").open().send("half");
            exchange.cut();

            assertThat(log).hasSize(2).contains("CLIENT_GONE");
            assertThat(String.join(" ", log)).contains("java.io.IOException");
        }
    }

    @Test
    void aClientThatGoesAwayInTheMiddleOfAStreamEndsIt() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            opened.add(exchange.stream(Response.of(200)));
            opened.getFirst().write("one");
        })) {
            TestStream stream = server.get("/").stream();
            assertThat(stream).receivedText("one");
            stream.cut();

            assertThat(log).containsExactly("CLIENT_GONE");
            assertThat(opened.getFirst().write("two")).isEqualTo(SendOutcome.CLOSED);
        }
    }

    // ---- time

    @Test
    void aTaskRunsAfterItsDelay() {
        try (TestServer server = get(exchange -> {
            exchange.after(Duration.ofSeconds(5), () -> exchange.respond(Response.text("at last")));
        })) {
            TestExchange exchange = server.get("/").open().end();
            server.advance(Duration.ofMillis(4_900));
            assertThat(exchange.isAnswered()).isFalse();

            server.advance(Duration.ofMillis(300));
            assertThat(exchange.response()).hasBody("at last");
        }
    }

    @Test
    void aCancelledTaskDoesNotRun() {
        try (TestServer server = get(exchange -> {
            Timer timer = exchange.after(Duration.ofSeconds(1), () -> log.add("ran"));
            exchange.after(Duration.ofMillis(500), timer::cancel);
            exchange.after(Duration.ofSeconds(2), () -> exchange.respond(Response.noContent()));
        })) {
            TestExchange exchange = server.get("/").open().end();
            server.advance(Duration.ofSeconds(3));

            assertThat(exchange.response()).hasStatus(204);
            assertThat(log).isEmpty();
        }
    }

    @Test
    void aTaskOfAnExchangeThatHasEndedDoesNotRun() {
        try (TestServer server = get(exchange -> {
            exchange.after(Duration.ofSeconds(1), () -> log.add("ran"));
            exchange.respond(Response.noContent());
        })) {
            assertThat(server.get("/").send()).hasStatus(204);
            server.advance(Duration.ofSeconds(3));

            assertThat(log).isEmpty();
        }
    }

    @Test
    void theDateFollowsTheClock() {
        try (TestServer server = get(exchange -> exchange.respond(Response.noContent()))) {
            TestClient client = server.client();
            client.get("/").send();
            server.advance(Duration.ofSeconds(30));

            assertThat(client.get("/").send()).hasHeader("Date", "Thu, 01 Jan 2026 00:00:30 GMT");
        }
    }

    @Test
    void aBodyThatStallsIs408() {
        try (TestServer server = post(exchange -> {
            logEnd(exchange);
            exchange.respond(echo(exchange.body()));
        })) {
            TestExchange exchange = server.post("/").open().send("x");
            server.advance(Duration.ofSeconds(9));
            assertThat(exchange.isAnswered()).isFalse();

            server.advance(Duration.ofSeconds(12));
            assertThat(exchange.response()).isProblem(408);
            assertThat(log).containsExactly("TIMEOUT");
        }
    }

    @Test
    void anEndpointThatKeepsTheBodyWaitingIsNotTheClientsFault() {
        Slow slow = new Slow();
        try (TestServer server = post(exchange -> exchange.receive(slow))) {
            TestExchange exchange = server.post("/").open().send("x");
            server.advance(Duration.ofSeconds(55));

            assertThat(exchange.isAnswered()).isFalse();
            assertThat(log).isEmpty();
        }
    }

    @Test
    void anIdleConnectionIsClosed() {
        try (TestServer server = get(exchange -> exchange.respond(Response.noContent()))) {
            TestClient client = server.client();
            client.get("/").send();
            server.advance(Duration.ofSeconds(59));
            assertThat(client.isClosed()).isFalse();

            server.advance(Duration.ofSeconds(isHttp2() ? 62 : 2));
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void aClientThatReadsNothingIsGivenUp() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            opened.add(exchange.stream(Response.of(200)));
        })) {
            TestStream stream = server.get("/").stream();
            stream.stall();
            while (opened.getFirst().write(new byte[50_000]) == SendOutcome.SENT) {
                server.run();
            }
            server.advance(Duration.ofSeconds(100));
            assertThat(log).isEmpty();

            server.advance(Duration.ofMinutes(5));
            assertThat(log).containsExactly("TIMEOUT");
            stream.ignoreRest();
        }
    }

    @Test
    void aStreamThatIsSilentStaysOpen() {
        try (TestServer server = get(exchange -> opened.add(exchange.stream(Response.of(200))))) {
            TestStream stream = server.get("/").stream();
            server.advance(Duration.ofHours(1));

            opened.getFirst().write("still here");
            assertThat(stream).receivedText("still here").isOpen();
        }
    }

    // ---- drain

    @Test
    void drainClosesWhatIsIdle() {
        try (TestServer server = get(exchange -> exchange.respond(Response.noContent()))) {
            TestClient client = server.client();
            client.get("/").send();
            CompletableFuture<Void> drained = server.drain(Duration.ofSeconds(10));

            assertThat(client.isClosed()).isTrue();
            assertThat(drained).isCompleted();
        }
    }

    @Test
    void drainLetsWhatIsInFlightFinish() {
        try (TestServer server = get(taken::add)) {
            TestClient client = server.client();
            TestExchange exchange = client.get("/").open().end();
            CompletableFuture<Void> drained = server.drain(Duration.ofSeconds(10));
            assertThat(client.isClosed()).isFalse();
            assertThat(drained).isNotCompleted();
            server.advance(Duration.ofSeconds(5));

            taken.getFirst().respond(Response.text("done"));
            assertThat(exchange.response()).hasStatus(200).hasBody("done");
            if (!isHttp2()) {
                assertThat(exchange.response()).hasHeader("Connection", "close");
            }
            assertThat(client.isReusable()).isFalse();
            assertThat(client.isClosed()).isTrue();
            assertThat(drained).isCompleted();
        }
    }

    @Test
    void drainTellsStreamsTheTimeThatIsLeft() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            ResponseStream stream = exchange.stream(Response.of(200));
            exchange.onDrain(left -> {
                log.add(left.toString());
                stream.end();
            });
        })) {
            TestStream stream = server.get("/").stream();
            CompletableFuture<Void> drained = server.drain(Duration.ofSeconds(10));

            assertThat(stream).isComplete();
            assertThat(log).containsExactly("PT10S", "COMPLETED");
            assertThat(drained).isCompleted();
        }
    }

    @Test
    void drainCutsOffWhatDoesNotEnd() {
        try (TestServer server = get(exchange -> {
            logEnd(exchange);
            exchange.stream(Response.of(200));
        })) {
            TestStream stream = server.get("/").stream();
            CompletableFuture<Void> drained = server.drain(Duration.ofSeconds(10));
            server.advance(Duration.ofSeconds(9));
            assertThat(stream).isOpen();

            server.advance(Duration.ofSeconds(2));
            assertThat(stream).isCutOff();
            assertThat(log).containsExactly("SHUTDOWN");
            assertThat(drained).isCompleted();
        }
    }

    // ---- another protocol

    /** Sends back what comes. */
    private final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.writeAndFlush(message);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            log.add("inactive");
        }
    }

    private TestServer echoing() {
        return get(exchange -> {
            logEnd(exchange);
            log.add(exchange.method() + " " + exchange.requestedProtocol().orElse("none"));
            exchange.switchProtocol(
                    new DefaultHttpHeaders().add("X-Chosen", "b"),
                    tunnel -> tunnel.pipeline().addLast(new Echo()));
        });
    }

    @Test
    void anotherProtocolTakesOver() {
        try (TestServer server = echoing()) {
            TestConnection tunnel = server.get("/").upgrade("Echo").tunnel();
            assertThat(log).containsExactly("GET echo");

            tunnel.send("hello");
            assertThat(tunnel).received("hello").isOpen();
            tunnel.closeOutput();
            assertThat(tunnel).receivedNothing().isClosed();
            assertThat(log).containsExactlyInAnyOrder("GET echo", "inactive", "COMPLETED");
        }
    }

    @Test
    void theHandshakeCarriesTheHeaders() {
        try (TestServer server = echoing()) {
            TestResponse handshake = server.get("/").upgrade("echo").send();

            assertThat(handshake).hasStatus(isHttp2() ? 200 : 101).hasHeader("X-Chosen", "b");
            if (!isHttp2()) {
                assertThat(handshake).hasHeader("Connection", "upgrade").hasHeader("Upgrade", "echo");
            }
        }
    }

    @Test
    void bytesRightBehindTheHandshakeAreNotLost() {
        try (TestServer server = echoing()) {
            TestConnection tunnel =
                    server.get("/").upgrade("echo").body("right behind").tunnel();

            assertThat(tunnel).received("right behind");
        }
    }

    @Test
    void bytesThatComeBeforeALateSwitchAreNotLost() {
        try (TestServer server = get(taken::add)) {
            TestExchange exchange =
                    server.get("/").upgrade("echo").body("early ").open();
            exchange.send("bird");
            taken.getFirst()
                    .switchProtocol(
                            EmptyHttpHeaders.INSTANCE,
                            tunnel -> tunnel.pipeline().addLast(new Echo()));

            assertThat(exchange.tunnel()).received("early bird");
        }
    }

    @Test
    void aClientThatAskedForNoOtherProtocolIsNotSwitched() {
        try (TestServer server = echoing()) {
            assertThat(server.get("/").send()).isProblem(500);
            assertThat(log).containsExactly("GET none", "COMPLETED");
        }
    }

    @Test
    void aSwitchMayBeRefused() {
        try (TestServer server = get(exchange -> exchange.respond(Response.problem(Problem.of(403))))) {
            assertThat(server.get("/").upgrade("echo").send()).isProblem(403);
            assertThatThrownBy(() -> server.get("/").upgrade("echo").tunnel())
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("answered 403 (expected: 101");
        }
    }

    @Test
    void aTunnelThatIsCutEndsTheExchange() {
        try (TestServer server = echoing()) {
            TestConnection tunnel = server.get("/").upgrade("echo").tunnel();
            tunnel.cut();

            assertThat(log).containsExactlyInAnyOrder("GET echo", "inactive", "COMPLETED");
        }
    }
}
