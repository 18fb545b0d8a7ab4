package dev.parley.beacon;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What became of the beacons of a collector since it was made. Each is in exactly one of {@link #accepted}, {@link #stored},
 * {@link #failed}, {@link #refused} and {@link #dropped}; those that are accepted move on when their sink has decided.
 *
 * <p>What the routes answer by themselves is not among them: a foreign page (403), a preflight, a request that is not HTTP.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param accepted taken, and not yet stored: they wait for the sink, or it has them
 * @param stored the sink has stored them
 * @param failed the sink, or a function of the application, has failed
 * @param causes why others were refused or dropped, and how many; causes that did not occur are left out
 */
public record BeaconCounts(long accepted, long stored, long failed, Map<BeaconCause, Long> causes) {

    /**
     * Copies the causes.
     *
     * @param accepted see above
     * @param stored see above
     * @param failed see above
     * @param causes copied
     */
    public BeaconCounts {
        EnumMap<BeaconCause, Long> copy = new EnumMap<>(BeaconCause.class);
        copy.putAll(causes);
        causes = Collections.unmodifiableMap(copy);
    }

    /**
     * All that have come.
     *
     * @return the sum of all outcomes
     */
    public long received() {
        return accepted + stored + failed + refused() + dropped();
    }

    /**
     * Those whose clients were told so: another answer than 204.
     *
     * @return how many
     */
    public long refused() {
        return sum(true);
    }

    /**
     * Those that were left out although their clients got 204.
     *
     * @return how many
     */
    public long dropped() {
        return sum(false);
    }

    /**
     * Those that were refused or dropped for one cause.
     *
     * @param cause the cause
     * @return how many
     */
    public long of(BeaconCause cause) {
        return causes.getOrDefault(cause, 0L);
    }

    private long sum(boolean refusals) {
        long sum = 0;
        for (Map.Entry<BeaconCause, Long> counted : causes.entrySet()) {
            if (counted.getKey().isRefusal() == refusals) {
                sum += counted.getValue();
            }
        }
        return sum;
    }
}
