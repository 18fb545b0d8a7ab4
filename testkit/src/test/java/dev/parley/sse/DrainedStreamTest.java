package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.testkit.TestStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that drains sends its streams away, one after the other. */
class DrainedStreamTest {
    private static final Duration WINDOW = Duration.ofSeconds(50);

    private static Streams streams(Protocol protocol) {
        return Streams.of(protocol, (routes, topics) -> routes.get("/news", SseEndpoint.of(topics.topic("news"))));
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void streamsEndEvenlyAndComeBackAtDifferentTimes(Protocol protocol) {
        try (Streams streams = streams(protocol)) {
            List<TestStream> all = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                all.add(streams.server.get("/news").stream());
            }
            CompletableFuture<Void> drained = streams.server.drain(WINDOW);
            streams.publish("news", "still");

            // The last fifth of the window is left for the last bytes.
            long before = 100;
            for (int tenth = 0; tenth < 8; tenth++) {
                streams.server.advance(WINDOW.dividedBy(10));
                long open = all.stream().filter(TestStream::isOpen).count();
                assertThat(before - open).as("ended in tenth %s", tenth).isBetween(10L, 15L);
                before = open;
            }
            streams.server.advance(WINDOW.dividedBy(20));

            assertThat(all).allMatch(TestStream::isComplete);
            assertThat(streams.subscriptions()).isZero();
            assertThat(drained).isCompleted();
            Set<Duration> retries = new HashSet<>();
            for (TestStream stream : all) {
                assertThat(stream.retry())
                        .isGreaterThanOrEqualTo(Duration.ofSeconds(3))
                        .isLessThan(Duration.ofSeconds(3).plus(WINDOW));
                retries.add(stream.retry());
                stream.ignoreRest();
            }
            assertThat(retries).hasSizeGreaterThan(90);
        }
    }

    @Test
    void whatIsPublishedMeanwhileIsHeardOrResumed() {
        try (Streams streams = streams(Protocol.HTTP_1_1)) {
            TestStream stream = streams.server.get("/news").stream();
            TestStream other = streams.server.get("/news").stream();
            assertThat(other.isOpen()).isTrue();
            streams.server.drain(WINDOW);
            streams.publish("news", "a");
            streams.server.advance(WINDOW);

            String last = stream.lastEventId();
            assertThat(last).isNotNull();
            assertThat(stream.events().size() + other.events().size()).isBetween(0, 2);
            assertThat(other.isComplete()).isTrue();
        }
    }

    /** It may be the only server there is, so it is not refused; but it gets nothing to hold on to. */
    @Test
    void whoComesDuringADrainIsSentAwayAtOnce() {
        try (Streams streams = Streams.of((routes, topics) -> {
            routes.get("/news", SseEndpoint.of(topics.topic("news")));
            routes.get(
                    "/slow",
                    exchange -> exchange.after(
                            Duration.ofSeconds(1),
                            () -> SseEndpoint.of(topics.topic("news")).handle(exchange)));
        })) {
            var late = streams.server.get("/slow").open().end();
            streams.server.drain(WINDOW);
            streams.server.advance(Duration.ofSeconds(2));
            TestStream stream = late.stream();

            assertThat(stream.isComplete()).isTrue();
            assertThat(stream.retry())
                    .isBetween(Duration.ofSeconds(3), Duration.ofSeconds(3).plus(WINDOW));
            assertThat(streams.subscriptions()).isZero();
        }
    }
}
