package dev.parley.beacon;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestExchange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When batches are given to the sink, what becomes of what waits for it, and who waits with it. */
final class BeaconBatchTest {
    private static final Duration DELAY = Duration.ofMillis(10);
    private static final Duration NOTHING = Duration.ZERO;

    /** A sink that decides when the test says so. */
    private final List<CompletableFuture<Void>> decisions = new ArrayList<>();

    private CompletionStage<?> undecided(List<Beacon> batch) {
        CompletableFuture<Void> decision = new CompletableFuture<>();
        decisions.add(decision);
        return decision;
    }

    private static Beacons.Settings settings(UnaryOperator<BeaconCollector.Builder> collector) {
        return new Beacons.Settings().collector(collector);
    }

    private Beacons late(UnaryOperator<BeaconCollector.Builder> collector) {
        return settings(collector).writer(this::undecided).start();
    }

    private Beacons durable(UnaryOperator<BeaconCollector.Builder> collector) {
        return settings(collector).durable(this::undecided).start();
    }

    private void decide(Beacons beacons, int batch) {
        decisions.get(batch).complete(null);
        beacons.server.run();
    }

    private void fail(Beacons beacons, int batch) {
        decisions.get(batch).completeExceptionally(new IllegalStateException("disk full"));
        beacons.server.run();
    }

    private static TestExchange open(Beacons beacons, String body) {
        return beacons.post(body)
                .header("Content-Length", "" + body.length())
                .open()
                .end();
    }

    // ---- when a batch is due

    @Test
    void aBatchIsDueWhenItsFirstHasWaitedLongEnough() {
        try (Beacons beacons = Beacons.with(it -> it)) {
            beacons.take("a");
            assertThat(beacons.after(DELAY.minusMillis(1))).isEmpty();
            beacons.take("b");
            assertThat(beacons.after(Duration.ofMillis(1))).containsExactly(List.of("a", "b"));
            beacons.take("c");
            assertThat(beacons.after(DELAY)).containsExactly(List.of("a", "b"), List.of("c"));
        }
    }

    @Test
    void aBatchIsDueWhenItIsFull() {
        try (Beacons beacons = Beacons.with(it -> it.maxBatchBeacons(3).maxBatchDelay(Duration.ofSeconds(10)))) {
            beacons.takeAll("a", "b");
            assertThat(beacons.after(NOTHING)).isEmpty();
            beacons.takeAll("c", "d");
            assertThat(beacons.after(NOTHING)).containsExactly(List.of("a", "b", "c"));
            beacons.takeAll("e", "f", "g");
            assertThat(beacons.after(NOTHING)).containsExactly(List.of("a", "b", "c"), List.of("d", "e", "f"));
            assertThat(beacons.texts()).containsExactly("a", "b", "c", "d", "e", "f", "g");
        }
    }

    @Test
    void aBatchIsDueWhenItHasAsManyBytesAsItMay() {
        try (Beacons beacons = Beacons.with(it -> it.maxBatchBytes(2500).maxBatchDelay(Duration.ofSeconds(10)))) {
            String text = "x".repeat(1000); // and 256 each, and the path and the content type
            beacons.take(text);
            assertThat(beacons.after(NOTHING)).isEmpty();
            beacons.take(text);

            assertThat(beacons.after(NOTHING)).containsExactly(List.of(text, text));
        }
    }

    @Test
    void withoutADelayEachIsABatch() {
        try (Beacons beacons = Beacons.with(it -> it.maxBatchDelay(Duration.ZERO))) {
            beacons.takeAll("a", "b");
            assertThat(beacons.after(NOTHING)).containsExactly(List.of("a"), List.of("b"));
        }
    }

    @Test
    void theNextBatchComesWhenTheLastIsDecided() {
        try (Beacons beacons = late(it -> it.maxBatchBeacons(2))) {
            beacons.takeAll("a", "b", "c", "d", "e");
            assertThat(beacons.after(Duration.ofMinutes(1))).containsExactly(List.of("a", "b"));
            decide(beacons, 0);
            assertThat(beacons.after(NOTHING)).containsExactly(List.of("a", "b"), List.of("c", "d"));
            fail(beacons, 1);
            assertThat(beacons.after(DELAY)).last().isEqualTo(List.of("e"));
            assertThat(beacons.collector.counts().accepted()).isEqualTo(1);
            decide(beacons, 2);

            beacons.expectCounts(3, 2);
        }
    }

    // ---- behind

