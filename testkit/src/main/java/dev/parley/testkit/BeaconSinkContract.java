package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.parley.beacon.Beacon;
import dev.parley.beacon.BeaconBody;
import dev.parley.beacon.BeaconCollector;
import dev.parley.beacon.BeaconSink;
import dev.parley.beacon.BeaconSource;
import dev.parley.http.Routes;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The tests that each {@link BeaconSink} must pass. Who writes one extends this class:
 *
 * <pre>{@code
 * final class TableSinkTest extends BeaconSinkContract {
 *     private final Table table = Table.inMemory();
 *
 *     @Override
 *     protected BeaconSink sink() {
 *         return new TableSink(table);
 *     }
 *
 *     @Override
 *     protected List<String> stored() {
 *         return table.rows().map(row -> described(row.toBeacon())).toList();
 *     }
 * }
 * }</pre>
 *
 * <p>They show what a collector relies on: each batch's stage completes, and with success if and only if all of the batch is
 * stored; each beacon once, in order of arrival, as it came; a failure is told, and the next batch comes all the same. What
 * only some sinks do is shown where the subclass says so: {@link #reopened}, {@link #failNext}, {@link #isThreadSafe}.
 *
 * <p><b>Threading.</b> One test at a time. Nothing sleeps; whatever takes longer than {@link #patience} fails.
 */
public abstract class BeaconSinkContract {
    private static final int THREADS = 4;
    private static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");
    private static final int QUOTED_BYTES = 100;

    private @Nullable BeaconSink sink;

    /** For the subclass. */
    protected BeaconSinkContract() {}

    /**
     * The sink. Called once before each test, which closes it if it is {@link AutoCloseable}.
     *
     * @return a sink that has stored nothing
     * @throws Exception if it can't be opened, which fails the test
     */
    protected abstract BeaconSink sink() throws Exception;

    /**
     * What the sink has stored so far.
     *
     * @return each beacon, as {@link #described} describes it, in the order in which they are stored
     * @throws Exception if it can't be read, which fails the test
     */
    protected abstract List<String> stored() throws Exception;

    /**
     * A beacon as text that can be compared, and read where it differs. To be overridden where a sink keeps less of a beacon than
     * all.
     *
     * @param beacon a beacon
     * @return all that the sink is to keep of it
     */
    protected String described(Beacon beacon) {
        BeaconSource source = beacon.source();
        return beacon.at() + " " + source.address().getHostAddress() + " path " + quoted(source.path()) + " origin "
                + quoted(source.origin()) + " referrer " + quoted(source.referrer()) + " user agent "
                + quoted(source.userAgent()) + " cookies " + new TreeMap<>(source.cookies()) + " type "
                + quoted(beacon.body().contentType()) + " body "
                + described(beacon.body().bytes());
    }

    /**
     * Closes the sink of this test, and opens another on what it has stored, as the next start of the program does. Needed by
     * those that are durable, and called only for them.
     *
     * @return a new sink; {@link #stored} tells what it has
     * @throws Exception if it can't be opened, which fails the test
     */
    protected BeaconSink reopened() throws Exception {
        throw new AssertionError(
                "reopened(): not overridden (expected: a new sink on what was stored, as it is durable)");
    }

    /**
     * Makes the next batch fail, and only that one.
     *
     * @return {@code false} where nothing can, as it is unless this is overridden; the tests of failures are then skipped
     */
    protected boolean failNext() {
        return false;
    }

    /**
     * Whether several collectors may share it, whose batches then come at the same time.
     *
     * @return {@code false} unless this is overridden; the tests of that are then skipped
     */
    protected boolean isThreadSafe() {
        return false;
    }

    /**
     * How long a test waits for any single step before it fails.
     *
     * @return 60 s, unless this is overridden: long enough for a machine or a disk that others keep busy
     */
    protected Duration patience() {
        return Duration.ofSeconds(60);
    }

    @BeforeEach
    final void open() throws Exception {
        sink = sink();
    }

    @AfterEach
    final void close() throws Exception {
        if (sink instanceof AutoCloseable closeable) {
            closeable.close();
        }
    }

    private BeaconSink opened() {
        if (sink == null) {
            throw new IllegalStateException("sink: none (expected: sink())");
        }
        return sink;
    }

    // ---- each, once, in order

    @Test
    void nothingIsStoredAtFirst() throws Exception {
        assertThat(stored()).isEmpty();
    }

    @Test
    void aBatchOfOneIsStoredWhenItsStageCompletes() throws Exception {
        expectStored(List.of(List.of(numbered(1))));
    }

    @Test
    void aBatchOfManyIsStoredInOrder() throws Exception {
        expectStored(List.of(numbered(1, 1024)));
    }

    @Test
    void manyBatchesInARowAreStoredInOrder() throws Exception {
        List<List<Beacon>> batches = new ArrayList<>();
        int next = 1;
        for (int i = 0; i < 200; i++) {
            int size = 1 + i * 31 % 17;
            batches.add(numbered(next, size));
            next += size;
        }
        expectStored(batches);
    }

    @Test
    void beaconsThatAreEqualAreStoredEach() throws Exception {
        Beacon one = numbered(1);
        expectStored(List.of(List.of(one, one), List.of(one)));
    }

    @Test
    void aCollectorBringsEachOnceAndInOrder() throws Exception {
        int count = 100;
        List<String> bodies = new ArrayList<>();
        BeaconSink recording = new BeaconSink() {
            @Override
            public CompletionStage<?> write(List<Beacon> batch) throws Exception {
                batch.forEach(it -> bodies.add(described(it)));
                return opened().write(batch);
            }

            @Override
            public boolean isDurable() {
                return opened().isDurable();
            }
        };
        BeaconCollector collector =
                BeaconCollector.builder(recording).maxBatchBeacons(7).build();

        try (TestServer server =
                TestServer.of(Routes.builder().post("/", collector).build())) {
            List<TestExchange> sent = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                sent.add(server.post("/")
                        .header("Content-Type", "text/plain;charset=UTF-8")
                        .body("number " + i)
                        .open()
                        .end());
            }
            close(collector);

            for (TestExchange exchange : sent) {
                ParleyAssertions.assertThat(exchange.response()).hasStatus(204);
            }
        }
        assertThat(collector.counts().stored()).isEqualTo(count);
        assertThat(bodies).hasSize(count);
        assertThat(stored()).isEqualTo(bodies);
    }

    /** Waits as long as any step may take, and not only as long as a collector does at its end. */
    private void close(BeaconCollector collector) {
        long began = System.nanoTime();
        do {
            collector.close();
        } while (collector.counts().accepted() > 0
                && System.nanoTime() - began < patience().toNanos()
                && !Thread.currentThread().isInterrupted());
    }

    // ---- as it came

    @Test
    void bodiesOfAnyContentAreStoredAsTheyCame() throws Exception {
        byte[] allBytes = new byte[256];
        for (int i = 0; i < allBytes.length; i++) {
            allBytes[i] = (byte) i;
        }
        List<Beacon> beacons = new ArrayList<>();
        for (String type : new String[] {"text/plain;charset=UTF-8", "application/json", "application/octet-stream"}) {
            for (String text : new String[] {
                "", "{}", "\0", "\n", "\r\n", "a\nb", "\u001B[31mred", "é 漢 🎉 \u2028 \u2029", "\"\\\"", "{\"a\":"
            }) {
                beacons.add(beacon(source(null), type, text.getBytes(UTF_8)));
            }
            beacons.add(beacon(source(null), type, allBytes));
            beacons.add(beacon(source(null), type, new byte[] {(byte) 0xC3})); // cut within a character
        }
        expectStored(List.of(beacons));
    }

    @Test
    void bodiesOfAnySizeAreStoredAsTheyCame() throws Exception {
        List<List<Beacon>> batches = new ArrayList<>();
        for (int size : new int[] {0, 1, 127, 128, 255, 256, 4095, 4096, 16_384, 65_535, 65_536}) {
            byte[] body = new byte[size];
            for (int i = 0; i < size; i++) {
                body[i] = (byte) (i * 31);
            }
            batches.add(List.of(
                    beacon(source(null), null, body),
                    beacon(source(null), "text/plain", "x".repeat(size).getBytes(UTF_8))));
        }
        expectStored(batches);
    }

    @Test
    void contentTypesAreStoredAsTheyCame() throws Exception {
        List<Beacon> beacons = new ArrayList<>();
        beacons.add(beacon(source(null), null, new byte[0]));
        for (String type : new String[] {
            "",
            "text/plain",
            "text/plain;charset=UTF-8",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=\"a \\\" b\"",
            "application/json",
            "application/reports+json",
            "application/csp-report",
            "IMAGE/PNG",
            "no type; at=all"
        }) {
            beacons.add(beacon(source(null), type, "[]".getBytes(UTF_8)));
        }
        expectStored(List.of(beacons));
    }

    @Test
    void sourcesAreStoredAsTheyCame() throws Exception {
        String odd = "é 漢 \" \\ { } , : \t\u001B[31m \n \0 \u2028";
        byte[] body = {'x'};
        expectStored(List.of(List.of(
                beacon(source(null), null, body),
                beacon(source(""), null, body),
                beacon(source("https://example.org"), null, body),
                beacon(source(odd), null, body),
                beacon(source("null"), null, body),
                beacon(
                        new BeaconSource(
                                address("2001:db8::1"),
                                "/" + odd,
                                null,
                                "",
                                odd,
                                Map.of("a", "", "b", odd, "c", "null")),
                        null,
                        body))));
    }

    @Test
    void timesAreStoredAsTheyWere() throws Exception {
        List<Beacon> beacons = new ArrayList<>();
        for (Instant at : new Instant[] {
            TIME, TIME.plusMillis(1), TIME.plusNanos(123_456_789), TIME.minusSeconds(3600), Instant.EPOCH
        }) {
            beacons.add(new Beacon(at, source(null), BeaconBody.of(null, new byte[] {'x'})));
        }
        expectStored(List.of(beacons));
    }

    // ---- failures

    @Test
    void aFailureIsToldAndTheNextBatchIsStored() throws Exception {
        await(opened().write(List.of(numbered(1))));
        assumeThat(failNext()).as("a way to make it fail: failNext()").isTrue();

        assertThat(failureOf(List.of(numbered(2))))
                .as("what the stage of the batch failed with")
                .isNotNull();

        await(opened().write(List.of(numbered(3))));
        List<String> stored = stored();
        assertThat(stored).as("the one before is kept").contains(described(numbered(1)));
        assertThat(stored.get(stored.size() - 1)).as("the one after is stored").isEqualTo(described(numbered(3)));
        assertThat(stored).doesNotHaveDuplicates();
    }

    /** Thrown or told by the stage, which is the same to a collector; {@code null} if it was a success. */
    private @Nullable Throwable failureOf(List<Beacon> batch) {
        try {
            return opened().write(batch)
                    .handle((ignored, failure) -> failure)
                    .toCompletableFuture()
                    .get(patience().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("not completed within " + patience(), e);
        } catch (Exception e) {
            return e;
        }
    }

    // ---- what it says of itself

    @Test
    void whetherItIsDurableDoesNotChange() throws Exception {
        boolean before = opened().isDurable();
        await(opened().write(List.of(numbered(1))));

        assertThat(opened().isDurable()).isEqualTo(before);
    }

    @Test
    void whatADurableSinkHasStoredOutlivesIt() throws Exception {
        assumeThat(opened().isDurable()).as("a sink that is durable").isTrue();
        List<List<Beacon>> batches = List.of(numbered(1, 10), numbered(11, 1), numbered(12, 100));
        expectStored(batches);
        List<String> before = stored();

        sink = reopened();

        assertThat(opened().isDurable()).isTrue();
        assertThat(stored()).isEqualTo(before);
        await(opened().write(numbered(200, 10)));
        List<String> all = new ArrayList<>(before);
        numbered(200, 10).forEach(it -> all.add(described(it)));
        assertThat(stored()).isEqualTo(all);
    }

    @Test
    void severalCollectorsMayShareOneThatIsThreadSafe() throws Exception {
        assumeThat(isThreadSafe()).as("a sink that is thread-safe").isTrue();
        int batches = 50;
        int perBatch = 5;
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<CompletableFuture<Void>> parts = IntStream.range(0, THREADS)
                    .mapToObj(thread -> CompletableFuture.runAsync(
                            () -> {
                                for (int i = 0; i < batches; i++) {
                                    write(numbered((thread + 1) * 10_000 + i * perBatch, perBatch));
                                }
                            },
                            threads))
                    .toList();
            parts.forEach(this::join);
        } finally {
            threads.shutdownNow();
        }

        List<String> stored = stored();
        assertThat(stored).hasSize(THREADS * batches * perBatch);
        for (int thread = 0; thread < THREADS; thread++) {
            List<String> own = numbered((thread + 1) * 10_000, batches * perBatch).stream()
                    .map(this::described)
                    .toList();
            assertThat(stored.stream().filter(own::contains).toList())
                    .as("what one of them brought, in its order")
                    .isEqualTo(own);
        }
    }

    // ---- how

    /** Waits for what one of several threads does: each step of it has its own time, and this ends one that hangs where nothing else would. */
    private void join(CompletableFuture<Void> part) {
        try {
            part.get(10 * patience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("still at work after " + patience().multipliedBy(10), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private void expectStored(List<List<Beacon>> batches) throws Exception {
        List<String> expected = new ArrayList<>();
        for (List<Beacon> batch : batches) {
            // As collectors give it: whoever changes it fails.
            await(opened().write(Collections.unmodifiableList(new ArrayList<>(batch))));
            batch.forEach(it -> expected.add(described(it)));
        }
        assertThat(stored()).isEqualTo(expected);
    }

    private void write(List<Beacon> batch) {
        try {
            await(opened().write(batch));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void await(@Nullable CompletionStage<?> stage) {
        if (stage == null) {
            throw new AssertionError("write(…) gave null (expected: a stage)");
        }
        try {
            CompletableFuture<@Nullable Object> done = new CompletableFuture<>();
            stage.whenComplete((ignored, failure) -> {
                if (failure == null) {
                    done.complete(null);
                } else {
                    done.completeExceptionally(failure);
                }
            });
            done.get(patience().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("not completed within " + patience(), e);
        } catch (ExecutionException e) {
            throw new AssertionError("failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private static List<Beacon> numbered(int from, int count) {
        return IntStream.range(from, from + count)
                .mapToObj(BeaconSinkContract::numbered)
                .toList();
    }

    private static Beacon numbered(int number) {
        byte[] body = ("number " + number).getBytes(UTF_8);
        return new Beacon(TIME.plusMillis(number), source(null), BeaconBody.of("text/plain;charset=UTF-8", body));
    }

    private static Beacon beacon(BeaconSource source, @Nullable String contentType, byte[] body) {
        return new Beacon(TIME, source, BeaconBody.of(contentType, body));
    }

    private static BeaconSource source(@Nullable String text) {
        return new BeaconSource(address("192.0.2.1"), "/beacon", text, text, text, Map.of());
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // nobody is asked for a literal
        }
    }

    private static String quoted(@Nullable String text) {
        return text == null ? "none" : text.length() + ":\"" + text + '"';
    }

    private static String described(byte[] bytes) {
        return bytes.length + ":" + (bytes.length <= QUOTED_BYTES ? Text.latin1(bytes) : "SHA-256 " + digest(bytes));
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // each JVM has it
        }
    }
}
