package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.parley.http.Problem;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/** Forms whose files are uploads, over each version of HTTP, whole and in pieces. */
@ParameterizedClass
@CsvSource({"HTTP_1_1, 2147483647", "HTTP_1_1, 1", "HTTP_2, 2147483647", "HTTP_2, 1"})
final class FormUploadTest {
    private static final String TYPE = "multipart/form-data; boundary=b";
    private static final String END = "--b--\r\n";

    /** For so many of 100,000 bytes there is room. */
    private static final int UPLOADS = 25;

    private final MemoryUploadStore store = MemoryUploadStore.of(UPLOADS * (100_000 + Space.BLOCK));
    private final Protocol protocol;
    private final int pieceBytes;
    private final List<String> told = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private TestServer server;

    FormUploadTest(Protocol protocol, int pieceBytes) {
        this.protocol = protocol;
        this.pieceBytes = pieceBytes;
        server = server(builder -> builder);
    }

    private TestServer server(UnaryOperator<UploadEndpoint.Builder> settings) {
        return TestServer.builder(clock -> Routes.builder()
                        .any(
                                "/uploads/*",
                                settings.apply(UploadEndpoint.builder(store)
                                                .clock(clock)
                                                .maxUploadBytes(100_000)
                                                .onProgress(progress -> events.add(
                                                        progress.type().event())))
                                        .build())
                        .build())
                .protocol(protocol)
                .pieceBytes(pieceBytes)
                .build();
    }

