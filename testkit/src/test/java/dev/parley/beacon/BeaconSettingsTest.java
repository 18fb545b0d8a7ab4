package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a collector may be told, and what it says of anything else. */
final class BeaconSettingsTest {
    private static final BeaconSink SINK = batch -> BeaconSink.STORED;
    private static final BeaconSink DURABLE = new BeaconSink() {
        @Override
        public CompletionStage<?> write(List<Beacon> batch) {
            return STORED;
        }

        @Override
        public boolean isDurable() {
            return true;
        }
    };

    /** One setting. */
    private interface Setting extends Consumer<BeaconCollector.Builder> {}

    private static Arguments wrong(String message, Setting setting) {
        return Arguments.of(message, setting);
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                wrong("maxBeaconBytes: 0 (expected: 1 to 16777216)", it -> it.maxBeaconBytes(0)),
                wrong("maxBeaconBytes: 16777217 (expected: 1 to 16777216)", it -> it.maxBeaconBytes(16_777_217)),
                wrong("maxQueuedBeacons: 0 (expected: 1 to 10000000)", it -> it.maxQueuedBeacons(0)),
                wrong("maxQueuedBeacons: 10000001 (expected: 1 to 10000000)", it -> it.maxQueuedBeacons(10_000_001)),
                wrong("maxQueuedBytes: 0 (expected: 1 to 68719476736)", it -> it.maxQueuedBytes(0)),
                wrong(
                        "maxQueuedBytes: 68719476737 (expected: 1 to 68719476736)",
                        it -> it.maxQueuedBytes((64L << 30) + 1)),
                wrong("maxBatchBeacons: 0 (expected: 1 to 100000)", it -> it.maxBatchBeacons(0)),
                wrong("maxBatchBeacons: 100001 (expected: 1 to 100000)", it -> it.maxBatchBeacons(100_001)),
                wrong("maxBatchBytes: -1 (expected: 1 to 1073741824)", it -> it.maxBatchBytes(-1)),
                wrong("maxBatchBytes: 1073741825 (expected: 1 to 1073741824)", it -> it.maxBatchBytes((1L << 30) + 1)),
                wrong("maxBatchDelay: PT-0.001S (expected: 0 to 10 s)", it -> it.maxBatchDelay(Duration.ofMillis(-1))),
                wrong(
                        "maxBatchDelay: PT10.001S (expected: 0 to 10 s)",
                        it -> it.maxBatchDelay(Duration.ofMillis(10_001))),
                wrong("rate: 0 (expected: 1 to 1000000)", it -> it.rate(0)),
                wrong("rate: 1000001 (expected: 1 to 1000000)", it -> it.rate(1_000_001)),
                wrong("ratePerAddress: -5 (expected: 1 to 1000000)", it -> it.ratePerAddress(-5)),
                wrong("ratePerAddress: 1000001 (expected: 1 to 1000000)", it -> it.ratePerAddress(1_000_001)),
                wrong("sample: 0.0 (expected: more than 0, up to 1)", it -> it.sample(0)),
                wrong("sample: 1.5 (expected: more than 0, up to 1)", it -> it.sample(1.5)),
                wrong("sample: NaN (expected: more than 0, up to 1)", it -> it.sample(Double.NaN)),
                wrong(
                        "window: PT0S (expected: more than 0, up to 7 days)",
                        it -> it.dropDuplicates(beacon -> Optional.empty(), Duration.ZERO, 2)),
                wrong(
                        "window: PT168H0.001S (expected: more than 0, up to 7 days)",
                        it -> it.dropDuplicates(
                                beacon -> Optional.empty(), Duration.ofDays(7).plusMillis(1), 2)),
                wrong(
                        "maxIds: 1 (expected: 2 to 10000000)",
                        it -> it.dropDuplicates(beacon -> Optional.empty(), Duration.ofDays(7), 1)),
                wrong(
                        "maxIds: 10000001 (expected: 2 to 10000000)",
                        it -> it.dropDuplicates(beacon -> Optional.empty(), Duration.ofDays(7), 10_000_001)));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void whatIsOutOfRangeIsRefusedAtOnce(String message, Setting setting) {
        BeaconCollector.Builder builder = BeaconCollector.builder(SINK);

        assertThatThrownBy(() -> setting.accept(builder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void theEndsOfEachRangeAreWithinIt() {
        BeaconCollector.builder(SINK)
                .maxBeaconBytes(1)
                .maxQueuedBeacons(1)
                .maxQueuedBytes(65_537)
                .maxBatchBeacons(1)
                .maxBatchBytes(1)
                .maxBatchDelay(Duration.ZERO)
                .rate(1)
                .ratePerAddress(1)
                .sample(Double.MIN_VALUE)
                .dropDuplicates(beacon -> Optional.empty(), Duration.ofNanos(1), 2)
                .build()
                .close();
        BeaconCollector.builder(SINK)
                .maxBeaconBytes(16 * 1024 * 1024)
                .maxQueuedBeacons(10_000_000)
                .maxQueuedBytes(64L << 30)
                .maxBatchBeacons(100_000)
                .maxBatchBytes(1L << 30)
                .maxBatchDelay(Duration.ofSeconds(10))
                .rate(1_000_000)
                .ratePerAddress(1_000_000)
                .sample(1)
                .dropDuplicates(beacon -> Optional.empty(), Duration.ofDays(7), 10_000_000)
                .build()
                .close();
    }

    @Test
    void aDurableSinkDropsNothing() {
        for (WhenBehind policy : new WhenBehind[] {WhenBehind.DROP_OLDEST, WhenBehind.DROP_NEWEST}) {
            BeaconCollector.Builder builder = BeaconCollector.builder(DURABLE).whenBehind(policy);
            assertThatThrownBy(builder::build)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("whenBehind: " + policy
                            + " (expected: REFUSE, as the sink is durable, and 204 promises that a beacon is stored)");
        }
        assertThat(BeaconCollector.to(DURABLE).counts().received()).isZero();
    }

    @Test
    void theQueueHasRoomForOneBeaconAtLeast() {
        BeaconCollector.Builder builder =
                BeaconCollector.builder(SINK).maxBeaconBytes(100_000).maxQueuedBytes(165_535);

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxQueuedBytes: 165535 (expected: 64 KiB more than maxBeaconBytes at least, which is"
                        + " 100000)");
        builder.maxQueuedBytes(165_536).build().close();
    }

    @Test
    @SuppressWarnings("NullAway") // which is what is tested
    void whatIsMissingIsNamed() {
        BeaconCollector.Builder builder = BeaconCollector.builder(SINK);

        assertThatNullPointerException()
                .isThrownBy(() -> BeaconCollector.builder(null))
                .withMessage("sink");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.whenBehind(null))
                .withMessage("policy");
        assertThatNullPointerException().isThrownBy(() -> builder.filter(null)).withMessage("wanted");
        assertThatNullPointerException().isThrownBy(() -> builder.clock(null)).withMessage("clock");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.dropDuplicates(null, Duration.ofDays(1), 2))
                .withMessage("id");
    }

    @Test
    void aCollectorThatNobodyUsedEndsAtOnceAndTwice() {
        BeaconCollector collector = BeaconCollector.to(SINK);
        collector.close();
        collector.close();
        assertThat(collector.counts().received()).isZero();
    }
}
