package dev.parley.sse;

import dev.parley.sse.SseEnd.Reason;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a client at its stream: one attempt after the other, until there is a reason to stop.
 *
 * <pre>
 * attempt → request → connection ⇄ redirect
 *    ↑                    |
 *    └────── delay ───────┴──→ stop
 * </pre>
 *
 * <p>At any time there is exactly one of: a request that is awaited, a connection, a delay; or it has stopped.
 *
 * <p><b>Threading.</b> Confined to one event loop, but for {@link #start}, {@link #close} and the accessors.
 */
final class Reconnector implements SseConnection.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Reconnector.class);

    /** Enough for every chain that is meant. */
    private static final int MAX_REDIRECTS = 10;

    /** What the application wants to hear. */
    record Callbacks(
            Consumer<HttpHeaders> onOpen,
            Function<ServerSentEvent, CompletionStage<?>> onEvent,
            Consumer<String> onComment,
            BiConsumer<SseEnd, Duration> onDisconnect,
            Consumer<SseEnd> onClose) {}

    /**
     * How requests are made and sent.
     *
     * @param requests gets the number of the attempt, from 1 on
     */
    record Transport(
            Bootstrap bootstrap,
            SslContext sslContext,
            Duration connectTimeout,
            int maxHeadBytes,
            IntFunction<CompletionStage<SseRequest>> requests) {}

    private final Target home;
    private final EventLoop loop;
    private final Transport transport;
    private final SseConnection.Limits limits;
    private final Callbacks callbacks;
    private final Backoff backoff;
    private final CompletableFuture<SseEnd> closed = new CompletableFuture<>();

    private volatile String lastEventId;
    private volatile boolean open;

    private int attempts;
    /** Where this attempt has been led to, and with what. */
    private Target target;

    private SseRequest request = SseRequest.get();
    private int redirects;

    private @Nullable SseConnection connection;
    private @Nullable Future<?> delay;
    private boolean stopped;

    Reconnector(
            Target home,
            String lastEventId,
            EventLoop loop,
            Transport transport,
            SseConnection.Limits limits,
            Callbacks callbacks,
            Backoff backoff) {
        this.home = home;
        this.target = home;
        this.lastEventId = lastEventId;
        this.loop = loop;
        this.transport = transport;
        this.limits = limits;
        this.callbacks = callbacks;
        this.backoff = backoff;
    }

    void start() {
        loop.execute(this::attempt);
    }

    void close() {
        SseEnd end = SseEnd.of(Reason.CLOSED, "the client was closed");
        try {
            if (loop.inEventLoop()) {
                stop(end);
            } else {
                loop.execute(() -> stop(end));
            }
        } catch (RejectedExecutionException loopIsShutDown) {
            // It may still run its last tasks.
            loop.terminationFuture().addListener(terminated -> stop(end));
        }
    }

    CompletionStage<SseEnd> closed() {
        return closed.minimalCompletionStage();
    }

    String lastEventId() {
        return lastEventId;
    }

    boolean isOpen() {
        return open;
    }

    private void attempt() {
        if (stopped) {
            return;
        }
        target = home;
        redirects = 0;
        attempts++;
        Promise<SseRequest> answer = loop.newPromise();
        Future<?> timer = loop.schedule(
                () -> answer.tryFailure(new TimeoutException("none within " + limits.responseTimeout())),
                limits.responseTimeout().toNanos(),
                TimeUnit.NANOSECONDS);
        answer.addListener((Future<SseRequest> done) -> {
            timer.cancel(false);
            if (done.isSuccess()) {
                request = done.getNow();
                connect();
            } else {
                onEnd(SseEnd.because(Reason.NO_REQUEST, "no request", done.cause()), Duration.ZERO);
            }
        });
        try {
            transport.requests.apply(attempts).whenComplete((made, failure) -> {
                if (made != null) {
                    answer.trySuccess(made);
                } else {
                    answer.tryFailure(failure != null ? failure : new NullPointerException("request"));
                }
            });
        } catch (Throwable e) { // What an application may throw is its own affair.
            answer.tryFailure(e);
        }
    }

    private void connect() {
        if (stopped) {
            return;
        }
        Target to = target;
        transport
                .bootstrap
                .clone(loop)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connection = connection(channel, to);
                    }
                })
                .connect(InetSocketAddress.createUnresolved(to.host(), to.port()))
                .addListener(done -> {
                    if (!done.isSuccess() && !stopped) {
                        onEnd(
                                SseEnd.because(Reason.UNREACHABLE, "no connection to " + to.authority(), done.cause()),
                                Duration.ZERO);
                    }
                });
    }

    private SseConnection connection(Channel channel, Target to) {
        if (to.isSecure()) {
            channel.pipeline().addLast(tls(channel, to));
        }
        HttpDecoderConfig decoding = new HttpDecoderConfig()
                .setMaxInitialLineLength(transport.maxHeadBytes)
                .setMaxHeaderSize(transport.maxHeadBytes);
        SseConnection last = new SseConnection(channel, request.toHttp(to, lastEventId), limits, this);
        channel.pipeline().addLast(new HttpClientCodec(decoding, false, false), last);
        return last;
    }

    private SslHandler tls(Channel channel, Target to) {
        SslHandler handler = transport.sslContext.newHandler(channel.alloc(), to.host(), to.port());
        handler.setHandshakeTimeoutMillis(transport.connectTimeout.toMillis());
        SSLParameters parameters = handler.engine().getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // RFC 9110, 4.3.4, whatever the context says
        handler.engine().setSSLParameters(parameters);
        return handler;
    }

    @Override
    public void onOpen(HttpHeaders headers) {
        open = true;
        callbacks.onOpen.accept(headers);
    }

    @Override
    public CompletionStage<?> onEvent(ServerSentEvent event) {
        backoff.reset();
        return callbacks.onEvent.apply(event);
    }

    @Override
    public void onComment(String comment) {
        callbacks.onComment.accept(comment);
    }

    @Override
    public void onRetry(Duration retry) {
        backoff.base(retry);
    }

    @Override
    public void onLastEventId(String id) {
        lastEventId = id;
    }

    @Override
    public void onRedirect(Answer.Redirect redirect) {
        Target next;
        try {
            next = target.follow(redirect.location());
            if (target.isSecure() && !next.isSecure()) {
                throw new IllegalArgumentException("from https to http");
            }
            if (++redirects > MAX_REDIRECTS) {
                throw new IllegalArgumentException("more than " + MAX_REDIRECTS + " redirects");
            }
        } catch (IllegalArgumentException e) {
            stop(new SseEnd(
                    Reason.REFUSED, "status " + redirect.status() + ": " + e.getMessage(), redirect.status(), e));
            return;
        }
        if (!next.isSameOrigin(target)) {
            request = request.withoutCredentials();
        }
        if (redirect.losesBody()) {
            request = request.asGet();
        }
        target = next;
        connect();
    }

    @Override
    public void onEnd(SseEnd end, Duration retryAfter) {
        open = false;
        if (end.reason().isFinal()) {
            stop(end);
            return;
        }
        if (loop.isShuttingDown()) {
            stop(SseEnd.of(Reason.CLOSED, "the event loop was shut down"));
            return;
        }
        if (end.reason() == Reason.ENDED) {
            backoff.reset();
        }
        Duration wait = backoff.next().plus(retryAfter);
        LOG.debug("{}: {}; again in {}", home, end.detail(), wait);
        try {
            callbacks.onDisconnect.accept(end, wait);
        } catch (Throwable e) {
            stop(SseEnd.because(Reason.LISTENER_FAILED, "onDisconnect failed", e));
        }
        if (!stopped) {
            delay = loop.schedule(this::attempt, wait.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void stop(SseEnd end) {
        if (stopped) {
            return;
        }
        stopped = true;
        open = false;
        if (connection != null) {
            connection.abort();
        }
        if (delay != null) {
            delay.cancel(false);
        }
        if (end.reason() != Reason.CLOSED && end.reason() != Reason.NO_CONTENT) {
            LOG.warn("{}: stopped: {}", home, end.detail(), end.cause());
        }
        try {
            callbacks.onClose.accept(end);
        } catch (Throwable e) {
            LOG.warn("{}: onClose failed", home, e);
        }
        closed.complete(end);
    }
}
