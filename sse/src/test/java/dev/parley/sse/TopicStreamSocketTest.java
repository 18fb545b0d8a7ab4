package dev.parley.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.server.Tls;
import dev.parley.sse.codec.EventStreamParser;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Draft;
import dev.parley.topic.Filter;
import dev.parley.topic.Position;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams from topics over real sockets, to a client that knows nothing of the library but the parser. */
@Timeout(300)
class TopicStreamSocketTest {
    private static final List<String> TEXTS =
            List.of("one", "", "two\nlines", " three", "f\u00FCnf \uD83D\uDE00", "END");

    private final Topics topics = Topics.inMemory();
    private final Topic news = topics.topic("news");

    private static ParleyServer.Builder server(Routes routes) {
        return ParleyServer.builder().host("127.0.0.1").port(0).eventLoops(1).routes(routes);
    }

    private Routes routes() {
        return Routes.builder().get("/news", SseEndpoint.of(news)).build();
    }

    private Position publish(String text) {
        return news.publish(Draft.of(text)).toCompletableFuture().join();
    }

    /** One connection of an {@code EventSource}: what was dispatched, and the id as it stood when the connection ended. */
    private static final class Reading implements EventStreamParser.Listener {
        final List<ServerSentEvent> events = new ArrayList<>();
        final EventStreamParser parser = new EventStreamParser(this);
        int bytes;

        @Override
        public void onEvent(ServerSentEvent event) {
            events.add(event);
        }

        List<String> texts() {
            return events.stream()
                    .filter(event -> event.event() == null)
                    .map(event -> String.valueOf(event.data()))
                    .toList();
        }

        List<String> notices() {
            return events.stream()
                    .map(ServerSentEvent::event)
                    .filter(name -> name != null)
                    .toList();
        }
    }

    /** Reads a stream until so many bytes of its body have come, or until something was read, and resets the connection. */
    private static Reading read(Socket socket, @Nullable String lastEventId, int maxBytes, Predicate<Reading> until)
            throws IOException {
        Reading reading = new Reading();
        try (socket) {
            socket.setSoTimeout(60_000);
            String id = lastEventId == null ? "" : "Last-Event-ID: " + lastEventId + "\r\n";
            socket.getOutputStream()
                    .write(("GET /news HTTP/1.1\r\nHost: localhost\r\n" + id + "\r\n").getBytes(ISO_8859_1));
            InputStream in = socket.getInputStream();
            while (!line(in).isEmpty()) {
                // the head
            }
            while (reading.bytes < maxBytes && !until.test(reading)) {
                int size = Integer.parseInt(line(in), 16);
                byte[] chunk = in.readNBytes(size);
                int taken = Math.min(size, maxBytes - reading.bytes);
                reading.bytes += taken;
                reading.parser.parse(Unpooled.wrappedBuffer(chunk, 0, taken));
                line(in);
            }
            if (!(socket instanceof SSLSocket)) {
                socket.setSoLinger(true, 0);
            }
        }
        return reading;
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b; (b = in.read()) != '\n'; ) {
            if (b < 0) {
                throw new IOException("the server ended the connection");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(UTF_8);
    }

    private static Socket connect(int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    private static boolean hasAll(Reading reading) {
        return reading.texts().contains("END");
    }

    @Test
    void whereverAClientIsCutOffItHearsAllOnceAndInOrder() throws Exception {
        try (ParleyServer server = server(routes()).build().start();
                topics) {
            String start = publish("before").toString();
            TEXTS.forEach(this::publish);
            int all = read(connect(server.port()), start, Integer.MAX_VALUE, TopicStreamSocketTest::hasAll).bytes;
            assertThat(all).isGreaterThan(150);
            for (int bytes = 0; bytes <= all; bytes++) {
                Reading first = read(connect(server.port()), start, bytes, reading -> false);
                String last = first.parser.lastEventId() == null ? start : first.parser.lastEventId();
                List<String> heard = new ArrayList<>(first.texts());
                if (!hasAll(first)) {
                    Reading second =
                            read(connect(server.port()), last, Integer.MAX_VALUE, TopicStreamSocketTest::hasAll);
                    heard.addAll(second.texts());
                    assertThat(second.notices()).containsExactly("parley:resumed");
                }
                assertThat(heard).as("cut after %s bytes", bytes).isEqualTo(TEXTS);
            }
        }
    }

    @Test
    void whoComesFirstIsToldItsPlaceAndWhoIsCutOffBeforeThatHasNone() throws Exception {
        try (ParleyServer server = server(routes()).build().start();
                topics) {
            String place = publish("before").toString();
            Reading whole = read(
                    connect(server.port()), null, Integer.MAX_VALUE, reading -> reading.parser.lastEventId() != null);
            assertThat(whole.parser.lastEventId()).isEqualTo(place);
            for (int bytes = 0; bytes < whole.bytes; bytes++) {
                assertThat(read(connect(server.port()), null, bytes, reading -> false)
                                .parser
                                .lastEventId())
                        .isNull();
            }
        }
    }

    @Test
    void streamsOverTlsAreTheSame() throws Exception {
        X509Bundle certificate = new CertificateBuilder()
                .subject("CN=localhost")
                .setIsCertificateAuthority(true)
                .addSanDnsName("localhost")
                .buildSelfSigned();
        Tls tls = Tls.of(
                SslContextBuilder.forServer(certificate.toKeyManagerFactory()).build());
        try (ParleyServer server = server(routes()).tls(tls).build().start();
                topics) {
            String start = publish("before").toString();
            TEXTS.forEach(this::publish);
            Socket socket = trusting(certificate)
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), server.tlsPort());
            Reading reading = read(socket, start, Integer.MAX_VALUE, TopicStreamSocketTest::hasAll);

            assertThat(reading.texts()).isEqualTo(TEXTS);
            assertThat(reading.notices()).containsExactly("parley:resumed");
        }
    }

    private static SSLContext trusting(X509Bundle certificate) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("server", certificate.getCertificate());
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    /** A filter that passes all over is heard of by nobody; the subscription still goes with its client. */
    @Test
    void whoGoesAwayWithoutAWordIsForgotten() throws Exception {
        Routes routes = Routes.builder()
                .get(
                        "/news",
                        SseEndpoint.builder(exchange -> news)
                                .filter(Filter.events("none"))
                                .build())
                .build();
        try (ParleyServer server = server(routes).build().start();
                topics) {
            CountDownLatch left = new CountDownLatch(1);
            try (AutoCloseable told = news.onPresence(Runnable::run, presence -> {
                if (presence.count() == 0) {
                    left.countDown();
                }
            })) {
                read(connect(server.port()), null, Integer.MAX_VALUE, reading -> reading.parser.lastEventId() != null);
                assertThat(left.await(60, TimeUnit.SECONDS)).isTrue();
                assertThat(told).isNotNull();
            }
        }
    }
}
