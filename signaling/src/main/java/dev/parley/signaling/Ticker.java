package dev.parley.signaling;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Lets time pass in rooms once a second while there are any: one task for all, on an event loop that a peer came by. */
final class Ticker {
    private final Rooms rooms;
    private @Nullable ScheduledFuture<?> running;

    Ticker(Rooms rooms) {
        this.rooms = rooms;
    }

    /** There is a peer, which came by an event loop. */
    synchronized void start(EventLoop loop) {
        rooms.elsewhere(loop);
        if (running == null || running.isDone()) { // done also where its event loop has ended
            try {
                running = loop.scheduleAtFixedRate(this::tick, 1, 1, TimeUnit.SECONDS);
            } catch (RejectedExecutionException ending) {
                running = null; // and so do its connections
            }
        }
    }

    private void tick() {
        if (!stop()) {
            rooms.tick();
        }
    }

    private synchronized boolean stop() {
        if (running == null || !rooms.isEmpty()) {
            return false;
        }
        running.cancel(false);
        running = null;
        return true;
    }
}
