package dev.parley.http;

import static dev.parley.http.Http2Client.END_STREAM;
import static dev.parley.http.Http2Client.block;
import static dev.parley.http.Http2Client.data;
import static dev.parley.http.Http2Client.frame;
import static dev.parley.http.Http2Client.get;
import static dev.parley.http.Http2Client.headers;
import static dev.parley.http.Http2Client.post;
import static dev.parley.http.Http2Client.request;
import static dev.parley.http.Http2Client.reset;
import static dev.parley.http.Http2Client.setting;
import static dev.parley.http.Http2Client.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.Http2Error;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 frame by frame, in clear text by prior knowledge. */
class Http2WireTest {
    private static final String OK = " HEADERS :status=200 content-type=text/plain; charset=utf-8 content-length=";

    private final Deque<Exchange> later = new ArrayDeque<>();
    private final List<String> events = new ArrayList<>();
    private CompletableFuture<Void> ready = new CompletableFuture<>();

    private final Routes routes = Routes.builder()
            .get("/", exchange -> exchange.respond(Response.text("hi")))
            .get(
                    "/headers",
                    exchange -> exchange.respond(Response.text(exchange.authority() + " "
                            + exchange.header("cookie").orElse("none"))))
            .get("/later", this::keep)
            .post("/later", this::keep)
            .post("/unread", exchange -> exchange.respond(Response.text("unread")))
            .post(
                    "/echo",
                    exchange -> exchange.respond(exchange.body()
                            .thenApply(body ->
                                    Response.text(body.text() + body.trailers().get("x-sum", "")))))
            .post("/slow", this::receive)
            .get("/trailers", Http2WireTest::trailers)
            .build();

    private void keep(Exchange exchange) {
        exchange.onEnd(reason -> events.add(exchange.path() + " " + reason));
        later.add(exchange);
    }

    private void receive(Exchange exchange) {
        exchange.onEnd(reason -> events.add("slow " + reason));
        exchange.receive(new BodyListener() {
            @Override
            public CompletionStage<?> onChunk(ByteBuf chunk) {
                events.add(String.valueOf(chunk.readableBytes()));
                return ready;
            }

            @Override
            public void onEnd(HttpHeaders trailers) {
                events.add("end");
            }

            @Override
            public void onFailure(Throwable cause) {
                events.add("failure");
            }
        });
    }

    private void takeNext() {
        CompletableFuture<Void> taken = ready;
        ready = new CompletableFuture<>();
        taken.complete(null);
    }

    private static void trailers(Exchange exchange) {
        ResponseStream stream = exchange.stream(Response.of(200));
        stream.write("ab");
        HttpHeaders trailers = new DefaultHttpHeaders();
        trailers.add("X-Sum", "195");
        stream.end(trailers);
    }

    private Http2Client open() {
        return Http2Client.open(routes, HttpLimits.DEFAULT);
    }

    private static String ok(int stream, String body) {
        return stream + OK + body.length() + "\n" + stream + " DATA " + body + " END\n";
    }

    private static String problem(int stream, int status, String title, String detail) {
        String json = "{\"title\":\"" + title + "\",\"status\":" + status
                + (detail.isEmpty() ? "" : ",\"detail\":\"" + detail + "\"") + "}";
        return stream + " HEADERS :status=" + status + " content-type=application/problem+json content-length="
                + json.length() + "\n" + stream + " DATA " + json + " END\n";
    }

    @Nested
    class AConnection {

        @Test
        void beginsWithTheSettingsAndWindowsThatTheLimitsSay() {
            try (Http2Client client = new Http2Client(WireChannel.serving(routes))) {
                client.send(Http2Client.PREFACE + frame(4, 0, 0, ""));
                assertThat(client.received())
                        .isEqualTo(
                                "0 SETTINGS 3=100 4=1048576 6=16384 8=1\n0 WINDOW_UPDATE 1966082\n0 WINDOW_UPDATE 2162687\n0 SETTINGS ACK\n");
            }
        }

