package dev.parley.upload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.UploadProgress.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressMeterTest {
    private static final long SECOND = 1_000_000_000;

    private final List<UploadProgress> told = new ArrayList<>();
    private final ProgressMeter meter = new ProgressMeter("a", told::add, 0, 1000, Phase.RECEIVING);

    private List<String> events() {
        return told.stream()
                .map(progress -> progress.type().event() + " " + progress.loaded())
                .toList();
    }

    @Test
    void tellsInTheOrderOfProgressEvent() {
        meter.begin(0, 1000, 0);
        meter.moved(500, 1000, SECOND);
        meter.end(EventType.LOAD, 1000, 1000, Phase.DONE);
        assertThat(events()).containsExactly("loadstart 0", "progress 500", "load 1000", "loadend 1000");
        assertThat(told).last().satisfies(last -> assertThat(last.phase()).isEqualTo(Phase.DONE));
    }

    @Test
    void beginsAnewWhenItIsResumedOnly() {
        meter.begin(0, 1000, 0);
        meter.begin(10, 1000, SECOND);
        meter.end(EventType.ABORT, 20, 1000, Phase.RECEIVING);
        meter.end(EventType.ABORT, 20, 1000, Phase.RECEIVING);
        meter.begin(20, 1000, SECOND);
        assertThat(events()).containsExactly("loadstart 0", "abort 20", "loadend 20", "loadstart 20");
    }

    @Test
    void isDueTwentyTimesASecond() {
        meter.begin(0, 1000, 0);
        assertThat(meter.isDue(ProgressMeter.LEAST_NANOS - 1)).isFalse();
        assertThat(meter.isDue(ProgressMeter.LEAST_NANOS)).isTrue();
        meter.moved(1, 1000, ProgressMeter.LEAST_NANOS);
        assertThat(meter.isDue(ProgressMeter.LEAST_NANOS + 1)).isFalse();
    }

    @Test
    void theRateFollowsWhatCameLately() {
        meter.begin(0, 100_000, 0);
        meter.moved(1000, 100_000, SECOND);
        assertThat(meter.last().bytesPerSecond()).isEqualTo(1000);
        assertThat(meter.last().timeLeft()).contains(Duration.ofSeconds(99));
        for (int i = 2; i < 30; i++) {
            meter.moved(1000 + (i - 1) * 3000L, 100_000, i * SECOND);
        }
        assertThat(meter.last().bytesPerSecond()).isBetween(2990L, 3000L);
    }

    @Test
    void ofUnknownLengthThereIsNoTimeLeft() {
        meter.begin(0, -1, 0);
        meter.moved(1000, -1, SECOND);
        assertThat(meter.last().lengthComputable()).isFalse();
        assertThat(meter.last().total()).isZero();
        assertThat(meter.last().timeLeft()).isEmpty();
    }

    @Test
    void isJsonForWatchers() {
        meter.begin(0, 1000, 0);
        meter.moved(500, 1000, SECOND);
        assertThat(meter.last().toJson())
                .isEqualTo(
                        "{\"upload\":\"a\",\"type\":\"progress\",\"lengthComputable\":true,\"loaded\":500,\"total\":1000,"
                                + "\"bytesPerSecond\":500,\"phase\":\"receiving\",\"secondsLeft\":1.0}");
    }
}
