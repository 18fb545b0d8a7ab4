package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.BodyListener;
import dev.parley.http.Problem;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestServer;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Forms over each version of HTTP, whole and in pieces. */
@ParameterizedClass
@CsvSource({"HTTP_1_1, 2147483647", "HTTP_1_1, 1", "HTTP_2, 2147483647", "HTTP_2, 1"})
final class MultipartTest {
    private static final String TYPE = "multipart/form-data; boundary=b";
    private static final String FORM = "--b\r\n" + head("name=\"a\"") + "one\r\n--b\r\n"
            + head("name=\"f\"; filename=\"x.txt\"\r\nContent-Type: text/plain") + "\r\ntwo\r\n\r\n--b--\r\n";

    private final Protocol protocol;
    private final int pieceBytes;
    private final List<String> heard = new ArrayList<>();

    MultipartTest(Protocol protocol, int pieceBytes) {
        this.protocol = protocol;
        this.pieceBytes = pieceBytes;
    }

    private static String head(String parameters) {
        return "Content-Disposition: form-data; " + parameters + "\r\n\r\n";
    }

    /** Hears a form, a line for each part. */
    private class Recorder implements PartListener {
        @Override
        public CompletionStage<?> onPart(Part part) throws Exception {
            heard.add(part.name() + "|" + part.fileName() + "|" + part.contentType() + "=");
            return BodyListener.READY;
        }

        @Override
        public CompletionStage<?> onData(ByteBuf data) throws Exception {
            heard.add(heard.remove(heard.size() - 1) + data.toString(ISO_8859_1));
            return BodyListener.READY;
        }

        @Override
        public void onFailure(Throwable cause) {
            heard.add("! " + cause.getMessage());
        }
    }

    private TestServer server(Routes routes) {
        return TestServer.builder(routes)
                .protocol(protocol)
                .pieceBytes(pieceBytes)
                .build();
    }

    private TestServer server(Multipart forms, PartListener listener) {
        return server(Routes.builder()
                .post(
                        "/",
                        exchange -> exchange.respond(
                                forms.receive(exchange, listener).thenApply(done -> Response.noContent())))
                .build());
    }

    private TestServer server(Multipart.Builder forms) {
        return server(forms.build(), new Recorder());
    }

    private static TestRequest post(TestServer server, String body) {
        return server.post("/").header("Content-Type", TYPE).body(body);
    }

    // ---- what is taken

    @Test
    void aFormIsToldOfPartByPart() {
        try (TestServer server = server(Multipart.builder())) {
            assertThat(post(server, FORM).send()).hasStatus(204);
        }
        assertThat(heard).containsExactly("a|null|null=one", "f|x.txt|text/plain=\r\ntwo\r\n");
    }

    @Test
    void aFormMayBeEmpty() {
        try (TestServer server = server(Multipart.builder())) {
            assertThat(post(server, "--b--\r\n").send()).hasStatus(204);
        }
        assertThat(heard).isEmpty();
    }

    @Test
    void aPartOfSeveralIsOnePart() {
        String inner = "--i\r\nContent-Disposition: file; filename=\"x\"\r\n\r\n1\r\n--i--\r\n";
        try (TestServer server = server(Multipart.builder())) {
            assertThat(post(
                                    server,
                                    "--b\r\nContent-Disposition: form-data; name=f\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
                                            + inner + "\r\n--b--")
                            .send())
                    .hasStatus(204);
        }
        assertThat(heard).containsExactly("f|null|multipart/mixed; boundary=i=" + inner);
    }

    @Test
    void whileTheListenerIsBusyNoMoreIsRead() {
        Deque<CompletableFuture<Void>> pending = new ArrayDeque<>();
        long[] received = new long[1];
        PartListener busy = new Recorder() {
            @Override
            public CompletionStage<?> onData(ByteBuf data) {
                received[0] += data.readableBytes();
                pending.add(new CompletableFuture<>());
                return pending.getLast();
            }
        };
        int bytes = pieceBytes == 1 ? 4_000 : 4_000_000;
        try (TestServer server = server(Multipart.DEFAULT, busy)) {
            TestExchange exchange =
                    server.post("/").header("Content-Type", TYPE).open();
            exchange.send("--b\r\n" + head("name=a; filename=a")).send("x".repeat(bytes));

            assertThat(pending).hasSize(1);
            assertThat(received[0]).isBetween(1L, 64 * 1024L); // one read, or one frame
            exchange.send("\r\n--b--").end();
            while (!pending.isEmpty()) {
                assertThat(exchange.isAnswered()).isFalse();
                pending.remove().complete(null);
                server.run();
            }
            assertThat(exchange.response()).hasStatus(204);
            assertThat(received[0]).isEqualTo(bytes);
        }
    }

