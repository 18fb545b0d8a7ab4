package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.parley.http.BodyListener;
import dev.parley.http.EndReason;
import dev.parley.http.Endpoints;
import dev.parley.http.Exchange;
import dev.parley.http.Guard;
import dev.parley.http.HttpLimits;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.Routes;
import dev.parley.http.SendOutcome;
import dev.parley.http.SharedChunk;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.concurrent.DefaultPromise;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The server over real sockets on the loopback interface. */
@Timeout(300)
class ParleyServerTest {
    private static final int LARGE = 20_000_000;
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @TempDir
    private Path temp;

    private final BlockingQueue<Exchange> later = new LinkedBlockingQueue<>();
    private final BlockingQueue<EndReason> ends = new LinkedBlockingQueue<>();
    private final BlockingQueue<ResponseStream> streams = new LinkedBlockingQueue<>();

    private final Routes routes = Routes.builder()
            .get("/", exchange -> exchange.respond(Response.text(exchange.scheme() + " " + exchange.protocol())))
            .get("/later", this::keep)
            .get("/endless", this::endless)
            .post("/sum", ParleyServerTest::sum)
            .post(
                    "/small",
                    exchange -> exchange.respond(
                            exchange.body().thenApply(body -> Response.text(String.valueOf(body.bytes().length)))))
            .get("/large", ParleyServerTest::large)
            .get("/file", exchange -> exchange.respond(Response.file("text/plain", temp.resolve("file"))))
            .build();

    private void keep(Exchange exchange) {
        exchange.onEnd(ends::add);
        later.add(exchange);
    }

    private void endless(Exchange exchange) {
        exchange.onEnd(ends::add);
        ResponseStream stream = exchange.stream(Response.of(200));
        stream.write("begun");
        streams.add(stream);
    }

    private static void sum(Exchange exchange) {
        exchange.maxBodyBytes(LARGE);
        CRC32 sum = new CRC32();
        exchange.receive(new BodyListener() {
            @Override
            public CompletionStage<?> onChunk(ByteBuf chunk) {
                sum.update(chunk.nioBuffer());
                return READY;
            }

            @Override
            public void onEnd(HttpHeaders trailers) {
                exchange.respond(Response.text(Long.toString(sum.getValue())));
            }

            @Override
            public void onFailure(Throwable cause) {
                // The exchange is over: nobody is left to tell.
            }
        });
    }

    /** As fast as the client reads. */
    private static void large(Exchange exchange) {
        ResponseStream stream = exchange.stream(Response.of(200));
        byte[] all = largeBytes();
        int[] at = {0};
        Runnable go = () -> {
            while (at[0] < all.length) {
                int end = Math.min(at[0] + 30_000, all.length);
                SendOutcome outcome = stream.write(Arrays.copyOfRange(all, at[0], end));
                if (outcome == SendOutcome.CLOSED) {
                    return;
                }
                at[0] = end;
                if (outcome == SendOutcome.QUEUED) {
                    return;
                }
            }
            stream.end();
        };
        stream.onWritable(go);
        go.run();
    }

