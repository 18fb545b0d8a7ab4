package dev.parley.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * The end of a connection whose client may still be sending. To close it over what has not been read would reset it, and the client's
 * system would throw away the last words of the server (RFC 9112 section 9.6): so it is read on until the client has closed it, was silent
 * for {@link HttpLimits#lingerTimeout}, or has gone on for 15 times as long.
 */
final class Linger extends ChannelInboundHandlerAdapter {
    /** 30 s by default. */
    private static final int MOST = 15;

    private final Wheel wheel;
    private final long silence;
    private long end;
    private long look;
    /** Whether anything came since the last look. Not when: after a pause of the event loop the wheel would tell an old time. */
    private boolean heard;

    private Linger(Loop loop) {
        wheel = loop.wheel;
        silence = loop.context().lingerTicks();
        look = wheel.tick() + silence;
        end = wheel.tick() + MOST * silence;
        if (loop.isDraining()) {
            drain();
        }
    }

    /** The server drains: from now on it is for one silence only, or who trickles would hold it up. */
    void drain() {
        end = Math.min(end, wheel.tick() + silence);
    }

    /** Begins it. Whoever begins it has all that is read thrown away, and closes the connection in the end. */
    static Linger on(Channel channel, Loop loop) {
        Linger linger = new Linger(loop);
        channel.pipeline().addFirst(linger);
        return linger;
    }

    /** In how many ticks to look again; 0 or less if it is over. */
    long left() {
        long now = wheel.tick();
        if (heard) {
            heard = false;
            look = now + silence;
        }
        return Math.min(look, end) - now;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        heard = true;
        context.fireChannelRead(message);
    }
}
