package dev.parley.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;

/**
 * The end of a connection whose client may still be sending. To close it over what has not been read would reset it, and the client's
 * system would throw away the last words of the server (RFC 9112 section 9.6): so it is read on until the client has closed it, was silent
 * from one look to the next, 2 s later, or has gone on for 30 s.
 */
final class Linger extends ChannelInboundHandlerAdapter {
    private static final long SILENCE_TICKS = Wheel.ticks(TimeUnit.SECONDS.toNanos(2));
    private static final long MOST_TICKS = Wheel.ticks(TimeUnit.SECONDS.toNanos(30));

    private final Wheel wheel;
    private final long end;
    private long look;
    /** Whether anything came since the last look. Not when: after a pause of the event loop the wheel would tell an old time. */
    private boolean heard;

    private Linger(Wheel wheel) {
        this.wheel = wheel;
        look = wheel.tick() + SILENCE_TICKS;
        end = wheel.tick() + MOST_TICKS;
    }

    /** Begins it. Whoever begins it has all that is read thrown away, and closes the connection in the end. */
    static Linger on(Channel channel, Wheel wheel) {
        Linger linger = new Linger(wheel);
        channel.pipeline().addFirst(linger);
        return linger;
    }

    /** In how many ticks to look again; 0 or less if it is over. */
    long left() {
        long now = wheel.tick();
        if (heard) {
            heard = false;
            look = now + SILENCE_TICKS;
        }
        return Math.min(look, end) - now;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        heard = true;
        context.fireChannelRead(message);
    }
}
