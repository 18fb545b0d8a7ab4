package dev.parley.http;

/**
 * Whether a body comes fast enough: at least {@link HttpLimits#minBodyBytesPerSecond} over each window of
 * {@link HttpLimits#bodyTimeout}, not counting windows in which it was the application that made it wait.
 */
final class BodyRate {
    private final ServerContext context;
    private long windowBegan;
    private long receivedBefore;

    BodyRate(ServerContext context) {
        this.context = context;
    }

    /** Begins a window. */
    void begin(long now, long received) {
        windowBegan = now;
        receivedBefore = received;
    }

    /** When the window ends. */
    long end() {
        return windowBegan + context.bodyTicks();
    }

    /** Whether the window has ended with less than it should have; else, if it has ended, the next begins. */
    boolean isTooSlow(long now, RequestBody body) {
        if (now < end()) {
            return false;
        }
        if (body.wantsMore() && body.received() - receivedBefore < context.leastBodyBytes()) {
            return true;
        }
        begin(now, body.received());
        return false;
    }
}
