package dev.parley.beacon;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts what became of beacons. Thread-safe. */
final class Tally {
    private final LongAdder entered = new LongAdder();
    private final LongAdder stored = new LongAdder();
    /** By the sink, of those that had entered. */
    private final LongAdder failed = new LongAdder();
    /** Before they entered. */
    private final LongAdder spoiled = new LongAdder();

    private final LongAdder displaced = new LongAdder();
    private final Map<BeaconCause, LongAdder> causes = new EnumMap<>(BeaconCause.class);

    Tally() {
        for (BeaconCause cause : BeaconCause.values()) {
            causes.put(cause, cause == BeaconCause.OLDEST ? displaced : new LongAdder());
        }
    }

    /** One was taken. */
    void entered() {
        entered.increment();
    }

    /** The sink has decided about some that had entered. */
    void decided(int beacons, boolean asStored) {
        (asStored ? stored : failed).add(beacons);
    }

    /** A function of the application failed before one could be taken. */
    void spoiled() {
        spoiled.increment();
    }

    /** One was refused or dropped; {@link BeaconCause#OLDEST} after it had entered, all others in place of that. */
    void turnedAway(BeaconCause cause) {
        LongAdder count = causes.get(cause);
        if (count != null) {
            count.increment();
        }
    }

    /** Where they are now. What has left is read before what has entered, so that nothing is counted as less than it is. */
    BeaconCounts counts() {
        long nowStored = stored.sum();
        long nowFailed = failed.sum();
        Map<BeaconCause, Long> nowCauses = new EnumMap<>(BeaconCause.class);
        causes.forEach((cause, count) -> {
            if (count.sum() > 0) {
                nowCauses.put(cause, count.sum());
            }
        });
        long left = nowStored + nowFailed + nowCauses.getOrDefault(BeaconCause.OLDEST, 0L);
        return new BeaconCounts(entered.sum() - left, nowStored, nowFailed + spoiled.sum(), nowCauses);
    }
}
