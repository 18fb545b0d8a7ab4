package dev.parley.examples;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static dev.parley.upload.Admission.accept;
import static dev.parley.upload.Admission.refuse;
import static dev.parley.upload.UploadProgress.EventType.LOADEND;
import static dev.parley.upload.UploadProgress.EventType.LOADSTART;
import static dev.parley.upload.UploadProgress.EventType.PROGRESS;
import static dev.parley.upload.UploadProgress.EventType.TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.parley.http.BodyListener;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import dev.parley.sse.SseEndpoint;
import dev.parley.testkit.ProgressRecorder;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestStream;
import dev.parley.testkit.UploadStoreContract;
import dev.parley.topic.From;
import dev.parley.topic.Topics;
import dev.parley.upload.Durability;
import dev.parley.upload.FileUploadStore;
import dev.parley.upload.FormFields;
import dev.parley.upload.MemoryUploadStore;
import dev.parley.upload.Multipart;
import dev.parley.upload.Part;
import dev.parley.upload.PartListener;
import dev.parley.upload.Upload;
import dev.parley.upload.UploadContent;
import dev.parley.upload.UploadEndpoint;
import dev.parley.upload.UploadRequest;
import dev.parley.upload.UploadStore;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The guide to uploads: each of its programs compiles and runs here, and what it shows of the wire is what goes over it. */
class UploadsGuideTest {
    private static final GuidePage PAGE = GuidePage.of("uploads", UploadsGuideTest.class);
    private static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");
    private static final Path SCRIPTS = Path.of("src/test/js");
    private static final Pattern RANDOM = Pattern.compile("\\b[a-z2-7]{26}\\b");
    /** What the page shows in place of an id and of a token, as each run has others. */
    private static final List<String> SHOWN = List.of("k3f7x2aqw4mtz5yvn7jd6bhcrp", "t5qhw2nxe4gkc7zmy3sbr6vda2");

    @TempDir
    @Nullable
    Path temporary;

