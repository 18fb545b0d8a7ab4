package dev.parley.sse;

import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.jspecify.annotations.Nullable;

/** What the head of a response means to a client that wants an event stream. */
sealed interface Answer {

    /** The events follow. */
    record Stream() implements Answer {}

    /**
     * The stream is elsewhere.
     *
     * @param location as the server wrote it
     */
    record Redirect(int status, String location) implements Answer {

        /** Whether the method becomes {@code GET}: by RFC 9110, 15.4 for 303, by what all do for 301 and 302. */
        boolean losesBody() {
            return status <= 303;
        }
    }

    /**
     * There is no stream.
     *
     * @param retryAfter the least time after which the server wants to be asked again
     */
    record Refusal(SseEnd end, Duration retryAfter) implements Answer {}

    /** A server may send a client away for longer; then it is asked in vain once an hour. */
    Duration MAX_RETRY_AFTER = Duration.ofHours(1);

    /**
     * Reads a head that is not interim.
     *
     * @param now the time by the clock of this machine, for a server that has none
     */
    static Answer of(HttpResponse head, Instant now) {
        int status = head.status().code();
        HttpHeaders headers = head.headers();
        return switch (status) {
            case 200 -> stream(headers);
            case 204 -> refusal(SseEnd.Reason.NO_CONTENT, status, "");
            case 301, 302, 303, 307, 308 -> {
                String location = headers.get("Location");
                yield location == null
                        ? refusal(SseEnd.Reason.REFUSED, status, " without a Location")
                        : new Redirect(status, location);
            }
            case 408, 425 -> refusal(SseEnd.Reason.UNAVAILABLE, status, "");
            case 429, 503 ->
                new Refusal(
                        ended(SseEnd.Reason.UNAVAILABLE, status, ""),
                        retryAfter(headers.get("Retry-After"), headers.get("Date"), now));
            default ->
                refusal(status >= 500 && status <= 599 ? SseEnd.Reason.UNAVAILABLE : SseEnd.Reason.REFUSED, status, "");
        };
    }

    private static Answer stream(HttpHeaders headers) {
        String type = headers.get("Content-Type", "");
        CharSequence mimeType = HttpUtil.getMimeType(type);
        if (mimeType == null
                || !"text/event-stream".equalsIgnoreCase(mimeType.toString().strip())) {
            return refusal(
                    SseEnd.Reason.REFUSED, 200, " with Content-Type \"" + type + "\" (expected: text/event-stream)");
        }
        String encoding = headers.get("Content-Encoding", "identity");
        if (!encoding.equalsIgnoreCase("identity")) {
            return refusal(SseEnd.Reason.REFUSED, 200, " with Content-Encoding \"" + encoding + "\" (expected: none)");
        }
        return new Stream();
    }

    private static Refusal refusal(SseEnd.Reason reason, int status, String detail) {
        return new Refusal(ended(reason, status, detail), Duration.ZERO);
    }

    private static SseEnd ended(SseEnd.Reason reason, int status, String detail) {
        return new SseEnd(reason, "status " + status + detail, status, null);
    }

    /** <a href="https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3">RFC 9110, 10.2.3</a>. */
    private static Duration retryAfter(@Nullable String value, @Nullable String date, Instant now) {
        if (value == null) {
            return Duration.ZERO;
        }
        if (value.matches("[0-9]+")) {
            return value.length() > 9
                    ? MAX_RETRY_AFTER
                    : Backoff.least(Duration.ofSeconds(Long.parseLong(value)), MAX_RETRY_AFTER);
        }
        Instant until = date(value);
        if (until == null) {
            return Duration.ZERO;
        }
        // By the server's own clock, where it tells that: ours may be wrong.
        Instant since = date(date);
        Duration left = Duration.between(since == null ? now : since, until);
        return left.isNegative() ? Duration.ZERO : Backoff.least(left, MAX_RETRY_AFTER);
    }

    private static @Nullable Instant date(@Nullable String value) {
        Date date = value == null ? null : DateFormatter.parseHttpDate(value);
        return date == null ? null : date.toInstant();
    }
}
