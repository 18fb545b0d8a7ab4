package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestRequest;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Everything at once, by chance but the same in each run: beacons of all kinds, sound and broken, a sink that is late or fails,
 * clients that go away. Each beacon has exactly one outcome, and its client was told what fits it.
 */
final class BeaconPropertyTest {
    private static final int STEPS = 300;
    private static final int LIMIT = 500;

    /** What a client did, and what has to come of it. */
    private record Sent(TestExchange exchange, Kind kind, String id) {}

    private enum Kind {
        SOUND(204),
        GZIP(204),
        UNWANTED(204),
        DUPLICATE(204),
        TOO_LARGE(413),
        BOMB(413),
        CODING(415),
        NO_GZIP(400),
        SPOILED(500),
        GONE(0);

        private final int status;

        Kind(int status) {
            this.status = status;
        }
    }

    private Random random = new Random();
    private final List<CompletableFuture<Void>> undecided = new ArrayList<>();
    private final Set<String> storedIds = new HashSet<>();
    private final List<String> storedTwice = new ArrayList<>();

    @BeforeEach
    void countOnly() {
        // A record of each access to each buffer takes minutes here; the kit still counts what was not released.
        ResourceLeakDetector.setLevel(Level.SIMPLE);
    }

    @AfterEach
    void recordAgain() {
        ResourceLeakDetector.setLevel(Level.PARANOID);
    }

    private CompletionStage<?> write(List<Beacon> batch) {
        assertThat(batch).isNotEmpty().hasSizeLessThanOrEqualTo(5);
        return switch (random.nextInt(4)) {
            case 0 -> throw new IllegalStateException("a sink that throws");
            case 1 -> CompletableFuture.failedStage(new IllegalStateException("a stage that fails"));
            case 2 -> {
                CompletableFuture<Void> later = new CompletableFuture<>();
                undecided.add(later);
                yield later.thenRun(() -> stored(batch));
            }
            default -> {
                stored(batch);
                yield BeaconSink.STORED;
            }
        };
    }

    private void stored(List<Beacon> batch) {
        for (Beacon beacon : batch) {
            String id = beacon.body().text();
            if (!storedIds.add(id)) {
                storedTwice.add(id);
            }
        }
    }

    private static boolean isWanted(Beacon beacon) {
        String text = beacon.body().text();
        if (text.startsWith("spoil")) {
            throw new IllegalStateException("a filter that fails");
        }
        return !text.startsWith("unwanted");
    }

    private void decideOne() {
        if (!undecided.isEmpty()) {
            CompletableFuture<Void> decision = undecided.remove(0);
            if (random.nextInt(3) == 0) {
                decision.completeExceptionally(new IllegalStateException("a stage that fails late"));
            } else {
                decision.complete(null);
            }
        }
    }

    private Sent send(Beacons beacons, int number) {
        Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
        String id = "beacon " + number;
        TestRequest request = beacons.server.post("/beacon");
        byte[] body = id.getBytes(UTF_8);
        switch (kind) {
            case GZIP -> {
                request = request.header("Content-Encoding", "gzip");
                body = Beacons.gzip(body);
            }
            case UNWANTED -> body = ("unwanted " + number).getBytes(UTF_8);
            case DUPLICATE -> body = "the same".getBytes(UTF_8);
            case TOO_LARGE -> body = new byte[LIMIT + 1 + random.nextInt(LIMIT)];
            case BOMB -> {
                request = request.header("Content-Encoding", "gzip");
                body = Beacons.gzip(new byte[100 * LIMIT]);
            }
            case CODING -> request = request.header("Content-Encoding", "br");
            case NO_GZIP -> request = request.header("Content-Encoding", "gzip");
            case SPOILED -> body = ("spoil " + number).getBytes(UTF_8);
            case SOUND, GONE -> {}
        }
        if (kind == Kind.GONE) {
            TestExchange exchange =
                    request.header("Content-Length", "100").open().send(body);
            exchange.cut();
            return new Sent(exchange, kind, id);
        }
        if (kind == Kind.TOO_LARGE && random.nextBoolean()) {
            TestExchange exchange = request.open();
            exchange.send(body);
            return new Sent(exchange, kind, id);
        }
        TestExchange exchange =
                request.header("Content-Length", Integer.toString(body.length)).open();
        if (kind != Kind.TOO_LARGE) {
            exchange.send(body).end();
        }
        return new Sent(exchange, kind, id);
    }

