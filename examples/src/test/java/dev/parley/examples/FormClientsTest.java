package dev.parley.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.upload.FileUploadStore;
import dev.parley.upload.UploadEndpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/**
 * The same forms, with the names, values and files that trouble makers have, as Chromium, the undici of Node.js and curl send them. What
 * is different is what they put on the wire, as the standard of HTML has it, or has not.
 */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(InstalledBrowser.class)
final class FormClientsTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    /**
     * A form: values under a name, and a file under the same.
     *
     * @param fileName the name that the client gives the file
     */
    private record Form(String name, List<String> values, String fileName, String content) {}

    /**
     * What the server has of a form.
     *
     * @param fileName the name that it gives the file, or {@code null} if it has none
     */
    private record Seen(String name, List<String> values, String fileName) {}

    private record Row(Form form, Seen byChromium, Seen byUndici, Seen byCurl) {
        Row(Form form, Seen byAll) {
            this(form, byAll, byAll, byAll);
        }
    }

    /** The form is refused, with 400. */
    private static final Seen REFUSED = new Seen(null, List.of(), null);

    private static Row row(String name, String value, String fileName, String seenFileName) {
        return new Row(form(name, value, fileName), new Seen(name, List.of(value), seenFileName));
    }

    private static Form form(String name, String value, String fileName) {
        return new Form(name, List.of(value), fileName, "content of " + fileName);
    }

    private static Seen seen(String name, String value, String fileName) {
        return new Seen(name, List.of(value), fileName);
    }

    private static final List<Row> ROWS = List.of(
            row("plain", "a value", "plain.txt", "plain.txt"),
            row("q\"uote", "\"", "qu\"ote\".txt", "qu_ote_.txt"),
            row("back\\slash", "a\\b\\", "back\\slash.txt", "slash.txt"),
            row("both\\\"", "\\\"", "both\\\".txt", "_.txt"),
            // A backslash is not escaped, but may be in a quoted string of HTTP: two of them are one.
            new Row(form("two\\\\", "\\\\", "two\\\\.txt"), seen("two\\", "\\\\", "txt")),
            // Line ends of names and values are CRLF in a form of HTML.
            new Row(
                    form("line\nend", "line\nend", "line\nend.txt"),
                    seen("line\r\nend", "line\r\nend", "lineend.txt"),
                    seen("line\r\nend", "line\r\nend", "lineend.txt"),
                    seen("line\nend", "line\nend", "lineend.txt")),
            row("100%", "%41%", "100%25.txt", "100%25.txt"),
            // A percent sign is not escaped, so this can't be told from a quote.
            new Row(form("a%22b", "a%22b", "a%22b.txt"), seen("a\"b", "a%22b", "a_b.txt")),
            row("Gr\u00fc\u00dfe", "\u5c0f\u9ea6", "\u00dcbung \u5c0f\u9ea6.txt", "\u00dcbung \u5c0f\u9ea6.txt"),
            row("e\u0301", "e\u0301", "e\u0301.txt", "e\u0301.txt"),
            row("\ud83d\ude00", "\ud83d\udc69\u200d\ud83d\ude80", "\ud83d\ude00.txt", "\ud83d\ude00.txt"),
            row("\u202egnp", "\u202egnp", "holiday\u202etxt.exe", "holidaytxt.exe"),
            row("../../x", "../../x", "../../x", "x"),
            row("C:\\x", "C:\\x", "C:\\CON.txt", "_CON.txt"),
            row("; name", ";name=x", ";name=x.txt", ";name=x.txt"),
            row("name*", "UTF-8''%41", "filename*=UTF-8''%41.txt", "filename_=UTF-8''%41.txt"),
            row("a\"; filename*", "", "a\"; filename*=UTF-8''b.txt", "a_; filename_=UTF-8''b.txt"),
            row("--", "\r\n--\r\n", "--.txt", "--.txt"),
            new Row(
                    new Form("repeated", List.of("1", "2", "1", ""), "r.txt", "r"),
                    new Seen("repeated", List.of("1", "2", "1", ""), "r.txt")),
            new Row(new Form("empty file", List.of(), "empty.txt", ""), new Seen("empty file", List.of(), "empty.txt")),
            // What is without a name has an empty one in HTML; of curl it has none.
            new Row(form("", "x", "x.txt"), seen("", "x", "x.txt"), seen("", "x", "x.txt"), REFUSED),
            // A file without a name is still one in HTML; undici sends it as a field.
            new Row(
                    form("unnamed", "x", ""),
                    seen("unnamed", "x", "file"),
                    new Seen("unnamed", List.of("x", "content of "), null),
                    seen("unnamed", "x", "file")));

    @TempDir
    private static Path directory;

    private static FileUploadStore store;
    private static ParleyServer server;

    @BeforeAll
    static void start() throws Exception {
        store = FileUploadStore.at(directory.resolve("store")).minFreeBytes(0).open();
        server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .get("/", exchange -> exchange.respond(Response.text("")))
                        .any("/uploads/*", UploadEndpoint.builder(store).build())
                        .build())
                .build()
                .start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        store.close();
        try (Stream<Path> beside = Files.list(directory)) {
            assertThat(beside.map(path -> path.getFileName().toString())).containsOnly("store", "content");
        }
    }

    private static String url() {
        return "http://127.0.0.1:" + server.port() + '/';
    }

    // ---- the clients

    @Test
    void chromium() throws Exception {
        try (Playwright playwright = InstalledBrowser.playwright();
                Browser browser = InstalledBrowser.launch(playwright)) {
            Page page = Patience.in(browser.newContext()).newPage();
            page.navigate(url());
            for (Row row : ROWS) {
                String answer = (String) page.evaluate("""
                        async (json) => {
                          const { name, values, fileName, content } = JSON.parse(json)
                          const form = new FormData()
                          for (const value of values) form.append(name, value)
                          form.append(name, new File([content], fileName, { type: 'text/plain' }))
                          const response = await fetch('/uploads', { method: 'POST', body: form })
                          return JSON.stringify({ status: response.status, body: await response.text() })
                        }""", JSON.writeValueAsString(row.form));
                assertSeen(row.form, row.byChromium, answer);
            }
        }
    }

    @Test
    void undici() throws Exception {
        Process client = NodeClients.start("forms.js", url() + "uploads");
        try {
            client.getOutputStream()
                    .write(JSON.writeValueAsBytes(ROWS.stream().map(Row::form).toList()));
            client.getOutputStream().close();
            List<String> answers = new String(client.getInputStream().readAllBytes(), UTF_8)
                    .lines()
                    .toList();
            assertThat(client.waitFor(Patience.PROCESS_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(client.exitValue()).isZero();
            assertThat(answers).hasSameSizeAs(ROWS);
            for (int i = 0; i < answers.size(); i++) {
                assertSeen(ROWS.get(i).form, ROWS.get(i).byUndici, answers.get(i));
            }
        } finally {
            client.destroyForcibly();
        }
    }

    @Test
    void curl() throws Exception {
        Optional<Path> curl = InstalledBrowser.installed("curl").findFirst();
        if (!"true".equals(System.getenv("CI"))) {
            assumeTrue(curl.isPresent(), "curl is not installed (Debian: apt-get install curl)");
        }
        Path content = directory.resolve("content");
        for (Row row : ROWS) {
            Files.writeString(content, row.form.content);
            Process client =
                    Patience.limited(new ProcessBuilder(curl.orElseThrow().toString(), "--disable", "--config", "-")
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start());
            try {
                client.getOutputStream().write(curlConfig(row.form, content).getBytes(UTF_8));
                client.getOutputStream().close();
                String said = new String(client.getInputStream().readAllBytes(), UTF_8);
                assertThat(client.waitFor(Patience.PROCESS_SECONDS, TimeUnit.SECONDS))
                        .isTrue();
                assertThat(client.exitValue()).isZero();
                int status = said.lastIndexOf('\n');
                assertSeen(
                        row.form,
                        row.byCurl,
                        JSON.writeValueAsString(
                                new Answer(Integer.parseInt(said.substring(status + 1)), said.substring(0, status))));
            } finally {
                client.destroyForcibly();
            }
        }
    }

    /** In its configuration, as arguments of programs have the characters of the system's locale only. */
    private static String curlConfig(Form form, Path content) {
        StringBuilder config = new StringBuilder("silent\nnoproxy = \"*\"\nwrite-out = \"\\n%{http_code}\"\n");
        config.append("url = ").append(quotedLine(url() + "uploads")).append('\n');
        for (String value : form.values) {
            config.append("form-string = ")
                    .append(quotedLine(form.name + '=' + value))
                    .append('\n');
        }
        String file =
                form.name + "=@" + quoted(content.toString()) + ";type=text/plain;filename=" + quoted(form.fileName);
        return config.append("form = ").append(quotedLine(file)).append('\n').toString();
    }

    private static String quotedLine(String text) {
        return quoted(text).replace("\r", "\\r").replace("\n", "\\n");
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    // ---- what the server says

    private record Answer(int status, String body) {}

    private record Summary(Map<String, List<String>> fields, List<Stored> files) {}

    private record Stored(String field, String name, long bytes, String id, String location, String progress) {}

    private static void assertSeen(Form form, Seen seen, String json) throws IOException {
        Answer answer = JSON.readValue(json, Answer.class);
        if (seen.equals(REFUSED)) {
            assertThat(answer.status).as("%s: %s", form, answer).isEqualTo(400);
            return;
        }
        assertThat(answer.status).as("%s: %s", form, answer).isEqualTo(200);
        Summary summary = JSON.readValue(answer.body, Summary.class);
        assertThat(summary.fields)
                .as("fields of %s", form)
                .isEqualTo(seen.values.isEmpty() ? Map.of() : Map.of(seen.name, seen.values));
        if (seen.fileName == null) {
            assertThat(summary.files).as("files of %s", form).isEmpty();
            return;
        }
        assertThat(summary.files).as("files of %s", form).singleElement().satisfies(file -> {
            assertThat(file.field).isEqualTo(seen.name);
            assertThat(file.name).isEqualTo(seen.fileName);
            assertThat(store.file(file.id)).hasContent(form.content);
        });
    }
}
