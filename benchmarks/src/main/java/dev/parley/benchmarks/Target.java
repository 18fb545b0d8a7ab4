package dev.parley.benchmarks;

import dev.parley.beacon.BeaconCollector;
import dev.parley.beacon.BeaconLog;
import dev.parley.beacon.BeaconSink;
import dev.parley.http.BodyListener;
import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.HttpLimits;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import dev.parley.server.Tls;
import dev.parley.signaling.RoomSettings;
import dev.parley.signaling.SignalingEndpoint;
import dev.parley.sse.SseEndpoint;
import dev.parley.topic.Draft;
import dev.parley.topic.History;
import dev.parley.topic.Topic;
import dev.parley.topic.TopicException;
import dev.parley.topic.Topics;
import dev.parley.upload.Durability;
import dev.parley.upload.FileUploadStore;
import dev.parley.upload.UploadEndpoint;
import dev.parley.websocket.RateLimit;
import dev.parley.websocket.WebSocketEndpoint;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * The server under test: a small set of paths with the library's default protections on.
 *
 * <pre>
 * java -jar parley-target.jar --port 8080 [--host 127.0.0.1] [--tls-port 8443] [--transport nio|epoll|io_uring]
 *                             [--loops N] [--deflate on|off] [--static DIR] [--uploads DIR]
 *                             [--origin ORIGIN] [--beacon-log DIR]
 * </pre>
 *
 * <p>It prints one line when it is ready.
 */