    @Test
    void whenAsManyWaitAsMayTheNextIsRefused() {
        try (Beacons beacons = late(it -> it.maxQueuedBeacons(2).maxBatchBeacons(1))) {
            beacons.takeAll("with the sink", "a", "b");
            assertThat(beacons.post("c").send())
                    .isProblem(503, "Too many beacons are waiting.")
                    .hasHeader("Retry-After", "1");
            decide(beacons, 0);
            beacons.take("d");

            assertThat(beacons.post("e").send()).isProblem(503);
            decide(beacons, 1);
            decide(beacons, 2);
            decide(beacons, 3);
            assertThat(beacons.texts()).containsExactly("with the sink", "a", "b", "d");
            beacons.expectCounts(4, 0, BeaconCause.FULL, BeaconCause.FULL);
        }
    }

    @Test
    void whenAsManyBytesWaitAsMayTheNextIsRefused() {
        String text = "x".repeat(60_000);
        try (Beacons beacons = late(it -> it.maxQueuedBytes(128 * 1024).maxBatchBeacons(1))) {
            beacons.takeAll("with the sink", text, text);
            assertThat(beacons.post(text).send()).isProblem(503, "Too many beacons are waiting.");
            beacons.take("a small one"); // for which there is room

            assertThat(beacons.collector.counts().accepted()).isEqualTo(4);
            assertThat(beacons.collector.counts().of(BeaconCause.FULL)).isEqualTo(1);
        }
    }

    @Test
    void headersCountAmongTheBytes() {
        try (Beacons beacons = late(it -> it.maxQueuedBytes(128 * 1024).maxBatchBeacons(1))) {
            beacons.take("with the sink");
            int taken = 0;
            while (beacons.server
                            .post("/beacon")
                            .header("Content-Type", "text/" + "x".repeat(10_000))
                            .send()
                            .status()
                    == 204) {
                taken++;
            }
            assertThat(taken).isEqualTo(12);
        }
    }

    @Test
    void theOldestAreDroppedWhereThatIsThePolicy() {
        try (Beacons beacons =
                late(it -> it.maxQueuedBeacons(2).maxBatchBeacons(1).whenBehind(WhenBehind.DROP_OLDEST))) {
            beacons.takeAll("with the sink", "a", "b", "c", "d");
            for (int i = 0; i < 3; i++) {
                decide(beacons, i);
            }

            assertThat(beacons.texts()).containsExactly("with the sink", "c", "d");
            beacons.expectCounts(3, 0, BeaconCause.OLDEST, BeaconCause.OLDEST);
        }
    }

    @Test
    void asManyOfTheOldestAreDroppedAsOneNeeds() {
        String large = "x".repeat(60_000);
        try (Beacons beacons =
                late(it -> it.maxQueuedBytes(128 * 1024).maxBatchBeacons(1).whenBehind(WhenBehind.DROP_OLDEST))) {
            beacons.takeAll("with the sink", "a", "b", large, large, large);
            for (int i = 0; i < 3; i++) {
                decide(beacons, i);
            }

            assertThat(beacons.texts()).containsExactly("with the sink", large, large);
            BeaconCause oldest = BeaconCause.OLDEST;
            beacons.expectCounts(3, 0, oldest, oldest, oldest);
        }
    }

    @Test
    void theNewestIsDroppedWhereThatIsThePolicy() {
        try (Beacons beacons =
                late(it -> it.maxQueuedBeacons(2).maxBatchBeacons(1).whenBehind(WhenBehind.DROP_NEWEST))) {
            beacons.takeAll("with the sink", "a", "b", "c", "d");
            for (int i = 0; i < 3; i++) {
                decide(beacons, i);
            }

            assertThat(beacons.texts()).containsExactly("with the sink", "a", "b");
            beacons.expectCounts(3, 0, BeaconCause.NEWEST, BeaconCause.NEWEST);
        }
    }

    // ---- sinks that fail

    @Test
    @SuppressWarnings("NullAway") // as one way is to return nothing
    void aSinkMayFailInAnyWayAndTheNextBatchComes() {
        List<Beacons.Writer> ways = List.of(
                batch -> {
                    throw new IllegalStateException("a sink that throws");
                },
                batch -> {
                    throw new IOException("a sink that throws what is checked");
                },
                batch -> {
                    throw new StackOverflowError("a sink that is an error");
                },
                batch -> CompletableFuture.failedStage(new IllegalStateException("a stage that fails")),
                batch -> null);
        int[] next = {0};
        Beacons.Writer sink =
                batch -> next[0] < ways.size() ? ways.get(next[0]++).write(batch) : BeaconSink.STORED;
        try (Beacons beacons =
                settings(it -> it.maxBatchBeacons(2)).writer(sink).start()) {
            for (int i = 0; i < ways.size() + 1; i++) {
                beacons.takeAll(i + "a", i + "b");
            }
            beacons.expectCounts(2, 2L * ways.size());
        }
    }

