package dev.parley.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.parley.sse.SseEnd.Reason;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.bootstrap.Bootstrap;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The client against a server that is scripted byte by byte, on a clock that stands still until it is moved. */
class SseClientTest {
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

    private final ScriptedServer server = new ScriptedServer();
    /** All callbacks, in their order. */
    private final List<String> heard = new ArrayList<>();

    private final List<SseEnd> ends = new ArrayList<>();
    private final List<SseClient> clients = new ArrayList<>();

    @AfterEach
    void closeAll() throws IOException {
        clients.forEach(SseClient::close);
        server.close();
    }

    private SseClient start(UnaryOperator<SseClient.Builder> settings) {
        return start(server.uri("/news"), settings);
    }

    private SseClient start(URI uri, UnaryOperator<SseClient.Builder> settings) {
        SseClient client = build(uri, settings);
        return client.start();
    }

    private SseClient build(URI uri, UnaryOperator<SseClient.Builder> settings) {
        SseClient client = settings.apply(recording(uri)).build();
        clients.add(client);
        return client;
    }

    private SseClient.Builder recording(URI uri) {
        return SseClient.builder(uri)
                .bootstrap(server.bootstrap())
                .random(most -> 0)
                .onOpen(headers -> heard.add("open"))
                .onEvent(event -> heard.add(text(event)))
                .onComment(comment -> heard.add(":" + comment))
                .onDisconnect((end, delay) -> {
                    ends.add(end);
                    heard.add(end.reason() + " " + delay);
                })
                .onClose(end -> {
                    ends.add(end);
                    heard.add("closed " + end.reason());
                });
    }

    private static String text(ServerSentEvent event) {
        return (event.id() == null ? "" : event.id() + "=")
                + (event.event() == null ? "" : event.event() + "=")
                + event.data();
    }

    private static SseClient.Builder same(SseClient.Builder builder) {
        return builder;
    }

    private SseEnd lastEnd() {
        return ends.get(ends.size() - 1);
    }

    private void awaitHeard(int count) {
        server.until(() -> heard.size() >= count);
    }

    // ---- the stream

    @Test
    void theRequestIsWhatEventSourceSends() {
        start(server.uri("/news?a=b%20c#d"), SseClientTest::same);

        assertThat(server.accept().request())
                .isEqualTo(String.join(
                        "\r\n",
                        "GET /news?a=b%20c HTTP/1.1",
                        "Host: 127.0.0.1:" + server.port(),
                        "Accept: text/event-stream",
                        "Cache-Control: no-store",
                        "",
                        ""));
    }

