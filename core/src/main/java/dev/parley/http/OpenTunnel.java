package dev.parley.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one implementation of {@link Tunnel}. Of the request that it began with it holds nothing, unless there is a log of
 * accesses, which wants to know of the request at the end.
 *
 * <p>It is itself the watch over its client, as there may be thousands of them.
 */
final class OpenTunnel extends Loop.Watch implements Tunnel, StreamOwner, ChannelFutureListener {
    private static final Logger LOG = LoggerFactory.getLogger(OpenTunnel.class);

    private final Channel channel;
    private final Loop loop;
    /** Made when somebody asks for it. */
    private @Nullable Life life;

    private final @Nullable Http2Tunnel stream;
    private @Nullable Consumer<Duration> drainListener;
    private @Nullable Runnable beat;
    private int beatTicks;
    /** Ticks of the wheel, of which the lowest bits are enough. */
    private int lastBeat;

    private boolean ending;
    /** All was written: the client has a little time to end its side. */
    private @Nullable Linger linger;

    private boolean over;

    private OpenTunnel(Channel channel, Loop loop, @Nullable Life life, @Nullable Http2Tunnel stream) {
        this.channel = channel;
        this.loop = loop;
        this.life = life;
        this.stream = stream;
    }

    /**
     * Takes over from an exchange that was answered by a switch of protocol.
     *
     * @param stream what makes bytes of the frames of HTTP/2; {@code null} over HTTP/1.1
     */
    static OpenTunnel of(HttpExchange exchange, Channel channel, Loop loop, @Nullable Http2Tunnel stream) {
        OpenTunnel tunnel = new OpenTunnel(channel, loop, exchange.lifeSoFar(), stream);
        exchange.became(tunnel);
        if (tunnel.life != null) {
            tunnel.life.moveTo(tunnel);
        }
        if (loop.context().accessLog() != null) {
            tunnel.life().onEnd(exchange::end);
        }
        loop.add(tunnel, loop.context().writeTicks());
        channel.closeFuture().addListener(tunnel);
        return tunnel;
    }

    // ---- asked by the protocol

    @Override
    public ChannelPipeline pipeline() {
        return channel.pipeline();
    }

    @Override
    public Protocol protocol() {
        return stream == null ? Protocol.HTTP_1_1 : Protocol.HTTP_2;
    }

    @Override
    public EventLoop eventLoop() {
        return channel.eventLoop();
    }

    @Override
    public void onEnd(Consumer<EndReason> listener) {
        onLoop(() -> life().onEnd(listener));
    }

    @Override
    public void onDrain(Consumer<Duration> listener) {
        onLoop(() -> {
            drainListener = listener;
            if (loop.isDraining()) {
                drain(loop.drainLeft());
            }
        });
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        Life.Alarm alarm = new Life.Alarm(channel.eventLoop(), task);
        long ticks = Wheel.ticks(delay.toNanos());
        if (channel.eventLoop().inEventLoop()) {
            life().add(alarm, ticks);
        } else {
            channel.eventLoop().execute(() -> life().add(alarm, ticks));
        }
        return alarm;
    }

    @Override
    public void every(Duration period, Runnable task) {
        long ticks = Wheel.ticks(period.toNanos());
        if (ticks < 1 || ticks > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("period: " + period + " (expected: 100 ms to 2,485 days)");
        }
        beat = task;
        beatTicks = (int) ticks;
        lastBeat = (int) loop.wheel.tick();
        arm();
    }

    private void onLoop(Runnable task) {
        if (channel.eventLoop().inEventLoop()) {
            task.run();
        } else {
            channel.eventLoop().execute(task);
        }
    }

    @Override
    public void end() {
        if (ending || over) {
            return;
        }
        ending = true;
        channel.config().setAutoRead(true);
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (over) {
                return;
            }
            linger = Linger.on(channel, loop);
            loop.wheel.arm(this, linger.left());
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (stream != null) {
                stream.endOutput();
            } else if (tls != null) {
                tls.closeOutbound();
            } else if (channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            }
        });
    }

    // ---- told by the server

    @Override
    public void operationComplete(ChannelFuture closed) {
        end(EndReason.COMPLETED);
    }

    @Override
    void expired() {
        Linger end = linger;
        if (end != null) {
            long left = end.left();
            if (left > 0) {
                loop.wheel.arm(this, left);
            } else {
                channel.close();
            }
            return;
        }
        long now = loop.wheel.tick();
        if (stream == null ? isStalled(channel, now, writeTicks()) : stream.isStalled(now, writeTicks())) {
            cutOff(EndReason.TIMEOUT);
            return;
        }
        Runnable due = beat;
        if (due != null && (int) now - lastBeat >= beatTicks) {
            lastBeat = (int) now;
            call(due);
        }
        if (!over && linger == null) {
            arm();
        }
    }

    /** Until the next look at what is being written, or the next beat. */
    private void arm() {
        long ticks = writeTicks();
        if (beat != null) {
            int passed = (int) loop.wheel.tick() - lastBeat;
            ticks = Math.min(ticks, Math.max(0, beatTicks - passed));
        }
        loop.wheel.arm(this, ticks);
    }

    private long writeTicks() {
        return loop.context().writeTicks();
    }

    @Override
    void drain(Duration left) {
        if (linger != null) {
            linger.drain();
            return;
        }
        Consumer<Duration> listener = drainListener;
        if (listener != null) {
            drainListener = null; // told once
            call(() -> listener.accept(left));
        } else if (life != null) {
            life.drain(left);
        }
    }

    @Override
    void shutDown() {
        cutOff(EndReason.SHUTDOWN);
    }

    // ---- told by callbacks

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public Life life() {
        if (life == null) {
            life = new Life(this);
        }
        return life;
    }

    @Override
    public void fail(Throwable failure) {
        LOG.error("a callback of a tunnel failed, which is closed", failure);
        cutOff(EndReason.ERROR);
    }

    @Override
    public void end(EndReason reason) {
        if (over) {
            return;
        }
        over = true;
        loop.remove(this);
        life().end(reason);
    }

    @Override
    public void cutOff(EndReason reason) {
        end(reason);
        if (stream == null) {
            channel.close();
        } else {
            stream.reset(reason == EndReason.ERROR ? Http2Error.INTERNAL_ERROR : Http2Error.CANCEL);
        }
    }
}