    @Test
    void aSinkMayCompleteOnAnotherThread() throws Exception {
        try (Beacons beacons = late(it -> it.maxBatchBeacons(1))) {
            beacons.takeAll("a", "b");
            Thread other = new Thread(() -> decisions.get(0).complete(null));
            other.start();
            other.join();
            beacons.server.run();
            assertThat(decisions).hasSize(2);
            Thread another = new Thread(
                    () -> decisions.get(1).completeExceptionally(new IllegalStateException("as a test says")));
            another.start();
            another.join();

            beacons.expectCounts(1, 1);
        }
    }

    // ---- durable

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void nobodyIsAnsweredBeforeItsBeaconIsStored(Protocol protocol) {
        Beacons.Settings settings =
                settings(it -> it.maxBatchBeacons(2)).durable(this::undecided).wire(protocol, Integer.MAX_VALUE);
        try (Beacons beacons = settings.start()) {
            TestExchange a = open(beacons, "a");
            TestExchange b = open(beacons, "b");
            TestExchange c = open(beacons, "c");
            beacons.server.advance(Duration.ofSeconds(5));
            assertThat(List.of(a.isAnswered(), b.isAnswered(), c.isAnswered())).containsOnly(false);

            decide(beacons, 0);
            assertThat(a.response()).hasStatus(204).hasNoBody();
            assertThat(b.response()).hasStatus(204);
            assertThat(c.isAnswered()).isFalse();
            decide(beacons, 1);
            assertThat(c.response()).hasStatus(204);
            beacons.expectCounts(3, 0);
        }
    }

    @Test
    void aDurableSinkGetsItsBatchesSooner() {
        try (Beacons beacons = durable(it -> it)) {
            TestExchange a = open(beacons, "a");
            assertThat(beacons.after(Duration.ofMillis(1))).containsExactly(List.of("a"));
            decide(beacons, 0);
            assertThat(a.response()).hasStatus(204);
        }
    }

