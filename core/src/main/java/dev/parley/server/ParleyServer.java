package dev.parley.server;

import dev.parley.http.HttpLimits;
import dev.parley.http.ParleyHandler;
import dev.parley.http.Routes;
import dev.parley.http.TrustedProxies;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that listens for HTTP/1.1 and HTTP/2 on one port, in clear text or over TLS, or both on two ports.
 *
 * <pre>{@code
 * ParleyServer server = ParleyServer.builder().port(8080).routes(routes).build().start();
 * server.drainOnShutdown(Duration.ofSeconds(10));
 * }</pre>
 *
 * <p>It does nothing that a Netty program with a {@link ParleyHandler} could not.
 *
 * <p><b>States.</b> Built, then {@link #start started} once, then {@link #drain draining} or {@link #close closed}, for
 * good.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class ParleyServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ParleyServer.class);

    /** How long {@link #close} waits for the event loops. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final @Nullable String host;
    private final int port;
    private final int tlsPort;
    private final @Nullable Tls tls;
    private final Transport transport;
    private final int eventLoops;
    private final int maxConnections;
    private final Duration handshakeTimeout;
    private final ParleyHandler handler;
    private final AtomicInteger connections = new AtomicInteger();
    private final ChannelFutureListener countDown = closed -> connections.decrementAndGet();
    private final List<Channel> listening = new ArrayList<>();
    private @Nullable EventLoopGroup group;
    private @Nullable CompletableFuture<Void> ended;

    private ParleyServer(Builder settings) {
        this.host = settings.host;
        this.port = settings.port;
        this.tlsPort = settings.tlsPort;
        this.tls = settings.tls;
        this.transport = settings.transport;
        this.eventLoops = settings.eventLoops;
        this.maxConnections = settings.maxConnections;
        this.handshakeTimeout = settings.handshakeTimeout;
        this.handler = settings.handler.build();
    }

    /**
     * Begins a server with defaults: port 8080 on all addresses.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Binds and begins to accept.
     *
     * @return this server
     * @throws IllegalStateException if it was started before, or the address can't be bound
     */
    public synchronized ParleyServer start() {
        if (group != null) {
            throw new IllegalStateException("start: this server was started before (expected: a new one)");
        }
        Transport chosen = transport.resolve();
        EventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(eventLoops, new DefaultThreadFactory("parley"), chosen.ioHandlers());
        group = loops;
        try {
            boolean twoPorts = tls != null && tlsPort >= 0;
            if (tls == null || twoPorts) {
                listen(loops, chosen, port, null);
            }
            if (tls != null) {
                listen(loops, chosen, twoPorts ? tlsPort : port, tls);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        LOG.info(
                "listening on {} ({})",
                listening.stream().map(Channel::localAddress).toList(),
                chosen);
        return this;
    }

    private void listen(EventLoopGroup loops, Transport chosen, int atPort, @Nullable Tls with) {
        InetSocketAddress address = host == null ? new InetSocketAddress(atPort) : new InetSocketAddress(host, atPort);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(chosen.serverChannel())
                .option(ChannelOption.SO_BACKLOG, 4096)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                // Netty's own choice, but one for all: what differs between connections is not in it.
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accepted(channel, with);
                    }
                });
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IllegalStateException(
                    "port: " + address + " can't be bound (expected: a free port, or 0)", bound.cause());
        }
        listening.add(bound.channel());
    }

    private void accepted(Channel channel, @Nullable Tls with) {
        channel.closeFuture().addListener(countDown);
        if (connections.incrementAndGet() > maxConnections) {
            channel.close();
        } else if (with == null) {
            handler.addTo(channel.pipeline());
        } else {
            TlsNegotiation.begin(channel, with, handler, handshakeTimeout);
        }
    }

    /**
     * Where it listens: in clear text if it does, else over TLS.
     *
     * @return the bound address, with the port that the system chose for port 0
     * @throws IllegalStateException if it is not started
     */
    public synchronized InetSocketAddress address() {
        if (listening.isEmpty()) {
            throw new IllegalStateException("address: not listening (expected: a server that is started)");
        }
        return (InetSocketAddress) listening.get(0).localAddress();
    }

    /**
     * The port of {@link #address}.
     *
     * @return a port, 1 to 65535
     */
    public int port() {
        return address().getPort();
    }

    /**
     * The port that speaks TLS.
     *
     * @return a port, 1 to 65535
     * @throws IllegalStateException if it is not started, or has no TLS
     */
    public synchronized int tlsPort() {
        if (tls == null) {
            throw new IllegalStateException("tlsPort: no TLS (expected: a server that was built with tls)");
        }
        address();
        return ((InetSocketAddress) listening.get(listening.size() - 1).localAddress()).getPort();
    }

    /**
     * Connections that are open.
     *
     * @return a number, 0 or more
     */
    public int connections() {
        return connections.get();
    }

    /**
     * Stops accepting, closes what is idle, lets exchanges in flight finish and tells open streams to end; closes what
     * is left when the time is over.
     *
     * @param limit how long to wait, 0 or more
     * @return completes when the server is closed
     */
    public synchronized CompletionStage<Void> drain(Duration limit) {
        EventLoopGroup loops = group;
        if (loops == null) {
            return CompletableFuture.completedStage(null);
        }
        if (ended != null && (!limit.isZero() || loops.isShuttingDown())) {
            return ended;
        }
        CompletableFuture<Void> closed = ended == null ? new CompletableFuture<>() : ended;
        ended = closed;
        // Nobody is sent away who could come back to this server.
        CompletableFuture.allOf(listening.stream().map(ParleyServer::stop).toArray(CompletableFuture<?>[]::new))
                .thenCompose(stopped -> handler.drain(limit))
                .whenComplete((done, failure) -> {
                    Future<?> ends = loops.shutdownGracefully(0, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
                    ends.addListener(ignored -> closed.complete(null));
                });
        return closed;
    }

    private static CompletableFuture<Void> stop(Channel listening) {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        listening.close().addListener(done -> stopped.complete(null));
        return stopped;
    }

    /**
     * Drains this server when the JVM is told to stop, such as by SIGTERM.
     *
     * @param limit how long to wait
     * @return this server
     */
    public ParleyServer drainOnShutdown(Duration limit) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> await(drain(limit), limit.plus(CLOSE_TIMEOUT)), "parley-drain"));
        return this;
    }

    /** Closes at once: what is in flight is cut off. Waits until the event loops have stopped. Not to be called on one. */
    @Override
    public void close() {
        await(drain(Duration.ZERO), CLOSE_TIMEOUT);
    }

    private static void await(CompletionStage<Void> stage, Duration limit) {
        try {
            stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("the server did not stop within {}", limit, e);
        }
    }

    /** Builds a {@link ParleyServer}. Not thread-safe. */
    public static final class Builder {
        private int port = 8080;
        private int tlsPort = -1;
        private @Nullable String host;
        private @Nullable Tls tls;
        private Transport transport = Transport.AUTO;
        private int eventLoops = Runtime.getRuntime().availableProcessors();
        private int maxConnections = 100_000;
        private Duration handshakeTimeout = HttpLimits.DEFAULT.headerTimeout();
        private final ParleyHandler.Builder handler = ParleyHandler.builder();

        private Builder() {}

        /**
         * Sets what is served.
         *
         * @param routes the table
         * @return this builder
         */
        public Builder routes(Routes routes) {
            handler.routes(routes);
            return this;
        }

        /**
         * Sets the port: of clear text, or of TLS where {@link #tls} is set and {@link #tlsPort} is not.
         *
         * @param port 0 to 65535; the system chooses a free one for 0; 8080 where nobody sets one
         * @return this builder
         */
        public Builder port(int port) {
            this.port = checkedPort("port", port);
            return this;
        }

        /**
         * Sets the address to listen on.
         *
         * @param host a name or an address of this machine; all addresses where nobody sets one
         * @return this builder
         */
        public Builder host(String host) {
            this.host = host;
            return this;
        }

        /**
         * Speaks TLS.
         *
         * @param tls the certificate
         * @return this builder
         */
        public Builder tls(Tls tls) {
            this.tls = tls;
            return this;
        }

        /**
         * Speaks TLS on a port of its own, beside clear text on {@link #port}.
         *
         * @param port 0 to 65535; the system chooses a free one for 0
         * @return this builder
         */
        public Builder tlsPort(int port) {
            this.tlsPort = checkedPort("tlsPort", port);
            return this;
        }

        /**
         * Sets how input and output are done.
         *
         * @param transport {@link Transport#AUTO} where nobody sets another
         * @return this builder
         */
        public Builder transport(Transport transport) {
            this.transport = transport;
            return this;
        }

        /**
         * Sets the number of event loops, each a thread.
         *
         * @param count 1 or more; one for each processor where nobody sets another
         * @return this builder
         */
        public Builder eventLoops(int count) {
            this.eventLoops = positive("eventLoops", count);
            return this;
        }

        /**
         * Sets how many connections may be open. One more is closed as soon as it is accepted.
         *
         * @param count 1 or more; 100,000 where nobody sets another
         * @return this builder
         */
        public Builder maxConnections(int count) {
            this.maxConnections = positive("maxConnections", count);
            return this;
        }

        /**
         * Sets the limits of connections and exchanges.
         *
         * @param limits {@link HttpLimits#DEFAULT} where nobody sets others
         * @return this builder
         */
        public Builder limits(HttpLimits limits) {
            handler.limits(limits);
            handshakeTimeout = limits.headerTimeout();
            return this;
        }

        /**
         * Sets whose {@code Forwarded} and {@code X-Forwarded-*} headers are believed:
         * {@link ParleyHandler.Builder#trustedProxies}.
         *
         * @param proxies the addresses of the proxies
         * @return this builder
         */
        public Builder trustedProxies(TrustedProxies proxies) {
            handler.trustedProxies(proxies);
            return this;
        }

        /**
         * Sets where blocking work belongs: {@link ParleyHandler.Builder#executor}.
         *
         * @param executor runs it
         * @return this builder
         */
        public Builder executor(Executor executor) {
            handler.executor(executor);
            return this;
        }

        /**
         * Logs a line for each exchange: {@link ParleyHandler.Builder#accessLog}.
         *
         * @return this builder
         */
        public Builder accessLog() {
            handler.accessLog();
            return this;
        }

        /**
         * The server, not started.
         *
         * @return a new server
         * @throws IllegalStateException if no routes were set, or a port for TLS but no certificate
         */
        public ParleyServer build() {
            if (tlsPort >= 0 && tls == null) {
                throw new IllegalStateException("tlsPort: " + tlsPort + " without tls (expected: both, or neither)");
            }
            return new ParleyServer(this);
        }

        private static int checkedPort(String name, int port) {
            if (port < 0 || port > 65_535) {
                throw new IllegalArgumentException(name + ": " + port + " (expected: 0 to 65535)");
            }
            return port;
        }

        private static int positive(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
            }
            return value;
        }
    }
}
