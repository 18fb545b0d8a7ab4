package dev.parley.http;

import static dev.parley.http.Http2Client.END_STREAM;
import static dev.parley.http.Http2Client.data;
import static dev.parley.http.Http2Client.headers;
import static dev.parley.http.Http2Client.post;
import static dev.parley.http.Http2Client.request;
import static dev.parley.http.WireChannel.DATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.parley.server.ParleyServer;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Interim responses, as they are on the wire. */
class InterimTest {
    private static final HttpHeaders OFFSET = new DefaultHttpHeaders().add("Upload-Offset", "3");
    private static final String INTERIM = "HTTP/1.1 104 Upload Resumption Supported\r\nUpload-Offset: 3\r\n\r\n";
    private static final String INTERIM2 = "1 HEADERS :status=104 upload-offset=3\n";

    private final Deque<Exchange> later = new ArrayDeque<>();

    private final Routes routes = Routes.builder()
            .any("/", exchange -> {
                exchange.interim(104, OFFSET);
                exchange.respond(Response.text("hi"));
            })
            .any("/later", later::add)
            .post("/echo", exchange -> {
                exchange.interim(104, OFFSET);
                exchange.respond(exchange.body().thenApply(body -> Response.text(body.text())));
            })
            .build();

    private enum Pipeline {
        OWN,
        BEHIND_A_CODEC;

        WireChannel serving(Routes routes) {
            ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
            return switch (this) {
                case OWN -> new WireChannel(handler::addTo);
                case BEHIND_A_CODEC -> new WireChannel(pipeline -> pipeline.addLast(new HttpServerCodec(), handler));
            };
        }
    }

    private static String request1(String method, String target) {
        return method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }

    private static String head(String length) {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" + DATE + "content-length: " + length
                + "\r\n\r\n";
    }

    private static final String HI = head("2") + "hi";

    // ---- HTTP/1.1

