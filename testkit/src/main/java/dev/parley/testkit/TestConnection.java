package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.util.function.BooleanSupplier;

/**
 * Bytes both ways between a client and a {@link TestServer}: a bare connection ({@link TestServer#connect}), or the
 * protocol that an exchange switched to ({@link TestRequest#tunnel}).
 *
 * <p>What is received waits to be taken by {@link #received}. What nobody took fails the test when its server is closed.
 *
 * <p><b>Threading.</b> Confined to the thread of its server.
 */
public final class TestConnection {
    private final TestServer server;
    private final Cable cable;
    private final ClientStream stream;
    private final Answer answer;
    private final BooleanSupplier closed;

    TestConnection(TestServer server, Cable cable, ClientStream stream, Answer answer, BooleanSupplier closed) {
        this.server = server;
        this.cable = cable;
        this.stream = stream;
        this.answer = answer;
        this.closed = closed;
        server.record(this::unread);
    }

    /**
     * Sends bytes, and lets the server work.
     *
     * @param bytes the bytes, which must not be changed afterwards
     * @return this connection
     */
    public TestConnection send(byte[] bytes) {
        stream.send(bytes);
        server.run();
        return this;
    }

    /**
     * Sends text, and lets the server work.
     *
     * @param text sent as UTF-8
     * @return this connection
     */
    public TestConnection send(String text) {
        return send(text.getBytes(UTF_8));
    }

    /**
     * Takes the bytes that have come since the last look.
     *
     * @return the bytes
     */
    public byte[] received() {
        server.run();
        return answer.body().take();
    }

    /**
     * Takes the bytes that have come since the last look, as UTF-8.
     *
     * @return the text
     */
    public String receivedText() {
        return new String(received(), UTF_8);
    }

    /**
     * Whether the server has ended what it sends. A client may still send.
     *
     * @return {@code true} when nothing more will come
     */
    public boolean isClosed() {
        server.run();
        return closed.getAsBoolean();
    }

    /** Ends what this client sends (FIN, or {@code END_STREAM}); it still reads. */
    public void closeOutput() {
        stream.end(EmptyHttpHeaders.INSTANCE);
        server.run();
    }

    /** Stops reading: the server can send what the system or the HTTP/2 window holds, and then has to wait. */
    public void stall() {
        server.run();
        stream.stall();
    }

    /** Reads again. */
    public void resume() {
        stream.resume();
        server.run();
    }

    /** The client goes away without a word. */
    public void cut() {
        server.run();
        stream.cut();
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

    /** What nobody has looked at, for a message; empty if there is nothing. */
    String unread() {
        String unread = answer.unread();
        return unread.isEmpty()
                ? ""
                : answer.request() + ": nobody looked at " + unread + " (expected: all of it taken by received())";
    }

    /** Where it comes from. */
    @Override
    public String toString() {
        return answer.request();
    }
}
