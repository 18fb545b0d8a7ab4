package dev.parley.testkit;

import dev.parley.http.HttpLimits;
import dev.parley.http.ParleyHandler;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A server that lives in a test: routes, served by all of Parley, to clients that the test plays.
 *
 * <pre>{@code
 * try (TestServer server = TestServer.of(routes)) {
 *     TestStream news = server.get("/api/news").stream();
 *     topic.publish("a");
 *     assertThat(news).received("a");
 * }
 * }</pre>
 *
 * <p><b>Time.</b> Stands still until {@link #advance}. Each method that looks at something first lets the server work
 * until it has nothing left to do; {@link #run} does only that.
 *
 * <p><b>Threading.</b> Confined to the thread that made it, which is the event loop of all of its connections. Endpoints
 * may be completed from other threads; what they did is seen when the test looks next. Work that belongs on
 * {@link dev.parley.http.Exchange#executor} runs on the test's thread too, as soon as the event loop is at rest: such work must not
 * wait for what only the event loop can bring, such as more of a body.
 *
 * <p><b>Errors.</b> What a test did not expect is an {@link AssertionError}: an endpoint that does not answer, a
 * recording that nobody looked at when the server is {@link #close closed}, a buffer that was not released by then.
 */
public final class TestServer implements AutoCloseable {
    /** More turns than any test needs between two looks: an endpoint that writes whenever it may, to a client that reads. */
    private static final int MAX_TURNS = 2_000_000;

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 80);
    /** Where ephemeral ports begin (RFC 6335 section 6). */
    private static final int FIRST_CLIENT_PORT = 49_152;

    private final Builder settings;
    private final VirtualLoop loop = new VirtualLoop();
    private final ParleyHandler handler;
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    private final List<Cable> cables = new ArrayList<>();
    /** What each recording would say that nobody has looked at; empty if there is nothing. */
    private final List<Supplier<String>> recordings = new ArrayList<>();

    /** Filled on any thread: what an endpoint waits for may come from one of its own. */
    private final Queue<Runnable> blocking = new ConcurrentLinkedQueue<>();

    private int connections;
    private boolean running;
    private boolean closed;

    private TestServer(Builder settings) {
        this.settings = settings;
        this.handler = ParleyHandler.builder()
                .routes(settings.routes.apply(clock()))
                .limits(settings.limits)
                .clock(clock())
                .executor(blocking::add)
                .build();
    }

    /**
     * A server with all defaults, whose clients speak HTTP/1.1.
     *
     * @param routes what it serves
     * @return a new server
     */
    public static TestServer of(Routes routes) {
        return builder(routes).build();
    }

    /**
     * A server with all defaults, whose routes need its clock, such as those that serve a topic:
     *
     * <pre>{@code
     * TestServer.of(clock -> Routes.builder()
     *         .get("/news", SseEndpoint.of(Topics.builder().clock(clock).build().topic("news")))
     *         .build())
     * }</pre>
     *
     * @param routes gets {@link #clock}, and gives what is served
     * @return a new server
     */
    public static TestServer of(Function<InstantSource, Routes> routes) {
        return builder(routes).build();
    }

    /**
     * Begins a server with settings.
     *
     * @param routes what it serves
     * @return a new builder
     */
    public static Builder builder(Routes routes) {
        return builder(clock -> routes);
    }

    /**
     * Begins a server with settings, whose routes need its clock.
     *
     * @param routes gets {@link #clock}, and gives what is served
     * @return a new builder
     */
    public static Builder builder(Function<InstantSource, Routes> routes) {
        return new Builder(routes);
    }

    // ---- clients

    /**
     * A GET on a connection of its own.
     *
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest get(String target) {
        return request(HttpMethod.GET, target);
    }

    /**
     * A HEAD on a connection of its own.
     *
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest head(String target) {
        return request(HttpMethod.HEAD, target);
    }

    /**
     * A POST on a connection of its own.
     *
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest post(String target) {
        return request(HttpMethod.POST, target);
    }

    /**
     * Opens a WebSocket on a connection of its own. {@link TestRequest#webSocket} does so with headers.
     *
     * @param target path and query, encoded
     * @return the open WebSocket
     * @throws AssertionError if the server refused, with its status and body, or if its answer is wrong
     */
    public TestWebSocket webSocket(String target) {
        return get(target).webSocket();
    }

    /**
     * A request on a connection of its own.
     *
     * @param method any method
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest request(HttpMethod method, String target) {
        return new TestRequest(this::client, method, target);
    }

    /**
     * Connects a client that speaks HTTP.
     *
     * @return a new client, with one connection
     */
    public TestClient client() {
        Cable cable = cable(false);
        Protocol protocol = settings.protocol;
        ClientProtocol spoken = protocol == Protocol.HTTP_2
                ? new Http2Client(cable.client())
                : new Http1Client(cable.client(), protocol);
        plug(cable);
        return new TestClient(this, cable, spoken, protocol);
    }

    /**
     * Connects a client that sends and gets bare bytes.
     *
     * @return a new connection
     */
    public TestConnection connect() {
        Cable cable = cable(true);
        RawClient raw = new RawClient(cable.client());
        plug(cable);
        return new TestConnection(this, cable, raw, raw.answer(), cable.client()::isInputEnded);
    }

    private Cable cable(boolean halfCloses) {
        if (closed) {
            throw new IllegalStateException("this server is closed");
        }
        InetSocketAddress from =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), FIRST_CLIENT_PORT + connections++ % 16_384);
        Socket client = new Socket(from, ADDRESS, halfCloses);
        Socket server = new Socket(ADDRESS, from, false);
        Socket.join(client, server);
        client.config().setAllocator(allocator);
        server.config().setAllocator(allocator);
        server.pieceBytes(settings.pieceBytes);
        return new Cable(client, server);
    }

    private void plug(Cable cable) {
        cables.removeIf(Cable::isGone);
        cables.add(cable);
        handler.addTo(cable.server().pipeline());
        cable.server().plugInto(loop);
        cable.client().plugInto(loop);
        run();
    }

    /** Tells of a recording: what it gives when the server is closed is a failure, unless it is empty. */
    void record(Supplier<String> unread) {
        recordings.add(unread);
    }

    /** Runs a task on the event loop, when the server next works. */
    void execute(Runnable task) {
        loop.execute(task);
    }

    // ---- time

    /** Lets the server work until it has nothing left to do, without moving the clock. */
    public void run() {
        if (running) {
            return; // an endpoint that uses its own test server
        }
        running = true;
        try {
            for (int turns = 0; turn(); turns++) {
                if (turns > MAX_TURNS) {
                    throw new AssertionError("the server never comes to rest (expected: an endpoint that stops, or a"
                            + " client that stalls)");
                }
            }
        } finally {
            running = false;
        }
    }

    private boolean turn() {
        boolean moved = loop.runNow() > 0;
        for (int i = 0; i < cables.size(); i++) {
            moved |= cables.get(i).deliver();
        }
        if (!moved) {
            Runnable task = blocking.poll();
            if (task != null) {
                task.run();
                moved = true;
            }
        }
        return moved;
    }

    /**
     * Moves the clock, and with it all timers, idle limits and heartbeats. Each fires at its own time, in order.
     *
     * @param time how far, 0 or more
     */
    public void advance(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time: " + time + " (expected: >= 0)");
        }
        run();
        long left = time.toNanos();
        while (left > 0) {
            left -= loop.moveTowards(left);
            run();
        }
    }

    /**
     * The clock of this server, for the application under test: it tells the time of {@link Builder#startingAt} and what
     * {@link #advance} added to it.
     *
     * @return the clock
     */
    public InstantSource clock() {
        return () -> settings.start.plus(loop.elapsed());
    }

    /**
     * Drains the server, as {@code ParleyServer} would: what is idle is closed, exchanges in flight may finish, streams
     * are told. {@link #advance} makes the time pass that they have.
     *
     * @param limit how long to wait
     * @return completes when no connection is left
     */
    public CompletableFuture<Void> drain(Duration limit) {
        CompletableFuture<Void> drained = handler.drain(limit).toCompletableFuture();
        run();
        return drained;
    }

    // ---- the end

    /**
     * Ends all connections, and looks back: fails if something that was recorded was not looked at, or if a buffer of a
     * connection was not released.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        run();
        closed = true;
        List<String> failures = new ArrayList<>();
        for (Supplier<String> recording : recordings) {
            String unread = recording.get();
            if (!unread.isEmpty()) {
                failures.add(unread);
            }
        }
        List.copyOf(cables).forEach(cable -> cable.client().cut());
        run();
        ByteBufAllocatorMetric metric = allocator.metric();
        long leaked = metric.usedDirectMemory() + metric.usedHeapMemory();
        if (leaked > 0) {
            failures.add(
                    leaked + " bytes of buffers were not released (expected: each ByteBuf released once by whom it"
                            + " was given to; -Dio.netty.leakDetection.level=paranoid and LeakCheck tell where they were made)");
        }
        if (!failures.isEmpty()) {
            throw new AssertionError(String.join("\n", failures));
        }
    }

    /** Builds a {@link TestServer}. Not thread-safe. */
    public static final class Builder {
        private final Function<InstantSource, Routes> routes;
        private Protocol protocol = Protocol.HTTP_1_1;
        private HttpLimits limits = HttpLimits.DEFAULT;
        private Instant start = Instant.parse("2026-01-01T00:00:00Z");
        private int pieceBytes = Integer.MAX_VALUE;

        private Builder(Function<InstantSource, Routes> routes) {
            this.routes = routes;
        }

        /**
         * Sets what clients speak. The server speaks all of it.
         *
         * @param protocol {@link Protocol#HTTP_1_1} where nobody sets another
         * @return this builder
         */
        public Builder protocol(Protocol protocol) {
            this.protocol = protocol;
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
         * Sets the time at which the clock begins.
         *
         * @param start the same instant in each run where nobody sets another
         * @return this builder
         */
        public Builder startingAt(Instant start) {
            this.start = start;
            return this;
        }

        /**
         * Delivers what clients send in pieces: each read of the server gives that many bytes at most.
         *
         * @param bytes 1 or more; as many as there are where nobody sets another
         * @return this builder
         */
        public Builder pieceBytes(int bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("pieceBytes: " + bytes + " (expected: >= 1)");
            }
            this.pieceBytes = bytes;
            return this;
        }

        /**
         * The server.
         *
         * @return a new server, confined to the calling thread
         */
        public TestServer build() {
            return new TestServer(this);
        }
    }
}
