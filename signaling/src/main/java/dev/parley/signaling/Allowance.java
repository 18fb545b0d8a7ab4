package dev.parley.signaling;

/** How many signals of each kind one peer may send: buckets that fill with time. Confined to the lane of a room. */
final class Allowance {
    private static final double MINUTE_MILLIS = 60_000;
    /** So many at once, and as many a minute: who is told more often has not listened. */
    private static final int MAX_REFUSED = 1_000;

    private final PerMinute most;
    private long filledAt;
    private double descriptions;
    private double candidates;
    private double messages;
    private double refused;

    /**
     * The most of one minute, all of which may come at once.
     *
     * @param descriptions offers, answers and restarts
     * @param candidates ICE candidates
     * @param messages everything else but acknowledgements
     */
    record PerMinute(int descriptions, int candidates, int messages) {}

    Allowance(PerMinute most, long now) {
        this.most = most;
        filledAt = now;
        descriptions = most.descriptions;
        candidates = most.candidates;
        messages = most.messages;
    }

    /** Counts a signal. Returns whether it is within the limit. */
    boolean takes(ClientSignal signal, long now) {
        double minutes = Math.max(now - filledAt, 0) / MINUTE_MILLIS;
        filledAt = now;
        descriptions = Math.min(most.descriptions, descriptions + minutes * most.descriptions);
        candidates = Math.min(most.candidates, candidates + minutes * most.candidates);
        messages = Math.min(most.messages, messages + minutes * most.messages);
        refused = Math.max(0, refused - minutes * MAX_REFUSED);
        boolean taken;
        if (signal instanceof ClientSignal.Candidate) {
            taken = candidates >= 1;
            candidates -= taken ? 1 : 0;
        } else if (signal instanceof ClientSignal.Relayed) {
            taken = descriptions >= 1;
            descriptions -= taken ? 1 : 0;
        } else {
            taken = messages >= 1;
            messages -= taken ? 1 : 0;
        }
        refused += taken ? 0 : 1;
        return taken;
    }

    /** Whether the peer goes on and on over the limit. */
    boolean isAbused() {
        return refused > MAX_REFUSED;
    }
}
