package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request that a test sends to a {@link TestServer}.
 *
 * <p>It is sent by {@link #send}, {@link #stream}, {@link #open}, {@link #tunnel} or {@link #webSocket}, as often as one
 * likes.
 *
 * <p><b>Threading.</b> Immutable: each setter gives a new request.
 */
public final class TestRequest {
    private static final byte[] NO_BODY = {};
    private static final String LAST_EVENT_ID = "Last-Event-ID";
    /** The sample of RFC 6455 section 1.3: the same in each run, as a test is. */
    private static final String WEB_SOCKET_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    private final Supplier<TestClient> client;
    private final HttpMethod method;
    private final String target;
    private final HttpHeaders headers;
    private final HttpHeaders trailers;
    private final byte[] body;
    private final @Nullable Upgrade upgrade;
    private final Cut cut;
    /** The stream that this goes on from. */
    private final @Nullable TestStream before;

    TestRequest(Supplier<TestClient> client, HttpMethod method, String target) {
        this(client, method, target, noHeaders(), noHeaders(), NO_BODY, null, Cut.NEVER, null);
    }

    private TestRequest(
            Supplier<TestClient> client,
            HttpMethod method,
            String target,
            HttpHeaders headers,
            HttpHeaders trailers,
            byte[] body,
            @Nullable Upgrade upgrade,
            Cut cut,
            @Nullable TestStream before) {
        this.client = client;
        this.method = method;
        this.target = target;
        this.headers = headers;
        this.trailers = trailers;
        this.body = body;
        this.upgrade = upgrade;
        this.cut = cut;
        this.before = before;
    }

    private static HttpHeaders noHeaders() {
        return DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
    }

    // ---- setters

    /**
     * The same with one more header. Nothing is checked: what is wrong is sent as it is.
     *
     * @param name the field's name; {@code Host} stands for {@code :authority} too
     * @param value the field's value
     * @return a new request
     */
    public TestRequest header(String name, String value) {
        return headers(headers.copy().add(name, value));
    }

    private TestRequest headers(HttpHeaders fields) {
        return new TestRequest(client, method, target, fields, trailers, body, upgrade, cut, before);
    }

    /**
     * The same with a body. Sent with a {@code Content-Length}, or chunked where there are trailers; after
     * {@link #upgrade} sent as it is, right behind the head.
     *
     * @param bytes the body, which must not be changed afterwards
     * @return a new request
     */
    public TestRequest body(byte[] bytes) {
        return new TestRequest(client, method, target, headers, trailers, bytes, upgrade, cut, before);
    }

    /**
     * The same with a text as its body: {@link #body(byte[])}.
     *
     * @param text sent as UTF-8
     * @return a new request
     */
    public TestRequest body(String text) {
        return body(text.getBytes(UTF_8));
    }

    /**
     * The same with JSON as its body, and the content type that belongs to it.
     *
     * @param value what Jackson can write
     * @return a new request
     */
    public TestRequest json(Object value) {
        return header("Content-Type", "application/json")
                .body(JsonMapper.shared().writeValueAsBytes(value));
    }

    /**
     * The same with one more trailer, sent behind the body.
     *
     * @param name the field's name
     * @param value the field's value
     * @return a new request
     */
    public TestRequest trailer(String name, String value) {
        return new TestRequest(
                client, method, target, headers, trailers.copy().add(name, value), body, upgrade, cut, before);
    }

    /**
     * The same with a {@code Last-Event-ID} as an {@code EventSource} sends it when it reconnects, in place of one that
     * was set before. {@link TestStream#reconnect} does more: it goes on from a stream.
     *
     * @param id what {@link TestStream#lastEventId} gave; {@code null} or empty for none
     * @return a new request
     */
    public TestRequest lastEventId(@Nullable String id) {
        HttpHeaders fields = headers.copy().remove(LAST_EVENT_ID);
        return headers(id == null || id.isEmpty() ? fields : fields.set(LAST_EVENT_ID, id));
    }

    /**
     * The same asking for another protocol: by {@code Upgrade} over HTTP/1.1, by extended CONNECT (RFC 8441) over HTTP/2.
     *
     * @param protocol the protocol's name
     * @return a new request, for {@link #tunnel}, or for {@link #send} where the answer is a refusal
     */
    public TestRequest upgrade(String protocol) {
        return upgrade(new Upgrade(protocol, noHeaders()));
    }

    private TestRequest upgrade(Upgrade asked) {
        return new TestRequest(client, method, target, headers, trailers, body, asked, cut, before);
    }

    /**
     * The same asking for a WebSocket, with the fields of the handshake that were not set by now:
     * {@code Sec-WebSocket-Version}, and over HTTP/1.1 {@code Sec-WebSocket-Key}. {@link #webSocket} does that too; this is for
     * {@link #send} where the answer is a refusal, and for {@link #open} where it comes late:
     *
     * <pre>{@code
     * assertThat(server.get("/ws").header("Origin", "https://elsewhere.example").webSocketHandshake().send()).isProblem(403);
     * }</pre>
     *
     * For a handshake that lacks a field use {@link #upgrade}.
     *
     * @return a new request
     */
    public TestRequest webSocketHandshake() {
        TestRequest versioned = headers.contains(Handshake.VERSION) ? this : header(Handshake.VERSION, "13");
        String protocol = upgrade == null ? "websocket" : upgrade.protocol();
        return versioned.upgrade(new Upgrade(protocol, noHeaders().set(Handshake.KEY, WEB_SOCKET_KEY)));
    }

    /**
     * The same offering subprotocols, by {@code Sec-WebSocket-Protocol}.
     *
     * @param names their names, what is liked best first
     * @return a new request
     */
    public TestRequest subprotocols(String... names) {
        return header(Handshake.PROTOCOL, String.join(", ", names));
    }

    /**
     * The same offering compression as browsers do: {@code permessage-deflate; client_max_window_bits}.
     *
     * @return a new request
     */
    public TestRequest deflate() {
        return deflate("client_max_window_bits");
    }

    /**
     * The same offering compression with parameters, as they are (RFC 7692 section 7.1). Each call adds an offer, what is
     * liked best first.
     *
     * @param parameters such as {@code server_no_context_takeover; server_max_window_bits=10}; empty for none
     * @return a new request
     */
    public TestRequest deflate(String parameters) {
        return header(
                Handshake.EXTENSIONS, parameters.isEmpty() ? DeflateTerms.NAME : DeflateTerms.NAME + "; " + parameters);
    }

    /**
     * The same, but the client goes away without a word as soon as it has so much of the answer's body: by a reset of the
     * connection (HTTP/1.1) or of the stream (HTTP/2). Framing does not count, so a test can cut at each byte of a stream
     * that it knows, over any version of HTTP:
     *
     * <pre>{@code
     * TestStream first = server.get("/news").lastEventId(start).cutAfterBytes(n).stream();
     * news.publish("a");
     * news.publish("b");
     * assertThat(first.reconnect()).receivedInAll("a", "b").hasNoDuplicate().hasNoGap();
     * }</pre>
     *
     * @param bytes 0 or more; with 0 it goes when it has the answer's head
     * @return a new request
     */
    public TestRequest cutAfterBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 0)");
        }
        return cut(new Cut(bytes, cut.events()));
    }

    /**
     * The same, but the client goes away, as by {@link #cutAfterBytes}, right behind an event of an event stream. The
     * library's own ({@link TestStream#notices}) do not count.
     *
     * @param events 1 or more
     * @return a new request
     */
    public TestRequest cutAfterEvents(long events) {
        if (events < 1) {
            throw new IllegalArgumentException("events: " + events + " (expected: >= 1)");
        }
        return cut(new Cut(cut.bytes(), events));
    }

    private TestRequest cut(Cut when) {
        return new TestRequest(client, method, target, headers, trailers, body, upgrade, when, before);
    }

    /** The same on another connection, as a client sends it that had a stream before; it is not cut again. */
    TestRequest after(TestStream stream, Supplier<TestClient> other) {
        return new TestRequest(other, method, target, headers, trailers, body, upgrade, Cut.NEVER, stream)
                .lastEventId(stream.lastEventId());
    }

    // ---- ways to send it

    /**
     * Sends all of it, and lets the server work.
     *
     * @return the whole answer
     * @throws AssertionError if there is none, or not all of it
     */
    public TestResponse send() {
        return sendWhole().response();
    }

    /**
     * Sends all of it, and lets the server work.
     *
     * @return an answer that goes on, or has ended already
     * @throws AssertionError if it has not begun
     */
    public TestStream stream() {
        return sendWhole().stream(this);
    }

    /**
     * Sends the head, and the body that was set, without its end.
     *
     * @return to send more, to end it, and to look for the answer
     */
    public TestExchange open() {
        TestExchange exchange = client.get().open(this, false);
        if (body.length > 0) {
            exchange.send(body);
        }
        return exchange;
    }

    /**
     * Sends it, and expects the server to switch to the protocol of {@link #upgrade}.
     *
     * @return the bytes of that protocol
     * @throws AssertionError if the server did not switch
     */
    public TestConnection tunnel() {
        if (upgrade == null) {
            throw new IllegalStateException("upgrade: none (expected: the protocol that is asked for)");
        }
        return sendWhole().tunnel();
    }

    /**
     * Sends it as {@link #webSocketHandshake}, and expects the server to open a WebSocket. The answer is checked as a browser
     * does: the accepted key, a subprotocol and extensions that were offered. A body that was set is sent right behind the
     * handshake, as it is.
     *
     * @return the open WebSocket
     * @throws AssertionError if the server refused, with its status and body, or if its answer is wrong
     */
    public TestWebSocket webSocket() {
        return webSocketHandshake().sendWhole().webSocket();
    }

    private TestExchange sendWhole() {
        boolean bodiless = body.length == 0 && trailers.isEmpty();
        boolean framed = bodiless || !trailers.isEmpty() || upgrade != null || headers.contains("Content-Length");
        TestRequest sent = framed ? this : header("Content-Length", Integer.toString(body.length));
        TestExchange exchange = client.get().open(sent, bodiless);
        if (body.length > 0) {
            exchange.write(body);
        }
        if (!bodiless && upgrade == null) {
            exchange.writeEnd(trailers);
        }
        return exchange;
    }

    // ---- for the codecs

    HttpMethod method() {
        return method;
    }

    String target() {
        return target;
    }

    HttpHeaders headers() {
        return headers;
    }

    String authority() {
        String host = headers.get(HttpHeaderNames.HOST);
        return host == null ? "localhost" : host;
    }

    Cut cut() {
        return cut;
    }

    @Nullable
    TestStream before() {
        return before;
    }

    /** Where its event stream goes on: behind what the header says, or else the query. */
    Trail trail() {
        String id = headers.get(LAST_EVENT_ID);
        if (id == null) {
            List<String> inQuery = new QueryStringDecoder(target).parameters().get("lastEventId");
            id = inQuery == null ? null : inQuery.get(0);
        }
        return new Trail(id, before == null ? null : before.trail());
    }

    @Nullable
    Upgrade upgrade() {
        return upgrade;
    }

    /** The key of a WebSocket's handshake over HTTP/1.1. */
    String key() {
        String set = headers.get(Handshake.KEY);
        return set != null ? set : upgrade == null ? "" : upgrade.overHttp1().get(Handshake.KEY, "");
    }
}
