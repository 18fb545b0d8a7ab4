package dev.parley.upload;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.parley.http.Routes;
import dev.parley.testkit.ProgressRecorder;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Any fields at all in a request of tus or the draft, for a new upload or for one that has 4 of its 10 bytes: it is answered, and not by 500; bytes are
 * appended from its body only and in their order; and both protocols say the same of what there is then.
 *
 * <p>A build runs the seeds, and requests by a generator whose own seed is fixed. To search for new ones, for ten minutes:
 *
 * <pre>{@code JAZZER_FUZZ=1 mvn -pl testkit -am test -Djazzer.hooks=true -Dtest=UploadRequestFuzzTest#anyRequest \
 *   -Dsurefire.failIfNoSpecifiedTests=false}</pre>
 */
class UploadRequestFuzzTest {
    private static final int GENERATED = 100;
    private static final String BEGUN = "0123";
    private static final long LENGTH = 10;

    private static final List<String> METHODS = List.of("POST", "PATCH", "HEAD", "PUT", "DELETE", "OPTIONS", "GET");

    /** Those that uploads read. The framing is not theirs. */
    private static final List<String> FIELDS = List.of(
            "Tus-Resumable",
            "Upload-Draft-Interop-Version",
            "Upload-Complete",
            "Upload-Length",
            "Upload-Offset",
            "Upload-Defer-Length",
            "Upload-Metadata",
            "Upload-Concat",
            "Upload-Checksum",
            "Repr-Digest",
            "Content-Digest",
            "Content-Type",
            "Content-Disposition",
            "X-HTTP-Method-Override");

    private static final List<String> VALUES = List.of(
            "1.0.0",
            "8",
            "6",
            "5",
            "?0",
            "?1",
            "0",
            "1",
            "4",
            "6",
            "10",
            "999999999999999999",
            "-1",
            "",
            "partial",
            "final;/uploads/x",
            "final;",
            "filename cGhvdG8uanBn,public",
            "a Zg==,a Zg==",
            "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            "crc32c AAAAAA==",
            "crc32c=:AAAAAA==:",
            "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
            "application/offset+octet-stream",
            "application/partial-upload",
            "multipart/form-data; boundary=b",
            "attachment; filename=\"../a\"",
            "attachment; filename*=UTF-8''%e2%82%AC",
            "PATCH",
            "DELETE",
            "\u00e4");

    /** A method (and {@code +} if it is for the upload that is there), a line for each field, an empty line, and the body. */
    @FuzzTest(maxDuration = "10m")
    void anyRequest(byte[] input) throws IOException {
        String text = new String(input, ISO_8859_1);
        int end = text.indexOf("\n\n");
        String body = end < 0 ? "" : text.substring(end + 2);
        List<String> lines = List.of((end < 0 ? text : text.substring(0, end)).split("\n", -1));
        String first = lines.get(0);
        boolean isThere = first.endsWith("+");
        String method = isThere ? first.substring(0, first.length() - 1) : first;
        isAnswered(
                METHODS.contains(method) ? method : METHODS.get(first.length() % METHODS.size()),
                isThere,
                lines.subList(1, lines.size()),
                body);
    }

    @Test
    void requestsOfPieces() throws IOException {
        SplittableRandom random = new SplittableRandom(104);
        Set<Integer> statuses = new TreeSet<>();
        for (int i = 0; i < GENERATED; i++) {
            boolean isTus = random.nextBoolean();
            boolean isThere = random.nextBoolean();
            List<String> lines = new ArrayList<>();
            lines.add(isTus ? "Tus-Resumable: 1.0.0" : "Upload-Complete: ?" + random.nextInt(2));
            if (isThere) {
                lines.add("Upload-Offset: 4");
                lines.add(
                        "Content-Type: " + (isTus ? "application/offset+octet-stream" : "application/partial-upload"));
            } else {
                lines.add(random.nextBoolean() ? "Upload-Length: 4" : "Content-Type: application/offset+octet-stream");
            }
            for (int left = random.nextInt(3); left > 0; left--) {
                lines.add(FIELDS.get(random.nextInt(FIELDS.size())) + ": " + VALUES.get(random.nextInt(VALUES.size())));
            }
            String method =
                    random.nextInt(4) == 0 ? METHODS.get(random.nextInt(METHODS.size())) : isThere ? "PATCH" : "POST";
            statuses.add(isAnswered(method, isThere, lines, "abcdefgh".substring(random.nextInt(9))));
        }
        assertThat(statuses).contains(201, 204, 400, 409, 415); // else the generator is not worth much
    }