    @Test
    void anIpv6HostIsWrittenInBrackets() throws IOException {
        byte[] loopback = new byte[16];
        loopback[15] = 1;
        try (ScriptedServer six = new ScriptedServer(InetAddress.getByAddress(loopback), 50);
                SseClient client = recording(URI.create("http://[::1]:" + six.port() + "/"))
                        .bootstrap(six.bootstrap())
                        .build()
                        .start()) {
            assertThat(six.accept().request()).contains("\r\nHost: [::1]:" + six.port() + "\r\n");
            assertThat(client.isOpen()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // until close
                HEAD + "\r\nid: 1\ndata: one\n\n: hi\r\nevent: e\rdata: é\r\rdata: no end",
                // with a length, and more behind it, which is not the stream's
                HEAD + "Content-Length: 42\r\n\r\nid: 1\ndata: one\n\n: hi\r\nevent: e\rdata: é\r\rdata: more\n\n",
                // in chunks that end anywhere, behind interim responses
                "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hint\r\nLink: </a>\r\n\r\n"
                        + HEAD
                        + "Transfer-Encoding: chunked\r\n\r\n"
                        + "4\r\nid: \r\n1a;x\r\n1\ndata: one\n\n: hi\r\nevent: \r\nc\r\ne\rdata: é\r\r\r\n0\r\nT: x\r\n\r\n",
            })
    void theStreamIsHeardHoweverItIsFramedAndCut(String response) {
        byte[] bytes = response.getBytes(UTF_8);
        start(SseClientTest::same);

        for (int cut = 0; cut <= bytes.length; cut++) {
            heard.clear();
            ScriptedServer.Call call = server.accept();
            call.request();
            call.send(Arrays.copyOf(bytes, cut));
            call.send(Arrays.copyOfRange(bytes, cut, bytes.length));
            call.end();
            awaitHeard(5);

            assertThat(heard).as("cut at %s", cut).containsExactly("open", "1=one", ":hi", "e=é", "ENDED PT3S");
            server.advance(Duration.ofSeconds(3));
        }
    }

    @Test
    void theStreamIsHeardByteByByte() {
        start(SseClientTest::same);
        ScriptedServer.Call call = server.accept();
        call.request();

        for (byte b : (HEAD + "\r\ndata: one\n\ndata: two\n\n").getBytes(UTF_8)) {
            call.send(new byte[] {b});
        }

        assertThat(heard).containsExactly("open", "one", "two");
    }

    @Test
    void isOpenFromTheHeadToTheEnd() {
        SseClient client = start(SseClientTest::same);
        ScriptedServer.Call call = server.accept();
        assertThat(client.isOpen()).isFalse();

        call.open();
        assertThat(client.isOpen()).isTrue();

        call.end();
        awaitHeard(2);
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void theHeadersOfTheResponseAreTold() {
        List<String> names = new ArrayList<>();
        start(b -> b.onOpen(headers -> names.add(headers.get("x-node"))));

        server.accept().open().end();
        ScriptedServer.Call call = nextCall();
        call.request();
        call.send(HEAD + "X-Node: 7\r\n\r\n");

        assertThat(names).containsExactly(null, "7");
    }

    private ScriptedServer.Call nextCall() {
        server.until(() -> !ends.isEmpty());
        ends.clear();
        server.advance(Duration.ofSeconds(3));
        return server.accept();
    }

    // ---- the last event id

    @Test
    void theLastIdIsKeptFromStreamToStream() {
        SseClient client = start(SseClientTest::same);
        assertThat(client.lastEventId()).isEmpty();

        ScriptedServer.Call first = server.accept();
        assertThat(first.open().request()).doesNotContain("Last-Event-ID");
        first.send("id: ü€\ndata: a\n\n".getBytes(UTF_8)).end();
        String second = nextCall().open().send("data: b\n\n").requestAndEnd();
        String third = nextCall().open().requestAndEnd();

        String asBytes = new String("ü€".getBytes(UTF_8), ISO_8859_1);
        assertThat(second).contains("\r\nLast-Event-ID: " + asBytes + "\r\n");
        assertThat(third).contains("\r\nLast-Event-ID: " + asBytes + "\r\n");
        assertThat(client.lastEventId()).isEqualTo("ü€");
    }

    @Test
    void anIdCountsFromTheEmptyLineOnAlsoWithoutData() {
        SseClient client = start(b -> b.lastEventId("0"));
        ScriptedServer.Call call = server.accept();
        assertThat(call.open().request()).contains("\r\nLast-Event-ID: 0\r\n");

        call.send("id: 1\n");
        assertThat(client.lastEventId()).isEqualTo("0");
        call.send("\n");
        assertThat(client.lastEventId()).isEqualTo("1");

        call.send("id: 2\ndata: x\n").end();
        assertThat(client.lastEventId()).isEqualTo("1");
    }

    @Test
    void anEmptyIdTakesTheLastOneBack() {
        SseClient client = start(b -> b.lastEventId("7"));

        server.accept().open().send("id\n\n").end();

        assertThat(nextCall().request()).doesNotContain("Last-Event-ID");
        assertThat(client.lastEventId()).isEmpty();
    }

    @Test
    void withinTheListenerTheIdIsStillTheOneBefore() {
        List<String> ids = new ArrayList<>();
        SseClient[] client = new SseClient[1];
        client[0] = build(server.uri("/"), b -> b.onEvent(event -> ids.add(client[0].lastEventId())));
        client[0].start();

        server.accept().open().send("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");

        assertThat(ids).containsExactly("", "1");
        assertThat(client[0].lastEventId()).isEqualTo("2");
    }

    /** The server keeps to the ids: what was committed is not sent again, what was not is. */
    @Test
    void aStreamThatIsCutAnywhereIsHeardExactlyOnce() {
        String[] log = {"id: 1\ndata: one\n\n", "id: 2\r\nevent: e\r\ndata: zwö\r\ndata:lf\r\n\r\n", "id: 3\rdata\r\r"};
        List<String> events = List.of("1=one", "2=e=zwö\nlf", "3=");
        byte[] whole = String.join("", log).getBytes(UTF_8);
        SseClient client = build(server.uri("/"), b -> b.onDisconnect((end, delay) -> ends.add(end)));
        client.start();
        ScriptedServer.Call call = server.accept();

        for (int cut = 0; cut <= whole.length; cut++) {
            heard.clear();
            ends.clear();
            call.open().send(Arrays.copyOf(whole, cut)).end();
            server.until(() -> !ends.isEmpty());
            server.advance(Duration.ofSeconds(3));

            call = server.accept();
            String request = call.open().request();
            int at = request.indexOf("Last-Event-ID: ");
            int seen = at < 0 ? 0 : request.charAt(at + 15) - '0';
            for (int i = seen; i < log.length; i++) {
                call.send(log[i].getBytes(UTF_8));
            }
            assertThat(heard.stream().filter(e -> !e.equals("open")))
                    .as("cut at %s", cut)
                    .isEqualTo(events);

            call.send("id\n\n").end(); // begin again
            server.advance(Duration.ofSeconds(3));
            call = server.accept();
        }
    }

    // ---- reconnecting

    @Test
    void anEndedStreamIsAskedForAgainAfterItsRetry() {
        List<Integer> attempts = new ArrayList<>();
        start(b -> b.request(attempt -> {
            attempts.add(attempt);
            return SseRequest.get();
        }));
        server.accept().open().send("retry: 5000\n\n").end();
        awaitHeard(2);
        assertThat(heard).containsExactly("open", "ENDED PT5S");

        server.advance(Duration.ofMillis(4999));
        assertThat(attempts).containsExactly(1);

        server.advance(Duration.ofMillis(1));
        assertThat(attempts).containsExactly(1, 2);
        server.accept().open();
    }

    @Test
    void delaysGrowWhileItFailsAndShrinkWithAnEvent() {
        start(b -> b.random(most -> most).retry(Duration.ofSeconds(1)).maxRetry(Duration.ofSeconds(5)));

        for (long seconds : new long[] {2, 3, 5, 6, 6}) {
            heard.clear();
            server.accept().answer("503 No");
            awaitHeard(1);
            assertThat(heard).containsExactly("UNAVAILABLE PT" + seconds + "S");
            server.advance(Duration.ofSeconds(seconds));
        }
        heard.clear();
        server.accept().open().reset(); // Open, but without an event.
        awaitHeard(2);
        assertThat(heard).containsExactly("open", "LOST PT6S");
        server.advance(Duration.ofSeconds(6));

        heard.clear();
        server.accept().open().send("data: x\n\n").reset();
        awaitHeard(3);
        assertThat(heard).containsExactly("open", "x", "LOST PT2S");
        server.advance(Duration.ofSeconds(2));

        heard.clear();
        server.accept().answer("503 No");
        awaitHeard(1);
        assertThat(heard).containsExactly("UNAVAILABLE PT3S");
        server.advance(Duration.ofSeconds(3));

        heard.clear();
        server.accept().open().end(); // Properly, also without an event.
        awaitHeard(2);
        assertThat(heard).containsExactly("open", "ENDED PT2S");
    }

    @Test
    void retryAfterIsAddedToTheDelay() {
        start(b -> b.retry(Duration.ofSeconds(1)));

        server.accept().answer("429 Slow\r\nRetry-After: 7");
        awaitHeard(1);

        assertThat(heard).containsExactly("UNAVAILABLE PT8S");
        assertThat(lastEnd()).isEqualTo(new SseEnd(Reason.UNAVAILABLE, "status 429", 429, null));
    }

    @Test
    void aServerThatIsNotThereIsTriedAgain() throws IOException {
        int port;
        try (ScriptedServer gone = new ScriptedServer()) {
            port = gone.port();
        }
        start(URI.create("http://127.0.0.1:" + port + "/"), SseClientTest::same);
        awaitHeard(1);
        server.advance(Duration.ofSeconds(3));
        awaitHeard(2);

        assertThat(heard).containsExactly("UNREACHABLE PT3S", "UNREACHABLE PT3S");
        assertThat(lastEnd().detail()).startsWith("no connection to 127.0.0.1:" + port + ": ");
        assertThat(lastEnd().cause()).isInstanceOf(IOException.class);
    }

    @Test
    void aConnectionThatBreaksIsLost() {
        start(SseClientTest::same);
        ScriptedServer.Call call = server.accept();
        call.request();
        call.end();
        awaitHeard(1);
        assertThat(heard).containsExactly("LOST PT3S");
        assertThat(lastEnd().detail()).isEqualTo("the connection was closed");
    }

    @Test
    void aStreamThatIsShorterThanItSaidIsLost() {
        start(SseClientTest::same);
        ScriptedServer.Call call = server.accept();
        call.request();
        call.send(HEAD + "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n")
                .end();
        awaitHeard(3);
        assertThat(heard).containsExactly("open", "x", "LOST PT3S");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-OpenSSH_9.9\r\n\r\n",
                HEAD + "Content-Length: x\r\n\r\n",
                HEAD + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
            })
    void whatIsNotHttpCountsAsLost(String nonsense) {
        start(SseClientTest::same);
        ScriptedServer.Call call = server.accept();
        call.request();
        call.send(nonsense);
        server.until(() -> !ends.isEmpty());

        assertThat(lastEnd().reason()).isEqualTo(Reason.LOST);
        assertThat(lastEnd().cause()).isNotNull();
        server.until(call::isCut);
    }

    @Test
    void aHeadOverItsLimitCountsAsLost() {
        start(b -> b.maxHeadBytes(100));
        ScriptedServer.Call call = server.accept();
        call.request();
        call.send(HEAD + "X-Long: " + "x".repeat(100) + "\r\n\r\n");
        awaitHeard(1);

        assertThat(heard).containsExactly("LOST PT3S");
        server.until(call::isCut);
    }

    // ---- answers that are no stream

    @ParameterizedTest
    @CsvSource({
        "204 No Content, NO_CONTENT, status 204",
        "404 Not Found, REFUSED, status 404",
        "200 OK, REFUSED, 'status 200 with Content-Type \"\" (expected: text/event-stream)'",
        "302 Found, REFUSED, status 302 without a Location",
    })
    void aFinalAnswerStopsTheClient(String status, Reason reason, String detail) {
        SseClient client = start(SseClientTest::same);
        ScriptedServer.Call call = server.accept();
        call.answer(status);
        awaitHeard(1);

        assertThat(heard).containsExactly("closed " + reason);
        assertThat(lastEnd().detail()).isEqualTo(detail);
        assertThat(client.closed().toCompletableFuture()).isCompletedWithValue(lastEnd());
        server.until(call::isCut);
        server.advance(Duration.ofDays(2));
        assertThat(server.hasCall()).isFalse();
    }

    @Test
    void whatFollowsARefusalOnTheConnectionIsNotHeard() {
        start(SseClientTest::same);
        ScriptedServer.Call call = server.accept();
        call.request();
        call.send("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n" + HEAD + "\r\ndata: x\n\n");
        awaitHeard(1);
        server.settle();

        assertThat(heard).containsExactly("closed REFUSED");
    }

    // ---- redirects

    @Test
    void aRedirectIsFollowedAtOnceAndTheNextAttemptBeginsAtHome() {
        start(b -> b.request(attempt -> SseRequest.get().header("Authorization", "secret"))
                .lastEventId("7"));
        server.accept().answer("302 Found\r\nLocation: /other?x=1");

        ScriptedServer.Call call = server.accept();
        assertThat(call.open().request())
                .startsWith("GET /other?x=1 HTTP/1.1\r\n")
                .contains("\r\nAuthorization: secret\r\n")
                .contains("\r\nLast-Event-ID: 7\r\n");
        call.end();
        awaitHeard(2);
        assertThat(heard).containsExactly("open", "ENDED PT3S");
        server.advance(Duration.ofSeconds(3));
        assertThat(server.accept().request()).startsWith("GET /news HTTP/1.1\r\n");
    }

    @ParameterizedTest
    @CsvSource({"301, GET", "302, GET", "303, GET", "307, POST", "308, POST"})
    void aRedirectedPostIsAGetOrStaysAsItIs(int status, String method) {
        start(b -> b.request(attempt -> SseRequest.post("text/plain", "question".getBytes(UTF_8))));
        server.accept().answer(status + " Away\r\nLocation: /other");

        String request = server.accept().request();
        assertThat(request).startsWith(method + " /other HTTP/1.1\r\n");
        assertThat(request.endsWith("\r\n\r\nquestion")).isEqualTo(method.equals("POST"));
    }

    @Test
    void credentialsAreNotToldToAnotherOriginAndNotOnTheWayBack() throws IOException {
        try (ScriptedServer other = new ScriptedServer()) {
            start(b -> b.request(attempt ->
                    SseRequest.get().header("Authorization", "secret").header("Cookie", "secret")));
            server.accept().answer("307 Away\r\nLocation: " + other.uri("/"));
            server.until(other::hasCall);
            ScriptedServer.Call away = other.accept();
            server.settle();
            String request = away.request();
            assertThat(request).startsWith("GET / HTTP/1.1\r\n").doesNotContain("secret");

            away.send("HTTP/1.1 307 Back\r\nLocation: " + server.uri("/back") + "\r\nContent-Length: 0\r\n\r\n");
            assertThat(server.accept().request()).startsWith("GET /back").doesNotContain("secret");
        }
    }

    @Test
    void tenRedirectsAreFollowedAndNoMore() {
        start(SseClientTest::same);
        for (int i = 0; i <= 10; i++) {
            assertThat(heard).isEmpty();
            server.accept().answer("302 Found\r\nLocation: /news");
        }
        awaitHeard(1);

        assertThat(heard).containsExactly("closed REFUSED");
        assertThat(lastEnd().detail()).isEqualTo("status 302: more than 10 redirects");
        assertThat(lastEnd().status()).isEqualTo(302);
    }

    @Test
    void aRedirectThatLeadsNowhereIsFinal() {
        start(SseClientTest::same);
        server.accept().answer("301 Moved\r\nLocation: ftp://127.0.0.1/");
        awaitHeard(1);

        assertThat(heard).containsExactly("closed REFUSED");
        assertThat(lastEnd().detail())
                .isEqualTo("status 301: uri: ftp://127.0.0.1/ (expected: http or https, a host and a port)");
    }

    // ---- the request of each attempt

    @Test
    void eachAttemptHasItsOwnRequest() {
        start(b -> b.request(attempt -> SseRequest.get().header("X-Attempt", "" + attempt)));

        assertThat(server.accept().open().requestAndEnd()).contains("X-Attempt: 1\r\n");
        assertThat(nextCall().request()).contains("X-Attempt: 2\r\n");
    }

    @Test
    void aRequestMayComeLater() {
        CompletableFuture<SseRequest> later = new CompletableFuture<>();
        start(b -> b.requestAsync(attempt -> later));
        server.settle();
        assertThat(server.hasCall()).isFalse();

        Thread other = new Thread(() -> later.complete(SseRequest.get()));
        other.start();
        server.accept().open();

        assertThat(heard).containsExactly("open");
    }

    @Test
    void aRequestThatCannotBeMadeIsTriedAgain() {
        List<CompletableFuture<SseRequest>> requests = new ArrayList<>();
        start(b -> b.responseTimeout(Duration.ofSeconds(9)).requestAsync(attempt -> {
            if (attempt == 1) {
                throw new IllegalStateException("no token");
            }
            requests.add(new CompletableFuture<>());
            return requests.get(attempt - 2);
        }));
        awaitHeard(1);
        assertThat(heard).containsExactly("NO_REQUEST PT3S");
        assertThat(lastEnd().cause()).hasMessage("no token");

        server.advance(Duration.ofSeconds(3));
        requests.get(0).completeExceptionally(new IOException("no token today"));
        awaitHeard(2);
        assertThat(lastEnd().cause()).hasMessage("no token today");

        server.advance(Duration.ofSeconds(3));
        server.advance(Duration.ofSeconds(9));
        awaitHeard(3);
        assertThat(lastEnd().cause()).isInstanceOf(TimeoutException.class).hasMessage("none within PT9S");
        requests.get(1).complete(SseRequest.get()); // too late

        server.advance(Duration.ofSeconds(3));
        assertThat(requests).hasSize(3);
        assertThat(heard).containsExactly("NO_REQUEST PT3S", "NO_REQUEST PT3S", "NO_REQUEST PT3S");
        assertThat(server.hasCall()).isFalse();
    }

    // ---- deadlines

    @Test
    void aConnectionTakesItsTimeAndNoMore() throws IOException {
        try (ScriptedServer full = new ScriptedServer(InetAddress.getLoopbackAddress(), 1)) {
            List<SocketChannel> queue = new ArrayList<>();
            for (int i = 0; i < 2; i++) { // A backlog of 1 holds two; the kernel ignores the third.
                queue.add(SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), full.port())));
            }
            start(full.uri("/"), b -> b.connectTimeout(Duration.ofSeconds(4)));

