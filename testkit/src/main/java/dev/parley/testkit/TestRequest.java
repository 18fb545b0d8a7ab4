package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request that a test sends to a {@link TestServer}.
 *
 * <p>It is sent by {@link #send}, {@link #stream}, {@link #open} or {@link #tunnel}, as often as one likes.
 *
 * <p><b>Threading.</b> Immutable: each setter gives a new request.
 */
public final class TestRequest {
    private static final byte[] NO_BODY = {};

    private final Supplier<TestClient> client;
    private final HttpMethod method;
    private final String target;
    private final HttpHeaders headers;
    private final HttpHeaders trailers;
    private final byte[] body;
    private final @Nullable String upgrade;

    TestRequest(Supplier<TestClient> client, HttpMethod method, String target) {
        this(client, method, target, noHeaders(), noHeaders(), NO_BODY, null);
    }

    private TestRequest(
            Supplier<TestClient> client,
            HttpMethod method,
            String target,
            HttpHeaders headers,
            HttpHeaders trailers,
            byte[] body,
            @Nullable String upgrade) {
        this.client = client;
        this.method = method;
        this.target = target;
        this.headers = headers;
        this.trailers = trailers;
        this.body = body;
        this.upgrade = upgrade;
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
        return new TestRequest(client, method, target, headers.copy().add(name, value), trailers, body, upgrade);
    }

    /**
     * The same with a body. Sent with a {@code Content-Length}, or chunked where there are trailers; after
     * {@link #upgrade} sent as it is, right behind the head.
     *
     * @param bytes the body, which must not be changed afterwards
     * @return a new request
     */
    public TestRequest body(byte[] bytes) {
        return new TestRequest(client, method, target, headers, trailers, bytes, upgrade);
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
        return new TestRequest(client, method, target, headers, trailers.copy().add(name, value), body, upgrade);
    }

    /**
     * The same as an {@code EventSource} sends it when it reconnects.
     *
     * @param id what {@link TestStream#lastEventId} gave; {@code null} or empty for none
     * @return a new request
     */
    public TestRequest lastEventId(@Nullable String id) {
        return id == null || id.isEmpty() ? this : header("Last-Event-ID", id);
    }

    /**
     * The same asking for another protocol: by {@code Upgrade} over HTTP/1.1, by extended CONNECT (RFC 8441) over HTTP/2.
     *
     * @param protocol the protocol's name
     * @return a new request, for {@link #tunnel}, or for {@link #send} where the answer is a refusal
     */
    public TestRequest upgrade(String protocol) {
        return new TestRequest(client, method, target, headers, trailers, body, protocol);
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
        return sendWhole().stream();
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

    @Nullable
    String upgrade() {
        return upgrade;
    }
}
