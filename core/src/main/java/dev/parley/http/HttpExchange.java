package dev.parley.http;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one implementation of {@link Exchange}: what was asked, and whether and how it was answered. What differs between
 * HTTP/1.1 and HTTP/2 is behind {@link Wire}; what becomes of the body is in {@link RequestBody}.
 *
 * <p><b>States of the answer.</b> {@code OPEN} until somebody answers. Then {@code ANSWERED}, when the application did,
 * or {@code OVERRULED}, when Parley did (a body over the limit, a client that is gone): a late answer of the application
 * is an error in the first case and dropped in the second. The exchange {@link #end ends} once, when its answer is out or
 * can't be.
 */
final class HttpExchange implements Exchange, StreamOwner {
    private static final Logger LOG = LoggerFactory.getLogger(HttpExchange.class);

    private static final byte OPEN = 0;
    private static final byte ANSWERED = 1;
    private static final byte OVERRULED = 2;
    private static final VarHandle ANSWER;

    static {
        try {
            ANSWER = MethodHandles.lookup().findVarHandle(HttpExchange.class, "answer", byte.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Wire wire;
    private final Protocol protocol;
    private final HttpMethod method;
    private final String target;
    private final RequestTarget requestTarget;
    private final HttpHeaders headers;
    private final @Nullable String requestedProtocol;
    private final boolean mayBeOfPage;
    private final RequestBody body;
    private final long began;

    /** What a trusted proxy says of the client, once somebody asked. */
    private volatile TrustedProxies.@Nullable Client client;

    private OriginPolicy policy = OriginPolicy.sameOrigin();
    private String[] parameters = {};
    private volatile @Nullable Principal principal;
    private volatile @Nullable Map<AttributeKey<?>, Object> attributes;

    @SuppressWarnings("UnusedVariable") // through ANSWER
    private volatile byte answer = OPEN;

    /** 0 until a head was sent. */
    private int status;

    private @Nullable HttpResponseStream stream;
    /** Sends the answer that came before its turn. */
    private @Nullable Runnable turn;

    private @Nullable EndReason endReason;
    /** Made when somebody asks for it: most exchanges are over in an instant. */
    private @Nullable Life life;
    /** What goes on in its place, after a switch of protocol. */
    private @Nullable OpenTunnel tunnel;

    HttpExchange(
            Wire wire,
            Protocol protocol,
            HttpMethod method,
            String target,
            RequestTarget requestTarget,
            HttpHeaders headers,
            @Nullable String requestedProtocol,
            boolean mayBeOfPage,
            long contentLength) {
        this.wire = wire;
        this.protocol = protocol;
        this.method = method;
        this.target = target;
        this.requestTarget = requestTarget;
        this.headers = headers;
        this.requestedProtocol = requestedProtocol;
        this.mayBeOfPage = mayBeOfPage;
        this.body = new RequestBody(
                this, wire, contentLength, wire.context().limits().maxBodyBytes());
        this.began = wire.context().accessLog() == null ? 0 : System.nanoTime();
    }

    // ---- the request

    @Override
    public HttpMethod method() {
        return method;
    }

    /** Whether the request may say that a page sent it: if not, no origin policy has anything to say. */
    boolean mayBeOfPage() {
        return mayBeOfPage;
    }

    RequestTarget requestTarget() {
        return requestTarget;
    }

    @Override
    public String path() {
        return requestTarget.path();
    }

    @Override
    public String path(String name) {
        for (int i = 0; i < parameters.length; i += 2) {
            if (parameters[i].equals(name)) {
                return parameters[i + 1];
            }
        }
        throw new IllegalArgumentException("path parameter: " + name + " (expected: one that the route names)");
    }

    @Override
    public Optional<String> query(String name) {
        return requestTarget.query(name);
    }

    @Override
    public List<String> queryAll(String name) {
        return requestTarget.queryAll(name);
    }

    @Override
    public String target() {
        return target;
    }

    @Override
    public HttpHeaders headers() {
        return headers;
    }

    @Override
    public Optional<String> header(CharSequence name) {
        return Optional.ofNullable(headers.get(name));
    }

    @Override
    public Protocol protocol() {
        return protocol;
    }

    @Override
    public String scheme() {
        TrustedProxies.Client told = toldByProxy();
        return told == null ? wireScheme() : told.scheme();
    }

    @Override
    public String authority() {
        TrustedProxies.Client told = toldByProxy();
        return told == null ? ownAuthority() : told.authority();
    }

    @Override
    public InetSocketAddress peerAddress() {
        TrustedProxies.Client told = toldByProxy();
        return told == null ? wire.peerAddress() : told.address();
    }

    private String wireScheme() {
        return wire.isSecure() ? "https" : "http";
    }

    /** What the request line names in absolute form overrides the header (RFC 9112 section 3.2.2). */
    private String ownAuthority() {
        Authority named = requestTarget.authority();
        return named == null ? headers.get(HttpHeaderNames.HOST, "") : named.toString();
    }

    private TrustedProxies.@Nullable Client toldByProxy() {
        TrustedProxies.Client told = client;
        if (told == null && wire.isProxied()) {
            told = wire.context().proxies().resolve(wire.peerAddress(), wireScheme(), ownAuthority(), headers);
            client = told;
        }
        return told;
    }

    @Override
    public Optional<String> requestedProtocol() {
        return Optional.ofNullable(requestedProtocol);
    }

    @Override
    public OriginPolicy originPolicy() {
        return policy;
    }

    @Override
    public Optional<Principal> principal() {
        return Optional.ofNullable(principal);
    }

    @Override
    public <T> Optional<T> attribute(AttributeKey<T> key) {
        Map<AttributeKey<?>, Object> all = attributes;
        @SuppressWarnings("unchecked") // attribute(key, value) sees to it
        T value = all == null ? null : (T) all.get(key);
        return Optional.ofNullable(value);
    }

    @Override
    public <T> void attribute(AttributeKey<T> key, @Nullable T value) {
        Map<AttributeKey<?>, Object> all = attributes;
        if (all == null) {
            synchronized (this) {
                all = attributes == null ? new ConcurrentHashMap<>(4) : attributes;
                attributes = all;
            }
        }
        if (value == null) {
            all.remove(key);
        } else {
            all.put(key, value);
        }
    }

    @Override
    public EventLoop eventLoop() {
        return wire.channel().eventLoop();
    }

    @Override
    public Executor executor() {
        return wire.context().executor();
    }

    // ---- what the routes and the guards say

    /** The routes found an endpoint: which policy holds for it, and the parameters of its path, names and values in turn. */
    void routed(OriginPolicy policy, String[] parameters) {
        this.policy = policy;
        this.parameters = parameters;
    }

    /** A guard let somebody pass. */
    void recognise(@Nullable Principal somebody) {
        if (somebody != null) {
            principal = somebody;
        }
    }

    /** Lets the routes find who answers. */
    void route(Routes routes) {
        try {
            routes.route(this);
        } catch (Throwable t) {
            fail(t);
        }
    }

    /** Runs an endpoint on this exchange; what it throws becomes the answer. */
    void run(Endpoint endpoint) {
        try {
            endpoint.handle(this);
        } catch (Throwable t) {
            fail(t);
        }
    }

    /**
     * Answers with what a failure stands for: the problem of a {@link ProblemException}, 503 where an executor is full,
     * else 500. If an answer has begun it is cut off.
     */
    @Override
    public void fail(Throwable thrown) {
        Throwable failure =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        Response response;
        if (failure instanceof ProblemException e) {
            response = Response.problem(e.problem());
        } else if (failure instanceof RejectedExecutionException) {
            response = Response.problem(Problem.of(503)).header("Retry-After", "1");
        } else {
            if (failure instanceof IOException && answer == OVERRULED) {
                return; // the body was cut short, which the application heard of: nobody is left to tell
            }
            LOG.error("{} {} failed", method, AccessLog.printable(target), failure);
            response = Response.problem(Problem.of(500));
        }
        if (ANSWER.compareAndSet(this, OPEN, OVERRULED)) {
            onLoop(() -> send(response));
        } else {
            onLoop(() -> {
                if (stream != null) {
                    stream.abort();
                }
            });
        }
    }

    /** Answers in place of the application; if an answer has begun already it is cut off. */
    void overrule(Problem problem, EndReason reason) {
        if (ANSWER.compareAndSet(this, OPEN, OVERRULED)) {
            send(Response.problem(problem), reason);
        } else if (endReason == null && status != 0) {
            wire.cutOff(this, reason);
        }
    }

    // ---- the body

    @Override
    public void maxBodyBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("maxBodyBytes: " + bytes + " (expected: >= 0)");
        }
        onLoop(() -> body.limit(bytes));
    }

    @Override
    public CompletionStage<Body> body() {
        body.claim();
        CompletableFuture<Body> whole = new CompletableFuture<>();
        if (isOnLoop()) {
            body.readWhole(whole);
        } else {
            onLoop(() -> body.readWhole(whole));
        }
        return whole;
    }

    @Override
    public <T> CompletionStage<T> json(Class<T> type) {
        String contentType = headers.get(HttpHeaderNames.CONTENT_TYPE);
        if (!isJson(contentType)) {
            return CompletableFuture.failedStage(
                    Problem.of(415, "The Content-Type is not JSON.").asException());
        }
        return body().thenApply(it -> it.json(type));
    }

    private static boolean isJson(@Nullable String contentType) {
        CharSequence type = contentType == null ? null : HttpUtil.getMimeType(contentType);
        if (type == null) {
            return false;
        }
        String lower = type.toString().strip().toLowerCase(Locale.ROOT);
        return lower.equals("application/json") || lower.endsWith("+json");
    }

    @Override
    public void receive(BodyListener listener) {
        body.claim();
        onLoop(() -> body.readChunks(listener));
    }

    RequestBody requestBody() {
        return body;
    }

    /** Whether the wire should go on reading the body. */
    boolean wantsBody() {
        return body.wantsMore();
    }

    // ---- the answer

    @Override
    public void interim(int code, HttpHeaders fields) {
        Interim interim = Interim.of(code, fields);
        // An answer that is given after this call, and before the event loop gets to it, does not drop it.
        if (protocol != Protocol.HTTP_1_0 && !isAnswered()) {
            onLoop(() -> {
                if (endReason == null && status == 0 && wire.isTurnOf(this)) {
                    wire.sendInterim(interim);
                }
            });
        }
    }

    @Override
    public void respond(Response response) {
        Objects.requireNonNull(response, "response");
        if (!claimAnswer()) {
            return;
        }
        if (isOnLoop()) {
            send(response);
        } else {
            onLoop(() -> send(response));
        }
    }

    @Override
    public void respond(CompletionStage<Response> response) {
        response.whenComplete((value, failure) -> {
            if (failure != null) {
                fail(failure);
                return;
            }
            try {
                respond(value);
            } catch (RuntimeException e) {
                fail(e);
            }
        });
    }

    @Override
    public void respondInTurn(CompletionStage<Response> response) {
        onLoop(() -> wire.mayBePassed(this));
        respond(response);
    }

    @Override
    public ResponseStream stream(Response head) {
        Objects.requireNonNull(head, "head");
        HttpResponseStream opened = new HttpResponseStream(this, wire);
        if (claimAnswer()) {
            onLoop(() -> begin(head, opened));
        } else {
            opened.over();
        }
        return opened;
    }

    @Override
    public void switchProtocol(HttpHeaders responseHeaders, Consumer<Tunnel> protocol) {
        if (requestedProtocol == null) {
            throw new IllegalStateException("switchProtocol: the client asked for no other protocol");
        }
        if (claimAnswer()) {
            onLoop(() -> {
                if (endReason == null) {
                    HttpHeaders all = responseHeaders(Response.of(200));
                    all.add(responseHeaders);
                    status = protocol() == Protocol.HTTP_2 ? 200 : 101;
                    wire.switchProtocol(this, all, tunnel -> begin(protocol, tunnel));
                }
            });
        }
    }

    /** Lets the other protocol begin; if it can't, the client is told by the end of the connection or stream. */
    private static void begin(Consumer<Tunnel> protocol, OpenTunnel tunnel) {
        try {
            protocol.accept(tunnel);
        } catch (Throwable t) {
            tunnel.fail(t);
        }
    }

    /** Whether the application may answer now; throws if it has done so before. */
    private boolean claimAnswer() {
        if (ANSWER.compareAndSet(this, OPEN, ANSWERED)) {
            return true;
        }
        if (answer == ANSWERED) {
            throw new IllegalStateException(method + " " + AccessLog.printable(target) + " has been answered already");
        }
        return false;
    }

    boolean isAnswered() {
        return answer != OPEN;
    }

    /** Sends a whole response. */
    void send(Response response) {
        send(response, EndReason.COMPLETED);
    }

    private void send(Response response, EndReason reason) {
        if (endReason != null) {
            return;
        }
        if (!wire.isTurnOf(this)) {
            turn = () -> send(response, reason);
            return;
        }
        Response.Content content = response.content();
        if (content instanceof Response.Content.File file) {
            FileSender.send(this, wire, response, file);
        } else {
            byte[] bytes = content instanceof Response.Content.Bytes it ? it.bytes() : null;
            boolean bodiless = method.equals(HttpMethod.HEAD) || mayNotHaveContent(response.status());
            status = response.status();
            wire.sendHead(this, response, bytes == null ? 0 : bytes.length, bodiless ? null : bytes, true);
            end(reason);
        }
    }

    /** Those before this one have been answered. */
    void turnCame() {
        Runnable waiting = turn;
        if (waiting != null) {
            turn = null;
            waiting.run();
        }
    }

    /** Sends the head of a streamed response; its length is that of its own Content-Length, if it has one. */
    void begin(Response head, HttpResponseStream opened) {
        if (endReason != null) {
            opened.over();
            return;
        }
        if (!wire.isTurnOf(this)) {
            LOG.error("{} {} began a stream among answers in turn", method, AccessLog.printable(target));
            opened.over();
            send(Response.problem(Problem.of(500)));
            return;
        }
        body.answered();
        long length = head.announcedLength();
        boolean last = method.equals(HttpMethod.HEAD) || mayNotHaveContent(head.status());
        status = head.status();
        wire.sendHead(this, head, length, null, last);
        if (last) {
            opened.over();
            end(EndReason.COMPLETED);
        } else {
            stream = opened;
            opened.begun(length);
            if (length < 0) {
                wire.streamBegan();
            }
        }
    }

    static boolean mayNotHaveContent(int status) {
        return status == 204 || status == 304;
    }

    /** What the response, the policy and the clock say; the wire adds what frames the message. */
    HttpHeaders responseHeaders(Response response) {
        HttpHeaders all =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        String[] own = response.headers();
        for (int i = 0; i < own.length; i += 2) {
            all.add(own[i], own[i + 1]);
        }
        if (all.contains(HttpHeaderNames.UPGRADE)) {
            if (protocol == Protocol.HTTP_2) {
                all.remove(HttpHeaderNames.UPGRADE); // it has none (RFC 9113 section 8.2.2)
            } else {
                all.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE); // RFC 9110 section 7.8
            }
        }
        all.set(HttpHeaderNames.DATE, wire.loop().date());
        policy.addTo(all, mayBeOfPage ? headers.get(HttpHeaderNames.ORIGIN) : null);
        return all;
    }

    /** The bytes of a head that no policy adds to. */
    byte[] encodedHead(Response response) {
        return wire.loop().head(response);
    }

    // ---- the end

    @Override
    public Loop loop() {
        return wire.loop();
    }

    @Override
    public Life life() {
        if (tunnel != null) {
            return tunnel.life();
        }
        if (life == null) {
            life = new Life(this);
            if (endReason != null) {
                life.end(endReason);
            }
        }
        return life;
    }

    /** What is known of its life when another protocol takes over; {@code null} if nobody asked for it. */
    @Nullable
    Life lifeSoFar() {
        return life;
    }

    /** Another protocol has taken over. */
    void became(OpenTunnel taken) {
        tunnel = taken;
    }

    @Override
    public void onEnd(Consumer<EndReason> listener) {
        onLoop(() -> life().onEnd(listener));
    }

    boolean hasEnded() {
        return endReason != null;
    }

    @Nullable
    HttpResponseStream openStream() {
        return stream;
    }

    /** The exchange is over: its answer is on its way, or can't be. Only the first call counts. */
    @Override
    public void end(EndReason reason) {
        if (endReason != null) {
            return;
        }
        endReason = reason;
        ANSWER.compareAndSet(this, OPEN, OVERRULED);
        body.over(reason);
        if (stream != null) {
            stream.over();
        }
        AccessLog log = wire.context().accessLog();
        if (log != null) {
            log.ended(this, reason, status, System.nanoTime() - began);
        }
        if (life != null) {
            life.end(reason);
        }
        wire.ended(this);
    }

    @Override
    public void cutOff(EndReason reason) {
        wire.cutOff(this, reason);
    }

    @Override
    public void onDrain(Consumer<Duration> listener) {
        onLoop(() -> life().onDrain(listener));
    }

    /** The server drains. */
    void drain(Duration left) {
        if (life != null) {
            life.drain(left);
        }
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        Life.Alarm alarm = new Life.Alarm(eventLoop(), task);
        long ticks = Wheel.ticks(delay.toNanos());
        onLoop(() -> life().add(alarm, ticks));
        return alarm;
    }

    private boolean isOnLoop() {
        return wire.channel().eventLoop().inEventLoop();
    }

    /** Runs something on the event loop. Returns whether it does: not when the server has closed, and nobody waits for an answer. */
    boolean onLoop(Runnable task) {
        EventLoop loop = wire.channel().eventLoop();
        if (loop.inEventLoop()) {
            task.run();
            return true;
        }
        try {
            loop.execute(task);
            return true;
        } catch (RejectedExecutionException ending) {
            return false;
        }
    }
}
