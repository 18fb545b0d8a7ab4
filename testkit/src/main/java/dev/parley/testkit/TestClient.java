package dev.parley.testkit;

import dev.parley.http.Protocol;
import io.netty.handler.codec.http.HttpMethod;

/**
 * A client with one connection to a {@link TestServer}, for what needs the same one more than once: keep-alive, pipelining,
 * streams beside each other.
 *
 * <p><b>Threading.</b> Confined to the thread of its server.
 */
public final class TestClient {
    private final TestServer server;
    private final Cable cable;
    private final ClientProtocol spoken;
    private final Protocol protocol;

    TestClient(TestServer server, Cable cable, ClientProtocol spoken, Protocol protocol) {
        this.server = server;
        this.cable = cable;
        this.spoken = spoken;
        this.protocol = protocol;
    }

    /**
     * A GET on this connection.
     *
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest get(String target) {
        return request(HttpMethod.GET, target);
    }

    /**
     * A HEAD on this connection.
     *
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest head(String target) {
        return request(HttpMethod.HEAD, target);
    }

    /**
     * A POST on this connection.
     *
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest post(String target) {
        return request(HttpMethod.POST, target);
    }

    /**
     * Opens a WebSocket on this connection: over HTTP/1.1 the connection is then all the WebSocket's, over HTTP/2 a stream is.
     *
     * @param target path and query, encoded
     * @return the open WebSocket
     * @throws AssertionError if the server refused, with its status and body, or if its answer is wrong
     */
    public TestWebSocket webSocket(String target) {
        return get(target).webSocket();
    }

    /**
     * A request on this connection.
     *
     * @param method any method
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest request(HttpMethod method, String target) {
        return new TestRequest(() -> this, method, target);
    }

    /** Stops reading from the connection: soon the server's channel is not writable any more. */
    public void stall() {
        server.run();
        cable.client().config().setAutoRead(false);
    }

    /** Reads again. */
    public void resume() {
        cable.client().config().setAutoRead(true);
        server.run();
    }

    /** Cuts the connection, without a word. */
    public void cut() {
        server.run();
        cable.client().cut();
        server.run();
    }

    /**
     * Cuts the connection as soon as the server has read that many bytes from it, with all framing, since it was opened.
     *
     * @param bytes 1 or more
     */
    public void cutAfterSending(long bytes) {
        cable.server().cutAfter(bytes);
        server.run();
    }

    /**
     * Cuts the connection as soon as this client has read that many bytes from it, with all framing, since it was opened.
     *
     * @param bytes 1 or more
     */
    public void cutAfterReceiving(long bytes) {
        cable.client().cutAfter(bytes);
        server.run();
    }

    /**
     * Whether the server takes more requests on this connection.
     *
     * @return {@code false} after {@code Connection: close} or {@code GOAWAY}, and when it is closed
     */
    public boolean isReusable() {
        server.run();
        return !spoken.isRetired();
    }

    /**
     * Whether the connection is closed.
     *
     * @return {@code true} when the server has closed it, or it was cut
     */
    public boolean isClosed() {
        server.run();
        return !cable.client().isOpen();
    }

    TestExchange open(TestRequest request, boolean bodiless) {
        Answer answer = new Answer(request.method() + " " + request.target() + " over " + protocol, request.trail());
        ClientStream stream = spoken.open(request, answer, bodiless);
        // Not while the codec is reading: what it still holds would find no connection.
        answer.cut(request.cut(), () -> server.execute(stream::cut));
        TestExchange exchange = new TestExchange(server, cable, protocol, stream, answer, request);
        server.record(exchange::unread);
        return exchange;
    }
}
