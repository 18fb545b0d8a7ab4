package dev.parley.sse;

import static dev.parley.sse.Streams.news;
import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Endpoints;
import dev.parley.http.Exchange;
import dev.parley.http.Guard;
import dev.parley.http.Guard.Verdict;
import dev.parley.http.Protocol;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestStream;
import dev.parley.topic.Draft;
import dev.parley.topic.Filter;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.Publication;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets a stream, and what of the topics is on it. */
class ChosenStreamTest {
    // ---- filters

    @Test
    void aFilterPassesPublicationsOver() {
        try (Streams streams = Streams.of((routes, topics) ->
                routes.get("/news", news(topics).filter(Filter.events("a")).build()))) {
            TestStream stream = streams.server.get("/news").stream();
            streams.publish("news", Draft.of("1").event("a"));
            streams.publish("news", Draft.of("2").event("b"));
            streams.publish("news", Draft.of("3").event("a"));

            assertThat(stream).received("1", "3");
        }
    }

    @Test
    void aFilterMayDependOnTheRequest() {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                news(topics)
                        .filterFor(exchange -> Filter.tags(exchange.query("tag").orElseThrow()))
                        .build()))) {
            TestStream a = streams.server.get("/news?tag=a").stream();
            TestStream b = streams.server.get("/news?tag=b").stream();
            streams.publish("news", Draft.of("1").tags("a", "b"));
            streams.publish("news", Draft.of("2").tags("b"));

            assertThat(a).received("1");
            assertThat(b).received("1", "2");
        }
    }

    @Test
    void whoHearsNothingLearnsFromHeartbeatsHowFarItIs() {
        try (Streams streams = Streams.of(
                History.last(2),
                (routes, topics) -> routes.get(
                        "/news", news(topics).filter(Filter.events("a")).build()))) {
            TestStream stream = streams.server.get("/news").stream();
            String last = "";
            for (int i = 0; i < 10; i++) {
                last = streams.publish("news", Draft.of("no").event("b"));
            }
            streams.server.advance(Duration.ofSeconds(16));
            assertThat(stream.lastEventId()).isEqualTo(last);
            stream.cut();
            streams.publish("news", Draft.of("yes").event("a"));

            assertThat(stream.reconnect()).isResumed().received("yes");
        }
    }

    /** The server's own end of a stream need not wait for a heartbeat. */
    @ParameterizedTest
    @ValueSource(strings = {"maxAge", "drain"})
    void whoHearsNothingLearnsFromTheEndHowFarItIs(String end) {
        try (Streams streams = Streams.of(
                History.last(2),
                (routes, topics) -> routes.get(
                        "/news",
                        news(topics)
                                .filter(Filter.events("a"))
                                .maxAge(Duration.ofSeconds(10))
                                .build()))) {
            TestStream stream = streams.server.get("/news").stream();
            streams.server.advance(Duration.ofSeconds(8));
            String last = "";
            for (int i = 0; i < 10; i++) {
                last = streams.publish("news", Draft.of("no").event("b"));
            }
            if (end.equals("drain")) {
                streams.server.drain(Duration.ofSeconds(1));
            }
            streams.server.advance(Duration.ofSeconds(3));

            assertThat(stream.isComplete()).isTrue();
            assertThat(stream.lastEventId()).isEqualTo(last);
        }
    }

    // ---- rights

    @Test
    void whatMayNotBeHeardIsNotHeard() {
        Set<String> allowed = new HashSet<>(Set.of("a"));
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                news(topics)
                        .allow((exchange, publication) -> allowed.contains(publication.text()))
                        .build()))) {
            TestStream stream = streams.server.get("/news").stream();
            streams.publish("news", "a");
            streams.publish("news", "b");
            allowed.add("b");
            streams.publish("news", "b");

            assertThat(stream).received("a", "b");
        }
    }

    @Test
    void aRightThatWasTakenAwayCountsForWhatIsReplayed() {
        Set<String> allowed = new HashSet<>(Set.of("a", "b", "c"));
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                news(topics)
                        .from(From.oldest())
                        .filter(Filter.tags("t"))
                        .allow((exchange, publication) -> allowed.contains(publication.text()))
                        .build()))) {
            for (String text : List.of("a", "b", "c")) {
                streams.publish("news", Draft.of(text).tags("t"));
            }
            streams.publish("news", "a");
            TestStream before = streams.server.get("/news").stream();
            assertThat(before).received("a", "b", "c");
            allowed.remove("b");

            assertThat(streams.server.get("/news").stream()).received("a", "c");
            assertThat(streams.server.get("/news").lastEventId("1-1").stream())
                    .isReset()
                    .received("a", "c");
        }
    }

    @Test
    void eachClientHasItsOwnRights() {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                news(topics)
                        .allow((exchange, publication) ->
                                publication.text().equals(exchange.query("who").orElse("")))
                        .build()))) {
            TestStream a = streams.server.get("/news?who=a").stream();
            TestStream b = streams.server.get("/news?who=b").stream();
            streams.publish("news", "a");
            streams.publish("news", "b");

            assertThat(a).received("a");
            assertThat(b).received("b");
        }
    }

    @Test
    void aCheckThatFailsEndsItsOwnStream() {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news", news(topics).allow(ChosenStreamTest::failingForA).build()))) {
            TestStream a = streams.server.get("/news?who=a").stream();
            TestStream b = streams.server.get("/news?who=b").stream();
            streams.publish("news", "1");

            assertThat(a.isOpen()).isFalse();
            assertThat(a).received(new String[0]);
            assertThat(b).received("1");
            assertThat(streams.subscriptions()).isEqualTo(1);
        }
    }

    private static boolean failingForA(Exchange exchange, Publication publication) {
        if (exchange.query("who").orElse("").equals("a")) {
            throw new IllegalStateException("no");
        }
        return true;
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void aGuardAnswersBeforeTheStream(int status) {
        Guard guard = exchange -> Verdict.refuse(status).now();
        try (Streams streams = Streams.of((routes, topics) ->
                routes.get("/news", Endpoints.guard(guard, SseEndpoint.of(topics.topic("news")))))) {
            assertThat(streams.server.get("/news").send().status()).isEqualTo(status);
            assertThat(streams.subscriptions()).isZero();
        }
    }

    @Test
    void aStreamEndsWithItsCredential() {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                news(topics)
                        .credential(
                                exchange -> exchange.query("left").map(it -> Duration.ofSeconds(Long.parseLong(it))))
                        .build()))) {
            TestStream forEver = streams.server.get("/news").stream();
            TestStream nearly = streams.server.get("/news?left=" + Long.MAX_VALUE).stream();
            TestStream limited = streams.server.get("/news?left=60").stream();
            streams.server.advance(Duration.ofSeconds(59));
            assertThat(limited.isOpen()).isTrue();
            streams.server.advance(Duration.ofSeconds(2));

            assertThat(limited.isComplete()).isTrue();
            assertThat(forEver.isOpen()).isTrue();
            assertThat(nearly.isOpen()).isTrue();
            assertThat(streams.server.get("/news?left=0").send().status()).isEqualTo(401);
            assertThat(streams.server.get("/news?left=-5").send().status()).isEqualTo(401);
            assertThat(streams.subscriptions()).isEqualTo(2);
        }
    }

    @Test
    void theCredentialIsAskedForOnceAndRunsOutWhileTopicsAreChosen() {
        AtomicInteger asked = new AtomicInteger();
        CompletableFuture<List<Topic>> found = new CompletableFuture<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                SseEndpoint.builder()
                        .topics(exchange -> found)
                        .credential(exchange -> {
                            asked.incrementAndGet();
                            return Optional.of(Duration.ofSeconds(60));
                        })
                        .build()))) {
            var exchange = streams.server.get("/news").open().end();
            streams.server.advance(Duration.ofSeconds(40));
            found.complete(List.of(streams.topics.topic("news")));
            TestStream stream = exchange.stream();
            streams.server.advance(Duration.ofSeconds(19));
            assertThat(stream.isOpen()).isTrue();
            streams.server.advance(Duration.ofSeconds(2));

            assertThat(stream.isComplete()).isTrue();
            assertThat(asked).hasValue(1);
        }
    }

    // ---- the first event

    @Test
    void aSnapshotComesFirstAndWhatWasPublishedMeanwhileFollows() {
        List<CompletableFuture<ServerSentEvent>> asked = new ArrayList<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news", news(topics).snapshot(exchange -> later(asked)).build()))) {
            String place = streams.publish("news", "before");
            TestStream stream = streams.server.get("/news").stream();
            assertThat(stream.lastEventId()).isNull();
            streams.publish("news", "a");
            streams.publish("news", "b");
            assertThat(stream).received(new String[0]);
            streams.server.advance(Duration.ofMinutes(1));
            assertThat(stream.lastEventId()).isNull();
            asked.get(0)
                    .complete(ServerSentEvent.builder().event("all").data("S").build());
            streams.publish("news", "c");

            assertThat(stream.events())
                    .extracting(event -> event.event() + " " + event.data())
                    .containsExactly("all S", "null a", "null b", "null c");
            stream.cut();
            TestStream next = streams.server.get("/news").lastEventId(place).stream();
            assertThat(next).isResumed().received("a", "b", "c");
            assertThat(asked).hasSize(1);
        }
    }

    private static CompletionStage<ServerSentEvent> later(List<CompletableFuture<ServerSentEvent>> asked) {
        CompletableFuture<ServerSentEvent> snapshot = new CompletableFuture<>();
        asked.add(snapshot);
        return snapshot;
    }

    @Test
    void whoHasLostSomethingGetsASnapshotAndItsPlaceWithIt() {
        List<CompletableFuture<ServerSentEvent>> asked = new ArrayList<>();
        try (Streams streams = Streams.of(
                History.last(1),
                (routes, topics) -> routes.get(
                        "/news", news(topics).snapshot(exchange -> later(asked)).build()))) {
            String start = streams.start("news");
            streams.publish("news", "b");
            streams.publish("news", "c");
            TestStream stream = streams.server.get("/news").lastEventId(start).stream();
            assertThat(stream).hasGap(2);
            assertThat(stream.lastEventId()).isEqualTo(start);
            asked.get(0).complete(ServerSentEvent.of("S"));

            assertThat(stream).received("S", "c");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fails", "throws", "null", "gives null"})
    void withoutItsSnapshotAStreamEnds(String how) {
        try (Streams streams = Streams.of((routes, topics) ->
                routes.get("/news", news(topics).snapshot(exchange -> bad(how)).build()))) {
            TestStream stream = streams.server.get("/news").stream();

            assertThat(stream.isComplete()).isTrue();
            assertThat(stream.lastEventId()).isNull();
            assertThat(streams.subscriptions()).isZero();
        }
    }

    @SuppressWarnings("NullAway") // what an application without NullAway may do
    private static CompletionStage<ServerSentEvent> bad(String how) {
        return switch (how) {
            case "fails" -> CompletableFuture.failedStage(new IllegalStateException("no"));
            case "gives null" -> CompletableFuture.completedStage(null);
            case "null" -> null;
            default -> throw new IllegalStateException("no");
        };
    }

    @Test
    void aClientThatGoesAwayBeforeItsSnapshotLeavesNothingBehind() {
        List<CompletableFuture<ServerSentEvent>> asked = new ArrayList<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news", news(topics).snapshot(exchange -> later(asked)).build()))) {
            streams.server.get("/news").stream().cut();
            assertThat(streams.subscriptions()).isZero();
            asked.get(0).complete(ServerSentEvent.of("S"));
            streams.server.run();
        }
    }

    // ---- what is asked for

    record Wish(List<String> topics) {}

    private static CompletionStage<List<Topic>> wished(Exchange exchange, Topics topics) {
        return exchange.json(Wish.class)
                .thenApply(wish -> wish.topics().stream().map(topics::topic).toList());
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void aBodyMayChooseTheTopics(Protocol protocol) {
        try (Streams streams = Streams.of(
                protocol,
                (routes, topics) -> routes.post(
                        "/events",
                        SseEndpoint.builder()
                                .topics(exchange -> wished(exchange, topics))
                                .build()))) {
            TestStream stream = streams.server.post("/events").json(new Wish(List.of("x", "y"))).stream();
            streams.publish("x", "1");
            streams.publish("y", "2");
            streams.publish("z", "3");

            assertThat(stream).received("1", "2");
            assertThat(streams.server
                            .post("/events")
                            .json(new Wish(List.of()))
                            .send()
                            .status())
                    .isEqualTo(404);
            assertThat(streams.server
                            .post("/events")
                            .json(new Wish(List.of("n".repeat(257))))
                            .send()
                            .status())
                    .isEqualTo(404);
            assertThat(streams.server
                            .post("/events")
                            .header("Content-Type", "application/json")
                            .body("{")
                            .send()
                            .status())
                    .isEqualTo(400);
            assertThat(streams.server.post("/events").body("x").send().status()).isEqualTo(415);
            assertThat(streams.subscriptions()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "fails", "null", "gives null", "gives a null topic"})
    void topicsThatCanNotBeChosenAreTheServersFault(String how) {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                SseEndpoint.builder().topics(exchange -> badTopics(how)).build()))) {
            assertThat(streams.server.get("/news").send().status()).isEqualTo(500);
        }
    }

    @SuppressWarnings("NullAway") // what an application without NullAway may do
    private static CompletionStage<List<Topic>> badTopics(String how) {
        return switch (how) {
            case "fails" -> CompletableFuture.failedStage(new IllegalStateException("no"));
            case "gives null" -> CompletableFuture.completedStage(null);
            case "gives a null topic" ->
                CompletableFuture.completedStage(new ArrayList<>(java.util.Collections.singletonList(null)));
            case "null" -> null;
            default -> throw new IllegalStateException("no");
        };
    }

    @Test
    void aNameThatIsNoneIsNotFound() {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/t/{name}",
                SseEndpoint.builder(exchange -> topics.topic(exchange.path("name")))
                        .build()))) {
            assertThat(streams.server.get("/t/" + "n".repeat(257)).send().status())
                    .isEqualTo(404);
            assertThat(streams.server.head("/t/" + "n".repeat(257)).send().status())
                    .isEqualTo(404);
            assertThat(streams.server.head("/t/a").send().status()).isEqualTo(200);
        }
    }

    @Test
    void whereThereIsNoRoomIsLater() {
        try (Streams streams = Streams.of(
                Protocol.HTTP_1_1,
                it -> it.maxSubscriptions(1),
                it -> it,
                (routes, topics) -> routes.get("/news", SseEndpoint.of(topics.topic("news"))))) {
            TestStream first = streams.server.get("/news").stream();
            TestResponse second = streams.server.get("/news").send();
            first.cut();

            assertThat(second.status()).isEqualTo(503);
            assertThat(second.header("Retry-After")).contains("5");
            assertThat(second.text()).contains("too many topics or subscriptions");
            assertThat(streams.server.get("/news").stream().status()).isEqualTo(200);
        }
    }

    @Test
    void whenTheTopicsAreClosedStreamsEndAndNoOtherBegins() {
        try (Streams streams =
                Streams.of((routes, topics) -> routes.get("/news", SseEndpoint.of(topics.topic("news"))))) {
            TestStream stream = streams.server.get("/news").stream();
            assertThat(stream.isOpen()).isTrue();
            streams.topics.close();
            assertThat(stream.isComplete()).isTrue();
            TestResponse next = streams.server.get("/news").send();

            assertThat(next.status()).isEqualTo(503);
            assertThat(next.text()).doesNotContain("too many");
        }
    }

    @Test
    void theTopicMayBeFoundOnAnotherThread() throws Exception {
        CompletableFuture<List<Topic>> found = new CompletableFuture<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news", SseEndpoint.builder().topics(exchange -> found).build()))) {
            var exchange = streams.server.get("/news").open().end();
            var gone = streams.server.get("/news").open().end();
            gone.cut();
            Thread thread = new Thread(() -> found.complete(List.of(streams.topics.topic("news"))));
            thread.start();
            thread.join();
            TestStream stream = exchange.stream();
            streams.publish("news", "a");

            assertThat(stream).received("a");
            assertThat(streams.subscriptions()).isEqualTo(1);
        }
    }

    // ---- no stream

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void headOpensNoStream(Protocol protocol) {
        try (Streams streams =
                Streams.of(protocol, (routes, topics) -> routes.get("/news", SseEndpoint.of(topics.topic("news"))))) {
            TestResponse response = streams.server.head("/news").send();

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("Content-Type")).contains("text/event-stream");
            assertThat(streams.subscriptions()).isZero();
            assertThat(streams.topics.count()).isZero();
        }
    }

    @Test
    void whoShouldNotComeBackIsTold() {
        Set<String> over = new HashSet<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news", news(topics).finished(exchange -> !over.isEmpty()).build()))) {
            TestStream stream = streams.server.get("/news").stream();
            assertThat(stream.isOpen()).isTrue();
            over.add("yes");

            assertThat(streams.server.get("/news").send().status()).isEqualTo(204);
            assertThat(streams.server.head("/news").send().status()).isEqualTo(204);
            assertThat(streams.subscriptions()).isEqualTo(1);
        }
    }

    @Test
    void whoDoesNotTakeEventStreamsSubscribesToNothing() {
        try (Streams streams =
                Streams.of((routes, topics) -> routes.get("/news", SseEndpoint.of(topics.topic("news"))))) {
            assertThat(streams.server
                            .get("/news")
                            .header("Accept", "text/html")
                            .send()
                            .status())
                    .isEqualTo(406);
            assertThat(streams.subscriptions()).isZero();
        }
    }

    // ---- topics and the application on one stream

    @Test
    void theApplicationMaySendBesidesATopic() {
        List<SseEmitter> emitters = new ArrayList<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                news(topics)
                        .onOpen(emitter -> {
                            emitters.add(emitter);
                            emitter.send(ServerSentEvent.of("hello"));
                        })
                        .build()))) {
            TestStream stream = streams.server.get("/news").stream();
            streams.publish("news", "a");
            emitters.get(0).send(ServerSentEvent.of("between"));
            streams.publish("news", "b");

            assertThat(stream).received("hello", "a", "between", "b");
            emitters.get(0).close();
            assertThat(stream.isComplete()).isTrue();
            assertThat(streams.subscriptions()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"at once", "later"})
    void aListenerThatThrowsEndsItsStream(String when) {
        CompletableFuture<List<Topic>> found = new CompletableFuture<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                SseEndpoint.builder()
                        .topics(exchange -> found)
                        .onOpen(emitter -> {
                            throw new IllegalStateException("no");
                        })
                        .build()))) {
            if (when.equals("at once")) {
                found.complete(List.of(streams.topics.topic("news")));
            }
            var exchange = streams.server.get("/news").open().end();
            streams.server.run();
            found.complete(List.of(streams.topics.topic("news")));

            assertThat(exchange.isCutOff()).isTrue();
            assertThat(streams.subscriptions()).isZero();
        }
    }

    @Test
    void moreTopicsThanAStreamHasAreABadRequestAndOneTwiceCountsOnce() {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/many",
                SseEndpoint.builder()
                        .topics(exchange -> CompletableFuture.completedStage(exchange.queryAll("t").stream()
                                .map(topics::topic)
                                .toList()))
                        .build()))) {
            String seventeen =
                    IntStream.rangeClosed(1, 17).mapToObj(i -> "t=" + i).collect(Collectors.joining("&"));
            assertThat(streams.server.get("/many?" + seventeen).send()).hasStatus(400);

            TestStream twice = streams.server.get("/many?t=a&t=a").stream();
            streams.publish("a", "1");
            assertThat(twice).received("1");
        }
    }

    @Test
    void anApplicationThatWaitsForTheClientDoesNotKeepTheTopicFromIt() {
        List<String> told = new ArrayList<>();
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news",
                news(topics)
                        .onOpen(emitter -> emitter.onWritable(() -> told.add("writable")))
                        .build()))) {
            TestStream stream = streams.server.get("/news").stream();
            stream.events();
            stream.stall();
            String big = "x".repeat(64 * 1024);
            for (int i = 0; i < 12; i++) {
                streams.publish("news", big);
            }
            stream.resume();

            assertThat(stream.events()).hasSize(12);
            assertThat(stream).hasNoGap();
            assertThat(told).isNotEmpty();
        }
    }

    // ---- nobody leaves a subscription behind

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoeverGoesLeavesNoSubscription(Protocol protocol) {
        List<SseEmitter> emitters = new ArrayList<>();
        try (Streams streams = Streams.of(
                protocol,
                (routes, topics) ->
                        routes.get("/news", news(topics).onOpen(emitters::add).build()))) {
            TestStream cut = streams.server.get("/news").stream();
            TestStream closed = streams.server.get("/news").stream();
            TestStream failing = streams.server.get("/news").stream();
            TestStream stalled = streams.server.get("/news").stream();
            assertThat(streams.subscriptions()).isEqualTo(4);
            cut.cut();
            assertThat(streams.subscriptions()).isEqualTo(3);
            emitters.get(1).close();
            assertThat(streams.subscriptions()).isEqualTo(2);
            emitters.get(2).exchange().after(Duration.ZERO, () -> Objects.requireNonNull(null, "no"));
            streams.server.advance(Duration.ofSeconds(1));
            assertThat(streams.subscriptions()).isEqualTo(1);
            stalled.stall();
            streams.publish("news", "x".repeat(1_000_000));
            streams.publish("news", "x".repeat(1_000_000));
            stalled.cut();
            assertThat(streams.subscriptions()).isZero();
            assertThat(streams.topics.topic("news").subscriptions()).isZero();

            TestStream last = streams.server.get("/news").stream();
            streams.server.drain(Duration.ofSeconds(1));
            streams.server.advance(Duration.ofSeconds(1));
            assertThat(streams.subscriptions()).isZero();
            for (TestStream each : List.of(cut, closed, failing, stalled, last)) {
                assertThat(each.isOpen()).isFalse();
            }
            stalled.ignoreRest();
        }
    }

    // ---- time

    @Test
    void onlyASilentStreamGetsHeartbeats() {
        try (Streams streams = Streams.of((routes, topics) -> routes.get(
                "/news", news(topics).keepAlive(Duration.ofSeconds(10)).build()))) {
            TestStream busy = streams.server.get("/news").stream();
            for (int i = 0; i < 20; i++) {
                streams.server.advance(Duration.ofSeconds(4));
                streams.publish("news", "a");
            }
            assertThat(busy.events()).hasSize(20);
            assertThat(busy.comments()).isEmpty();
            streams.server.advance(Duration.ofSeconds(11));
            assertThat(busy.comments()).hasSize(1);
            streams.server.advance(Duration.ofSeconds(100));
            assertThat(busy.comments()).hasSizeBetween(9, 11);
        }
    }

    @Test
    void agesDifferByATenth() {
        try (Streams streams = Streams.of((routes, topics) ->
                routes.get("/news", news(topics).maxAge(Duration.ofMinutes(10)).build()))) {
            List<TestStream> all = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                all.add(streams.server.get("/news").stream());
            }
            streams.server.advance(Duration.ofMinutes(9).minusSeconds(1));
            assertThat(all).allMatch(TestStream::isOpen);
            streams.server.advance(Duration.ofSeconds(31));
            long half = all.stream().filter(TestStream::isOpen).count();
            streams.server.advance(Duration.ofSeconds(31));

            assertThat(half).isBetween(25L, 75L);
            assertThat(all).allMatch(TestStream::isComplete);
            assertThat(streams.subscriptions()).isZero();
        }
    }

    @Test
    void settingsThatCanNotBeMetAreRefused() {
        SseEndpoint.Builder builder = SseEndpoint.builder();
        for (Runnable setting : List.<Runnable>of(
                () -> builder.keepAlive(Duration.ofSeconds(Long.MAX_VALUE)),
                () -> builder.maxAge(Duration.ofSeconds(Long.MAX_VALUE)))) {
            org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
                    .isThrownBy(setting::run)
                    .withMessageContaining("expected: ");
        }
    }
}