    private final Topics topics = Topics.inMemory();
    private final Users users = new Users();
    private final Photos photos = new Photos();
    private final Photos scanner = photos;
    private final UploadStore store = MemoryUploadStore.create();
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());
    /** Ids and tokens of this run, in the order in which they were first seen. */
    private final List<String> seen = new ArrayList<>();

    private Path directory() {
        return Objects.requireNonNull(temporary);
    }

    @Test
    void itsProgramsAreTheOnesThatRunHere() throws IOException {
        PAGE.assertProgramsRun();
    }

    @Test
    void itsScriptsAreTheOnesThatABrowserRuns() throws IOException {
        String scripts = GuidePage.squeezed(SCRIPTS.resolve("uploads-guide.js"));

        assertThat(PAGE.blocks("js")).hasSize(3).allMatch(scripts::contains);
    }

    @Test
    void theUploadsOfTheReadmeAreTheOnesOfThisPage() throws IOException {
        GuidePage.readme(UploadsGuideTest.class).assertProgramRuns("Upload");
    }

    /** What went over the wire, with the ids of the page, and without the date, which each answer has. */
    private String asShown(String wire) {
        Matcher random = RANDOM.matcher(wire);
        while (random.find()) {
            if (!seen.contains(random.group())) {
                seen.add(random.group());
            }
        }
        String shown = wire.replace("\r\n", "\n").replaceAll("(?m)^date: .*\n", "");
        for (int i = 0; i < Math.min(seen.size(), SHOWN.size()); i++) {
            shown = shown.replace(seen.get(i), SHOWN.get(i));
        }
        return shown;
    }

    /** Sends a request of the page, and tells it with the answer. */
    private String talk(TestServer server, String head, String body) {
        TestConnection client = server.connect();
        client.send((seen.isEmpty() ? head : head.replace(SHOWN.get(0), seen.get(0))).replace("\n", "\r\n") + "\r\n");
        client.send(body);
        String answer = asShown(client.receivedText());
        client.cut();
        return (head + '\n' + (body.isEmpty() ? "" : body + "\n\n") + answer).strip() + "\n\n";
    }

    /** What the programs of the page stand for. */
    private static final class Users {
        boolean mayUpload(UploadRequest upload) {
            return !upload.fileName().equals(Optional.of("refused.txt"));
        }

        String of(UploadRequest upload) {
            return upload.exchange().header("X-User").orElse("ann");
        }
    }

    private final class Photos {
        Map<String, Object> add(Upload upload) {
            log.add(upload.fileName().orElse("?"));
            return Map.of("photo", upload.fileName().orElse("?"));
        }

        void addAll(String title, List<Upload> files) {
            log.add(title + ": " + files.size());
        }

        boolean isClean(Upload upload) {
            return !upload.fileName().equals(Optional.of("virus.exe"));
        }
    }

    private TestServer serve(UnaryOperator<UploadEndpoint.Builder> settings) {
        return TestServer.builder(clock -> Routes.builder()
                        .any(
                                "/uploads/*",
                                settings.apply(UploadEndpoint.builder(store).clock(clock))
                                        .build())
                        .build())
                .startingAt(TIME)
                .build();
    }

    private static TestRequest tus(TestServer server, String method, String target) {
        return server.request(HttpMethod.valueOf(method), target).header("Tus-Resumable", "1.0.0");
    }

    private static TestRequest patch(TestServer server, String target, long offset) {
        return tus(server, "PATCH", target)
                .header("Content-Type", "application/offset+octet-stream")
                .header("Upload-Offset", Long.toString(offset));
    }

    private static TestResponse created(TestServer server, long length) {
        TestResponse created = tus(server, "POST", "/uploads")
                .header("Upload-Length", Long.toString(length))
                .send();
        assertThat(created).hasStatus(201);
        return created;
    }

    private static String location(TestResponse created) {
        return '/' + created.header("Location").orElseThrow();
    }

    // ---- the first program, and the ways in

    private Routes first(Path directory) throws IOException {
        UploadStore store = FileUploadStore.at(directory).open();
        UploadEndpoint uploads = UploadEndpoint.builder(store)
                .onCreate(upload -> users.mayUpload(upload) ? accept() : refuse(403, "quota"))
                .onComplete(upload -> Response.json(photos.add(upload)))
                .progress(topics)
                .build();
        Routes routes = Routes.builder()
                .any("/uploads/*", uploads)
                .get(
                        "/uploads/{id}/progress",
                        SseEndpoint.builder()
                                .topics(uploads::progress)
                                .from(From.last(1))
                                .build())
                .build();
        opened = store;
        return routes;
    }

    private @Nullable UploadStore opened;

    @Test
    void whateverABrowserSendsIsAnUpload() throws IOException {
        try (TestServer server = TestServer.of(first(directory()))) {
            assertThat(server.request(HttpMethod.PUT, "/uploads/a.txt")
                            .body("hello")
                            .send())
                    .hasStatus(200)
                    .hasBody("{\"photo\":\"a.txt\"}");
            assertThat(server.request(HttpMethod.PUT, "/uploads/refused.txt")
                            .body("hello")
                            .send())
                    .isProblem(403, "quota");
            TestResponse created = created(server, 5);
            TestStream watcher =
                    server.get('/' + created.header("Upload-Progress").orElseThrow()).stream();
            assertThat(patch(server, location(created), 0).body("hello").send()).hasStatus(200);
            assertThat(watcher.events()).extracting(event -> event.event()).contains("load", "loadend");
            watcher.cut();
        }
        Objects.requireNonNull(opened).close();
        assertThat(log).containsExactly("a.txt", "?");
    }

    @Test
    void theWireOfTus() throws IOException {
        try (TestServer server = serve(builder -> builder.onComplete(upload -> Response.json(photos.add(upload))))) {
            String wire = talk(server, """
                    POST /uploads HTTP/1.1
                    Host: localhost
                    Tus-Resumable: 1.0.0
                    Upload-Length: 11
                    Upload-Metadata: filename aGVsbG8udHh0
                    """, "");
            wire += talk(server, """
                    PATCH /uploads/k3f7x2aqw4mtz5yvn7jd6bhcrp HTTP/1.1
                    Host: localhost
                    Tus-Resumable: 1.0.0
                    Content-Type: application/offset+octet-stream
                    Upload-Offset: 0
                    Content-Length: 11
                    """, "hello,");
            wire += talk(server, """
                    HEAD /uploads/k3f7x2aqw4mtz5yvn7jd6bhcrp HTTP/1.1
                    Host: localhost
                    Tus-Resumable: 1.0.0
                    """, "");
            wire += talk(server, """
                    PATCH /uploads/k3f7x2aqw4mtz5yvn7jd6bhcrp HTTP/1.1
                    Host: localhost
                    Tus-Resumable: 1.0.0
                    Content-Type: application/offset+octet-stream
                    Upload-Offset: 6
                    Content-Length: 5
                    """, "world");
            PAGE.assertShown(wire);
        }
        assertThat(log).containsExactly("hello.txt");
    }

    @Test
    void theWireOfTheDraft() throws IOException {
        try (TestServer server = serve(builder -> builder.onComplete(upload -> Response.json(photos.add(upload))))) {
            String head = """
                    POST /uploads HTTP/1.1
                    Host: localhost
                    Upload-Draft-Interop-Version: 8
                    Upload-Complete: ?1
                    Content-Disposition: attachment; filename="hello.txt"
                    Content-Length: 11
                    """;
            TestConnection client = server.connect();
            client.send(head.replace("\n", "\r\n") + "\r\n");
            String wire = head + '\n' + asShown(client.receivedText());
            server.advance(Duration.ofMillis(500));
            client.send("hello,");
            wire += "hello,\n\n" + asShown(client.receivedText());
            client.cut();
            wire += talk(server, """
                    HEAD /uploads/k3f7x2aqw4mtz5yvn7jd6bhcrp HTTP/1.1
                    Host: localhost
                    Upload-Draft-Interop-Version: 8
                    """, "");
            wire += talk(server, """
                    PATCH /uploads/k3f7x2aqw4mtz5yvn7jd6bhcrp HTTP/1.1
                    Host: localhost
                    Upload-Draft-Interop-Version: 8
                    Content-Type: application/partial-upload
                    Upload-Complete: ?1
                    Upload-Offset: 6
                    Content-Length: 5
                    """, "world");
            PAGE.assertShown(wire);
        }
    }

    private static final String FORM = """
            --b
            Content-Disposition: form-data; name="title"

            Two days
            --b
            Content-Disposition: form-data; name="photo"; filename="a.jpg"
            Content-Type: image/jpeg

            hello
            --b--
            """.replace("\n", "\r\n");

    private static TestRequest form(TestServer server, String target, String form) {
        return server.post(target)
                .header("Content-Type", "multipart/form-data; boundary=b")
                .body(form);
    }

    private record Plain(String id, long bytes) {}

    @Test
    void theAnswersThatNobodySet() throws IOException {
        try (TestServer server = serve(builder -> builder)) {
            PAGE.assertShown(asShown(form(server, "/uploads", FORM).send().text()));
            Plain plain = server.request(HttpMethod.PUT, "/uploads/a.jpg")
                    .body("hello")
                    .send()
                    .json(Plain.class);
            PAGE.assertShown("{\"id\":\"" + SHOWN.get(0) + "\",\"bytes\":" + plain.bytes() + '}');
            assertThat(plain.id()).matches(RANDOM);
        }
    }

    // ---- progress

    @Test
    void progressIsToldToAListener() {
        UploadEndpoint uploads = UploadEndpoint.builder(store)
                .onProgress(progress ->
                        log.add(progress.type().event() + " " + progress.loaded() + " of " + progress.total()))
                .build();

        try (TestServer server =
                TestServer.of(Routes.builder().any("/uploads/*", uploads).build())) {
            assertThat(server.post("/uploads").body("hello").send()).hasStatus(201);
        }
        assertThat(log).startsWith("loadstart 0 of 5").endsWith("load 5 of 5", "loadend 5 of 5");
    }

    @Test
    void progressIsJsonForWhoAsks() throws IOException {
        try (TestServer server = serve(builder -> builder)) {
            TestResponse created = created(server, 11);
            TestExchange sender = patch(server, location(created), 0)
                    .header("Content-Length", "11")
                    .open();
            server.advance(Duration.ofMillis(100));
            sender.send("hello,");
            String progress = '/' + created.header("Upload-Progress").orElseThrow();
            asShown(location(created));
            PAGE.assertShown(asShown(server.get(progress).send().text()));
            assertThat(server.get(progress + "x").send()).isProblem(403);
            sender.cut();
        }
    }

    // ---- hooks

    @Test
    void theApplicationSaysWhoMayAndWhatTheyGet() {
        UploadEndpoint.Builder settings = UploadEndpoint.builder(store)
                .onCreate(upload -> upload.contentType().orElse("").startsWith("image/")
                        ? accept().owner(users.of(upload)).fileName("photo.jpg").maxBytes(20L << 20)
                        : refuse(415, "Images only."));

        try (TestServer server = TestServer.of(
                Routes.builder().any("/uploads/*", settings.build()).build())) {
            assertThat(server.request(HttpMethod.PUT, "/uploads/a.txt")
                            .header("Content-Type", "text/plain")
                            .body("hello")
                            .send())
                    .isProblem(415, "Images only.");
            assertThat(server.request(HttpMethod.PUT, "/uploads/a.jpg")
                            .header("Content-Type", "image/jpeg")
                            .body("hello")
                            .send())
                    .hasStatus(201);
        }
    }

    private static void link(Path link, Path file) {
        try {
            if (Files.notExists(link)) {
                Files.createLink(link, file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aFileThatIsCompleteOutlivesItsUpload() throws IOException {
        Path album = Files.createDirectory(directory().resolve("album"));
        try (FileUploadStore store = FileUploadStore.at(directory().resolve("uploads"))
                .minFreeBytes(0)
                .open()) {
            UploadEndpoint uploads = UploadEndpoint.builder(store)
                    .onComplete(upload -> {
                        link(
                                album.resolve(upload.id()),
                                upload.file()); // unless an attempt before this one has done it
                        return Response.json(Map.of("photo", upload.id())).status(201);
                    })
                    .build();

            try (TestServer server =
                    TestServer.of(Routes.builder().any("/uploads/*", uploads).build())) {
                String upload = location(created(server, 5));
                TestResponse answer = patch(server, upload, 0).body("hello").send();
                assertThat(answer).hasStatus(201);
                assertThat(patch(server, upload, 5).body("").send())
                        .hasStatus(201)
                        .hasBody(answer.text());
                assertThat(tus(server, "DELETE", upload).send()).hasStatus(204);
                assertThat(album.resolve(upload.substring("/uploads/".length())))
                        .hasContent("hello");
            }
        }
    }

    @Test
    void aFormIsAnsweredAsAWhole() throws IOException {
        UploadEndpoint uploads = UploadEndpoint.builder(store)
                .onPart(file -> {
                    if (!scanner.isClean(file.upload())) {
                        throw Problem.of(422, file.field() + ": not clean").asException();
                    }
                })
                .onForm(form -> {
                    photos.addAll(form.fields().first("title").orElse(""), form.files("photo"));
                    return Response.redirect(303, "/albums");
                })
                .build();

        try (TestServer server =
                TestServer.of(Routes.builder().any("/uploads/*", uploads).build())) {
            assertThat(form(server, "/uploads", FORM).send()).hasStatus(303).hasHeader("Location", "/albums");
            assertThat(store.ids()).hasSize(1);
            assertThat(form(server, "/uploads", FORM.replace("a.jpg", "virus.exe"))
                            .send())
                    .isProblem(422, "photo: not clean");
            assertThat(store.ids()).hasSize(1);
        }
        assertThat(log).containsExactly("Two days: 1");
    }

    @Test
    void whatThrowsIsTriedAgain() {
        try (TestServer server = serve(builder -> builder.onComplete(upload -> {
            log.add("asked");
            if (log.size() == 1) {
                throw Problem.of(503, "Not now.").asException();
            }
            return Response.text("done");
        }))) {
            String upload = location(created(server, 5));
            assertThat(patch(server, upload, 0).body("hello").send()).isProblem(503, "Not now.");
            assertThat(tus(server, "HEAD", upload).send()).hasStatus(200).hasHeader("Upload-Offset", "5");
            assertThat(patch(server, upload, 5).body("").send()).hasBody("done");
        }
        assertThat(log).containsExactly("asked", "asked");
    }

    // ---- storing, and limits

    @Test
    void aStoreIsToldWhenToForceAndWhenItIsFull() throws IOException {
        Path directory = directory().resolve("uploads");
        UploadStore store = FileUploadStore.at(directory)
                .durability(Durability.every(8L << 20))
                .maxBytes(20L << 30)
                .minFreeBytes(1L << 30)
                .open();
        try (store) {
            assertThat(store.durability()).hasToString("EVERY 8388608");
            assertThat(directory.resolve("uploads.lock")).exists();
            assertThatThrownBy(() -> FileUploadStore.at(directory).open()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void limitsAreSet() {
        UploadEndpoint uploads = UploadEndpoint.builder(store)
                .maxUploadBytes(2L << 30)
                .maxBytesPerOwner(10L << 30)
                .maxUnfinishedPerOwner(10)
                .expireAfter(Duration.ofHours(6))
                .form(Multipart.builder().maxBytes(4L << 30).maxParts(20).build())
                .build();

        try (TestServer server =
                TestServer.of(Routes.builder().any("/uploads/*", uploads).build())) {
            assertThat(tus(server, "POST", "/uploads")
                            .header("Upload-Length", Long.toString((2L << 30) + 1))
                            .send())
                    .isProblem(413);
        }
    }

    @Test
    void defaultsAreThoseOfThePage() throws IOException {
        try (TestServer server = serve(builder -> builder)) {
            TestResponse described =
                    server.request(HttpMethod.OPTIONS, "/uploads").send();
            assertThat(described)
                    .hasHeader("Tus-Max-Size", Long.toString(16L << 30))
                    .hasHeader("Upload-Limit", "max-size=17179869184, min-size=0, max-age=86400");
            assertThat(PAGE.text())
                    .contains("`"
                            + described.header("Tus-Extension").orElseThrow().replace(",", "`, `") + "`");
        }
    }

    @Test
    void anExpiredOneIsGone() {
        try (TestServer server = serve(builder -> builder)) {
            String upload = location(created(server, 5));
            server.advance(Duration.ofDays(1).plusSeconds(1));
            assertThat(tus(server, "HEAD", upload).send()).hasStatus(404);
        }
    }

    // ---- pause, take over, cancel

    @Test
    void theApplicationFindsUploads() {
        UploadEndpoint uploads = UploadEndpoint.builder(store).build();
        Routes routes = Routes.builder()
                .any("/uploads/*", uploads)
                .post(
                        "/uploads/{id}/pause",
                        exchange -> exchange.respond(
                                uploads.find(exchange, exchange.path("id")).thenApply(found -> {
                                    found.ifPresent(Upload::pause);
                                    return Response.noContent();
                                })))
                .build();

        try (TestServer server = TestServer.of(routes)) {
            String upload = location(created(server, 5));
            assertThat(server.post(upload + "/pause").send()).hasStatus(204);
            TestExchange sender =
                    patch(server, upload, 0).header("Content-Length", "5").open();
            sender.send("hel");
            sender.send("lo");
            assertThat(sender.isAnswered()).isFalse();
            sender.cut();
        }
    }

    @Test
    void aNewRequestTakesOver() {
        try (TestServer server = serve(builder -> builder)) {
            String upload = location(created(server, 5));
            TestExchange stalled = patch(server, upload, 0)
                    .header("Content-Length", "5")
                    .open()
                    .send("hel");
            assertThat(tus(server, "HEAD", upload).send()).hasHeader("Upload-Offset", "3");
            assertThat(stalled.response()).isProblem(409);
            assertThat(patch(server, upload, 3).body("lo").send()).hasStatus(204);
        }
    }

    // ---- forms as they come

    /** Reads files, and keeps none. */
    private final class Counter implements PartListener {
        long bytes;

        @Override
        public CompletionStage<?> onPart(Part part) {
            log.add(part.name() + ": " + part.safeFileName());
            return BodyListener.READY;
        }

        @Override
        public CompletionStage<?> onData(ByteBuf data) {
            bytes += data.readableBytes();
            return BodyListener.READY;
        }

        @Override
        public void onFailure(Throwable cause) {
            log.add("no form: " + cause.getMessage());
        }
    }

    @Test
    void aFormIsReadPartByPart() {
        Multipart forms = Multipart.builder().maxBytes(1L << 30).maxParts(20).build();
        Routes routes = Routes.builder()
                .post("/count", exchange -> {
                    FormFields fields = new FormFields();
                    Counter files = new Counter();
                    exchange.respond(forms.receive(exchange, fields.andFiles(files))
                            .thenApply(
                                    whole -> Response.text(fields.first("title").orElse("?") + ": " + files.bytes)));
                })
                .build();

        try (TestServer server = TestServer.of(routes)) {
            assertThat(form(server, "/count", FORM).send()).hasBody("Two days: 5");
            assertThat(form(server, "/count", "--b\r\n").send()).isProblem(400);
        }
        assertThat(log).hasSize(2).startsWith("photo: a.jpg");
    }

    // ---- downloads

    @Test
    void theWireOfADownload() throws IOException {
        try (TestServer server = serve(UploadEndpoint.Builder::downloads)) {
            String location = server.request(HttpMethod.PUT, "/uploads/%3Cb%3E.html")
                    .header("Content-Type", "text/html")
                    .body("<script>")
                    .send()
                    .header("Location")
                    .orElseThrow();
            asShown(location);
            PAGE.assertShown(talk(server, """
                    GET /uploads/k3f7x2aqw4mtz5yvn7jd6bhcrp HTTP/1.1
                    Host: localhost
                    Range: bytes=1-6
                    """, ""));
            assertThat(server.get(location(created(server, 5))).send()).isProblem(409);
        }
        try (TestServer server = serve(builder -> builder)) {
            assertThat(server.get("/uploads/aaaaaaaaaaaaaaaaaaaaaaaaaa").send()).hasStatus(405);
        }
    }

    // ---- browsers

    @Test
    void pagesOfOtherOriginsAskFirst() throws IOException {
        UploadEndpoint uploads = UploadEndpoint.builder(store).build();

        OriginPolicy shop = OriginPolicy.builder()
                .origin("https://shop.example")
                .allowedHeaders(
                        "Authorization",
                        "Content-Type",
                        "Content-Disposition",
                        "Tus-Resumable",
                        "Upload-Length",
                        "Upload-Defer-Length",
                        "Upload-Metadata",
                        "Upload-Concat",
                        "Upload-Checksum",
                        "Upload-Draft-Interop-Version",
                        "Upload-Complete",
                        "Upload-Offset",
                        "Repr-Digest",
                        "Content-Digest",
                        "X-HTTP-Method-Override",
                        "X-Requested-With",
                        "X-Request-ID")
                .exposedHeaders(
                        "Location",
                        "Upload-Progress",
                        "Upload-Offset",
                        "Upload-Length",
                        "Upload-Defer-Length",
                        "Upload-Metadata",
                        "Upload-Concat",
                        "Upload-Expires",
                        "Upload-Complete",
                        "Upload-Limit",
                        "Tus-Resumable",
                        "Tus-Version",
                        "Tus-Extension",
                        "Tus-Max-Size",
                        "Tus-Checksum-Algorithm")
                .maxAge(Duration.ofHours(2))
                .build();
        Routes routes =
                Routes.builder().origins(shop).any("/uploads/*", uploads).build();

        try (TestServer server = TestServer.of(routes)) {
            assertThat(server.request(HttpMethod.OPTIONS, "/uploads")
                            .header("Origin", "https://shop.example")
                            .header("Access-Control-Request-Method", "PATCH")
                            .header("Access-Control-Request-Headers", "content-type,tus-resumable,upload-offset")
                            .send())
                    .hasStatus(204)
                    .hasHeader("Access-Control-Allow-Origin", "https://shop.example");
            assertThat(tus(server, "POST", "/uploads")
                            .header("Origin", "https://shop.example")
                            .header("Upload-Length", "5")
                            .send())
                    .hasStatus(201)
                    .hasHeader("Access-Control-Expose-Headers");
            assertThat(tus(server, "POST", "/uploads")
                            .header("Origin", "https://elsewhere.example")
                            .header("Upload-Length", "5")
                            .send())
                    .isProblem(403);
        }
    }

    /** The scripts of the page, in a real browser. */
    @Nested
    @Timeout(Patience.TEST_SECONDS)
    @ExtendWith(InstalledBrowser.class)
    final class InABrowser {
        private static final String FILE = "new File(['hello world'], 'hello.txt', { type: 'text/plain' })";

        private Object run(String script) throws IOException {
            UploadEndpoint uploads = UploadEndpoint.builder(store)
                    .onComplete(upload -> Response.json(photos.add(upload)))
                    .progress(topics)
                    .build();
            Routes routes = Routes.builder()
                    .get("/", exchange -> exchange.respond(Response.html("<!doctype html><title>uploads</title>")))
                    .files("/js", StaticFiles.builder(SCRIPTS).build())
                    .any("/uploads/*", uploads)
                    .get(
                            "/uploads/{id}/progress",
                            SseEndpoint.builder()
                                    .topics(uploads::progress)
                                    .from(From.last(1))
                                    .build())
                    .build();
            try (ParleyServer server = ParleyServer.builder()
                            .port(0)
                            .routes(routes)
                            .build()
                            .start();
                    Playwright playwright = InstalledBrowser.playwright();
                    Browser browser = InstalledBrowser.launch(playwright)) {
                Page page = Patience.in(browser.newContext()).newPage();
                page.navigate("http://localhost:" + server.port() + "/");
                return page.evaluate(
                        "async () => { const guide = await import('/js/uploads-guide.js'); " + script + " }");
            }
        }

        @Test
        void aFileIsSentByXMLHttpRequest() throws IOException {
            assertThat(run("return JSON.stringify(await guide.send(" + FILE + ", () => {}))"))
                    .isEqualTo("{\"photo\":\"hello.txt\"}");
        }

        @Test
        void aFileIsSentByTusJsClientAndWatched() throws IOException {
            String bundle = "node_modules/tus-js-client/dist/tus.min.js";
            assumeTrue(Files.exists(SCRIPTS.resolve(bundle)), "npm ci --prefix examples/src/test/js");
            assertThat(run("""
                            await import('/js/%s')
                            const phases = []
                            let watched
                            const all = new Promise((resolve) => (watched = resolve))
                            const answer = await new Promise((resolve) => guide.resumable(%s, (progress) => {
                              phases.push(progress.phase)
                              if (progress.type === 'loadend') watched()
                            }, resolve))
                            await all
                            return answer.photo + ' ' + phases.at(-1)
                            """.formatted(bundle, FILE))).isEqualTo("hello.txt done");
        }
    }

    // ---- stores, tests, and running it

    /** A store of one's own, by what another does. */
    private static final class MyStore implements UploadStore {
        private final MemoryUploadStore rows;

        MyStore(MemoryUploadStore rows) {
            this.rows = rows;
        }

        @Override
        public void create(String id, byte[] record) throws IOException {
            rows.create(id, record);
        }

        @Override
        public void save(String id, byte[] record) throws IOException {
            rows.save(id, record);
        }

        @Override
        public Optional<byte[]> record(String id) {
            return rows.record(id);
        }

        @Override
        public UploadContent open(String id) throws IOException {
            return rows.open(id);
        }

        @Override
        public void delete(String id) {
            rows.delete(id);
        }

        @Override
        public List<String> ids() {
            return rows.ids();
        }

        @Override
        public void close() {}
    }

    @Nested
    final class MyStoreTest extends UploadStoreContract {
        private final MemoryUploadStore rows = MemoryUploadStore.create();

        @Override
        protected UploadStore store() {
            return new MyStore(rows);
        }

        @Override
        protected Optional<UploadStore> reopened() {
            return Optional.of(new MyStore(rows));
        }
    }

    @Test
    void aTestNeedsNoSocketAndNoSleep() {
        ProgressRecorder progress = new ProgressRecorder();
        Routes routes = Routes.builder()
                .any(
                        "/uploads/*",
                        UploadEndpoint.builder(store).onProgress(progress).build())
                .build();

        try (TestServer server = TestServer.of(routes)) {
            TestExchange broken =
                    server.post("/uploads").header("Content-Length", "11").open();
            broken.send("hello,");
            broken.cut();

            TestExchange slow =
                    server.post("/uploads").header("Content-Length", "11").open();
            slow.send("hello,");
            server.advance(Duration.ofMinutes(1));
            assertThat(slow.response()).isProblem(408);

            assertThat(progress).isInOrder();
            assertThat(progress.of(progress.uploads().get(1))).hasTypes(LOADSTART, PROGRESS, TIMEOUT, LOADEND);
        }
    }

    @Test
    void whatIsCompleteIsThereAfterAllIsClosed() throws Exception {
        run(directory(), 0);

        try (FileUploadStore store = FileUploadStore.at(directory()).open()) {
            assertThat(store.ids())
                    .singleElement()
                    .satisfies(id -> assertThat(store.file(id)).hasContent("hello"));
        }
    }

    private static void run(Path directory, int port) throws Exception {
        try (FileUploadStore store = FileUploadStore.at(directory).open();
                ParleyServer server = ParleyServer.builder()
                        .port(port)
                        .routes(Routes.builder()
                                .any("/uploads/*", UploadEndpoint.builder(store).build())
                                .build())
                        .build()
                        .start()) {
            untilItIsTimeToGo(server);
        }
    }

    private static void untilItIsTimeToGo(ParleyServer server) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + "/uploads"))
                                .timeout(Duration.ofSeconds(Patience.SECONDS))
                                .POST(HttpRequest.BodyPublishers.ofString("hello"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(201);
    }
}
