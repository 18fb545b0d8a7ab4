package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads by tus 1.0.0. */
class TusTest {
    private final MemoryUploadStore store = MemoryUploadStore.of(10 * (100_000 + Space.BLOCK));
    private final List<String> events = new ArrayList<>();
    private final List<String> completed = new ArrayList<>();
    private TestServer server = server(builder -> builder);

    private TestServer server(UnaryOperator<UploadEndpoint.Builder> settings) {
        return TestServer.of(clock -> Routes.builder()
                .any(
                        "/uploads/*",
                        settings.apply(UploadEndpoint.builder(store)
                                        .clock(clock)
                                        .maxUploadBytes(100_000)
                                        .onProgress(progress ->
                                                events.add(progress.type().event() + " " + progress.loaded())))
                                .build())
                .build());
    }

    @AfterEach
    void close() {
        server.close();
    }

    private TestRequest request(String method, String target) {
        return server.request(HttpMethod.valueOf(method), target).header("Tus-Resumable", "1.0.0");
    }

    private String created(long length) {
        TestResponse response = request("POST", "/uploads")
                .header("Upload-Length", Long.toString(length))
                .send();
        assertThat(response).hasStatus(201).hasHeader("Tus-Resumable", "1.0.0");
        return '/' + response.header("Location").orElseThrow();
    }

    private TestRequest patch(String target, long offset) {
        return request("PATCH", target)
                .header("Content-Type", "application/offset+octet-stream")
                .header("Upload-Offset", Long.toString(offset));
    }

    private TestResponse head(String target) {
        return request("HEAD", target).send();
    }

    private String stored(String target) throws IOException {
        String id = target.substring(target.lastIndexOf('/') + 1);
        try (UploadContent content = store.open(id)) {
            java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate((int) content.size());
            while (bytes.hasRemaining() && content.read(bytes.position(), bytes) >= 0) {}
            return new String(bytes.array(), UTF_8);
        }
    }

