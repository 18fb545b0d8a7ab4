package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** What holds for uploads in whatever way they come. */
class UploadEndpointTest {
    private UploadStore store = MemoryUploadStore.of(10_000_000);
    private final List<UploadProgress> told = new ArrayList<>();
    private final List<Upload> completed = new ArrayList<>();
    private @Nullable TestServer server;
    private @Nullable UploadEndpoint endpoint;

    private TestServer serve(UnaryOperator<UploadEndpoint.Builder> settings) {
        return serve(Protocol.HTTP_1_1, settings);
    }

    private TestServer serve(Protocol protocol, UnaryOperator<UploadEndpoint.Builder> settings) {
        TestServer made = TestServer.builder(clock -> {
                    UploadEndpoint uploads = settings.apply(UploadEndpoint.builder(store)
                                    .clock(clock)
                                    .onProgress(told::add)
                                    .onComplete(upload -> {
                                        completed.add(upload);
                                        return Response.text("done");
                                    }))
                            .build();
                    endpoint = uploads;
                    return Routes.builder()
                            .any("/uploads/*", uploads)
                            .post(
                                    "/admin/{id}/{action}",
                                    exchange -> exchange.respond(uploads.find(exchange, exchange.path("id"))
                                            .thenApply(upload -> act(exchange.path("action"), upload.orElseThrow()))))
                            .build();
                })
                .protocol(protocol)
                .build();
        server = made;
        return made;
    }

    private static Response act(String action, Upload upload) {
        switch (action) {
            case "pause" -> upload.pause();
            case "resume" -> upload.resume();
            default -> upload.delete();
        }
        return Response.text(Long.toString(upload.offset()));
    }

