package dev.parley.upload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Response;
import dev.parley.http.Routes;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that is killed by SIGKILL while it receives: an offset that it announced is on the disk, and an upload that is resumed is in the
 * end what was sent. 3 rounds, and 50 with {@code -Dparley.long=true}.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class UploadCrashTest {
    private static final int ROUNDS = Boolean.getBoolean("parley.long") ? 50 : 3;
    private static final int LENGTH = 24 * 1024 * 1024;
    private static final int MAX_CHUNK = 512 * 1024;

    @TempDir
    Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);

    /** A server in a program of its own. */
    private record Program(Process process, BufferedReader said, int port) implements AutoCloseable {
        static Program start(Path directory) throws IOException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx96m",
                            "-XX:TieredStopAtLevel=1", // starts faster
                            "-cp",
                            System.getProperty("java.class.path"),
                            Server.class.getName(),
                            directory.toString())
                    .redirectErrorStream(true)
                    .start();
            BufferedReader said = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
            StringBuilder words = new StringBuilder();
            for (String line = said.readLine(); line != null; line = said.readLine()) {
                if (line.startsWith("port ")) {
                    return new Program(process, said, Integer.parseInt(line.substring("port ".length())));
                }
                words.append(line).append('\n');
            }
            throw new AssertionError("the server ended: " + words);
        }

        void kill() throws InterruptedException {
            process.destroyForcibly();
            assertThat(process.waitFor(600, TimeUnit.SECONDS)).isTrue();
        }

        /** What ends without having been killed is awaited too: it writes where the next one reads, or JUnit deletes. */
        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            process.onExit().join();
            said.close();
        }
    }

    @Test
    void whatWasAnnouncedIsThereWheneverTheServerIsKilled() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = new byte[LENGTH];
            random.nextBytes(bytes);
            round(bytes, "round " + round + " of seed " + seed);
        }
    }

    private void round(byte[] bytes, String round) throws Exception {
        String location;
        long announced;
        try (Program server = Program.start(directory)) {
            HttpResponse<String> created = client.send(
                    request(server, "/uploads")
                            .POST(BodyPublishers.noBody())
                            .header("Upload-Length", Integer.toString(LENGTH))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
            location = '/' + created.headers().firstValue("Location").orElseThrow();
            announced = sendUntilKilled(server, location, bytes, round);
        }
        try (Program server = Program.start(directory)) {
            long offset = offset(server, location);
            assertThat(offset).as("%s: announced", round).isGreaterThanOrEqualTo(announced);
            HttpResponse<String> last =
                    client.send(patch(server, location, bytes, (int) offset, LENGTH), BodyHandlers.ofString());
            assertThat(last.statusCode()).as(round + ": " + last.body()).isEqualTo(200);
            assertThat(last.body()).as(round).isEqualTo(sha256(bytes));
        }
    }

    /** Sends piece by piece, kills the server in the midst of one, and returns what it had announced. */
    private long sendUntilKilled(Program server, String location, byte[] bytes, String round) throws Exception {
        int pieces = random.nextInt(40);
        long announced = 0;
        for (int i = 0; i < pieces; i++) {
            int to = (int) announced + 1 + random.nextInt(MAX_CHUNK);
            HttpResponse<String> response =
                    client.send(patch(server, location, bytes, (int) announced, to), BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(204);
            announced = Long.parseLong(
                    response.headers().firstValue("Upload-Offset").orElseThrow());
            assertThat(announced).isEqualTo(to);
        }
        int from = (int) announced;
        var cutOff = client.sendAsync(patch(server, location, bytes, from, LENGTH), BodyHandlers.ofString());
        cutOff.whenComplete((response, failure) -> {
            if (failure != null || response.statusCode() >= 400) {
                server.process().toHandle().destroyForcibly(); // it would say nothing more, and nobody would know why
            }
        });
        long enough = random.nextInt(from, LENGTH + 1);
        for (long stored = 0; stored < enough; ) { // it says how much it has, and at the end that it has all
            String said = server.said().readLine();
            if (said == null) {
                throw new AssertionError(round + ": the upload ended with " + outcome(cutOff));
            }
            stored = Long.parseLong(said);
        }
        server.kill();
        outcome(cutOff);
        return announced;
    }

    /** Waits for it. */
    private static String outcome(CompletableFuture<HttpResponse<String>> sent) throws Exception {
        return sent.handle((response, failure) ->
                        failure == null ? response.statusCode() + " " + response.body() : failure.toString())
                .get(60, TimeUnit.SECONDS);
    }

    private long offset(Program server, String location) throws Exception {
        HttpResponse<Void> response = client.send(
                request(server, location)
                        .method("HEAD", BodyPublishers.noBody())
                        .build(),
                BodyHandlers.discarding());
        assertThat(response.statusCode()).isIn(200, 204); // the first if all was there, and only the end was missing
        return Long.parseLong(response.headers().firstValue("Upload-Offset").orElseThrow());
    }

    private static HttpRequest patch(Program server, String location, byte[] bytes, int from, int to) {
        return request(server, location)
                .method("PATCH", BodyPublishers.ofByteArray(Arrays.copyOfRange(bytes, from, Math.min(to, LENGTH))))
                .header("Content-Type", "application/offset+octet-stream")
                .header("Upload-Offset", Integer.toString(from))
                .build();
    }

    private static HttpRequest.Builder request(Program server, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .header("Tus-Resumable", "1.0.0")
                .version(HttpClient.Version.HTTP_1_1);
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /** The program that is killed. */
    static final class Server {
        private Server() {}

        @SuppressWarnings("resource") // it ends with the program
        public static void main(String[] args) throws Exception {
            UploadStore store =
                    FileUploadStore.at(Path.of(args[0])).minFreeBytes(0).open();
            UploadEndpoint uploads = UploadEndpoint.builder(store)
                    .onComplete(upload -> Response.text(digest(upload)))
                    .onProgress(progress -> System.out.println(progress.loaded()))
                    .build();
            ParleyServer server = ParleyServer.builder()
                    .host("127.0.0.1")
                    .port(0)
                    .routes(Routes.builder().any("/uploads/*", uploads).build())
                    .build()
                    .start();
            System.out.println("port " + server.port());
        }

        private static String digest(Upload upload) {
            try {
                return sha256(Files.readAllBytes(upload.file()));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
