package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.upload.FileUploadStore;
import dev.parley.upload.Upload;
import dev.parley.upload.UploadEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The clients that most pages use for resumable uploads, npm's "tus-js-client" and "@uppy/tus", against a server of this library. What they do is in tus.js. */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(NodeClients.class)
final class TusNodeTest {
    @TempDir
    private static Path directory;

    private static FileUploadStore store;
    private static ParleyServer server;

    @BeforeAll
    static void start() throws Exception {
        store = FileUploadStore.at(directory).minFreeBytes(0).open();
        server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .any(
                                "/uploads/*",
                                UploadEndpoint.builder(store)
                                        .onComplete(TusNodeTest::digest)
                                        .build())
                        .build())
                .build()
                .start();
    }

    private static Response digest(Upload upload) {
        try (InputStream content = upload.content()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            long bytes = new DigestInputStream(content, digest).transferTo(OutputStream.nullOutputStream());
            return Response.json(Map.of("sha256", HexFormat.of().formatHex(digest.digest()), "bytes", bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        store.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create",
                "chunks",
                "withCreation",
                "resume",
                "abort",
                "parallel",
                "terminate",
                "deferredLength",
                "overridePatch",
                "uppy",
                "draft03",
                "draft05",
            })
    void theyFindAllAsItShouldBe(String scenario) throws Exception {
        Process client = NodeClients.start("tus.js", scenario, "http://127.0.0.1:" + server.port() + "/uploads");
        try {
            assertThat(client.waitFor(Patience.PROCESS_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(client.exitValue()).isZero();
        } finally {
            client.destroyForcibly();
        }
    }
}
