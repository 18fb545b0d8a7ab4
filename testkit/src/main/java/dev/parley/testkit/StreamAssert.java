package dev.parley.testkit;

import dev.parley.sse.codec.ServerSentEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/** Assertions on an answer that goes on. Those on what was received take it. Not thread-safe. */
public final class StreamAssert extends AbstractAssert<StreamAssert, TestStream> {
    StreamAssert(TestStream actual) {
        super(actual, StreamAssert.class);
    }

    /**
     * Verifies the status code.
     *
     * @param status the code
     * @return this assertion
     */
    public StreamAssert hasStatus(int status) {
        isNotNull();
        check("status", actual.status(), status);
        return this;
    }

    /**
     * Verifies that there is exactly one header of a name, with a value.
     *
     * @param name the field's name, in any case
     * @param value its value
     * @return this assertion
     */
    public StreamAssert hasHeader(String name, String value) {
        isNotNull();
        check("header " + name, actual.headers().getAll(name), List.of(value));
        return this;
    }

    /**
     * Takes the events since the last look, and verifies the data of each: all of them, in order.
     *
     * @param data the data of the events
     * @return this assertion
     */
    public StreamAssert received(String... data) {
        isNotNull();
        List<@Nullable String> received = new ArrayList<>();
        for (ServerSentEvent event : actual.events()) {
            received.add(event.data());
        }
        check("received", received, List.of(data));
        return this;
    }

    /**
     * Takes the events since the last look, and verifies them: all of them, in order, with names and ids.
     *
     * @param events the events
     * @return this assertion
     */
    public StreamAssert received(ServerSentEvent... events) {
        isNotNull();
        check("received", actual.events(), List.of(events));
        return this;
    }

    /**
     * Takes the bytes since the last look, and verifies them: all of them.
     *
     * @param text the bytes, as UTF-8
     * @return this assertion
     */
    public StreamAssert receivedText(String text) {
        isNotNull();
        check("received", actual.text(), text);
        return this;
    }

    /**
     * Verifies that no event, or no byte, has come since the last look.
     *
     * @return this assertion
     */
    public StreamAssert receivedNothing() {
        isNotNull();
        String unread = actual.takeUnread();
        if (!unread.isEmpty()) {
            throw failure("%s: received: %s (expected: nothing)", actual, unread);
        }
        return this;
    }

    /**
     * Verifies that there is exactly one trailer of a name, with a value.
     *
     * @param name the field's name, in any case
     * @param value its value
     * @return this assertion
     */
    public StreamAssert hasTrailer(String name, String value) {
        isNotNull();
        check("trailer " + name, actual.trailers().getAll(name), List.of(value));
        return this;
    }

    /**
     * Verifies that more may come.
     *
     * @return this assertion
     */
    public StreamAssert isOpen() {
        isNotNull();
        if (!actual.isOpen()) {
            throw failure("%s (expected: one that goes on)", actual);
        }
        return this;
    }

    /**
     * Verifies that the answer came to its proper end.
     *
     * @return this assertion
     */
    public StreamAssert isComplete() {
        isNotNull();
        if (!actual.isComplete()) {
            throw failure("%s (expected: complete)", actual);
        }
        return this;
    }

    /**
     * Verifies that the connection or stream ended before the answer was complete.
     *
     * @return this assertion
     */
    public StreamAssert isCutOff() {
        isNotNull();
        if (actual.isOpen() || actual.isComplete()) {
            throw failure("%s (expected: cut off)", actual);
        }
        return this;
    }

    private void check(String what, Object is, Object expected) {
        if (!Objects.equals(is, expected)) {
            throw failureWithActualExpected(is, expected, "%s: %s: %s (expected: %s)", actual, what, is, expected);
        }
    }
}
