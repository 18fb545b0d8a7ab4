package dev.parley.http;

import dev.parley.http.Http1Writer.Framing;
import dev.parley.http.Http1Writer.Persistence;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.DecoderResultProvider;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP/1.x connection: behind Parley's own decoder, or behind a codec of the user's.
 *
 * <pre>
 *   bytes → Http1Decoder → Http1Connection → Routes → Endpoint → HttpExchange → Http1Connection → Http1ByteWriter → bytes
 * </pre>
 *
 * <p><b>States.</b> Requests are answered one after the other: there is one exchange, and what the client sends
 * ahead waits, decoded, up to {@link HttpLimits#maxPipelined}; then the socket is not read. The next begins when the
 * exchange has ended and its request has been read to the end; or before, if the exchange {@link #mayBePassed may be passed} and
 * the next is like it. Then the answers of those that were passed are {@code owed}, and come first. A connection whose framing is in doubt, or that says
 * {@code close}, is {@code closing} after the answer: what still comes is thrown away for a moment, so that the client
 * can read the answer before the reset, and then the socket is closed.
 *
 * <p><b>Writes</b> during a read go out together when the read is over.
 *
 * <p>Confined to the event loop.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter implements Wire {
    private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);

    /** How much a client may send ahead besides {@link HttpLimits#maxPipelined}. */
    private static final int MAX_BYTES_AHEAD = 64 * 1024;

    /** An answer that has lasted so long will probably last. */
    private static final long LASTING_TICKS = Wheel.ticks(TimeUnit.SECONDS.toNanos(1));

    private static final long NEVER = Long.MAX_VALUE / 4;

    private final ServerContext context;
    private final @Nullable Http1Decoder decoder;
    private final Http1Writer writer;
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Loop loop;
    private boolean secure;
    private boolean proxied;

    private @Nullable HttpExchange exchange;
    /** Exchanges that the present one has passed, in order; their requests are complete, their answers are to come. */
    private @Nullable Deque<HttpExchange> owed;
    /** The exchange will have a whole response some time, and the next need not wait for it. */
    private boolean passable;

    private boolean paying;

    /** The request of the exchange has been read to its end. */
    private boolean requestComplete;

    /** A {@code Host} that was found legal: most clients send the same again. */
    private @Nullable String lastHost;

    private boolean keepAlive;
    /** Which of the fields that matter here the request has: {@link Http1Request}. */
    private int fields;

    private Framing framing = Framing.NONE;
    /** Nothing more is answered. */
    private boolean closing;

    /** The protocol that takes over when the request is complete. */
    private @Nullable Runnable pendingSwitch;

    private boolean switched;

    /** What came ahead of its turn, in order. */
    private @Nullable Deque<Object> ahead;

    private int requestsAhead;
    private int bytesAhead;
    private boolean advancing;

    private boolean reading;
    private boolean messageRead;
    private boolean flushNeeded;
    private boolean flushScheduled;

    private final Watch watch;

    /**
     * A connection.
     *
     * @param decoder in front of this, if Parley made the pipeline
     */
    Http1Connection(ServerContext context, @Nullable Http1Decoder decoder) {
        this.context = context;
        this.decoder = decoder;
        this.writer = decoder == null ? new Http1ObjectWriter() : new Http1ByteWriter();
        this.watch = new Watch();
    }

    // ---- the channel

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        loop = context.loop(added.channel().eventLoop());
        secure = Addresses.isSecure(added.channel());
        watch.begin();
        if (loop.isDraining()) {
            // Accepted before, or a handshake that ended since; closed when the pipeline is complete.
            added.channel().eventLoop().execute(() -> {
                if (!closing) {
                    watch.drain(loop().drainLeft());
                }
            });
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (switched) {
            releaseAhead(); // what a codec of the user's took for requests is not the new protocol's
        } else {
            watch.end();
            gone(EndReason.CLIENT_GONE);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        watch.end();
        gone(EndReason.CLIENT_GONE);
        context.fireChannelInactive();
    }

    private void gone(EndReason reason) {
        closing = true;
        if (owed != null) {
            owed.forEach(passed -> passed.end(reason));
            owed = null;
        }
        if (exchange != null) {
            exchange.end(reason);
        }
        releaseAhead();
        writer.discard();
    }

    private void releaseAhead() {
        if (ahead != null) {
            ahead.forEach(ReferenceCountUtil::release);
            ahead.clear();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        close(context, cause);
    }

    /** Closes a connection on which something failed. */
    static void close(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException || cause instanceof CodecException) { // a client alone can cause it
            LOG.debug("{} is gone", context.channel(), cause);
        } else {
            LOG.error("{} failed and is closed", context.channel(), cause);
        }
        context.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        reading = true;
        messageRead = true;
        if (closing) {
            ReferenceCountUtil.release(message);
        } else if (ahead != null && !ahead.isEmpty() || message instanceof HttpRequest && exchange != null) {
            keepForLater(message);
            if (passable) {
                advance();
            }
        } else {
            accept(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        reading = false;
        if (exchange != null && !requestComplete) {
            watch.partOfBodyRead();
        }
        if (flushNeeded) {
            flushNeeded = false;
            writer.flush(context);
        }
        // Behind a codec of the user all that can be seen is that the bytes made no message.
        if (decoder == null ? !messageRead : decoder.isHeadBegun()) {
            watch.partOfHeadRead();
        }
        messageRead = false;
        if (decoder != null && decoder.heldBytes() > 0) {
            appetiteChanged();
        }
        context.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            HttpExchange answering = owed == null || owed.isEmpty() ? exchange : owed.peek();
            HttpResponseStream stream = answering == null ? null : answering.openStream();
            if (stream != null) {
                stream.writable();
            }
            advance();
        }
        appetiteChanged();
        context.fireChannelWritabilityChanged();
    }

    // ---- requests

    private void keepForLater(Object message) {
        if (ahead == null) {
            ahead = new ArrayDeque<>();
        }
        ahead.add(message);
        if (message instanceof HttpRequest) {
            requestsAhead++;
            if (decoder != null && requestsAhead >= context.limits().maxPipelined()) {
                decoder.takeNoMore();
            }
        }
        bytesAhead += size(message);
        appetiteChanged();
    }

    private static int size(Object message) {
        if (message instanceof Http1Request request) {
            byte[] body = Http1Request.body(request);
            return body == null ? 0 : body.length;
        }
        return message instanceof ByteBuf bytes
                ? bytes.readableBytes()
                : message instanceof ByteBufHolder holder ? holder.content().readableBytes() : 0;
    }

    /** Goes on to the next request, when the one before is done with. */
    private void advance() {
        if (advancing) {
            return;
        }
        advancing = true;
        try {
            while (!closing) {
                if (exchange != null && exchange.hasEnded() && requestComplete) {
                    exchange = null;
                    watch.requestDone();
                    if (!keepAlive || loop().isDraining() && (ahead == null || ahead.isEmpty())) {
                        closeAfterAnswer();
                        return;
                    }
                }
                Deque<Object> queue = ahead;
                Object next = queue == null ? null : queue.peek();
                if (queue == null || next == null || next instanceof HttpRequest request && !mayBegin(request)) {
                    break;
                }
                queue.remove();
                if (next instanceof HttpRequest) {
                    requestsAhead--;
                }
                bytesAhead -= size(next);
                accept(next);
            }
        } finally {
            advancing = false;
        }
        decodeOn();
        appetiteChanged();
    }

    /** Whether the next request may begin; last of all is asked what changes something. */
    private boolean mayBegin(HttpRequest request) {
        return channel().isWritable() && (exchange == null || passes(request, exchange));
    }

    /** Whether a request may begin before the exchange is answered; if so, that one's answer is owed from now on. */
    private boolean passes(HttpRequest request, HttpExchange before) {
        if (!passable
                || !Http1Request.isPlain(request)
                || before.protocol() != Protocol.HTTP_1_1
                || !request.method().equals(before.method())
                || !request.uri().equals(before.target())
                || !keepAlive
                || loop().isDraining()) {
            return false;
        }
        if (owed == null) {
            owed = new ArrayDeque<>();
        }
        if (owed.size() + 1 >= context.limits().maxPipelined()) {
            return false;
        }
        owed.add(before);
        return true;
    }

    @Override
    public void mayBePassed(HttpExchange answeredLater) {
        if (answeredLater == exchange && requestComplete && !answeredLater.hasEnded() && !closing) {
            passable = true;
            advance();
        }
    }

    @Override
    public boolean isTurnOf(HttpExchange answering) {
        return owed == null || owed.isEmpty() || owed.peek() == answering;
    }

    /** The answer of an exchange that was passed is out: the next may go, and each that is out makes way for another. */
    private void paid(Deque<HttpExchange> others) {
        others.remove();
        if (paying) {
            return; // one call inside the other for each answer would fill the stack
        }
        paying = true;
        try {
            HttpExchange last = null;
            HttpExchange next = others.isEmpty() ? exchange : others.peek();
            while (next != null && next != last) {
                next.turnCame();
                last = next;
                next = others.isEmpty() ? exchange : others.peek();
            }
        } finally {
            paying = false;
        }
        advance();
    }

    /** Lets the decoder go on with what it held back until now. */
    private void decodeOn() {
        if (decoder == null || closing || switched) {
            return;
        }
        // The request that asked for another protocol is the last that was decoded, and it has been answered in HTTP.
        boolean goesOn = exchange == null && requestsAhead == 0 && decoder.goOn();
        boolean takesMore = requestsAhead < context.limits().maxPipelined() && decoder.takeMore();
        if (goesOn || takesMore) {
            decoder.decodeHeld();
        }
    }

    private void accept(Object message) {
        if (message instanceof ByteBuf bytes) {
            data(bytes); // first, as a large body is thousands of these
            return;
        }
        if (message instanceof HttpRequest request) {
            begin(request);
        } else if (!(message instanceof HttpObject)) {
            ctx().fireChannelRead(message); // of a pipeline of the user's, whose business it is
        }
        // A codec of the user's has the bytes in the content, perhaps all of them in the request.
        if (message instanceof HttpContent content && content != LastHttpContent.EMPTY_LAST_CONTENT) {
            data(content.content());
        }
        if (message instanceof LastHttpContent last) {
            end(last);
        }
    }

    private void begin(HttpRequest request) {
        if (watch.first) {
            proxied = context.proxies().trusts(peerAddress());
        }
        DecoderResult result = request.decoderResult();
        HttpVersion version = request.protocolVersion();
        Protocol protocol = version.minorVersion() == 0 ? Protocol.HTTP_1_0 : Protocol.HTTP_1_1;
        fields = Http1Request.fields(request);
        keepAlive = has(Http1Request.CONNECTION) ? HttpUtil.isKeepAlive(request) : protocol == Protocol.HTTP_1_1;
        requestComplete = false;
        passable = false;
        Problem problem = result.isFailure() ? undecodable(result.cause()) : refusal(request);
        RequestTarget target = null;
        if (problem == null) {
            try {
                // The target of CONNECT is no path; it is refused for its method.
                target = HttpMethod.CONNECT.equals(request.method())
                        ? RequestTarget.ROOT
                        : RequestTarget.parse(request.uri());
            } catch (ProblemException e) {
                problem = e.problem();
            }
        }
        HttpExchange next = new HttpExchange(
                this,
                protocol,
                request.method(),
                request.uri(),
                target == null ? RequestTarget.ROOT : target,
                request.headers(),
                requestedProtocol(request),
                has(Http1Request.OF_PAGE),
                Http1Request.contentLength(request));
        exchange = next;
        watch.requestBegan();
        if (problem != null) {
            // The framing of what follows is in doubt, or nobody would read it.
            keepAlive = false;
            next.overrule(problem, EndReason.ERROR);
            return;
        }
        byte[] body = Http1Request.body(request);
        if (body != null) {
            requestComplete = true;
            next.requestBody().came(body);
        } else if (protocol == Protocol.HTTP_1_1 && has(Http1Request.EXPECT)) {
            next.requestBody().awaitContinue();
        }
        if (!requestComplete) {
            watch.partOfBodyRead();
        }
        next.route(context.routes());
    }

    private Problem undecodable(Throwable cause) {
        LOG.debug("{} sent what is not HTTP", channel(), cause);
        if (cause instanceof TooLongHttpLineException) {
            return Problem.of(414, "The request line is over the limit.");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return Problem.of(431, "The header section is over the limit.");
        }
        return Problem.of(400, "The request is not HTTP/1.1 as RFC 9112 has it.");
    }

    /** What is wrong with a request that was well formed. */
    private @Nullable Problem refusal(HttpRequest request) {
        HttpVersion version = request.protocolVersion();
        if (version.majorVersion() != 1 || version.minorVersion() > 1) {
            return Problem.of(505, "HTTP/1.1 and HTTP/1.0 are spoken here.");
        }
        if (request.uri().length() > context.limits().maxUriBytes()) {
            return Problem.of(414, "The request target is over the limit.");
        }
        HttpHeaders headers = request.headers();
        if (has(Http1Request.HOST_TWICE) || !has(Http1Request.HOST) && version.minorVersion() == 1) {
            return Problem.of(400, "There must be one Host header.");
        }
        String host = Http1Request.host(request);
        if (host != null && !host.equals(lastHost)) {
            if (!host.isEmpty() && Authority.parse(host) == null) {
                return Problem.of(400, "The Host header is not a host and port.");
            }
            lastHost = host;
        }
        if (has(Http1Request.TRANSFER_ENCODING)) {
            List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
            if (codings.size() > 1 || !"chunked".equalsIgnoreCase(codings.get(0))) {
                return Problem.of(501, "No transfer coding but chunked is known.");
            }
        }
        if (has(Http1Request.EXPECT)
                && version.minorVersion() == 1
                && !"100-continue".equalsIgnoreCase(headers.get(HttpHeaderNames.EXPECT))) {
            return Problem.of(417, "No expectation but 100-continue can be met.");
        }
        return null;
    }

    private boolean has(int field) {
        return (fields & field) != 0;
    }

    private @Nullable String requestedProtocol(HttpRequest request) {
        if (!has(Http1Request.UPGRADE)) {
            return null;
        }
        HttpHeaders headers = request.headers();
        return HttpMethod.GET.equals(request.method())
                        && request.protocolVersion().minorVersion() == 1
                        && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                ? chosen(headers.getAll(HttpHeaderNames.UPGRADE))
                : null;
    }

    /** Of a list the server may choose (RFC 9110 section 7.8): what it can do, else what the client likes best. */
    private static @Nullable String chosen(List<String> lines) {
        String first = null;
        for (String line : lines) {
            for (String element : line.split(",", -1)) {
                String name = element.strip().toLowerCase(Locale.ROOT);
                if (name.equals("websocket")) {
                    return name;
                }
                if (first == null && !name.isEmpty()) {
                    first = name;
                }
            }
        }
        return first;
    }

    /** Bytes of a body; this method owns them. */
    private void data(ByteBuf bytes) {
        HttpExchange receiving = exchange;
        if (receiving == null || requestComplete || closing) {
            bytes.release(); // of a request that was refused at once
            return;
        }
        RequestBody body = receiving.requestBody();
        body.content(bytes);
        if (body.isTooBig() && receiving.hasEnded()) {
            closeAfterAnswer();
        } else if (!body.wantsMore()) {
            appetiteChanged();
        }
    }

    private void end(LastHttpContent last) {
        HttpExchange receiving = exchange;
        if (receiving == null || requestComplete || closing) {
            return;
        }
        if (((DecoderResultProvider) last).decoderResult().isFailure()) {
            LOG.debug(
                    "{} sent a body that is not framed",
                    channel(),
                    last.decoderResult().cause());
            keepAlive = false;
            if (receiving.hasEnded()) {
                closeAfterAnswer();
            } else {
                receiving.overrule(Problem.of(400, "The body is not framed as RFC 9112 has it."), EndReason.ERROR);
            }
            return;
        }
        requestComplete = true;
        receiving.requestBody().end(last.trailingHeaders());
        if (pendingSwitch != null) {
            pendingSwitch.run();
        } else {
            advance();
        }
    }

    // ---- answers

    @Override
    public void sendContinue() {
        writer.writeContinue(ctx());
        flushSoon();
    }

    @Override
    public void sendInterim(Interim interim) {
        if (channel().isWritable()) {
            writer.writeInterim(ctx(), interim);
            writer.flush(ctx()); // at once: what is only gathered does not count for the channel
        }
    }

    @Override
    public void sendHead(HttpExchange answered, Response head, long length, byte @Nullable [] content, boolean last) {
        boolean http10 = answered.protocol() == Protocol.HTTP_1_0;
        framing = Framing.NONE;
        if (!HttpExchange.mayNotHaveContent(head.status())) {
            if (length >= 0) {
                framing = Framing.LENGTH;
            } else if (!last && http10) {
                keepAlive = false;
            } else if (!last) {
                framing = Framing.CHUNKED;
            }
        }
        RequestBody body = answered.requestBody();
        boolean others = answered != exchange; // which are owed an answer on this connection
        keepAlive &= others || !loop().isDraining() && !body.isTooBig() && !body.isContinueAwaited();
        Persistence persistence =
                !keepAlive && !others ? Persistence.CLOSE : http10 ? Persistence.KEEP_ALIVE : Persistence.DEFAULT;
        writer.writeHead(ctx(), answered, head, framing, length, persistence, content, last);
        flushSoon();
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
    public boolean takesFileRegions() {
        return channel() instanceof DuplexChannel && !secure;
    }

    @Override
    public void sendEnd(HttpHeaders trailers) {
        writer.writeEnd(ctx(), framing, trailers);
    }

    @Override
    public void flushSoon() {
        if (reading) {
            flushNeeded = true;
        } else if (!flushScheduled) {
            flushScheduled = true;
            channel().eventLoop().execute(() -> {
                flushScheduled = false;
                writer.flush(ctx());
            });
        }
    }

    @Override
    public void streamBegan() {
        watch.streamBegan();
    }

    /**
     * Gives the connection to what is needed for the rest of an answer that lasts, and nothing else. Not where there is a
     * log of accesses, which wants to know of the request at the end.
     *
     * @return whether that was done
     */
    private boolean handOver() {
        HttpExchange lasting = exchange;
        HttpResponseStream stream = lasting == null ? null : lasting.openStream();
        if (lasting == null
                || stream == null
                || stream.hasLength()
                || lasting.hasEnded()
                || decoder == null
                || !decoder.isIdle()
                || !requestComplete
                || !lasting.requestBody().isDone()
                || requestsAhead > 0
                || closing
                || switched
                || flushScheduled
                || context.accessLog() != null) {
            return false;
        }
        Http1LongAnswer rest = new Http1LongAnswer(loop(), writer, framing, keepAlive, proxied, stream, lasting.life());
        switched = true;
        ctx().pipeline().replace(this, null, rest);
        ctx().pipeline().remove(decoder);
        watch.end();
        appetiteChanged(); // a client that is behind was not read; but only what is read tells that it is gone
        return true;
    }

    /** Goes on with the next request, where a long answer was before. */
    void goOn(boolean wasProxied) {
        proxied = wasProxied;
        watch.goOn();
    }

    @Override
    public void ended(HttpExchange answered) {
        if (closing) {
            return;
        }
        if (owed != null && answered == owed.peek()) {
            paid(owed);
        }
        if (answered != exchange) {
            return;
        }
        RequestBody body = answered.requestBody();
        if (!requestComplete && (!keepAlive || body.isTooBig() || body.isContinueAwaited())) {
            closeAfterAnswer();
        } else {
            advance();
        }
    }

    @Override
    public void cutOff(HttpExchange answered, EndReason reason) {
        closing = true;
        answered.end(reason);
        ctx().close();
    }

    /** Sends what was written, and closes: at once if nothing of the request can be on its way, else after lingering. */
    private void closeAfterAnswer() {
        closing = true;
        writer.flush(ctx());
        if (requestComplete) {
            ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        channel().config().setAutoRead(true);
        ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ignored -> {
            watch.linger();
            if (channel() instanceof DuplexChannel duplex && !secure) {
                duplex.shutdownOutput();
            }
        });
    }

    @Override
    public void appetiteChanged() {
        boolean wanted;
        if (closing || switched) {
            wanted = true;
        } else if (exchange != null && !requestComplete) {
            wanted = exchange.wantsBody();
            watch.bodyWanted(wanted);
        } else {
            int held = decoder == null ? 0 : decoder.heldBytes();
            wanted = channel().isWritable()
                    && (requestsAhead < context.limits().maxPipelined() && bytesAhead + held < MAX_BYTES_AHEAD);
        }
        if (channel().config().isAutoRead() != wanted) {
            channel().config().setAutoRead(wanted);
        }
    }

    // ---- another protocol

    @Override
    public void switchProtocol(HttpExchange answered, HttpHeaders headers, Consumer<OpenTunnel> protocol) {
        Runnable change = () -> change(answered, headers, protocol);
        if (requestComplete) {
            change.run();
        } else {
            pendingSwitch = change;
            answered.requestBody().answered(); // else nobody would read it to its end
        }
    }

    private void change(HttpExchange answered, HttpHeaders headers, Consumer<OpenTunnel> protocol) {
        switched = true;
        appetiteChanged();
        headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        headers.set(HttpHeaderNames.UPGRADE, answered.requestedProtocol().orElseThrow());
        writer.writeSwitching(ctx(), headers);
        writer.flush(ctx());
        ChannelPipeline pipeline = ctx().pipeline();
        // First, as the new protocol may write while it begins.
        for (ChannelHandler handler : pipeline.toMap().values()) {
            if (handler instanceof HttpServerCodec codec) {
                codec.removeOutboundHandler();
            } else if (handler instanceof HttpResponseEncoder) {
                pipeline.remove(handler);
            }
        }
        watch.end();
        protocol.accept(OpenTunnel.of(answered, channel(), loop(), null));
        if (!channel().isOpen()) {
            return; // the protocol could not begin
        }
        pipeline.remove(this);
        // Removed last, and from the outside in, so that what they hold undecoded reaches the new protocol.
        for (ChannelHandler handler : pipeline.toMap().values()) {
            if (handler instanceof Http1Decoder
                    || handler instanceof HttpServerCodec
                    || handler instanceof HttpRequestDecoder) {
                pipeline.remove(handler);
            }
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
        return secure;
    }

    @Override
    public boolean isProxied() {
        return proxied;
    }

    /** All that this connection may wait for: a request, its head, its body, the client to read, the end of lingering. */
    private final class Watch extends Loop.Watch {
        private final BodyRate rate = new BodyRate(context);

        /** When it will expire. */
        private long due;
        /** Since when there has been no request, or its head is incomplete. */
        private long since;
        /** Whether a part of a head has come. */
        private boolean headBegun;

        private boolean first = true;
        private @Nullable Linger linger;

        void begin() {
            loop().add(this, context.headerTicks()); // first, as the wheel stands still while nothing is armed
            since = loop().wheel.tick();
            due = since + context.headerTicks();
        }

        void end() {
            if (due != NEVER) {
                due = NEVER;
                loop().remove(this);
            }
        }

        private void by(long tick) {
            if (tick < due && due != NEVER) {
                arm(tick - loop().wheel.tick());
            }
        }

        void partOfHeadRead() {
            if (exchange == null && !headBegun && !closing) {
                headBegun = true;
                if (!first) {
                    since = loop().wheel.tick();
                }
                by(since + context.headerTicks());
            }
        }

        void requestBegan() {
            first = false;
            headBegun = false;
            rate.begin(loop().wheel.tick(), 0);
        }

        void partOfBodyRead() {
            by(rate.end());
        }

        void bodyWanted(boolean wanted) {
            if (rate.wanted(wanted, loop().wheel.tick()) && wanted) {
                by(rate.end());
            }
        }

        void streamBegan() {
            by(loop().wheel.tick() + LASTING_TICKS);
        }

        void goOn() {
            first = false;
            requestDone();
        }

        void requestDone() {
            since = loop().wheel.tick();
            by(since + context.idleTicks());
        }

        void linger() {
            if (due == NEVER) {
                return;
            }
            linger = Linger.on(channel(), loop());
            arm(linger.left());
        }

        @Override
        void expired() {
            Linger end = linger;
            if (end != null) {
                long left = end.left();
                if (left > 0) {
                    arm(left);
                } else {
                    ctx().close();
                }
                return;
            }
            if (handOver()) {
                return;
            }
            long now = loop().wheel.tick();
            long next = checkWrites(now);
            if (exchange == null) {
                next = Math.min(next, checkIdle(now));
            } else if (!requestComplete) {
                next = Math.min(next, checkBody(now, exchange));
            }
            rearm(Math.max(1, next - now));
        }

        private void rearm(long ticks) {
            if (due != NEVER && linger == null) {
                arm(ticks);
            }
        }

        private void arm(long ticks) {
            due = loop().wheel.arm(this, ticks);
        }

        private long checkIdle(long now) {
            if (isWriting()) {
                since = now; // the answer before is on its way still
            }
            long end = since + (headBegun || first ? context.headerTicks() : context.idleTicks());
            if (now < end) {
                return end;
            }
            if (headBegun) {
                requestComplete = false;
                refuseUnread(Problem.of(408, "The header section did not come in time."));
            } else {
                closing = true;
                ctx().close();
            }
            return now + context.writeTicks();
        }

        private long checkBody(long now, HttpExchange receiving) {
            if (rate.isTooSlow(now, receiving.requestBody())) {
                keepAlive = false;
                if (!receiving.hasEnded()) {
                    receiving.overrule(Problem.of(408, "The body came too slowly."), EndReason.TIMEOUT);
                } else if (!closing) {
                    closeAfterAnswer(); // it was answered before: nobody waits for the rest
                }
                return now + context.writeTicks();
            }
            return rate.end();
        }

        /** A client that reads nothing of what waits for it, for all of the time allowed, is given up. */
        private long checkWrites(long now) {
            if (isStalled(channel(), now, context.writeTicks())) {
                gone(EndReason.TIMEOUT);
                ctx().close();
            }
            return now + context.writeTicks();
        }

        @Override
        void drain(Duration left) {
            if (linger != null) {
                linger.drain();
                return;
            }
            if (owed != null) {
                owed.forEach(passed -> passed.drain(left));
            }
            if (exchange != null) {
                exchange.drain(left);
            } else if (!headBegun && (ahead == null || ahead.isEmpty())) {
                // The answer before may be on its way still.
                closing = true;
                writer.flush(ctx());
                ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            }
        }

        @Override
        void shutDown() {
            gone(EndReason.SHUTDOWN);
            ctx().close();
        }
    }

    /** Answers a request of which not even the head has come. */
    private void refuseUnread(Problem problem) {
        keepAlive = false;
        HttpExchange unread = new HttpExchange(
                this,
                Protocol.HTTP_1_1,
                HttpMethod.GET,
                "/",
                RequestTarget.parse("/"),
                EmptyHttpHeaders.INSTANCE,
                null,
                false,
                -1);
        exchange = unread;
        unread.overrule(problem, EndReason.TIMEOUT);
    }
}