    private static String checksum(String algorithm, String text) throws Exception {
        return Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance(algorithm).digest(text.getBytes(UTF_8)));
    }

    @Test
    void isResumedFromWhereItIs() throws Exception {
        String upload = created(10);
        assertThat(patch(upload, 0).body("01234").send())
                .hasStatus(204)
                .hasHeader("Upload-Offset", "5")
                .hasHeader("Upload-Expires");
        assertThat(head(upload))
                .hasStatus(204)
                .hasHeader("Upload-Offset", "5")
                .hasHeader("Upload-Length", "10")
                .hasHeader("Cache-Control", "no-store");
        assertThat(patch(upload, 5).body("56789").send())
                .hasStatus(204)
                .hasHeader("Upload-Offset", "10")
                .hasNoHeader("Upload-Expires");
        assertThat(stored(upload)).isEqualTo("0123456789");
        assertThat(events).startsWith("loadstart 0").endsWith("load 10", "loadend 10");
    }

    @Test
    void whatArrivedBeforeTheClientWasGoneStays() {
        String upload = created(10);
        TestExchange exchange = patch(upload, 0).header("Content-Length", "10").open();
        exchange.send("0123");
        exchange.cut();
        assertThat(head(upload)).hasHeader("Upload-Offset", "4");
        assertThat(events).containsExactly("loadstart 0", "abort 4", "loadend 4");
    }

    @Test
    void aNewRequestTakesOverFromOneThatStalls() throws Exception {
        String upload = created(10);
        TestExchange stalled = patch(upload, 0).header("Content-Length", "10").open();
        stalled.send("012");
        assertThat(head(upload)).hasHeader("Upload-Offset", "3");
        assertThat(stalled.response()).isProblem(409);
        assertThat(patch(upload, 3).body("3456789").send()).hasStatus(204).hasHeader("Upload-Offset", "10");
        assertThat(stored(upload)).isEqualTo("0123456789");
    }

    @Test
    void anOffsetThatIsWrongIsToldTheRightOne() {
        String upload = created(10);
        patch(upload, 0).body("01234").send();
        assertThat(patch(upload, 4).body("x").send()).isProblem(409).hasHeader("Upload-Offset", "5");
        assertThat(patch(upload, 6).body("x").send()).isProblem(409).hasHeader("Upload-Offset", "5");
    }

    @Test
    void whatIsLongerThanAnnouncedIsNotStored() throws Exception {
        String upload = created(3);
        assertThat(patch(upload, 0).body("0123").send()).isProblem(413);
        TestExchange chunked =
                patch(upload, 0).header("Transfer-Encoding", "chunked").open();
        chunked.send("0123");
        assertThat(chunked.response()).isProblem(413);
        assertThat(stored(upload)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"-1", "+1", "1.0", "0x1", "", " ", "9223372036854775808", "99999999999999999999", "1 1", "1,1"})
    void aLengthThatIsNoNumberIsRefused(String length) {
        assertThat(request("POST", "/uploads").header("Upload-Length", length).send())
                .isProblem(400)
                .hasHeader("Tus-Resumable", "1.0.0");
    }

    @Test
    void lengthsThatAreTwiceThereAreRefused() {
        assertThat(request("POST", "/uploads")
                        .header("Upload-Length", "1")
                        .header("Upload-Length", "1")
                        .send())
                .isProblem(400);
    }

    @Test
    void oneThatIsTooLongIsNotBegun() {
        assertThat(request("POST", "/uploads").header("Upload-Length", "100001").send())
                .isProblem(413);
    }

    @Test
    void anotherVersionIsRefused() {
        assertThat(server.post("/uploads")
                        .header("Tus-Resumable", "0.2.2")
                        .header("Upload-Length", "1")
                        .send())
                .isProblem(412)
                .hasHeader("Tus-Version", "1.0.0");
    }

    @Test
    void optionsTellWhatItCan() {
        assertThat(server.request(HttpMethod.OPTIONS, "/uploads").send())
                .hasStatus(204)
                .hasHeader("Tus-Version", "1.0.0")
                .hasHeader("Tus-Max-Size", "100000")
                .hasHeader("Tus-Checksum-Algorithm", "crc32c,sha1,sha256,sha512");
    }

    @Test
    void emptyOnesAreCompleteAtOnce() {
        server.close();
        server = server(builder -> builder.onComplete(upload -> {
            completed.add(upload.id());
            return Response.text("done").status(200);
        }));
        TestResponse response =
                request("POST", "/uploads").header("Upload-Length", "0").send();
        assertThat(response).hasStatus(200).hasBody("done").hasHeader("Location");
        assertThat(completed).hasSize(1);
    }

    @Test
    void aLengthMayBeSaidLater() {
        TestResponse response =
                request("POST", "/uploads").header("Upload-Defer-Length", "1").send();
        String upload = '/' + response.header("Location").orElseThrow();
        assertThat(patch(upload, 0).body("0123").send()).hasStatus(204);
        assertThat(head(upload)).hasHeader("Upload-Defer-Length", "1").hasNoHeader("Upload-Length");
        assertThat(patch(upload, 4).header("Upload-Length", "6").body("45").send())
                .hasStatus(204)
                .hasHeader("Upload-Offset", "6");
        assertThat(head(upload)).hasHeader("Upload-Length", "6");
        assertThat(patch(upload, 6).header("Upload-Length", "7").body("").send())
                .isProblem(400);
    }

    @Test
    void mayBringBytesWhenItIsCreated() throws Exception {
        TestResponse response = request("POST", "/uploads")
                .header("Upload-Length", "10")
                .header("Content-Type", "application/offset+octet-stream")
                .body("01234")
                .send();
        assertThat(response).hasStatus(201).hasHeader("Upload-Offset", "5");
        assertThat(stored(response.header("Location").orElseThrow())).isEqualTo("01234");
    }

    @Test
    void bytesWithAnotherChecksumAreNotKept() throws Exception {
        String upload = created(10);
        assertThat(patch(upload, 0)
                        .header("Upload-Checksum", "sha1 " + checksum("SHA-1", "01234"))
                        .body("01234")
                        .send())
                .hasStatus(204);
        assertThat(patch(upload, 5)
                        .header("Upload-Checksum", "sha256 " + checksum("SHA-256", "56789"))
                        .body("5678x")
                        .send())
                .isProblem(460);
        assertThat(head(upload)).hasHeader("Upload-Offset", "5");
        assertThat(patch(upload, 5)
                        .header("Upload-Checksum", "md5 AAAA")
                        .body("56789")
                        .send())
                .isProblem(400);
        assertThat(patch(upload, 5)
                        .header("Upload-Checksum", "crc32c " + crc32c("56789"))
                        .body("56789")
                        .send())
                .hasStatus(204);
        assertThat(stored(upload)).isEqualTo("0123456789");
    }

    private static String crc32c(String text) {
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(text.getBytes(UTF_8));
        return Base64.getEncoder()
                .encodeToString(java.nio.ByteBuffer.allocate(4)
                        .putInt((int) crc.getValue())
                        .array());
    }

    @Test
    void theChecksumMayBeInTheTrailers() throws Exception {
        String upload = created(10);
        TestExchange wrong = patch(upload, 0)
                .header("Transfer-Encoding", "chunked")
                .header("Trailer", "Upload-Checksum")
                .open();
        wrong.send("0123x");
        wrong.end(new DefaultHttpHeaders().add("Upload-Checksum", "sha1 " + checksum("SHA-1", "01234")));
        assertThat(wrong.response()).isProblem(460);
        TestExchange right = patch(upload, 0)
                .header("Transfer-Encoding", "chunked")
                .header("Trailer", "Upload-Checksum")
                .open();
        right.send("01234");
        right.end(new DefaultHttpHeaders().add("Upload-Checksum", "sha1 " + checksum("SHA-1", "01234")));
        assertThat(right.response()).hasStatus(204).hasHeader("Upload-Offset", "5");
    }

    @Test
    void oneThatWasTerminatedIsGone() {
        String upload = created(10);
        assertThat(request("DELETE", upload).send()).hasStatus(204);
        assertThat(head(upload)).hasStatus(404).hasNoHeader("Upload-Offset");
        assertThat(patch(upload, 0).body("x").send()).isProblem(404);
        assertThat(store.ids()).isEmpty();
    }

    @Test
    void methodsMayBeMeant() {
        String upload = created(4);
        assertThat(request("POST", upload)
                        .header("X-HTTP-Method-Override", "PATCH")
                        .header("Content-Type", "application/offset+octet-stream")
                        .header("Upload-Offset", "0")
                        .body("0123")
                        .send())
                .hasStatus(204)
                .hasHeader("Upload-Offset", "4");
    }

    @Test
    void partsArePutTogether() throws Exception {
        List<String> parts = new ArrayList<>();
        for (String text : List.of("hello ", "world")) {
            TestResponse part = request("POST", "/uploads")
                    .header("Upload-Length", Integer.toString(text.length()))
                    .header("Upload-Concat", "partial")
                    .header("Content-Type", "application/offset+octet-stream")
                    .body(text)
                    .send();
            assertThat(part).hasStatus(201);
            parts.add('/' + part.header("Location").orElseThrow());
        }
        String concat = "final;" + String.join(" ", parts);
        TestResponse whole =
                request("POST", "/uploads").header("Upload-Concat", concat).send();
        assertThat(whole).hasStatus(201).hasHeader("Upload-Offset", "11");
        String upload = '/' + whole.header("Location").orElseThrow();
        assertThat(stored(upload)).isEqualTo("hello world");
        assertThat(head(upload)).hasHeader("Upload-Concat", concat).hasHeader("Upload-Length", "11");
        assertThat(patch(upload, 11).body("x").send()).isProblem(403);
    }

    @Test
    void onlyPartsThatAreCompleteArePutTogether() {
        String whole = created(3);
        assertThat(request("POST", "/uploads")
                        .header("Upload-Concat", "final;" + whole)
                        .send())
                .isProblem(400);
        assertThat(request("POST", "/uploads")
                        .header("Upload-Concat", "final;/uploads/../../etc/passwd")
                        .send())
                .isProblem(400);
    }

    @Test
    void metadataComesBack() {
        TestResponse created = request("POST", "/uploads")
                .header("Upload-Length", "3")
                .header(
                        "Upload-Metadata",
                        "filename " + Base64.getEncoder().encodeToString("ä.txt".getBytes(UTF_8)) + ",public")
                .send();
        assertThat(head('/' + created.header("Location").orElseThrow()))
                .hasHeader("Upload-Metadata", "filename w6QudHh0,public");
        assertThat(request("POST", "/uploads")
                        .header("Upload-Length", "3")
                        .header("Upload-Metadata", "a YQ==,a YQ==")
                        .send())
                .isProblem(400);
        assertThat(request("POST", "/uploads")
                        .header("Upload-Length", "3")
                        .header("Upload-Metadata", "a %%%")
                        .send())
                .isProblem(400);
    }

    @Test
    void unfinishedOnesExpireAndGiveBackTheirRoom() {
        String upload = created(90_000);
        server.advance(Duration.ofDays(1).plusSeconds(20));
        assertThat(head(upload)).hasStatus(404);
        assertThat(store.ids()).isEmpty();
    }

    @Test
    void whatIsReservedIsNotGivenTwice() {
        for (int i = 0; i < 10; i++) {
            created(100_000);
        }
        assertThat(request("POST", "/uploads").header("Upload-Length", "1").send())
                .isProblem(507);
    }

    @Test
    void theAnswerOfTheApplicationIsGivenAgainToWhoDidNotGetIt() {
        server.close();
        server = server(builder -> builder.onComplete(upload -> {
            completed.add(upload.id());
            return Response.json(completed).status(200);
        }));
        String upload = created(4);
        TestResponse first = patch(upload, 0).body("0123").send();
        TestResponse again = patch(upload, 4).body("").send();
        assertThat(completed).hasSize(1);
        assertThat(first).hasStatus(200).hasBody(again.text());
        assertThat(head(upload)).hasStatus(204).hasHeader("Upload-Offset", "4");
    }

    @Test
    void whatTheApplicationFailedToDoIsTriedAgain() {
        server.close();
        server = server(builder -> builder.onComplete(upload -> {
            completed.add(upload.id());
            if (completed.size() < 3) {
                throw new IllegalStateException("on purpose");
            }
            return Response.text("done");
        }));
        String upload = created(4);
        assertThat(patch(upload, 0).body("0123").send()).isProblem(500);
        assertThat(head(upload)).hasStatus(500);
        assertThat(patch(upload, 4).body("").send()).hasStatus(200).hasBody("done");
        assertThat(completed).hasSize(3);
    }

    @Test
    void theApplicationSaysWhoMay() {
        server.close();
        server = server(builder -> builder.onCreate(upload -> upload.length().orElse(0) > 5
                ? Admission.refuse(403, "quota")
                : Admission.accept().owner("ann")));
        assertThat(request("POST", "/uploads").header("Upload-Length", "6").send())
                .isProblem(403, "quota");
        created(5);
    }

    @Test
    void anIdThatIsNoneIsNotFound() {
        for (String id : List.of("x", "a/b", "AAAAAAAAAAAAAAAAAAAAAAAAAA", "aaaaaaaaaaaaaaaaaaaaaaaaaa")) {
            assertThat(head("/uploads/" + id)).hasStatus(404);
        }
    }
}
