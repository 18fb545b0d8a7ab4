package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Response;
import dev.parley.http.Routes;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bare bytes through the kit. */
final class ConnectionTest {
    private static final Routes ROUTES = Routes.builder()
            .get("/", exchange -> exchange.respond(Response.text("hello")))
            .build();

    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String RESPONSE = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n"
            + "date: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: 5\r\n\r\nhello";

    private static String normal(String response) {
        int head = response.indexOf("\r\n\r\n");
        StringBuilder text = new StringBuilder();
        for (String line : response.substring(0, head).split("\r\n", -1)) {
            int colon = line.indexOf(':');
            text.append(
                            colon < 0
                                    ? line
                                    : line.substring(0, colon).toLowerCase(java.util.Locale.ROOT)
                                            + line.substring(colon))
                    .append("\r\n");
        }
        return text + response.substring(head + 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void theServerGetsWhatIsSentInPieces(int bytes) {
        try (TestServer server = TestServer.builder(ROUTES).pieceBytes(bytes).build()) {
            TestConnection connection = server.connect().send(REQUEST);

            assertThat(normal(connection.receivedText())).isEqualTo(RESPONSE);
            assertThat(connection).isOpen();
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() {
        try (TestServer server = TestServer.of(ROUTES)) {
            String twice = server.connect().send(REQUEST + REQUEST).receivedText();

            assertThat(twice).hasSize(2 * RESPONSE.length());
        }
    }

    @Test
    void aConnectionThatSaysNothingIsClosed() {
        try (TestServer server = TestServer.of(ROUTES)) {
            TestConnection connection = server.connect();
            server.advance(Duration.ofMillis(9_900));
            assertThat(connection).isOpen();

            server.advance(Duration.ofMillis(400));
            assertThat(connection).receivedNothing().isClosed();
        }
    }

    @Test
    void aHeadThatIsNotFinishedInTimeIs408() {
        try (TestServer server = TestServer.of(ROUTES)) {
            TestConnection connection = server.connect().send("GET / HTTP/1.1\r\nHost:");
            server.advance(Duration.ofMillis(10_300));

            assertThat(connection.receivedText()).startsWith("HTTP/1.1 408 Request Timeout\r\n");
            assertThat(connection).isClosed();
        }
    }

    @Test
    void aConnectionKeptAliveIsClosedWhenItIsIdle() {
        try (TestServer server = TestServer.of(ROUTES)) {
            TestConnection connection = server.connect().send(REQUEST);
            assertThat(connection.receivedText()).hasSize(RESPONSE.length());
            server.advance(Duration.ofSeconds(59));
            assertThat(connection).isOpen();

            server.advance(Duration.ofSeconds(2));
            assertThat(connection).receivedNothing().isClosed();
        }
    }

    @Test
    void aClientThatEndsItsOutputIsStillAnswered() {
        try (TestServer server = TestServer.of(ROUTES)) {
            TestConnection connection = server.connect().send(REQUEST);
            connection.closeOutput();

            assertThat(connection.receivedText()).hasSize(RESPONSE.length());
            assertThat(connection).isClosed();
        }
    }
}