            server.advance(Duration.ofMillis(3999));
            assertThat(heard).isEmpty();
            server.advance(Duration.ofMillis(1));
            assertThat(heard).containsExactly("UNREACHABLE PT3S");

            for (SocketChannel held : queue) {
                held.close();
            }
        }
    }

    @Test
    void aTlsHandshakeTakesItsTimeAndNoMore() {
        start(URI.create("https://127.0.0.1:" + server.port() + "/"), b -> b.connectTimeout(Duration.ofSeconds(4)));
        ScriptedServer.Call call = server.accept();
        server.advance(Duration.ofMillis(3999));
        assertThat(heard).isEmpty();
        server.advance(Duration.ofMillis(1));
        awaitHeard(1);

        assertThat(heard).containsExactly("UNREACHABLE PT3S");
        server.until(call::isCut);
    }

    @Test
    void aResponseTakesItsTimeAndNoMore() {
        start(b -> b.responseTimeout(Duration.ofSeconds(4)));
        ScriptedServer.Call call = server.accept();
        call.request();
        call.send("HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\n");
        server.advance(Duration.ofMillis(3999));
        assertThat(heard).isEmpty();
        server.advance(Duration.ofMillis(1));

        assertThat(heard).containsExactly("SILENT PT3S");
        assertThat(lastEnd().detail()).isEqualTo("no response within PT4S");
        server.until(call::isCut);
    }

    @Test
    void anySignOfLifePutsTheIdleDeadlineOff() {
        start(b -> b.idleTimeout(Duration.ofSeconds(10)));
        ScriptedServer.Call call = server.accept().open();
        for (String sign : new String[] {":\n", "d", "ata: x\n", "\n"}) {
            server.advance(Duration.ofMillis(9999));
            call.send(sign);
        }
        assertThat(heard).containsExactly("open", ":", "x");

        server.advance(Duration.ofMillis(9999));
        assertThat(heard).hasSize(3);
        server.advance(Duration.ofMillis(1));

        assertThat(heard).containsExactly("open", ":", "x", "SILENT PT3S");
        assertThat(lastEnd().detail()).isEqualTo("nothing heard for PT10S");
        server.until(call::isCut);
    }

    @Test
    void theIdleDeadlineIs45SecondsUnlessSet() {
        start(SseClientTest::same);
        server.accept().open();
        server.advance(Duration.ofSeconds(45).minusNanos(1));
        assertThat(heard).containsExactly("open");
        server.advance(Duration.ofNanos(1));
        assertThat(heard).containsExactly("open", "SILENT PT3S");
    }

    @Test
    void anIdleDeadlineOfZeroIsNone() {
        start(b -> b.idleTimeout(Duration.ZERO));
        server.accept().open();
        server.advance(Duration.ofDays(100));
        assertThat(heard).containsExactly("open");
    }

    @Test
    void theListenersOwnTimeIsNoSilence() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        start(b -> b.idleTimeout(Duration.ofSeconds(10)).onEventAsync(event -> taking(taken, event)));
        server.accept().open().send("data: x\n\n");
        server.advance(Duration.ofSeconds(95));
        assertThat(heard).containsExactly("open", "x");

        taken.get(0).complete(null);
        server.advance(Duration.ofMillis(9999));
        assertThat(heard).hasSize(2);
        server.advance(Duration.ofSeconds(1));
        assertThat(heard).containsExactly("open", "x", "SILENT PT3S");
    }

    // ---- backpressure

    private CompletableFuture<Void> taking(List<CompletableFuture<Void>> taken, ServerSentEvent event) {
        heard.add(text(event));
        taken.add(new CompletableFuture<>());
        return taken.get(taken.size() - 1);
    }

    @Test
    void theNextEventComesWhenTheListenerIsDoneWithTheOneBefore() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        SseClient client = start(b -> b.onEventAsync(event -> taking(taken, event)));
        ScriptedServer.Call call = server.accept().open();
        call.send("id: 1\ndata: a\n\n:c\nretry: 1\nid: 2\ndata: b\n\nid: 3\n\ndata: c\n\n");
        assertThat(heard).containsExactly("open", "1=a");
        assertThat(client.lastEventId()).isEmpty();

        taken.get(0).complete(null);
        assertThat(heard).containsExactly("open", "1=a", ":c", "2=b");
        assertThat(client.lastEventId()).isEqualTo("1");

        new Thread(() -> taken.get(1).complete(null)).start();
        awaitHeard(5);
        assertThat(heard).containsExactly("open", "1=a", ":c", "2=b", "c");
        assertThat(client.lastEventId()).isEqualTo("3");

        taken.get(2).complete(null);
        call.send("data: d\n\n");
        assertThat(heard).endsWith("d");
    }

    @Test
    void aListenerThatIsBusyCostsNoMemory() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        start(b -> b.onEventAsync(event -> taking(taken, event)));
        ScriptedServer.Call call = server.accept().open().send("data: first\n\n");
        byte[] block = "data: more\n\n".repeat(4096).getBytes(UTF_8);

        long sent = 0;
        for (int refused = 0; refused < 100; ) { // until the kernel's buffers on both sides are full
            int count = call.write(ByteBuffer.wrap(block));
            sent += count;
            refused = count == 0 ? refused + 1 : 0;
            server.settle();
            assertThat(sent).isLessThan(100L * 1024 * 1024);
        }

        assertThat(heard).containsExactly("open", "first");
    }

    @Test
    void whatCameBeforeTheEndIsHeardBeforeTheEnd() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        SseClient client = start(b -> b.onEventAsync(event -> taking(taken, event)));
        ScriptedServer.Call call = server.accept();
        call.request();
        call.send(HEAD + "Content-Length: 34\r\n\r\nid: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3")
                .end();
        assertThat(heard).containsExactly("open", "1=a");

        taken.get(0).complete(null);
        assertThat(heard).containsExactly("open", "1=a", "2=b");
        taken.get(1).complete(null);
        assertThat(heard).containsExactly("open", "1=a", "2=b", "ENDED PT3S");
        assertThat(client.lastEventId()).isEqualTo("2");
    }

    @Test
    void manyEventsAtOnceDoNotFillTheStack() {
        int[] count = new int[1];
        start(b -> b.onEventAsync(event -> {
            count[0]++;
            return CompletableFuture.completedFuture(null);
        }));
        ScriptedServer.Call call = server.accept().open();

        call.send("data\n\n".repeat(20_000));

        server.until(() -> count[0] == 20_000);
    }

    // ---- limits

    @Test
    void anEventOverItsLimitStopsTheClientBeforeIt() {
        SseClient client = start(b -> b.maxEventBytes(20));
        ScriptedServer.Call call = server.accept().open();
        call.send("id: 1\ndata: 90123\n\nid: 2\ndata: 345678901\ndata: 2\n\n");
        awaitHeard(3);

        assertThat(heard).containsExactly("open", "1=90123", "closed TOO_LONG");
        assertThat(client.lastEventId()).isEqualTo("1");
        assertThat(client.isOpen()).isFalse();
        server.until(call::isCut);
    }

    @Test
    void aLineThatNeverEndsStopsTheClient() {
        start(b -> b.maxEventBytes(20));
        server.accept().open().send(":" + "x".repeat(20));

        assertThat(heard).containsExactly("open", "closed TOO_LONG");
    }

    // ---- listeners that fail

    private static RuntimeException failure() {
        return new IllegalStateException("listener");
    }

    private void assertStoppedByListener(SseClient client) {
        awaitHeard(1);
        server.until(() -> client.closed().toCompletableFuture().isDone());
        assertThat(heard).endsWith("closed LISTENER_FAILED");
        assertThat(heard.stream().filter(line -> line.startsWith("closed"))).hasSize(1);
        assertThat(lastEnd().cause()).isInstanceOf(IllegalStateException.class).hasMessage("listener");
        server.advance(Duration.ofDays(1));
        assertThat(server.hasCall()).isFalse();
    }

    @Test
    void aListenerThatThrowsStopsTheClientBeforeTheEvent() {
        SseClient client = start(b -> b.onEvent(event -> {
            heard.add(text(event));
            if ("b".equals(event.data())) {
                throw failure();
            }
        }));
        server.accept().open().send("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n");

        assertStoppedByListener(client);
        assertThat(heard).containsExactly("open", "1=a", "2=b", "closed LISTENER_FAILED");
        assertThat(client.lastEventId()).isEqualTo("1");
    }

    @Test
    void aListenerThatThrowsIsLoggedOnceAndTheQueryIsNot() {
        Logger log = (Logger) LoggerFactory.getLogger(Reconnector.class);
        ListAppender<ILoggingEvent> logged = new ListAppender<>();
        logged.start();
        log.addAppender(logged);
        try {
            SseClient client = start(
                    server.uri("/news?token=secret"),
                    b -> b.onEvent(event -> {
                        throw failure();
                    }));
            server.accept().open().send("data: a\n\ndata: b\n\n").end();
            client.close();
        } finally {
            log.detachAppender(logged);
        }

        assertThat(logged.list.stream().filter(entry -> entry.getLevel() == Level.WARN))
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("http://127.0.0.1:" + server.port()
                        + "/news: stopped: a listener failed: java.lang.IllegalStateException: listener");
    }

    @Test
    void aStageThatFailsStopsTheClientBeforeTheEvent() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        SseClient client =
                start(b -> b.onEventAsync(event -> taking(taken, event).thenRun(() -> {})));
        server.accept().open().send("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");

        taken.get(0).completeExceptionally(failure());

        assertStoppedByListener(client);
        assertThat(client.lastEventId()).isEmpty();
    }

    @Test
    void noStageAtAllStopsTheClient() {
        @SuppressWarnings("NullAway") // what a caller without its checks may do
        SseClient client = start(b -> b.onEventAsync(event -> null));
        server.accept().open().send("data: a\n\n");

        assertThat(heard).containsExactly("open", "closed LISTENER_FAILED");
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void everyOtherCallbackThatThrowsStopsTheClient() {
        List<UnaryOperator<SseClient.Builder>> failing = List.of(
                b -> b.onOpen(headers -> {
                    throw failure();
                }),
                b -> b.onComment(comment -> {
                    throw failure();
                }),
                b -> b.onDisconnect((end, delay) -> {
                    throw failure();
                }));
        for (UnaryOperator<SseClient.Builder> settings : failing) {
            heard.clear();
            SseClient client = start(settings);
            ScriptedServer.Call call = server.accept();
            call.request();
            call.send(HEAD + "\r\n:\n").end();
            assertStoppedByListener(client);
        }
    }

    @Test
    void whatOnCloseThrowsIsLoggedAndNoMore() {
        SseClient client = start(b -> b.onClose(end -> {
            throw failure();
        }));

        client.close();

        assertThat(client.closed().toCompletableFuture().join().reason()).isEqualTo(Reason.CLOSED);
    }

    // ---- closing

    @Test
    void closeCutsTheStreamAndTellsOnce() {
        SseClient client = start(SseClientTest::same);
        ScriptedServer.Call call = server.accept().open();

        client.close();
        client.close();

        server.until(call::isCut);
        server.advance(Duration.ofDays(1));
        assertThat(heard).containsExactly("open", "closed CLOSED");
        assertThat(client.isOpen()).isFalse();
        assertThat(server.hasCall()).isFalse();
    }

    @Test
    void closeWithinAListenerIsTheLastThatItHears() {
        SseClient[] client = new SseClient[1];
        client[0] = build(
                server.uri("/"),
                b -> b.onEvent(event -> {
                    heard.add(text(event));
                    client[0].close();
                }));
        client[0].start();

        server.accept().open().send("id: 1\ndata: a\n\n:c\nid: 2\ndata: b\n\n");

        assertThat(heard).containsExactly("open", "1=a", "closed CLOSED");
    }

    @Test
    void closeWhileTheListenerIsBusyDropsWhatWaits() {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        SseClient client = start(b -> b.onEventAsync(event -> taking(taken, event)));
        server.accept().open().send("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");

        client.close();
        taken.get(0).complete(null);
        server.settle();

        assertThat(heard).containsExactly("open", "1=a", "closed CLOSED");
        assertThat(client.lastEventId()).isEmpty();
    }

    @Test
    void closeDuringTheDelayIsTheEnd() {
        SseClient client = start(SseClientTest::same);
        server.accept().open().end();
        awaitHeard(2);

        client.close();
        server.advance(Duration.ofDays(1));

        assertThat(heard).containsExactly("open", "ENDED PT3S", "closed CLOSED");
        assertThat(server.hasCall()).isFalse();
    }

    @Test
    void closeOnDisconnectIsTheEnd() {
        SseClient[] client = new SseClient[1];
        client[0] = build(server.uri("/"), b -> b.onDisconnect((end, delay) -> client[0].close()));
        client[0].start();
        server.accept().open().end();
        awaitHeard(2);
        server.advance(Duration.ofDays(1));

        assertThat(heard).containsExactly("open", "closed CLOSED");
        assertThat(server.hasCall()).isFalse();
    }

    @Test
    void closeBeforeTheConnectionIsTheEnd() {
        SseClient client = start(SseClientTest::same);
        CompletableFuture<SseRequest> never = new CompletableFuture<>();
        SseClient waiting = start(b -> b.requestAsync(attempt -> never));
        server.settle();

        client.close();
        waiting.close();
        never.complete(SseRequest.get());
        server.settle();

        assertThat(heard).containsExactly("closed CLOSED", "closed CLOSED");
        ScriptedServer.Call call = server.accept();
        server.until(call::isCut);
        assertThat(server.hasCall()).isFalse();
    }

    @Test
    void aClientIsStartedOnce() {
        SseClient client = start(SseClientTest::same);
        assertThatIllegalStateException()
                .isThrownBy(client::start)
                .withMessage("start: this client was started or closed before (expected: a new one)");

        SseClient closed = build(server.uri("/"), SseClientTest::same);
        closed.close();
        assertThatIllegalStateException().isThrownBy(closed::start);
        assertThat(heard).containsExactly("closed CLOSED");
    }

    @Test
    void aLoopThatIsShutDownIsTheEnd() {
        SseClient client = start(SseClientTest::same);
        server.accept().open();

        server.stopLoop();
        server.until(() -> client.closed().toCompletableFuture().isDone());

        assertThat(heard).containsExactly("open", "closed CLOSED");
        client.close();
        assertThat(heard).hasSize(2);
    }

    @Test
    void aClientOfALoopThatIsShutDownCanStillBeClosed() {
        SseClient client = build(server.uri("/"), SseClientTest::same);
        server.stopLoop();
        server.settle();

        client.close();

        assertThat(heard).containsExactly("closed CLOSED");
    }

    // ---- settings

    @Test
    void aSettingOutOfBoundsIsRefusedAtOnce() {
        SseClient.Builder builder = SseClient.builder(server.uri("/"));
        assertThatIllegalArgumentException()
                .isThrownBy(builder::build)
                .withMessage("onEvent: null (expected: what gets the events)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.retry(Duration.ofMillis(-1)))
                .withMessage("retry: PT-0.001S (expected: 0 to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxRetry(Duration.ofDays(2)))
                .withMessage("maxRetry: PT48H (expected: 0 to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.connectTimeout(Duration.ZERO))
                .withMessage("connectTimeout: PT0S (expected: 1 ms to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.responseTimeout(Duration.ZERO))
                .withMessage("responseTimeout: PT0S (expected: 1 ms to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.idleTimeout(Duration.ofSeconds(-1)))
                .withMessage("idleTimeout: PT-1S (expected: 0 to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxEventBytes(0))
                .withMessage("maxEventBytes: 0 (expected: >= 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxHeadBytes(0))
                .withMessage("maxHeadBytes: 0 (expected: >= 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.lastEventId("a\nb"))
                .withMessage("lastEventId: (expected: no CR, LF or NUL)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.bootstrap(new Bootstrap()))
                .withMessage("bootstrap: without a group (expected: event loops)");
    }

    @Test
    void aTlsContextThatDoesNotFitIsRefusedAtOnce() throws Exception {
        SseClient.Builder builder = SseClient.builder(server.uri("/"));
        X509Bundle certificate = new CertificateBuilder()
                .subject("CN=localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.sslContext(SslContextBuilder.forServer(certificate.toKeyManagerFactory())
                        .build()))
                .withMessage("sslContext: for a server (expected: for a client)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.sslContext(SslContextBuilder.forClient()
                        .applicationProtocolConfig(new ApplicationProtocolConfig(
                                ApplicationProtocolConfig.Protocol.ALPN,
                                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                                "h2",
                                "http/1.1"))
                        .build()))
                .withMessage("sslContext: offers h2 (expected: HTTP/1.1 only)");
    }
}
