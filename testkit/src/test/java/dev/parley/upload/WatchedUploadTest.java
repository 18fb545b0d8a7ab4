package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static dev.parley.upload.UploadProgress.EventType.ABORT;
import static dev.parley.upload.UploadProgress.EventType.LOAD;
import static dev.parley.upload.UploadProgress.EventType.LOADEND;
import static dev.parley.upload.UploadProgress.EventType.LOADSTART;
import static dev.parley.upload.UploadProgress.EventType.PROGRESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.parley.http.Routes;
import dev.parley.sse.SseEndpoint;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.ProgressRecorder;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestStream;
import dev.parley.topic.From;
import dev.parley.topic.Topics;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The progress of an upload is seen from elsewhere: by asking, and by events. */
class WatchedUploadTest {
    private final ProgressRecorder progress = new ProgressRecorder();
    private final MemoryUploadStore store = MemoryUploadStore.of(1_000_000);
    private final TestServer server = TestServer.of(clock -> {
        UploadEndpoint uploads = UploadEndpoint.builder(store)
                .clock(clock)
                .onProgress(progress)
                .progress(Topics.builder().clock(clock).build())
                .build();
        return Routes.builder()
                .any("/uploads/*", uploads)
                .get(
                        "/watched/{id}/progress",
                        SseEndpoint.builder()
                                .topics(uploads::progress)
                                .from(From.last(1))
                                .build())
                .build();
    });

    @AfterEach
    void close() {
        server.close();
    }

    private TestResponse created() {
        TestResponse created = server.post("/uploads")
                .header("Tus-Resumable", "1.0.0")
                .header("Upload-Length", "10")
                .send();
        assertThat(created).hasStatus(201).hasHeader("Upload-Progress");
        assertThat(created.header("Upload-Progress").orElseThrow())
                .startsWith(created.header("Location").orElseThrow() + "/progress?token=");
        return created;
    }

    private TestExchange patch(TestResponse created, long offset) {
        return server.request(HttpMethod.PATCH, '/' + created.header("Location").orElseThrow())
                .header("Tus-Resumable", "1.0.0")
                .header("Content-Type", "application/offset+octet-stream")
                .header("Upload-Offset", Long.toString(offset))
                .header("Content-Length", Long.toString(10 - offset))
                .open();
    }

    private static String progress(TestResponse created) {
        return '/' + created.header("Upload-Progress").orElseThrow();
    }

    private static String id(TestResponse created) {
        return created.header("Location").orElseThrow().substring("uploads/".length());
    }

    private TestStream watch(TestResponse created) {
        return server.get(progress(created).replace("/uploads/", "/watched/")).stream();
    }

    private static List<String> names(List<ServerSentEvent> events) {
        return events.stream().map(ServerSentEvent::event).toList();
    }

    private static List<String> data(List<ServerSentEvent> events) {
        return events.stream().map(event -> String.valueOf(event.data())).toList();
    }

    // ---- by asking

    @Test
    void whoHasTheTokenMayAsk() {
        TestResponse created = created();
        assertThat(server.get(progress(created)).send())
                .hasStatus(200)
                .hasHeader("Content-Type", "application/json")
                .hasHeader("Cache-Control", "no-store");
        patch(created, 0).send("0123").cut();
        String id = id(created);
        assertThat(server.get(progress(created)).send())
                .hasJson(
                        "{\"upload\":\"" + id
                                + "\",\"type\":\"loadend\",\"lengthComputable\":true,\"loaded\":4,\"total\":10,\"bytesPerSecond\":0,\"phase\":\"receiving\"}");
        assertThat(patch(created, 4).send("456789").response()).hasStatus(204);
        assertThat(server.get(progress(created)).send())
                .hasJson(
                        "{\"upload\":\"" + id
                                + "\",\"type\":\"loadend\",\"lengthComputable\":true,\"loaded\":10,\"total\":10,\"bytesPerSecond\":0,\"phase\":\"done\"}");
    }

