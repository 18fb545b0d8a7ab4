package dev.parley.http;

import static dev.parley.http.WireChannel.DATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/1.x byte by byte: what goes in, what comes out, and when the connection is closed. */
class Http1WireTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String HI = ok("hi");
    private static final String NOT_HTTP = "The request is not HTTP/1.1 as RFC 9112 has it.";
    private static final String NOT_FRAMED = "The body is not framed as RFC 9112 has it.";
    private static final Duration LINGER = Duration.ofSeconds(5);

    /** Exchanges that wait for the test to answer them. */
    private final Deque<Exchange> later = new ArrayDeque<>();

    private final List<String> ends = new ArrayList<>();
    private final Recorder recorder = new Recorder();

    private final Routes routes = Routes.builder()
            .get("/", exchange -> exchange.respond(Response.text("hi")))
            .get("/later", this::keep)
            .post("/later", this::keep)
            .post("/unread", exchange -> exchange.respond(Response.text("unread")))
            .post("/echo", Http1WireTest::echo)
            .post("/trailers", Http1WireTest::echoTrailers)
            .post("/slow", exchange -> exchange.receive(recorder))
            .get("/stream", Http1WireTest::stream)
            .get("/stream-with-trailers", Http1WireTest::streamWithTrailers)
            .get("/empty", exchange -> exchange.respond(Response.noContent()))
            .get("/broken", exchange -> {
                throw new IllegalStateException("on purpose");
            })
            .get(
                    "/stream-with-odd-trailers",
                    exchange ->
                            exchange.stream(Response.of(200)).end(new DefaultHttpHeaders().add("x-sum", "a\u010Ab: c")))
            .get("/none", Http1WireTest::none)
            .get("/none-later", exchange -> exchange.respond(noResponse()))
            .get("/undecided", Endpoints.guard(exchange -> noVerdict(), exchange -> exchange.respond(Response.of(200))))
            .get("/ws", this::keep)
            .build();

    @SuppressWarnings("NullAway") // what an application may do by mistake
    private static void none(Exchange exchange) {
        exchange.respond((Response) null);
    }

    @SuppressWarnings("NullAway")
    private static CompletionStage<Response> noResponse() {
        return CompletableFuture.completedStage(null);
    }

    @SuppressWarnings("NullAway")
    private static CompletionStage<Guard.Verdict> noVerdict() {
        return CompletableFuture.completedStage(null);
    }

    private void keep(Exchange exchange) {
        exchange.onEnd(reason -> ends.add(exchange.path() + " " + reason));
        later.add(exchange);
    }

    private static void echo(Exchange exchange) {
        exchange.respond(exchange.body().thenApply(body -> Response.bytes("text/plain; charset=utf-8", body.bytes())));
    }

    private static void echoTrailers(Exchange exchange) {
        exchange.respond(exchange.body()
                .thenApply(body -> Response.text(body.text()
                        + body.trailers().get("x-sum")
                        + body.trailers().size())));
    }

    private static void stream(Exchange exchange) {
        ResponseStream stream = exchange.stream(Response.of(200));
        stream.write("ab");
        stream.write("cde");
        stream.end();
    }

    private static void streamWithTrailers(Exchange exchange) {
        ResponseStream stream = exchange.stream(Response.of(200));
        stream.write("ab");
        HttpHeaders trailers = new DefaultHttpHeaders();
        trailers.add("x-sum", "195");
        stream.end(trailers);
    }

    /** A listener that says when it is ready for more. */
    private static final class Recorder implements BodyListener {
        private final List<String> events = new ArrayList<>();
        private CompletableFuture<Void> ready = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onChunk(ByteBuf chunk) {
            events.add(chunk.toString(StandardCharsets.ISO_8859_1));
            return ready;
        }

        @Override
        public void onEnd(HttpHeaders trailers) {
            events.add("end");
        }

        @Override
        public void onFailure(Throwable cause) {
            events.add(cause.getClass().getSimpleName());
        }

        void takeNext() {
            CompletableFuture<Void> taken = ready;
            ready = new CompletableFuture<>();
            taken.complete(null);
        }
    }

    // ---- what comes out

    private static String ok(String body) {
        return ok(body, "");
    }

    private static String ok(String body, String connection) {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" + DATE + "content-length: "
                + body.length() + "\r\n" + connection + "\r\n" + body;
    }

    private static String problem(String statusAndReason, String detail, String connection) {
        String json = "{\"title\":\"" + statusAndReason.substring(4) + "\",\"status\":"
                + statusAndReason.substring(0, 3) + (detail.isEmpty() ? "" : ",\"detail\":\"" + detail + "\"") + "}";
        return "HTTP/1.1 " + statusAndReason + "\r\nContent-Type: application/problem+json\r\n" + DATE
                + "content-length: " + json.length() + "\r\n" + connection + "\r\n" + json;
    }

    private static String lastProblem(String statusAndReason, String detail) {
        return problem(statusAndReason, detail, "connection: close\r\n");
    }

    // ---- every way to cut it

    private interface Check {
        void on(WireChannel client);
    }

    /** Sends the request whole, cut in two at every place, and byte by byte; the answer is the same each time. */
    private void inEveryWay(String request, String expected, Check check) {
        List<List<String>> ways = new ArrayList<>();
        ways.add(List.of(request));
        for (int cut = 1; cut < request.length(); cut++) {
            ways.add(List.of(request.substring(0, cut), request.substring(cut)));
        }
        ways.add(request.chars().mapToObj(c -> String.valueOf((char) c)).toList());
        for (List<String> way : ways) {
            try (WireChannel client = WireChannel.serving(routes)) {
                StringBuilder received = new StringBuilder();
                for (String part : way) {
                    client.send(part);
                    received.append(client.received());
                }
                assertThat(received.toString()).as("sent as %s", way).isEqualTo(expected);
                check.on(client);
            }
        }
    }

    private static void staysOpen(WireChannel client) {
        assertThat(client.isOpen()).as("open").isTrue();
        assertThat(client.isReading()).as("reading").isTrue();
        client.send(GET);
        assertThat(client.received()).isEqualTo(HI);
    }

    private static void closes(WireChannel client) {
        client.pass(LINGER);
        assertThat(client.received()).as("after the answer").isEmpty();
        client.assertClosed();
    }

    @Nested
    class Requests {

        @Test
        void areAnsweredOneAfterTheOtherOnOneConnection() {
            inEveryWay(GET, HI, Http1WireTest::staysOpen);
        }

        @Test
        void mayBePrecededByEmptyLines() {
            inEveryWay("\r\n\r\n" + GET + "\r\n" + GET, HI + HI, Http1WireTest::staysOpen);
        }

        @Test
        void thatArePipelinedAreAnsweredInOrder() {
            String body = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
            inEveryWay(
                    GET + body + "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n" + body,
                    HI + ok("abc") + "HTTP/1.1 204 No Content\r\n" + DATE + "\r\n" + ok("abc"),
                    Http1WireTest::staysOpen);
        }

        @Test
        void withChunkedBodiesAreReadWithExtensionsAndTrailers() {
            inEveryWay(
                    "POST /trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "3;a=b;c=\"d\"\r\nabc\r\n02\r\nde\r\n0\r\nX-Sum: 495\r\n\r\n" + GET,
                    ok("abcde4951") + HI,
                    Http1WireTest::staysOpen);
        }

        @Test
        void mayNameTheCodingInAnyCase() {
            inEveryWay(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
                    ok("0123456789"),
                    Http1WireTest::staysOpen);
        }

        @Test
        void thatSayCloseAreTheLast() {
            inEveryWay(
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n" + GET,
                    ok("hi", "connection: close\r\n"),
                    Http1WireTest::closes);
        }

        @Test
        void mayNameTheirHostInTheirTarget() {
            inEveryWay("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", HI, Http1WireTest::staysOpen);
        }

        @Test
        void mayAskWhatTheServerCanDo() {
            inEveryWay(
                    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                    "HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" + DATE
                            + "\r\n",
                    Http1WireTest::staysOpen);
        }

        @Test
        void mayHaveAnEmptyHost() {
            inEveryWay("GET / HTTP/1.1\r\nHost:\r\n\r\n", HI, Http1WireTest::staysOpen);
        }

        @Test
        void withAnUnknownMethodAreNotImplemented() {
            inEveryWay(
                    "BREW / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
                    problem("501 Not Implemented", "", ""),
                    Http1WireTest::staysOpen);
        }
    }

    @Nested
    class Answers {

        @Test
        void toHeadHaveNoBody() {
            inEveryWay(
                    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
                    ok("hi").replaceFirst("hi$", "") + HI,
                    Http1WireTest::staysOpen);
        }

        @Test
        void thatAreStreamedHaveNoBodyForHead() {
            inEveryWay(
                    "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
                    "HTTP/1.1 200 OK\r\n" + DATE + "\r\n" + HI,
                    Http1WireTest::staysOpen);
        }

        @Test
        void ofUnknownLengthAreChunked() {
            inEveryWay(
                    "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n" + DATE + "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
                    Http1WireTest::staysOpen);
        }

        @Test
        void mayHaveTrailers() {
            inEveryWay(
                    "GET /stream-with-trailers HTTP/1.1\r\nHost: a\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n" + DATE
                            + "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx-sum: 195\r\n\r\n",
                    Http1WireTest::staysOpen);
        }

        @Test
        void mayNotInjectALineByTheirTrailers() {
            inEveryWay(
                    "GET /stream-with-odd-trailers HTTP/1.1\r\nHost: a\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n" + DATE + "transfer-encoding: chunked\r\n\r\n0\r\nx-sum: a?b: c\r\n\r\n",
                    Http1WireTest::staysOpen);
        }

        @Test
        void thatAreNoneAreTheServersFault() {
            inEveryWay(
                    "GET /none HTTP/1.1\r\nHost: a\r\n\r\nGET /none-later HTTP/1.1\r\nHost: a\r\n\r\n",
                    problem("500 Internal Server Error", "", "") + problem("500 Internal Server Error", "", ""),
                    Http1WireTest::staysOpen);
        }

        @Test
        void ofAGuardThatDecidesNothingAreTheServersFault() {
            inEveryWay(
                    "GET /undecided HTTP/1.1\r\nHost: a\r\n\r\n",
                    problem("500 Internal Server Error", "", ""),
                    Http1WireTest::staysOpen);
        }

        @Test
        void ofAnEndpointThatThrowsTellNothing() {
            inEveryWay(
                    "GET /broken HTTP/1.1\r\nHost: a\r\n\r\n",
                    problem("500 Internal Server Error", "", ""),
                    Http1WireTest::staysOpen);
        }

        @Test
        void thatTheApplicationGivesLaterKeepTheirOrder() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + GET + "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(client.received()).isEmpty();

                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok("first") + HI);

                later.remove().respond(Response.text("third"));
                assertThat(client.received()).isEqualTo(ok("third"));
            }
        }

        @Test
        void mayComeFromAnotherThread() throws InterruptedException {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + GET);

                Thread other = new Thread(() -> later.remove().respond(Response.text("first")));
                other.start();
                other.join();

                assertThat(client.received()).isEqualTo(ok("first") + HI);
            }
        }
    }

    @Nested
    class Pipelining {
        private final HttpLimits two = HttpLimits.builder().maxPipelined(2).build();

        @Test
        void isBoundedByNotReading() {
            try (WireChannel client = WireChannel.serving(routes, two)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + GET);
                assertThat(client.isReading()).isTrue();

                client.send(GET);
                assertThat(client.isReading()).isFalse();

                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok("first") + HI + HI);
                assertThat(client.isReading()).isTrue();
            }
        }

        @Test
        void isBoundedByTheBytesOfBodiesThatWait() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(65_535));
                assertThat(client.isReading()).isTrue();

                client.send("x");
                assertThat(client.isReading()).isFalse();

                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok("first") + ok("unread"));
                assertThat(client.isReading()).isTrue();
            }
        }

        @Test
        void ofOneReadIsDecodedNoFurtherThanItsBound() {
            DecodedRequests decoded = new DecodedRequests();
            try (WireChannel client = new WireChannel(pipeline -> {
                WireChannel.handler(routes, two).addTo(pipeline);
                pipeline.addBefore(pipeline.context(Http1Connection.class).name(), "decoded", decoded);
            })) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + GET.repeat(10));
                assertThat(decoded.count).isEqualTo(3);

                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok("first") + HI.repeat(10));
                assertThat(client.isReading()).isTrue();
            }
        }
    }

    private static final class DecodedRequests extends ChannelInboundHandlerAdapter {
        private int count;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof HttpRequest) {
                count++;
            }
            ctx.fireChannelRead(message);
        }
    }

    @Nested
    class Expecting100Continue {
        private static final String EXPECT =
                " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
        private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

        @Test
        void aBodyThatIsWantedIsAskedFor() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /echo" + EXPECT);
                assertThat(client.received()).isEqualTo(CONTINUE);

                client.send("abc");
                assertThat(client.received()).isEqualTo(ok("abc"));
                staysOpen(client);
            }
        }

        @Test
        void theAnswerComesInEveryCut() {
            inEveryWay("POST /echo" + EXPECT + "abc", CONTINUE + ok("abc"), Http1WireTest::staysOpen);
        }

        @Test
        void aBodyThatIsNotWantedIsNotAskedForAndTheConnectionIsClosed() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /unread" + EXPECT);
                assertThat(client.received()).isEqualTo(ok("unread", "connection: close\r\n"));

                client.send("abc" + GET);
                closes(client);
            }
        }

        @Test
        void aBodyOverTheLimitIsNotAskedFor() {
            HttpLimits small = HttpLimits.builder().maxBodyBytes(2).build();
            try (WireChannel client = WireChannel.serving(routes, small)) {
                client.send("POST /echo" + EXPECT);
                assertThat(client.received())
                        .isEqualTo(
                                lastProblem("413 Request Entity Too Large", "The body is over the limit of 2 bytes."));
                closes(client);
            }
        }

        @Test
        void theBodyOfARequestBehindAnotherIsAskedForInItsTurn() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + "POST /echo" + EXPECT);
                assertThat(client.received()).isEmpty();

                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok("first") + CONTINUE);

                client.send("abc");
                assertThat(client.received()).isEqualTo(ok("abc"));
            }
        }

        @Test
        void anotherExpectationFails() {
            inEveryWay(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 3\r\n\r\nabc",
                    lastProblem("417 Expectation Failed", "No expectation but 100-continue can be met."),
                    Http1WireTest::closes);
        }

        @Test
        void http10CannotAskForIt() {
            inEveryWay(
                    "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
                    ok("abc", "connection: close\r\n"),
                    Http1WireTest::closes);
        }
    }

    @Nested
    class Http10 {

        @Test
        void isAnsweredAndClosed() {
            inEveryWay("GET / HTTP/1.0\r\n\r\n" + GET, ok("hi", "connection: close\r\n"), Http1WireTest::closes);
        }

        @Test
        void mayAskToBeKeptAlive() {
            inEveryWay(
                    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                    ok("hi", "connection: keep-alive\r\n"),
                    Http1WireTest::staysOpen);
        }

        @Test
        void isNeverAnsweredInChunks() {
            inEveryWay(
                    "GET /stream-with-trailers HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n" + DATE + "connection: close\r\n\r\nab",
                    Http1WireTest::closes);
        }
    }

    @Nested
    class Bodies {

        @Test
        void areReadNoFasterThanTheListenerTakesThem() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
                assertThat(client.isReading()).isTrue();

                client.send("ab");
                assertThat(recorder.events).containsExactly("ab");
                assertThat(client.isReading()).isFalse();

                recorder.takeNext();
                assertThat(client.isReading()).isTrue();

                client.send("cdef");
                recorder.takeNext();
                assertThat(recorder.events).containsExactly("ab", "cdef", "end");
            }
        }

        @Test
        void thatNobodyAskedForYetAreNotReadFurther() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
                assertThat(client.isReading()).isFalse();

                Exchange exchange = later.remove();
                exchange.respond(exchange.body().thenApply(body -> Response.text(body.text())));
                assertThat(client.isReading()).isTrue();

                client.send("def");
                assertThat(client.received()).isEqualTo(ok("abcdef"));
            }
        }

        @Test
        void thatAreNotWantedAreReadAndThrownAway() {
            inEveryWay(
                    "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                    ok("unread"),
                    Http1WireTest::staysOpen);
        }

        @Test
        void overTheLimitAreRefusedWhenTheyAreAnnounced() {
            HttpLimits small = HttpLimits.builder().maxBodyBytes(5).build();
            try (WireChannel client = WireChannel.serving(routes, small)) {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde");
                assertThat(client.received()).isEqualTo(ok("abcde"));

                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
                assertThat(client.received())
                        .isEqualTo(
                                lastProblem("413 Request Entity Too Large", "The body is over the limit of 5 bytes."));

                client.send("abcdef" + GET);
                closes(client);
            }
        }

        @Test
        void overTheLimitAreRefusedWhenTheyComeInChunks() {
            HttpLimits small = HttpLimits.builder().maxBodyBytes(5).build();
            try (WireChannel client = WireChannel.serving(routes, small)) {
                client.send(
                        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n");
                assertThat(client.received()).isEmpty();

                client.send("1\r\nf\r\n0\r\n\r\n" + GET);
                assertThat(client.received())
                        .isEqualTo(
                                lastProblem("413 Request Entity Too Large", "The body is over the limit of 5 bytes."));
                closes(client);
            }
        }

        @Test
        void overTheLimitThatNobodyWantsEndTheConnection() {
            HttpLimits small = HttpLimits.builder().maxBodyBytes(5).build();
            try (WireChannel client = WireChannel.serving(routes, small)) {
                client.send("POST /unread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
                assertThat(client.received()).isEqualTo(ok("unread"));
                assertThat(client.isOpen()).isTrue();

                client.send("1\r\nf\r\n0\r\n\r\n" + GET);
                closes(client);
            }
        }

        @Test
        void overTheLimitTellTheirListenerSo() {
            HttpLimits small = HttpLimits.builder().maxBodyBytes(5).build();
            try (WireChannel client = WireChannel.serving(routes, small)) {
                client.send("POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                recorder.takeNext();
                client.send("3\r\ndef\r\n");
                assertThat(client.received())
                        .isEqualTo(
                                lastProblem("413 Request Entity Too Large", "The body is over the limit of 5 bytes."));
                assertThat(recorder.events).containsExactly("abc", ProblemException.class.getSimpleName());
            }
        }

        @Test
        void overTheLimitAreKeptWholeUntilTheApplicationHasSetItsOwn() {
            HttpLimits small = HttpLimits.builder().maxBodyBytes(2).build();
            try (WireChannel client = WireChannel.serving(routes, small)) {
                client.send("POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                Exchange exchange = later.remove();
                exchange.maxBodyBytes(100);
                exchange.respond(exchange.body().thenApply(body -> Response.text(body.text())));
                client.send("3\r\ndef\r\n0\r\n\r\n");
                assertThat(client.received()).isEqualTo(ok("abcdef"));
            }
        }

        @Test
        void mayBeTakenByAListenerThatIsReadyBySomeOtherStage() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "1\r\nx\r\n".repeat(10_000) + "0\r\n\r\n");
                Exchange exchange = later.remove();
                exchange.receive(new BodyListener() {
                    private int chunks;

                    @Override
                    public CompletionStage<?> onChunk(ByteBuf chunk) {
                        chunks++;
                        return CompletableFuture.completedStage("ready");
                    }

                    @Override
                    public void onEnd(HttpHeaders trailers) {
                        exchange.respond(Response.text("got " + chunks));
                    }

                    @Override
                    public void onFailure(Throwable cause) {
                        exchange.respond(Response.text(cause.toString()));
                    }
                });
                assertThat(client.received()).isEqualTo(ok("got 10000"));
            }
        }

        @Test
        void thatBreakOffEndTheExchange() {
            WireChannel client = WireChannel.serving(routes);
            client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab");
            recorder.takeNext();
            client.close();
            assertThat(recorder.events).containsExactly("ab", IOException.class.getSimpleName());
        }

        @Test
        void thatLoseTheirFramingAfterTheAnswerEndTheConnection() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /unread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
                assertThat(client.received()).isEqualTo(ok("unread"));

                client.send("x\r\n" + GET);
                closes(client);
            }
        }
    }

    @Nested
    class BadInput {

        static Stream<Arguments> framingInDoubt() {
            String post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
            String chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
            String notHttp = lastProblem("400 Bad Request", NOT_HTTP);
            String notFramed = lastProblem("400 Bad Request", NOT_FRAMED);
            String badTarget = "400 Bad Request";
            String noCoding = lastProblem("501 Not Implemented", "No transfer coding but chunked is known.");
            String oneHost = lastProblem("400 Bad Request", "There must be one Host header.");
            String badHost = lastProblem("400 Bad Request", "The Host header is not a host and port.");
            String badVersion = lastProblem("505 HTTP Version Not Supported", "HTTP/1.1 and HTTP/1.0 are spoken here.");
            return Stream.of(
                    // lengths
                    bad(post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", notHttp),
                    bad(post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: 3, 3\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: 3, 4\r\n\r\nabcd", notHttp),
                    bad(post + "Content-Length: +3\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: -3\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: -0\r\n\r\n", notHttp),
                    bad(post + "Content-Length:\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: 0x3\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: 3 3\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: 3;\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: 99999999999999999999\r\n\r\nabc", notHttp),
                    bad(post + "Content-Length: 18446744073709551619\r\n\r\nabc", notHttp),
                    // transfer codings
                    bad(post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", noCoding),
                    bad(post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", noCoding),
                    bad(post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", noCoding),
                    bad(post + "Transfer-Encoding: identity\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding:\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: 'chunked'\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: chunked\u000b\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", notHttp),
                    bad(post + "Transfer-Encoding\u000b: chunked\r\n\r\n0\r\n\r\n", notHttp),
                    bad("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", notHttp),
                    // line ends
                    bad("GET / HTTP/1.1\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\n\n", notHttp),
                    bad("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\rHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", notHttp),
                    bad(chunked + "3\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "3\r\nabc\n0\r\n\r\n", notFramed),
                    bad(chunked + "3\r\nabc\r\n0\n\r\n", notFramed),
                    bad(chunked + "3\r\nabc\r\n0\r\n\n", notFramed),
                    // NUL
                    bad("\0GET / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\0\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\n\0X: b\r\n\r\n", notHttp),
                    bad(chunked + "3\0\r\nabc\r\n0\r\n\r\n", notFramed),
                    // header lines
                    bad("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\n Host: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost : a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\n: empty name\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\nX\u00e4: b\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\nX: b\u0001\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1\r\nHost: a\r\nX: b\u007f\r\n\r\n", notHttp),
                    // chunks
                    bad(chunked + "-3\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "+3\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "0x3\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "g\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + ";a=b\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + " 3\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "3 \r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "3 3\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\t2\r\n\r\n", notFramed),
                    bad(chunked + "80000000\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "ffffffffffffffff0\r\nabc\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "3\r\nabcd\r\n0\r\n\r\n", notFramed),
                    bad(chunked + "3\r\nabc0\r\n\r\n", notFramed),
                    bad(chunked + "3\r\nabc\rX0\r\n\r\n", notFramed),
                    bad(chunked + "0\r\nno colon\r\n\r\n", notFramed),
                    bad(chunked + "0\r\nX : b\r\n\r\n", notFramed),
                    bad(chunked + "0\r\n X: b\r\n\r\n", notFramed),
                    bad(chunked + "3;a=\u0001\r\nabc\r\n0\r\n\r\n", notFramed),
                    // the request line
                    bad("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET /\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.11\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / http/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/+1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / FTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/01.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("G\u00c4T / HTTP/1.1\r\nHost: a\r\n\r\n", notHttp),
                    bad("GET / HTTP/1.2\r\nHost: a\r\n\r\n", badVersion),
                    bad("GET / HTTP/2.0\r\nHost: a\r\n\r\n", badVersion),
                    bad("GET / HTTP/0.9\r\n\r\n", badVersion),
                    bad("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", badVersion),
                    // the target
                    bad("GET /\u0001 HTTP/1.1\r\nHost: a\r\n\r\n", badTarget),
                    bad("GET /\u00e4 HTTP/1.1\r\nHost: a\r\n\r\n", badTarget),
                    bad("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", badTarget),
                    bad("GET /\u007f HTTP/1.1\r\nHost: a\r\n\r\n", badTarget),
                    bad("GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", badTarget),
                    bad("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", badTarget),
                    // Host
                    bad("GET / HTTP/1.1\r\n\r\n", oneHost),
                    bad("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", oneHost),
                    bad("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", oneHost),
                    bad("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", badHost),
                    bad("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", badHost),
                    bad("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", badHost),
                    bad("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", badHost),
                    bad("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", badHost),
                    bad("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", badHost),
                    // not HTTP at all
                    bad("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n", notHttp),
                    bad("\u00ff\u00fe\u00fd\u00fc\r\n\r\n", notHttp));
        }

        private static Arguments bad(String request, String expected) {
            return Arguments.of(request, expected);
        }

        /** The second request is what a smuggler would hide behind the first. */
        @ParameterizedTest(quoteTextArguments = true)
        @MethodSource("framingInDoubt")
        void isAnsweredOnceAndTheConnectionIsClosed(String request, String expected) {
            String smuggled = request + GET;
            if (expected.startsWith("HTTP/1.1 ")) {
                inEveryWay(smuggled, expected, Http1WireTest::closes);
            } else {
                String whole = answerTo(smuggled);
                assertThat(whole).startsWith("HTTP/1.1 " + expected + "\r\n").contains("\r\nconnection: close\r\n");
                inEveryWay(smuggled, whole, Http1WireTest::closes);
            }
            assertThat(answerTo(GET)).isEqualTo(HI);
        }

        private String answerTo(String request) {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(request);
                return client.received();
            }
        }

        @Test
        void behindAGoodRequestIsAnsweredInItsTurn() {
            inEveryWay(
                    GET + "GET / HTTP/1.1\r\nHost : a\r\n\r\n" + GET,
                    HI + lastProblem("400 Bad Request", NOT_HTTP),
                    Http1WireTest::closes);
        }

        @Test
        void whoseAnswerCouldBeLostIsReadForAMomentBeforeTheConnectionIsClosed() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
                assertThat(client.received()).isEqualTo(lastProblem("400 Bad Request", NOT_HTTP));

                assertThat(client.isOpen()).isTrue();
                closes(client);
            }
        }

        @Test
        void ofATargetAtTheLimitIsNone() {
            HttpLimits limits = HttpLimits.builder().maxUriBytes(100).build();
            String target = "/" + "x".repeat(99);
            for (String method : List.of("GET", "DELETE")) {
                try (WireChannel client = WireChannel.serving(routes, limits)) {
                    client.send(method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
                    assertThat(client.received()).isEqualTo(problem("404 Not Found", "", ""));

                    client.send(method + " " + target + "x HTTP/1.1\r\nHost: a\r\n\r\n" + GET);
                    assertThat(client.received())
                            .isEqualTo(
                                    lastProblem("414 Request-URI Too Long", "The request target is over the limit."));
                    closes(client);
                }
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 1000, 8192, 10_000})
        void ofATargetFarOverTheLimitIsToldBeforeItsEnd(int piece) {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /");
                StringBuilder received = new StringBuilder();
                for (int sent = 0; sent < 10_000; sent += piece) {
                    client.send("x".repeat(piece));
                    received.append(client.received());
                }
                assertThat(received.toString())
                        .isEqualTo(lastProblem("414 Request-URI Too Long", "The request line is over the limit."));
                closes(client);
            }
        }

        @Test
        void ofAHeaderSectionAtTheLimitIsNone() {
            // Each line counts without its line end: 7 + 3 + 90.
            HttpLimits limits = HttpLimits.builder().maxHeaderBytes(100).build();
            try (WireChannel client = WireChannel.serving(routes, limits)) {
                String atTheLimit = "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(90);
                client.send(atTheLimit + "\r\n\r\n");
                assertThat(client.received()).isEqualTo(HI);

                client.send(atTheLimit + "x\r\n\r\n" + GET);
                assertThat(client.received())
                        .isEqualTo(lastProblem(
                                "431 Request Header Fields Too Large", "The header section is over the limit."));
                closes(client);
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {7, 1000, 20_000})
        void ofAHeaderSectionOver16KiBIsToldBeforeItsEnd(int piece) {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n");
                StringBuilder received = new StringBuilder();
                for (int sent = 0; sent < 20_000; sent += piece) {
                    client.send("x".repeat(piece / 2) + ":" + "x".repeat(piece - piece / 2) + "\r\n");
                    received.append(client.received());
                }
                assertThat(received.toString())
                        .isEqualTo(lastProblem(
                                "431 Request Header Fields Too Large", "The header section is over the limit."));
                closes(client);
            }
        }
    }

    @Nested
    class Time {

        @Test
        void aHeadThatIsNotCompleteIn10SecondsIsRefused() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET / HTTP/1.1\r\n");
                client.pass(Duration.ofSeconds(9));
                client.send("Host: a\r\n");
                assertThat(client.received()).isEmpty();

                client.pass(Duration.ofSeconds(2));
                assertThat(client.received())
                        .isEqualTo(lastProblem("408 Request Timeout", "The header section did not come in time."));

                client.send("\r\n" + GET);
                closes(client);
            }
        }

        @Test
        void theHeadOfALaterRequestHas10SecondsFromItsFirstByte() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(GET);
                assertThat(client.received()).isEqualTo(HI);
                client.pass(Duration.ofSeconds(30));

                client.send("G");
                client.pass(Duration.ofSeconds(9));
                client.send(GET.substring(1));
                assertThat(client.received()).isEqualTo(HI);

                client.send("G");
                client.pass(Duration.ofSeconds(11));
                assertThat(client.received())
                        .isEqualTo(lastProblem("408 Request Timeout", "The header section did not come in time."));
            }
        }

        @Test
        void emptyLinesDoNotKeepAConnectionOpen() {
            try (WireChannel client = WireChannel.serving(routes)) {
                for (int second = 0; second < 12; second++) {
                    client.send("\r\n");
                    client.pass(Duration.ofSeconds(1));
                }
                closes(client);
            }
        }

        @Test
        void aPartOfThePrefaceOfHttp2DoesNotKeepAConnectionOpen() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("PRI * HTTP/2.0\r\n\r\nSM");
                client.pass(Duration.ofSeconds(11));
                closes(client);
            }
        }

        @Test
        void aConnectionThatSendsNothingIsClosedAfter10Seconds() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.pass(Duration.ofMillis(9_900));
                assertThat(client.isOpen()).isTrue();

                client.pass(Duration.ofMillis(400));
                assertThat(client.received()).isEmpty();
                client.assertClosed();
            }
        }

        @Test
        void aConnectionWithoutARequestIsClosedAfter60Seconds() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(GET);
                assertThat(client.received()).isEqualTo(HI);
                client.pass(Duration.ofMillis(59_900));
                assertThat(client.isOpen()).isTrue();

                client.pass(Duration.ofMillis(400));
                assertThat(client.received()).isEmpty();
                client.assertClosed();
            }
        }

        @Test
        void anExchangeThatTakesLongIsNotIdle() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                client.pass(Duration.ofMinutes(5));

                later.remove().respond(Response.text("at last"));
                assertThat(client.received()).isEqualTo(ok("at last"));
                staysOpen(client);
            }
        }

        @Test
        void aBodyThatComesTooSlowlyIsRefused() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
                for (int second = 0; second < 10; second++) {
                    client.send("x".repeat(239));
                    client.pass(Duration.ofSeconds(1));
                }
                client.pass(Duration.ofMillis(400));
                assertThat(client.received())
                        .isEqualTo(lastProblem("408 Request Timeout", "The body came too slowly."));
                closes(client);
            }
        }

        @Test
        void aBodyThatDoesNotComeAfterTheAnswerEndsTheConnection() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx");
                assertThat(client.received()).isEqualTo(ok("unread"));
                client.pass(Duration.ofSeconds(9));
                assertThat(client.isOpen()).isTrue();

                client.pass(Duration.ofSeconds(2));
                closes(client);
            }
        }

        @Test
        void aBodyThatComesFastEnoughIsRead() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12000\r\n\r\n");
                for (int second = 0; second < 50; second++) {
                    client.send("x".repeat(240));
                    client.pass(Duration.ofSeconds(1));
                }
                assertThat(client.received()).isEqualTo(ok("x".repeat(12_000)));
                staysOpen(client);
            }
        }

        @Test
        void aBodyThatTheApplicationDoesNotTakeIsNotTooSlow() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
                client.pass(Duration.ofMinutes(5));

                recorder.takeNext();
                client.pass(Duration.ofSeconds(9));
                client.send("cd");
                recorder.takeNext();
                assertThat(recorder.events).containsExactly("ab", "cd", "end");
            }
        }

        @Test
        void anAnswerOnItsWayIsNotIdle() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.stall(true);
                client.send(GET);
                client.pass(Duration.ofSeconds(100));
                client.stall(false);
                assertThat(client.received()).isEqualTo(HI);
                staysOpen(client);
            }
        }

        @Test
        void aLastAnswerOnItsWayIsNotCutOff() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.stall(true);
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
                client.pass(Duration.ofSeconds(30));
                client.stall(false);
                assertThat(client.received())
                        .isEqualTo(lastProblem(
                                "413 Request Entity Too Large", "The body is over the limit of 1048576 bytes."));
                closes(client);
            }
        }

        /** Closed over what is still on its way, it would be reset, and the answer lost. */
        @Test
        void aClientThatStillSendsBehindItsAnswerIsReadUntilItIsSilent() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
                assertThat(client.received()).startsWith("HTTP/1.1 413 ");
                for (int i = 0; i < 14; i++) {
                    client.pass(Duration.ofMillis(1900));
                    assertThat(client.isOpen()).as("open after %s pieces", i).isTrue();
                    client.send("x".repeat(1000));
                }

                client.pass(Duration.ofSeconds(1));
                assertThat(client.isOpen()).isTrue();
                client.pass(Duration.ofSeconds(4));
                client.assertClosed();
                assertThat(client.received()).isEmpty();
            }
        }

        @Test
        void aDrainDoesNotWaitForWhoSendsALittleNowAndThen() {
            ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
            try (WireChannel client = new WireChannel(handler::addTo)) {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
                assertThat(client.received()).startsWith("HTTP/1.1 413 ");
                client.pass(Duration.ofSeconds(1));
                client.send("x");
                handler.drain(Duration.ofSeconds(60));
                for (int i = 0; i < 4; i++) {
                    client.pass(Duration.ofSeconds(1));
                    client.send("x");
                }
                client.assertClosed();
            }
        }

        @Test
        void howLongAClientMayBeSilentBehindItsAnswerCanBeSet() {
            HttpLimits limits =
                    HttpLimits.builder().lingerTimeout(Duration.ofSeconds(10)).build();
            try (WireChannel client = new WireChannel(WireChannel.handler(routes, limits)::addTo)) {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
                assertThat(client.received()).startsWith("HTTP/1.1 413 ");
                client.pass(Duration.ofSeconds(9));
                assertThat(client.isOpen()).isTrue();

                client.pass(Duration.ofSeconds(2));
                client.assertClosed();
            }
        }

        @Test
        void aClientThatNeverEndsIsReadForAWhile() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
                assertThat(client.received()).startsWith("HTTP/1.1 413 ");
                for (int i = 0; i < 29; i++) {
                    client.pass(Duration.ofSeconds(1));
                    client.send("x");
                }
                assertThat(client.isOpen()).isTrue();

                client.pass(Duration.ofSeconds(2));
                client.assertClosed();
            }
        }

        @Test
        void aClientThatReadsNothingIsGivenUp() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                client.stall(true);
                later.element().stream(Response.of(200)).write("ab");
                client.pass(Duration.ofMinutes(5));

                client.assertClosed();
                assertThat(ends).containsExactly("/later TIMEOUT");
            }
        }
    }

    @Nested
    class TheEnd {

        @Test
        void ofAClientIsToldOnce() {
            WireChannel client = WireChannel.serving(routes);
            client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + GET);
            client.close();

            assertThat(ends).containsExactly("/later CLIENT_GONE");
            later.remove().respond(Response.text("to nobody"));
        }

        @Test
        void ofAnAnswerIsToldOnce() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                later.remove().respond(Response.text("first"));
                assertThat(ends).containsExactly("/later COMPLETED");
            }
            assertThat(ends).containsExactly("/later COMPLETED");
        }

        @Test
        void ofAStreamThatIsCutOffIsAClosedConnection() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + GET);
                ResponseStream stream = later.remove().stream(Response.of(200));
                stream.write("ab");
                assertThat(client.received())
                        .isEqualTo("HTTP/1.1 200 OK\r\n" + DATE + "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n");

                stream.abort();
                assertThat(client.received()).isEmpty();
                client.assertClosed();
                assertThat(ends).containsExactly("/later ERROR");
                assertThat(stream.write("c")).isEqualTo(SendOutcome.CLOSED);
            }
        }

        @Test
        void ofTheServerClosesWhatIsIdleAndLetsTheRestFinish() {
            ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
            try (WireChannel idle = new WireChannel(handler::addTo);
                    WireChannel busy = new WireChannel(handler::addTo)) {
                idle.send(GET);
                assertThat(idle.received()).isEqualTo(HI);
                busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");

                CompletableFuture<Void> drained =
                        handler.drain(Duration.ofSeconds(10)).toCompletableFuture();
                idle.pass(Duration.ofMillis(100));
                busy.pass(Duration.ofMillis(100));
                idle.assertClosed();
                assertThat(drained).isNotDone();

                later.remove().respond(Response.text("last"));
                assertThat(busy.received()).isEqualTo(ok("last", "connection: close\r\n"));
                busy.assertClosed();
                assertThat(drained).isCompleted();
            }
        }

        @Test
        void ofTheServerDoesNotCutOffAnAnswerOnItsWay() {
            ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
            try (WireChannel client = new WireChannel(handler::addTo)) {
                client.stall(true);
                client.send(GET);
                handler.drain(Duration.ofSeconds(10));
                client.pass(Duration.ofSeconds(1));

                client.stall(false);
                assertThat(client.received()).isEqualTo(HI);
                client.assertClosed();
            }
        }

        @Test
        void ofTheTimeToDrainCutsOffWhatIsLeft() {
            ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
            try (WireChannel client = new WireChannel(handler::addTo)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                CompletableFuture<Void> drained =
                        handler.drain(Duration.ofSeconds(10)).toCompletableFuture();
                client.pass(Duration.ofSeconds(9));
                assertThat(client.isOpen()).isTrue();

                client.pass(Duration.ofSeconds(2));
                client.assertClosed();
                assertThat(ends).containsExactly("/later SHUTDOWN");
                assertThat(drained).isCompleted();
            }
        }
    }

    @Nested
    class Upgrades {
        private static final String UPGRADE =
                "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n";
        private static final String SWITCHED =
                "HTTP/1.1 101 Switching Protocols\r\n" + DATE + "connection: upgrade\r\nupgrade: websocket\r\n\r\n";

        /** The protocol that takes over: it sends back what it gets. */
        private static final class Echo extends ChannelInboundHandlerAdapter {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ctx.writeAndFlush(message);
            }
        }

        private void upgrade() {
            later.remove()
                    .switchProtocol(
                            EmptyHttpHeaders.INSTANCE,
                            tunnel -> tunnel.pipeline().addLast(new Echo()));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "Upgrade: h2c, websocket",
                    "Upgrade: foo,,websocket ,",
                    "Upgrade: foo/1\r\nUpgrade: WebSocket"
                })
        void findWebSocketInAList(String fields) {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE.replace("Upgrade: WebSocket", fields));
                upgrade();
                assertThat(client.received()).isEqualTo(SWITCHED);
            }
        }

        @Test
        void handOverWhatCameBehindTheRequest() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE + "\0not HTTP");
                assertThat(client.received()).isEmpty();

                upgrade();
                assertThat(client.received()).isEqualTo(SWITCHED + "\0not HTTP");

                client.send("more");
                assertThat(client.received()).isEqualTo("more");
            }
            assertThat(ends).containsExactly("/ws COMPLETED");
        }

        @Test
        void behindAnotherRequestStillHoldWhatComesBehindThem() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + UPGRADE + "\0not HTTP");
                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok("first"));

                upgrade();
                assertThat(client.received()).isEqualTo(SWITCHED + "\0not HTTP");
            }
        }

        @Test
        void holdNoMoreThanABoundWhileNobodyDecides() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE + "x".repeat(65_535));
                assertThat(client.isReading()).isTrue();

                client.send("x");
                assertThat(client.isReading()).isFalse();

                upgrade();
                assertThat(client.isReading()).isTrue();
                assertThat(client.received()).isEqualTo(SWITCHED + "x".repeat(65_536));
            }
        }

        @Test
        void withABodyThrowItAway() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 6\r\n\r\nabc"));
                upgrade();
                assertThat(client.received()).isEmpty();
                assertThat(client.isReading()).isTrue();

                client.send("def\0not HTTP");
                assertThat(client.received()).isEqualTo(SWITCHED + "\0not HTTP");
            }
        }

        @Test
        void thatEndAreReadUntilTheClientIsSilent() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE);
                CompletableFuture<Tunnel> open = new CompletableFuture<>();
                later.remove().switchProtocol(EmptyHttpHeaders.INSTANCE, open::complete);
                assertThat(client.received()).isEqualTo(SWITCHED);
                open.join().end();
                for (int i = 0; i < 14; i++) {
                    client.pass(Duration.ofMillis(1900));
                    assertThat(client.isOpen()).as("open after %s pieces", i).isTrue();
                    client.send("still talking");
                }

                client.pass(Duration.ofSeconds(5));
                client.assertClosed();
                assertThat(ends).containsExactly("/ws COMPLETED");
            }
        }

        @Test
        void thatEndAreNotReadForEver() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE);
                CompletableFuture<Tunnel> open = new CompletableFuture<>();
                later.remove().switchProtocol(EmptyHttpHeaders.INSTANCE, open::complete);
                assertThat(client.received()).isEqualTo(SWITCHED);
                open.join().end();
                for (int i = 0; i < 29; i++) {
                    client.pass(Duration.ofSeconds(1));
                    client.send("still talking");
                }
                assertThat(client.isOpen()).isTrue();

                client.pass(Duration.ofSeconds(2));
                client.assertClosed();
            }
        }

        @Test
        void toAProtocolThatFailsToBeginEndTheConnection() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE);
                later.remove().switchProtocol(EmptyHttpHeaders.INSTANCE, tunnel -> {
                    throw new IllegalStateException("on purpose");
                });
                client.received();
                client.assertClosed();
                assertThat(ends).containsExactly("/ws ERROR");
            }
        }

        @Test
        void thatAreNotGrantedLetHttpGoOn() {
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(UPGRADE + GET);
                assertThat(client.received()).isEmpty();

                later.remove().respond(Response.of(426));
                assertThat(client.received())
                        .isEqualTo("HTTP/1.1 426 Upgrade Required\r\n" + DATE + "content-length: 0\r\n\r\n" + HI);
                staysOpen(client);
            }
        }

        @Test
        void thatAreDemandedAreOfTheConnection() {
            Response required = Response.of(426).header("Upgrade", "websocket").header("X", "y");
            String head =
                    "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nX: y\r\nconnection: upgrade\r\n" + DATE;
            Routes demanding = Routes.builder()
                    .get("/", exchange -> exchange.respond(required))
                    .mount(
                            "/open",
                            Routes.builder()
                                    .origins(OriginPolicy.anyOrigin())
                                    .get("/", exchange -> exchange.respond(required))
                                    .build())
                    .build();
            try (WireChannel client = WireChannel.serving(demanding)) {
                client.send(GET);
                client.send(GET.replace("/ ", "/open/ "));
                client.send(GET.replace("Host", "Connection: close\r\nHost"));
                assertThat(client.received())
                        .isEqualTo(head + "content-length: 0\r\n\r\n" + head
                                + "access-control-allow-origin: *\r\ncontent-length: 0\r\n\r\n" + head
                                + "content-length: 0\r\nconnection: close\r\n\r\n");
            }
        }

        @Test
        void toH2cAreIgnored() {
            inEveryWay(
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                            + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + GET,
                    HI + HI,
                    Http1WireTest::staysOpen);
        }
    }

    /** Parley in a pipeline that a user made, with Netty's own codec, which is more lenient. */
    @Nested
    class BehindNettysCodec {

        private WireChannel client() {
            return new WireChannel(pipeline -> pipeline.addLast(new HttpServerCodec(), new ParleyHandler(routes)));
        }

        private String answerTo(String request) {
            try (WireChannel client = client()) {
                client.send(request);
                String answer = client.received();
                client.pass(LINGER);
                return answer.replaceFirst("date: [^\r]*\r\n", "date: now\r\n") + (client.isOpen() ? "" : "|");
            }
        }

        private String undated(String expected) {
            return expected.replace(DATE, "date: now\r\n");
        }

        @Test
        void requestsAreServed() {
            assertThat(answerTo(GET)).isEqualTo(undated(HI));
            assertThat(answerTo("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"))
                    .isEqualTo(undated(ok("abc")));
            assertThat(
                            answerTo(
                                    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
                    .isEqualTo(undated(ok("abc")));
            assertThat(answerTo("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"))
                    .isEqualTo(undated(HI).replaceFirst("hi$", ""));
        }

        @Test
        void badInputIsRefusedAsFarAsTheCodecSeesIt() {
            String notHttp = undated(lastProblem("400 Bad Request", NOT_HTTP)) + "|";
            String post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
            assertThat(answerTo(post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + GET))
                    .isEqualTo(notHttp);
            assertThat(answerTo(post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n" + GET))
                    .isEqualTo(notHttp);
            assertThat(answerTo("GET / HTTP/1.1\r\nHost : a\r\n\r\n" + GET)).isEqualTo(notHttp);
            assertThat(answerTo("GET / HTTP/1.1\nHost: a\r\n\r\n" + GET)).isEqualTo(notHttp);
            assertThat(answerTo(post + "Transfer-Encoding: chunked\r\n\r\nx\r\n" + GET))
                    .isEqualTo(undated(lastProblem("400 Bad Request", NOT_FRAMED)) + "|");
        }

        @Test
        void upgradesThatAreDemandedAreOfTheConnection() {
            String head = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nconnection: upgrade\r\n" + DATE
                    + "content-length: 0\r\n";
            for (String connection : new String[] {"", "connection: close\r\n"}) {
                try (WireChannel client = client()) {
                    client.send("GET /ws HTTP/1.1\r\n" + connection + "Host: a\r\n\r\n");
                    later.remove().respond(Response.of(426).header("Upgrade", "websocket"));
                    assertThat(client.received().replaceFirst("date: [^\r]*\r\n", "date: now\r\n"))
                            .isEqualTo(undated(head + connection + "\r\n"));
                }
            }
        }

        @Test
        void anotherProtocolTakesOver() {
            try (WireChannel client = client()) {
                client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
                later.remove()
                        .switchProtocol(
                                EmptyHttpHeaders.INSTANCE,
                                tunnel -> tunnel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                                    @Override
                                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                                        ReferenceCountUtil.release(message);
                                        ends.add("bytes");
                                    }
                                }));
                assertThat(client.received()).startsWith("HTTP/1.1 101 Switching Protocols\r\n");
                client.send("\0not HTTP");
                assertThat(ends).containsExactly("bytes");
            }
        }

        @Test
        void anotherProtocolMayWriteWhileItBegins() {
            try (WireChannel client = client()) {
                client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
                later.remove()
                        .switchProtocol(
                                EmptyHttpHeaders.INSTANCE,
                                tunnel -> tunnel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                                    @Override
                                    public void handlerAdded(ChannelHandlerContext ctx) {
                                        ctx.writeAndFlush(Unpooled.copiedBuffer("hello", StandardCharsets.US_ASCII));
                                    }
                                }));
                assertThat(client.received()).endsWith("\r\n\r\nhello");
            }
        }
    }
}
