package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One connection without a socket: bytes in, bytes out, on a clock that moves only when it is told to. Bytes are
 * written as ISO-8859-1 text, one character each.
 */
final class WireChannel implements AutoCloseable {
    /** What the server's clock says. */
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    /** How that reads in a response. */
    static final String DATE = "date: Fri, 02 Jan 2026 03:04:05 GMT\r\n";

    private static final Duration STEP = Duration.ofMillis(100);

    private final Stallable channel = new Stallable();

    /** An embedded channel whose peer may stop reading. */
    private static final class Stallable extends EmbeddedChannel {
        private boolean stalled;

        @Override
        protected void doWrite(ChannelOutboundBuffer in) throws Exception {
            if (!stalled) {
                super.doWrite(in);
            }
        }
    }

    /** A connection that is served by what is added to its pipeline. */
    WireChannel(Consumer<ChannelPipeline> handlers) {
        channel.freezeTime();
        handlers.accept(channel.pipeline());
    }

    /** A connection in clear text, with the date pinned. */
    static WireChannel serving(Routes routes, HttpLimits limits) {
        ParleyHandler handler = handler(routes, limits);
        return new WireChannel(handler::addTo);
    }

    static WireChannel serving(Routes routes) {
        return serving(routes, HttpLimits.DEFAULT);
    }

    static ParleyHandler handler(Routes routes, HttpLimits limits) {
        return ParleyHandler.builder()
                .routes(routes)
                .limits(limits)
                .clock(() -> NOW)
                .executor(Runnable::run)
                .build();
    }

    EmbeddedChannel channel() {
        return channel;
    }

    /** The client sends, in one read of the socket. */
    void send(String bytes) {
        if (channel.isOpen()) {
            ByteBuf buffer = channel.alloc().buffer();
            buffer.writeCharSequence(bytes, StandardCharsets.ISO_8859_1);
            channel.writeInbound(buffer);
        }
    }

    /** Takes what the client has got since the last call. */
    String received() {
        channel.runPendingTasks();
        StringBuilder all = new StringBuilder();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            all.append(next.toString(StandardCharsets.ISO_8859_1));
            next.release();
        }
        return all.toString();
    }

    /** Lets time pass, tick by tick. */
    void pass(Duration time) {
        for (Duration left = time; left.compareTo(Duration.ZERO) > 0; left = left.minus(STEP)) {
            channel.advanceTimeBy(STEP.toNanos(), TimeUnit.NANOSECONDS);
            channel.runScheduledPendingTasks();
            channel.runPendingTasks();
        }
    }

    /** The client reads no more, or goes on with it. */
    void stall(boolean stalled) {
        channel.stalled = stalled;
        if (!stalled) {
            channel.flush();
        }
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    /** Whether the server would read what comes next. */
    boolean isReading() {
        return channel.config().isAutoRead();
    }

    void assertClosed() {
        assertThat(channel.isOpen()).as("open").isFalse();
    }

    /** The client goes away. */
    @Override
    public void close() {
        channel.stalled = false;
        channel.finishAndReleaseAll();
    }
}
