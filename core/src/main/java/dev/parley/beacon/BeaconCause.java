package dev.parley.beacon;

/** Why a beacon was refused or dropped: what {@link BeaconCounts#causes} counts. */
public enum BeaconCause {
    /** Refused with 410: the collector is retired. */
    RETIRED(true),
    /** Refused with 429: above the rate, of its address or in all. */
    RATE(true),
    /** Refused with 413: above {@link BeaconCollector.Builder#maxBeaconBytes}, coded or decoded. */
    TOO_LARGE(true),
    /** Refused with 415: a content coding other than gzip. */
    CODING(true),
    /** Refused with 400: not well-formed where {@link BeaconCollector.Builder#strict} asks for it, or a content coding that can't be undone. */
    BROKEN(true),
    /** Refused: the client was too slow (408), or went away, before all of it had come. */
    CUT_OFF(true),
    /**
     * Refused with 503: as many wait for the sink as may, the collector is closed, or bodies that are on their way take as much memory as
     * may ({@link dev.parley.http.HttpLimits#maxGatheredBytes}).
     */
    FULL(true),
    /** Dropped: not of the sample. */
    SAMPLED_OUT(false),
    /** Dropped: its id has been seen within the window. */
    DUPLICATE(false),
    /** Dropped: a report of what a browser's extension did, if that is set, or about the collector itself. */
    NOISE(false),
    /** Dropped: the application's filter did not want it. */
    UNWANTED(false),
    /** Dropped by {@link WhenBehind#DROP_OLDEST}. */
    OLDEST(false),
    /** Dropped by {@link WhenBehind#DROP_NEWEST}. */
    NEWEST(false);

    private final boolean refusal;

    BeaconCause(boolean refusal) {
        this.refusal = refusal;
    }

    /**
     * Whether the client was told: a beacon that is refused gets another answer than 204, one that is dropped does not.
     *
     * @return {@code false} for what was dropped
     */
    public boolean isRefusal() {
        return refusal;
    }
}
