package dev.parley.sse;

import static dev.parley.sse.Streams.news;
import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Exchange;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.TestStream;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that come back, with all that they may say about where they were. */
class ResumedStreamTest {
    private static void routes(Routes.Builder routes, Topics topics) {
        routes.get("/news", SseEndpoint.of(topics.topic("news")));
        routes.get("/oldest", news(topics).from(From.oldest()).build());
        routes.get(
                "/last",
                news(topics)
                        .from(exchange ->
                                From.last(Integer.parseInt(exchange.query("n").orElseThrow())))
                        .build());
        routes.get(
                "/many",
                SseEndpoint.builder()
                        .topics(exchange -> named(exchange, topics))
                        .build());
    }

    private static CompletionStage<List<Topic>> named(Exchange exchange, Topics topics) {
        return CompletableFuture.completedStage(
                exchange.queryAll("t").stream().map(topics::topic).toList());
    }

    private static Streams streams() {
        return Streams.of(ResumedStreamTest::routes);
    }

    private static Streams streams(History history) {
        return Streams.of(history, ResumedStreamTest::routes);
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void aClientHearsWhatItMissedOnceAndInOrder(Protocol protocol) {
        try (Streams streams = Streams.of(protocol, ResumedStreamTest::routes)) {
            TestStream first = streams.server.get("/news").stream();
            streams.publish("news", "a");
            first.cut();
            streams.publish("news", "b");
            streams.publish("news", "c");
            TestStream second = first.reconnect();
            streams.publish("news", "d");

            assertThat(second)
                    .isResumed()
                    .receivedInAll("a", "b", "c", "d")
                    .hasNoGap()
                    .hasNoDuplicate();
        }
    }

    @Test
    void aClientThatHeardNothingButThePlaceMissesNothing() {
        try (Streams streams = streams()) {
            TestStream first = streams.server.get("/news").stream();
            first.lastEventId();
            first.cut();
            streams.publish("news", "a");

            assertThat(first.reconnect()).isResumed().received("a").hasNoGap();
        }
    }

    @Test
    void aFirstRequestTellsItsPlaceInTheQuery() {
        try (Streams streams = streams()) {
            String a = streams.publish("news", "a");
            streams.publish("news", "b");

            assertThat(streams.server.get("/news?lastEventId=" + a).stream())
                    .isResumed()
                    .received("b");
        }
    }

    @Test
    void theHeaderIsNewerThanTheQuery() {
        try (Streams streams = streams()) {
            String a = streams.publish("news", "a");
            String b = streams.publish("news", "b");
            streams.publish("news", "c");

            assertThat(streams.server.get("/news?lastEventId=" + a).lastEventId(b).stream())
                    .isResumed()
                    .received("c");
            assertThat(streams.server.get("/news?lastEventId=" + a).lastEventId("?").stream())
                    .isReset()
                    .received("a", "b", "c");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?lastEventId", "?lastEventId="})
    void whoTellsNoPlaceBeginsWithWhatComes(String query) {
        try (Streams streams = streams()) {
            streams.publish("news", "a");
            TestStream stream = streams.server.get("/news" + query).stream();
            streams.publish("news", "b");

            assertThat(stream.notices()).isEmpty();
            assertThat(stream).received("b");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "42",
                "-",
                "x-",
                "7-3",
                "0-0",
                "~",
                "~~~",
                "zzzzzzzzzzzzzz-1",
                "a-99999999999999999999",
                "A-1",
                "a--1",
                "a-01",
                "a-1x",
                "null",
                "ä",
            })
    void anIdThatIsNotOfThisTopicIsAReset(String id) {
        try (Streams streams = streams()) {
            streams.publish("news", "a");

            assertThat(streams.server.get("/news").lastEventId(id).stream())
                    .isReset()
                    .received("a");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 1025, 7000})
    void anIdThatIsTooLongIsAReset(int chars) {
        try (Streams streams = streams()) {
            streams.publish("news", "a");

            assertThat(streams.server.get("/news").lastEventId("9".repeat(chars)).stream())
                    .isReset()
                    .received("a");
            assertThat(streams.server.get("/news?lastEventId=" + "9".repeat(chars)).stream())
                    .isReset()
                    .received("a");
        }
    }

    @Test
    void aPlaceThatTheTopicHasNeverReachedIsAReset() {
        try (Streams streams = streams()) {
            String a = streams.publish("news", "a");

            assertThat(streams.server.get("/news").lastEventId(Streams.behind(a, 1_000_000_000)).stream())
                    .isReset()
                    .received("a");
        }
    }

    @Test
    void aGapHasItsNumber() {
        try (Streams streams = streams(History.last(3))) {
            String start = streams.start("news");
            for (int i = 0; i < 5; i++) {
                streams.publish("news", "" + i);
            }

            assertThat(streams.server.get("/news").lastEventId(start).stream())
                    .hasGap(3)
                    .received("2", "3", "4");
            assertThat(streams.server.get("/news").lastEventId(Streams.behind(start, 3)).stream())
                    .isResumed()
                    .received("2", "3", "4");
            assertThat(streams.server.get("/news").lastEventId(Streams.behind(start, 2)).stream())
                    .hasGap(1)
                    .received("2", "3", "4");
        }
    }

    @Test
    void withoutHistoryAllIsGap() {
        try (Streams streams = streams(History.NONE)) {
            TestStream first = streams.server.get("/news").stream();
            streams.publish("news", "a");
            assertThat(first).received("a");
            first.cut();
            streams.publish("news", "b");
            TestStream second = first.reconnect();

            assertThat(second).hasGap(1).received(new String[0]);
            second.cut();
            assertThat(second.reconnect()).isResumed().received(new String[0]);
        }
    }

    /** The client may be cut off anywhere; then what it was not told must be told again. */
    @Test
    void aGapIsToldUntilItWasHeard() {
        try (Streams streams = streams(History.last(1))) {
            String start = streams.start("news");
            streams.publish("news", "b");
            streams.publish("news", "c");
            int heard = 0;
            for (int bytes = 1; heard == 0; bytes++) {
                TestStream cut = streams.server.get("/news").lastEventId(start).cutAfterBytes(bytes).stream();
                heard = cut.notices().size();
                TestStream next = cut.reconnect();
                if (heard == 0) {
                    assertThat(next).hasGap(2);
                } else {
                    assertThat(next).isResumed();
                }
                assertThat(next).received("c");
                next.cut();
            }
        }
    }

    @Test
    void oldestAndLastAreWhatIsKept() {
        try (Streams streams = streams(History.last(3))) {
            for (int i = 0; i < 5; i++) {
                streams.publish("news", "" + i);
            }

            TestStream oldest = streams.server.get("/oldest").stream();
            assertThat(oldest).received("2", "3", "4");
            assertThat(oldest.notices()).isEmpty();
            assertThat(streams.server.get("/last?n=0").stream()).received(new String[0]);
            assertThat(streams.server.get("/last?n=2").stream()).received("3", "4");
            assertThat(streams.server.get("/last?n=9").stream()).received("2", "3", "4");
        }
    }

    // ---- several topics

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void idsOfSeveralTopicsResumeAllOfThem(Protocol protocol) {
        try (Streams streams = Streams.of(protocol, ResumedStreamTest::routes)) {
            TestStream first = streams.server.get("/many?t=x&t=y&t=z").stream();
            streams.publish("x", "x1");
            streams.publish("y", "y1");
            streams.publish("x", "x2");
            assertThat(first).received("x1", "y1", "x2");
            first.cut();
            streams.publish("y", "y2");
            streams.server.advance(Duration.ofMillis(1));
            streams.publish("z", "z1");
            TestStream second = first.reconnect();
            streams.publish("x", "x3");

            assertThat(second).isResumed().received("y2", "z1", "x3");
        }
    }

    @Test
    void eachIdStandsBehindItsOwnPublication() {
        try (Streams streams = streams()) {
            TestStream first = streams.server.get("/many?t=x&t=y").stream();
            streams.topics.topic("x").publish("1").toCompletableFuture().join();
            streams.topics.topic("y").publish("2").toCompletableFuture().join();
            streams.topics.topic("x").publish("3").toCompletableFuture().join();
            List<ServerSentEvent> events = first.events();

            assertThat(events).hasSize(3);
            for (int i = 0; i < 3; i++) {
                TestStream next = streams
                        .server
                        .get("/many?t=x&t=y")
                        .lastEventId(events.get(i).id())
                        .stream();
                assertThat(next).isResumed();
                assertThat(next.events()).isEqualTo(events.subList(i + 1, 3));
            }
        }
    }

    @Test
    void topicsInAnotherOrderAreTheSame() {
        try (Streams streams = streams()) {
            TestStream first = streams.server.get("/many?t=x&t=y").stream();
            streams.publish("x", "x1");
            assertThat(first).received("x1");
            first.cut();
            streams.publish("y", "y1");

            assertThat(streams.server.get("/many?t=y&t=x").lastEventId(first.lastEventId()).stream())
                    .isResumed()
                    .received("y1");
        }
    }

    @Test
    void aTopicThatIsAddedBeginsWithAReset() {
        try (Streams streams = streams()) {
            TestStream first = streams.server.get("/many?t=x").stream();
            streams.publish("x", "x1");
            assertThat(first).received("x1");
            first.cut();
            streams.publish("x", "x2");
            streams.server.advance(Duration.ofMillis(1));
            streams.publish("y", "y1");
            TestStream second = streams.server.get("/many?t=x&t=y").lastEventId(first.lastEventId()).stream();

            assertThat(second.notices()).singleElement().satisfies(notice -> {
                assertThat(notice.event()).isEqualTo("parley:reset");
                assertThat(notice.data()).contains("\"topic\":\"y\"");
            });
            assertThat(second).received("x2", "y1");
        }
    }

    @Test
    void aTopicThatIsTakenAwayIsForgotten() {
        try (Streams streams = streams()) {
            TestStream first = streams.server.get("/many?t=x&t=y").stream();
            streams.publish("x", "x1");
            assertThat(first).received("x1");
            first.cut();
            streams.publish("x", "x2");

            assertThat(streams.server.get("/many?t=x").lastEventId(first.lastEventId()).stream())
                    .isResumed()
                    .received("x2");
        }
    }

    /** Of several gaps each is told, though the client is cut off between them. */
    @Test
    void eachOfSeveralGapsIsToldUntilItWasHeard() {
        try (Streams streams = streams(History.last(1))) {
            TestStream first = streams.server.get("/many?t=x&t=y").stream();
            String start = first.lastEventId();
            first.cut();
            for (String topic : List.of("x", "y")) {
                for (int i = 0; i < 3; i++) {
                    streams.publish(topic, topic + i);
                }
            }
            for (int bytes = 1, heard = 0; heard < 2; bytes++) {
                TestStream cut = streams.server.get("/many?t=x&t=y").lastEventId(start).cutAfterBytes(bytes).stream();
                heard = cut.notices().size();
                TestStream next = cut.reconnect();
                if (heard < 2) {
                    assertThat(next.notices())
                            .extracting(ServerSentEvent::data)
                            .as("after %s bytes", bytes)
                            .anyMatch(data -> data.contains("\"topic\":\"y\""));
                }
                assertThat(next).received("x2", "y2");
                next.cut();
            }
        }
    }
}