    private static byte[] largeBytes() {
        byte[] all = new byte[LARGE];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) (i * 31 + (i >> 10));
        }
        return all;
    }

    private static long crc(byte[] bytes) {
        CRC32 sum = new CRC32();
        sum.update(bytes);
        return sum.getValue();
    }

    @BeforeEach
    void writeTheFile() throws IOException {
        Files.write(temp.resolve("file"), largeBytes());
    }

    /** What a client may take its time for is not what these tests are about. */
    private ParleyServer.Builder server() {
        Duration patience = Duration.ofMinutes(10);
        HttpLimits limits = HttpLimits.builder()
                .headerTimeout(patience)
                .bodyTimeout(patience)
                .idleTimeout(patience)
                .lingerTimeout(patience)
                .build();
        return ParleyServer.builder()
                .routes(routes)
                .host("127.0.0.1")
                .port(0)
                .eventLoops(2)
                .limits(limits);
    }

    /** Where nobody tells. */
    private static void spinUntil(BooleanSupplier condition, Supplier<String> state) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as(state).isNegative();
            Thread.onSpinWait();
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static void send(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    /** Reads a head, and as many bytes as its Content-Length says. */
    private static String receive(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return head + "<end>";
            }
            head.append((char) next);
        }
        int at = head.indexOf("content-length: ");
        if (at < 0) {
            return head.toString();
        }
        int length = Integer.parseInt(head.substring(at + 16, head.indexOf("\r\n", at)));
        return head + new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
    }

    private static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(60, TimeUnit.SECONDS);
        assertThat(next).as("within 30 s").isNotNull();
        return next;
    }

    private static void assumeAvailable(Transport transport) {
        switch (transport) {
            case EPOLL -> assumeTrue(Epoll.isAvailable(), "needs Linux with epoll");
            case IO_URING -> assumeTrue(IoUring.isAvailable(), "needs Linux with io_uring allowed");
            default -> {}
        }
    }

    // ---- over each transport

    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL", "IO_URING"})
    void requestsAreServed(Transport transport) throws Exception {
        assumeAvailable(transport);
        try (ParleyServer server = server().transport(transport).build().start();
                Socket client = connect(server.port())) {
            send(client, GET + GET);
            assertThat(receive(client)).endsWith("\r\n\r\nhttp HTTP_1_1");
            assertThat(receive(client)).endsWith("\r\n\r\nhttp HTTP_1_1");
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL", "IO_URING"})
    void muchGoesUpAndDown(Transport transport) throws Exception {
        assumeAvailable(transport);
        byte[] all = largeBytes();
        try (ParleyServer server = server().transport(transport).build().start()) {
            HttpClient client = HttpClient.newHttpClient();
            URI base = URI.create("http://127.0.0.1:" + server.port());
            assertThat(client.send(
                                    HttpRequest.newBuilder(base.resolve("/sum"))
                                            .POST(HttpRequest.BodyPublishers.ofByteArray(all))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body())
                    .isEqualTo(Long.toString(crc(all)));
            for (String path : new String[] {"/large", "/file"}) {
                byte[] got = client.send(
                                HttpRequest.newBuilder(base.resolve(path)).build(),
                                HttpResponse.BodyHandlers.ofByteArray())
                        .body();
                assertThat(got).as(path).hasSize(LARGE);
                assertThat(crc(got)).as(path).isEqualTo(crc(all));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL", "IO_URING"})
    void aClientThatGoesAwayEndsItsExchange(Transport transport) throws Exception {
        assumeAvailable(transport);
        try (ParleyServer server = server().transport(transport).build().start()) {
            try (Socket client = connect(server.port())) {
                send(client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                take(later);
                client.setSoLinger(true, 0); // close sends a reset
            }
            assertThat(take(ends)).isEqualTo(EndReason.CLIENT_GONE);
            try (Socket client = connect(server.port())) {
                send(client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                take(later);
            }
            assertThat(take(ends)).isEqualTo(EndReason.CLIENT_GONE);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL", "IO_URING"})
    void theAnswerToABodyOverTheLimitCanBeReadToItsEnd(Transport transport) throws Exception {
        assumeAvailable(transport);
        try (ParleyServer server = server().transport(transport).build().start();
                Socket client = connect(server.port())) {
            send(client, "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
            OutputStream out = client.getOutputStream();
            out.write(new byte[2_000_000]);
            String answer = receive(client);
            assertThat(answer).startsWith("HTTP/1.1 413 ").endsWith("limit of 1048576 bytes.\"}");
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void theAnswerToWhatIsNotHttpCanBeReadToItsEnd() throws Exception {
        try (ParleyServer server = server().build().start();
                Socket client = connect(server.port())) {
            send(client, "GET / HTTP/1.1\r\nX : " + "x".repeat(1000) + "\r\n\r\n" + "y".repeat(1_000_000));
            assertThat(receive(client)).startsWith("HTTP/1.1 400 ").endsWith("}");
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void tlsOnThePlainPortIsRefused() throws Exception {
        try (ParleyServer server = server().build().start();
                Socket client = connect(server.port())) {
            client.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xFC, 3, 3, 10, 13, 10, 13, 10});
            assertThat(receive(client)).startsWith("HTTP/1.1 400 ");
        }
    }

    // ---- its life

    @Nested
    class ItsLife {

        @Test
        void beginsOnce() {
            try (ParleyServer server = server().build().start()) {
                assertThatThrownBy(server::start)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("start: this server was started before (expected: a new one)");
            }
        }

        @Test
        void isNotTheBuildersAnyMore() {
            ParleyServer.Builder builder = server();
            try (ParleyServer server = builder.build()) {
                builder.host("192.0.2.1");
                assertThat(server.start().port()).isPositive();
            }
        }

        @Test
        void needsAFreePort() throws IOException {
            try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                ParleyServer server = server().port(taken.getLocalPort()).build();
                assertThatThrownBy(server::start)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(
                                ":" + taken.getLocalPort() + " can't be bound (expected: a free port, or 0)");
                server.close();
            }
        }

        @Test
        void endsOnce() {
            ParleyServer server = server().build();
            Logger logger = (Logger) LoggerFactory.getLogger(DefaultPromise.class.getName() + ".rejectedExecution");
            ListAppender<ILoggingEvent> refused = new ListAppender<>();
            refused.start();
            logger.addAppender(refused);
            server.close();
            server.start();
            server.close();
            server.close();
            logger.detachAppender(refused);
            assertThat(server.drain(Duration.ofSeconds(1)).toCompletableFuture())
                    .isCompleted();
            assertThat(refused.list).isEmpty();
            assertThat(server.connections()).isZero();
        }

        @Test
        void hasAPortOnlyWhileItListens() {
            ParleyServer server = server().build();
            assertThatThrownBy(server::port)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("address: not listening (expected: a server that is started)");
        }

        @Test
        void doesNotTakeMoreConnectionsThanItMay() throws Exception {
            try (ParleyServer server = server().maxConnections(1).build().start();
                    Socket first = connect(server.port())) {
                send(first, GET);
                receive(first);
                try (Socket second = connect(server.port())) {
                    assertThat(second.getInputStream().read()).isEqualTo(-1);
                }
                send(first, GET);
                assertThat(receive(first)).startsWith("HTTP/1.1 200 ");
            }
        }

        @Test
        void drainsWhatIsInFlight() throws Exception {
            ParleyServer server = server().build().start();
            try (Socket idle = connect(server.port());
                    Socket busy = connect(server.port())) {
                send(idle, GET);
                receive(idle);
                send(busy, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                Exchange exchange = take(later);
                CompletableFuture<Duration> told = new CompletableFuture<>();
                exchange.onDrain(told::complete);
                CompletableFuture<Void> drained =
                        server.drain(Duration.ofSeconds(30)).toCompletableFuture();

                assertThat(idle.getInputStream().read()).isEqualTo(-1);
                told.get(30, TimeUnit.SECONDS); // each event loop drains by itself
                assertThat(drained).isNotDone();
                assertThatThrownBy(() -> connect(server.port())).isInstanceOf(IOException.class);

                exchange.respond(Response.text("last"));
                assertThat(receive(busy)).contains("\r\nconnection: close\r\n").endsWith("last");
                assertThat(busy.getInputStream().read()).isEqualTo(-1);
                drained.get(30, TimeUnit.SECONDS);
            } finally {
                server.close();
            }
        }

        @Test
        void cutsOffWhatDoesNotEndInTime() throws Exception {
            ParleyServer server = server().build().start();
            try (Socket client = connect(server.port())) {
                send(client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                take(later);
                server.drain(Duration.ofMillis(300)).toCompletableFuture().get(30, TimeUnit.SECONDS);
                assertThat(take(ends)).isEqualTo(EndReason.SHUTDOWN);
                assertThat(client.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void aSlowReaderCostsNoMoreThanTheQueue() throws Exception {
        HttpLimits limits = HttpLimits.builder().maxQueuedBytes(100_000).build();
        try (ParleyServer server = server().limits(limits).build().start();
                Socket client = connect(server.port())) {
            send(client, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
            ResponseStream stream = take(streams);
            SendOutcome outcome = SendOutcome.SENT;
            for (int i = 0; i < 10_000 && outcome != SendOutcome.DROPPED; i++) {
                outcome = stream.write(new byte[10_000]);
            }
            assertThat(outcome).isEqualTo(SendOutcome.DROPPED);
            assertThat(stream.queuedBytes()).isLessThanOrEqualTo(100_000);
        }
        assertThat(take(ends)).isEqualTo(EndReason.CLIENT_GONE);
    }

    @Test
    void whoAsksLateIsStillToldThatTheClientHasCaughtUp() throws Exception {
        try (ParleyServer server = server().build().start();
                Socket client = connect(server.port())) {
            send(client, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
            ResponseStream stream = take(streams);
            assertThat(stream.write(new byte[200_000])).isEqualTo(SendOutcome.QUEUED);
            client.getInputStream().readNBytes(200_000);
            spinUntil(() -> stream.queuedBytes() == 0, () -> stream.queuedBytes() + " bytes wait, ended: " + ends);
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            stream.onWritable(() -> told.add("caught up"));
            assertThat(take(told)).isEqualTo("caught up");
        }
    }

    @Test
    void nothingIsSentBehindTheEnd() throws Exception {
        try (ParleyServer server = server().build().start();
                Socket client = connect(server.port())) {
            send(client, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
            ResponseStream stream = take(streams);
            stream.end();
            assertThat(stream.write("more")).isEqualTo(SendOutcome.CLOSED);
            assertThat(stream.isWritable()).isFalse();
            assertThat(take(ends)).isEqualTo(EndReason.COMPLETED);
        }
    }

    @Test
    void sharedChunksAreSentByTheEventLoopOnly() throws Exception {
        try (ParleyServer server = server().build().start();
                Socket client = connect(server.port())) {
            send(client, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
            ResponseStream stream = take(streams);
            SharedChunk chunk = SharedChunk.allocate(ByteBufAllocator.DEFAULT, 4);
            chunk.content().writeByte('a');
            assertThatThrownBy(() -> stream.write(chunk))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("write: called by ");
            chunk.release();
        }
    }

    @Test
    void anEndpointBehindAnAsynchronousGuardRunsOnTheEventLoop() throws Exception {
        BlockingQueue<CompletableFuture<Guard.Verdict>> asked = new LinkedBlockingQueue<>();
        Guard guard = exchange -> {
            CompletableFuture<Guard.Verdict> verdict = new CompletableFuture<>();
            asked.add(verdict);
            return verdict;
        };
        Routes guarded = Routes.builder()
                .get(
                        "/",
                        Endpoints.guard(
                                guard,
                                exchange -> exchange.respond(
                                        Response.text(Thread.currentThread().getName()))))
                .build();
        try (ParleyServer server = server().routes(guarded).build().start();
                Socket client = connect(server.port())) {
            send(client, GET);
            CompletableFuture<Guard.Verdict> verdict = take(asked);
            spinUntil(() -> verdict.getNumberOfDependents() > 0, () -> "the guard has not returned it");
            verdict.complete(Guard.Verdict.allow());
            assertThat(receive(client)).containsPattern("\r\n\r\nparley-");
        }
    }

    @Test
    void aFileOfAnotherFileSystemIsServed() throws Exception {
        URI archive = URI.create("jar:" + temp.resolve("files.zip").toUri());
        try (FileSystem files = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Path file = files.getPath("/greeting");
            Files.writeString(file, "hello");
            Routes zipped = Routes.builder()
                    .get("/", exchange -> exchange.respond(Response.file("text/plain", file)))
                    .build();
            try (ParleyServer server = server().routes(zipped).build().start();
                    Socket client = connect(server.port())) {
                send(client, GET);
                assertThat(receive(client)).endsWith("\r\n\r\nhello");
            }
        }
    }

    // ---- TLS

    @Nested
    class OverTls {
        private final char[] password = "secret".toCharArray();

        private X509Bundle certificate(String name) throws Exception {
            return new CertificateBuilder()
                    .subject("CN=" + name)
                    .setIsCertificateAuthority(true)
                    .addSanIpAddress("127.0.0.1")
                    .buildSelfSigned();
        }

        private Tls pem(X509Bundle bundle) throws IOException {
            Files.writeString(temp.resolve("chain.pem"), bundle.getCertificatePathPEM());
            Files.writeString(temp.resolve("key.pem"), bundle.getPrivateKeyPEM());
            return Tls.pem(temp.resolve("chain.pem"), temp.resolve("key.pem"));
        }

        private SSLContext trusting(X509Bundle... bundles) throws GeneralSecurityException, IOException {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (X509Bundle bundle : bundles) {
                trusted.setCertificateEntry(
                        bundle.getCertificate().getSerialNumber().toString(), bundle.getCertificate());
            }
            var trust = javax.net.ssl.TrustManagerFactory.getInstance(
                    javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), new SecureRandom());
            return context;
        }

        @ParameterizedTest
        @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
        void bothProtocolsAreSpoken(String version) throws Exception {
            X509Bundle bundle = certificate("one");
            SSLParameters parameters = new SSLParameters();
            parameters.setProtocols(new String[] {version});
            try (ParleyServer server = server().tls(pem(bundle)).build().start()) {
                for (HttpClient.Version http : HttpClient.Version.values()) {
                    HttpClient client = HttpClient.newBuilder()
                            .sslContext(trusting(bundle))
                            .sslParameters(parameters)
                            .version(http)
                            .build();
                    URI base = URI.create("https://127.0.0.1:" + server.tlsPort());
                    HttpResponse<String> response = client.send(
                            HttpRequest.newBuilder(base.resolve("/")).build(), HttpResponse.BodyHandlers.ofString());
                    assertThat(response.version()).isEqualTo(http);
                    assertThat(response.body()).isEqualTo("https " + http.name());
                    assertThat(response.sslSession().map(SSLSession::getProtocol))
                            .contains(version);

                    byte[] all = largeBytes();
                    assertThat(client.send(
                                            HttpRequest.newBuilder(base.resolve("/sum"))
                                                    .POST(HttpRequest.BodyPublishers.ofByteArray(all))
                                                    .build(),
                                            HttpResponse.BodyHandlers.ofString())
                                    .body())
                            .isEqualTo(Long.toString(crc(all)));
                    for (String path : new String[] {"/large", "/file"}) {
                        byte[] got = client.send(
                                        HttpRequest.newBuilder(base.resolve(path))
                                                .build(),
                                        HttpResponse.BodyHandlers.ofByteArray())
                                .body();
                        assertThat(crc(got)).as(path).isEqualTo(crc(all));
                    }
                }
            }
        }

        @Test
        void theCertificateIsReplacedWithoutARestart() throws Exception {
            X509Bundle first = certificate("first");
            X509Bundle second = certificate("second");
            Tls tls = pem(first);
            SSLContext client = trusting(first, second);
            try (ParleyServer server = server().tls(tls).build().start();
                    SSLSocket open = handshake(client, server.tlsPort())) {
                assertThat(subject(open)).isEqualTo("CN=first");

                pem(second);
                tls.reload();
                client.getClientSessionContext().setSessionTimeout(1);
                try (SSLSocket next = handshake(trusting(first, second), server.tlsPort())) {
                    assertThat(subject(next)).isEqualTo("CN=second");
                }

                Files.writeString(temp.resolve("key.pem"), "nonsense");
                assertThatThrownBy(tls::reload)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith("TLS: the certificate or key can't be used: ");
                try (SSLSocket next = handshake(trusting(first, second), server.tlsPort())) {
                    assertThat(subject(next)).isEqualTo("CN=second");
                }

                send(open, GET);
                assertThat(receive(open)).endsWith("https HTTP_1_1");
            }
        }

        private SSLSocket handshake(SSLContext context, int port) throws IOException {
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(60_000);
            socket.startHandshake();
            return socket;
        }

        private String subject(SSLSocket socket) throws IOException {
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSubjectX500Principal()
                    .getName();
        }

        @Test
        void aKeyStoreWillDo() throws Exception {
            X509Bundle bundle = certificate("store");
            Path file = temp.resolve("store.p12");
            try (OutputStream out = Files.newOutputStream(file)) {
                bundle.toKeyStore(password).store(out, password);
            }
            try (ParleyServer server =
                            server().tls(Tls.keyStore(file, "secret")).build().start();
                    SSLSocket client = handshake(trusting(bundle), server.tlsPort())) {
                send(client, GET);
                assertThat(receive(client)).endsWith("https HTTP_1_1");
            }
        }

        @Test
        void wrongFilesAreNamed() throws IOException {
            Path missing = temp.resolve("missing.pem");
            Path nonsense = Files.writeString(temp.resolve("nonsense.pem"), "nonsense");
            assertThatThrownBy(() -> Tls.pem(missing, missing))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("TLS: the certificate or key can't be used: " + missing);
            assertThatThrownBy(() -> Tls.pem(nonsense, nonsense))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("TLS: the certificate or key can't be used: ");
            assertThatThrownBy(() -> Tls.keyStore(missing, "x"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("TLS: the certificate or key can't be used: ");
            assertThatThrownBy(() -> Tls.keyStore(nonsense, "x"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("TLS: the certificate or key can't be used: ");
        }

        @Test
        void clearTextOnItsPortIsNotAnswered() throws Exception {
            X509Bundle bundle = certificate("one");
            try (ParleyServer server = server().tls(pem(bundle)).build().start()) {
                try (Socket client = connect(server.tlsPort())) {
                    send(client, GET);
                    assertThat(receive(client)).doesNotContain("HTTP/1.1 200");
                }
                try (SSLSocket client = handshake(trusting(bundle), server.tlsPort())) {
                    send(client, GET);
                    assertThat(receive(client)).endsWith("https HTTP_1_1");
                }
            }
        }

        @Test
        void clearTextMayHaveAPortOfItsOwn() throws Exception {
            X509Bundle bundle = certificate("one");
            try (ParleyServer server =
                            server().tls(pem(bundle)).tlsPort(0).build().start();
                    Socket plain = connect(server.port());
                    SSLSocket secure = handshake(trusting(bundle), server.tlsPort())) {
                send(plain, GET);
                assertThat(receive(plain)).endsWith("http HTTP_1_1");
                send(secure, GET);
                assertThat(receive(secure)).endsWith("https HTTP_1_1");
            }
        }
    }
}
