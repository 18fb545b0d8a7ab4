package dev.parley.websocket;

import java.util.concurrent.TimeUnit;

/** How much one client has sent, held against a {@link RateLimit}: two buckets that fill with time. Confined to the event loop. */
final class Rate {
    private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RateLimit limit;
    private double messages;
    private double bytes;
    private long last;

    Rate(RateLimit limit, long now) {
        this.limit = limit;
        this.last = now;
        messages = (double) limit.messagesPerSecond() * RateLimit.BURST_SECONDS;
        bytes = (double) limit.bytesPerSecond() * RateLimit.BURST_SECONDS;
    }

    /** Counts a message. Returns whether it is within the limit. */
    boolean take(int size, long now) {
        double seconds = (now - last) / NANOS;
        last = now;
        messages = filled(messages, seconds, limit.messagesPerSecond()) - 1;
        bytes = filled(bytes, seconds, (double) limit.bytesPerSecond()) - size;
        return messages >= 0 && bytes >= 0;
    }

    private static double filled(double before, double seconds, double perSecond) {
        return Math.min(before + seconds * perSecond, perSecond * RateLimit.BURST_SECONDS);
    }
}
