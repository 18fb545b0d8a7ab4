package dev.parley.sse.codec;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One block of an event stream: an event, or what may stand in its place (a comment, a {@code retry}, an {@code id}).
 *
 * <pre>{@code
 * ServerSentEvent.of("3")
 * ServerSentEvent.builder().event("done").data("go").build()
 * }</pre>
 *
 * <p><b>Wire.</b> <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">HTML
 * standard, 9.2.5</a>. It holds what a client can hear and nothing else, so each value survives the wire. Line ends in
 * the data (LF, CR, CRLF) all arrive as LF; a surrogate without its other half arrives as {@code ?}.
 *
 * <p>No data ({@code null}) and empty data are different things: without data the client dispatches no event, with
 * empty data it dispatches one whose data is the empty string.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * <p><b>Errors.</b> What would break out of its field is refused with {@link IllegalArgumentException}.
 *
 * @param id the client's last event id from this block on, without CR, LF and NUL (a client ignores an id with NUL);
 *     empty: the client forgets its last id; {@code null}: it keeps it
 * @param event the name of the event, not empty and without CR and LF; {@code null} stands for {@code message}. NUL is
 *     allowed, since clients hear it like any other character. Only with data: a name alone would be heard by nobody
 * @param data the event's data, any text; {@code null}: no event
 * @param retry how long the client waits before it reconnects, 0 or more, kept in whole milliseconds; {@code null}
 *     leaves that as it is
 * @param comment any text, which clients ignore; {@code null} for none
 */
public record ServerSentEvent(
        @Nullable String id,
        @Nullable String event,
        @Nullable String data,
        @Nullable Duration retry,
        @Nullable String comment) {

    /**
     * Checks each field, and that there is one.
     *
     * @param id without CR, LF and NUL
     * @param event not empty, without CR and LF, and only with data
     * @param data any text
     * @param retry 0 or more
     * @param comment any text
     */
    public ServerSentEvent {
        checkId(id);
        checkEvent(event);
        if (event != null && data == null) {
            throw new IllegalArgumentException("data: null (expected: data for the event, \"\" for an empty one)");
        }
        if (retry != null) {
            retry = wholeMillis(retry);
        }
        if (id == null && data == null && retry == null && comment == null) {
            throw new IllegalArgumentException("event: no field (expected: id, data, retry or comment)");
        }
    }

    /**
     * An event without a name or an id: a {@code message} to the client.
     *
     * @param data the data, any text
     * @return the event
     */
    public static ServerSentEvent of(String data) {
        return new ServerSentEvent(null, null, data, null, null);
    }

    /**
     * Begins an event without any field.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    static void checkId(@Nullable String id) {
        if (id != null && (hasLineEnd(id) || id.indexOf('\0') >= 0)) {
            throw new IllegalArgumentException("id: " + printable(id) + " (expected: no CR, LF or NUL)");
        }
    }

    static void checkEvent(@Nullable String event) {
        if (event == null) {
            return;
        }
        if (event.isEmpty()) {
            // On the wire it could not be told from no name at all.
            throw new IllegalArgumentException("event: \"\" (expected: a name, or null for \"message\")");
        }
        if (hasLineEnd(event)) {
            throw new IllegalArgumentException("event: " + printable(event) + " (expected: no CR or LF)");
        }
    }

    private static Duration wholeMillis(Duration retry) {
        if (retry.isNegative() || retry.toSeconds() >= Long.MAX_VALUE / 1000) {
            throw new IllegalArgumentException("retry: " + retry + " (expected: 0 to 2^63 ms)");
        }
        return Duration.ofMillis(retry.toMillis());
    }

    private static boolean hasLineEnd(String text) {
        return text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0;
    }

    /** An argument as a message may show it: short, and without what a terminal or a log would obey. */
    private static String printable(String text) {
        String start = text.length() > 64 ? text.substring(0, 64) + "…" : text;
        return '"' + start.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}\\x80-\\x9F]", "?") + '"';
    }

    /**
     * Builds an event, field by field.
     *
     * <p><b>Threading.</b> Not thread-safe.
     */
    public static final class Builder {
        private @Nullable String id;
        private @Nullable String event;
        private @Nullable String data;
        private @Nullable Duration retry;
        private @Nullable String comment;

        private Builder() {}

        /**
         * Sets the client's last event id. Short ASCII is best: another origin's client cannot send every byte back.
         *
         * @param id without CR, LF and NUL; empty to make the client forget its last id
         * @return this builder
         */
        public Builder id(String id) {
            checkId(id);
            this.id = id;
            return this;
        }

        /**
         * Sets the event's name.
         *
         * @param event not empty, without CR and LF
         * @return this builder
         */
        public Builder event(String event) {
            checkEvent(event);
            this.event = event;
            return this;
        }

        /**
         * Sets the data.
         *
         * @param data any text; empty for an event without content
         * @return this builder
         */
        public Builder data(String data) {
            this.data = data;
            return this;
        }

        /**
         * Sets how long the client waits before it reconnects.
         *
         * @param retry 0 or more; parts of a millisecond are cut off
         * @return this builder
         */
        public Builder retry(Duration retry) {
            this.retry = wholeMillis(retry);
            return this;
        }

        /**
         * Adds a comment, which clients ignore.
         *
         * @param comment any text
         * @return this builder
         */
        public Builder comment(String comment) {
            this.comment = comment;
            return this;
        }

        /**
         * The event.
         *
         * @return a new event
         * @throws IllegalArgumentException if no field was set, or a name without data
         */
        public ServerSentEvent build() {
            return new ServerSentEvent(id, event, data, retry, comment);
        }
    }
}