    private static int isAnswered(String method, boolean isThere, List<String> lines, String body) throws IOException {
        MemoryUploadStore store = MemoryUploadStore.of(1_000_000);
        ProgressRecorder progress = new ProgressRecorder();
        try (TestServer server = TestServer.of(clock -> Routes.builder()
                .any(
                        "/uploads/*",
                        UploadEndpoint.builder(store)
                                .clock(clock)
                                .maxUploadBytes(100_000)
                                .onProgress(progress)
                                .downloads()
                                .build())
                .build())) {
            String there = begun(server);
            TestRequest request =
                    server.request(HttpMethod.valueOf(method), isThere ? "/uploads/" + there : "/uploads");
            for (String line : lines) {
                int colon = line.indexOf(':');
                String name = colon < 0 ? line : line.substring(0, colon);
                request = request.header(
                        FIELDS.contains(name) ? name : FIELDS.get(name.length() % FIELDS.size()),
                        line.substring(colon + 1).strip().replaceAll("[\\x00-\\x1f\\x7f]", " "));
            }
            TestResponse response = (body.isEmpty() ? request : request.body(body.getBytes(ISO_8859_1))).send();

            assertThat(response.status()).isNotEqualTo(500).isBetween(200, 507);
            assertThat(progress).isInOrder();
            Set<String> ids = new HashSet<>(store.ids());
            if (ids.remove(there)) {
                String stored = stored(store, there);
                assertThat(BEGUN + body).startsWith(stored);
                assertThat(stored).startsWith(BEGUN).hasSizeLessThanOrEqualTo((int) LENGTH);
                areOfOneMind(server, store, there, stored.length());
            }
            assertThat(ids).hasSizeLessThanOrEqualTo(1);
            for (String id : ids) {
                String stored = stored(store, id);
                if (!lines.toString().contains("multipart/")) {
                    assertThat(body).startsWith(stored);
                }
                areOfOneMind(server, store, id, stored.length());
            }
            return response.status();
        }
    }

    private static String begun(TestServer server) {
        TestResponse created = server.post("/uploads")
                .header("Tus-Resumable", "1.0.0")
                .header("Upload-Length", Long.toString(LENGTH))
                .header("Content-Type", "application/offset+octet-stream")
                .body(BEGUN)
                .send();
        assertThat(created.status()).isEqualTo(201);
        return created.header("Location").orElseThrow().substring("uploads/".length());
    }

    private static void areOfOneMind(TestServer server, MemoryUploadStore store, String id, long bytes)
            throws IOException {
        UploadState state = UploadState.parse(store.record(id).orElseThrow());
        TestResponse draft = server.head("/uploads/" + id)
                .header("Upload-Draft-Interop-Version", "8")
                .send();
        TestResponse tus =
                server.head("/uploads/" + id).header("Tus-Resumable", "1.0.0").send();
        isToldOf(draft, bytes);
        if (tus.status() == 400) { // what has all of its bytes is completed before it is told of
            assertThat(state.about().digest()).isNotNull();
            assertThat(state.length()).isEqualTo(bytes);
        } else {
            isToldOf(tus, bytes);
        }
    }

    private static void isToldOf(TestResponse response, long bytes) {
        assertThat(response.status()).isBetween(200, 204);
        assertThat(response.header("Upload-Offset")).hasValue(Long.toString(bytes));
        response.header("Upload-Length")
                .ifPresent(length -> assertThat(Long.parseLong(length)).isGreaterThanOrEqualTo(bytes));
    }

    private static String stored(MemoryUploadStore store, String id) throws IOException {
        try (UploadContent content = store.open(id)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) content.size());
            while (bytes.hasRemaining() && content.read(bytes.position(), bytes) >= 0) {}
            return new String(bytes.array(), ISO_8859_1);
        }
    }
}
