package dev.parley.beacon;

import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a collector does not keep, in the order in which it asks: the sample, the application's filter, noise, what is broken
 * where that matters, and what was seen before. {@code null} stands for what was not set.
 */
record Guards(
        double sample,
        @Nullable Predicate<Beacon> filter,
        boolean dropsNoise,
        boolean strict,
        @Nullable Duplicates duplicates) {

    /** The beacon that is judged: where some of its reports are noise, and others are not, one with the others alone. */
    Beacon sifted(Beacon beacon) {
        return dropsNoise ? Noise.withoutNoise(beacon).orElse(beacon) : beacon;
    }

    /** Why a beacon is not kept, or {@code null} if it is. */
    @Nullable
    BeaconCause objection(Beacon beacon) {
        if (sample < 1 && ThreadLocalRandom.current().nextDouble() >= sample) {
            return BeaconCause.SAMPLED_OUT;
        }
        if (filter != null && !filter.test(beacon)) {
            return BeaconCause.UNWANTED;
        }
        if (dropsNoise && Noise.isNoise(beacon)) {
            return BeaconCause.NOISE;
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
