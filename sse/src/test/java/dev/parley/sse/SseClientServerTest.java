package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Endpoint;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.server.Tls;
import dev.parley.sse.SseEnd.Reason;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client as a user has it, on threads of its own, against a server of this library. */
@Timeout(300)
class SseClientServerTest {
    private static final int EVENTS = 100;

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final BlockingQueue<SseEnd> ends = new LinkedBlockingQueue<>();

    private static ParleyServer serve(Endpoint endpoint, @Nullable Tls tls) {
        ParleyServer.Builder server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(1)
                .routes(Routes.builder().get("/news", endpoint).build());
        return (tls == null ? server : server.tls(tls)).build().start();
    }

    private SseClient.Builder client(String origin, ParleyServer server) {
        return SseClient.builder(URI.create(origin + ":" + server.port() + "/news"))
                .random(most -> 0)
                .connectTimeout(Duration.ofMinutes(5))
                .responseTimeout(Duration.ofMinutes(5))
                .onEvent(event -> heard.add("" + event.data()))
                .onDisconnect((end, delay) -> ends.add(end))
                .onClose(ends::add);
    }

    private <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(60, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    /** Sends the log from the last id on, at most seven events at a time, and says 204 when all is heard. */
    private static Endpoint inPieces() {
        Endpoint stream = SseEndpoint.builder()
                .retry(Duration.ZERO)
                .onOpen(emitter -> {
                    int from = emitter.lastEventId().map(Integer::parseInt).orElse(0);
                    for (int i = from + 1; i <= Math.min(from + 7, EVENTS); i++) {
                        emitter.send(ServerSentEvent.builder()
                                .id("" + i)
                                .data("" + i)
                                .build());
                    }
                    emitter.close();
                })
                .build();
        return exchange -> {
            if (exchange.header("Last-Event-ID").orElse("").equals("" + EVENTS)) {
                exchange.respond(Response.noContent());
            } else {
                stream.handle(exchange);
            }
        };
    }

    @Test
    void aLogInPiecesIsHeardWholeAndThenTheClientStops() throws Exception {
        try (ParleyServer server = serve(inPieces(), null);
                SseClient client = client("http://127.0.0.1", server).build().start()) {
            SseEnd end = client.closed().toCompletableFuture().get(20, TimeUnit.SECONDS);

            assertThat(end.reason()).isEqualTo(Reason.NO_CONTENT);
            assertThat(heard)
                    .containsExactlyElementsOf(IntStream.rangeClosed(1, EVENTS)
                            .mapToObj(i -> "" + i)
                            .toList());
            assertThat(client.lastEventId()).isEqualTo("" + EVENTS);
        }
    }

    @Test
    void aServerThatDrainsIsLeft() throws Exception {
        ParleyServer server = serve(SseEndpoint.emitting(emitter -> emitter.send(ServerSentEvent.of("x"))), null);
        try (SseClient client = client("http://127.0.0.1", server).build().start()) {
            assertThat(next(heard)).isEqualTo("x");

            server.drain(Duration.ofSeconds(1));

            assertThat(next(ends).reason()).isEqualTo(Reason.ENDED);
            assertThat(client.isOpen()).isFalse();
        } finally {
            server.close();
        }
    }

    @Test
    void closeWaitsForTheCallbackThatRuns() throws Exception {
        CountDownLatch inCallback = new CountDownLatch(1);
        CompletableFuture<Void> closing = new CompletableFuture<>();
        try (ParleyServer server =
                serve(SseEndpoint.emitting(emitter -> emitter.send(ServerSentEvent.of("x"))), null)) {
            SseClient client = client("http://127.0.0.1", server)
                    .onEvent(event -> {
                        inCallback.countDown();
                        closing.join();
                        heard.add("done");
                    })
                    .build()
                    .start();
            assertThat(inCallback.await(20, TimeUnit.SECONDS)).isTrue();
            List<Thread> threads = clientThreads();

            CompletableFuture<Void> closed = CompletableFuture.runAsync(() -> {
                closing.complete(null);
                client.close();
            });
            closed.get(20, TimeUnit.SECONDS);

            assertThat(heard).containsExactly("done");
            assertThat(next(ends).reason()).isEqualTo(Reason.CLOSED);
            for (Thread thread : threads) { // Its own thread, a daemon, ends with it.
                assertThat(thread.isDaemon()).isTrue();
                thread.join(20_000);
                assertThat(thread.isAlive()).isFalse();
            }
        }
    }

    private static List<Thread> clientThreads() {
        List<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("parley-sse-client"))
                .toList();
        assertThat(threads).isNotEmpty();
        return threads;
    }

