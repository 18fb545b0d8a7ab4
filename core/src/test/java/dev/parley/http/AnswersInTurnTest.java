package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was pipelined behind an exchange that will be answered in its turn begins before that. */
class AnswersInTurnTest {
    private static final String POST = "POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";

    private final List<String> began = new ArrayList<>();
    private final List<CompletableFuture<Response>> answers = new ArrayList<>();
    private final List<EndReason> ends = new ArrayList<>();

    private final Routes routes = Routes.builder()
            .post("/log", exchange -> exchange.body().thenAccept(body -> inTurn(exchange, body)))
            .post("/other", exchange -> {
                began.add("other");
                exchange.respond(Response.text("other"));
            })
            .build();

    private void inTurn(Exchange exchange, Body body) {
        exchange.onEnd(ends::add);
        String text = body.text();
        began.add(text);
        switch (text) {
            case "!" -> exchange.respond(Response.text("at once"));
            case "~" -> exchange.stream(Response.of(200)).end();
            default -> {
                CompletableFuture<Response> answer = new CompletableFuture<>();
                answers.add(answer);
                exchange.respondInTurn(answer);
            }
        }
    }

    private void answer(int index, String text) {
        answers.get(index).complete(Response.text(text));
    }

    private static String ok(String body) {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" + WireChannel.DATE + "content-length: "
                + body.length() + "\r\n\r\n" + body;
    }

