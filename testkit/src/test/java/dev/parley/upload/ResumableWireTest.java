package dev.parley.upload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Routes;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Uploads by the IETF's draft, as HTTP/1.1 and HTTP/1.0 have them on the wire. */
class ResumableWireTest {
    private static final String DATE = "date: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    private static final String LIMIT = "Upload-Limit: max-size=100, min-size=0, max-age=86400\r\n";

    private final MemoryUploadStore store = MemoryUploadStore.of(10_000_000);
    private final TestServer server = TestServer.of(clock -> Routes.builder()
            .any(
                    "/uploads/*",
                    UploadEndpoint.builder(store)
                            .clock(clock)
                            .maxUploadBytes(100)
                            .build())
            .build());

    @AfterEach
    void close() {
        server.close();
    }

    /** The id is another each time. */
    private static String received(TestConnection client) {
        return client.receivedText().replaceAll("[a-z2-7]{26}", "ID");
    }

    private static String create(String version) {
        return "POST /uploads " + version + "\r\nHost: a\r\nUpload-Draft-Interop-Version: 8\r\n"
                + "Upload-Complete: ?0\r\nContent-Length: 4\r\n\r\n0123";
    }

    /** The id of an upload that is there before. */
    private String begun() {
        TestConnection client = server.connect();
        client.send(create("HTTP/1.1"));
        String answer = client.receivedText();
        client.cut();
        int at = answer.indexOf("uploads/") + "uploads/".length();
        return answer.substring(at, at + 26);
    }

    private static final String CREATED = "HTTP/1.1 104 Upload Resumption Supported\r\nLocation: uploads/ID\r\n" + LIMIT
            + "Upload-Draft-Interop-Version: 8\r\n\r\n"
            + "HTTP/1.1 201 Created\r\nLocation: uploads/ID\r\n" + LIMIT
            + "Upload-Progress: uploads/ID/progress?token=ID\r\nUpload-Complete: ?0\r\nUpload-Offset: 4\r\n"
            + DATE + "content-length: 0\r\n\r\n";

    @Test
    void answersToHeadStayWithoutABodyBetween104s() {
        String id = begun();
        String head = "HEAD /uploads/" + id + " HTTP/1.1\r\nHost: a\r\nUpload-Draft-Interop-Version: 8\r\n\r\n";
        String missing = "HEAD /uploads/aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: a\r\n\r\n";
        String requests = head + create("HTTP/1.1") + missing + create("HTTP/1.1") + head;
        TestConnection whole = server.connect();
        whole.send(requests);
        String expected = received(whole);
        whole.cut();
        assertThat(expected).startsWith("HTTP/1.1 204 No Content\r\n");
        assertThat(expected.split("HTTP/1.1 ", -1))
                .extracting(answer -> answer.isEmpty() ? "" : answer.substring(0, 3))
                .containsExactly("", "204", "104", "201", "404", "104", "201", "204");
        assertThat(expected).contains(CREATED);
        assertThat(expected).doesNotContain("{");
        for (int cut = 1; cut < requests.length(); cut++) {
            TestConnection client = server.connect();
            client.send(requests.substring(0, cut));
            client.send(requests.substring(cut));
            assertThat(received(client)).as("cut at %d", cut).isEqualTo(expected);
            client.cut();
        }
    }

    @Test
    void aClientOfHttp10GetsTheAnswerOnly() {
        TestConnection client = server.connect();
        client.send(create("HTTP/1.0"));
        assertThat(received(client)).startsWith("HTTP/1.1 201 Created\r\nLocation: uploads/ID\r\n");
        assertThat(client.isClosed()).isTrue();
    }
}
