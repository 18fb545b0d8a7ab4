package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets another protocol use an HTTP/2 stream as if it were a TCP connection
 * (<a href="https://www.rfc-editor.org/rfc/rfc8441#section-5">RFC 8441 section 5</a>): data frames are its bytes,
 * {@code END_STREAM} is its FIN, {@code RST_STREAM} its reset.
 */
final class Http2Tunnel extends ChannelDuplexHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Http2Tunnel.class);
    /** What a frame carries, unless the client allows more (RFC 9113 section 6.5.2). */
    private static final int PIECE_BYTES = 16 * 1024;

    private @Nullable ChannelHandlerContext ctx;
    private @Nullable ChannelFutureListener connectionEnds;
    private final Http2Progress progress = new Http2Progress();
    private boolean inputEnded;
    private boolean outputEnded;

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        // A stream that is not read does not notice by itself that its connection is gone.
        connectionEnds = closed -> added.close();
        added.channel().parent().closeFuture().addListener(connectionEnds);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        removed.channel().parent().closeFuture().removeListener(connectionEnds);
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) {
        if (message instanceof Http2DataFrame frame) {
            inputEnded |= frame.isEndStream();
            read.fireChannelRead(frame.content());
            return;
        }
        if (message instanceof Http2HeadersFrame trailers) {
            inputEnded |= trailers.isEndStream();
        } else if (message instanceof Http2ResetFrame) {
            gone(read);
        }
        ReferenceCountUtil.release(message);
    }

    /** The end of the client's side ends the tunnel: behind what the protocol has to say to the last that came. */
    @Override
    public void channelReadComplete(ChannelHandlerContext complete) {
        complete.fireChannelReadComplete();
        if (inputEnded) {
            complete.channel().close();
        }
    }

    /** A reset overtakes the data that is not read. */
    @Override
    public void userEventTriggered(ChannelHandlerContext triggered, Object event) {
        if (event instanceof Http2ResetFrame) {
            gone(triggered);
        }
        triggered.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        if (cause instanceof Http2Exception broken) { // a client alone can cause it
            LOG.debug("{} broke HTTP/2 and is reset", failed.channel(), cause);
            reset(broken.error());
        } else if (cause instanceof Http2FrameStreamException) { // the same, and the codec has reset it
            LOG.debug("{} broke HTTP/2 and was reset", failed.channel(), cause);
            gone(failed);
        } else {
            failed.fireExceptionCaught(cause);
        }
    }

    private void gone(ChannelHandlerContext reset) {
        outputEnded = true;
        reset.executor()
                .execute(reset::close); // later, when the codec knows it too, so that it sends no reset of its own
    }

    @Override
    public void write(ChannelHandlerContext writing, Object message, ChannelPromise promise) {
        if (!(message instanceof ByteBuf bytes)) {
            writing.write(message, promise);
            return;
        }
        if (outputEnded) { // the codec would take the end of the stream back
            bytes.release();
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        // In pieces, so that it shows how a client that is slow takes a long message.
        while (bytes.readableBytes() > PIECE_BYTES) {
            write(writing, bytes.readRetainedSlice(PIECE_BYTES), writing.newPromise());
        }
        progress.written(writing.write(new DefaultHttp2DataFrame(bytes), promise.unvoid()));
    }

    @Override
    public void close(ChannelHandlerContext closing, ChannelPromise promise) {
        if (outputEnded || !closing.channel().isActive()) {
            closing.close(promise);
            return;
        }
        outputEnded = true;
        closing.writeAndFlush(new DefaultHttp2DataFrame(true)).addListener(ended -> closing.close(promise));
    }

    /** Ends what is sent; what the client sends still comes. */
    void endOutput() {
        if (!outputEnded && ctx != null) {
            outputEnded = true;
            ctx.writeAndFlush(new DefaultHttp2DataFrame(true));
        }
    }

    /** Ends the stream so that the client can tell that something was wrong. */
    void reset(Http2Error error) {
        if (ctx != null && ctx.channel().isActive()) {
            outputEnded = true;
            ctx.writeAndFlush(new DefaultHttp2ResetFrame(error));
            ctx.close();
        }
    }

    /** Whether the client has taken nothing of what waits for it for so long. To be asked at least that often. */
    boolean isStalled(long now, long ticks) {
        return progress.isStalled(now, ticks);
    }
}
