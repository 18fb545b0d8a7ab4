package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Routes;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What was uploaded is given back, from a store with files and from one without. */
@ParameterizedClass
@ValueSource(booleans = {true, false})
final class UploadDownloadTest {
    @Parameter
    boolean inFiles;

    @TempDir
    Path directory;

    private UploadStore store;
    private TestServer server;

    @BeforeEach
    void open() throws Exception {
        store = inFiles
                ? FileUploadStore.at(directory)
                        .durability(Durability.NONE)
                        .minFreeBytes(0)
                        .open()
                : MemoryUploadStore.of(20_000_000);
        server = server(UploadEndpoint.builder(store).downloads());
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        store.close();
    }

    private static TestServer server(UploadEndpoint.Builder uploads) {
        return TestServer.of(clock ->
                Routes.builder().any("/uploads/*", uploads.clock(clock).build()).build());
    }

    private String uploaded(String name, String type, byte[] content) {
        TestResponse response = server.request(HttpMethod.PUT, "/uploads/" + name)
                .header("Content-Type", type)
                .body(content)
                .send();
        assertThat(response).hasStatus(201);
        return "/uploads/" + response.header("Location").orElseThrow();
    }

    private String uploaded(String name, String type) {
        return uploaded(name, type, "0123456789".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @Test
    void tellsTheDigestThatItWasComparedTo() {
        String digest = "crc32c=:KAwGng==:"; // of 0123456789
        TestResponse stored = server.request(HttpMethod.PUT, "/uploads/a")
                .header("Repr-Digest", digest)
                .body("0123456789")
                .send();
        String upload = "/uploads/" + stored.header("Location").orElseThrow();
        assertThat(server.get(upload).send()).hasStatus(200).hasHeader("Repr-Digest", digest);
        assertThat(server.get(upload).header("Range", "bytes=1-2").send())
                .hasStatus(206)
                .hasHeader("Repr-Digest", digest);
        TestResponse outside = server.get(upload).header("Range", "bytes=100-").send();
        assertThat(outside).hasStatus(416);
        assertThat(outside.header("Repr-Digest")).isEmpty();
        assertThat(server.request(HttpMethod.HEAD, upload)
                        .header("Tus-Resumable", "1.0.0")
                        .send())
                .hasStatus(204)
                .hasHeader("Repr-Digest", digest);
        assertThat(server.request(HttpMethod.HEAD, upload).send())
                .hasStatus(204)
                .hasHeader("Repr-Digest", digest);
        assertThat(server.get(uploaded("b", "text/plain")).send().header("Repr-Digest"))
                .isEmpty();
    }

    @Test
    void isSavedAndNotShown() {
        String upload = uploaded("a%22%C3%A4.html", "text/html");
        assertThat(server.get(upload).header("Accept-Encoding", "gzip").send())
                .hasStatus(200)
                .hasBody("0123456789")
                .hasHeader("Content-Length", "10")
                .hasHeader("Content-Type", "application/octet-stream")
                .hasHeader("Content-Disposition", "attachment; filename=\"a__.html\"; filename*=UTF-8''a_%C3%A4.html")
                .hasHeader("X-Content-Type-Options", "nosniff")
                .hasHeader("Content-Security-Policy", "sandbox; default-src 'none'")
                .hasHeader("Accept-Ranges", "bytes")
                .hasNoHeader("Content-Encoding");
    }

    @Test
    void hasTheTypeThatItWasSentWithIfThatIsHarmless() {
        assertThat(server.get(uploaded("a.png", "image/png")).send()).hasHeader("Content-Type", "image/png");
        assertThat(server.get(uploaded("a.svg", "image/svg+xml")).send())
                .hasHeader("Content-Type", "application/octet-stream");
    }

    @Test
    void goesOnWhereItBrokeOff() {
        String upload = uploaded("a.bin", "application/octet-stream");
        String tag = server.get(upload).send().header("ETag").orElseThrow();
        assertThat(server.get(upload)
                        .header("Range", "bytes=7-")
                        .header("If-Range", tag)
                        .send())
                .hasStatus(206)
                .hasHeader("Content-Range", "bytes 7-9/10")
                .hasBody("789");
        assertThat(server.get(upload).header("Range", "bytes=10-").send()).hasStatus(416);
        assertThat(server.get(upload).header("If-None-Match", tag).send()).hasStatus(304);
    }

    @Test
    void whatIsNotCompleteIsNotGiven() {
        TestResponse created = server.post("/uploads")
                .header("Tus-Resumable", "1.0.0")
                .header("Upload-Length", "10")
                .send();
        assertThat(server.get('/' + created.header("Location").orElseThrow()).send())
                .isProblem(409);
        assertThat(server.get("/uploads/aaaaaaaaaaaaaaaaaaaaaaaaaa").send()).isProblem(404);
        assertThat(server.get("/uploads/x").send()).isProblem(404);
        assertThat(server.get("/uploads").send()).isProblem(405).hasHeader("Allow", "OPTIONS, POST, PUT");
    }

    @Test
    void whatIsLongComesFromAFileOnly() {
        byte[] content = new byte[UploadDownload.MAX_BYTES + 1];
        TestResponse response =
                server.get(uploaded("long", "video/mp4", content)).send();
        if (inFiles) {
            assertThat(response).hasStatus(200).hasBody(content);
        } else {
            assertThat(response).isProblem(501);
        }
    }

    @Test
    void nothingIsGivenUnlessItIsSaid() {
        String upload = uploaded("a.txt", "text/plain");
        server.close();
        server = server(UploadEndpoint.builder(store));
        assertThat(server.get(upload).send()).isProblem(405).hasHeader("Allow", "DELETE, HEAD, OPTIONS, PATCH, PUT");
        server.close();
        server = server(UploadEndpoint.builder(store).downloads());
        assertThat(server.get(upload).send()).hasStatus(200);
        assertThat(server.post(upload).send())
                .isProblem(405)
                .hasHeader("Allow", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT");
    }
}
