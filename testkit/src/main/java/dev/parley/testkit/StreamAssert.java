package dev.parley.testkit;

import dev.parley.sse.codec.ServerSentEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

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
        check("received", data(actual.events()), List.of(data));
        return this;
    }

    /**
     * Takes the events since the last look on this stream, and first those on the streams that it goes on from by
     * {@link TestStream#reconnect}, and verifies the data of each: all of them, in order.
     *
     * @param data the data of the events
     * @return this assertion
     */
    public StreamAssert receivedInAll(String... data) {
        isNotNull();
        check("received in all", data(actual.eventsInAll()), List.of(data));
        return this;
    }

    private static List<@Nullable String> data(List<ServerSentEvent> events) {
        List<@Nullable String> data = new ArrayList<>();
        events.forEach(event -> data.add(event.data()));
        return data;
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
     * Takes the complete lines of JSON since the last look ({@link TestStream#lines}), and verifies them: all of them, in
     * order.
     *
     * @param lines the lines, without their line feeds
     * @return this assertion
     */
    public StreamAssert receivedLines(String... lines) {
        isNotNull();
        check("received lines", actual.lines(), List.of(lines));
        return this;
    }

    /**
     * Verifies that nothing of a topic was lost on this event stream since it began, in either way that a client can see:
     *
     * <ul>
     *   <li>The stream told of no loss, by {@code parley:gap} or {@code parley:reset}.
     *   <li>It lost nothing silently: where ids are positions, the first event follows what the request came with (or the
     *       place at which the stream said that it began), and each event follows the one before: offsets without a hole,
     *       in the same epoch.
     * </ul>
     *
     * A filter, and {@link dev.parley.topic.OverflowPolicy#LATEST_PER_KEY}, leave out publications as they should, which
     * looks like the second. On such a stream {@link #isResumed} and {@link TestStream#notices} ask only for what was told.
     * Events are not taken.
     *
     * @return this assertion
     */
    public StreamAssert hasNoGap() {
        isNotNull();
        for (ServerSentEvent notice : actual.notices()) {
            if (Answer.isLoss(notice)) {
                throw failure(
                        "%s (expected: no loss; let the topic keep more, by Topics.Builder.history, or come back sooner)",
                        actual);
            }
        }
        List<String> holes = actual.trail().holes();
        if (!holes.isEmpty()) {
            throw failure(
                    "%s: lost without a word: %s (expected: each offset, or parley:gap; where a filter or LATEST_PER_KEY"
                            + " leaves some out, isResumed() or notices() instead)",
                    actual, holes);
        }
        return this;
    }

    /**
     * Verifies that no event came twice, on this event stream and those that it goes on from by
     * {@link TestStream#reconnect}: none had the id of another. Where ids are positions, each event must be behind all
     * before it in one topic at least, so what comes out of order is found too. Events without an id are not looked at, and
     * none are taken.
     *
     * @return this assertion
     */
    public StreamAssert hasNoDuplicate() {
        isNotNull();
        actual.notices(); // which says so if this is no event stream
        List<String> repeated = actual.trail().repeated();
        if (!repeated.isEmpty()) {
            throw failure(
                    "%s: came again, or too late: events %s (expected: each event once, in order; the stream came with"
                            + " Last-Event-ID %s)",
                    actual, repeated, actual.trail().sent());
        }
        return this;
    }

    /**
     * Verifies that the stream told the client that it goes on where the client was: {@code parley:resumed} came, and
     * nothing that tells of a loss.
     *
     * @return this assertion
     */
    public StreamAssert isResumed() {
        isNotNull();
        if (actual.notices().stream().anyMatch(Answer::isLoss) || count(Answer.RESUMED) == 0) {
            throw failure(
                    "%s (expected: parley:resumed and no loss; the stream came with Last-Event-ID %s)",
                    actual, actual.trail().sent());
        }
        return this;
    }

    /**
     * Verifies that the stream told of a loss, by {@code parley:gap}, and how much was lost.
     *
     * @param lost how many publications, of all topics and gaps together
     * @return this assertion
     */
    public StreamAssert hasGap(long lost) {
        isNotNull();
        long told = 0;
        for (ServerSentEvent notice : actual.notices()) {
            if (Answer.GAP.equals(notice.event())) {
                told += JsonMapper.shared().readTree(notice.data()).path("lost").asLong(0);
            }
        }
        if (count(Answer.GAP) == 0 || told != lost) {
            throw failureWithActualExpected(
                    told, lost, "%s: told of %s lost (expected: parley:gap, with %s lost)", actual, told, lost);
        }
        return this;
    }

    /**
     * Verifies that the stream told the client that what it had heard is of another epoch, by {@code parley:reset}.
     *
     * @return this assertion
     */
    public StreamAssert isReset() {
        isNotNull();
        if (count(Answer.RESET) == 0) {
            throw failure(
                    "%s (expected: parley:reset; the stream came with Last-Event-ID %s)",
                    actual, actual.trail().sent());
        }
        return this;
    }

    private long count(String name) {
        return actual.notices().stream()
                .filter(notice -> name.equals(notice.event()))
                .count();
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
