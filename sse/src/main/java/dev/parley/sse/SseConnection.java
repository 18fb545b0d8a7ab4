package dev.parley.sse;

import dev.parley.sse.SseEnd.Reason;
import dev.parley.sse.codec.EventStreamParser;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ByteProcessor;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer: a connection that brings one event stream, or tells why not. It stands behind an
 * {@code HttpClientCodec}, in a channel that reads only when it is told to.
 *
 * <p><b>States.</b> Connecting (TLS included); then the request is sent and the head awaited; then there is a parser, and
 * the stream is open. When nothing more can come it is <i>over</i>, but what has come is still heard, at the listener's
 * pace. Then it has <i>ended</i>: the channel is closed, and exactly one of {@link Listener#onRedirect} and
 * {@link Listener#onEnd} was called, unless {@link #abort} came first.
 *
 * <p><b>Backpressure.</b> While the listener is busy with an event the socket is not read, and what was read is not
 * parsed: the parser gets the stream line by line, so it is never ahead of the listener.
 *
 * <p><b>Threading.</b> Confined to the channel's event loop.
 *
 * <p><b>Memory.</b> Holds what one read of the socket brought, and what the parser does.
 */
final class SseConnection extends ChannelInboundHandlerAdapter {
    /** What a listener returns that is ready for the next event at once. */
    static final CompletionStage<Void> READY = CompletableFuture.completedStage(null);

    private static final ByteProcessor NO_LINE_END = b -> b != '\n' && b != '\r';

    /**
     * The times and sizes that a connection keeps to.
     *
     * @param idleTimeout zero for none
     */
    record Limits(Duration responseTimeout, Duration idleTimeout, int maxEventBytes) {}

    /** Hears the stream. What it throws ends the connection with {@link Reason#LISTENER_FAILED}. */
    interface Listener {
        void onOpen(HttpHeaders headers);

        /** Completes when the next event may come. */
        CompletionStage<?> onEvent(ServerSentEvent event);

        void onComment(String comment);

        void onRetry(Duration retry);

        /** The listener is done with all up to this id. */
        void onLastEventId(String id);

        void onRedirect(Answer.Redirect redirect);

        void onEnd(SseEnd end, Duration retryAfter);
    }

    private final Channel channel;
    private final FullHttpRequest request;
    private final Limits limits;
    private final Listener listener;

    private boolean sent;
    private @Nullable EventStreamParser parser;
    /** Passing over the rest of an interim response. */
    private boolean interim;

    private final Queue<ByteBuf> waiting = new ArrayDeque<>();
    /** The listener has an event and is not done with it. */
    private boolean busy;

    private boolean draining;
    /** Why nothing more can come. */
    private @Nullable SseEnd over;

    private boolean ended;

    /** Waits for the head, then for silence. */
    private @Nullable Future<?> timer;

    private long lastHeardNanos;

    SseConnection(Channel channel, FullHttpRequest request, Limits limits, Listener listener) {
        this.channel = channel;
        this.request = request;
        this.limits = limits;
        this.listener = listener;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (ctx.pipeline().get(SslHandler.class) == null) {
            send();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                send();
            } else {
                over(SseEnd.because(Reason.UNREACHABLE, "no TLS connection", handshake.cause()));
            }
        }
    }

    private void send() {
        sent = true;
        channel.writeAndFlush(request).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        timer = after(
                limits.responseTimeout.toNanos(),
                () -> over(SseEnd.of(Reason.SILENT, "no response within " + limits.responseTimeout)));
        channel.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (over == null && !ended && message instanceof HttpObject part) {
                read(part);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void read(HttpObject part) {
        if (part.decoderResult().isFailure()) {
            over(SseEnd.because(
                    Reason.LOST, "no valid HTTP", part.decoderResult().cause()));
            return;
        }
        if (part instanceof HttpResponse head) {
            head(head);
        }
        if (part instanceof HttpContent content) {
            content(content);
        }
    }

    private void head(HttpResponse head) {
        int status = head.status().code();
        interim = status >= 100 && status <= 199 && status != 101;
        if (interim) {
            return;
        }
        Answer answer = Answer.of(head, Instant.now());
        if (answer instanceof Answer.Redirect redirect) {
            end(() -> listener.onRedirect(redirect));
        } else if (answer instanceof Answer.Refusal refusal) {
            end(() -> listener.onEnd(refusal.end(), refusal.retryAfter()));
        } else {
            open(head.headers());
        }
    }

    private void open(HttpHeaders headers) {
        cancelTimer();
        parser = new EventStreamParser(new Heard(), limits.maxEventBytes, limits.maxEventBytes);
        lastHeardNanos = now();
        if (!limits.idleTimeout.isZero()) {
            awaitSilence(limits.idleTimeout.toNanos());
        }
        tell(() -> listener.onOpen(headers));
    }

    private void content(HttpContent content) {
        if (interim) {
            return;
        }
        waiting.add(content.content().retain());
        if (content instanceof LastHttpContent) {
            over(SseEnd.of(Reason.ENDED, "the stream ended"));
        } else {
            drain();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        lastHeardNanos = now();
        readUnlessBusy();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        over(SseEnd.of(sent ? Reason.LOST : Reason.UNREACHABLE, "the connection was closed"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable thrown) {
        Throwable cause = thrown instanceof DecoderException && thrown.getCause() != null ? thrown.getCause() : thrown;
        over(SseEnd.because(sent ? Reason.LOST : Reason.UNREACHABLE, "the connection failed", cause));
    }

    /** Gives the parser what has come, as long as the listener takes it. */
    private void drain() {
        if (draining) {
            return; // The caller goes on: one call inside the other for each event would fill the stack.
        }
        draining = true;
        while (!busy && !ended && !waiting.isEmpty()) {
            ByteBuf chunk = waiting.element();
            if (chunk.isReadable()) {
                parse(line(chunk));
            } else {
                waiting.remove().release();
            }
        }
        draining = false;
        if (ended) {
            discard();
            return;
        }
        SseEnd end = over;
        if (end != null && !busy) {
            end(() -> listener.onEnd(end, Duration.ZERO));
        }
    }

    private static ByteBuf line(ByteBuf chunk) {
        int end = chunk.forEachByte(NO_LINE_END);
        return chunk.readSlice(end < 0 ? chunk.readableBytes() : end + 1 - chunk.readerIndex());
    }

    private void parse(ByteBuf line) {
        EventStreamParser stream = parser;
        if (stream == null) {
            return; // The body of a response that is no stream never gets here.
        }
        try {
            stream.parse(line);
        } catch (TooLongFrameException e) {
            end(() -> listener.onEnd(SseEnd.because(Reason.TOO_LONG, "the stream", e), Duration.ZERO));
            return;
        }
        commit();
    }

    /** The stream's own id counts from the moment on when the listener has taken what it stands for. */
    private void commit() {
        String id = parser == null ? null : parser.lastEventId();
        if (id != null && !busy && !ended) {
            listener.onLastEventId(id);
        }
    }

    private void hear(CompletionStage<?> taken) {
        if (taken == READY) {
            return;
        }
        busy = true;
        taken.whenComplete((ignored, failure) -> {
            if (channel.eventLoop().inEventLoop()) {
                taken(failure);
            } else {
                channel.eventLoop().execute(() -> taken(failure));
            }
        });
    }

    private void taken(@Nullable Throwable failure) {
        busy = false;
        lastHeardNanos = now(); // The silence so far was ours.
        if (failure != null) {
            listenerFailed(
                    failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure);
            return;
        }
        commit();
        if (!draining) {
            drain();
            readUnlessBusy();
        }
    }

    private void readUnlessBusy() {
        if (!busy && !ended) {
            channel.read();
        }
    }

    private void tell(Runnable news) {
        try {
            news.run();
        } catch (Throwable e) { // Whatever it is, it must not pass for a failure of the connection.
            listenerFailed(e);
        }
    }

    private void listenerFailed(Throwable failure) {
        end(() -> listener.onEnd(SseEnd.because(Reason.LISTENER_FAILED, "a listener failed", failure), Duration.ZERO));
    }

    private void awaitSilence(long nanos) {
        timer = after(nanos, () -> {
            long idle = limits.idleTimeout.toNanos();
            long left = busy ? idle : lastHeardNanos + idle - now();
            if (left > 0) {
                awaitSilence(left);
            } else {
                over(SseEnd.of(Reason.SILENT, "nothing heard for " + limits.idleTimeout));
            }
        });
    }

    /** Nothing more can come. */
    private void over(SseEnd end) {
        if (over == null && !ended) {
            over = end;
            cancelTimer();
            channel.close();
            drain();
        }
    }

    private void end(Runnable last) {
        if (!ended) {
            abort();
            last.run();
        }
    }

    /** Ends at once, and tells nobody. */
    void abort() {
        ended = true;
        cancelTimer();
        channel.close();
        if (!draining) { // else a line of it is being parsed
            discard();
        }
    }

    private void discard() {
        waiting.forEach(ByteBuf::release);
        waiting.clear();
    }

    private Future<?> after(long nanos, Runnable task) {
        return channel.eventLoop().schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private long now() {
        return channel.eventLoop().ticker().nanoTime();
    }

    /** What the parser tells, as the application may hear it. */
    private final class Heard implements EventStreamParser.Listener {
        @Override
        public void onEvent(ServerSentEvent event) {
            tell(() -> hear(listener.onEvent(event)));
        }

        @Override
        public void onComment(String comment) {
            tell(() -> listener.onComment(comment));
        }

        @Override
        public void onRetry(Duration retry) {
            listener.onRetry(retry);
        }
    }
}
