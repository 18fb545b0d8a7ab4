package dev.parley.http;

import dev.parley.http.Http1Writer.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/1.x connection while one answer lasts, such as an event stream: in place of the decoder and the
 * {@link Http1Connection}, which come back when it ends. Thousands of clients may wait in this state, so it keeps what
 * sending needs and no more: the request is gone, unless the application holds its {@link Exchange}.
 *
 * <p>What the client sends meanwhile is kept, undecoded and up to a limit, for when the answer has ended.
 *
 * <p>Confined to the event loop.
 */
final class Http1LongAnswer extends ChannelInboundHandlerAdapter implements BodyWire, StreamOwner {
    private static final Logger LOG = LoggerFactory.getLogger(Http1LongAnswer.class);
    /** Then the socket is not read until the answer has ended. */
    private static final int MAX_BYTES_AHEAD = 64 * 1024;

    private final Loop loop;
    private final Http1Writer writer;
    private final Framing framing;
    private final boolean keepAlive;
    private final boolean proxied;
    private final HttpResponseStream stream;
    private final Life life;
    private final Watch watch = new Watch();
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable ByteBuf ahead;
    private boolean flushScheduled;
    private boolean over;

    Http1LongAnswer(
            Loop loop,
            Http1Writer writer,
            Framing framing,
            boolean keepAlive,
            boolean proxied,
            HttpResponseStream stream,
            Life life) {
        this.loop = loop;
        this.writer = writer;
        this.framing = framing;
        this.keepAlive = keepAlive;
        this.proxied = proxied;
        this.stream = stream;
        this.life = life;
    }

    // ---- the channel

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        stream.moveTo(this, this);
        life.moveTo(this);
        loop.add(watch, context().writeTicks());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        end(EndReason.CLIENT_GONE);
        loop.remove(watch);
        if (ahead != null) {
            ahead.release();
            ahead = null;
        }
        writer.discard();
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        end(EndReason.CLIENT_GONE);
        inactive.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        Http1Connection.close(failed, cause);
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            read.fireChannelRead(message);
            return;
        }
        if (over) {
            bytes.release();
            return;
        }
        // Copied: a client has nothing to say now, and what it says should not pin a whole read buffer.
        ahead = ahead == null ? read.alloc().buffer(bytes.readableBytes()) : ahead;
        ahead.writeBytes(bytes);
        bytes.release();
        if (ahead.readableBytes() >= MAX_BYTES_AHEAD) {
            read.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        stream.writable();
        changed.fireChannelWritabilityChanged();
    }

    // ---- the body

    @Override
    public Channel channel() {
        return ctx().channel();
    }

    private ChannelHandlerContext ctx() {
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return ctx;
    }

    @Override
    public ServerContext context() {
        return loop.context();
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public void sendData(Object data, ChannelPromise promise) {
        writer.writeData(ctx(), data, framing, promise);
    }

    @Override
    public void sendShared(SharedChunk chunk) {
        writer.writeShared(ctx(), chunk, framing);
    }

    @Override
    public void sendEnd(HttpHeaders trailers) {
        writer.writeEnd(ctx(), framing, trailers);
    }

    @Override
    public void flushSoon() {
        if (!flushScheduled && !over) {
            flushScheduled = true;
            channel().eventLoop().execute(() -> {
                flushScheduled = false;
                if (!over) {
                    writer.flush(ctx());
                }
            });
        }
    }

    // ---- the stream

    @Override
    public Life life() {
        return life;
    }

    @Override
    public void fail(Throwable failure) {
        LOG.error("a callback of a stream failed", failure);
        stream.abort();
    }

    @Override
    public void end(EndReason reason) {
        if (over) {
            return;
        }
        over = true;
        stream.over();
        life.end(reason);
        if (reason == EndReason.COMPLETED) {
            writer.flush(ctx());
            if (keepAlive && !loop.isDraining()) {
                goOn();
            } else {
                ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            }
        }
    }

    /** The connection is one for requests again. */
    private void goOn() {
        ChannelHandlerContext here = ctx();
        Http1Decoder decoder = new Http1Decoder(context().limits());
        Http1Connection connection = new Http1Connection(context(), decoder);
        here.pipeline().addAfter(here.name(), null, connection).addAfter(here.name(), null, decoder);
        connection.goOn(proxied);
        ByteBuf waiting = ahead;
        ahead = null;
        here.pipeline().remove(this);
        if (waiting != null) {
            here.fireChannelRead(waiting);
            here.fireChannelReadComplete();
        }
        connection.appetiteChanged(); // last: a handler in front may have more, which follows that
    }

    @Override
    public void cutOff(EndReason reason) {
        end(reason);
        ctx().close();
    }

    /** A client that reads nothing of what waits for it, for all of the time allowed, is given up. */
    private final class Watch extends Loop.Watch {
        @Override
        void expired() {
            if (isStalled(channel(), loop.wheel.tick(), context().writeTicks())) {
                cutOff(EndReason.TIMEOUT);
            } else {
                loop.wheel.arm(this, context().writeTicks());
            }
        }

        @Override
        void drain(Duration left) {
            life.drain(left);
        }

        @Override
        void shutDown() {
            cutOff(EndReason.SHUTDOWN);
        }
    }
}
