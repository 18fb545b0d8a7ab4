package dev.parley.http;

import static dev.parley.http.Http2Client.END_STREAM;
import static dev.parley.http.Http2Client.data;
import static dev.parley.http.Http2Client.frame;
import static dev.parley.http.Http2Client.int32;
import static dev.parley.http.Http2Client.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Windows that are opened further for listeners that keep up; a round trip is what the test makes of it. */
class Http2WindowsTest {
    private static final int KIB = 1024;
    private static final int FRAME = 16 * KIB;
    private static final String CHUNK = "x".repeat(FRAME);
    private static final int MIB = KIB * KIB;
    /** Long after the window is as large as it gets. */
    private static final int LATE = 64 * MIB;

    /** What a listener that takes no more waits for. */
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private final Routes routes = Routes.builder()
            .post("/fast", exchange -> receive(exchange, Long.MAX_VALUE))
            .post("/stalls", exchange -> receive(exchange, 512 * KIB))
            .post("/stalls-late", exchange -> receive(exchange, LATE))
            .post("/whole", exchange -> {
                exchange.maxBodyBytes(Long.MAX_VALUE);
                exchange.respond(exchange.body().thenApply(body -> Response.noContent()));
            })
            .build();

    private void receive(Exchange exchange, long upTo) {
        exchange.maxBodyBytes(Long.MAX_VALUE);
        exchange.receive(new BodyListener() {
            private long taken;

            @Override
            public CompletionStage<?> onChunk(ByteBuf chunk) {
                taken += chunk.readableBytes();
                return taken >= upTo ? ready : READY;
            }

            @Override
            public void onEnd(HttpHeaders trailers) {
                exchange.respond(Response.noContent());
            }

            @Override
            public void onFailure(Throwable cause) {}
        });
    }

    /** A client that counts what it may send. */
    private static final class Uploads implements AutoCloseable {
        private final Http2Client client;
        private final HttpLimits limits;
        private final Map<Integer, Integer> credit = new HashMap<>();
        private int pings;

        Uploads(Routes routes, HttpLimits limits) {
            this.limits = limits;
            client = Http2Client.open(routes, limits);
            credit.put(0, limits.http2ConnectionWindowBytes());
        }

        void begin(int stream, String path) {
            credit.put(stream, limits.http2StreamWindowBytes());
            client.send(post(stream, path));
            look();
        }

        /** Sends as many bytes as it may of those that it wants to, and says how many. */
        int send(int stream, int bytes) {
            int sent = 0;
            while (sent < bytes) {
                int size = Math.min(Math.min(FRAME, bytes - sent), Math.min(credit(stream), credit(0)));
                if (size == 0) {
                    break;
                }
                client.send(data(stream, 0, CHUNK.substring(0, size)));
                credit.merge(stream, -size, Integer::sum);
                credit.merge(0, -size, Integer::sum);
                sent += size;
                look();
            }
            return sent;
        }

        void end(int stream) {
            client.send(data(stream, END_STREAM, ""));
            look();
        }

        void answerPing(int content) {
            client.send(frame(6, 1, 0, int32(0) + int32(content)));
            look();
        }

        private void look() {
            client.received().lines().forEach(line -> {
                String[] words = line.split(" ", -1);
                switch (words[1]) {
                    case "WINDOW_UPDATE" ->
                        credit.merge(Integer.valueOf(words[0]), Integer.valueOf(words[2]), Integer::sum);
                    case "PING" -> pings++;
                    case "HEADERS" -> assertThat(line).contains(":status=204");
                    default -> throw new AssertionError(line);
                }
            });
        }

        int credit(int stream) {
            return credit.getOrDefault(stream, 0);
        }