    // ---- what is refused

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "application/json ~ 415",
                "multipart/mixed; boundary=b ~ 415",
                "multipart/form-data ~ 400",
                "multipart/form-data; boundary=\"\" ~ 400",
                "multipart/form-data; boundary=\"b<\" ~ 400",
                "multipart/form-data; boundary=c ~ 400",
            })
    void anotherContentTypeIsRefused(String type, int status) {
        try (TestServer server = server(Multipart.builder())) {
            assertThat(server.post("/").header("Content-Type", type).body(FORM).send())
                    .isProblem(status);
        }
        assertThat(heard).singleElement().asString().startsWith("! " + status);
    }

    @Test
    void aBoundaryThatIsTooLongIsRefused() {
        try (TestServer server = server(Multipart.builder())) {
            assertThat(server.post("/")
                            .header("Content-Type", "multipart/form-data; boundary=" + "b".repeat(5000))
                            .body(FORM)
                            .send())
                    .isProblem(400);
        }
        assertThat(heard)
                .containsExactly(
                        "! 400 Bad Request: The form can't be read: the boundary is longer than 70 characters.");
    }

    @Test
    void aBodyWithoutATypeOrWithTwoOrInACodingIsRefused() {
        try (TestServer server = server(Multipart.builder())) {
            assertThat(server.post("/").body(FORM).send()).isProblem(415);
            assertThat(post(server, FORM).header("Content-Encoding", "gzip").send())
                    .isProblem(415);
            assertThat(post(server, FORM).header("Content-Type", TYPE).send()).isProblem(400);
        }
        assertThat(heard).hasSize(3);
    }

    @Test
    void aBodyThatIsCutOffIsRefused() {
        try (TestServer server = server(Multipart.builder())) {
            assertThat(post(server, FORM.substring(0, FORM.length() - 5)).send())
                    .isProblem(400);
        }
        assertThat(heard).hasSize(3).last().asString().endsWith("the body ends before its last boundary.");
    }

    @Test
    void whatIsTooLongIsRefusedBeforeItIsRead() {
        try (TestServer server = server(Multipart.builder().maxBytes(FORM.length()))) {
            assertThat(post(server, FORM).send()).hasStatus(204);
            heard.clear();
            assertThat(post(server, FORM + "x").send()).isProblem(413);
        }
        assertThat(heard)
                .singleElement()
                .asString()
                .isEqualTo(
                        "! 413 Request Entity Too Large: The body is over the limit of " + FORM.length() + " bytes.");
    }

    @Test
    void aBodyThatTurnsOutTooLongIsRefused() {
        try (TestServer server = server(Multipart.builder().maxBytes(200))) {
            TestExchange exchange =
                    server.post("/").header("Content-Type", TYPE).open();
            exchange.send("--b\r\n" + head("name=a"));
            exchange.send("x".repeat(200));
            assertThat(exchange.response()).isProblem(413);
        }
        assertThat(heard).hasSize(2).last().asString().startsWith("! 413");
    }

    @Test
    void eachLimitIsAnsweredWith413() {
        List<String> answers = List.of(
                "the head of a part is too long",
                "a name is too long",
                "there are too many parts",
                "A part is over the limit of 3 bytes");
        try (TestServer server = server(
                Multipart.builder().maxParts(2).maxHeadBytes(80).maxNameChars(5).maxPartBytes(3))) {
            String two = "--b\r\n" + head("name=abcde") + "123\r\n--b\r\n" + head("name=b; filename=12345") + "\r\n--b";
            assertThat(post(server, two + "--").send()).hasStatus(204);
            heard.clear();
            for (String wrong : List.of(
                    "--b\r\nX: " + "x".repeat(76) + "\r\n" + head("name=a"),
                    "--b\r\n" + head("name=b; filename=123456"),
                    two + "\r\n" + head("name=c"),
                    "--b\r\n" + head("name=a") + "1234")) {
                assertThat(post(server, wrong + "\r\n--b--").send()).isProblem(413);
            }
        }
        assertThat(heard.stream().filter(line -> line.startsWith("!")).toList())
                .zipSatisfy(answers, (line, answer) -> assertThat(line).contains(answer));
    }

    @Test
    void aHeadOfManyMegabytesIsRefusedAtItsLimit() {
        int bytes = pieceBytes == 1 ? 10_000 : 10_000_000;
        try (TestServer server = server(Multipart.builder())) {
            TestExchange exchange =
                    server.post("/").header("Content-Type", TYPE).open();
            exchange.send("--b\r\nX: ").send("x".repeat(bytes));
            assertThat(exchange.response()).isProblem(413);
        }
        assertThat(heard)
                .containsExactly(
                        "! 413 Request Entity Too Large: The form can't be read: the head of a part is too long.");
    }

    @Test
    void theApplicationMayAnswerWhatIsRefused() {
        Routes routes = Routes.builder()
                .post(
                        "/",
                        exchange -> Multipart.DEFAULT
                                .receive(exchange, new Recorder())
                                .whenComplete((done, failure) ->
                                        exchange.respond(Response.text("Sorry: " + failure.getMessage())
                                                .header("X-Mine", "1"))))
                .build();
        try (TestServer server = server(routes)) {
            assertThat(server.post("/").body("{}").send()).hasStatus(200).hasHeader("X-Mine", "1");
            assertThat(post(server, "--bad\r\n").send()).hasStatus(200).hasHeader("X-Mine", "1");
            assertThat(post(server, "--b\r\n").send()).hasStatus(200).hasHeader("X-Mine", "1");
        }
    }

    @Test
    void whatNobodyAnswersIsAnswered() {
        Routes routes = Routes.builder()
                .post("/", exchange -> {
                    CompletionStage<Void> whole = Multipart.DEFAULT.receive(exchange, new Recorder());
                    assertThat(whole).isNotNull();
                })
                .build();
        try (TestServer server = server(routes)) {
            assertThat(server.post("/").body("{}").send()).isProblem(415);
            assertThat(post(server, "--bad\r\n").send()).isProblem(400);
            assertThat(post(server, "--b\r\n").send()).isProblem(400);
        }
    }

    // ---- what fails

    @Test
    void aClientThatGoesAwayIsHeardOfOnce() {
        try (TestServer server = server(Multipart.builder())) {
            TestExchange exchange =
                    server.post("/").header("Content-Type", TYPE).open();
            exchange.send("--b\r\n" + head("name=a") + "on").cut();
        }
        assertThat(heard).hasSize(2).last().asString().startsWith("! the exchange ended before its body");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aListenerThatFailsIsAnsweredAsAnEndpointIs(boolean later) {
        RuntimeException[] failures = {
            new IllegalStateException("secret"), Problem.of(507).asException()
        };
        for (RuntimeException failure : failures) {
            heard.clear();
            PartListener failing = new Recorder() {
                @Override
                public CompletionStage<?> onPartEnd() {
                    if (later) {
                        return CompletableFuture.failedStage(failure);
                    }
                    throw failure;
                }
            };
            try (TestServer server = server(Multipart.DEFAULT, failing)) {
                assertThat(post(server, FORM).send()).isProblem(failure instanceof IllegalStateException ? 500 : 507);
            }
            assertThat(heard).containsExactly("a|null|null=one", "! " + failure.getMessage());
        }
    }

    @Test
    void settingsAreChecked() {
        Multipart.Builder forms = Multipart.builder();
        assertThatThrownBy(() -> forms.maxBytes(-1)).hasMessage("maxBytes: -1 (expected: >= 0)");
        assertThatThrownBy(() -> forms.maxPartBytes(-1)).hasMessage("maxPartBytes: -1 (expected: >= 0)");
        assertThatThrownBy(() -> forms.maxParts(0)).hasMessage("maxParts: 0 (expected: >= 1)");
        assertThatThrownBy(() -> forms.maxHeadBytes(0)).hasMessage("maxHeadBytes: 0 (expected: >= 1)");
        assertThatThrownBy(() -> forms.maxNameChars(0)).hasMessage("maxNameChars: 0 (expected: >= 1)");
        assertThatThrownBy(() -> new FormFields(-1, 0)).hasMessage("maxFieldBytes: -1 (expected: >= 0)");
        assertThatThrownBy(() -> new FormFields(0, -1)).hasMessage("maxBytes: -1 (expected: >= 0)");
    }

    // ---- fields

    private static String field(String name, String value) {
        return "--b\r\n" + head("name=\"" + name + "\"") + value + "\r\n";
    }

    private static String typed(String name, String type, String value) {
        return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\nContent-Type: " + type + "\r\n\r\n"
                + value + "\r\n";
    }

    private int fields(FormFields fields, byte[] body) {
        Routes routes = Routes.builder()
                .post(
                        "/",
                        exchange -> exchange.respond(Multipart.DEFAULT
                                .receive(exchange, fields.andFiles(new Recorder()))
                                .thenApply(done -> Response.noContent())))
                .build();
        try (TestServer server = server(routes)) {
            return server.post("/")
                    .header("Content-Type", TYPE)
                    .body(body)
                    .send()
                    .status();
        }
    }

    private int fields(FormFields fields, String body) {
        return fields(fields, body.getBytes(UTF_8));
    }

    @Test
    void fieldsAreGatheredAndFilesArePassedOn() {
        FormFields fields = new FormFields();
        String file = "--b\r\n" + head("name=f; filename=x") + "data\r\n";
        assertThat(fields(fields, field("b", "\u00e4") + file + field("a", "") + field("b", "2") + "--b--"))
                .isEqualTo(204);

        assertThat(fields.names()).containsExactly("b", "a");
        assertThat(fields.all("b")).containsExactly("\u00e4", "2");
        assertThat(fields.first("b")).contains("\u00e4");
        assertThat(fields.first("a")).contains("");
        assertThat(fields.first("f")).isEmpty();
        assertThat(fields.all("f")).isEmpty();
        assertThat(fields).hasToString("FormFields[3]");
        assertThat(heard).containsExactly("f|x|null=data");
    }

    @Test
    void aTextIsInTheCharsetOfItsPartElseOfTheForm() {
        FormFields fields = new FormFields();
        String body = field("before", "\u00e4")
                + field("_charset_", "windows-1252")
                + typed("own", "text/plain; charset=utf-8", "\u00c3\u00a4")
                + typed("none", "text/plain", "\u0080")
                + "--b--";
        assertThat(fields(fields, body.getBytes(ISO_8859_1))).isEqualTo(204);

        assertThat(fields.first("before")).contains("\u00e4");
        assertThat(fields.first("own")).contains("\u00e4");
        assertThat(fields.first("none")).contains("\u20ac");
    }

    @Test
    void whatIsMalformedIsReplaced() {
        FormFields fields = new FormFields();
        assertThat(fields(fields, (field("a", "\u00ff") + "--b--").getBytes(ISO_8859_1)))
                .isEqualTo(204);
        assertThat(fields.first("a")).contains("\uFFFD");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-such-charset", "!", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"})
    void anUnknownCharsetIsRefused(String charset) {
        assertThat(fields(new FormFields(), field("_charset_", charset) + "--b--"))
                .isEqualTo(415);
        assertThat(fields(new FormFields(), typed("a", "text/plain; charset=\"" + charset + "\"", "x") + "--b--"))
                .isEqualTo(415);
        assertThat(fields(new FormFields(), typed("a", "text/plain; charset", "x") + "--b--"))
                .isEqualTo(400);
    }

    @Test
    void fieldsHaveLimits() {
        assertThat(fields(new FormFields(3, 1000), field("a", "123") + "--b--")).isEqualTo(204);
        assertThat(fields(new FormFields(3, 1000), field("a", "1234") + "--b--"))
                .isEqualTo(413);
        assertThat(fields(new FormFields(3, 138), field("a", "123") + field("b", "123") + "--b--"))
                .isEqualTo(204);
        assertThat(fields(new FormFields(3, 137), field("a", "123") + field("b", "123") + "--b--"))
                .isEqualTo(413);
        assertThat(fields(new FormFields(3, 137), field("a", "") + field("b", "") + field("c", "") + "--b--"))
                .isEqualTo(413);
    }
}
