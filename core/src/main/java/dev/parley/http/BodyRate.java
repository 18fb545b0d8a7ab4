package dev.parley.http;

/**
 * Whether a body comes fast enough: at least {@link HttpLimits#minBodyBytesPerSecond} over each window of
 * {@link HttpLimits#bodyTimeout}. The time in which the application makes it wait does not count.
 */
final class BodyRate {
    private static final long RUNNING = -1;
    /** Far beyond any window, and far from an overflow. */
    private static final long NEVER = Long.MAX_VALUE / 4;

    private final ServerContext context;
    private long windowBegan;
    private long receivedBefore;
    /** Since when the application makes the body wait, or {@link #RUNNING}. */
    private long pausedSince = RUNNING;

    BodyRate(ServerContext context) {
        this.context = context;
    }

    /** Begins a window. */
    void begin(long now, long received) {
        windowBegan = now;
        receivedBefore = received;
        pausedSince = RUNNING;
    }

    /**
     * Stops the clock while the application does not want more, and lets it go on.
     *
     * @return whether that is a change
     */
    boolean wanted(boolean more, long now) {
        if (more == (pausedSince == RUNNING)) {
            return false;
        }
        if (more) {
            windowBegan += now - pausedSince;
            pausedSince = RUNNING;
        } else {
            pausedSince = now;
        }
        return true;
    }

    /** When the window ends, as far as one can tell now. */
    long end() {
        return pausedSince == RUNNING ? windowBegan + context.bodyTicks() : NEVER;
    }

    /** Whether the window has ended with less than it should have; else, if it has ended, the next begins. */
    boolean isTooSlow(long now, RequestBody body) {
        if (now < end()) {
            return false;
        }
        if (body.received() - receivedBefore < context.leastBodyBytes()) {
            return true;
        }
        begin(now, body.received());
        return false;
    }
}