        /** How many there were since the last call. */
        int pings() {
            int since = pings;
            pings = 0;
            return since;
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private Uploads open() {
        return new Uploads(routes, HttpLimits.DEFAULT);
    }

    @Test
    void halfAWindowWithinARoundTripDoublesIt() {
        try (Uploads client = open()) {
            client.begin(1, "/fast");
            client.send(1, 512 * KIB);
            assertThat(client.pings()).isOne();
            assertThat(client.credit(1)).isEqualTo(MIB);

            client.send(1, 512 * KIB);
            client.answerPing(1);
            assertThat(client.credit(1)).isEqualTo(2 * MIB);
            client.send(1, FRAME);
            assertThat(client.pings()).isOne();
        }
    }

    @Test
    void itIsOpenedNoFurtherThanTheLimit() {
        try (Uploads client = open()) {
            client.begin(1, "/fast");
            client.send(1, 512 * KIB);
            int roundTrips = 0;
            while (client.pings() > 0) {
                client.send(1, 16 * MIB / 2);
                client.answerPing(1);
                client.send(1, FRAME);
                roundTrips++;
            }
            assertThat(roundTrips).isEqualTo(4);
            client.send(1, 64 * MIB);
            assertThat(client.credit(1)).isBetween(8 * MIB, 16 * MIB);
            assertThat(client.credit(0)).isBetween(17 * MIB, 19 * MIB);
            assertThat(client.pings()).isZero();
        }
    }

    @Test
    void lessThanHalfAWindowLeavesItAndTheNextLookIsLater() {
        try (Uploads client = open()) {
            client.begin(1, "/fast");
            client.send(1, 512 * KIB);
            client.send(1, 511 * KIB);
            client.answerPing(1);
            assertThat(client.pings()).isOne();
            assertThat(client.credit(1)).isBetween(MIB / 2, MIB);

            client.send(1, MIB - FRAME);
            assertThat(client.pings()).isZero();
            client.send(1, FRAME);
            assertThat(client.pings()).isOne();
            client.answerPing(1);
            client.send(1, 2 * MIB - FRAME);
            assertThat(client.pings()).isZero();
            client.send(1, FRAME);
            assertThat(client.pings()).isOne();
        }
    }

    @Test
    void aListenerThatStallsGetsNoMore() {
        try (Uploads client = open()) {
            client.begin(1, "/stalls");
            int sent = client.send(1, 16 * MIB);
            assertThat(client.pings()).isOne();
            client.answerPing(1);
            assertThat(client.send(1, MIB)).isZero();
            assertThat(sent).isBetween(MIB, 3 * MIB / 2);
        }
    }

    @Test
    void aListenerThatStallsWithALargeWindowLeavesOthersTheirs() {
        try (Uploads client = open()) {
            client.begin(1, "/stalls-late");
            client.send(1, 512 * KIB);
            while (client.pings() > 0) {
                client.send(1, 16 * MIB / 2);
                client.answerPing(1);
                client.send(1, FRAME);
            }
            int unread = client.send(1, 256 * MIB) - (LATE - 512 * KIB - 4 * (8 * MIB + FRAME));
            assertThat(unread).isBetween(8 * MIB, 16 * MIB);
            assertThat(client.credit(1)).isZero();

            client.begin(3, "/fast");
            assertThat(client.send(3, 64 * MIB)).isEqualTo(64 * MIB);
            client.begin(5, "/stalls");
            client.send(5, 64 * MIB);
            assertThat(client.credit(5)).isZero();
            assertThat(client.send(3, 64 * MIB)).isEqualTo(64 * MIB);
        }
    }

    @Test
    void aClientThatDoesNotAnswerIsAskedOnce() {
        try (Uploads client = open()) {
            client.begin(1, "/fast");
            client.send(1, 8 * MIB);
            assertThat(client.pings()).isOne();
            assertThat(client.credit(1)).isBetween(MIB / 2, MIB);
        }
    }

    @Test
    void answersThatNobodyAskedForAreIgnored() {
        try (Uploads client = open()) {
            client.answerPing(0);
            client.answerPing(7);
            client.answerPing(-1);
            client.begin(1, "/fast");
            client.send(1, 256 * KIB);
            client.answerPing(1);
            client.send(1, 256 * KIB);
            client.send(1, 512 * KIB);
            client.answerPing(1);
            assertThat(client.credit(1)).isEqualTo(2 * MIB);
            client.answerPing(1);
            assertThat(client.credit(1)).isEqualTo(2 * MIB);
        }
    }

    @Test
    void allStreamsTogetherAreOpenedByNoMoreThanOneMayBeAndItIsGivenBack() {
        HttpLimits limits = HttpLimits.builder()
                .http2StreamWindowBytes(MIB)
                .http2ConnectionWindowBytes(4 * MIB)
                .http2MaxStreamWindowBytes(2 * MIB)
                .build();
        try (Uploads client = new Uploads(routes, limits)) {
            client.begin(1, "/fast");
            client.begin(3, "/fast");
            client.send(1, MIB);
            client.answerPing(1);
            assertThat(client.credit(1)).isEqualTo(2 * MIB);
            client.send(3, MIB);
            client.answerPing(3);
            assertThat(client.credit(3)).isEqualTo(MIB);
            client.send(1, 8 * MIB);
            assertThat(client.credit(0)).isBetween(3 * MIB, 5 * MIB);
            client.pings();

            client.end(1);
            client.send(3, MIB);
            assertThat(client.pings()).isOne();
            client.send(3, MIB);
            client.answerPing(3);
            assertThat(client.credit(3)).isEqualTo(2 * MIB);
            client.end(3);

            client.begin(5, "/fast");
            client.send(5, 16 * MIB);
            assertThat(client.credit(0)).isBetween(2 * MIB, 4 * MIB);
        }
    }

    @Test
    void aBodyThatIsReadWholeAndALimitOfNothingLeaveTheWindow() {
        try (Uploads client = open()) {
            client.begin(1, "/whole");
            client.send(1, 4 * MIB);
            assertThat(client.pings()).isZero();
        }
        try (Uploads client = new Uploads(
                routes, HttpLimits.builder().http2MaxStreamWindowBytes(0).build())) {
            client.begin(1, "/fast");
            client.send(1, 4 * MIB);
            assertThat(client.pings()).isZero();
        }
    }
}
