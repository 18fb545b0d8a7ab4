package dev.parley.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Routes;
import dev.parley.http.SendOutcome;
import dev.parley.server.ParleyServer;
import dev.parley.sse.codec.EventStreamParser;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Compressed streams over real sockets, written by many threads: the checksum is that of the order on the wire. */
@Timeout(300)
class GzipSocketTest {
    private static final int CLIENTS = 6;
    private static final int EVENTS = 1000;

    private final Topics topics = Topics.inMemory();
    private final Topic news = topics.topic("news");
    private final BlockingQueue<SseEmitter> emitters = new LinkedBlockingQueue<>();

    private final SseEndpoint endpoint =
            SseEndpoint.builder(exchange -> news).onOpen(emitters::add).gzip().build();

    /** The data of all events of a stream, which must be a whole gzip member. */
    private static CompletableFuture<List<String>> read(ParleyServer server) {
        CompletableFuture<List<String>> heard = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try {
                URI uri = URI.create("http://127.0.0.1:" + server.port() + "/news");
                HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
                connection.setRequestProperty("Accept-Encoding", "gzip");
                connection.setReadTimeout(120_000);
                byte[] member;
                try (InputStream in = connection.getInputStream()) {
                    assertThat(connection.getContentEncoding()).isEqualTo("gzip");
                    member = in.readAllBytes();
                }
                byte[] stream = new GZIPInputStream(new ByteArrayInputStream(member)).readAllBytes();
                List<String> texts = new ArrayList<>();
                EventStreamParser parser = new EventStreamParser(new EventStreamParser.Listener() {
                    @Override
                    public void onEvent(ServerSentEvent event) {
                        texts.add(String.valueOf(event.data()));
                    }
                });
                parser.parse(Unpooled.wrappedBuffer(stream));
                assertThat(new String(stream, UTF_8)).startsWith("retry: 3000\n\n");
                heard.complete(texts);
            } catch (Throwable t) {
                heard.completeExceptionally(t);
            }
        });
        reader.start();
        return heard;
    }

    private static CompletableFuture<Void> started(Runnable work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        new Thread(() -> {
                    try {
                        work.run();
                        done.complete(null);
                    } catch (Throwable t) {
                        done.completeExceptionally(t);
                    }
                })
                .start();
        return done;
    }

    /** The stream of a client that has just connected; fails as its reader fails. */
    private SseEmitter opened(CompletableFuture<List<String>> client) throws Exception {
        SseEmitter emitter = emitters.poll(60, TimeUnit.SECONDS);
        if (emitter == null) {
            client.get(0, TimeUnit.SECONDS);
        }
        assertThat(emitter).as("opened").isNotNull();
        return emitter;
    }

    private static List<String> numbered(String name) {
        return IntStream.range(0, EVENTS).mapToObj(i -> name + " " + i).toList();
    }

    @Test
    void whatManyThreadsWriteIsOneMemberInTheOrderOfEach() throws Exception {
        try (ParleyServer server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(2)
                .routes(Routes.builder().get("/news", endpoint).build())
                .build()
                .start()) {
            List<CompletableFuture<List<String>>> clients = new ArrayList<>();
            List<SseEmitter> opened = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                CompletableFuture<List<String>> client = read(server);
                clients.add(client);
                opened.add(opened(client));
            }
            List<CompletableFuture<Void>> writers = new ArrayList<>();
            writers.add(started(() -> numbered("topic").forEach(news::publish)));
            for (String name : List.of("one", "two")) {
                writers.add(started(() -> {
                    for (String text : numbered(name)) {
                        for (SseEmitter emitter : opened) {
                            assertThat(emitter.send(ServerSentEvent.of(text)))
                                    .isIn(SendOutcome.SENT, SendOutcome.QUEUED);
                        }
                    }
                }));
            }
            for (CompletableFuture<Void> writer : writers) {
                writer.get(120, TimeUnit.SECONDS);
            }
            // Behind what was published, each event loop hears of the end, and the streams end with it.
            opened.forEach(SseEmitter::close);

            for (CompletableFuture<List<String>> client : clients) {
                Map<String, List<String>> heard = client.get(120, TimeUnit.SECONDS).stream()
                        .collect(Collectors.groupingBy(text -> text.substring(0, text.indexOf(' '))));
                assertThat(heard.get("one")).isEqualTo(numbered("one"));
                assertThat(heard.get("two")).isEqualTo(numbered("two"));
                List<String> published = heard.getOrDefault("topic", List.of());
                assertThat(published).isEqualTo(numbered("topic").subList(0, published.size()));
            }
        } finally {
            topics.close();
        }
    }
}
