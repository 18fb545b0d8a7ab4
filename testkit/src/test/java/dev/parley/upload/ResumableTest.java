package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestInterim;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Uploads by the IETF's draft, and by it and tus in turn. */
@ParameterizedClass
@EnumSource(
        value = Protocol.class,
        names = {"HTTP_1_1", "HTTP_2"})
class ResumableTest {
    private static final String PROBLEMS = "https://iana.org/assignments/http-problem-types#";
    private static final String LIMIT = "max-size=100000, min-size=0, max-age=86400";

    private final MemoryUploadStore store = MemoryUploadStore.of(1_000_000);
    private final List<Upload> completed = new ArrayList<>();
    private final Protocol protocol;
    private TestServer server;

    ResumableTest(Protocol protocol) {
        this.protocol = protocol;
        server = server(builder -> builder);
    }

    private TestServer server(UnaryOperator<UploadEndpoint.Builder> settings) {
        return TestServer.builder(clock -> Routes.builder()
                        .any(
                                "/uploads/*",
                                settings.apply(UploadEndpoint.builder(store)
                                                .clock(clock)
                                                .maxUploadBytes(100_000))
                                        .build())
                        .build())
                .protocol(protocol)
                .build();
    }

    private void completing(Function<Upload, Response> action) {
        server.close();
        server = server(builder -> builder.onComplete(upload -> {
            completed.add(upload);
            return action.apply(upload);
        }));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private TestRequest bare(String method, String target) {
        return server.request(HttpMethod.valueOf(method), target);
    }

    private TestRequest request(String method, String target) {
        return bare(method, target).header("Upload-Draft-Interop-Version", "8");
    }

    private TestRequest create(String complete) {
        return request("POST", "/uploads").header("Upload-Complete", complete);
    }

    private TestRequest patch(String target, long offset, String complete) {
        return request("PATCH", target)
                .header("Content-Type", "application/partial-upload")
                .header("Upload-Offset", Long.toString(offset))
                .header("Upload-Complete", complete);
    }

    private TestRequest tus(String method, String target) {
        return bare(method, target).header("Tus-Resumable", "1.0.0");
    }

    private TestResponse head(String target) {
        return request("HEAD", target).send();
    }

    /** A body whose length is not announced. */
    private TestExchange chunked(TestRequest request) {
        return (protocol == Protocol.HTTP_1_1 ? request.header("Transfer-Encoding", "chunked") : request).open();
    }

    private static String location(TestResponse response) {
        return '/' + response.header("Location").orElseThrow();
    }

    /** An upload of ten bytes, none of which is there. */
    private String created() {
        return location(create("?0").header("Upload-Length", "10").send());
    }

    private String stored(String target) throws IOException {
        try (UploadContent content = store.open(target.substring(target.lastIndexOf('/') + 1))) {
            ByteBuffer bytes = ByteBuffer.allocate((int) content.size());
            while (bytes.hasRemaining() && content.read(bytes.position(), bytes) >= 0) {}
            return new String(bytes.array(), UTF_8);
        }
    }

    private static String sha256(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        return "sha-256=:" + Base64.getEncoder().encodeToString(digest) + ':';
    }

    private static List<String> offsets(List<TestInterim> interims) {
        List<String> offsets = new ArrayList<>();
        for (TestInterim interim : interims) {
            if (interim.headers().contains("Upload-Offset")) {
                assertThat(interim.status()).isEqualTo(104);
                assertThat(interim.headers().get("Upload-Draft-Interop-Version"))
                        .isEqualTo("8");
                assertThat(interim.headers().contains("Location")).isFalse();
                offsets.add(interim.headers().get("Upload-Offset"));
            }
        }
        return offsets;
    }

    // ---- creation

    @Test
    void isToldWhereItIsBeforeItsBytesAreRead() throws Exception {
        TestExchange exchange = create("?1").header("Content-Length", "10").open();
        assertThat(exchange.interims()).hasSize(1);
        TestInterim interim = exchange.interims().get(0);
        assertThat(interim.status()).isEqualTo(104);
        assertThat(interim.headers().get("Upload-Draft-Interop-Version")).isEqualTo("8");
        assertThat(interim.headers().get("Upload-Limit")).isEqualTo(LIMIT);
        exchange.send("01234").send("56789").end();
        assertThat(exchange.response())
                .hasStatus(201)
                .hasHeader("Location", interim.headers().get("Location"))
                .hasHeader("Upload-Complete", "?1")
                .hasHeader("Upload-Offset", "10");
        assertThat(stored(location(exchange.response()))).isEqualTo("0123456789");
    }

    @Test
    void goesOnFromWhereItIs() throws Exception {
        TestResponse first =
                create("?0").header("Upload-Length", "10").body("01234").send();
        assertThat(first)
                .hasStatus(201)
                .hasHeader("Upload-Complete", "?0")
                .hasHeader("Upload-Offset", "5")
                .hasHeader("Upload-Limit", LIMIT);
        String upload = location(first);
        assertThat(head(upload))
                .hasStatus(204)
                .hasHeader("Upload-Complete", "?0")
                .hasHeader("Upload-Offset", "5")
                .hasHeader("Upload-Length", "10")
                .hasHeader("Upload-Limit", LIMIT)
                .hasHeader("Cache-Control", "no-store");
        assertThat(patch(upload, 5, "?0").body("56").send())
                .hasStatus(204)
                .hasHeader("Upload-Complete", "?0")
                .hasHeader("Upload-Offset", "7")
                .hasNoHeader("Location");
        assertThat(patch(upload, 7, "?1").body("789").send())
                .hasStatus(204)
                .hasHeader("Upload-Complete", "?1")
                .hasHeader("Upload-Offset", "10");
        assertThat(head(upload)).hasHeader("Upload-Complete", "?1").hasHeader("Upload-Offset", "10");
        assertThat(stored(upload)).isEqualTo("0123456789");
    }

    @Test
    void theApplicationHasTheLastWord() {
        completing(upload -> Response.text("no").status(422));
        TestResponse response = create("?1").body("0123").send();
        assertThat(response)
                .hasStatus(422)
                .hasBody("no")
                .hasHeader("Upload-Complete", "?1")
                .hasHeader("Upload-Offset", "4");
        assertThat(patch(location(response), 4, "?1").send())
                .hasStatus(422)
                .hasBody("no")
                .hasHeader("Upload-Complete", "?1");
        assertThat(completed).hasSize(1);
    }

    @Test
    void aNameAndATypeComeFromTheHead() {
        completing(upload -> Response.text(
                upload.fileName().orElse("-") + " " + upload.contentType().orElse("-")));
        assertThat(create("?1")
                        .header("Content-Type", "image/jpeg")
                        .header("Content-Disposition", "attachment; filename=\"a/../holiday.jpg\"")
                        .body("0")
                        .send())
                .hasBody("holiday.jpg image/jpeg");
        assertThat(create("?1")
                        .header("Content-Disposition", "attachment; filename=b; filename*=UTF-8''%c3%a4.txt")
                        .body("0")
                        .send())
                .hasBody("ä.txt -");
        assertThat(create("?1")
                        .header("Content-Type", "application/partial-upload")
                        .header("Upload-Metadata", "filename w6QudHh0,filetype dGV4dC9wbGFpbg==")
                        .body("0")
                        .send())
                .hasBody("ä.txt text/plain");
        for (String wrong : List.of("attachment; filename=\"a", "x; filename*=y", "=")) {
            assertThat(create("?1")
                            .header("Content-Disposition", wrong)
                            .body("0")
                            .send())
                    .isProblem(400);
        }
    }

    @Test
    void byPutTheNameIsThatOfThePath() {
        completing(upload -> Response.text(upload.fileName().orElse("-")));
        TestResponse response = request("PUT", "/uploads/holiday.jpg")
                .header("Upload-Complete", "?0")
                .body("01")
                .send();
        assertThat(response).hasStatus(201).hasHeader("Upload-Offset", "2");
        assertThat(patch("/uploads" + location(response), 2, "?1").send())
                .hasStatus(200)
                .hasBody("holiday.jpg");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "6", "8"})
    void versionsThatAreKnownGet104(String version) {
        TestResponse response = bare("POST", "/uploads")
                .header("Upload-Draft-Interop-Version", version)
                .header("Upload-Complete", "?0")
                .body("0")
                .send();
        assertThat(response).hasStatus(201);
        assertThat(response.interims()).hasSize(1);
        assertThat(response.interims().get(0).headers().get("Upload-Draft-Interop-Version"))
                .isEqualTo(version);
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "4", "7", "9", "08", "8;x", "?1", "", "\"8\""})
    void othersGetNone(String version) {
        TestResponse response = bare("POST", "/uploads")
                .header("Upload-Draft-Interop-Version", version)
                .header("Upload-Complete", "?0")
                .body("0")
                .send();
        assertThat(response).hasStatus(201).hasHeader("Upload-Offset", "1");
        assertThat(response.interims()).isEmpty();
    }

    @Test
    void withoutAVersionThereIsNo104() {
        TestExchange exchange = bare("POST", "/uploads")
                .header("Upload-Complete", "?1")
                .header("Content-Length", "4")
                .open();
        exchange.send("01");
        server.advance(Duration.ofSeconds(2));
        exchange.send("23").end();
        assertThat(exchange.response()).hasStatus(201).hasHeader("Upload-Complete", "?1");
        assertThat(exchange.response().interims()).isEmpty();
    }

    @Test
    void whoWaitsFor100GetsItToo() {
        TestExchange exchange = create("?1")
                .header("Content-Length", "4")
                .header("Expect", "100-continue")
                .open();
        assertThat(exchange.interims()).extracting(TestInterim::status).containsExactly(104, 100);
        exchange.send("0123").end();
        assertThat(exchange.response()).hasStatus(201);
    }

    @Test
    void aVersionWithoutUploadCompleteIsNoPlainBody() {
        assertThat(request("POST", "/uploads").body("0").send()).isProblem(400);
        assertThat(store.ids()).isEmpty();
    }

    @Test
    void theApplicationSaysWhoMay() {
        server.close();
        server = server(builder -> builder.onCreate(upload -> Admission.accept().maxBytes(5)));
        assertThat(create("?1").body("012345").send())
                .isProblem(413)
                .hasHeader("Upload-Limit", "max-size=5, min-size=0");
        assertThat(create("?1").header("Upload-Length", "5").body("01234").send())
                .hasStatus(201);
        server.close();
        server = server(builder -> builder.onCreate(upload -> Admission.refuse(403, "quota")));
        TestResponse refused = create("?1").body("0").send();
        assertThat(refused).isProblem(403, "quota").hasNoHeader("Upload-Complete");
        assertThat(refused.interims()).isEmpty();
    }

    @Test
    void optionsTellWhatItTakes() {
        assertThat(bare("OPTIONS", "/uploads").send())
                .hasStatus(204)
                .hasHeader("Upload-Limit", LIMIT)
                .hasHeader("Tus-Version", "1.0.0");
    }

    // ---- fields

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "?2", "?", "? 1", "true", "?1, ?1", "?01", "?0?1"})
    void whatIsNoBooleanIsRefused(String complete) {
        assertThat(create(complete).body("0").send()).isProblem(400);
        assertThat(store.ids()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "+1", "1.0", "0x1", "1 1", "1,1", "1000000000000000", "99999999999999999999"})
    void whatIsNoIntegerIsRefused(String number) {
        assertThat(create("?0").header("Upload-Length", number).send()).isProblem(400);
        assertThat(store.ids()).isEmpty();
        String upload = created();
        assertThat(request("PATCH", upload)
                        .header("Content-Type", "application/partial-upload")
                        .header("Upload-Offset", number)
                        .header("Upload-Complete", "?0")
                        .body("0")
                        .send())
                .isProblem(400);
    }

    @Test
    void fieldsThatAreTwiceThereAreRefused() {
        assertThat(create("?1").header("Upload-Complete", "?1").body("0").send())
                .isProblem(400);
        assertThat(create("?0")
                        .header("Upload-Length", "1")
                        .header("Upload-Length", "1")
                        .send())
                .isProblem(400);
        String upload = created();
        assertThat(patch(upload, 0, "?0").header("Upload-Offset", "0").body("0").send())
                .isProblem(400);
        assertThat(request("PATCH", upload)
                        .header("Content-Type", "application/partial-upload")
                        .header("Upload-Complete", "?0")
                        .body("0")
                        .send())
                .isProblem(400);
        assertThat(head(upload)).hasHeader("Upload-Offset", "0");
    }

    @ParameterizedTest
    @CsvSource({"5,204", "6,415", "8,415", "9,415", "-,415"})
    void anAppendHasItsTypeSinceVersion6(String version, int status) {
        String upload = created();
        TestRequest patch = bare("PATCH", upload).header("Upload-Offset", "0").header("Upload-Complete", "?0");
        TestResponse response = (version.equals("-") ? patch : patch.header("Upload-Draft-Interop-Version", version))
                .body("0")
                .send();
        assertThat(response).hasStatus(status);
        if (status == 415) {
            assertThat(response).hasHeader("Accept-Patch", "application/partial-upload");
        }
        assertThat(head(upload)).hasHeader("Upload-Offset", status == 204 ? "1" : "0");
    }

    // ---- lengths

    private static void inconsistent(TestResponse response) {
        assertThat(response).isProblem(400);
        assertThat(response.json(JsonNode.class).get("type").asString())
                .isEqualTo(PROBLEMS + "inconsistent-upload-length");
    }

    @Test
    void lengthsThatContradictEachOtherAreRefused() {
        inconsistent(create("?1").header("Upload-Length", "5").body("0123").send());
        inconsistent(create("?1").header("Upload-Length", "3").body("0123").send());
        inconsistent(create("?0").header("Upload-Length", "3").body("0123").send());
        assertThat(store.ids()).isEmpty();
        String upload = created();
        inconsistent(
                patch(upload, 0, "?0").header("Upload-Length", "11").body("0").send());
        inconsistent(patch(upload, 0, "?1").body("0").send());
        inconsistent(patch(upload, 0, "?1").body("0123456789x").send());
        assertThat(head(upload)).hasHeader("Upload-Offset", "0");
        String open = location(create("?0").body("0123").send());
        inconsistent(patch(open, 4, "?0").header("Upload-Length", "3").send());
        assertThat(head(open)).hasHeader("Upload-Offset", "4").hasNoHeader("Upload-Length");
    }

    @Test
    void whatEndsBeforeItsLengthIsNotComplete() {
        String upload = created();
        TestExchange shorter = chunked(patch(upload, 0, "?1"));
        shorter.send("0123").end();
        inconsistent(shorter.response());
        assertThat(shorter.response()).hasHeader("Upload-Complete", "?0").hasHeader("Upload-Offset", "4");
        assertThat(patch(upload, 4, "?1").body("456789").send()).hasHeader("Upload-Complete", "?1");
    }

    @Test
    void aLengthMayBeSaidLater() {
        String upload = location(create("?0").body("0123").send());
        assertThat(patch(upload, 4, "?0")
                        .header("Upload-Length", "8")
                        .body("45")
                        .send())
                .hasStatus(204);
        assertThat(head(upload)).hasHeader("Upload-Length", "8").hasHeader("Upload-Offset", "6");
        assertThat(patch(upload, 6, "?1").body("67").send()).hasHeader("Upload-Complete", "?1");
    }

    @Test
    void aLengthIsKnownFromARequestThatBreaksOff() {
        TestExchange exchange = create("?1").header("Content-Length", "10").open();
        exchange.send("0123");
        exchange.cut();
        String upload = '/' + exchange.interims().get(0).headers().get("Location");
        assertThat(head(upload))
                .hasHeader("Upload-Offset", "4")
                .hasHeader("Upload-Length", "10")
                .hasHeader("Upload-Complete", "?0");
        assertThat(patch(upload, 4, "?1").body("456789").send()).hasHeader("Upload-Complete", "?1");
    }

    @Test
    void anEmptyAppendCompletes() throws Exception {
        completing(upload -> Response.text(Long.toString(upload.length().orElse(-1))));
        String upload = location(create("?0").body("0123").send());
        assertThat(head(upload)).hasNoHeader("Upload-Length");
        assertThat(completed).isEmpty();
        assertThat(patch(upload, 4, "?1").send()).hasStatus(200).hasBody("4").hasHeader("Upload-Complete", "?1");
        assertThat(head(upload)).hasHeader("Upload-Length", "4").hasHeader("Upload-Complete", "?1");
        String known =
                location(create("?0").header("Upload-Length", "4").body("0123").send());
        assertThat(head(known)).hasHeader("Upload-Complete", "?0").hasHeader("Upload-Offset", "4");
        assertThat(patch(known, 4, "?0").send()).hasStatus(204).hasHeader("Upload-Complete", "?0");
        assertThat(patch(known, 4, "?1").send()).hasBody("4").hasHeader("Upload-Complete", "?1");
        assertThat(stored(known)).isEqualTo("0123");
    }

    @Test
    void emptyOnesAreCompleteAtOnce() {
        completing(upload -> Response.text("done"));
        assertThat(create("?1").send()).hasBody("done").hasHeader("Upload-Offset", "0");
        assertThat(create("?1").body("").send()).hasBody("done");
        TestExchange exchange = chunked(create("?1"));
        exchange.end();
        assertThat(exchange.response()).hasBody("done");
        assertThat(completed).hasSize(3);
    }

    @Test
    void whatIsLongerThanItMayBeIsGivenUp() {
        String announced = created();
        assertThat(patch(announced, 0, "?0").body("0123456789x").send())
                .isProblem(413)
                .hasHeader("Upload-Limit", "max-size=10, min-size=0")
                .hasNoHeader("Upload-Offset");
        assertThat(head(announced)).hasStatus(404);
        String upload = created();
        TestExchange sent = chunked(patch(upload, 0, "?1"));
        sent.send("01234").send("56789x");
        assertThat(sent.response()).isProblem(413).hasHeader("Upload-Limit", "max-size=10, min-size=0");
        assertThat(head(upload)).hasStatus(404);
        TestExchange open = chunked(create("?1"));
        open.send(new byte[60_000]).send(new byte[60_000]);
        assertThat(open.response()).isProblem(413).hasHeader("Upload-Limit", "max-size=100000, min-size=0");
        String unknown = location(create("?0").send());
        assertThat(patch(unknown, 0, "?1").body(new byte[100_001]).send()).isProblem(413);
        assertThat(create("?0").body(new byte[100_001]).send()).isProblem(413);
        assertThat(store.ids()).isEmpty();
        assertThat(create("?0").header("Upload-Length", "100001").send())
                .isProblem(413)
                .hasHeader("Upload-Limit", "max-size=100000, min-size=0");
    }

    // ---- transfers

    @Test
    void noticesTellWhatIsSafeTwiceASecondAtMost() {
        String upload = created();
        TestExchange exchange =
                patch(upload, 0, "?1").header("Content-Length", "10").open();
        server.advance(Duration.ofSeconds(1));
        assertThat(exchange.interims()).isEmpty();
        exchange.send("0").send("1");
        assertThat(offsets(exchange.interims())).containsExactly("1");
        server.advance(Duration.ofMillis(300));
        exchange.send("2");
        assertThat(offsets(exchange.interims())).containsExactly("1");
        server.advance(Duration.ofMillis(300));
        assertThat(offsets(exchange.interims())).containsExactly("1", "3");
        exchange.send("3");
        server.advance(Duration.ofSeconds(2));
        assertThat(offsets(exchange.interims())).containsExactly("1", "3", "4");
        exchange.send("4");
        exchange.send("56789").end();
        assertThat(exchange.response()).hasStatus(204).hasHeader("Upload-Complete", "?1");
        assertThat(offsets(exchange.response().interims())).containsExactly("1", "3", "4", "5");
    }

    @Test
    void noNoticeTellsOfBytesThatAreNotChecked() throws Exception {
        String upload = created();
        TestExchange exchange = patch(upload, 0, "?0")
                .header("Content-Digest", sha256("0123"))
                .header("Content-Length", "4")
                .open();
        exchange.send("01");
        server.advance(Duration.ofSeconds(1));
        exchange.send("2");
        assertThat(exchange.interims()).isEmpty();
        assertThat(bare("HEAD", upload).send()).hasHeader("Upload-Offset", "0");
        exchange.send("x").end();
        assertThat(exchange.response()).isProblem(400).hasHeader("Upload-Offset", "0");
    }

    @Test
    void aNewRequestTakesOverFromOneThatStalls() throws Exception {
        String upload = created();
        TestExchange stalled =
                patch(upload, 0, "?1").header("Content-Length", "10").open();
        stalled.send("012");
        assertThat(head(upload)).hasHeader("Upload-Offset", "3");
        assertThat(stalled.response()).isProblem(409).hasNoHeader("Upload-Offset");
        TestExchange second =
                patch(upload, 3, "?1").header("Content-Length", "7").open();
        second.send("34");
        assertThat(patch(upload, 5, "?1").body("56789").send()).hasStatus(204).hasHeader("Upload-Complete", "?1");
        assertThat(second.response()).isProblem(409);
        assertThat(stored(upload)).isEqualTo("0123456789");
    }

    @Test
    void whoOnlyLooksLeavesOthersAlone() {
        String upload = created();
        TestExchange exchange =
                patch(upload, 0, "?1").header("Content-Length", "10").open();
        exchange.send("012");
        assertThat(bare("HEAD", upload).send())
                .hasStatus(204)
                .hasHeader("Upload-Offset", "3")
                .hasHeader("Upload-Length", "10")
                .hasHeader("Upload-Complete", "?0")
                .hasHeader("Upload-Limit", LIMIT)
                .hasHeader("Cache-Control", "no-store");
        exchange.send("3456789").end();
        assertThat(exchange.response()).hasStatus(204).hasHeader("Upload-Complete", "?1");
    }

    @Test
    void anOffsetThatIsWrongIsToldTheRightOne() {
        String upload = created();
        patch(upload, 0, "?0").body("01234").send();
        TestResponse response = patch(upload, 4, "?0").body("x").send();
        assertThat(response).isProblem(409).hasHeader("Upload-Offset", "5").hasHeader("Upload-Complete", "?0");
        JsonNode problem = response.json(JsonNode.class);
        assertThat(problem.get("type").asString()).isEqualTo(PROBLEMS + "mismatching-upload-offset");
        assertThat(problem.get("expected-offset").asLong()).isEqualTo(5);
        assertThat(problem.get("provided-offset").asLong()).isEqualTo(4);
        assertThat(patch(upload, 6, "?0").body("x").send()).isProblem(409).hasHeader("Upload-Offset", "5");
    }

    @Test
    void whatIsCancelledIsGone() {
        String upload = created();
        TestExchange exchange =
                patch(upload, 0, "?1").header("Content-Length", "10").open();
        exchange.send("012");
        assertThat(request("DELETE", upload).send()).hasStatus(204);
        assertThat(exchange.response()).isProblem(409);
        assertThat(head(upload)).hasStatus(404).hasNoHeader("Upload-Offset");
        assertThat(patch(upload, 3, "?1").body("x").send()).isProblem(404);
        assertThat(bare("DELETE", created()).send()).hasStatus(204);
        assertThat(store.ids()).isEmpty();
    }

    @Test
    void unfinishedOnesExpire() {
        String upload = created();
        server.advance(Duration.ofHours(1));
        assertThat(head(upload)).hasHeader("Upload-Limit", "max-size=100000, min-size=0, max-age=82800");
        server.advance(Duration.ofDays(1));
        assertThat(head(upload)).hasStatus(404);
    }

    // ---- the end

    @Test
    void theAnswerIsGivenAgainToWhoDidNotGetIt() {
        completing(upload -> Response.json(completed.size()).status(203));
        String upload = created();
        TestResponse first = patch(upload, 0, "?1").body("0123456789").send();
        assertThat(first).hasStatus(203).hasBody("1");
        for (TestRequest again : List.of(
                patch(upload, 10, "?1"),
                patch(upload, 0, "?1").body("0123456789"),
                patch(upload, 10, "?1").body("more"))) {
            assertThat(again.send())
                    .hasStatus(203)
                    .hasBody("1")
                    .hasHeader("Upload-Complete", "?1")
                    .hasHeader("Upload-Offset", "10");
        }
        assertThat(completed).hasSize(1);
    }

    @Test
    void whatTheApplicationFailedToDoIsTriedAgain() {
        completing(upload -> {
            if (completed.size() < 3) {
                throw new IllegalStateException("on purpose");
            }
            return Response.text("done");
        });
        TestResponse first = create("?1").body("0123").send();
        assertThat(first).isProblem(500).hasHeader("Upload-Complete", "?0").hasHeader("Upload-Offset", "4");
        String upload = '/' + first.interims().get(0).headers().get("Location");
        assertThat(head(upload)).hasHeader("Upload-Complete", "?0").hasHeader("Upload-Offset", "4");
        assertThat(patch(upload, 4, "?1").send()).isProblem(500).hasHeader("Upload-Complete", "?0");
        assertThat(patch(upload, 4, "?1").send()).hasStatus(200).hasBody("done").hasHeader("Upload-Complete", "?1");
    }

    @Test
    void whoAsksWhileTheApplicationWorksWaitsForTheSameAnswer() {
        CompletableFuture<Response> answer = new CompletableFuture<>();
        server.close();
        server = server(builder -> builder.onCompleteAsync(upload -> {
            completed.add(upload);
            return answer;
        }));
        String upload = created();
        TestExchange first = patch(upload, 0, "?1").body("0123456789").open().end();
        assertThat(head(upload)).hasHeader("Upload-Complete", "?0").hasHeader("Upload-Offset", "10");
        TestExchange second = patch(upload, 10, "?1").body("").open().end();
        TestExchange third = patch(upload, 10, "?1").body("more").open().end();
        assertThat(first.isAnswered() || second.isAnswered() || third.isAnswered())
                .isFalse();
        answer.complete(Response.text("done"));
        for (TestExchange exchange : List.of(first, second, third)) {
            assertThat(exchange.response()).hasStatus(200).hasBody("done").hasHeader("Upload-Complete", "?1");
        }
        assertThat(completed).hasSize(1);
    }

    @Test
    void theAnswerIsTheLastEvenIfTheApplicationDeletesTheUpload() {
        completing(upload -> {
            upload.delete();
            return Response.text("infected").status(422);
        });
        assertThat(create("?1").body("0123").send())
                .hasStatus(422)
                .hasBody("infected")
                .hasHeader("Upload-Complete", "?1");
        assertThat(store.ids()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "6"})
    void clientsThatTakeAnOffsetForTheEndAreToldItOnlyThen(String version) {
        completing(upload -> {
            if (completed.size() < 2) {
                throw new IllegalStateException("on purpose");
            }
            return Response.text("done");
        });
        String upload =
                location(create("?0").header("Upload-Length", "4").body("0123").send());
        TestRequest head = bare("HEAD", upload).header("Upload-Draft-Interop-Version", version);
        assertThat(head.send()).hasStatus(500);
        assertThat(head.send())
                .hasStatus(204)
                .hasHeader("Upload-Complete", "?1")
                .hasHeader("Upload-Offset", "4");
        assertThat(completed).hasSize(2);
    }

    // ---- digests

    @Test
    void bytesWithAnotherDigestAreNotKept() throws Exception {
        String upload = created();
        assertThat(patch(upload, 0, "?0")
                        .header("Content-Digest", sha256("01234"))
                        .body("01234")
                        .send())
                .hasStatus(204);
        assertThat(patch(upload, 5, "?1")
                        .header("Content-Digest", sha256("56789"))
                        .body("5678x")
                        .send())
                .isProblem(400)
                .hasHeader("Upload-Offset", "5")
                .hasHeader("Upload-Complete", "?0");
        assertThat(head(upload)).hasHeader("Upload-Offset", "5");
        assertThat(patch(upload, 5, "?1")
                        .header("Content-Digest", "sha-256=:AAAA:")
                        .body("56789")
                        .send())
                .isProblem(400);
        assertThat(patch(upload, 5, "?1")
                        .header("Content-Digest", sha256("56789"))
                        .body("56789")
                        .send())
                .hasStatus(204)
                .hasHeader("Upload-Complete", "?1");
        assertThat(stored(upload)).isEqualTo("0123456789");
    }

    @Test
    void bytesOfACreationWithAnotherDigestCanBeSentAgain() throws Exception {
        TestResponse response = create("?1")
                .header("Content-Digest", sha256("0123"))
                .body("012x")
                .send();
        assertThat(response).isProblem(400).hasHeader("Upload-Complete", "?0").hasHeader("Upload-Offset", "0");
        assertThat(patch(location(response), 0, "?1").body("0123").send()).hasHeader("Upload-Complete", "?1");
    }

    @Test
    void theWholeIsComparedToItsDigest() throws Exception {
        String right = location(create("?0")
                .header("Repr-Digest", sha256("0123456789"))
                .body("01234")
                .send());
        assertThat(patch(right, 5, "?1").body("56789").send()).hasStatus(204).hasHeader("Upload-Complete", "?1");
        String wrong = location(create("?0")
                .header("Repr-Digest", sha256("0123456789"))
                .body("01234")
                .send());
        assertThat(patch(wrong, 5, "?1").body("5678x").send()).isProblem(400).hasNoHeader("Upload-Offset");
        assertThat(head(wrong)).hasStatus(404);
    }

    // ---- with tus

    @Test
    void tusGoesOnWithWhatTheDraftBegan() throws Exception {
        String upload =
                location(create("?0").header("Upload-Length", "10").body("012").send());
        assertThat(tus("HEAD", upload).send())
                .hasHeader("Upload-Offset", "3")
                .hasHeader("Upload-Length", "10")
                .hasHeader("Tus-Resumable", "1.0.0");
        assertThat(tus("PATCH", upload)
                        .header("Content-Type", "application/offset+octet-stream")
                        .header("Upload-Offset", "3")
                        .body("345")
                        .send())
                .hasStatus(204)
                .hasHeader("Upload-Offset", "6");
        assertThat(patch(upload, 6, "?1").body("6789").send()).hasStatus(204).hasHeader("Upload-Complete", "?1");
        assertThat(tus("HEAD", upload).send()).hasStatus(204).hasHeader("Upload-Offset", "10");
        assertThat(stored(upload)).isEqualTo("0123456789");
    }

    @Test
    void theDraftGoesOnWithWhatTusBegan() throws Exception {
        completing(upload -> Response.text("done"));
        String upload = location(
                tus("POST", "/uploads").header("Upload-Defer-Length", "1").send());
        TestExchange stalled = tus("PATCH", upload)
                .header("Content-Type", "application/offset+octet-stream")
                .header("Upload-Offset", "0")
                .header("Content-Length", "5")
                .open();
        stalled.send("012");
        assertThat(head(upload)).hasHeader("Upload-Offset", "3").hasHeader("Upload-Complete", "?0");
        assertThat(stalled.response()).isProblem(409).hasHeader("Tus-Resumable", "1.0.0");
        assertThat(patch(upload, 3, "?1").body("3456").send())
                .hasStatus(200)
                .hasBody("done")
                .hasHeader("Upload-Complete", "?1")
                .hasHeader("Upload-Offset", "7");
        assertThat(stored(upload)).isEqualTo("0123456");
        assertThat(completed).hasSize(1);
    }

    @Test
    void aPartOfTusIsNotForTheApplication() {
        completing(upload -> Response.text("done"));
        String part = location(tus("POST", "/uploads")
                .header("Upload-Length", "4")
                .header("Upload-Concat", "partial")
                .send());
        assertThat(patch(part, 0, "?1").body("0123").send()).hasStatus(204).hasHeader("Upload-Complete", "?1");
        assertThat(completed).isEmpty();
        assertThat(tus("POST", "/uploads")
                        .header("Upload-Concat", "final;" + part)
                        .send())
                .hasStatus(200)
                .hasBody("done");
    }

    @Test
    void aTypeOfTusWithoutItsVersionIsNotTakenForAnother() {
        assertThat(bare("PATCH", created())
                        .header("Content-Type", "application/offset+octet-stream")
                        .header("Upload-Offset", "0")
                        .body("0")
                        .send())
                .isProblem(412)
                .hasHeader("Tus-Version", "1.0.0");
    }
}
