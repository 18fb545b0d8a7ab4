package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/** Writes answers as Netty's HTTP objects, which a codec of the user's encodes. */
final class Http1ObjectWriter implements Http1Writer {

    @Override
    public void writeContinue(ChannelHandlerContext ctx) {
        ctx.write(
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }

    /** Netty's codec counts no interim response as an answer (since 4.2.18, netty#17181): what HEAD asked for stays without a body. */
    @Override
    public void writeInterim(ChannelHandlerContext ctx, Interim interim) {
        HttpHeaders headers =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        String[] fields = interim.fields();
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        ctx.write(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                new HttpResponseStatus(interim.status(), Response.reason(interim.status())),
                Unpooled.EMPTY_BUFFER,
                headers,
                EmptyHttpHeaders.INSTANCE));
    }

    @Override
    public void writeSwitching(ChannelHandlerContext ctx, HttpHeaders headers) {
        ctx.write(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.SWITCHING_PROTOCOLS,
                Unpooled.EMPTY_BUFFER,
                headers,
                EmptyHttpHeaders.INSTANCE));
    }

    @Override
    public void writeHead(
            ChannelHandlerContext ctx,
            HttpExchange exchange,
            Response head,
            Framing framing,
            long length,
            Persistence persistence,
            byte @Nullable [] content,
            boolean last) {
        HttpHeaders headers = exchange.responseHeaders(head);
        switch (framing) {
            case NONE -> {}
            case LENGTH -> headers.set(HttpHeaderNames.CONTENT_LENGTH, Long.toString(length));
            case CHUNKED -> headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        switch (persistence) {
            case DEFAULT -> {}
            case CLOSE -> headers.add(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            case KEEP_ALIVE -> headers.add(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        HttpResponseStatus status = HttpResponseStatus.valueOf(head.status());
        if (last) {
            ByteBuf body = content == null ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(content);
            ctx.write(new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, status, body, headers, EmptyHttpHeaders.INSTANCE));
        } else {
            ctx.write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, status, headers));
        }
    }

    @Override
    public void writeData(ChannelHandlerContext ctx, Object data, Framing framing, ChannelPromise promise) {
        ctx.write(data instanceof ByteBuf bytes ? new DefaultHttpContent(bytes) : data, promise);
    }

    @Override
    public void writeShared(ChannelHandlerContext ctx, SharedChunk chunk, Framing framing) {
        ctx.writeAndFlush(new DefaultHttpContent(chunk.plain()), ctx.voidPromise());
    }

    @Override
    public void writeEnd(ChannelHandlerContext ctx, Framing framing, HttpHeaders trailers) {
        ctx.write(
                framing == Framing.CHUNKED && !trailers.isEmpty()
                        ? new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers)
                        : LastHttpContent.EMPTY_LAST_CONTENT);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void discard() {}
}
