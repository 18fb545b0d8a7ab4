package dev.parley.http;

import io.netty.util.concurrent.Future;

/**
 * How the client of an HTTP/2 stream takes what is written to it. The channel of a stream has no buffer that would tell, as a
 * connection's has: so the writes are counted.
 *
 * <p>Confined to the event loop.
 */
final class Http2Progress {
    private int pending;
    /** Whether a write was done since the last look, or the first one begun. */
    private boolean moved = true;

    private long since;

    /** Something was written. */
    void written(Future<?> write) {
        if (pending++ == 0) {
            moved = true; // nobody waited before
        }
        write.addListener(done -> {
            pending--;
            moved = true;
        });
    }

    /** Whether the client has taken nothing of what waits for it for so long. To be asked at least that often. */
    boolean isStalled(long now, long ticks) {
        if (pending == 0 || moved) {
            moved = false;
            since = now;
        }
        return now - since >= ticks;
    }
}
