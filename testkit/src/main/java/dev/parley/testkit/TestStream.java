package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.sse.codec.ServerSentEvent;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is recorded while it goes on.
 *
 * <p>What is recorded waits to be looked at: as {@link #events} where the answer is an event stream
 * ({@code text/event-stream}), else as {@link #bytes}, {@link #text} or {@link #lines}. Each look takes what it saw. What
 * nobody took fails the test when its server is closed; {@link #ignoreRest} says that it does not matter. Events are read
 * as a browser does, also from a stream with {@code Content-Encoding: gzip}.
 *
 * <p>An event stream that was cut off goes on by {@link #reconnect}.
 *
 * <p><b>Threading.</b> Confined to the thread of its server.
 */
public final class TestStream {
    private final TestServer server;
    private final ClientStream stream;
    private final Answer answer;
    /** Sends the whole request again; {@code null} where it was sent piece by piece. */
    private final @Nullable TestRequest request;

    private boolean ignored;

    TestStream(TestServer server, ClientStream stream, Answer answer, @Nullable TestRequest request) {
        this.server = server;
        this.stream = stream;
        this.answer = answer;
        this.request = request;
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
     * Takes the complete lines of a body of JSON lines ({@code application/x-ndjson}) that have come since the last look. A
     * line is complete when its line feed has come; what is behind the last one waits for the rest.
     *
     * @return the lines, without their line feeds
     * @throws IllegalStateException if the answer is of another type
     */
    public List<String> lines() {
        checkType("application/x-ndjson");
        server.run();
        String lines = new String(answer.body().takeLines(), UTF_8);
        // Not String.lines(): a carriage return is part of what came, and should be seen.
        return lines.isEmpty()
                ? List.of()
                : List.of(lines.substring(0, lines.length() - 1).split("\n", -1));
    }

    private void checkType(String expected) {
        String type = header("Content-Type").orElse("none");
        if (!type.toLowerCase(Locale.ROOT).startsWith(expected)) {
            throw new IllegalStateException(
                    answer.request() + ": Content-Type " + type + " (expected: " + expected + "; else use text())");
        }
    }

    /**
     * Takes the events that have come since the last look, without {@link #notices}.
     *
     * @return the events, as an {@code EventSource} would dispatch them
     * @throws IllegalStateException if this is not an event stream
     */
    public List<ServerSentEvent> events() {
        checkType("text/event-stream");
        server.run();
        return answer.takeEvents();
    }

    /** Takes the events of this stream, and first those of the streams before it. */
    List<ServerSentEvent> eventsInAll() {
        TestStream before = before();
        List<ServerSentEvent> all = new ArrayList<>(before == null ? List.of() : before.eventsInAll());
        all.addAll(events());
        return all;
    }

    /**
     * All that the library itself has told on this event stream, since it began: events whose names begin with
     * {@code parley:}, such as {@code parley:resumed}, {@code parley:gap} and {@code parley:reset}. They are not taken, and
     * nobody has to look at them.
     *
     * @return the events, in order
     * @throws IllegalStateException if this is not an event stream
     */
    public List<ServerSentEvent> notices() {
        checkType("text/event-stream");
        server.run();
        return answer.notices();
    }

    Trail trail() {
        server.run();
        return answer.trail();
    }

    private @Nullable TestStream before() {
        return request == null ? null : request.before();
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
     * What an {@code EventSource} would send as {@code Last-Event-ID} if it reconnected now: the id of the last complete
     * block that had one, whether or not it had an event; else what the request came with.
     *
     * @return the id; empty if the stream took it back; {@code null} if there never was one
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

    /**
     * Comes back as an {@code EventSource} does: sends the same request again, with {@link #lastEventId}, on a connection of
     * its own. The new stream knows this one: {@link StreamAssert#receivedInAll} and {@link StreamAssert#hasNoDuplicate} look
     * at both. What this one has received can still be taken.
     *
     * @return the answer to that request
     * @throws IllegalStateException if an {@code EventSource} would not come back: after another status than 200, or
     *     another type than {@code text/event-stream}; or if the request was sent piece by piece
     * @throws AssertionError if there is no answer
     */
    public TestStream reconnect() {
        return reconnection().stream();
    }

    /**
     * The request of {@link #reconnect}, to be changed before it is sent: to have other headers, or to be cut off once more.
     * This stream, if it still goes on, is cut.
     *
     * @return the request, not sent
     * @throws IllegalStateException as by {@link #reconnect}
     */
    public TestRequest reconnection() {
        if (request == null) {
            throw new IllegalStateException(
                    answer.request() + ": sent piece by piece (expected: TestRequest.stream(), to send it again)");
        }
        if (!answer.isEventStream() || status() != 200) {
            throw new IllegalStateException(answer.request() + ": " + status() + ", Content-Type "
                    + header("Content-Type").orElse("none")
                    + " (expected: 200 and text/event-stream; after anything else an EventSource does not come back)");
        }
        if (isOpen()) {
            cut();
        }
        return request.after(this, server::client);
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

    /** What was asked, how far the answer came, and what the library told on it. */
    @Override
    public String toString() {
        return answer.request() + ": " + answer.progress()
                + answer.notices().stream()
                        .map(notice -> ", told " + notice.event() + " " + notice.data())
                        .collect(Collectors.joining());
    }

    /** What nobody has looked at, for a message; empty if there is nothing. */
    String unread() {
        String unread = ignored ? "" : answer.unread();
        return unread.isEmpty()
                ? ""
                : this + ": nobody looked at " + unread + " (expected: all of it taken, or ignoreRest())";
    }
}