public final class Target {
    /** Shorter than the library's own, so that checks of time limits need not wait long. */
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);

    /** What is silent for so long gets a heartbeat. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(2);

    /** What the echo takes. */
    private static final int ECHO_BYTES = 16 * 1024 * 1024;

    /** Lower than the library's own, so that messages of the load generator are compressed. */
    private static final int DEFLATE_THRESHOLD = 64;

    /** Of peers, for the load of one large room. */
    private static final int LARGE_ROOM = 1_000;

    private static final int SIGNALS_PER_MINUTE = 6_000_000;
    private static final long SIGNAL_BYTES_PER_SECOND = 1L << 30;

    private static final Response PUBLISHED = Response.noContent();
    private static final Response OK = Response.text("ok");
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private Target() {}

    /**
     * Starts the server.
     *
     * @param args see above
     * @throws Exception if it can't be started
     */
    public static void main(String[] args) throws Exception {
        Arguments arguments = Arguments.parse(args);
        ParleyServer server = start(arguments).drainOnShutdown(DRAIN);
        System.out.println("ready " + server.address());
    }

    /** Starts a server that the caller closes. */
    static ParleyServer start(Arguments arguments) throws Exception {
        ParleyServer.Builder server = ParleyServer.builder()
                .host(arguments.host())
                .port(arguments.port())
                .transport(arguments.transport())
                .eventLoops(arguments.loops())
                .limits(HttpLimits.builder()
                        .headerTimeout(REQUEST_TIMEOUT)
                        .bodyTimeout(REQUEST_TIMEOUT)
                        .build())
                .routes(routes(arguments));
        if (arguments.tlsPort() >= 0) {
            server.tls(developmentCertificate()).tlsPort(arguments.tlsPort());
        }
        return server.build().start();
    }

    private static Routes routes(Arguments arguments) throws IOException {
        Topics topics = Topics.builder().history(History.last(1000)).build();
        Topic events = topics.topic("events");
        SignalingEndpoint signaling = signaling();
        Path uploads = arguments.uploads() == null ? temporary() : arguments.uploads();
        Routes.Builder routes = Routes.builder()
                .get("/", exchange -> exchange.respond(OK))
                .get("/healthz", exchange -> exchange.respond(OK))
                .post("/sink", answeredEmpty())
                .post("/beacon", BeaconCollector.to(sink(arguments)))
                .post("/upload", Target::count)
                .post("/multipart", new FormFiles(uploads.resolve("forms"))::receive)
                .any(
                        "/tus/*",
                        UploadEndpoint.builder(FileUploadStore.at(uploads.resolve("tus"))
                                        .durability(Durability.NONE)
                                        .open())
                                .build())
                .get("/sse/{topic}", streams(topics).build())
                .get("/ndjson/{topic}", streams(topics).ndjson().build())
                .get("/echo", echo(arguments))
                .get("/json", json(arguments))
                .get("/ws/{topic}", subscribers(arguments, topics))
                .any("/signal", signaling)
                .any("/peerjs/*", signaling.peerJs())
                .any("/y-webrtc", signaling.yWebRtc())
                .get(
                        "/events",
                        SseEndpoint.builder(exchange -> events)
                                .keepAlive(HEARTBEAT)
                                .build())
                .post("/publish", exchange -> publish(exchange, events, exchange.query("event")))
                .post("/publish/{topic}", exchange -> publish(exchange, topic(topics, exchange), Optional.empty()));
        if (arguments.files() != null) {
            routes.files("/static", StaticFiles.directory(arguments.files()));
        }
        if (arguments.origin() != null) {
            routes.origins(OriginPolicy.builder()
                    .origin(arguments.origin())
                    .credentials()
                    .build());
        }
        return routes.build();
    }

    /** A directory that is deleted at the end of the program. */
    private static Path temporary() throws IOException {
        Path directory = Files.createTempDirectory("parley-target");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            } catch (IOException | UncheckedIOException e) {
                System.err.println(directory + " is not deleted: " + e);
            }
        }));
        return directory;
    }

    /** Where beacons go: to a durable log, or nowhere, as the collector counts them. */
    private static BeaconSink sink(Arguments arguments) throws IOException {
        Path directory = arguments.beaconLog();
        return directory == null
                ? batch -> BeaconSink.STORED
                : BeaconLog.at(directory).durable().open();
    }

    private static SseEndpoint.Builder streams(Topics topics) {
        return SseEndpoint.builder(exchange -> topics.topic(exchange.path("topic")));
    }

    /** Sends everything back. */
    private static Endpoint echo(Arguments arguments) {
        return deflating(arguments, WebSocketEndpoint.builder())
                .subprotocols("chat.v1")
                .maxMessageBytes(ECHO_BYTES)
                .maxQueuedBytes(2 * ECHO_BYTES)
                .onText((connection, text) -> connection.send(text))
                .onBinary((connection, bytes) -> connection.send(bytes.retain()))
                .build();
    }

    /** Rooms for a load that comes from a few peers only: what one may send is what all together would. */
    private static SignalingEndpoint signaling() {
        return SignalingEndpoint.builder()
                .room(RoomSettings.builder().maxPeers(LARGE_ROOM).build())
                .maxDescriptions(SIGNALS_PER_MINUTE)
                .maxCandidates(SIGNALS_PER_MINUTE)
                .maxMessages(SIGNALS_PER_MINUTE)
                .rateLimit(new RateLimit(SIGNALS_PER_MINUTE / 60, SIGNAL_BYTES_PER_SECOND))
                .build();
    }

    /** Subscribes to a topic; what a client says is heard by nobody. */
    private static Endpoint subscribers(Arguments arguments, Topics topics) {
        Endpoint subscribed = deflating(arguments, WebSocketEndpoint.builder())
                .onOpen((connection, exchange) -> connection.subscribe(topic(topics, exchange)))
                .onText((connection, text) -> {})
                .build();
        return exchange -> {
            topic(topics, exchange); // 404 before the handshake
            subscribed.handle(exchange);
        };
    }

    /** The payload of a message that asks for a sum. */
    record Add(int a, int b) {}

    /** Answers typed messages. */
    private static Endpoint json(Arguments arguments) {
        return deflating(arguments, WebSocketEndpoint.json())
                .on("add", Add.class, (connection, add) -> add.a() + add.b())
                .build();
    }

    private static WebSocketEndpoint.Builder deflating(Arguments arguments, WebSocketEndpoint.Builder builder) {
        return arguments.deflate() ? builder.deflateThreshold(DEFLATE_THRESHOLD) : builder.noDeflate();
    }

    private static void publish(Exchange exchange, Topic topic, Optional<String> event) {
        exchange.respond(exchange.body().thenCompose(body -> {
            try {
                Draft draft = Draft.ofUtf8(body.bytes());
                return topic.publish(event.map(draft::event).orElse(draft)).thenApply(position -> PUBLISHED);
            } catch (IllegalArgumentException e) { // over a limit, or no name for an event
                throw Problem.of(400, "It can't be published: " + e.getMessage())
                        .asException();
            } catch (TopicException e) {
                throw Problem.of(503, "There are too many topics.").asException();
            }
        }));
    }

    /** The topic that a path names. */
    private static Topic topic(Topics topics, Exchange exchange) {
        try {
            return topics.topic(exchange.path("topic"));
        } catch (TopicException e) {
            throw Problem.of(404, "There is no such topic.").asException();
        }
    }

    private static Endpoint answeredEmpty() {
        return exchange -> exchange.respond(exchange.body().thenApply(body -> Response.noContent()));
    }

    /** Reads a body of any length, and answers with its length. */
    private static void count(Exchange exchange) {
        exchange.maxBodyBytes(Long.MAX_VALUE);
        exchange.receive(new BodyListener() {
            private long bytes;

            @Override
            public CompletionStage<?> onChunk(ByteBuf chunk) {
                bytes += chunk.readableBytes();
                return READY;
            }

            @Override
            public void onEnd(HttpHeaders trailers) {
                exchange.respond(Response.text(Long.toString(bytes)));
            }

            @Override
            public void onFailure(Throwable cause) {
                // Nobody is left to tell the count to.
            }
        });
    }

    private static Tls developmentCertificate() throws Exception {
        X509Bundle certificate = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .addExtendedKeyUsageServerAuth()
                .setIsCertificateAuthority(true)
                .ecp256()
                .buildSelfSigned();
        return Tls.of(SslContextBuilder.forServer(certificate.toKeyManagerFactory())
                .protocols("TLSv1.3", "TLSv1.2")
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_2,
                        ApplicationProtocolNames.HTTP_1_1))
                .build());
    }
}
