package dev.parley.testkit;

import dev.parley.http.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Speaks HTTP/1.1, or HTTP/1.0, as a client. Confined to the event loop. */
final class Http1Client extends ChannelInboundHandlerAdapter implements ClientProtocol {
    private static final int MAX_HEAD_BYTES = 1024 * 1024;

    private final Socket socket;
    private final HttpVersion version;
    /** Requests that are not answered to the end, in order. */
    private final Deque<Answer> awaited = new ArrayDeque<>();

    private boolean informational;
    private boolean retired;
    /** Records what comes when no HTTP is spoken any more. */
    private @Nullable Answer tunnel;

    Http1Client(Socket socket, Protocol protocol) {
        this.socket = socket;
        this.version = protocol == Protocol.HTTP_1_0 ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1;
        socket.pipeline().addLast(new HttpClientCodec(MAX_HEAD_BYTES, MAX_HEAD_BYTES, MAX_HEAD_BYTES), this);
    }

    @Override
    public ClientStream open(TestRequest request, Answer answer, boolean bodiless) {
        HttpHeaders headers = request.headers().copy();
        if (!headers.contains(HttpHeaderNames.HOST)) {
            headers.set(HttpHeaderNames.HOST, request.authority());
        }
        Upgrade upgrade = request.upgrade();
        if (upgrade != null) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
            headers.set(HttpHeaderNames.UPGRADE, upgrade.protocol());
            upgrade.overHttp1().forEach(field -> {
                if (!headers.contains(field.getKey())) {
                    headers.set(field.getKey(), field.getValue());
                }
            });
        }
        boolean framed =
                headers.contains(HttpHeaderNames.CONTENT_LENGTH) || headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
        if (!bodiless && upgrade == null && !framed) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        awaited.add(answer);
        HttpMethod method = request.method();
        boolean whole = bodiless || upgrade != null;
        HttpRequest head = whole
                ? new DefaultFullHttpRequest(
                        version, method, request.target(), Unpooled.EMPTY_BUFFER, headers, EmptyHttpHeaders.INSTANCE)
                : new DefaultHttpRequest(version, method, request.target(), headers);
        socket.writeAndFlush(head);
        return new Stream(upgrade != null);
    }

    @Override
    public boolean isRetired() {
        return retired || !socket.isActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof ByteBuf bytes) {
                if (tunnel != null) {
                    tunnel.data(bytes);
                }
            } else {
                read((HttpObject) message);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void read(HttpObject message) {
        Answer answer = awaited.peek();
        if (answer == null) {
            throw new AssertionError("the server sent an answer that nobody asked for: " + message);
        }
        if (message.decoderResult().isFailure()) {
            awaited.remove();
            answer.end(Answer.End.BROKEN, message.decoderResult().cause().toString());
            return;
        }
        if (message instanceof HttpResponse response) {
            int status = response.status().code();
            informational = HttpStatusClass.valueOf(status) == HttpStatusClass.INFORMATIONAL && status != 101;
            if (informational) {
                answer.interim(status, response.headers());
            } else {
                answer.head(status, response.headers());
                retired |= response.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
                tunnel = status == 101 ? answer : null;
            }
        }
        if (message instanceof HttpContent content && !informational) {
            answer.data(content.content());
            if (content instanceof LastHttpContent last) {
                awaited.remove();
                if (tunnel == null) {
                    answer.complete(last.trailingHeaders());
                }
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        awaited.forEach(answer -> answer.end(Answer.End.CUT_OFF, ""));
        awaited.clear();
        if (tunnel != null) {
            tunnel.end(Answer.End.COMPLETE, "");
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        awaited.forEach(answer -> answer.end(Answer.End.CUT_OFF, ": " + cause));
        ctx.close();
    }

    private final class Stream implements ClientStream {
        private final boolean upgrading;

        Stream(boolean upgrading) {
            this.upgrading = upgrading;
        }

        @Override
        public void send(byte[] bytes) {
            if (!socket.isActive()) {
                return; // nobody is there to get it, and no pipeline is left to say so
            }
            ByteBuf data = Unpooled.wrappedBuffer(bytes);
            if (upgrading) {
                socket.pipeline().firstContext().writeAndFlush(data);
            } else {
                socket.writeAndFlush(new DefaultHttpContent(data));
            }
        }

        @Override
        public void end(HttpHeaders trailers) {
            if (upgrading) {
                socket.shutdownOutput();
            } else {
                DefaultLastHttpContent last = new DefaultLastHttpContent();
                last.trailingHeaders().set(trailers);
                socket.writeAndFlush(last);
            }
        }

        @Override
        public void cut() {
            socket.cut();
        }

        @Override
        public void stall() {
            socket.config().setAutoRead(false);
        }

        @Override
        public void resume() {
            socket.config().setAutoRead(true);
        }
    }
}