    @Test
    void allBeginAndAreAnsweredInTheOrderInWhichTheyCame() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST + "b" + POST + "c");
            assertThat(began).containsExactly("a", "b", "c");

            answer(2, "C");
            answer(1, "B");
            assertThat(client.received()).isEmpty();

            answer(0, "A");
            assertThat(client.received()).isEqualTo(ok("A") + ok("B") + ok("C"));
            client.send(POST + "d");
            answer(3, "D");
            assertThat(client.received()).isEqualTo(ok("D"));
        }
    }

    @Test
    void oneThatComesLaterBeginsToo() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a");
            client.send(POST + "b");
            assertThat(began).containsExactly("a", "b");

            answer(0, "A");
            assertThat(client.received()).isEqualTo(ok("A"));
            client.send(POST + "c");
            assertThat(began).containsExactly("a", "b", "c");
            answer(2, "C");
            answer(1, "B");
            assertThat(client.received()).isEqualTo(ok("B") + ok("C"));
        }
    }

    @Test
    void anAnswerAtOnceWaitsForItsTurn() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST + "!" + POST + "b");
            assertThat(client.received()).isEmpty();
            assertThat(began).containsExactly("a", "!");

            answer(0, "A");
            assertThat(client.received()).isEqualTo(ok("A") + ok("at once"));
            answer(1, "B");
            assertThat(client.received()).isEqualTo(ok("B"));
        }
    }

    @Test
    void anotherTargetWaitsUntilAllAreAnswered() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST + "b" + POST.replace("/log", "/other") + "c" + POST + "d");
            assertThat(began).containsExactly("a", "b");

            answer(0, "A");
            assertThat(began).containsExactly("a", "b");
            answer(1, "B");
            assertThat(began).containsExactly("a", "b", "other", "d");
            answer(2, "D");
            assertThat(client.received()).isEqualTo(ok("A") + ok("B") + ok("other") + ok("D"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: close", "Connection: keep-alive", "Expect: 100-continue"})
    void oneThatHasToDoWithTheConnectionWaits(String field) {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST.replace("Host: a", "Host: a\r\n" + field) + "b");
            assertThat(began).containsExactly("a");

            answer(0, "A");
            assertThat(began).containsExactly("a", "b");
            answer(1, "B");
            assertThat(client.received()).startsWith(ok("A")).endsWith("B");
        }
    }

    @Test
    void aBodyThatHasNotComeWaits() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST);
            assertThat(began).containsExactly("a");

            answer(0, "A");
            client.send("b");
            assertThat(began).containsExactly("a", "b");
            answer(1, "B");
            assertThat(client.received()).isEqualTo(ok("A") + ok("B"));
        }
    }

    @Test
    void nothingIsPassedThatAsksForTheConnectionToBeClosed() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST.replace("Host: a", "Host: a\r\nConnection: close") + "a" + POST + "b");
            assertThat(began).containsExactly("a");

            answer(0, "A");
            assertThat(client.received()).contains("connection: close\r\n").endsWith("A");
            assertThat(began).containsExactly("a");
            client.assertClosed();
        }
    }

    @Test
    void noMoreBeginThanMayBePipelined() {
        HttpLimits limits = HttpLimits.builder().maxPipelined(3).build();
        try (WireChannel client = WireChannel.serving(routes, limits)) {
            client.send((POST + "a").repeat(20));
            assertThat(began).hasSize(3);

            answer(0, "A");
            assertThat(began).hasSize(4);
            for (int i = 1; i < 20; i++) {
                answer(i, "A");
            }
            assertThat(began).hasSize(20);
            assertThat(client.received()).isEqualTo(ok("A").repeat(20));
        }
    }

    @Test
    void allEndWithTheClient() {
        WireChannel client = WireChannel.serving(routes);
        client.send(POST + "a" + POST + "b" + POST + "!");
        client.close();
        assertThat(ends).containsExactly(EndReason.CLIENT_GONE, EndReason.CLIENT_GONE, EndReason.CLIENT_GONE);
        answer(0, "A");
        answer(1, "B");
    }

    @Test
    void aFailureIsAnsweredInItsTurn() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST + "b");
            answers.get(1).completeExceptionally(Problem.of(503).asException());
            assertThat(client.received()).isEmpty();

            answer(0, "A");
            assertThat(client.received()).startsWith(ok("A") + "HTTP/1.1 503 ");
        }
    }

    @Test
    void aFileOfMoreThanTheSocketTakesIsSentToItsEnd(@TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("large"), new byte[300_000]);
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST + "b");
            answers.get(0).complete(Response.file("text/plain", file));
            answer(1, "B");

            StringBuilder received = new StringBuilder(client.received());
            for (int i = 0; i < 100 && received.length() < 300_000; i++) {
                client.pass(Duration.ofMillis(100));
                received.append(client.received());
            }
            assertThat(received.toString()).endsWith("\0" + ok("B"));
        }
    }

    @Test
    void thousandsOfAnswersThatWaitForTheFirstCostNoStack() {
        HttpLimits limits = HttpLimits.builder().maxPipelined(5000).build();
        try (WireChannel client = WireChannel.serving(routes, limits)) {
            for (int i = 0; i < 40; i++) {
                client.send((POST + "a").repeat(100));
            }
            assertThat(began).hasSize(4000);
            for (int i = 3999; i >= 0; i--) {
                answer(i, "A");
            }
            assertThat(client.received()).isEqualTo(ok("A").repeat(4000));
        }
    }

    @Test
    void allAreAnsweredBeforeADrainClosesTheConnection() {
        ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
        try (WireChannel client = new WireChannel(handler::addTo)) {
            client.send(POST + "a" + POST + "b" + POST + "c");
            handler.drain(Duration.ofSeconds(10));
            answer(1, "B");
            answer(0, "A");
            assertThat(client.received()).isEqualTo(ok("A") + ok("B"));

            answer(2, "C");
            assertThat(client.received()).contains("connection: close\r\n").endsWith("C");
            client.assertClosed();
        }
    }

    @Test
    void anAnswerThatIsNotFlushedYetGoesOutBeforeADrainClosesTheConnection() {
        ParleyHandler handler = WireChannel.handler(routes, HttpLimits.DEFAULT);
        try (WireChannel client = new WireChannel(handler::addTo)) {
            client.send(POST + "a");
            handler.drain(Duration.ofSeconds(10)); // begins with the next task of the loop, behind which is the flush
            answer(0, "A");
            assertThat(client.received()).isEqualTo(ok("A"));
            client.assertClosed();
        }
    }

    @Test
    void aClientThatDoesNotReadGetsNoMoreBegun() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.stall(true);
            client.send(POST + "a" + POST + "b");
            answers.get(0).complete(Response.text("x".repeat(200_000)));
            client.send(POST + "c");
            assertThat(began).containsExactly("a", "b");

            client.stall(false);
            answer(1, "B");
            assertThat(client.received()).endsWith(ok("B"));
            assertThat(began).containsExactly("a", "b", "c");
            answer(2, "C");
            assertThat(client.received()).isEqualTo(ok("C"));
        }
    }

    @Test
    void aStreamBeforeItsTurnIsAnError() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST + "~");
            answer(0, "A");
            assertThat(client.received()).startsWith(ok("A") + "HTTP/1.1 500 ");
        }
    }

    @Test
    void aBrokenRequestBehindIsRefusedInItsTurnAndEndsTheConnection() {
        try (WireChannel client = WireChannel.serving(routes)) {
            client.send(POST + "a" + POST + "b" + "BROKEN\r\n\r\n");
            answer(1, "B");
            answer(0, "A");
            assertThat(client.received()).startsWith(ok("A") + ok("B") + "HTTP/1.1 400 ");
            client.pass(Duration.ofSeconds(3));
            client.assertClosed();
        }
    }

    @Test
    void everySplitIsTheSame() {
        String bytes = POST + "a" + POST + "b" + POST + "c";
        for (int split = 1; split < bytes.length(); split++) {
            began.clear();
            answers.clear();
            try (WireChannel client = WireChannel.serving(routes)) {
                client.send(bytes.substring(0, split));
                client.send(bytes.substring(split));
                for (int i = 0; i < answers.size(); i++) {
                    answer(i, began.get(i).toUpperCase(Locale.ROOT));
                }
                assertThat(client.received()).as("split at %d", split).isEqualTo(ok("A") + ok("B") + ok("C"));
            }
        }
    }
}
