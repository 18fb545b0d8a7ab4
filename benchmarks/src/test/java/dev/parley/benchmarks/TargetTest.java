package dev.parley.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.parley.server.ParleyServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TargetTest {
    @TempDir
    Path files;

    @TempDir
    Path uploads;

    private ParleyServer server;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeEach
    void start() throws Exception {
        Files.writeString(files.resolve("a.txt"), "static");
        server = Target.start(Arguments.parse(
                "--port",
                "0",
                "--tls-port",
                "0",
                "--static",
                files.toString(),
                "--uploads",
                uploads.toString(),
                "--origin",
                "http://shop.example"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void theRootTakesNothingButGet() throws Exception {
        assertThat(send("GET", "/", "").statusCode()).isEqualTo(200);
        assertThat(send("POST", "/", "x").statusCode()).isEqualTo(405);
    }

    @Test
    void roomsAreServedInEachDialect() throws Exception {
        assertThat(send("GET", "/signal", "").statusCode()).isEqualTo(426);
        assertThat(send("GET", "/y-webrtc", "").statusCode()).isEqualTo(426);
        assertThat(send("GET", "/peerjs/", "").body()).contains("PeerJS Server");
    }

    @Test
    void sinkAndBeaconReadTheBodyAndAnswerEmpty() throws Exception {
        for (String path : new String[] {"/sink", "/beacon"}) {
            HttpResponse<String> response = send("POST", path, "x".repeat(1024));
            assertThat(response.statusCode()).isEqualTo(204);
            assertThat(response.body()).isEmpty();
        }
        assertThat(send("POST", "/sink", "x".repeat(1024 * 1024 + 1)).statusCode())
                .isEqualTo(413);
    }

    @Test
    void anUploadIsCounted() throws Exception {
        assertThat(send("POST", "/upload", "x".repeat(3_000_000)).body()).isEqualTo("3000000");
    }

    @Test
    void aFormIsKeptAndDescribed() throws Exception {
        String file = "0123456789".repeat(300_000);
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(uri("/multipart"))
                        .header("Content-Type", "multipart/form-data; boundary=b")
                        .POST(BodyPublishers.ofString("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nabc\r\n"
                                + "--b\r\nContent-Disposition: form-data; name=f; filename=\"../x\"\r\n\r\n" + file
                                + "\r\n--b--\r\n"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(response.body())
                .isEqualTo("{\"parts\":[{\"name\":\"a\",\"filename\":null,\"size\":3,"
                        + "\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"},"
                        + "{\"name\":\"f\",\"filename\":\"../x\",\"size\":3000000,\"sha256\":\"" + sha256(file)
                        + "\"}]}");
        try (Stream<Path> kept = Files.list(uploads.resolve("forms"))) {
            assertThat(kept).singleElement().satisfies(path -> assertThat(path).hasContent(file));
        }
    }

    @Test
    void aFormThatIsNoneLeavesNothing() throws Exception {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(uri("/multipart"))
                        .header("Content-Type", "multipart/form-data; boundary=b")
                        .POST(BodyPublishers.ofString(
                                "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nabc"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(send("POST", "/multipart", "x").statusCode()).isEqualTo(415);
    }

    private static String sha256(String text) throws Exception {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void tusIsSpoken() throws Exception {
        HttpResponse<String> created = client.send(
                HttpRequest.newBuilder(uri("/tus"))
                        .header("Tus-Resumable", "1.0.0")
                        .header("Upload-Length", "4")
                        .POST(BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
        assertThat(created.statusCode()).isEqualTo(201);
        URI upload =
                uri("/tus").resolve(created.headers().firstValue("location").orElseThrow());
        HttpResponse<String> patched = client.send(
                HttpRequest.newBuilder(upload)
                        .header("Tus-Resumable", "1.0.0")
                        .header("Upload-Offset", "0")
                        .header("Content-Type", "application/offset+octet-stream")
                        .method("PATCH", BodyPublishers.ofString("0123"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(patched.headers().firstValue("upload-offset")).hasValue("4");
        assertThat(uploads.resolve("tus")).isNotEmptyDirectory();
    }

    @Test
    void staticFilesAreServed() throws Exception {
        assertThat(send("GET", "/static/a.txt", "").body()).isEqualTo("static");
        assertThat(send("GET", "/static/..%2fa.txt", "").statusCode()).isIn(400, 404);
    }

    @Test
    void aSubscriberHearsWhatIsPublished() throws Exception {
        HttpResponse<java.io.InputStream> stream =
                client.send(HttpRequest.newBuilder(uri("/sse/news")).build(), BodyHandlers.ofInputStream());
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(stream.headers().firstValue("content-type")).hasValue("text/event-stream");
            assertThat(lines.readLine()).startsWith("retry:");
            assertThat(send("POST", "/publish/news", "hello").statusCode()).isEqualTo(204);
            List<String> told = toldUntil("data:", lines);
            assertThat(told).last().isEqualTo("data: hello");
        }
    }

    @Test
    void eventsHaveNamesAndAreKeptForWhoComesBack() throws Exception {
        send("POST", "/publish?event=greeting", "one");
        send("POST", "/publish", "two");
        HttpResponse<java.io.InputStream> stream = client.send(
                HttpRequest.newBuilder(uri("/events?lastEventId=unknown-1"))
                        .header("Origin", "http://shop.example")
                        .build(),
                BodyHandlers.ofInputStream());
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(stream.headers().firstValue("access-control-allow-origin"))
                    .hasValue("http://shop.example");
            List<String> told = toldUntil("data: two", lines);
            assertThat(told)
                    .contains("event: parley:reset")
                    .containsSequence("event: greeting", "data: one", "")
                    .endsWith("data: two");
        }
        assertThat(send("POST", "/publish?event=a%0Ab", "x").statusCode()).isEqualTo(400);
    }

    @Test
    void aTopicCanBeReadAsNdjson() throws Exception {
        HttpResponse<java.io.InputStream> stream =
                client.send(HttpRequest.newBuilder(uri("/ndjson/news")).build(), BodyHandlers.ofInputStream());
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).startsWith("{\"retry\":");
            assertThat(lines.readLine()).startsWith("{\"id\":"); // from here on what is published is heard
            send("POST", "/publish/news", "hello");
            assertThat(lines.readLine()).endsWith("\"data\":\"hello\"}");
        }
    }

    @Test
    void aWrongArgumentIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Arguments.parse("--colour", "red"))
                .withMessageContaining("--colour");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Arguments.parse("--port", "many"))
                .withMessageContaining("--port: many");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Arguments.parse("--transport", "pigeon"))
                .withMessageContaining("pigeon");
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(uri(path))
                        .timeout(Duration.ofSeconds(60))
                        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    /** The lines up to the first that begins like this. */
    private static List<String> toldUntil(String beginning, BufferedReader lines) throws IOException {
        List<String> told = new ArrayList<>();
        String line;
        do {
            line = lines.readLine();
            assertThat(line).as("after %s", told).isNotNull();
            told.add(line);
        } while (!line.startsWith(beginning));
        return told;
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }
}
