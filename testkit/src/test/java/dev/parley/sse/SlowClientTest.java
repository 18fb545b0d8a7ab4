package dev.parley.sse;

import static dev.parley.sse.Streams.news;
import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.HttpLimits;
import dev.parley.http.Protocol;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.TestClient;
import dev.parley.testkit.TestStream;
import dev.parley.topic.Draft;
import dev.parley.topic.History;
import dev.parley.topic.OverflowPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that stop reading: what they are told later, and what they cost meanwhile. */
class SlowClientTest {
    private static final String FILLING = "x".repeat(8 * 1024);

    /** A topic that keeps 16 publications for those who come back, and 64 for those who are slow. */
    private static Streams streams(Protocol protocol, OverflowPolicy policy) {
        return Streams.of(
                protocol,
                it -> it.history(History.last(16)).backlog(64, Long.MAX_VALUE),
                it -> it.limits(
                        HttpLimits.builder().writeTimeout(Duration.ofHours(1)).build()),
                (routes, topics) ->
                        routes.get("/news", news(topics).overflow(policy).build()));
    }

    /** A stream that has begun, and whose client does not read on. */
    private static TestStream stalled(Streams streams) {
        TestStream stream = streams.server.get("/news").stream();
        assertThat(numbers(stream)).isEmpty();
        stream.stall();
        return stream;
    }

    private static String numbered(int number) {
        return number + " " + FILLING;
    }

    private static void publish(Streams streams, int from, int to) {
        for (int i = from; i < to; i++) {
            streams.publish("news", Draft.of(numbered(i)).key("k" + i % 4));
        }
    }

    private static List<Integer> numbers(TestStream stream) {
        List<Integer> numbers = new ArrayList<>();
        for (ServerSentEvent event : stream.events()) {
            String data = String.valueOf(event.data());
            numbers.add(Integer.parseInt(data.substring(0, data.indexOf(' '))));
        }
        return numbers;
    }

    private static List<Integer> range(int from, int to) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = from; i < to; i++) {
            numbers.add(i);
        }
        return numbers;
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoIsNotOvertakenMissesNothing(Protocol protocol) {
        for (OverflowPolicy policy : List.of(OverflowPolicy.RESUME, OverflowPolicy.SKIP_TO_TAIL)) {
            try (Streams streams = streams(protocol, policy)) {
                TestStream stream = stalled(streams);
                publish(streams, 0, 60);
                stream.resume();
                publish(streams, 60, 70);

                assertThat(numbers(stream)).isEqualTo(range(0, 70));
                assertThat(stream).hasNoGap().hasNoDuplicate();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoIsOvertakenComesBackForTheRest(Protocol protocol) {
        try (Streams streams = streams(protocol, OverflowPolicy.RESUME)) {
            TestStream stream = stalled(streams);
            publish(streams, 0, 1000);
            stream.resume();
            List<Integer> heard = numbers(stream);
            assertThat(stream.isComplete()).isTrue();
            assertThat(heard).isEqualTo(range(0, heard.size()));
            assertThat(streams.subscriptions()).isZero();

            TestStream next = stream.reconnect();
            assertThat(next).hasGap(1000 - 16 - heard.size());
            assertThat(numbers(next)).isEqualTo(range(1000 - 16, 1000));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoIsOvertakenMaySkipToTheTail(Protocol protocol) {
        try (Streams streams = streams(protocol, OverflowPolicy.SKIP_TO_TAIL)) {
            TestStream stream = stalled(streams);
            publish(streams, 0, 1000);
            stream.resume();
            List<Integer> heard = numbers(stream);
            assertThat(heard).isEqualTo(range(0, heard.size()));
            assertThat(stream).hasGap(1000 - heard.size());
            publish(streams, 1000, 1003);

            assertThat(numbers(stream)).isEqualTo(range(1000, 1003));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoIsSlowMayGetTheNewestOfEachKey(Protocol protocol) {
        try (Streams streams = streams(protocol, OverflowPolicy.LATEST_PER_KEY)) {
            TestStream stream = stalled(streams);
            publish(streams, 0, 50);
            stream.resume();
            List<Integer> heard = numbers(stream);

            Map<Integer, Integer> newest = new HashMap<>();
            heard.forEach(number -> newest.put(number % 4, number));
            assertThat(newest.values()).containsExactlyInAnyOrder(46, 47, 48, 49);
            assertThat(heard).isSorted().doesNotHaveDuplicates().hasSizeLessThan(50);
            assertThat(stream.notices()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoStallsCostsNoMoreForMore(Protocol protocol) {
        try (Streams streams = streams(protocol, OverflowPolicy.RESUME)) {
            TestStream stream = stalled(streams);
            publish(streams, 0, 200);
            long kept = streams.topics.bytes();
            publish(streams, 1000, 3000);
            assertThat(streams.topics.bytes())
                    .isBetween(kept, kept + 64 * 100)
                    .isLessThan(64L * (FILLING.length() + 300));
            stream.resume();

            // What the system took, the window, and one chunk: nothing else had been written.
            assertThat(numbers(stream)).hasSizeLessThan(64);
            assertThat(stream.isComplete()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoNeverReadsAgainIsLeft(Protocol protocol) {
        try (Streams streams = Streams.of(
                protocol,
                it -> it,
                it -> it.limits(HttpLimits.builder()
                        .writeTimeout(Duration.ofSeconds(20))
                        .build()),
                (routes, topics) -> routes.get("/news", SseEndpoint.of(topics.topic("news"))))) {
            TestStream stream = stalled(streams);
            publish(streams, 0, 100);
            streams.server.advance(Duration.ofMinutes(1));

            assertThat(streams.subscriptions()).isZero();
            stream.resume();
            List<Integer> heard = numbers(stream);
            TestStream next = stream.reconnect();
            assertThat(next).isResumed();
            heard.addAll(numbers(next));
            assertThat(heard).isEqualTo(range(0, 100));
        }
    }

    @Test
    void streamsOfOneConnectionShareNothingButThePublications() {
        try (Streams streams = streams(Protocol.HTTP_2, OverflowPolicy.RESUME)) {
            TestClient client = streams.server.client();
            List<TestStream> all = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                all.add(client.get("/news").stream());
            }
            for (int i = 0; i < 60; i++) {
                publish(streams, i, i + 1);
                for (TestStream stream : all) {
                    assertThat(numbers(stream)).containsExactly(i);
                }
            }
            all.get(0).cut();
            publish(streams, 60, 61);
            for (TestStream stream : all.subList(1, 10)) {
                assertThat(numbers(stream)).containsExactly(60);
            }
        }
    }
}