        @Test
        void mayComeByteByByte() {
            try (Http2Client client = new Http2Client(WireChannel.serving(routes))) {
                String all = Http2Client.PREFACE
                        + frame(4, 0, 0, "")
                        + frame(4, 1, 0, "")
                        + post(1, "/echo")
                        + data(1, END_STREAM, "abc")
                        + get(3, "/");
                StringBuilder received = new StringBuilder();
                for (int i = 0; i < all.length(); i++) {
                    client.send(all.substring(i, i + 1));
                    received.append(client.received());
                }
                assertThat(received.toString()).endsWith(ok(1, "abc") + ok(3, "hi"));
            }
        }

        @Test
        void withoutAStreamIsClosedByGoAway() {
            try (Http2Client client = open()) {
                client.send(get(1, "/"));
                assertThat(client.received()).isEqualTo(ok(1, "hi"));

                client.pass(Duration.ofSeconds(130));
                assertThat(client.received()).isEqualTo("0 GOAWAY last=1 NO_ERROR\n");
                client.wire().assertClosed();
            }
        }

        @Test
        void withAStreamIsNotIdle() {
            try (Http2Client client = open()) {
                client.send(get(1, "/later"));
                client.pass(Duration.ofMinutes(10));

                later.remove().respond(Response.text("at last"));
                assertThat(client.received()).isEqualTo(ok(1, "at last"));
            }
        }

        @Test
        void thatDrainsSaysGoAwayAndLetsItsStreamsFinish() {
            ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
            try (Http2Client client = new Http2Client(new WireChannel(handler::addTo))) {
                client.send(Http2Client.PREFACE + frame(4, 0, 0, "") + frame(4, 1, 0, "") + get(1, "/later"));
                client.received();

                CompletableFuture<Void> drained =
                        handler.drain(Duration.ofSeconds(10)).toCompletableFuture();
                client.pass(Duration.ofMillis(100));
                assertThat(client.received()).isEqualTo("0 GOAWAY last=1 NO_ERROR\n");

                client.send(get(3, "/"));
                assertThat(client.received()).isEqualTo("3 RST_STREAM REFUSED_STREAM\n");

                later.remove().respond(Response.text("last"));
                client.pass(Duration.ofMillis(100));
                assertThat(client.received()).isEqualTo(ok(1, "last"));
                client.wire().assertClosed();
                assertThat(drained).isCompleted();
            }
        }

        @Test
        void thatDrainsTooLongIsCutOff() {
            ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
            try (Http2Client client = new Http2Client(new WireChannel(handler::addTo))) {
                client.send(Http2Client.PREFACE + frame(4, 0, 0, "") + frame(4, 1, 0, "") + get(1, "/later"));
                CompletableFuture<Void> drained =
                        handler.drain(Duration.ofSeconds(10)).toCompletableFuture();
                client.pass(Duration.ofSeconds(11));

                client.wire().assertClosed();
                assertThat(events).containsExactly("/later SHUTDOWN");
                assertThat(drained).isCompleted();
            }
        }
    }

    @Nested
    class AStream {

        @Test
        void isAnsweredWithHeadersAndData() {
            try (Http2Client client = open()) {
                client.send(get(1, "/"));
                assertThat(client.received()).isEqualTo(ok(1, "hi"));

                client.send(headers(3, END_STREAM, request("HEAD", "/")));
                assertThat(client.received()).isEqualTo("3" + OK + "2 END\n");
            }
        }

        @Test
        void mayHaveTrailersBothWays() {
            try (Http2Client client = open()) {
                client.send(post(1, "/echo") + data(1, 0, "abc") + headers(1, END_STREAM, "x-sum", "294"));
                client.send(get(3, "/trailers"));
                assertThat(client.received())
                        .isEqualTo(ok(1, "abc294") + "3 HEADERS :status=200\n3 DATA ab\n3 HEADERS x-sum=195 END\n");
            }
        }

        @Test
        void isAnsweredWhenItsAnswerIsReady() {
            try (Http2Client client = open()) {
                client.send(get(1, "/later") + get(3, "/"));
                assertThat(client.received()).isEqualTo(ok(3, "hi"));

                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok(1, "first"));
            }
        }