    @Test
    void eventLoopsOfTheUsersAreNotStopped() throws Exception {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try (ParleyServer server =
                serve(SseEndpoint.emitting(emitter -> emitter.send(ServerSentEvent.of("x"))), null)) {
            for (int i = 0; i < 2; i++) {
                try (SseClient client = client("http://localhost", server)
                        .bootstrap(new Bootstrap().group(loops).channel(NioSocketChannel.class))
                        .build()
                        .start()) {
                    assertThat(next(heard)).isEqualTo("x");
                    assertThat(client.isOpen()).isTrue();
                }
            }
            assertThat(loops.isShuttingDown()).isFalse();
        } finally {
            loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
        }
    }

    // ---- TLS

    private static X509Bundle certificate() throws Exception {
        return new CertificateBuilder()
                .subject("CN=localhost")
                .setIsCertificateAuthority(true)
                .addSanDnsName("localhost")
                .buildSelfSigned();
    }

    private static ParleyServer serveTls(X509Bundle certificate) throws Exception {
        SslContext context =
                SslContextBuilder.forServer(certificate.toKeyManagerFactory()).build();
        return serve(inPieces(), Tls.of(context));
    }

    @Test
    void tlsIsSpokenWithWhomTheContextTrusts() throws Exception {
        X509Bundle certificate = certificate();
        SslContext trusting = SslContextBuilder.forClient()
                .trustManager(certificate.getCertificate())
                .build();
        try (ParleyServer server = serveTls(certificate);
                SseClient client = client("https://localhost", server)
                        .sslContext(trusting)
                        .build()
                        .start()) {
            assertThat(client.closed()
                            .toCompletableFuture()
                            .get(20, TimeUnit.SECONDS)
                            .reason())
                    .isEqualTo(Reason.NO_CONTENT);
            assertThat(heard).hasSize(EVENTS);
        }
    }

    @Test
    void aCertificateForAnotherNameIsRefusedWhateverTheContextSays() throws Exception {
        X509Bundle certificate = certificate();
        SslContext careless = SslContextBuilder.forClient()
                .trustManager(certificate.getCertificate())
                .endpointIdentificationAlgorithm(null)
                .build();
        try (ParleyServer server = serveTls(certificate);
                SseClient client = client("https://127.0.0.1", server)
                        .sslContext(careless)
                        .build()
                        .start()) {
            SseEnd end = next(ends);
            assertThat(end.reason()).isEqualTo(Reason.UNREACHABLE);
            assertThat(end.detail()).startsWith("no TLS connection: ").contains("127.0.0.1");
            assertThat(client.isOpen()).isFalse();
        }
    }

    @Test
    void aCertificateThatNobodyVouchesForIsRefused() throws Exception {
        try (ParleyServer server = serveTls(certificate());
                SseClient client = client("https://localhost", server).build().start()) {
            assertThat(next(ends).reason()).isEqualTo(Reason.UNREACHABLE);
            assertThat(client.isOpen()).isFalse();
        }
    }

    @Test
    void aRedirectFromTlsToClearTextIsNotFollowed() throws Exception {
        X509Bundle certificate = certificate();
        SslContext trusting = SslContextBuilder.forClient()
                .trustManager(certificate.getCertificate())
                .build();
        SslContext context =
                SslContextBuilder.forServer(certificate.toKeyManagerFactory()).build();
        Endpoint away = exchange -> exchange.respond(Response.redirect(307, "http://localhost:1/"));
        try (ParleyServer server = serve(away, Tls.of(context));
                SseClient client = client("https://localhost", server)
                        .sslContext(trusting)
                        .build()
                        .start()) {
            SseEnd end = client.closed().toCompletableFuture().get(20, TimeUnit.SECONDS);
            assertThat(end.reason()).isEqualTo(Reason.REFUSED);
            assertThat(end.detail()).isEqualTo("status 307: from https to http");
        }
    }
}
