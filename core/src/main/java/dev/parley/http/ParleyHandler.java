package dev.parley.http;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2StreamChannel;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Serves routes in a Netty pipeline.
 *
 * <pre>{@code
 * pipeline.addLast(new HttpServerCodec(), new ParleyHandler(routes));
 * }</pre>
 *
 * <p>Behind an {@code HttpServerCodec} it serves HTTP/1.1; in the child channel of an {@code Http2MultiplexHandler} it
 * serves one HTTP/2 stream. Where nothing is in the pipeline yet, {@link #addTo} adds all that is needed: a stricter
 * codec, and HTTP/2 beside HTTP/1.1.
 *
 * <p><b>Threading.</b> Sharable: one handler serves any number of channels, on any number of event loops.
 */
@ChannelHandler.Sharable
public final class ParleyHandler extends ChannelHandlerAdapter {
    private final ServerContext context;

    /**
     * A handler with all defaults.
     *
     * @param routes what to serve
     */
    public ParleyHandler(Routes routes) {
        this(builder().routes(routes));
    }

    private ParleyHandler(Builder builder) {
        if (builder.routes == null) {
            throw new IllegalStateException("routes: none (expected: Routes)");
        }
        context = new ServerContext(
                builder.routes,
                builder.limits,
                builder.proxies,
                builder.clock,
                builder.executor == null ? BlockingExecutor.shared() : builder.executor,
                builder.accessLog);
    }

    /**
     * Begins a handler with settings.
     *
     * @return a new builder, which needs routes
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.pipeline()
                .replace(
                        this,
                        null,
                        ctx.channel() instanceof Http2StreamChannel
                                ? new Http2Stream(context, null)
                                : new Http1Connection(context, null));
    }

    /**
     * Makes a pipeline without a codec serve HTTP/1.1, and HTTP/2 for clients that begin with it (prior knowledge).
     *
     * @param pipeline the pipeline of a new connection
     */
    public void addTo(ChannelPipeline pipeline) {
        pipeline.addLast(new PrefaceDetector(context));
        addTo(pipeline, Protocol.HTTP_1_1);
    }

    /**
     * Makes a pipeline without a codec serve the protocol that was agreed on, such as by ALPN.
     *
     * @param pipeline the pipeline of a new connection
     * @param protocol what was agreed on
     */
    public void addTo(ChannelPipeline pipeline, Protocol protocol) {
        switch (protocol) {
            case HTTP_1_0, HTTP_1_1 -> {
                Http1Decoder decoder = new Http1Decoder(context.limits());
                pipeline.addLast(decoder, new Http1Connection(context, decoder));
            }
            case HTTP_2 -> Http2Connection.addTo(pipeline, context);
        }
    }

    /**
     * Brings all connections to an end: those that wait for a request are closed, exchanges in flight may finish, open
     * streams are told ({@link Exchange#onDrain}); what is left after the time given is cut off. Accepting no more is
     * the caller's part.
     *
     * @param limit how long to wait
     * @return completes when no connection is left
     */
    public CompletionStage<Void> drain(Duration limit) {
        return context.drain(limit);
    }

    /** Builds a {@link ParleyHandler}. Not thread-safe. */
    public static final class Builder {
        private @Nullable Routes routes;
        private HttpLimits limits = HttpLimits.DEFAULT;
        private TrustedProxies proxies = TrustedProxies.none();
        private InstantSource clock = InstantSource.system();
        private @Nullable Executor executor;
        private @Nullable AccessLog accessLog;

        private Builder() {}

        /**
         * Sets what is served.
         *
         * @param routes the table
         * @return this builder
         */
        public Builder routes(Routes routes) {
            this.routes = routes;
            return this;
        }

        /**
         * Sets the limits of connections and exchanges.
         *
         * @param limits {@link HttpLimits#DEFAULT} where nobody sets others
         * @return this builder
         */
        public Builder limits(HttpLimits limits) {
            this.limits = limits;
            return this;
        }

        /**
         * Sets whose {@code Forwarded} and {@code X-Forwarded-*} headers are believed.
         *
         * @param proxies {@link TrustedProxies#none} where nobody sets others
         * @return this builder
         */
        public Builder trustedProxies(TrustedProxies proxies) {
            this.proxies = proxies;
            return this;
        }

        /**
         * Sets the clock of the {@code Date} header.
         *
         * @param clock the system's where nobody sets another
         * @return this builder
         */
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /**
         * Sets where blocking work belongs.
         *
         * @param executor up to 10,000 virtual threads, or where the JVM has none a pool of 64 threads with 1024 tasks waiting,
         *     unless another is set; a task that it rejects is answered with 503
         * @return this builder
         */
        public Builder executor(Executor executor) {
            this.executor = executor;
            return this;
        }

        /**
         * Logs a line for each exchange, at INFO, through the SLF4J logger {@code dev.parley.access}. Queries are left
         * out. Off where this is not called.
         *
         * @return this builder
         */
        public Builder accessLog() {
            this.accessLog = new AccessLog();
            return this;
        }

        /**
         * The handler.
         *
         * @return a new handler
         * @throws IllegalStateException if no routes were set
         */
        public ParleyHandler build() {
            return new ParleyHandler(this);
        }
    }
}