    @Test
    void whoHasAnotherTokenMayNot() {
        String progress = progress(created());
        String other = progress(created());
        String wrong = progress.substring(0, progress.indexOf('=')) + other.substring(other.indexOf('='));
        assertThat(server.get(wrong).send()).isProblem(403);
        assertThat(server.get(progress.substring(0, progress.indexOf('?'))).send())
                .isProblem(403);
        assertThat(server.get("/uploads/aaaaaaaaaaaaaaaaaaaaaaaaaa/progress?token=x")
                        .send())
                .isProblem(404);
        assertThat(server.get("/uploads/x/progress?token=x").send()).isProblem(404);
        assertThat(server.get(wrong.replace("/uploads/", "/watched/")).send()).isProblem(403);
        assertThat(server.get("/watched/x/progress?token=x").send()).isProblem(404);
    }

    @Test
    void whoUploadsABodyIsToldWhereToo() {
        TestResponse response =
                server.request(HttpMethod.PUT, "/uploads/a.txt").body("0123").send();
        assertThat(server.get("/uploads/" + response.header("Upload-Progress").orElseThrow())
                        .send())
                .hasStatus(200);
    }

    // ---- by events

    @Test
    void aWatcherSeesAllOfItInOrder() {
        TestResponse created = created();
        TestStream watcher = watch(created);
        TestExchange sender = patch(created, 0);
        for (String piece : List.of("01", "23", "456")) {
            server.advance(Duration.ofMillis(100));
            sender.send(piece);
        }
        sender.send("789").end();
        assertThat(sender.response()).hasStatus(204);
        List<ServerSentEvent> events = watcher.events();
        assertThat(names(events)).startsWith("loadstart", "progress").endsWith("progress", "load", "loadend");
        assertThat(data(events))
                .filteredOn(text -> text.contains("\"loaded\":2,"))
                .hasSize(1);
        assertThat(data(events).get(events.size() - 1))
                .contains("\"loaded\":10,")
                .contains("\"phase\":\"done\"");
        assertThat(data(events))
                .isEqualTo(progress.told().stream().map(UploadProgress::toJson).toList());
    }

    @Test
    void aListenerHearsOfEachUploadInOrder() {
        TestResponse first = created();
        TestResponse second = created();
        patch(first, 0).send("0123").cut();
        TestExchange sender = patch(second, 0);
        server.advance(Duration.ofMillis(100));
        sender.send("0123");
        assertThat(patch(first, 4).send("456789").response()).hasStatus(204);
        assertThat(sender.send("456789").response()).hasStatus(204);

        assertThat(progress).isInOrder();
        assertThat(progress.uploads()).containsExactly(id(first), id(second));
        assertThat(progress.of(id(first)))
                .hasTypes(LOADSTART, ABORT, LOADEND, LOADSTART, LOAD, LOADEND)
                .hasLoaded(10);
        assertThat(progress.of(id(second)))
                .hasTypes(LOADSTART, PROGRESS, LOAD, LOADEND)
                .hasLoaded(10);
    }

    @Test
    void aWatcherWhoJoinsLateSeesHowFarItIs() {
        TestResponse created = created();
        TestExchange sender = patch(created, 0);
        server.advance(Duration.ofMillis(100));
        sender.send("0123");
        server.advance(Duration.ofMillis(100));
        TestStream late = watch(created);
        List<ServerSentEvent> first = late.events();
        assertThat(names(first)).containsExactly("progress");
        assertThat(data(first).get(0)).contains("\"loaded\":4,");
        sender.send("456789").end();
        assertThat(sender.response()).hasStatus(204);
        assertThat(names(late.events())).endsWith("load", "loadend");
        TestStream afterwards = watch(created);
        assertThat(names(afterwards.events())).containsExactly("loadend");
    }

    @Test
    void withoutTopicsThereIsNoTopic() {
        UploadEndpoint uploads = UploadEndpoint.builder(store).build();
        try (TestServer plain = TestServer.of(Routes.builder()
                .get("/{id}", exchange -> {
                    assertThatIllegalStateException()
                            .isThrownBy(() -> uploads.progress(exchange))
                            .withMessage("progress: no topics (expected: those of Builder.progress)");
                    exchange.respond(dev.parley.http.Response.noContent());
                })
                .build())) {
            assertThat(plain.get("/x").send()).hasStatus(204);
        }
    }
}
