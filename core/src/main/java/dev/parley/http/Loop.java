package dev.parley.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.EventLoop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one event loop keeps for all of its connections: the wheel, the date, and who has to be told of a drain.
 *
 * <p>Confined to the event loop, except {@link #drain}.
 */
final class Loop {

    /**
     * The one deadline of an open connection or stream. It is armed from the start to the end, so the wheel also tells
     * which connections there are.
     */
    abstract static class Watch extends Wheel.Deadline {
        /** What was being written at the last look, and how far it was. */
        private int writing;

        private long writingSince;

        /** Whether the client has read nothing of what waits for it for so long. To be asked at least that often. */
        final boolean isStalled(Channel channel, long now, long ticks) {
            ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
            Object current = buffer == null ? null : buffer.current();
            int fingerprint =
                    current == null ? 0 : 31 * System.identityHashCode(current) + (int) buffer.currentProgress();
            if (fingerprint == 0 || fingerprint != writing) {
                writing = fingerprint;
                writingSince = now;
                return false;
            }
            return now - writingSince >= ticks;
        }

        /** Whether something waited to be written at the last look. */
        final boolean isWriting() {
            return writing != 0;
        }

        /** The server drains: end what can be ended. */
        abstract void drain(Duration left);

        /** The time to drain is over. */
        abstract void shutDown();
    }

    final Wheel wheel;
    private final EventLoop eventLoop;
    private final ServerContext context;
    private int watches;
    private long drainDeadline;
    private boolean draining;
    private final CompletableFuture<Void> drained = new CompletableFuture<>();

    private String date = "";
    private byte[] dateLine = {};
    private @Nullable Response repeated;
    private byte[] dateOfHead = {};
    private byte[] head = {};
    private long dateTick = -1;
    private long dateSecond = Long.MIN_VALUE;

    Loop(EventLoop eventLoop, ServerContext context) {
        this.eventLoop = eventLoop;
        this.context = context;
        this.wheel = new Wheel(eventLoop);
    }

    ServerContext context() {
        return context;
    }

    /** The value of {@code Date}, as exact as the wheel's tick. */
    String date() {
        refreshDate();
        return date;
    }

    /**
     * The bytes of a head with the date behind it. Those of a response without a body are kept while it is the one that
     * is sent again and again.
     */
    byte[] head(Response response) {
        refreshDate();
        if (response == repeated && dateOfHead == dateLine) {
            return head;
        }
        byte[] own = response.encoded();
        byte[] bytes = Arrays.copyOf(own, own.length + dateLine.length);
        System.arraycopy(dateLine, 0, bytes, own.length, dateLine.length);
        if (response.content() == null) {
            repeated = response;
            dateOfHead = dateLine;
            head = bytes;
        }
        return bytes;
    }

    private void refreshDate() {
        if (dateTick != wheel.tick()) {
            dateTick = wheel.tick();
            long second = context.clock().instant().getEpochSecond();
            if (second != dateSecond) {
                dateSecond = second;
                date = HttpDate.format(Instant.ofEpochSecond(second));
                dateLine = ("date: " + date + "\r\n").getBytes(StandardCharsets.US_ASCII);
            }
        }
    }

    /** A connection or stream begins. */
    void add(Watch watch, long ticks) {
        watches++;
        wheel.arm(watch, ticks);
    }

    /** A connection or stream is over. */
    void remove(Watch watch) {
        wheel.disarm(watch);
        watches--;
        if (draining && watches == 0) {
            drained.complete(null);
        }
    }

    boolean isDraining() {
        return draining;
    }

    /** What is left of the time to drain. */
    Duration drainLeft() {
        return Duration.ofNanos(Math.max(0, drainDeadline - eventLoop.ticker().nanoTime()));
    }

    /** Tells all connections to come to an end, and cuts them off when the time is over. May be called from any thread. */
    CompletableFuture<Void> drain(Duration limit) {
        try {
            eventLoop.execute(() -> begin(limit));
        } catch (RejectedExecutionException e) {
            drained.complete(null); // an event loop that has stopped has no connections
        }
        return drained;
    }

    private void begin(Duration limit) {
        long deadline = eventLoop.ticker().nanoTime() + limit.toNanos();
        drainDeadline = draining ? Math.min(drainDeadline, deadline) : deadline;
        draining = true;
        for (Watch watch : watches()) {
            watch.drain(drainLeft());
        }
        if (watches == 0) {
            drained.complete(null);
        } else {
            eventLoop.schedule(this::shutDown, limit.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void shutDown() {
        for (Watch watch : watches()) {
            watch.shutDown();
        }
    }

    private List<Watch> watches() {
        List<Watch> all = new ArrayList<>(watches);
        wheel.forEach(deadline -> {
            if (deadline instanceof Watch watch) {
                all.add(watch);
            }
        });
        return all;
    }
}
