package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP/2 stream, in the child channel that an {@code Http2MultiplexHandler} made for it: one exchange
 * (<a href="https://www.rfc-editor.org/rfc/rfc9113#section-8">RFC 9113 section 8</a>).
 *
 * <p>Backpressure on the request is the channel's: while it is not read, the stream's window is not opened. For a body that a listener takes as
 * fast as it comes it is {@linkplain Http2Windows opened further}. A request
 * that is malformed resets the stream with {@code PROTOCOL_ERROR}.
 *
 * <p>Confined to the event loop.
 */
final class Http2Stream extends ChannelInboundHandlerAdapter implements Wire {
    private static final Logger LOG = LoggerFactory.getLogger(Http2Stream.class);
    /** A part of a whole body that is written at once, so that progress can be seen. */
    private static final int PART = 64 * 1024;

    private final ServerContext context;
    /** {@code null} behind a codec of the user's. */
    private final @Nullable Http2Windows windows;

    private Http2Windows.@Nullable Upload upload;
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Loop loop;
    private @Nullable HttpExchange exchange;
    private boolean requestComplete;
    private @Nullable Future<?> lastWrite;
    private boolean reading;
    private boolean flushNeeded;
    private boolean flushScheduled;
    private final Http2Progress progress = new Http2Progress();
    private final Watch watch;
    /** While a stream is not read its channel stays open behind its connection: this is how it hears of the end. */
    private @Nullable ChannelFutureListener connectionEnds;

    /**
     * A stream.
     *
     * @param windows of the connection, if Parley made its pipeline
     */
    Http2Stream(ServerContext context, @Nullable Http2Windows windows) {
        this.context = context;
        this.windows = windows;
        this.watch = new Watch();
    }

