package dev.parley.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP/2 connection: its settings, its idle limit and its end. The streams are child channels with an
 * {@link Http2Stream} each.
 *
 * <p>Floods are bounded by Netty's codec: resets by a rate (CVE-2023-44487), control frames by the number that may be
 * queued, continuation and empty data frames by a count. Passing such a bound ends the connection with
 * {@code ENHANCE_YOUR_CALM}.
 *
 * <p>Confined to the event loop.
 */
final class Http2Connection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Http2Connection.class);

    /** Resets that a client may cause within {@link #RESET_WINDOW_SECONDS}. */
    private static final int MAX_RESETS = 200;

    private static final int RESET_WINDOW_SECONDS = 30;

    private final ServerContext context;
    private final Http2FrameCodec codec;
    private final Http2Windows windows;
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Loop loop;
    private final Watch watch;

    private Http2Connection(ServerContext context, Http2FrameCodec codec, Http2Windows windows) {
        this.context = context;
        this.codec = codec;
        this.windows = windows;
        this.watch = new Watch();
    }

    /** Makes a pipeline without a codec serve HTTP/2. */
    static void addTo(ChannelPipeline pipeline, ServerContext context) {
        HttpLimits limits = context.limits();
        Http2FrameCodec codec = Http2FrameCodecBuilder.forServer()
                .initialSettings(Http2Settings.defaultSettings()
                        .initialWindowSize(limits.http2StreamWindowBytes())
                        .maxConcurrentStreams(limits.http2MaxStreams())
                        .maxHeaderListSize(limits.maxHeaderBytes())
                        .connectProtocolEnabled(true))
                .decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESET_WINDOW_SECONDS)
                .build();
        Http2Windows windows = new Http2Windows(codec, limits);
        pipeline.addLast(codec);
        pipeline.addLast(new Http2MultiplexHandler(new StreamInitializer(context, windows)));
        pipeline.addLast(new Http2Connection(context, codec, windows));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        loop = context.loop(added.channel().eventLoop());
        windows.sendBy(added);
        watch.begin();
        if (added.channel().isActive()) {
            openWindow(added);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        openWindow(active);
        active.fireChannelActive();
    }

    private void openWindow(ChannelHandlerContext active) {
        var connection = codec.connection();
        // Netty has opened it by some of this already, where the window of a stream is larger than the default.
        int more = context.limits().http2ConnectionWindowBytes()
                - connection.local().flowController().initialWindowSize(connection.connectionStream());
        if (more > 0) {
            active.writeAndFlush(new DefaultHttp2WindowUpdateFrame(more));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        watch.end();
        inactive.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) {
        if (message instanceof Http2PingFrame ping && ping.ack()) {
            windows.roundTrip(ping.content());
        }
        ReferenceCountUtil.release(message); // settings, pings and the like: the codec has dealt with them
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        if (cause instanceof IOException || cause instanceof CodecException && !isHttp2(cause)) {
            LOG.debug("{} is gone", failed.channel(), cause);
            failed.close();
        } else if (!isHttp2(cause)) {
            LOG.error("{} failed and is closed", failed.channel(), cause);
            failed.close();
        } else {
            LOG.debug("{} broke HTTP/2 and is closed", failed.channel(), cause);
            // The codec is about to tell the client why; a close now would say that nothing was wrong.
            failed.channel().eventLoop().execute(failed::close);
        }
    }

    private static boolean isHttp2(Throwable cause) {
        return Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null;
    }

    /** The connection's idle limit, and its end. */
    private final class Watch extends Loop.Watch {
        private boolean over;
        private int streamsBefore = -1;

        private Loop loop() {
            if (loop == null) {
                throw new IllegalStateException("not in a pipeline");
            }
            return loop;
        }

        void begin() {
            loop().add(this, context.idleTicks());
        }

        void end() {
            if (!over) {
                over = true;
                loop().remove(this);
            }
        }

        @Override
        void expired() {
            // Idle: no stream is open, and none was opened since the last look.
            int streams = codec.connection().remote().lastStreamCreated();
            if (codec.connection().numActiveStreams() == 0 && streams == streamsBefore) {
                close();
            }
            streamsBefore = streams;
            if (!over) {
                loop().wheel.arm(this, context.idleTicks());
            }
        }

        /** Sends GOAWAY; the codec closes when no stream is left. */
        private void close() {
            if (ctx != null) {
                ctx.close();
            }
        }

        @Override
        void drain(Duration left) {
            codec.gracefulShutdownTimeoutMillis(-1); // shutDown comes in its time
            close();
        }

        @Override
        void shutDown() {
            codec.gracefulShutdownTimeoutMillis(0);
            if (ctx != null) {
                // After the streams, which have watches of their own, and tell their exchanges why.
                ctx.channel().eventLoop().execute(this::close);
            }
        }
    }
}