    private void serve(UnaryOperator<UploadEndpoint.Builder> settings) {
        server.close();
        server = server(settings);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static String field(String name, String value) {
        return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }

    private static String file(String field, String name, String content) {
        return "--b\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name
                + "\"\r\nContent-Type: text/plain\r\n\r\n" + content + "\r\n";
    }

    private TestRequest post(String... parts) {
        return server.post("/uploads").header("Content-Type", TYPE).body(String.join("", parts) + END);
    }

    private String stored(String id) throws IOException {
        try (UploadContent content = store.open(id)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) content.size());
            while (bytes.hasRemaining() && content.read(bytes.position(), bytes) >= 0) {}
            return new String(bytes.array(), UTF_8);
        }
    }

    /** Nothing is kept, and nothing counts any more: all room is there. */
    private void nothingIsLeft() {
        assertThat(store.ids()).isEmpty();
        for (int i = 0; i < UPLOADS; i++) {
            announce(100_000);
        }
    }

    record Summary(Map<String, List<String>> fields, List<Stored> files) {}

    record Stored(String field, String name, long bytes, String id, String location, String progress) {}

    // ---- what is kept

    @Test
    void eachFileIsAnUpload() throws Exception {
        TestResponse response = post(
                        field("title", "Tage"),
                        file("f", "a.txt", "one"),
                        field("title", "zwei"),
                        file("g", "b.txt", ""))
                .send();
        assertThat(response).hasStatus(200);
        Summary summary = response.json(Summary.class);
        assertThat(summary.fields()).containsExactly(Map.entry("title", List.of("Tage", "zwei")));
        assertThat(summary.files()).extracting(Stored::field).containsExactly("f", "g");
        assertThat(summary.files()).extracting(Stored::name).containsExactly("a.txt", "b.txt");
        assertThat(summary.files()).extracting(Stored::bytes).containsExactly(3L, 0L);
        Stored first = summary.files().get(0);
        assertThat(first.location()).isEqualTo("uploads/" + first.id());
        assertThat(first.progress()).startsWith("uploads/" + first.id() + "/progress?token=");
        assertThat(stored(first.id())).isEqualTo("one");
        assertThat(stored(summary.files().get(1).id())).isEmpty();
        assertThat(store.ids()).hasSize(2);
        assertThat(events)
                .filteredOn(event -> !event.equals("progress"))
                .containsExactly("loadstart", "loadstart", "load", "loadend", "load", "loadend");
    }

    @Test
    void fieldsAreTheMetadataOfTheFilesBehindThem() {
        serve(builder -> builder.onCreate(upload -> {
            told.add(upload.fileName().orElse("") + " " + upload.metadata() + " "
                    + upload.contentType().orElse(""));
            return Admission.accept();
        }));
        post(field("a", "1"), file("f", "../x", "one"), field("a", "2"), field("b", "3"), file("f", "CON", "two"))
                .send();
        assertThat(told).containsExactly("x {a=1} text/plain", "_CON {a=1, b=3} text/plain");
    }

    @Test
    void anInputThatWasLeftEmptyIsNoFile() {
        Summary summary = post(file("f", "", ""), field("a", "1")).send().json(Summary.class);
        assertThat(summary.files()).isEmpty();
        assertThat(summary.fields()).containsOnlyKeys("a");
        assertThat(store.ids()).isEmpty();
    }

    @Test
    void aFileWithoutANameIsOneIfThereIsSomethingInIt() throws Exception {
        Summary summary =
                post(file("f", "", "some"), file("g", "", "more")).send().json(Summary.class);
        assertThat(summary.files()).extracting(Stored::name).containsExactly("file", "file");
        assertThat(stored(summary.files().get(0).id())).isEqualTo("some");
        assertThat(stored(summary.files().get(1).id())).isEqualTo("more");
    }

    @Test
    void aFormMayHaveNothingInIt() {
        assertThat(post().send()).hasStatus(200).hasBody("{\"fields\":{},\"files\":[]}");
    }

    @Test
    void aFileMayBeLong() throws Exception {
        String content = "0123456789".repeat(pieceBytes == 1 ? 300 : 10_000);
        Summary summary = post(file("f", "long", content)).send().json(Summary.class);
        assertThat(stored(summary.files().get(0).id())).isEqualTo(content);
    }

    // ---- the application

    @Test
    void filesAreCompletedInTheirOrder() {
        serve(builder -> builder.onComplete(upload -> {
            told.add(upload.fileName().orElse("") + " " + upload.offset() + " "
                    + upload.length().orElse(-1));
            return Response.text("mine");
        }));
        Summary summary = post(file("f", "a", "1"), file("f", "b", "22"), file("f", "c", "333"))
                .send()
                .json(Summary.class);
        assertThat(summary.files()).hasSize(3);
        assertThat(told).containsExactly("a 1 1", "b 2 2", "c 3 3");
    }

    @Test
    void whatTheApplicationSaysOfTheOnlyFileIsTheAnswer() {
        serve(builder -> builder.onComplete(upload -> Response.text("got it").status(201)));
        assertThat(post(field("a", "1"), file("f", "a", "1")).send())
                .hasStatus(201)
                .hasBody("got it");
    }

    @Test
    void whatTheApplicationSaysAgainstOneOfSeveralIsTheAnswer() {
        serve(builder ->
                builder.onComplete(upload -> upload.fileName().orElse("").equals("b")
                        ? Response.text("no " + upload.length().orElse(0)).status(422)
                        : Response.text("fine")));
        assertThat(post(file("f", "a", "1"), file("f", "b", "22"), file("f", "c", "3"))
                        .send())
                .hasStatus(422)
                .hasBody("no 2");
    }

    @Test
    void theApplicationMayAnswerTheForm() {
        serve(builder -> builder.onComplete(upload -> {
                    told.add(upload.fileName().orElse(""));
                    return Response.text("one");
                })
                .onForm(form -> {
                    told.add(form.exchange().method() + " " + form.fields().all("a") + " "
                            + form.files().size());
                    told.add(form.files("g").stream()
                            .map(upload -> upload.fileName().orElse(""))
                            .toList()
                            .toString());
                    return Response.redirect(303, "/thanks");
                }));
        assertThat(post(field("a", "1"), file("f", "x", "1"), file("g", "y", "1"), field("a", "2"), file("g", "z", "1"))
                        .send())
                .hasStatus(303)
                .hasHeader("Location", "/thanks");
        assertThat(told).containsExactly("x", "y", "z", "POST [1, 2] 3", "[y, z]");
    }

    @Test
    void theApplicationMayAnswerLater() {
        CompletableFuture<Response> later = new CompletableFuture<>();
        serve(builder -> builder.onFormAsync(form -> later));
        TestExchange exchange = server.post("/uploads")
                .header("Content-Type", TYPE)
                .open()
                .send(file("f", "x", "1") + END)
                .end();
        assertThat(exchange.isAnswered()).isFalse();
        later.complete(Response.noContent());
        assertThat(exchange.response()).hasStatus(204);
    }

    @Test
    void theNextPartWaitsUntilTheApplicationHasLookedAtTheLast() {
        List<CompletableFuture<Void>> looks = new ArrayList<>();
        serve(builder -> builder.onPartAsync(file -> {
                    told.add("part " + file.field() + " " + file.upload().offset());
                    CompletableFuture<Void> look = new CompletableFuture<>();
                    looks.add(look);
                    return look;
                })
                .onComplete(upload -> {
                    told.add("complete " + upload.offset());
                    return Response.text("one");
                }));
        TestExchange exchange = server.post("/uploads")
                .header("Content-Type", TYPE)
                .open()
                .send(file("f", "x", "1"))
                .send(file("g", "y", "22") + END)
                .end();
        assertThat(told).containsExactly("part f 1");
        looks.get(0).complete(null);
        server.run();
        assertThat(told).containsExactly("part f 1", "part g 2");
        looks.get(1).complete(null);
        assertThat(exchange.response()).hasStatus(200);
        assertThat(told).containsExactly("part f 1", "part g 2", "complete 1", "complete 2");
    }

    // ---- what is not kept

    @Test
    void aPartThatTheApplicationRefusesIsTheEndOfTheForm() {
        serve(builder -> builder.onPart(file -> {
            if (file.upload().offset() == 2) {
                throw Problem.of(422, "no picture").asException();
            }
        }));
        assertThat(post(file("f", "a", "1"), file("f", "b", "22"), file("f", "c", "3"))
                        .send())
                .isProblem(422, "no picture");
        nothingIsLeft();
    }

    @Test
    void aPartThatMayNotBeUploadedIsTheEndOfTheForm() {
        serve(builder -> builder.onCreate(upload ->
                upload.fileName().orElse("").equals("b") ? Admission.refuse(403, "not b") : Admission.accept()));
        assertThat(post(file("f", "a", "1"), file("f", "b", "22"), file("f", "c", "3"))
                        .send())
                .isProblem(403, "not b");
        serve(builder -> builder);
        nothingIsLeft();
    }

    @Test
    void aPartThatIsTooLongIsTheEndOfTheForm() {
        serve(builder -> builder.onCreate(upload -> Admission.accept().maxBytes(10)));
        assertThat(post(file("f", "a", "1"), file("f", "b", "0123456789x")).send())
                .isProblem(413);
        serve(builder -> builder);
        nothingIsLeft();
    }

    @Test
    void aFormThatIsMalformedLeavesNothing() {
        assertThat(server.post("/uploads")
                        .header("Content-Type", TYPE)
                        .body(file("f", "a", "1") + file("f", "b", "2"))
                        .send())
                .isProblem(400);
        assertThat(post(file("f", "a", "1"), "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n")
                        .send())
                .isProblem(400);
        assertThat(server.post("/uploads")
                        .header("Content-Type", "multipart/form-data")
                        .body(file("f", "a", "1") + END)
                        .send())
                .isProblem(400);
        nothingIsLeft();
    }

    @Test
    void aFormThatBreaksOffLeavesNothing() {
        String form = file("f", "a", "1") + file("f", "b", "22");
        for (int cut = 0; cut < form.length(); cut += pieceBytes == 1 ? 37 : 5) {
            TestExchange exchange = server.post("/uploads")
                    .header("Content-Type", TYPE)
                    .header("Content-Length", "1000")
                    .open();
            if (cut > 0) {
                exchange.send(form.substring(0, cut));
            }
            exchange.cut();
            assertThat(store.ids()).as("cut at " + cut).isEmpty();
        }
        assertThat(events).endsWith("abort", "loadend");
        nothingIsLeft();
    }

    @Test
    void aFormThatBreaksOffWhileTheApplicationDecidesLeavesNothing() {
        CompletableFuture<Admission> decision = new CompletableFuture<>();
        serve(builder -> builder.onCreateAsync(upload -> decision));
        for (String name : List.of("a", "")) { // with and without bytes that wait
            TestExchange exchange = server.post("/uploads")
                    .header("Content-Type", TYPE)
                    .header("Content-Length", "1000")
                    .open()
                    .send(file("f", name, "some bytes"));
            exchange.cut();
        }
        decision.complete(Admission.accept());
        server.run();
        nothingIsLeft();
    }

    @Test
    void aHookThatFailsIsTheEndOfTheForm() {
        serve(builder -> builder.onComplete(upload -> {
            if (upload.fileName().orElse("").equals("b")) {
                throw Problem.of(422, "not b").asException();
            }
            return Response.text("fine");
        }));
        assertThat(post(file("f", "a", "1"), file("f", "b", "2"), file("f", "c", "3"))
                        .send())
                .isProblem(422, "not b");
        assertThat(store.ids()).isEmpty();
        serve(builder -> builder.onForm(form -> {
            throw Problem.of(409, "not now").asException();
        }));
        assertThat(post(file("f", "a", "1"), file("f", "b", "2")).send()).isProblem(409, "not now");
        nothingIsLeft();
    }

    @Test
    void aFileThatIsDeletedMeanwhileIsTheEndOfTheForm() {
        serve(builder -> builder.onPart(file -> file.upload().delete()));
        assertThat(post(file("f", "a", "1"), file("f", "b", "2")).send()).isProblem(409);
        serve(builder -> builder);
        nothingIsLeft();
    }

    @Test
    void aStoreThatIsFullIsTheEndOfTheForm() {
        for (int i = 1; i < UPLOADS; i++) {
            announce(100_000);
        }
        announce(
                100_000 - 2 * Space.BLOCK - 1); // which leaves room for the first file, and for the second one's record
        assertThat(post(file("f", "a", "1"), file("f", "b", "2")).send()).isProblem(507);
        assertThat(store.ids()).hasSize(UPLOADS);
    }

    private void announce(long length) {
        assertThat(server.post("/uploads")
                        .header("Tus-Resumable", "1.0.0")
                        .header("Upload-Length", Long.toString(length))
                        .send())
                .hasStatus(201);
    }

    // ---- limits

    @Test
    void theFilesOfAFormAreNotTooManyForEachOther() throws Exception {
        serve(builder -> builder.maxUnfinishedPerOwner(1)
                .maxUnfinishedPerClient(1)
                .onCreate(upload -> upload.fileName().equals(Optional.of("nobodys"))
                        ? Admission.accept()
                        : Admission.accept().owner("ann")));
        assertThat(post(file("f", "a", "1"), file("f", "b", "2"), file("f", "c", "3"))
                        .send())
                .hasStatus(200);
        assertThat(post(file("f", "nobodys", "1"), file("f", "nobodys", "2")).send())
                .hasStatus(200);
        announce(10);
        assertThat(post(file("f", "a", "1"), file("f", "b", "2")).send()).isProblem(503);
        assertThat(store.ids()).hasSize(6);
    }

    @Test
    void theHooksOfAFormMayThrowWhatIsChecked() {
        serve(builder -> builder.onPart(file -> {
            throw new IOException("the disk of the application");
        }));
        assertThat(post(file("f", "a", "1")).send()).isProblem(500);
        nothingIsLeft();
        store.ids().forEach(store::delete);
        serve(builder -> builder.onForm(form -> {
            throw new IOException("the disk of the application");
        }));
        assertThat(post(file("f", "a", "1")).send()).isProblem(500);
        nothingIsLeft();
    }

    @Test
    void aFormHasLimits() {
        serve(builder -> builder.form(Multipart.builder()
                        .maxParts(2)
                        .maxHeadBytes(120)
                        .maxNameChars(5)
                        .maxBytes(1000)
                        .build())
                .maxFormFieldBytes(200));
        assertThat(post(field("a", "1"), file("f", "a", "1")).send()).hasStatus(200);
        int kept = store.ids().size();
        assertThat(post(file("f", "a", "1"), field("a", "1"), field("a", "1")).send())
                .isProblem(413);
        assertThat(post(file("f", "a", "1"), field("abcdef", "1")).send()).isProblem(413);
        assertThat(post(file("f", "a", "1"), field("a\"; x=\"" + "x".repeat(120), "1"))
                        .send())
                .isProblem(413);
        assertThat(post(file("f", "a", "1"), field("a", "x".repeat(201))).send())
                .isProblem(413);
        assertThat(post(file("f", "a", "x".repeat(1000))).send()).isProblem(413);
        assertThat(store.ids()).hasSize(kept);
    }

    @Test
    void limitsHaveDefaults() {
        String[] parts = new String[1001];
        Arrays.fill(parts, field("a", ""));
        if (pieceBytes > 1) {
            assertThat(post(parts).send()).isProblem(413);
            assertThat(post(field("a", "x".repeat(65_500))).send()).isProblem(413);
            assertThat(post(field("a", "x".repeat(65_400))).send()).hasStatus(200);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> UploadEndpoint.builder(store).maxFormFieldBytes(0))
                .withMessage("maxFormFieldBytes: 0 (expected: >= 1)");
    }

    @Test
    void manyEmptyFilesAreManyUploads() {
        String[] parts = new String[pieceBytes == 1 ? 20 : 500];
        Arrays.fill(parts, file("f", "x", ""));
        Summary summary = post(parts).send().json(Summary.class);
        assertThat(summary.files()).hasSize(parts.length);
    }

    @Test
    void nothingIsStoredWhileTheApplicationDecides() {
        CompletableFuture<Admission> decision = new CompletableFuture<>();
        serve(builder -> builder.onCreateAsync(upload -> decision));
        TestExchange exchange =
                server.post("/uploads").header("Content-Type", TYPE).open();
        exchange.send(file("f", "a", "0123456789"));
        assertThat(exchange.isAnswered()).isFalse();
        assertThat(store.ids()).isEmpty();
        decision.complete(Admission.accept());
        exchange.send(END).end();
        assertThat(exchange.response()).hasStatus(200);
        assertThat(store.ids()).hasSize(1);
    }

    @Test
    void noFileIsLeftBehind(@TempDir Path directory) throws Exception {
        server.close();
        try (FileUploadStore files = FileUploadStore.at(directory)
                .durability(Durability.NONE)
                .minFreeBytes(0)
                .open()) {
            server = TestServer.builder(clock -> Routes.builder()
                            .any(
                                    "/uploads/*",
                                    UploadEndpoint.builder(files)
                                            .clock(clock)
                                            .onPart(file -> {
                                                assertThat(file.upload().file()).hasContent("one");
                                            })
                                            .build())
                            .build())
                    .protocol(protocol)
                    .pieceBytes(pieceBytes)
                    .build();
            List<Path> before = list(directory);
            server.post("/uploads")
                    .header("Content-Type", TYPE)
                    .header("Content-Length", "1000")
                    .open()
                    .send(file("../../f", "../../../x", "one") + file("g", "C:\\y", "two"))
                    .cut();
            assertThat(list(directory)).isEqualTo(before);
            assertThat(post(file("../../f", "../../../x", "one")).send()).hasStatus(200);
            assertThat(files.ids()).hasSize(1);
            server.run();
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.sorted().toList();
        }
    }

    @Test
    void aServerThatIsBusyRefusesTheForm() {
        serve(builder -> builder.onPartAsync(file -> CompletableFuture.failedStage(new RejectedExecutionException())));
        assertThat(post(file("f", "a", "1")).send()).isProblem(503).hasHeader("Retry-After", "1");
        assertThat(store.ids()).isEmpty();
    }
}
