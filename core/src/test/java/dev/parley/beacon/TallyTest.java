package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class TallyTest {
    private final Tally tally = new Tally();

    @Test
    void nothingHasCome() {
        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, 0, 0, Map.of()));
        assertThat(tally.counts().received()).isZero();
    }

    @Test
    void whatIsTakenIsAcceptedUntilTheSinkHasDecided() {
        for (int i = 0; i < 10; i++) {
            tally.entered();
        }
        tally.decided(3, true);
        tally.decided(2, false);

        assertThat(tally.counts()).isEqualTo(new BeaconCounts(5, 3, 2, Map.of()));
        assertThat(tally.counts().received()).isEqualTo(10);
    }

    @Test
    void whatAFunctionSpoiledHasFailedAndWasNeverAccepted() {
        tally.spoiled();

        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, 0, 1, Map.of()));
    }

    @ParameterizedTest
    @EnumSource
    void eachCauseCountsOnce(BeaconCause cause) {
        if (cause == BeaconCause.OLDEST) {
            tally.entered(); // the only one that had been taken before
        }
        tally.turnedAway(cause);

        BeaconCounts counts = tally.counts();
        assertThat(counts).isEqualTo(new BeaconCounts(0, 0, 0, Map.of(cause, 1L)));
        assertThat(counts.of(cause)).isEqualTo(1);
        assertThat(counts.received()).isEqualTo(1);
        assertThat(counts.refused()).isEqualTo(cause.isRefusal() ? 1 : 0);
        assertThat(counts.dropped()).isEqualTo(cause.isRefusal() ? 0 : 1);
    }

    @Test
    void countsCannotBeChanged() {
        Map<BeaconCause, Long> causes = new EnumMap<>(BeaconCause.class);
        causes.put(BeaconCause.RATE, 1L);
        BeaconCounts counts = new BeaconCounts(1, 2, 3, causes);
        causes.put(BeaconCause.RATE, 9L);

        assertThat(counts.of(BeaconCause.RATE)).isEqualTo(1);
        assertThat(counts.of(BeaconCause.FULL)).isZero();
        assertThat(counts.received()).isEqualTo(7);
        assertThatThrownBy(() -> counts.causes().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void nothingIsNegativeWhileOthersCount() throws InterruptedException {
        int each = 200_000;
        CountDownLatch running = new CountDownLatch(3);
        Thread[] threads = new Thread[3];
        for (int i = 0; i < threads.length; i++) {
            int kind = i;
            threads[i] = new Thread(() -> {
                for (int k = 0; k < each; k++) {
                    tally.entered();
                    if (kind == 0) {
                        tally.decided(1, true);
                    } else if (kind == 1) {
                        tally.decided(1, false);
                    } else {
                        tally.turnedAway(BeaconCause.OLDEST);
                    }
                }
                running.countDown();
            });
            threads[i].start();
        }

        long before = 0;
        while (running.getCount() > 0) {
            BeaconCounts counts = tally.counts();
            assertThat(counts.accepted()).isBetween(0L, 3L * each);
            assertThat(counts.received()).isGreaterThanOrEqualTo(before);
            before = counts.received();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(tally.counts()).isEqualTo(new BeaconCounts(0, each, each, Map.of(BeaconCause.OLDEST, (long) each)));
    }
}
