package dev.parley.beacon;

import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a collector does not keep, in the order in which it asks: the sample, before anything is parsed; noise; the application's
 * filter, what is broken where that matters, and what was seen before. {@code null} stands for what was not set.
 */
record Guards(
        double sample,
        @Nullable Predicate<Beacon> filter,
        boolean dropsNoise,
        boolean strict,
        @Nullable Duplicates duplicates) {

    /** Whether the next beacon is not of the sample. */
    boolean isSampledOut() {
        return sample < 1 && ThreadLocalRandom.current().nextDouble() >= sample;
    }

    /**
     * The beacon that is judged, without reports about the collector itself, and, if that is set, without other noise; empty if nothing is left.
     *
     * @param authority host and port of the collector, as the client has them
     */
    Optional<Beacon> sifted(Beacon beacon, String authority) {
        Optional<Beacon> sifted = Noise.withoutOwn(beacon, authority);
        return dropsNoise ? sifted.flatMap(Noise::withoutNoise) : sifted;
    }

    /** Why a beacon that was sifted is not kept, or {@code null} if it is. */
    @Nullable
    BeaconCause objection(Beacon beacon) {
        if (filter != null && !filter.test(beacon)) {
            return BeaconCause.UNWANTED;
        }
        if (strict && beacon.body().flaw().isPresent()) {
            return BeaconCause.BROKEN;
        }
        if (duplicates != null && duplicates.contains(beacon)) {
            return BeaconCause.DUPLICATE;
        }
        return null;
    }

    /** The client was told 503, and may send the same again. */
    void refused(Beacon beacon) {
        if (duplicates != null) {
            duplicates.refused(beacon);
        }
    }
}
