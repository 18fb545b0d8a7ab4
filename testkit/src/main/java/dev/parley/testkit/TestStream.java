package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.sse.codec.ServerSentEvent;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is recorded while it goes on.
 *
 * <p>What is recorded waits to be looked at: as {@link #events} where the answer is an event stream
 * ({@code text/event-stream}), else as {@link #bytes} or {@link #text}. Each look takes what it saw. What nobody took
 * fails the test when its server is closed; {@link #ignoreRest} says that it does not matter.
 *
 * <p><b>Threading.</b> Confined to the thread of its server.
 */
public final class TestStream {
    private final TestServer server;
    private final ClientStream stream;
    private final Answer answer;
    private boolean ignored;

    TestStream(TestServer server, ClientStream stream, Answer answer) {
        this.server = server;
        this.stream = stream;
        this.answer = answer;
    }

    /**
     * The status code.
     *
     * @return 200 or more
     */
    public int status() {
        return answer.status();
    }

    /**
     * The headers as they came, without pseudo-headers.
     *
     * @return the headers
     */
    public HttpHeaders headers() {
        return answer.headers();
    }

    /**
     * The first header of a name.
     *
     * @param name the field's name, in any case
     * @return its value; empty where there is none of that name
     */
    public Optional<String> header(String name) {
        return Optional.ofNullable(answer.headers().get(name));
    }

    /**
     * The trailers.
     *
     * @return the trailer section, empty where there was none, or not yet
     */
    public HttpHeaders trailers() {
        server.run();
        return answer.trailers();
    }

    /**
     * Takes the bytes of the body that have come since the last look.
     *
     * @return the bytes
     * @throws IllegalStateException if this is an event stream
     */
    public byte[] bytes() {
        if (answer.isEventStream()) {
            throw new IllegalStateException(answer.request() + ": an event stream (expected: events())");
        }
        server.run();
        return answer.body().take();
    }

    /**
     * Takes the bytes that have come since the last look, as UTF-8.
     *
     * @return the text
     * @throws IllegalStateException if this is an event stream
     */
    public String text() {
        return new String(bytes(), UTF_8);
    }

    /**
     * Takes the events that have come since the last look.
     *
     * @return the events, as an {@code EventSource} would dispatch them
     * @throws IllegalStateException if this is not an event stream
     */
    public List<ServerSentEvent> events() {
        if (!answer.isEventStream()) {
            throw new IllegalStateException(answer.request() + ": Content-Type "
                    + header("Content-Type").orElse("none") + " (expected: text/event-stream; else use text())");
        }
        server.run();
        return answer.takeEvents();
    }

    /**
     * Takes the comments that an event stream has sent since the last look, such as heartbeats. Nobody has to look at
     * them.
     *
     * @return the comments
     */
    public List<String> comments() {
        server.run();
        return answer.takeComments();
    }

    /**
     * The last {@code retry} of an event stream.
     *
     * @return the time to wait before a reconnect; {@code null} if the stream has not said any
     */
    public @Nullable Duration retry() {
        server.run();
        return answer.retry();
    }

    /**
     * What an {@code EventSource} would send as {@code Last-Event-ID} if it reconnected now.
     *
     * @return the id; {@code null} if the stream has not said any
     */
    public @Nullable String lastEventId() {
        server.run();
        return answer.lastEventId();
    }

    /**
     * Whether more may come.
     *
     * @return {@code false} when the answer is complete or cut off
     */
    public boolean isOpen() {
        server.run();
        return answer.end() == Answer.End.NONE;
    }

    /**
     * Whether the answer came to its proper end.
     *
     * @return {@code false} while it goes on, and when it was cut off
     */
    public boolean isComplete() {
        server.run();
        return answer.end() == Answer.End.COMPLETE;
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

    /** The client goes away without a word: by a reset of the connection (HTTP/1.1) or of the stream (HTTP/2). */
    public void cut() {
        server.run();
        stream.cut();
        server.run();
    }

    /** Takes what nobody has looked at, as a message shows it; empty if there is nothing. */
    String takeUnread() {
        server.run();
        String unread = answer.unread();
        answer.takeEvents();
        answer.takeAll();
        return unread;
    }

    /** Whatever else comes, or has come, need not be looked at. */
    public void ignoreRest() {
        ignored = true;
    }

    /** What was asked, and how far the answer came. */
    @Override
    public String toString() {
        return answer.request() + ": " + answer.progress();
    }

    /** What nobody has looked at, for a message; empty if there is nothing. */
    String unread() {
        String unread = ignored ? "" : answer.unread();
        return unread.isEmpty()
                ? ""
                : this + ": nobody looked at " + unread + " (expected: all of it taken, or ignoreRest())";
    }
}
