package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.http.SendOutcome;
import dev.parley.server.ParleyServer;
import dev.parley.websocket.MessageStream;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import dev.parley.websocket.codec.CloseReason;
import java.io.BufferedReader;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client that most servers on Node.js use, npm's "ws", against a server of this library. What it does is in ws.js. */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(NodeClients.class)
final class WebSocketNodeTest {
    private static final int MEBIBYTE = 1024 * 1024;

    private static final BlockingQueue<WebSocketConnection> OPENED = new LinkedBlockingQueue<>();
    private static final BlockingQueue<CloseReason> CLOSED = new LinkedBlockingQueue<>();
    private static final BlockingQueue<Duration> PONGS = new LinkedBlockingQueue<>();
    private static ParleyServer server;
    private Process client;

    @BeforeAll
    static void start() throws Exception {
        server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .tls(DevelopmentTls.create())
                .tlsPort(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .get("/echo", listening().build())
                        .get(
                                "/takeover",
                                listening().contextTakeover(16 * MEBIBYTE).build())
                        .build())
                .build()
                .start();
    }

    private static WebSocketEndpoint.Builder listening() {
        return WebSocketEndpoint.builder()
                .subprotocols("chat.v1")
                .maxMessageBytes(4 * MEBIBYTE)
                .maxQueuedBytes(8 * MEBIBYTE)
                .deflateThreshold(0)
                .onOpen(OPENED::add)
                .onText((connection, text) -> connection.send(text))
                .onBinary((connection, bytes) -> connection.send(bytes.retain()))
                .onPong((connection, roundTrip) -> PONGS.add(roundTrip))
                .onClose((connection, reason) -> CLOSED.add(reason));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void eachConnectionHadOneEnd() throws Exception {
        try {
            int opened = OPENED.size();
            OPENED.clear();
            for (int i = 0; i < opened; i++) {
                next(CLOSED);
            }
            assertThat(CLOSED).isEmpty();
        } finally {
            // There is none if it did not start, and that is what failed.
            if (client != null) {
                client.destroyForcibly();
            }
        }
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(Patience.SECONDS, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private void run(String scenario, String url) throws Exception {
        client = NodeClients.start("ws.js", scenario, url);
    }

    private static String url(String scheme, String path) {
        return scheme + "://127.0.0.1:" + (scheme.equals("wss") ? server.tlsPort() : server.port()) + path;
    }

    @ParameterizedTest
    @CsvSource({
        "echo, ws, /echo",
        "echo, wss, /echo",
        "deflate, ws, /echo",
        "deflate, ws, /takeover",
        "deflate, wss, /takeover",
        "fragments, ws, /echo",
        "fragments, ws, /takeover",
        "big, ws, /takeover",
        "big, wss, /echo",
        "tooBig, ws, /echo",
        "tooBig, ws, /takeover",
        "closeCodes, ws, /echo",
        "subprotocol, ws, /echo",
    })
    void itFindsAllAsItShouldBe(String scenario, String scheme, String path) throws Exception {
        run(scenario, url(scheme, path));

        assertThat(client.waitFor(Patience.PROCESS_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(client.exitValue()).isZero();
        assertThat(OPENED).isNotEmpty();
    }

    @Test
    void itHearsWhatTheServerSendsInFragmentsAndBetween() throws Exception {
        run("listen", url("ws", "/takeover"));
        WebSocketConnection connection = next(OPENED);
        assertThat(connection.protocol()).isEqualTo(Protocol.HTTP_1_1);

        connection.send("first");
        try (MessageStream stream = connection.streamText()) {
            stream.write("one ");
            connection.sendUncompressed("waits");
            stream.write("message");
        }
        connection.ping();
        next(PONGS);
        connection.send("first");
        connection.close(4000, "bis später");

        try (BufferedReader said = client.inputReader()) {
            assertThat(said.lines())
                    .containsExactly("first", "one message", "waits", "first", "closed 4000 bis später");
        }
        assertThat(next(CLOSED)).isEqualTo(new CloseReason(4000, "bis später"));
    }

    @Test
    void whenItIsKilledTheEndIs1006() throws Exception {
        run("listen", url("ws", "/echo"));
        next(OPENED);

        client.destroyForcibly();

        assertThat(next(CLOSED).code()).isEqualTo(CloseReason.ABNORMAL);
    }

    @Test
    void whenItDoesNotReadMessagesAreDroppedAndItIsTold() throws Exception {
        run("deaf", url("ws", "/echo"));
        WebSocketConnection connection = next(OPENED);
        try (BufferedReader said = client.inputReader()) {
            assertThat(said.readLine()).isEqualTo("deaf");

            byte[] message = new byte[MEBIBYTE];
            int sent = 0;
            SendOutcome outcome;
            do {
                outcome = connection.send(message);
                sent++;
            } while (outcome != SendOutcome.DROPPED && sent < 100);

            assertThat(outcome).isEqualTo(SendOutcome.DROPPED);
            assertThat(connection.queuedBytes()).isLessThanOrEqualTo(9L * MEBIBYTE);
            client.outputWriter().append("read\n").flush();
            assertThat(said.readLine()).isEqualTo("closed 1013 the client does not keep up");
        }
        assertThat(next(CLOSED).code()).isEqualTo(CloseReason.TRY_AGAIN_LATER);
    }
}