    private TestResponse admin(String action, String upload) {
        return server().post("/admin" + upload.substring(upload.lastIndexOf('/')) + '/' + action)
                .send();
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    private TestServer server() {
        return java.util.Objects.requireNonNull(server);
    }

    private List<String> events() {
        return told.stream()
                .map(progress -> progress.type().event() + " " + progress.loaded())
                .toList();
    }

    private TestRequest put(String target) {
        return server().request(HttpMethod.PUT, target);
    }

    private TestRequest tus(String method, String target) {
        return server().request(HttpMethod.valueOf(method), target).header("Tus-Resumable", "1.0.0");
    }

    /** One that is complete at once. */
    private String empty() {
        TestResponse response =
                tus("POST", "/uploads").header("Upload-Length", "0").send();
        assertThat(response).hasStatus(200);
        return '/' + response.header("Location").orElseThrow();
    }

    private String create(long length) {
        TestResponse response = tus("POST", "/uploads")
                .header("Upload-Length", Long.toString(length))
                .send();
        assertThat(response).hasStatus(201);
        return '/' + response.header("Location").orElseThrow();
    }

    private TestRequest patch(String target, long offset) {
        return tus("PATCH", target)
                .header("Content-Type", "application/offset+octet-stream")
                .header("Upload-Offset", Long.toString(offset));
    }

    private String text(String id) throws IOException {
        try (UploadContent content = store.open(id)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) content.size());
            while (bytes.hasRemaining() && content.read(bytes.position(), bytes) >= 0) {}
            return new String(bytes.array(), UTF_8);
        }
    }

    // ---- plain bodies

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void aBodyIsAnUpload(Protocol protocol) throws Exception {
        serve(protocol, builder -> builder);
        assertThat(put("/uploads/na%20me.txt")
                        .header("Content-Type", "text/plain")
                        .body("hello")
                        .send())
                .hasStatus(200)
                .hasBody("done");
        assertThat(completed).singleElement().satisfies(upload -> {
            assertThat(upload.fileName()).contains("na me.txt");
            assertThat(upload.contentType()).contains("text/plain");
            assertThat(upload.length()).hasValue(5);
            assertThat(upload.content()).hasBinaryContent("hello".getBytes(UTF_8));
        });
        assertThat(events()).startsWith("loadstart 0").endsWith("load 5", "loadend 5");
    }

    @Test
    void withoutAnActionTheAnswerTellsWhereItIs() throws Exception {
        server = TestServer.of(Routes.builder()
                .any("/uploads/*", UploadEndpoint.builder(store).build())
                .build());
        TestResponse response = server().post("/uploads/").body("hello").send();
        assertThat(response).hasStatus(201);
        assertThat(text(response.header("Location").orElseThrow())).isEqualTo("hello");
        TestResponse named = put("/uploads/x.txt").body("hello").send();
        assertThat(named).hasStatus(201);
        assertThat(text(named.header("Location").orElseThrow())).isEqualTo("hello");
    }

    @Test
    void aBodyOfUnknownLengthIsTaken() {
        serve(builder -> builder.maxUploadBytes(6));
        TestExchange chunked =
                server().post("/uploads").header("Transfer-Encoding", "chunked").open();
        chunked.send("abc");
        chunked.send("def");
        chunked.end();
        assertThat(chunked.response()).hasStatus(200);
        TestExchange longer =
                server().post("/uploads").header("Transfer-Encoding", "chunked").open();
        longer.send("abc");
        longer.send("defg");
        assertThat(longer.response()).isProblem(413);
        assertThat(completed).hasSize(1);
    }

    @Test
    void ofABodyThatBreaksOffNothingIsKept() throws Exception {
        serve(builder -> builder);
        TestExchange exchange =
                server().post("/uploads").header("Content-Length", "10").open();
        exchange.send("abc");
        exchange.cut();
        assertThat(store.ids()).isEmpty();
        assertThat(completed).isEmpty();
        assertThat(events()).containsExactly("loadstart 0", "abort 3", "loadend 3");
    }

    @Test
    void aBodyThatIsTooSlowIsTimedOut() throws Exception {
        serve(builder -> builder);
        TestExchange exchange =
                server().post("/uploads").header("Content-Length", "10").open();
        exchange.send("abc");
        server().advance(Duration.ofMinutes(1));
        assertThat(exchange.response()).isProblem(408);
        assertThat(store.ids()).isEmpty();
        assertThat(events()).containsExactly("loadstart 0", "progress 3", "timeout 3", "loadend 3");
    }

    @Test
    void theDigestIsVerified() throws Exception {
        serve(builder -> builder);
        String digest = Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest("hello".getBytes(UTF_8)));
        assertThat(put("/uploads/a")
                        .header("Repr-Digest", "unknown=:AA==:, sha-256=:" + digest + ":")
                        .body("hello")
                        .send())
                .hasStatus(200);
        assertThat(put("/uploads/a")
                        .header("Repr-Digest", "sha-256=:" + digest + ":")
                        .body("hallo")
                        .send())
                .isProblem(400);
        assertThat(put("/uploads/a")
                        .header("Repr-Digest", "sha-256=:AA==:")
                        .body("hello")
                        .send())
                .isProblem(400);
        assertThat(completed).hasSize(1);
        assertThat(store.ids()).hasSize(1);
    }

    // ---- pause, resume, cancel

    @Test
    void theApplicationPausesAndResumes() {
        serve(builder -> builder.onCreate(request -> Admission.accept()));
        String upload = create(10);
        TestExchange exchange = patch(upload, 0).header("Content-Length", "10").open();
        exchange.send("abc");
        assertThat(admin("pause", upload)).hasBody("3");
        exchange.send("def");
        exchange.send("ghij");
        assertThat(exchange.isAnswered()).isFalse();
        server().advance(Duration.ofMinutes(5)); // which is nothing that the client can help
        assertThat(exchange.isAnswered()).isFalse();
        admin("resume", upload);
        assertThat(exchange.response()).hasStatus(200).hasHeader("Upload-Offset", "10");
    }

    @Test
    void aJobOfTheApplicationFindsAnUpload(@TempDir Path directory) throws Exception {
        try (FileUploadStore files =
                FileUploadStore.at(directory).minFreeBytes(0).open()) {
            store = files;
            serve(builder -> builder);
            String upload = create(10);
            String id = upload.substring(upload.lastIndexOf('/') + 1);
            found(id, found -> assertThat(found.length()).hasValue(10));
            found(id, Upload::delete);
            assertThat(tus("HEAD", upload).send()).hasStatus(404);
            assertThat(endpoint().find("../../x").toCompletableFuture()).isCompletedWithValue(Optional.empty());

            String second = create(10);
            server().close();
            UploadEndpoint next = UploadEndpoint.builder(files) // nothing was uploaded to it yet
                    .clock(InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")))
                    .build();
            Optional<Upload> found = next.find(second.substring(second.lastIndexOf('/') + 1))
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            assertThat(found.orElseThrow().length()).hasValue(10);
        }
    }

    private void found(String id, Consumer<Upload> then) {
        CompletableFuture<Void> done = endpoint()
                .find(id)
                .thenAccept(found -> then.accept(found.orElseThrow()))
                .toCompletableFuture();
        server().advance(Duration.ofMillis(1)); // the executor of the test's server has its turn
        assertThat(done).isCompleted();
    }

    private UploadEndpoint endpoint() {
        return java.util.Objects.requireNonNull(endpoint);
    }

    @Test
    void theApplicationCancels() throws Exception {
        serve(builder -> builder);
        String upload = create(10);
        TestExchange exchange = patch(upload, 0).header("Content-Length", "10").open();
        exchange.send("abc");
        admin("delete", upload);
        assertThat(exchange.response()).isProblem(409);
        assertThat(store.ids()).isEmpty();
        assertThat(tus("HEAD", upload).send()).hasStatus(404);
        assertThat(events()).startsWith("loadstart 0").endsWith("abort 3", "loadend 3");
    }

    // ---- limits

    @Test
    void whatWaitsForTheDiskIsBoundedForAll() {
        serve(builder -> builder.maxBytesInFlight(1));
        String upload = create(10);
        TestExchange exchange = patch(upload, 0).header("Content-Length", "10").open();
        for (String piece : List.of("0", "1", "23", "456", "789")) {
            exchange.send(piece);
        }
        assertThat(exchange.response()).hasStatus(200).hasHeader("Upload-Offset", "10");
    }

    @Test
    void soManyMayBeUnfinished() {
        serve(builder -> builder.maxUnfinished(2));
        create(1);
        String second = create(1);
        assertThat(tus("POST", "/uploads").header("Upload-Length", "1").send()).isProblem(503);
        patch(second, 0).body("x").send();
        create(1);
    }

    @Test
    void soManyOfAnOwnerMayBeUnfinished() {
        serve(builder -> builder.maxUnfinishedPerOwner(1)
                .onCreate(request -> Admission.accept()
                        .owner(request.exchange().header("X-User").orElse("?"))));
        assertThat(tus("POST", "/uploads")
                        .header("X-User", "ann")
                        .header("Upload-Length", "1")
                        .send())
                .hasStatus(201);
        assertThat(tus("POST", "/uploads")
                        .header("X-User", "ann")
                        .header("Upload-Length", "1")
                        .send())
                .isProblem(503);
        assertThat(tus("POST", "/uploads")
                        .header("X-User", "bob")
                        .header("Upload-Length", "1")
                        .send())
                .hasStatus(201);
    }

    @Test
    void soManyOfAClientMayBeUnfinishedThatHaveNoOwner() {
        serve(builder -> builder.maxUnfinishedPerClient(1)
                .onCreate(request -> request.exchange()
                        .header("X-User")
                        .map(Admission.accept()::owner)
                        .orElse(Admission.accept())));
        String first = create(1);
        assertThat(tus("POST", "/uploads").header("Upload-Length", "1").send())
                .isProblem(503)
                .hasHeader("Retry-After", "60");
        assertThat(tus("POST", "/uploads")
                        .header("X-User", "ann")
                        .header("Upload-Length", "1")
                        .send())
                .hasStatus(201);
        patch(first, 0).body("x").send();
        String second = create(1);
        assertThat(tus("DELETE", second).send()).hasStatus(204);
        create(1);
    }

    @Test
    void aClientIsToldByItsAddress() throws Exception {
        assertThat(clientOf("192.0.2.7")).isEqualTo("192.0.2.7");
        assertThat(clientOf("::ffff:192.0.2.7")).isEqualTo("192.0.2.7");
        assertThat(clientOf("2001:db8:0:ff07:1:2:3:4")).isEqualTo("2001:db8:0:ff07::/64");
        assertThat(clientOf("::1")).isEqualTo("0:0:0:0::/64");
    }

    private static String clientOf(String address) throws IOException {
        return UploadRequest.clientOf(InetAddress.getByAddress(NetUtil.createByteArrayFromIpAddressString(address)));
    }

    @Test
    void aClientMayBeMadeTheOwner() {
        serve(builder -> builder.maxBytesPerOwner(Space.BLOCK + 1)
                .onCreate(request -> Admission.accept().owner(request.client())));
        put("/uploads/a").body("a").send();
        assertThat(completed.get(0).owner()).contains("127.0.0.1");
        assertThat(put("/uploads/a").body("a").send()).isProblem(413);
    }

    @Test
    void whatIsToBeCanBeWatchedByWhomTheApplicationTells() {
        List<String> names = new ArrayList<>();
        serve(builder -> builder.onCreate(request -> {
            names.add(request.id() + "/progress?token=" + request.progressToken());
            names.add(request.progressTopic());
            return Admission.accept();
        }));
        TestExchange body = put("/uploads/a").header("Content-Length", "10").open();
        body.send("0123");
        assertThat(server().get("/uploads/" + names.get(0))
                        .send()
                        .json(JsonNode.class)
                        .get("total")
                        .asInt())
                .isEqualTo(10);
        body.send("456789");
        assertThat(body.response()).hasStatus(200);
        assertThat(completed.get(0).progressTopic()).isEqualTo(names.get(1));
    }

    @Test
    void aHookMayThrowWhatIsChecked() throws Exception {
        serve(builder -> builder.onComplete(upload -> {
            throw new IOException("the disk of the application");
        }));
        assertThat(put("/uploads/a").body("a").send()).isProblem(500);
        assertThat(store.ids()).isEmpty();
        server().close();
        serve(builder -> builder.onCreate(upload -> {
            throw new IOException("the disk of the application");
        }));
        assertThat(put("/uploads/a").body("a").send()).isProblem(500);
        assertThat(store.ids()).isEmpty();
    }

    @Test
    void anOwnerMayStoreSoMuch() {
        serve(builder -> builder.maxBytesPerOwner(10 + 2 * Space.BLOCK)
                .onCreate(request -> Admission.accept().owner("ann")));
        String first = create(6);
        assertThat(tus("POST", "/uploads").header("Upload-Length", "5").send()).isProblem(413);
        assertThat(put("/uploads/a").header("Content-Length", "4").body("abcd").send())
                .hasStatus(200);
        assertThat(put("/uploads/a").body("a").send()).isProblem(413);
        assertThat(tus("DELETE", first).send()).hasStatus(204);
        create(6);
    }

    @Test
    void ofUnknownLengthRoomIsTakenAsItComes() {
        store = MemoryUploadStore.of(10 + Space.BLOCK);
        serve(builder -> builder);
        TestResponse response =
                tus("POST", "/uploads").header("Upload-Defer-Length", "1").send();
        String upload = '/' + response.header("Location").orElseThrow();
        assertThat(patch(upload, 0).body("01234567").send()).hasStatus(204);
        assertThat(patch(upload, 8).body("890").send()).isProblem(507);
        assertThat(tus("HEAD", upload).send()).hasHeader("Upload-Offset", "8");
        assertThat(tus("DELETE", upload).send()).hasStatus(204);
        create(10);
    }

    @Test
    void uploadsWithoutAByteFillAStoreToo() {
        store = MemoryUploadStore.of(3 * Space.BLOCK);
        serve(builder -> builder);
        String first = empty();
        TestResponse deferred =
                tus("POST", "/uploads").header("Upload-Defer-Length", "1").send();
        assertThat(deferred).hasStatus(201);
        assertThat(put("/uploads/a").header("Content-Length", "0").send()).hasStatus(200);
        assertThat(put("/uploads/b").header("Content-Length", "0").send()).isProblem(507);
        assertThat(tus("POST", "/uploads").header("Upload-Length", "0").send()).isProblem(507);
        assertThat(tus("DELETE", first).send()).hasStatus(204);
        empty();
    }

    @Test
    void uploadsWithoutAByteCountForTheirOwner() {
        serve(builder -> builder.maxBytesPerOwner(2 * Space.BLOCK)
                .onCreate(request -> Admission.accept().owner("ann")));
        empty();
        empty();
        assertThat(tus("POST", "/uploads").header("Upload-Length", "0").send()).isProblem(413);
    }

    @Test
    void aRecordCountsAsLongAsItIs() {
        store = MemoryUploadStore.of(5 * Space.BLOCK);
        serve(builder -> builder);
        String metadata =
                "name " + Base64.getEncoder().encodeToString("x".repeat(3000).getBytes(UTF_8));
        TestResponse first = tus("POST", "/uploads")
                .header("Upload-Length", "1")
                .header("Upload-Metadata", metadata)
                .send();
        assertThat(first).hasStatus(201);
        create(Space.BLOCK);
        assertThat(tus("POST", "/uploads").header("Upload-Length", "0").send()).isProblem(507);
        assertThat(tus("DELETE", '/' + first.header("Location").orElseThrow()).send())
                .hasStatus(204);
        create(Space.BLOCK);
    }

    @Test
    void anAnswerThatIsKeptIsGivenBackWithItsUpload() {
        store = MemoryUploadStore.of(20 * Space.BLOCK);
        serve(builder -> builder.onComplete(upload -> Response.text("x".repeat(60_000))));
        String first = create(1);
        patch(first, 0).body("a").send();
        assertThat(tus("POST", "/uploads")
                        .header("Upload-Length", Long.toString(15 * Space.BLOCK))
                        .send())
                .isProblem(507);
        assertThat(tus("DELETE", first).send()).hasStatus(204);
        create(19 * Space.BLOCK);
    }

    @Test
    void whatExpiresGivesTheRoomOfItsRecordBack() {
        store = MemoryUploadStore.of(2 * Space.BLOCK);
        serve(builder -> builder.expireAfter(Duration.ofHours(1)));
        create(Space.BLOCK);
        assertThat(tus("POST", "/uploads").header("Upload-Length", "0").send()).isProblem(507);
        server().advance(Duration.ofHours(2));
        tus("HEAD", "/uploads/" + "a".repeat(26)).send(); // which sweeps
        create(Space.BLOCK);
    }

    @Test
    void recordsAreCountedAgainInTheNextProgram(@TempDir Path directory) throws Exception {
        for (int program = 0; program < 2; program++) {
            try (FileUploadStore files = FileUploadStore.at(directory)
                    .minFreeBytes(0)
                    .maxBytes(2 * Space.BLOCK)
                    .open()) {
                store = files;
                serve(builder -> builder);
                empty();
                server().close();
            }
        }
        try (FileUploadStore files = FileUploadStore.at(directory)
                .minFreeBytes(0)
                .maxBytes(2 * Space.BLOCK)
                .open()) {
            store = files;
            serve(builder -> builder);
            assertThat(tus("POST", "/uploads").header("Upload-Length", "0").send())
                    .isProblem(507);
        }
    }

    @Test
    void aSettingThatIsWrongIsSaidToBe() {
        UploadEndpoint.Builder builder = UploadEndpoint.builder(store);
        assertThatThrownBy(() -> builder.maxUploadBytes(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxUploadBytes: 0 (expected: >= 1)");
        assertThatThrownBy(() -> builder.expireAfter(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expireAfter: PT0S (expected: PT1S to P36500D)");
    }

    // ---- what is there when the program begins again

    @Test
    void anUploadGoesOnInTheNextProgram(@TempDir Path directory) throws Exception {
        String upload;
        try (FileUploadStore files = FileUploadStore.at(directory)
                .minFreeBytes(0)
                .maxBytes(20 + 2 * Space.BLOCK)
                .open()) {
            store = files;
            serve(builder -> builder);
            upload = create(10);
            patch(upload, 0).body("01234").send();
            server().close();
        }
        try (FileUploadStore files = FileUploadStore.at(directory)
                .minFreeBytes(0)
                .maxBytes(20 + 2 * Space.BLOCK)
                .open()) {
            store = files;
            serve(builder -> builder);
            assertThat(tus("POST", "/uploads").header("Upload-Length", "11").send())
                    .isProblem(507); // the other half is reserved still
            create(10);
            assertThat(tus("HEAD", upload).send()).hasHeader("Upload-Offset", "5");
            assertThat(patch(upload, 5).body("56789").send()).hasStatus(200);
            assertThat(text(upload.substring(upload.lastIndexOf('/') + 1))).isEqualTo("0123456789");
        }
    }

    @Test
    void whatWasNotComparedToItsChecksumIsCutOff(@TempDir Path directory) throws Exception {
        String upload;
        try (FileUploadStore files =
                FileUploadStore.at(directory).minFreeBytes(0).open()) {
            store = files;
            serve(builder -> builder);
            upload = create(10);
            patch(upload, 0).body("01").send();
            String id = upload.substring(upload.lastIndexOf('/') + 1);
            // as it is in the midst of a request with a checksum
            files.save(
                    id,
                    UploadState.parse(files.record(id).orElseThrow())
                            .unchecked(2)
                            .toJson());
            try (UploadContent content = files.open(id)) {
                content.append(new ByteBuffer[] {ByteBuffer.wrap("xyz".getBytes(UTF_8))});
            }
            assertThat(tus("HEAD", upload).send()).hasHeader("Upload-Offset", "2");
            assertThat(text(id)).isEqualTo("01");
            server().close();
        }
    }

    @Test
    void anUploadThatTheApplicationMovedAwayStaysKnown(@TempDir Path directory) throws Exception {
        try (FileUploadStore files =
                FileUploadStore.at(directory).minFreeBytes(0).open()) {
            store = files;
            serve(builder -> builder.onComplete(upload -> {
                java.nio.file.Files.move(upload.file(), directory.resolve("mine"));
                return Response.text("moved");
            }));
            String upload = create(3);
            assertThat(patch(upload, 0).body("abc").send()).hasBody("moved");
            assertThat(tus("HEAD", upload).send()).hasStatus(204).hasHeader("Upload-Offset", "3");
            assertThat(patch(upload, 3).body("").send()).hasBody("moved");
            assertThat(directory.resolve("mine")).hasContent("abc");
            server().close();
        }
    }

    @Test
    void progressIsToldTwentyTimesASecondAndTheLastAlways() {
        serve(builder -> builder);
        String upload = create(100);
        TestExchange exchange = patch(upload, 0).header("Content-Length", "100").open();
        for (int i = 0; i < 50; i++) {
            exchange.send("x");
        }
        assertThat(events()).containsExactly("loadstart 0");
        server().advance(Duration.ofSeconds(1));
        assertThat(events()).containsExactly("loadstart 0", "progress 50");
        exchange.cut();
        assertThat(events()).containsExactly("loadstart 0", "progress 50", "abort 50", "loadend 50");
    }

    @Test
    void ofManyShortRequestsTheLastIsToldToo() {
        serve(builder -> builder);
        String upload = create(100);
        for (int i = 0; i < 20; i++) {
            assertThat(patch(upload, i).body("x").send()).hasStatus(204);
        }
        server().advance(Duration.ofSeconds(1));
        assertThat(events()).startsWith("loadstart 0").endsWith("progress 20").hasSizeLessThan(5);
    }

    @Test
    void whoWatchesHearsOfAnEndThatNobodySent() {
        serve(builder -> builder.expireAfter(Duration.ofHours(1)));
        String cancelled = create(10);
        patch(cancelled, 0).body("abc").send();
        assertThat(tus("DELETE", cancelled).send()).hasStatus(204);
        assertThat(events()).endsWith("abort 3", "loadend 3");
        told.clear();
        String expired = create(10);
        server().advance(Duration.ofHours(2));
        assertThat(tus("HEAD", expired).send()).hasStatus(404);
        assertThat(events()).containsExactly("timeout 0", "loadend 0");
    }

    @Test
    void aTakeoverEndsWhatItTakesOver() {
        serve(builder -> builder);
        String upload = create(10);
        TestExchange stalled = patch(upload, 0).header("Content-Length", "10").open();
        stalled.send("abc");
        assertThat(tus("HEAD", upload).send()).hasHeader("Upload-Offset", "3").hasHeader("Upload-Progress");
        assertThat(stalled.response()).isProblem(409);
        assertThat(events()).endsWith("abort 3", "loadend 3");
        patch(upload, 3).body("defghij").send();
        assertThat(events()).contains("loadstart 3").endsWith("load 10", "loadend 10");
    }

    @Test
    void whatTheApplicationMovedAwayAndThenFailedIsAskedForAgain(@TempDir Path directory) throws Exception {
        List<String> asked = new ArrayList<>();
        try (FileUploadStore files =
                FileUploadStore.at(directory).minFreeBytes(0).open()) {
            store = files;
            serve(builder -> builder.onComplete(upload -> {
                asked.add(upload.id());
                if (asked.size() > 1) {
                    return Response.text("moved before");
                }
                try {
                    java.nio.file.Files.move(upload.file(), directory.resolve("mine"));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                throw new IllegalStateException("on purpose");
            }));
            String upload = create(3);
            assertThat(patch(upload, 0).body("abc").send()).isProblem(500);
            assertThat(patch(upload, 3).body("").send()).hasStatus(200).hasBody("moved before");
            server().close();
        }
    }

    @Test
    void partsThatNobodyWantsAnyMoreExpire() throws Exception {
        serve(builder -> builder.expireAfter(Duration.ofHours(1)));
        TestResponse part = tus("POST", "/uploads")
                .header("Upload-Length", "3")
                .header("Upload-Concat", "partial")
                .header("Content-Type", "application/offset+octet-stream")
                .body("abc")
                .send();
        assertThat(part).hasStatus(201).hasHeader("Upload-Expires");
        assertThat(completed).isEmpty();
        String address = '/' + part.header("Location").orElseThrow();
        TestResponse whole = tus("POST", "/uploads")
                .header("Upload-Concat", "final;" + address)
                .send();
        assertThat(whole).hasStatus(200);
        server().advance(Duration.ofHours(2));
        assertThat(tus("HEAD", address).send()).hasStatus(404);
        assertThat(tus("HEAD", '/' + whole.header("Location").orElseThrow()).send())
                .hasStatus(204);
        assertThat(store.ids()).hasSize(1);
    }

    @Test
    void aPathBelowAnUploadIsNone() throws Exception {
        serve(builder -> builder);
        assertThat(put("/uploads/a/b.jpg").body("x").send()).isProblem(404);
        assertThat(store.ids()).isEmpty();
    }

    @Test
    void whatWasToldOnceDoesNotFallAndNothingStaysOpen(@TempDir Path directory) throws Exception {
        try (FileUploadStore files =
                FileUploadStore.at(directory).minFreeBytes(0).open()) {
            store = files;
            serve(builder -> builder);
            String upload = create(10);
            patch(upload, 0).body("abc").send();
            patch(upload, 3).body("def").send();
            assertThat(server().request(HttpMethod.HEAD, upload).send()).hasHeader("Upload-Offset", "6");
            assertThat(tus("HEAD", upload).send()).hasHeader("Upload-Offset", "6");
            assertThat(patch(upload, 1).body("x").send()).isProblem(409);
            server().advance(Duration.ofSeconds(1));
            assertThat(events())
                    .startsWith("loadstart 0")
                    .endsWith("progress 6")
                    .doesNotContain("progress 0");
            assertThat(told)
                    .allSatisfy(
                            progress -> assertThat(progress.bytesPerSecond()).isNotNegative());
            assertThat(openFilesBelow(directory)).noneMatch(file -> file.endsWith(".data"));
            server().close();
        }
    }

    /** Where the system tells. */
    private static List<String> openFilesBelow(Path directory) throws IOException {
        Path own = Path.of("/proc/self/fd");
        if (!java.nio.file.Files.isDirectory(own)) {
            return List.of();
        }
        List<String> open = new ArrayList<>();
        try (var all = java.nio.file.Files.list(own)) {
            for (Path each : all.toList()) {
                try {
                    String file = java.nio.file.Files.readSymbolicLink(each).toString();
                    if (file.startsWith(directory.toRealPath().toString())) {
                        open.add(file);
                    }
                } catch (java.nio.file.NoSuchFileException closed) {
                    assertThat(closed).isNotNull(); // that by which this looks
                }
            }
        }
        return open;
    }

    @Test
    void anAnswerThatIsTooLongToBeKeptIsGivenToWhoIsThere() {
        String answer = "x".repeat(100_000);
        serve(builder -> builder.onComplete(upload -> Response.text(answer)));
        String upload = create(3);
        assertThat(patch(upload, 0).body("abc").send()).hasStatus(200).hasBody(answer);
        assertThat(patch(upload, 3).body("").send()).hasStatus(200).hasNoBody();
    }

    @Test
    void aMethodThatIsNoneIsRefused() {
        serve(builder -> builder);
        assertThat(server().post("/uploads")
                        .header("X-HTTP-Method-Override", "a b")
                        .body("x")
                        .send())
                .isProblem(400);
    }
}
