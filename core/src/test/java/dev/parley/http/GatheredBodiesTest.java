package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bodies that are on their way have a bound over all connections. */
class GatheredBodiesTest {
    private static final HttpLimits LIMITS =
            HttpLimits.builder().maxGatheredBytes(10_000).build();

    private final List<String> failures = new ArrayList<>();
    private final ParleyHandler server = WireChannel.handler(
            Routes.builder()
                    .post(
                            "/",
                            exchange -> exchange.respond(exchange.body()
                                    .whenComplete((body, failure) -> {
                                        if (failure != null) {
                                            failures.add(failure.getClass().getSimpleName());
                                        }
                                    })
                                    .thenApply(body -> Response.text(Integer.toString(body.bytes().length)))))
                    .build(),
            LIMITS);

    private WireChannel client() {
        return new WireChannel(server::addTo);
    }

    private static String begin(int length) {
        return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n";
    }

    private static String bytes(int count) {
        return "x".repeat(count);
    }

    @Test
    void oneThatDoesNotFitBesideOthersIsRefusedAndTheOthersGoOn() {
        try (WireChannel first = client();
                WireChannel second = client()) {
            first.send(begin(9000) + bytes(8000));
            second.send(begin(9000) + bytes(8000));

            assertThat(second.received())
                    .startsWith("HTTP/1.1 503 ")
                    .contains("Too much of other bodies is on its way.");
            assertThat(failures).containsExactly("ProblemException");
            first.send(bytes(1000));
            assertThat(first.received()).startsWith("HTTP/1.1 200 ").endsWith("9000");
        }
    }

    @Test
    void theConnectionGoesOnBehindOneThatWasRefused() {
        try (WireChannel first = client();
                WireChannel second = client()) {
            first.send(begin(9000) + bytes(8000));
            second.send(begin(9000) + bytes(8000));
            assertThat(second.received()).startsWith("HTTP/1.1 503 ");

            second.send(bytes(1000) + begin(5) + "12345");
            assertThat(second.received()).startsWith("HTTP/1.1 200 ").endsWith("5");
        }
    }

    @Test
    void allIsGivenBackHoweverABodyEnds() {
        for (int i = 0; i < 10; i++) {
            try (WireChannel whole = client()) {
                whole.send(begin(9000) + bytes(5000));
                whole.send(bytes(4000));
                assertThat(whole.received()).endsWith("9000");
            }
            try (WireChannel cutOff = client()) {
                cutOff.send(begin(9000) + bytes(8000));
            }
            try (WireChannel chunked = client()) {
                chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2328\r\n" + bytes(9000));
                chunked.send("\r\nbroken\r\n");
                assertThat(chunked.received()).startsWith("HTTP/1.1 400 ");
            }
        }
        assertThat(failures).hasSize(20).containsOnly("IOException");
    }

    @Test
    void aWordCostsLittle() {
        List<WireChannel> clients = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            WireChannel client = client();
            clients.add(client);
            client.send(begin(1_000_000) + "x"); // 4 KiB each
            assertThat(client.received()).isEmpty();
        }
        clients.forEach(WireChannel::close);
    }

    @Test
    void whatCameWithItsHeadIsNotOnItsWay() {
        try (WireChannel first = client();
                WireChannel client = client()) {
            first.send(begin(12_000) + bytes(10_000)); // all that may be
            client.send(begin(5) + "12345");
            assertThat(client.received()).startsWith("HTTP/1.1 200 ").endsWith("5");
        }
    }
}
