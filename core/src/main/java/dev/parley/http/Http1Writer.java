package dev.parley.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * How the answers of an HTTP/1.x connection get into its pipeline: as bytes, where Parley made the pipeline, or as
 * Netty's objects, where there is a codec of the user's.
 *
 * <p>Nothing is flushed, but by {@link #flush}. Confined to the event loop.
 */
interface Http1Writer {

    /** What frames a message, besides its status. */
    enum Framing {
        /** Nothing: a status without a body, the answer to HEAD of unknown length, or a body that ends with the connection. */
        NONE,
        /** {@code Content-Length}. */
        LENGTH,
        /** {@code Transfer-Encoding: chunked}. */
        CHUNKED
    }

    /** The value of {@code Connection}. */
    enum Persistence {
        /** No header: the version's own default holds. */
        DEFAULT,
        /** {@code close}. */
        CLOSE,
        /** {@code keep-alive}, for HTTP/1.0. */
        KEEP_ALIVE
    }

    /** {@code 100 Continue}. */
    void writeContinue(ChannelHandlerContext ctx);

    /** An interim response. */
    void writeInterim(ChannelHandlerContext ctx, Interim interim);

    /** {@code 101 Switching Protocols}. */
    void writeSwitching(ChannelHandlerContext ctx, HttpHeaders headers);

    /**
     * A head, and with it all that follows if that is known.
     *
     * @param length for {@link Framing#LENGTH}
     * @param content the whole body, if it is known and sent
     * @param last whether nothing follows
     */
    void writeHead(
            ChannelHandlerContext ctx,
            HttpExchange exchange,
            Response head,
            Framing framing,
            long length,
            Persistence persistence,
            byte @Nullable [] content,
            boolean last);

    /** A part of the body: a {@link io.netty.buffer.ByteBuf}, or a {@link io.netty.channel.FileRegion}. */
    void writeData(ChannelHandlerContext ctx, Object data, Framing framing, ChannelPromise promise);

    /** A part of the body that others have as well; it is flushed. */
    void writeShared(ChannelHandlerContext ctx, SharedChunk chunk, Framing framing);

    /** The end of the body. */
    void writeEnd(ChannelHandlerContext ctx, Framing framing, HttpHeaders trailers);

    /** Hands all that was written to the transport. */
    void flush(ChannelHandlerContext ctx);

    /** The connection is gone: releases what was not handed over. */
    void discard();
}