        @Test
        void isAskedForABodyThatIsWanted() {
            try (Http2Client client = open()) {
                client.send(post(1, "/echo", "expect", "100-continue"));
                assertThat(client.received()).isEqualTo("1 HEADERS :status=100\n");

                client.send(data(1, END_STREAM, "abc"));
                assertThat(client.received()).isEqualTo(ok(1, "abc"));
            }
        }

        @Test
        void isNotAskedForABodyThatIsNotWanted() {
            try (Http2Client client = open()) {
                client.send(post(1, "/unread", "expect", "100-continue"));
                assertThat(client.received()).isEqualTo(ok(1, "unread") + "1 RST_STREAM NO_ERROR\n");
            }
        }

        @Test
        void withAnotherExpectationFails() {
            try (Http2Client client = open()) {
                client.send(post(1, "/echo", "expect", "x") + data(1, END_STREAM, "abc"));
                assertThat(client.received())
                        .isEqualTo(
                                problem(1, 417, "Expectation Failed", "No expectation but 100-continue can be met."));
            }
        }

        @Test
        void mayBeAnsweredBeforeItsBodyHasCome() {
            try (Http2Client client = open()) {
                client.send(post(1, "/unread"));
                assertThat(client.received()).isEqualTo(ok(1, "unread"));

                client.send(data(1, END_STREAM, "abc") + get(3, "/"));
                assertThat(client.received()).isEqualTo(ok(3, "hi"));
            }
        }

        @Test
        void withABodyOverTheLimitIsAnsweredWhollyAndThenReset() {
            try (Http2Client client = Http2Client.open(
                    routes, HttpLimits.builder().maxBodyBytes(5).build())) {
                client.send(post(1, "/echo", "content-length", "6"));
                String tooBig = problem(1, 413, "Request Entity Too Large", "The body is over the limit of 5 bytes.");
                assertThat(client.received()).isEqualTo(tooBig + "1 RST_STREAM NO_ERROR\n");

                client.send(post(3, "/echo") + data(3, 0, "abc") + data(3, 0, "def"));
                assertThat(client.received()).isEqualTo(tooBig.replaceAll("(?m)^1", "3") + "3 RST_STREAM NO_ERROR\n");

                client.send(data(3, 0, "more") + get(5, "/"));
                assertThat(client.received()).isEqualTo("3 RST_STREAM STREAM_CLOSED\n" + ok(5, "hi"));
            }
        }

        @Test
        void thatIsResetTellsTheExchangeOnce() {
            try (Http2Client client = open()) {
                client.send(get(1, "/later") + post(3, "/slow") + data(3, 0, "abc"));
                client.send(reset(1, Http2Error.CANCEL) + reset(3, Http2Error.CANCEL));

                assertThat(events).containsExactly("3", "/later CLIENT_GONE", "failure", "slow CLIENT_GONE");
                later.remove().respond(Response.text("to nobody"));
                assertThat(client.received()).isEmpty();
            }
        }

        @Test
        void whoseConnectionBreaksTellsTheExchangeOnce() {
            Http2Client client = open();
            client.send(get(1, "/later"));
            client.close();
            assertThat(events).containsExactly("/later CLIENT_GONE");
        }

        @Test
        void thatIsCutOffIsReset() {
            try (Http2Client client = open()) {
                client.send(get(1, "/later"));
                ResponseStream stream = later.remove().stream(Response.of(200));
                stream.write("ab");
                assertThat(client.received()).isEqualTo("1 HEADERS :status=200\n1 DATA ab\n");

                stream.abort();
                assertThat(client.received()).isEqualTo("1 RST_STREAM INTERNAL_ERROR\n");
                assertThat(events).containsExactly("/later ERROR");
            }
        }

        @Test
        void whoseBodyComesTooSlowlyIsRefused() {
            try (Http2Client client = open()) {
                client.send(post(1, "/echo") + data(1, 0, "abc"));
                client.pass(Duration.ofSeconds(11));
                assertThat(client.received())
                        .isEqualTo(problem(1, 408, "Request Timeout", "The body came too slowly.")
                                + "1 RST_STREAM NO_ERROR\n");
            }
        }