    private Map<Integer, Integer> run(long seed, boolean durable, WhenBehind policy) {
        random = new Random(seed);
        undecided.clear();
        storedIds.clear();
        storedTwice.clear();
        Beacons.Settings settings = new Beacons.Settings()
                .wire(seed % 2 == 0 ? Protocol.HTTP_1_1 : Protocol.HTTP_2, 1 + random.nextInt(200))
                .collector(it -> it.maxBeaconBytes(LIMIT)
                        .maxBatchBeacons(5)
                        .maxQueuedBeacons(8)
                        .whenBehind(policy)
                        .rate(40)
                        .filter(BeaconPropertyTest::isWanted)
                        .dropDuplicates(beacon -> Optional.of(beacon.body().text()), Duration.ofHours(1), 10_000));
        settings = durable ? settings.durable(this::write) : settings.writer(this::write);
        try (Beacons beacons = settings.start()) {
            List<Sent> all = new ArrayList<>();
            for (int i = 0; i < STEPS; i++) {
                all.add(send(beacons, i));
                if (random.nextInt(3) == 0) {
                    beacons.server.advance(Duration.ofMillis(random.nextInt(120)));
                }
                if (random.nextInt(4) == 0) {
                    decideOne();
                }
                beacons.server.run();
                BeaconCounts counts = beacons.collector.counts();
                assertThat(counts.received()).as("all that came by step %d", i).isEqualTo(i + 1L);
                assertThat(counts.accepted()).isBetween(0L, 8L + 5);
            }
            while (beacons.collector.counts().accepted() > 0) {
                decideOne();
                beacons.server.advance(Duration.ofSeconds(1));
            }
            return check(beacons, all, durable);
        }
    }

    /** Compares the counts with what each client was told; returns how many were told what. */
    private Map<Integer, Integer> check(Beacons beacons, List<Sent> all, boolean durable) {
        BeaconCounts counts = beacons.collector.counts();
        Map<BeaconCause, Long> told = new EnumMap<>(BeaconCause.class);
        Map<Integer, Integer> statuses = new TreeMap<>();
        long spoiled = 0;
        long answered204 = 0;
        long notStored = 0;
        for (Sent sent : all) {
            boolean cutOff = sent.kind == Kind.GONE && !sent.exchange.isAnswered();
            int status = cutOff ? 0 : sent.exchange.response().status();
            statuses.merge(status, 1, Integer::sum);
            switch (status) {
                case 0 -> told.merge(BeaconCause.CUT_OFF, 1L, Long::sum);
                case 204 -> answered204++;
                case 400 -> told.merge(BeaconCause.BROKEN, 1L, Long::sum);
                case 413 -> told.merge(BeaconCause.TOO_LARGE, 1L, Long::sum);
                case 415 -> told.merge(BeaconCause.CODING, 1L, Long::sum);
                case 429 -> told.merge(BeaconCause.RATE, 1L, Long::sum);
                case 500 -> spoiled++;
                case 503 -> notStored++;
                default -> throw new AssertionError(sent + ": " + status);
            }
            assertThat(status).as("%s", sent.kind).isIn(sent.kind.status, 429, 503);
            if (durable && status == 204 && (sent.kind == Kind.SOUND || sent.kind == Kind.GZIP)) {
                assertThat(storedIds).as("what was promised").contains(sent.id);
            }
        }

        for (BeaconCause cause : List.of(
                BeaconCause.CUT_OFF, BeaconCause.BROKEN, BeaconCause.TOO_LARGE, BeaconCause.CODING, BeaconCause.RATE)) {
            assertThat(counts.of(cause)).as(cause.name()).isEqualTo(told.getOrDefault(cause, 0L));
        }
        assertThat(counts.received()).isEqualTo(STEPS);
        assertThat(counts.accepted()).isZero();
        assertThat(counts.stored()).isEqualTo(storedIds.size() + storedTwice.size());
        if (durable) {
            assertThat(storedTwice).isSubsetOf("the same"); // of one id, more than one may wait
            assertThat(counts.failed() + counts.of(BeaconCause.FULL)).isEqualTo(spoiled + notStored);
            assertThat(answered204)
                    .isEqualTo(counts.stored() + counts.of(BeaconCause.UNWANTED) + counts.of(BeaconCause.DUPLICATE));
        } else {
            assertThat(storedTwice).isEmpty();
            assertThat(counts.of(BeaconCause.FULL)).isEqualTo(notStored);
            assertThat(answered204 + spoiled).isEqualTo(counts.stored() + counts.failed() + counts.dropped());
        }
        return statuses;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void eachBeaconHasOneOutcome(long seed) {
        for (WhenBehind policy : WhenBehind.values()) {
            assertThat(run(seed, false, policy).keySet()).contains(0, 204, 400, 413, 415, 500);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void eachBeaconHasOneOutcomeAndIsNotPromisedBeforeItIsStored(long seed) {
        assertThat(run(seed, true, WhenBehind.REFUSE).keySet()).contains(0, 204, 400, 413, 415, 500, 503);
    }
}