    @Test
    void whatCouldNotBeStoredIs503AndTheServiceGoesOn() {
        try (Beacons beacons = durable(it -> it.maxBatchBeacons(1))) {
            TestExchange a = open(beacons, "a");
            TestExchange b = open(beacons, "b");
            fail(beacons, 0);
            assertThat(a.response())
                    .isProblem(503, "The beacon could not be stored.")
                    .hasHeader("Retry-After", "1");
            decide(beacons, 1);
            assertThat(b.response()).hasStatus(204);

            beacons.expectCounts(1, 1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void aClientThatGoesAwayWhileItWaitsDisturbsNobodyAndItsBeaconIsStored(Protocol protocol) {
        Beacons.Settings settings =
                settings(it -> it.maxBatchBeacons(2)).durable(this::undecided).wire(protocol, Integer.MAX_VALUE);
        try (Beacons beacons = settings.start()) {
            TestExchange gone = open(beacons, "gone");
            TestExchange stays = open(beacons, "stays");
            gone.cut();
            decide(beacons, 0);

            assertThat(stays.response()).hasStatus(204);
            assertThat(beacons.texts()).containsExactly("gone", "stays");
            beacons.expectCounts(2, 0);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() {
        try (Beacons beacons = durable(it -> it.maxBatchBeacons(1))) {
            TestConnection connection = beacons.server.connect();
            String ok = "POST /beacon HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";
            connection.send(
                    ok + "a" + ok + "b" + "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + ok + "c");
            StringBuilder answers = new StringBuilder();
            for (int i = 0; i < 3; i++) {
                beacons.server.advance(Duration.ofMillis(1));
                if (i == 1) {
                    fail(beacons, i);
                } else {
                    decide(beacons, i);
                }
                answers.append(connection.receivedText());
            }

            assertThat(Pattern.compile("HTTP/1.1 (\\d+)")
                            .matcher(answers)
                            .results()
                            .map(it -> it.group(1)))
                    .containsExactly("204", "503", "404", "204");
            assertThat(beacons.texts()).containsExactly("a", "b", "c");
        }
    }

    @Test
    void pipelinedRequestsToASinkThatIsNotDurableAreTakenInOrder() {
        try (Beacons beacons = Beacons.with(it -> it.maxBatchBeacons(5))) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 12; i++) {
                requests.append("POST /beacon HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
                        .append((char) ('a' + i))
                        .append('x');
            }
            TestConnection connection = beacons.server.connect().send(requests.toString());

            assertThat(connection.receivedText().lines().filter(it -> it.equals("HTTP/1.1 204 No Content")))
                    .hasSize(12);
            assertThat(beacons.texts())
                    .containsExactly("ax", "bx", "cx", "dx", "ex", "fx", "gx", "hx", "ix", "jx", "kx", "lx");
        }
    }

    // ---- duplicates, and those that came in vain

    @Test
    void whatWasRefusedMayComeAgain() {
        try (Beacons beacons = late(it -> it.maxQueuedBeacons(1)
                .maxBatchBeacons(1)
                .dropDuplicates(beacon -> Optional.of(beacon.body().text()), Duration.ofHours(1), 100))) {
            beacons.takeAll("with the sink", "a");
            assertThat(beacons.post("b").send()).hasStatus(503);
            decide(beacons, 0);
            beacons.takeAll("b", "b");
            decide(beacons, 1);
            decide(beacons, 2);

            assertThat(beacons.texts()).containsExactly("with the sink", "a", "b");
            beacons.expectCounts(3, 0, BeaconCause.FULL, BeaconCause.DUPLICATE);
        }
    }

    @Test
    void whatADurableSinkCouldNotStoreMayComeAgain() {
        try (Beacons beacons = durable(it -> it.maxBatchBeacons(1)
                .dropDuplicates(beacon -> Optional.of(beacon.body().text()), Duration.ofHours(1), 100))) {
            TestExchange first = open(beacons, "a");
            fail(beacons, 0);
            assertThat(first.response()).hasStatus(503);
            TestExchange again = open(beacons, "a");
            assertThat(again.isAnswered()).isFalse();
            decide(beacons, 1);
            assertThat(again.response()).hasStatus(204);
            assertThat(open(beacons, "a").response()).hasStatus(204);

            beacons.expectCounts(1, 1, BeaconCause.DUPLICATE);
        }
    }

    @Test
    void twoOfOneIdThatWaitAreBothStoredBeforeEitherIsPromised() {
        try (Beacons beacons = durable(it -> it.maxBatchBeacons(2)
                .dropDuplicates(beacon -> Optional.of(beacon.body().text()), Duration.ofHours(1), 100))) {
            TestExchange one = open(beacons, "a");
            TestExchange two = open(beacons, "a");
            assertThat(two.isAnswered()).isFalse();
            decide(beacons, 0);

            assertThat(one.response()).hasStatus(204);
            assertThat(two.response()).hasStatus(204);
            beacons.expectCounts(2, 0);
        }
    }

    // ---- the end

    @Test
    void whatWaitsIsStoredAtTheEndAndNothingMoreIsTaken() {
        try (Beacons beacons = Beacons.with(it -> it.maxBatchBeacons(2).maxBatchDelay(Duration.ofSeconds(10)))) {
            beacons.take("a");
            beacons.collector.close();
            assertThat(beacons.after(NOTHING)).containsExactly(List.of("a"));
            assertThat(beacons.post("b").send()).isProblem(503);
            beacons.collector.close();

            beacons.expectCounts(1, 0, BeaconCause.FULL);
        }
    }

    @Test
    void whoWaitsForADurableSinkIsAnsweredAtTheEnd() {
        Beacons.Settings settings = settings(it -> it.maxBatchBeacons(2)).durable(batch -> BeaconSink.STORED);
        try (Beacons beacons = settings.start()) {
            TestExchange a = open(beacons, "a");
            assertThat(a.isAnswered()).isFalse();
            beacons.collector.close();

            assertThat(a.response()).hasStatus(204);
            beacons.expectCounts(1, 0);
        }
    }

    @Test
    void theSinkIsNotCalledByWhoeverCloses() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        List<Thread> callers = new ArrayList<>();
        Beacons.Writer sink = batch -> {
            callers.add(Thread.currentThread());
            called.countDown();
            return BeaconSink.STORED;
        };
        try (Beacons beacons = settings(it -> it.maxBatchDelay(Duration.ofSeconds(10)))
                .writer(sink)
                .start()) {
            beacons.take("a");
            beacons.collector.close();

            assertThat(called.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(callers).doesNotContain(Thread.currentThread());
        }
    }
}