        @Test
        void whoseBodyTheApplicationDoesNotTakeIsNotTooSlow() {
            try (Http2Client client = open()) {
                client.send(post(1, "/slow") + data(1, 0, "ab"));
                client.pass(Duration.ofMinutes(5));
                takeNext();
                client.pass(Duration.ofSeconds(9));
                client.send(data(1, END_STREAM, "cde"));
                takeNext();
                assertThat(events).containsExactly("2", "3", "end");
            }
        }

        @Test
        void takesItsHostFromTheAuthorityAndJoinsCookies() {
            try (Http2Client client = open()) {
                client.send(headers(
                        1,
                        END_STREAM,
                        ":method",
                        "GET",
                        ":scheme",
                        "http",
                        ":path",
                        "/headers",
                        ":authority",
                        "b:1",
                        "cookie",
                        "x=1",
                        "cookie",
                        "y=2"));
                client.send(
                        headers(3, END_STREAM, ":method", "GET", ":scheme", "http", ":path", "/headers", "host", "c"));
                assertThat(client.received()).isEqualTo(ok(1, "b:1 x=1; y=2") + ok(3, "c none"));
            }
        }
    }

    @Nested
    class BadInput {

        private String answerTo(String... fields) {
            try (Http2Client client = open()) {
                client.send(headers(1, END_STREAM, fields));
                String answer = client.received();
                client.send(get(3, "/"));
                return answer + client.received();
            }
        }

        private void assertMalformed(String... fields) {
            assertThat(answerTo(fields))
                    .as(Arrays.toString(fields))
                    .isEqualTo("1 RST_STREAM PROTOCOL_ERROR\n" + ok(3, "hi"));
        }

        @Test
        void ofPseudoHeadersResetsTheStream() {
            assertMalformed(":scheme", "http", ":path", "/", ":authority", "a");
            assertMalformed(":method", "GET", ":scheme", "http", ":authority", "a");
            assertMalformed(":method", "GET", ":path", "/", ":authority", "a");
            assertMalformed(":method", "GET", ":scheme", "http", ":path", "", ":authority", "a");
            assertMalformed(":method", "G T", ":scheme", "http", ":path", "/", ":authority", "a");
            assertMalformed(":method", "", ":scheme", "http", ":path", "/", ":authority", "a");
            assertMalformed(":method", "GET", ":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a");
            assertMalformed(":method", "GET", ":scheme", "http", ":path", "/", "x", "y", ":authority", "a");
            assertMalformed(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a", ":status", "200");
            assertMalformed(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a", ":x", "y");
            assertMalformed(
                    ":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a", ":protocol", "websocket");
        }

        @Test
        void ofFieldsResetsTheStream() {
            for (String[] field : new String[][] {
                {"X-Upper", "y"},
                {"connection", "close"},
                {"transfer-encoding", "chunked"},
                {"keep-alive", "1"},
                {"upgrade", "x"},
                {"proxy-connection", "x"},
                {"te", "gzip"},
                {"x y", "z"},
                {"x", "a\r\nb: c"},
                {"x", "a\0"},
                {"", "z"},
                {"content-length", "+1"},
                {"content-length", "x"},
            }) {
                String[] request = request("GET", "/");
                String[] all = Arrays.copyOf(request, request.length + 2);
                all[request.length] = field[0];
                all[request.length + 1] = field[1];
                assertMalformed(all);
            }
        }

        @Test
        void ofTheMethodResetsTheStream() {
            for (String method : new String[] {"", "GE T", "G(T", "G\u00e9T", "G\u0000T", "G\tT"}) {
                assertMalformed(request(method, "/"));
            }
        }

        @Test
        void ofLengthsResetsTheStream() {
            try (Http2Client client = open()) {
                client.send(post(1, "/echo", "content-length", "4") + data(1, END_STREAM, "abc"));
                assertThat(client.received()).isEqualTo("1 RST_STREAM PROTOCOL_ERROR\n");
                client.send(post(3, "/echo", "content-length", "2") + data(3, END_STREAM, "abc"));
                assertThat(client.received()).isEqualTo("3 RST_STREAM PROTOCOL_ERROR\n");
                client.send(post(5, "/echo", "content-length", "3", "content-length", "4"));
                assertThat(client.received()).isEqualTo("5 RST_STREAM PROTOCOL_ERROR\n");
                client.send(get(7, "/"));
                assertThat(client.received()).isEqualTo(ok(7, "hi"));
            }
        }

        @Test
        void ofTheAuthorityIsRefused() {
            String notHost = problem(1, 400, "Bad Request", "The Host header is not the :authority.") + ok(3, "hi");
            String missing = problem(1, 400, "Bad Request", "There must be an :authority.") + ok(3, "hi");
            String malformed = problem(1, 400, "Bad Request", "The :authority is not a host and port.") + ok(3, "hi");
            assertThat(answerTo(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a", "host", "b"))
                    .isEqualTo(notHost);
            assertThat(answerTo(":method", "GET", ":scheme", "http", ":path", "/"))
                    .isEqualTo(missing);
            assertThat(answerTo(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "u@a"))
                    .isEqualTo(malformed);
        }

        @Test
        void ofTheTargetIsRefused() {
            String tooLong =
                    problem(1, 414, "Request-URI Too Long", "The request target is over the limit.") + ok(3, "hi");
            assertThat(answerTo(request("GET", "/" + "x".repeat(8192)))).isEqualTo(tooLong);
            assertThat(answerTo(request("GET", "/" + "x".repeat(8191))))
                    .isEqualTo(problem(1, 404, "Not Found", "") + ok(3, "hi"));
            assertThat(answerTo(request("GET", "/\u0001"))).contains("1 ").endsWith(ok(3, "hi"));
            assertThat(answerTo(request("GET", "/%2e%2e/x")))
                    .startsWith("1 HEADERS :status=400")
                    .endsWith(ok(3, "hi"));
            assertThat(answerTo(request("BREW", "/"))).isEqualTo(problem(1, 501, "Not Implemented", "") + ok(3, "hi"));
        }

        @Test
        void ofAHeaderListOverTheLimitIsToldSo() {
            String[] request = request("GET", "/");
            String[] all = Arrays.copyOf(request, request.length + 2);
            all[request.length] = "x";
            all[request.length + 1] = "y".repeat(16_000);
            assertThat(answerTo(all)).startsWith(ok(1, "hi"));

            try (Http2Client client = open()) {
                all[request.length + 1] = "y".repeat(16_350);
                String block = block(all);
                client.send(frame(1, END_STREAM, 1, block.substring(0, 16_000))
                        + frame(9, Http2Client.END_HEADERS, 1, block.substring(16_000)));
                assertThat(client.received()).startsWith("1 HEADERS :status=431");
            }
        }
    }

    @Nested
    class FlowControl {

        @Test
        void opensTheWindowOnlyForWhatWasTaken() {
            try (Http2Client client = open()) {
                client.send(post(1, "/slow"));
                String chunk = data(1, 0, "x".repeat(16_384));
                for (int sent = 0; sent < 64; sent++) {
                    client.send(chunk);
                }
                assertThat(events).containsExactly("16384");
                assertThat(client.received()).isEmpty();

                for (int taken = 0; taken < 64; taken++) {
                    takeNext();
                }
                assertThat(events).hasSize(64);
                assertThat(client.received()).contains("1 WINDOW_UPDATE ");
            }
        }

        @Test
        void aWindowThatIsOverrunEndsTheStream() {
            try (Http2Client client = open()) {
                client.send(post(1, "/slow"));
                for (int sent = 0; sent < 65; sent++) {
                    client.send(data(1, 0, "x".repeat(16_384)));
                }
                assertThat(client.received()).isEqualTo("1 RST_STREAM FLOW_CONTROL_ERROR\n");
                assertThat(events).contains("failure", "slow CLIENT_GONE");
            }
        }

        @Test
        void ofTheClientHoldsTheAnswerBack() {
            try (Http2Client client = open()) {
                client.send(setting(4, 3));
                assertThat(client.received()).isEqualTo("0 SETTINGS ACK\n");
                client.send(get(1, "/later"));
                later.remove().respond(Response.text("abcdefgh"));
                assertThat(client.received()).isEqualTo("1" + OK + "8\n1 DATA abc\n");

                client.send(windowUpdate(1, 2));
                assertThat(client.received()).isEqualTo("1 DATA de\n");

                client.send(windowUpdate(1, 100));
                assertThat(client.received()).isEqualTo("1 DATA fgh END\n");
            }
        }

        @Test
        void tellsAStreamWhenTheClientHasCaughtUp() {
            try (Http2Client client = open()) {
                client.send(get(1, "/later"));
                ResponseStream stream = later.remove().stream(Response.of(200));
                stream.onWritable(() -> events.add("writable"));
                client.received();
                while (stream.isWritable()) {
                    stream.write("x".repeat(10_000));
                    client.received();
                }
                assertThat(stream.write("y")).isEqualTo(SendOutcome.QUEUED);
                assertThat(stream.queuedBytes()).isBetween(60_000L, 140_000L);
                events.clear();

                client.send(windowUpdate(0, 1_000_000) + windowUpdate(1, 1_000_000));
                client.received();
                assertThat(stream.isWritable()).isTrue();
                assertThat(events).containsExactly("writable");
                assertThat(stream.queuedBytes()).isZero();
            }
        }

        @Test
        void thatTheClientNeverOpensIsGivenUp() {
            try (Http2Client client = open()) {
                client.send(setting(4, 0) + get(1, "/later"));
                later.remove().stream(Response.of(200)).write("abc");
                client.pass(Duration.ofMinutes(5));
                assertThat(client.received()).contains("1 HEADERS :status=200\n1 RST_STREAM CANCEL\n");
                assertThat(events).containsExactly("/later TIMEOUT");
            }
        }

        @Test
        void thatTheClientDoesNotOpenIsNotGivenUpForTheTimeBeforeTheWrite() {
            Duration timeout = HttpLimits.DEFAULT.writeTimeout();
            try (Http2Client client = open()) {
                client.send(setting(4, 0) + get(1, "/later"));
                ResponseStream stream = later.remove().stream(Response.of(200));
                client.pass(timeout.plusSeconds(1)); // a look, at which nothing waits
                client.pass(timeout.minusSeconds(2));
                stream.write("abc");
                client.pass(Duration.ofSeconds(2)); // another
                assertThat(events).isEmpty();
                client.pass(timeout.plusSeconds(1));
                assertThat(events).containsExactly("/later TIMEOUT");
                client.received();
            }
        }
    }

    @Nested
    class Floods {

        private void assertCalmed(Http2Client client) {
            assertThat(client.received()).contains(" ENHANCE_YOUR_CALM\n");
            client.pass(Duration.ofSeconds(60));
            client.wire().assertClosed();
        }

        @Test
        void ofResetsEndTheConnection() {
            try (Http2Client client = open()) {
                for (int stream = 1; stream < 1000; stream += 2) {
                    client.send(get(stream, "/later") + reset(stream, Http2Error.CANCEL));
                }
                assertCalmed(client);
                assertThat(later).hasSizeLessThan(250);
                assertThat(events).hasSameSizeAs(later).containsOnly("/later CLIENT_GONE");
            }
        }

        @ParameterizedTest
        @ValueSource(ints = {4, 6})
        void ofSettingsAndPingsThatNobodyReadsTheAnswersOfEndTheConnection(int type) {
            try (Http2Client client = open()) {
                client.wire().stall(true);
                String one = frame(type, 0, 0, type == 6 ? "12345678" : "");
                for (int sent = 0; sent < 200 && client.wire().isOpen(); sent++) {
                    client.send(one.repeat(100));
                }
                client.pass(Duration.ofSeconds(60));
                client.wire().assertClosed();
            }
        }

        @Test
        void ofContinuationsEndTheConnection() {
            try (Http2Client client = open()) {
                client.send(frame(1, END_STREAM, 1, block(request("GET", "/"))));
                for (int sent = 0; sent < 1000; sent++) {
                    client.send(frame(9, 0, 1, ""));
                }
                assertCalmed(client);
            }
        }

        @Test
        void ofEmptyDataEndTheConnection() {
            try (Http2Client client = open()) {
                client.send(post(1, "/echo"));
                for (int sent = 0; sent < 1000; sent++) {
                    client.send(data(1, 0, ""));
                }
                assertCalmed(client);
            }
        }

        @Test
        void ofStreamsAreRefused() {
            try (Http2Client client = Http2Client.open(
                    routes, HttpLimits.builder().http2MaxStreams(2).build())) {
                client.send(get(1, "/later") + get(3, "/later") + get(5, "/later"));
                assertThat(client.received()).isEqualTo("5 RST_STREAM REFUSED_STREAM\n");

                later.remove().respond(Response.text("first"));
                assertThat(client.received()).isEqualTo(ok(1, "first"));

                client.send(get(7, "/"));
                assertThat(client.received()).isEqualTo(ok(7, "hi"));
            }
        }
    }

    @Nested
    class Tunnels {

        private void connect(Http2Client client) {
            client.send(headers(
                    1,
                    0,
                    ":method",
                    "CONNECT",
                    ":protocol",
                    "websocket",
                    ":scheme",
                    "http",
                    ":path",
                    "/later",
                    ":authority",
                    "a"));
            Exchange exchange = later.remove();
            assertThat(exchange.requestedProtocol()).contains("websocket");
            exchange.switchProtocol(
                    EmptyHttpHeaders.INSTANCE,
                    tunnel -> tunnel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelRead(ChannelHandlerContext ctx, Object message) {
                            events.add(((ByteBuf) message).toString(StandardCharsets.ISO_8859_1));
                            ctx.writeAndFlush(message);
                        }

                        @Override
                        public void channelInactive(ChannelHandlerContext ctx) {
                            events.add("inactive");
                        }
                    }));
            assertThat(client.received()).isEqualTo("1 HEADERS :status=200\n");
        }

        @Test
        void carryBytesBothWays() {
            try (Http2Client client = open()) {
                connect(client);
                client.send(data(1, 0, "abc"));
                client.pass(Duration.ofMinutes(10));
                client.send(data(1, 0, "de"));
                assertThat(client.received()).isEqualTo("1 DATA abc\n1 DATA de\n");
                assertThat(events).containsExactly("abc", "de");
            }
        }

        @Test
        void endWithEndStream() {
            try (Http2Client client = open()) {
                connect(client);
                client.send(data(1, END_STREAM, "abc"));
                assertThat(client.received()).isEqualTo("1 DATA abc END\n");
                assertThat(events).containsExactly("abc", "/later COMPLETED", "inactive");
            }
        }

        @Test
        void endWithAReset() {
            try (Http2Client client = open()) {
                connect(client);
                client.send(reset(1, Http2Error.CANCEL));
                assertThat(client.received()).isEmpty();
                assertThat(events).containsExactlyInAnyOrder("/later COMPLETED", "inactive");
            }
        }

        @Test
        void ofAProtocolThatFailsToBeginAreReset() {
            try (Http2Client client = open()) {
                client.send(headers(
                        1,
                        0,
                        ":method",
                        "CONNECT",
                        ":protocol",
                        "websocket",
                        ":scheme",
                        "http",
                        ":path",
                        "/later",
                        ":authority",
                        "a"));
                later.remove().switchProtocol(EmptyHttpHeaders.INSTANCE, tunnel -> {
                    throw new IllegalStateException("on purpose");
                });
                assertThat(client.received()).isEqualTo("1 HEADERS :status=200\n1 RST_STREAM INTERNAL_ERROR\n");
                assertThat(events).containsExactly("/later ERROR");
            }
        }

        @Test
        void areNotDemandedByUpgrade() {
            try (Http2Client client = open()) {
                client.send(get(1, "/later"));
                later.remove()
                        .respond(Response.of(426).header("Upgrade", "websocket").header("X", "y"));
                assertThat(client.received()).isEqualTo("1 HEADERS :status=426 x=y content-length=0 END\n");
            }
        }

        @Test
        void needAKnownMethod() {
            try (Http2Client client = open()) {
                client.send(headers(1, END_STREAM, ":method", "CONNECT", ":authority", "a:1"));
                assertThat(client.received()).isEqualTo(problem(1, 501, "Not Implemented", ""));
            }
        }
    }
}
