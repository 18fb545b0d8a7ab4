package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.parley.http.Routes;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests of the server's, which the client answers. */
class JsonRequestsTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    record Question(String text) {}

    record Verdict(boolean sure) {}

    private final List<WebSocketConnection> opened = new ArrayList<>();
    /** What became of requests, in order. */
    private final List<Object> outcomes = new ArrayList<>();

    private final TestServer server = TestServer.of(Routes.builder()
            .get(
                    "/ws",
                    WebSocketEndpoint.json()
                            .maxRequests(2)
                            .on("ping", connection -> "pong")
                            .onOpen(connection -> {
                                opened.add(connection);
                            })
                            .build())
            .build());
    private final TestWebSocket ws = server.webSocket("/ws");

    @AfterEach
    void close() {
        ws.ignoreRest();
        server.close();
    }

    private void ask() {
        CompletionStage<Verdict> answer =
                opened.get(0).request("confirm", new Question("sure?"), Verdict.class, DEADLINE);
        answer.whenComplete((verdict, failure) -> outcomes.add(failure == null ? verdict : failure));
        server.run();
    }

    private static MessageException failure(Object outcome) {
        assertThat(outcome).isInstanceOf(MessageException.class);
        return (MessageException) outcome;
    }

    @Test
    void theClientsReplyCompletesIt() {
        ask();
        assertThat(ws).received("{\"type\":\"confirm\",\"id\":\"parley:1\",\"payload\":{\"text\":\"sure?\"}}");

        ws.sendJson("reply", Map.of("sure", true), "parley:1");

        assertThat(outcomes).containsExactly(new Verdict(true));
        assertThat(ws).receivedNothing();
    }

    @Test
    void idsDoNotMeetThoseOfTheClient() {
        ask();
        ask();
        ws.texts();

        ws.sendJson("ping", null, "1");
        ws.sendJson("reply", Map.of("sure", false), "parley:2");
        ws.sendJson("reply", Map.of("sure", true), "parley:1");

        assertThat(ws).receivedJson("reply", "pong", "1").receivedNothing();
        assertThat(outcomes).containsExactly(new Verdict(false), new Verdict(true));
    }

    @Test
    void theClientsErrorFailsIt() {
        ask();

        ws.sendJson("error", Map.of("code", "busy", "message", "not now"), "parley:1");

        assertThat(outcomes)
                .singleElement()
                .satisfies(outcome -> assertThat(failure(outcome))
                        .hasMessage("not now")
                        .extracting(MessageException::code)
                        .isEqualTo("busy"));
    }

    @Test
    void anErrorThatSaysNothingFailsItToo() {
        ask();

        ws.sendJson("error", 7, "parley:1");

        assertThat(outcomes)
                .singleElement()
                .satisfies(outcome -> assertThat(outcome)
                        .isInstanceOfSatisfying(
                                MessageException.class,
                                e -> assertThat(e.code()).isEqualTo("failed")));
    }

    @Test
    void aReplyOfAnotherShapeFailsIt() {
        ask();

        ws.sendJson("reply", Map.of("sure", "x"), "parley:1");

        assertThat(outcomes)
                .singleElement()
                .satisfies(outcome ->
                        assertThat(failure(outcome)).hasMessage("payload.sure: a text (expected: true or false)"));
        assertThat(ws).isOpen();
    }

    @Test
    void theDeadlineFailsItAndALateReplyIsPassedOver() {
        ask();
        ws.texts();

        server.advance(DEADLINE.plusSeconds(1));
        ws.sendJson("reply", Map.of("sure", true), "parley:1");

        assertThat(outcomes).singleElement().isInstanceOf(TimeoutException.class);
        assertThat(ws).receivedNothing().isOpen();
    }

    @Test
    void theEndOfTheConnectionFailsIt() {
        ask();

        ws.close();

        assertThat(outcomes).singleElement().isInstanceOf(IOException.class);
    }

    @Test
    void aClosedConnectionFailsItAtOnce() {
        ws.close();

        ask();

        assertThat(outcomes).singleElement().isInstanceOf(IOException.class);
    }

    @Test
    void atMostSoManyAreOpen() {
        ask();
        ask();
        ask();
        assertThat(outcomes)
                .singleElement()
                .satisfies(outcome -> assertThat(failure(outcome)).hasMessage("open requests (expected: at most 2)"));

        ws.sendJson("reply", Map.of("sure", true), "parley:1");
        ask();

        assertThat(outcomes).hasSize(2).last().isEqualTo(new Verdict(true));
    }

    @Test
    void repliesOfNobodyArePassedOver() {
        ws.send("{\"type\":\"reply\"}");
        ws.sendJson("reply", 1, 1);
        ws.sendJson("error", 1, "x");
        ws.sendJson("reply", 1, "parley:1");

        assertThat(ws).receivedNothing().isOpen();
    }

    @Test
    void aDeadlineIsInTheFuture() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> opened.get(0).request("x", null, String.class, Duration.ZERO))
                .withMessage("deadline: PT0S (expected: > 0, at most 365 days)");
    }
}
