package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.server.Tls;
import dev.parley.topic.Topics;
import dev.parley.websocket.codec.CloseReason;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** The client of the JDK against a server of this library, in clear text and by TLS. */
@NullUnmarked
@Timeout(120)
@ParameterizedClass(name = "{0}")
@ValueSource(strings = {"ws", "wss"})
final class JavaClientTest {
    private static final int MEBIBYTE = 1024 * 1024;

    private static ParleyServer server;
    private static HttpClient http;
    private static Topics topics;
    private static final BlockingQueue<WebSocketConnection> OPENED = new LinkedBlockingQueue<>();
    private static final BlockingQueue<CloseReason> CLOSED = new LinkedBlockingQueue<>();
    private static final BlockingQueue<Duration> PONGS = new LinkedBlockingQueue<>();

    @Parameter
    private String scheme;

    @BeforeAll
    static void start() throws Exception {
        X509Bundle certificate = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanIpAddress("127.0.0.1")
                .setIsCertificateAuthority(true)
                .ecp256()
                .buildSelfSigned();
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("server", certificate.getCertificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        http = HttpClient.newBuilder().sslContext(tls).build();
        topics = Topics.inMemory();
        server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .tls(Tls.of(SslContextBuilder.forServer(certificate.toKeyManagerFactory())
                        .sslProvider(SslProvider.JDK)
                        .applicationProtocolConfig(new ApplicationProtocolConfig(
                                ApplicationProtocolConfig.Protocol.ALPN,
                                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                                ApplicationProtocolNames.HTTP_2,
                                ApplicationProtocolNames.HTTP_1_1))
                        .build()))
                .tlsPort(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .get("/echo", listening().build())
                        .get(
                                "/news",
                                listening()
                                        .onOpen(connection -> {
                                            connection.subscribe(topics.topic("news"));
                                            OPENED.add(connection);
                                        })
                                        .build())
                        .build())
                .build()
                .start();
    }

    private static WebSocketEndpoint.Builder listening() {
        return WebSocketEndpoint.builder()
                .subprotocols("chat.v2", "chat.v1")
                .maxMessageBytes(MEBIBYTE)
                .maxQueuedBytes(4 * MEBIBYTE)
                .onOpen(OPENED::add)
                .onText((connection, text) -> connection.send(text))
                .onBinary((connection, bytes) -> connection.send(bytes.retain()))
                .onPong((connection, roundTrip) -> PONGS.add(roundTrip))
                .onClose((connection, reason) -> CLOSED.add(reason));
    }

    @AfterAll
    static void stop() {
        server.close();
        topics.close();
    }

    @AfterEach
    void eachConnectionHadOneEnd() {
        assertThat(OPENED).isEmpty();
        assertThat(CLOSED).isEmpty();
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(60, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    /** Whole messages, and how it ended, as the client hears of them. */
    private static final class Heard implements WebSocket.Listener {
        final BlockingQueue<Object> messages = new LinkedBlockingQueue<>();
        final BlockingQueue<String> closed = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int parts;

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            parts++;
            if (last) {
                messages.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] part = new byte[data.remaining()];
            data.get(part);
            bytes.writeBytes(part);
            if (last) {
                messages.add(bytes.toByteArray());
                bytes.reset();
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            messages.add("pong " + UTF_8.decode(message));
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.add(code + " " + reason);
            return null; // the client answers by itself
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.add(error.toString());
        }
    }

    private WebSocket open(String path, Heard heard, String... subprotocols) {
        int port = scheme.equals("wss") ? server.tlsPort() : server.port();
        WebSocket.Builder builder = http.newWebSocketBuilder();
        if (subprotocols.length > 0) {
            builder.subprotocols(subprotocols[0], Arrays.copyOfRange(subprotocols, 1, subprotocols.length));
        }
        return builder.buildAsync(URI.create(scheme + "://127.0.0.1:" + port + path), heard)
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    /** Closes from the client's side, and sees both sides hear of it. */
    private static void close(WebSocket socket, Heard heard) throws InterruptedException {
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "done").join();
        assertThat(next(heard.closed)).isEqualTo("1000 done");
        assertThat(next(CLOSED)).isEqualTo(new CloseReason(1000, "done"));
    }

    @Test
    void textAndBinaryComeBack() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard);

        socket.sendText("žluťoučký kůň 🐎", true).join();
        socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 1, -1}), true).join();
        socket.sendText("", true).join();

        assertThat(next(heard.messages)).isEqualTo("žluťoučký kůň 🐎");
        assertThat(next(heard.messages)).isEqualTo(new byte[] {0, 1, -1});
        assertThat(next(heard.messages)).isEqualTo("");
        assertThat(next(OPENED).protocol()).isEqualTo(Protocol.HTTP_1_1);
        close(socket, heard);
    }

    @Test
    void fragmentsAreOneMessageAlsoWithPingsBetween() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard);

        socket.sendText("one ", false).join();
        socket.sendPing(UTF_8.encode("between")).join();
        socket.sendText("", false).join();
        socket.sendText("message", true).join();

        assertThat(next(heard.messages)).isEqualTo("pong between");
        assertThat(next(heard.messages)).isEqualTo("one message");
        next(OPENED);
        close(socket, heard);
    }

    @Test
    void whatTheServerSendsInFragmentsIsOneMessage() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard);
        WebSocketConnection connection = next(OPENED);

        try (MessageStream stream = connection.streamText()) {
            stream.write("one ");
            connection.send("waits");
            stream.write("mess");
            stream.write("age");
        }

        assertThat(next(heard.messages)).isEqualTo("one message");
        assertThat(next(heard.messages)).isEqualTo("waits");
        assertThat(heard.parts).isGreaterThan(2);
        close(socket, heard);
    }

    @Test
    void bigMessagesComeBackWhole() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard);
        byte[] bytes = new byte[MEBIBYTE];
        new Random(4).nextBytes(bytes);
        String text = "大きい".repeat(MEBIBYTE / 9);

        socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
        socket.sendText(text, true).join();

        assertThat(next(heard.messages)).isEqualTo(bytes);
        assertThat(next(heard.messages)).isEqualTo(text);
        next(OPENED);
        close(socket, heard);
    }

    @Test
    void aMessageThatIsTooBigClosesWith1009() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard);

        for (int part = 0; part < 2 && heard.closed.isEmpty(); part++) {
            socket.sendBinary(ByteBuffer.allocate(MEBIBYTE), false)
                    .handle((sentTo, failure) -> sentTo) // the connection may end while it is being sent
                    .join();
        }

        assertThat(next(heard.closed)).startsWith("1009 ");
        assertThat(next(CLOSED).code()).isEqualTo(1009);
        next(OPENED);
    }

    @Test
    void theClientAnswersPings() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard);
        WebSocketConnection connection = next(OPENED);

        connection.ping();

        Duration roundTrip = next(PONGS);
        assertThat(connection.roundTripTime()).contains(roundTrip);
        close(socket, heard);
    }

    @Test
    void theFirstSubprotocolThatBothSpeakIsAgreedOn() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard, "chat.v3", "chat.v1", "chat.v2");

        assertThat(socket.getSubprotocol()).isEqualTo("chat.v1");
        assertThat(next(OPENED).subprotocol()).contains("chat.v1");
        close(socket, heard);
    }

    @Test
    void theServerClosesWithCodeAndReason() throws Exception {
        Heard heard = new Heard();
        open("/echo", heard);

        next(OPENED).close(4321, "až příště");

        assertThat(next(heard.closed)).isEqualTo("4321 až příště");
        assertThat(next(CLOSED)).isEqualTo(new CloseReason(4321, "až příště"));
    }

    @Test
    void aClientThatVanishesEndsWith1006() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/echo", heard);
        next(OPENED);

        socket.abort();

        assertThat(next(CLOSED).code()).isEqualTo(CloseReason.ABNORMAL);
    }

    @Test
    void publicationsCome() throws Exception {
        Heard heard = new Heard();
        WebSocket socket = open("/news", heard);
        next(OPENED);

        topics.topic("news").publish("first");
        topics.topic("news").publish("second");

        assertThat(next(heard.messages)).isEqualTo("first");
        assertThat(next(heard.messages)).isEqualTo("second");
        close(socket, heard);
    }

    @Test
    void pagesOfOtherOriginsAreRefused() {
        int port = scheme.equals("wss") ? server.tlsPort() : server.port();
        assertThatThrownBy(() -> http.newWebSocketBuilder()
                        .header("Origin", "https://elsewhere.example")
                        .buildAsync(URI.create(scheme + "://127.0.0.1:" + port + "/echo"), new Heard())
                        .join())
                .hasCauseInstanceOf(WebSocketHandshakeException.class)
                .cause()
                .extracting(refused ->
                        ((WebSocketHandshakeException) refused).getResponse().statusCode())
                .isEqualTo(403);
    }

    @Test
    void whatIsNoPathIsNoWebSocket() {
        assertThatThrownBy(() -> open("/nowhere", new Heard())).hasCauseInstanceOf(IOException.class);
    }
}