    // ---- the channel

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        loop = context.loop(added.channel().eventLoop());
        watch.begin();
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        watch.end();
        clientGone();
        forgetConnection();
        inactive.fireChannelInactive();
    }

    /** A reset overtakes the data that is not read. */
    @Override
    public void userEventTriggered(ChannelHandlerContext triggered, Object event) {
        if (event instanceof Http2ResetFrame) {
            clientGone();
        }
        triggered.fireUserEventTriggered(event);
    }

    private void clientGone() {
        if (exchange != null) {
            exchange.end(EndReason.CLIENT_GONE);
        }
    }

    private void forgetConnection() {
        if (connectionEnds != null) {
            channel().parent().closeFuture().removeListener(connectionEnds);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        if (cause instanceof Http2Exception broken) {
            LOG.debug("{} broke HTTP/2 and is reset", failed.channel(), cause);
            reset(broken.error());
        } else {
            LOG.error("{} failed and is reset", failed.channel(), cause);
            reset(Http2Error.INTERNAL_ERROR);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) {
        reading = true;
        if (message instanceof Http2HeadersFrame frame) {
            if (exchange == null) {
                begin(frame);
            } else if (frame.isEndStream()) {
                end(trailers(frame.headers()));
            }
        } else if (message instanceof Http2DataFrame frame && exchange != null) {
            data(exchange, frame);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext complete) {
        reading = false;
        if (flushNeeded) {
            flushNeeded = false;
            complete.flush();
        }
        complete.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        HttpResponseStream stream = exchange == null ? null : exchange.openStream();
        if (stream != null) {
            stream.writable();
        }
        changed.fireChannelWritabilityChanged();
    }

    // ---- the request

    private void begin(Http2HeadersFrame frame) {
        Http2Headers headers = frame.headers();
        HttpHeaders fields = fields(headers);
        boolean extendedConnect = headers.contains(":protocol");
        if (fields == null
                || headers.method() == null
                || headers.method().length() == 0
                || HttpHeaderValidationUtil.validateToken(headers.method()) != -1
                || headers.path() != null && headers.path().length() == 0
                || extendedConnect && !HttpMethod.CONNECT.asciiName().contentEquals(headers.method())
                || (HttpMethod.CONNECT.asciiName().contentEquals(headers.method()) && !extendedConnect
                        ? headers.path() != null
                        : headers.path() == null || headers.scheme() == null)) {
            reset(Http2Error.PROTOCOL_ERROR);
            return;
        }
        String path = headers.path() == null ? "*" : headers.path().toString();
        CharSequence protocol = headers.get(":protocol");
        Problem problem = refusal(path, headers.authority(), fields);
        RequestTarget target = null;
        if (problem == null) {
            try {
                target = RequestTarget.parse(path);
            } catch (ProblemException e) {
                problem = e.problem();
            }
        }
        requestComplete = frame.isEndStream();
        String length = fields.get(HttpHeaderNames.CONTENT_LENGTH);
        HttpExchange next = new HttpExchange(
                this,
                Protocol.HTTP_2,
                extendedConnect
                        ? HttpMethod.GET
                        : HttpMethod.valueOf(headers.method().toString()),
                path,
                target == null ? RequestTarget.ROOT : target,
                fields,
                protocol == null ? null : protocol.toString().toLowerCase(Locale.ROOT),
                true,
                // The codec has seen to it that a length is a number, and that of the data.
                requestComplete ? 0 : length == null ? -1 : Long.parseLong(length));
        exchange = next;
        watch.requestBegan();
        if (problem != null) {
            next.overrule(problem, EndReason.ERROR);
            return;
        }
        if (fields.contains(HttpHeaderNames.EXPECT) && !requestComplete) {
            next.requestBody().awaitContinue();
        }
        next.route(context.routes());
        if (requestComplete) {
            next.requestBody().end(EmptyHttpHeaders.INSTANCE);
        } else {
            appetiteChanged();
        }
    }

    private @Nullable Problem refusal(String path, @Nullable CharSequence authority, HttpHeaders fields) {
        if (path.length() > context.limits().maxUriBytes()) {
            return Problem.of(414, "The request target is over the limit.");
        }
        String host = fields.get(HttpHeaderNames.HOST);
        if (host == null && authority == null) {
            return Problem.of(400, "There must be an :authority.");
        }
        if (host != null && authority != null && !host.contentEquals(authority)
                || fields.getAll(HttpHeaderNames.HOST).size() > 1) {
            return Problem.of(400, "The Host header is not the :authority.");
        }
        String named = authority == null ? String.valueOf(host) : authority.toString();
        if (!named.isEmpty() && Authority.parse(named) == null) {
            return Problem.of(400, "The :authority is not a host and port.");
        }
        fields.set(HttpHeaderNames.HOST, named);
        String expectation = fields.get(HttpHeaderNames.EXPECT);
        if (expectation != null && !"100-continue".equalsIgnoreCase(expectation)) {
            return Problem.of(417, "No expectation but 100-continue can be met.");
        }
        return null;
    }

    /** The fields without the pseudo-headers, with {@code Cookie} as one; {@code null} where one is malformed. */
    private static @Nullable HttpHeaders fields(Http2Headers headers) {
        HttpHeaders fields = DefaultHttpHeadersFactory.headersFactory().newHeaders();
        try {
            for (Map.Entry<CharSequence, CharSequence> field : headers) {
                CharSequence name = field.getKey();
                if (name.length() > 0 && name.charAt(0) == ':') {
                    continue;
                }
                String before = HttpHeaderNames.COOKIE.contentEquals(name) ? fields.get(HttpHeaderNames.COOKIE) : null;
                if (before == null) {
                    fields.add(name, field.getValue());
                } else {
                    fields.set(name, before + "; " + field.getValue()); // RFC 9113 section 8.2.3
                }
            }
        } catch (IllegalArgumentException e) {
            LOG.debug("a header field is malformed", e);
            return null;
        }
        return fields;
    }

    private static HttpHeaders trailers(Http2Headers headers) {
        HttpHeaders fields = fields(headers);
        return fields == null ? EmptyHttpHeaders.INSTANCE : fields;
    }

    private void data(HttpExchange receiving, Http2DataFrame frame) {
        boolean last = frame.isEndStream();
        if (windows != null && !last && receiving.requestBody().isInChunks()) {
            if (upload == null) {
                upload = windows.upload(frame.stream().id());
            }
            upload.took(frame.initialFlowControlledBytes());
        }
        requestComplete |= last;
        receiving.requestBody().content(frame.content());
        if (last) {
            end(EmptyHttpHeaders.INSTANCE);
        } else if (receiving.hasEnded() && receiving.requestBody().isTooBig()) {
            ended(receiving);
        } else {
            appetiteChanged();
        }
    }

    private void end(HttpHeaders trailers) {
        requestComplete = true;
        if (exchange != null) {
            exchange.requestBody().end(trailers);
        }
    }

    // ---- the answer

    @Override
    public void sendContinue() {
        ctx().writeAndFlush(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("100")));
    }

    @Override
    public void sendInterim(Interim interim) {
        // The frame waits in the connection's buffer, not the stream's.
        if (channel().isWritable() && channel().parent().isWritable()) {
            Http2Headers head = new DefaultHttp2Headers(false).status(Integer.toString(interim.status()));
            String[] fields = interim.fields();
            for (int i = 0; i < fields.length; i += 2) {
                head.add(fields[i].toLowerCase(Locale.ROOT), fields[i + 1]);
            }
            progress.written(ctx().writeAndFlush(new DefaultHttp2HeadersFrame(head)));
        }
    }

    @Override
    public void sendHead(HttpExchange answered, Response head, long length, byte @Nullable [] content, boolean last) {
        Http2Headers fields = headers(head.status(), answered.responseHeaders(head));
        if (length >= 0 && !HttpExchange.mayNotHaveContent(head.status())) {
            fields.set(HttpHeaderNames.CONTENT_LENGTH, Long.toString(length));
        }
        boolean empty = content == null || content.length == 0;
        written(ctx().write(new DefaultHttp2HeadersFrame(fields, last && empty)));
        if (content != null) {
            for (int at = 0; at < content.length; at += PART) {
                int size = Math.min(PART, content.length - at);
                written(ctx().write(new DefaultHttp2DataFrame(
                        Unpooled.wrappedBuffer(content, at, size), last && at + size == content.length)));
            }
        }
        flushSoon();
    }

    private static Http2Headers headers(int status, HttpHeaders fields) {
        Http2Headers head = new DefaultHttp2Headers(false).status(Integer.toString(status));
        addLowerCase(head, fields);
        return head;
    }

    private static void addLowerCase(Http2Headers to, HttpHeaders from) {
        for (var fields = from.iteratorCharSequence(); fields.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            to.add(field.getKey().toString().toLowerCase(Locale.ROOT), field.getValue());
        }
    }

    @Override
    public void sendData(Object data, ChannelPromise promise) {
        written(ctx().write(new DefaultHttp2DataFrame((ByteBuf) data), promise));
    }

    @Override
    public void sendShared(SharedChunk chunk) {
        written(ctx().writeAndFlush(new DefaultHttp2DataFrame(chunk.plain())));
    }

    @Override
    public boolean takesFileRegions() {
        return false;
    }

    @Override
    public void sendEnd(HttpHeaders trailers) {
        if (trailers.isEmpty()) {
            written(ctx().write(new DefaultHttp2DataFrame(true)));
        } else {
            Http2Headers section = new DefaultHttp2Headers(false);
            addLowerCase(section, trailers);
            written(ctx().write(new DefaultHttp2HeadersFrame(section, true)));
        }
    }

    private void written(Future<?> write) {
        lastWrite = write;
        progress.written(write);
    }

    @Override
    public void flushSoon() {
        if (reading) {
            flushNeeded = true;
        } else if (!flushScheduled) {
            flushScheduled = true;
            channel().eventLoop().execute(() -> {
                flushScheduled = false;
                ctx().flush();
            });
        }
    }

    @Override
    public void streamBegan() {}

    @Override
    public void ended(HttpExchange answered) {
        RequestBody body = answered.requestBody();
        Future<?> last = lastWrite;
        if (!requestComplete && last != null && (body.isTooBig() || body.isContinueAwaited())) {
            // All of the answer is out before the client is told not to send the rest (RFC 9113 section 8.1).
            last.addListener(done -> reset(Http2Error.NO_ERROR));
            flushSoon();
        }
    }

    @Override
    public void cutOff(HttpExchange answered, EndReason reason) {
        answered.end(reason);
        reset(reason == EndReason.ERROR ? Http2Error.INTERNAL_ERROR : Http2Error.CANCEL);
    }

    private void reset(Http2Error error) {
        if (channel().isActive()) {
            ctx().writeAndFlush(new DefaultHttp2ResetFrame(error));
            ctx().close();
        }
    }

    @Override
    public void appetiteChanged() {
        boolean wanted = exchange == null || requestComplete || exchange.wantsBody();
        watch.bodyWanted(wanted);
        if (!wanted && connectionEnds == null) {
            connectionEnds = closed -> clientGone();
            channel().parent().closeFuture().addListener(connectionEnds);
        }
        if (channel().config().isAutoRead() != wanted) {
            channel().config().setAutoRead(wanted);
        }
    }

    @Override
    public void switchProtocol(HttpExchange answered, HttpHeaders headers, Consumer<OpenTunnel> protocol) {
        ctx().writeAndFlush(new DefaultHttp2HeadersFrame(headers(200, headers)));
        ChannelPipeline pipeline = ctx().pipeline();
        Http2Tunnel tunnel = new Http2Tunnel();
        pipeline.replace(this, null, tunnel);
        watch.end();
        channel().closeFuture().addListener(closed -> forgetConnection());
        protocol.accept(OpenTunnel.of(answered, channel(), loop(), tunnel));
        if (!channel().isOpen()) {
            return; // the protocol could not begin
        }
        ChannelHandlerContext below = pipeline.context(tunnel);
        answered.requestBody().handOver(below::fireChannelRead);
        below.fireChannelReadComplete();
        channel().config().setAutoRead(true);
        if (requestComplete) {
            channel().close(); // as the tunnel does where the end comes later
        }
    }

    // ---- facts

    private ChannelHandlerContext ctx() {
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return ctx;
    }

    @Override
    public Loop loop() {
        if (loop == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return loop;
    }

    @Override
    public Channel channel() {
        return ctx().channel();
    }

    @Override
    public ServerContext context() {
        return context;
    }

    @Override
    public InetSocketAddress peerAddress() {
        return Addresses.peer(channel());
    }

    @Override
    public boolean isSecure() {
        return Addresses.isSecure(channel().parent());
    }

    @Override
    public boolean isProxied() {
        return context.proxies().trusts(peerAddress());
    }

    /** All that a stream may wait for: its body, and the client to open its window. */
    private final class Watch extends Loop.Watch {
        private final BodyRate rate = new BodyRate(context);
        private boolean over;

        void begin() {
            loop().add(this, context.writeTicks()); // first, as the wheel stands still while nothing is armed
        }

        void end() {
            if (!over) {
                over = true;
                loop().remove(this);
                if (upload != null) {
                    upload.close();
                }
            }
        }

        void requestBegan() {
            rate.begin(loop().wheel.tick(), 0);
            if (!requestComplete) {
                loop().wheel.arm(this, rate.end() - loop().wheel.tick());
            }
        }

        void bodyWanted(boolean wanted) {
            long now = loop().wheel.tick();
            if (rate.wanted(wanted, now) && wanted && !over) {
                loop().wheel.arm(this, rate.end() - now);
            }
        }

        @Override
        void expired() {
            long now = loop().wheel.tick();
            long next = now + context.writeTicks();
            HttpExchange watched = exchange;
            if (watched != null) {
                if (progress.isStalled(now, context.writeTicks())) {
                    cutOff(watched, EndReason.TIMEOUT);
                }
                if (!requestComplete) {
                    if (rate.isTooSlow(now, watched.requestBody())) {
                        watched.overrule(Problem.of(408, "The body came too slowly."), EndReason.TIMEOUT);
                        ctx().flush();
                        reset(Http2Error.NO_ERROR);
                    } else {
                        next = Math.min(next, rate.end());
                    }
                }
            }
            if (!over) {
                loop().wheel.arm(this, next - now);
            }
        }

        @Override
        void drain(Duration left) {
            if (exchange != null) {
                exchange.drain(left);
            }
        }

        @Override
        void shutDown() {
            if (exchange != null) {
                cutOff(exchange, EndReason.SHUTDOWN);
            }
            ctx().close();
        }
    }
}