    @ParameterizedTest
    @EnumSource
    void answersToHeadStayWithoutABodyAndOthersKeepTheirs(Pipeline made) {
        String requests = request1("HEAD", "/") + request1("GET", "/") + request1("HEAD", "/") + request1("GET", "/");
        String both = INTERIM + head("2") + INTERIM + HI;
        for (int cut = 0; cut <= requests.length(); cut++) {
            try (WireChannel client = made.serving(routes)) {
                client.send(requests.substring(0, cut));
                String first = client.received();
                client.send(requests.substring(cut));
                assertThat(first + client.received()).as("cut at %d", cut).isEqualTo(both + both);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void goOutAtOnceAndInOrder(Pipeline made) {
        try (WireChannel client = made.serving(routes)) {
            client.send(request1("POST", "/later"));
            assertThat(client.received()).isEmpty();
            Exchange exchange = later.remove();

            exchange.interim(103, new DefaultHttpHeaders().add("Link", "</a.css>; rel=preload"));
            assertThat(client.received()).isEqualTo("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
            exchange.interim(102, EmptyHttpHeaders.INSTANCE);
            exchange.interim(104, OFFSET);
            exchange.respond(Response.text("hi"));
            assertThat(client.received()).isEqualTo("HTTP/1.1 102 Processing\r\n\r\n" + INTERIM + HI);
        }
    }

    @ParameterizedTest
    @EnumSource
    void mayComeFromAnyThread(Pipeline made) {
        try (WireChannel client = made.serving(routes)) {
            client.send(request1("POST", "/later"));
            Exchange exchange = later.remove();

            CompletableFuture.runAsync(() -> {
                        exchange.interim(104, OFFSET);
                        exchange.respond(Response.text("hi"));
                    })
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
            assertThat(client.received()).isEqualTo(INTERIM + HI);
        }
    }

    @ParameterizedTest
    @EnumSource
    void leaveAClientThatWaitsTo100Continue(Pipeline made) {
        try (WireChannel client = made.serving(routes)) {
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertThat(client.received()).isEqualTo(INTERIM + "HTTP/1.1 100 Continue\r\n\r\n");

            client.send("hi" + request1("GET", "/"));
            assertThat(client.received()).isEqualTo(HI + INTERIM + HI);
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientsOfHttp10GetNone(Pipeline made) {
        try (WireChannel client = made.serving(routes)) {
            client.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
            assertThat(client.received()).isEqualTo(HI.replace("\r\n\r\nhi", "\r\nconnection: keep-alive\r\n\r\nhi"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void noneComesAfterTheAnswerOrTheEnd(Pipeline made) {
        try (WireChannel client = made.serving(routes)) {
            client.send(request1("GET", "/later"));
            Exchange answered = later.remove();
            answered.respond(Response.text("hi"));
            answered.interim(104, OFFSET);
            assertThat(client.received()).isEqualTo(HI);

            client.send(request1("GET", "/later"));
            Exchange streamed = later.remove();
            ResponseStream stream = streamed.stream(Response.of(200).header("Content-Length", "2"));
            client.received();
            streamed.interim(104, OFFSET);
            stream.write("hi");
            stream.end();
            streamed.interim(104, OFFSET);
            assertThat(client.received()).isEqualTo("hi");
        }
    }

    @Test
    void noneComesBeforeTheAnswersOfOthers() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(request1("GET", "/later"));
            CompletableFuture<Response> first = new CompletableFuture<>();
            Exchange before = later.remove();
            before.respondInTurn(first);
            client.send(request1("GET", "/later"));
            Exchange behind = later.remove();

            behind.interim(104, OFFSET);
            assertThat(client.received()).isEmpty();
            first.complete(Response.text("hi"));
            assertThat(client.received()).isEqualTo(HI);
            behind.interim(104, OFFSET);
            behind.respond(Response.text("hi"));
            assertThat(client.received()).isEqualTo(INTERIM + HI);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theyDoNotPileUpForAClientThatDoesNotRead(Pipeline made) {
        try (WireChannel client = made.serving(routes)) {
            client.send(request1("GET", "/later"));
            Exchange exchange = later.remove();
            client.stall(true);
            for (int i = 0; i < 100_000; i++) {
                exchange.interim(104, OFFSET);
            }
            client.stall(false);
            assertThat(client.received().length())
                    .isBetween(INTERIM.length(), client.channel().config().getWriteBufferHighWaterMark() + 1024);

            exchange.interim(104, OFFSET);
            exchange.respond(Response.text("hi"));
            assertThat(client.received()).isEqualTo(INTERIM + HI);
        }
    }

    // ---- HTTP/2

    @Test
    void overHttp2TheyAreHeadersThatEndNothing() {
        try (Http2Client client = Http2Client.open(routes, HttpLimits.DEFAULT)) {
            client.send(headers(1, END_STREAM, request("HEAD", "/")));
            assertThat(client.received())
                    .isEqualTo(INTERIM2
                            + "1 HEADERS :status=200 content-type=text/plain; charset=utf-8 content-length=2 END\n");
        }
    }

    @Test
    void overHttp2TheyGoOutAtOnceAndNoneAfterTheAnswer() {
        try (Http2Client client = Http2Client.open(routes, HttpLimits.DEFAULT)) {
            client.send(post(1, "/later"));
            client.received();
            Exchange exchange = later.remove();
            exchange.interim(104, OFFSET);
            assertThat(client.received()).isEqualTo(INTERIM2);
            exchange.interim(104, OFFSET);
            exchange.respond(Response.noContent());
            exchange.interim(104, OFFSET);
            assertThat(client.received()).isEqualTo(INTERIM2 + "1 HEADERS :status=204 END\n");
        }
    }

    @Test
    void overHttp2TheyLeaveAClientThatWaitsTo100Continue() {
        try (Http2Client client = Http2Client.open(routes, HttpLimits.DEFAULT)) {
            client.send(post(1, "/echo", "expect", "100-continue"));
            assertThat(client.received()).isEqualTo(INTERIM2 + "1 HEADERS :status=100\n");
            client.send(data(1, END_STREAM, "hi"));
            assertThat(client.received()).isEqualTo("""
                            1 HEADERS :status=200 content-type=text/plain; charset=utf-8 content-length=2
                            1 DATA hi END
                            """);
        }
    }

    @Test
    void overHttp2TheyDoNotPileUpForAClientThatDoesNotRead() {
        try (Http2Client client = Http2Client.open(routes, HttpLimits.DEFAULT)) {
            client.send(post(1, "/later"));
            client.received();
            Exchange exchange = later.remove();
            client.wire().stall(true);
            for (int i = 0; i < 100_000; i++) {
                exchange.interim(104, OFFSET);
            }
            int most = client.wire().channel().config().getWriteBufferHighWaterMark() / 9; // of a frame's head alone
            client.wire().stall(false);
            assertThat(client.received().lines()).hasSizeBetween(1, most).allMatch(INTERIM2.strip()::equals);
        }
    }

    // ---- what is refused

    private void refused(int status, HttpHeaders fields, String message) {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(request1("GET", "/later"));
            Exchange exchange = later.remove();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> exchange.interim(status, fields))
                    .withMessage(message);
            assertThat(client.received()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 99, 100, 101, 200})
    void statusesThatAreNotTheirsAreRefused(int status) {
        refused(status, EmptyHttpHeaders.INSTANCE, "status: " + status + " (expected: 102 to 199)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection",
                "content-length",
                "Date",
                "Keep-Alive",
                "Proxy-Connection",
                "TE",
                "Trailer",
                "TRANSFER-ENCODING",
                "Upgrade"
            })
    void fieldsOfTheMessageAndTheConnectionAreRefused(String name) {
        refused(
                104,
                new DefaultHttpHeaders().add(name, "1"),
                "header " + name + " (expected: none of the message or the connection in an interim response)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a b|c|header name: \"a b\" (expected: a token of RFC 9110)",
                "x|c\\r\\nd: e|header x: \"c??d: e\" (expected: no line break, NUL or character over 0xFF)",
                "x|c\\u0000|header x: \"c?\" (expected: no line break, NUL or character over 0xFF)",
                "x|\\u010A|header x: \"\u010A\" (expected: no line break, NUL or character over 0xFF)"
            })
    void fieldsThatWouldEndTheLineAreRefused(String name, String value, String message) {
        HttpHeaders unchecked =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        String unescaped = value.replace("\\r", "\r")
                .replace("\\n", "\n")
                .replace("\\u0000", "\0")
                .replace("\\u010A", "\u010A");
        refused(104, unchecked.add(name, unescaped), message);
    }

    // ---- clients

    @Test
    void aClientThatKnowsNothingOfThemGetsTheAnswer() throws Exception {
        try (ParleyServer server =
                ParleyServer.builder().host("127.0.0.1").port(0).routes(routes).build()) {
            server.start();
            HttpClient client = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofSeconds(60))
                    .build();
            for (int i = 0; i < 3; i++) {
                HttpResponse<String> response = client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/"))
                                .timeout(Duration.ofSeconds(60))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(response.statusCode()).isEqualTo(200);
                assertThat(response.body()).isEqualTo("hi");
            }
        }
    }
}
