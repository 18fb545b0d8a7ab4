package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Protocol;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One exchange as a client sees it: a request that is being sent, and what has come of its answer.
 *
 * <p><b>Threading.</b> Confined to the thread of its server.
 */
public final class TestExchange {
    private final TestServer server;
    private final Cable cable;
    private final Protocol protocol;
    private final ClientStream stream;
    private final Answer answer;
    private final TestRequest request;

    private boolean seen;
    private @Nullable TestResponse response;

    TestExchange(
            TestServer server,
            Cable cable,
            Protocol protocol,
            ClientStream stream,
            Answer answer,
            TestRequest request) {
        this.request = request;
        this.server = server;
        this.cable = cable;
        this.protocol = protocol;
        this.stream = stream;
        this.answer = answer;
    }

    // ---- the request

    /**
     * Sends a part of the body, and lets the server work.
     *
     * @param bytes the bytes, which must not be changed afterwards
     * @return this exchange
     */
    public TestExchange send(byte[] bytes) {
        write(bytes);
        server.run();
        return this;
    }

    /**
     * Sends a part of the body, and lets the server work.
     *
     * @param text sent as UTF-8
     * @return this exchange
     */
    public TestExchange send(String text) {
        return send(text.getBytes(UTF_8));
    }

    /**
     * Ends the body, and lets the server work.
     *
     * @return this exchange
     */
    public TestExchange end() {
        return end(EmptyHttpHeaders.INSTANCE);
    }

    /**
     * Ends the body with trailers, and lets the server work.
     *
     * @param trailers the trailer section
     * @return this exchange
     */
    public TestExchange end(HttpHeaders trailers) {
        writeEnd(trailers);
        server.run();
        return this;
    }

    void write(byte[] bytes) {
        stream.send(bytes);
    }

    void writeEnd(HttpHeaders trailers) {
        stream.end(trailers);
    }

    /** The client goes away without a word: by a reset of the connection (HTTP/1.1) or of the stream (HTTP/2). */
    public void cut() {
        server.run();
        stream.cut();
        server.run();
    }

    // ---- the answer

    /**
     * Whether an answer has begun.
     *
     * @return {@code true} once its head is here
     */
    public boolean isAnswered() {
        server.run();
        return answer.hasHead();
    }

    /**
     * Whether the exchange was ended by the server without a whole answer: the connection was closed, or the stream
     * reset.
     *
     * @return {@code true} when nothing more will come, and not all has come
     */
    public boolean isCutOff() {
        server.run();
        boolean cutOff = answer.end() == Answer.End.CUT_OFF;
        seen |= cutOff;
        return cutOff;
    }

    /**
     * The interim responses that came ahead of the answer, such as {@code 100 Continue}.
     *
     * @return the responses in order
     */
    public List<TestInterim> interims() {
        server.run();
        return List.copyOf(answer.interims());
    }

    /**
     * The whole answer.
     *
     * @return the answer; the same one each time
     * @throws AssertionError if there is none, or not all of it
     */
    public TestResponse response() {
        server.run();
        if (response == null) {
            if (answer.end() != Answer.End.COMPLETE && !isTunnel()) {
                seen = true;
                throw incomplete(
                        answer.hasHead()
                                ? "a whole answer: for one that goes on use stream()"
                                : "an answer: advance the clock, or complete what the endpoint waits for");
            }
            seen = true;
            response = new TestResponse(protocol, answer);
        }
        return response;
    }

    /**
     * The answer as it comes.
     *
     * @return the answer, which may go on
     * @throws AssertionError if it has not begun
     */
    public TestStream stream() {
        return stream(null);
    }

    /**
     * The answer as it comes.
     *
     * @param again what sends the whole request once more; {@code null} if nothing can
     */
    TestStream stream(@Nullable TestRequest again) {
        server.run();
        if (!answer.hasHead()) {
            seen = true;
            throw incomplete("an answer: advance the clock, or complete what the endpoint waits for");
        }
        seen = true;
        TestStream recorded = new TestStream(server, stream, answer, again);
        server.record(recorded::unread);
        return recorded;
    }

    TestConnection tunnel() {
        server.run();
        seen = true;
        if (!isTunnel()) {
            throw incomplete("101, or 200 to an extended CONNECT; for a refusal use send()");
        }
        return new TestConnection(server, cable, stream, answer, () -> answer.end() != Answer.End.NONE);
    }

    /**
     * The WebSocket that a request made by {@link TestRequest#webSocketHandshake} asked for.
     *
     * @return the open WebSocket
     * @throws AssertionError if the server has not answered, or has refused, or if its answer is wrong
     */
    public TestWebSocket webSocket() {
        server.run();
        seen = true;
        if (!isTunnel()) {
            throw answer.end() == Answer.End.COMPLETE
                    ? new AssertionError(new TestResponse(protocol, answer)
                            + " (expected: a WebSocket; for a refusal use webSocketHandshake().send())")
                    : incomplete("a WebSocket: advance the clock, or complete what the endpoint waits for");
        }
        TestWebSocket opened;
        try {
            Handshake handshake = Handshake.of(request, protocol, answer.headers());
            opened = new TestWebSocket(server, cable, stream, answer, handshake);
        } catch (AssertionError e) {
            throw new AssertionError(answer.request() + ": handshake: " + e.getMessage(), e);
        }
        opened.begin();
        return opened;
    }

    private boolean isTunnel() {
        return request.upgrade() != null && answer.status() == (protocol == Protocol.HTTP_2 ? 200 : 101);
    }

    private AssertionError incomplete(String expected) {
        return new AssertionError(answer.request() + ": " + answer.progress() + " (expected: " + expected + ")");
    }

    /** What nobody has looked at, for a message; empty if there is nothing. */
    String unread() {
        return seen || !answer.hasHead()
                ? ""
                : answer.request() + ": " + answer.progress()
                        + ", and nobody looked (expected: response() or stream())";
    }
}
