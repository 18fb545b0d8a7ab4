package dev.parley.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2Connection.PropertyKey;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the windows of one HTTP/2 connection are open beyond what its settings say, for bodies that a listener takes as fast as
 * they come.
 *
 * <p>A client that may send one window in a round trip sends no faster than that, however fast the line is: 1 MiB at 50 ms are 20 MB
 * a second. So a round trip is measured by its bytes, without a clock: a PING goes out, and if the listener has taken half of the window or more
 * when its answer is here, the window may be what holds the client back, and is doubled, up to
 * {@link HttpLimits#http2MaxStreamWindowBytes}. A PING that shows nothing makes the next one come later, and a body under half a
 * window causes none.
 *
 * <p><b>Memory.</b> What a client may send before it is read is bounded by the connection's window. That is opened by as much as a stream's
 * is, so that streams beside it lose nothing, and closed again when the stream ends. All streams together are opened by no more than one may be.
 *
 * <p>Confined to the event loop.
 */
final class Http2Windows {
    private static final Logger LOG = LoggerFactory.getLogger(Http2Windows.class);

    /** As many windows may come between one PING and the next, where they show nothing. */
    private static final long MOST_PATIENCE = 64;

    private final Http2FrameCodec codec;
    private final int initial;
    private final int most;
    private final PropertyKey key;
    /** Sends the PINGs. */
    private @Nullable ChannelHandlerContext ctx;
    /** By how much all streams are opened. */
    private int opened;

    Http2Windows(Http2FrameCodec codec, HttpLimits limits) {
        this.codec = codec;
        this.initial = limits.http2StreamWindowBytes();
        this.most = limits.http2MaxStreamWindowBytes();
        this.key = codec.connection().newKey();
    }

    void sendBy(ChannelHandlerContext connection) {
        ctx = connection;
    }

    /** The window of a stream whose body goes to a listener. */
    Upload upload(int stream) {
        return new Upload(stream);
    }

    /** The answer to a PING is here. One that was never sent finds no stream that waits for it. */
    void roundTrip(long content) {
        Http2Stream stream = stream(content);
        if (stream != null) {
            Upload upload = stream.getProperty(key);
            if (upload != null) {
                upload.roundTrip(stream);
            }
        }
    }

    private @Nullable Http2Stream stream(long id) {
        return id == (int) id ? codec.connection().stream((int) id) : null;
    }

    private Http2LocalFlowController flow() {
        return codec.connection().local().flowController();
    }

    /** Opens the window of the connection, or closes it by as much again. */
    private void openAll(int bytes) {
        opened += bytes;
        Http2Stream all = codec.connection().connectionStream();
        open(all, bytes);
        // It is opened anew when as much was read as before, not when half of what is now the whole was: else one
        // stream
        // whose listener stalls could hold all that is left of it, and those beside it could send nothing.
        int size = flow().initialWindowSize(all);
        float left = 1 - (size - opened) / 2f / size;
        if (flow() instanceof DefaultHttp2LocalFlowController flow) {
            try {
                flow.windowUpdateRatio(all, left);
            } catch (Http2Exception e) {
                LOG.debug("the window of the connection is opened later", e);
            }
        }
    }

    private void open(Http2Stream stream, int bytes) {
        try {
            flow().incrementWindowSize(stream, bytes);
        } catch (Http2Exception e) {
            // The connection is about to be closed for it.
            LOG.debug("the window of stream {} stays as it is", stream.id(), e);
        }
    }

    /** The window of one stream. */
    final class Upload {
        private final int id;
        private int size = initial;
        /** What was taken since the PING was sent, or since the answer to the one before. */
        private long taken;
        /** How much is to be taken before the next PING. */
        private long patience = initial / 2;

        private boolean measuring;

        private Upload(int id) {
            this.id = id;
        }

        /** The listener has got so many bytes, and is ready for more or will be. */
        void took(int bytes) {
            taken += bytes;
            Http2Stream stream = measuring || taken < patience || size >= most ? null : stream(id);
            if (stream != null && ctx != null) {
                measuring = true;
                taken = 0;
                stream.setProperty(key, this);
                ctx.writeAndFlush(new DefaultHttp2PingFrame(id));
            }
        }

        private void roundTrip(Http2Stream stream) {
            if (!measuring) {
                return;
            }
            measuring = false;
            boolean full = taken >= size / 2;
            taken = 0;
            Http2Stream all = codec.connection().connectionStream();
            int more = Math.min(Math.min(size, most - size), most - initial - opened);
            more = Math.min(more, Integer.MAX_VALUE - flow().initialWindowSize(all));
            if (!full || more <= 0 || !stream.state().remoteSideOpen()) {
                patience = Math.min(Math.max(size, 2 * patience), MOST_PATIENCE * size);
                return;
            }
            patience = 0;
            size += more;
            openAll(more);
            open(stream, more);
            if (ctx != null) {
                ctx.flush();
            }
        }

        /** The stream is over. */
        void close() {
            int less = size - initial;
            size = initial;
            if (less > 0) {
                openAll(-less);
            }
        }
    }
}
