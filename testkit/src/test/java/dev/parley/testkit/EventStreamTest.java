package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.SseEndpoint;
import dev.parley.sse.codec.ServerSentEvent;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Event streams through the kit, over both versions of HTTP. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class EventStreamTest {
    private final Protocol protocol;
    private final Deque<SseEmitter> emitters = new ArrayDeque<>();
    private final List<String> log = new ArrayList<>();

    EventStreamTest(Protocol protocol) {
        this.protocol = protocol;
    }

    private TestServer server() {
        Routes routes = Routes.builder()
                .get("/news", SseEndpoint.emitting(emitter -> {
                    emitter.onClose(reason -> log.add(reason.toString()));
                    emitters.add(emitter);
                }))
                .build();
        return TestServer.builder(routes).protocol(protocol).build();
    }

    @Test
    void eventsArriveAsTheyAreSent() {
        try (TestServer server = server()) {
            TestStream news = server.get("/news").stream();
            assertThat(news)
                    .hasStatus(200)
                    .hasHeader("Content-Type", "text/event-stream")
                    .receivedNothing()
                    .isOpen();

            emitters.getFirst().send(ServerSentEvent.of("a"));
            emitters.getFirst().send(ServerSentEvent.of("b\nc"));
            assertThat(news).received("a", "b\nc");
            ServerSentEvent named =
                    ServerSentEvent.builder().id("7").event("sold").data("tea").build();
            emitters.getFirst().send(named);
            assertThat(news).received(named);
            assertThat(news.lastEventId()).isEqualTo("7");
        }
    }

    @Test
    void aReconnectTellsTheLastEventId() {
        try (TestServer server = server()) {
            TestStream first = server.get("/news").stream();
            emitters.getFirst().send(ServerSentEvent.builder().id("7").data("a").build());
            assertThat(first).received("a");
            first.cut();
            assertThat(log).containsExactly("CLIENT_GONE");

            server.get("/news").lastEventId(first.lastEventId()).stream();
            assertThat(emitters.getLast().lastEventId()).contains("7");
            server.get("/news").lastEventId(null).stream();
            assertThat(emitters.getLast().lastEventId()).isEmpty();
        }
    }

    @Test
    void silentStreamsGetComments() {
        try (TestServer server = server()) {
            TestStream news = server.get("/news").stream();
            assertThat(news.retry()).isEqualTo(Duration.ofSeconds(3));
            server.advance(Duration.ofMinutes(5));

            assertThat(news.comments()).hasSizeBetween(15, 25);
            assertThat(news).receivedNothing().isOpen();
        }
    }

    @Test
    void eventsThatNobodyLookedAtFailTheTest() {
        TestServer server = server();
        server.get("/news").stream();
        emitters.getFirst().send(ServerSentEvent.of("a"));

        assertThatThrownBy(server::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("nobody looked at events [ServerSentEvent[")
                .hasMessageContaining("data=a");
    }

    @Test
    void aMessageShowsTheFirstEventsAndHowManyMoreThereAre() {
        TestServer server = server();
        server.get("/news").stream();
        for (int i = 1; i <= 1000; i++) {
            emitters.getFirst().send(ServerSentEvent.of("number " + i));
        }

        assertThatThrownBy(server::close)
                .hasMessageContaining(
                        "data=number 16, retry=null, comment=null]] and 984 more (expected: all of it taken");
    }

    @Test
    void aWrongExpectationTellsBothSides() {
        try (TestServer server = server()) {
            TestStream news = server.get("/news").stream();
            emitters.getFirst().send(ServerSentEvent.of("a"));

            assertThatThrownBy(() -> assertThat(news).received("b"))
                    .hasMessageContaining("received: [a] (expected: [b])");
        }
    }

    @Test
    void drainTellsStreamsToComeBackAndEndsThem() {
        try (TestServer server = server()) {
            TestStream news = server.get("/news").stream();
            server.drain(Duration.ofSeconds(10));

            assertThat(news).isComplete();
            assertThat(news.retry()).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(13));
            assertThat(log).containsExactly("COMPLETED");
        }
    }
}
