package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.sse.SseEnd.Reason;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerTest {
    private static final Instant NOW = Instant.parse("1994-11-06T08:49:37Z");

    private static Answer answer(int status, String... headers) {
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
        for (int i = 0; i < headers.length; i += 2) {
            head.headers().add(headers[i], headers[i + 1]);
        }
        return Answer.of(head, NOW);
    }

    private static SseEnd end(Answer answer) {
        return ((Answer.Refusal) answer).end();
    }

    private static Duration retryAfter(String... headers) {
        return ((Answer.Refusal) answer(503, headers)).retryAfter();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/event-stream",
                "Text/Event-Stream",
                "text/event-stream;charset=utf-8",
                "text/event-stream ; x"
            })
    void anEventStreamIsOneWhateverItsParameters(String type) {
        assertThat(answer(200, "Content-Type", type)).isEqualTo(new Answer.Stream());
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "text/event-streams", "text", "application/json; text/event-stream", ""})
    void anotherTypeIsFinal(String type) {
        assertThat(end(answer(200, "Content-Type", type)))
                .isEqualTo(new SseEnd(
                        Reason.REFUSED,
                        "status 200 with Content-Type \"" + type + "\" (expected: text/event-stream)",
                        200,
                        null));
    }

    @Test
    void noTypeIsFinal() {
        assertThat(end(answer(200)).reason()).isEqualTo(Reason.REFUSED);
    }

    @Test
    void anEncodingThatWasNotAskedForIsFinal() {
        assertThat(end(answer(200, "Content-Type", "text/event-stream", "Content-Encoding", "gzip"))
                        .detail())
                .isEqualTo("status 200 with Content-Encoding \"gzip\" (expected: none)");
    }

    @Test
    void noContentIsFinal() {
        assertThat(end(answer(204))).isEqualTo(new SseEnd(Reason.NO_CONTENT, "status 204", 204, null));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {101, 201, 205, 206, 300, 304, 305, 400, 401, 403, 404, 405, 406, 409, 410, 413, 418, 451, 600, 999})
    void mostStatusesAreFinal(int status) {
        assertThat(end(answer(status))).isEqualTo(new SseEnd(Reason.REFUSED, "status " + status, status, null));
        assertThat(end(answer(status)).reason().isFinal()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 425, 429, 500, 501, 502, 503, 504, 520, 599})
    void someStatusesPass(int status) {
        assertThat(end(answer(status))).isEqualTo(new SseEnd(Reason.UNAVAILABLE, "status " + status, status, null));
        assertThat(end(answer(status)).reason().isFinal()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"301, true", "302, true", "303, true", "307, false", "308, false"})
    void aRedirectIsOne(int status, boolean losesBody) {
        Answer answer = answer(status, "Location", "/b");

        assertThat(answer).isEqualTo(new Answer.Redirect(status, "/b"));
        assertThat(((Answer.Redirect) answer).losesBody()).isEqualTo(losesBody);
    }

    @Test
    void aRedirectToNowhereIsFinal() {
        assertThat(end(answer(302))).isEqualTo(new SseEnd(Reason.REFUSED, "status 302 without a Location", 302, null));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "120, 120",
        "3600, 3600",
        "3601, 3600",
        "99999999999999999999999, 3600",
        "-1, 0",
        "1.5, 0",
        "soon, 0"
    })
    void retryAfterIsInSecondsAndBounded(String value, long seconds) {
        assertThat(retryAfter("Retry-After", value)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void retryAfterIsADateByTheServersClock() {
        assertThat(retryAfter("Retry-After", "Sun, 06 Nov 2016 08:50:07 GMT", "Date", "Sun, 06 Nov 2016 08:49:37 GMT"))
                .isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void retryAfterIsADateByOursWhereTheServerTellsNone() {
        assertThat(retryAfter("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT")).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void aDateThatHasPassedOrIsFarAwayIsBounded() {
        assertThat(retryAfter("Retry-After", "Sun, 06 Nov 1994 08:49:00 GMT")).isZero();
        assertThat(retryAfter("Retry-After", "Sun, 06 Nov 2044 08:49:00 GMT")).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void onlyTwoStatusesHaveARetryAfter() {
        assertThat(((Answer.Refusal) answer(429, "Retry-After", "5")).retryAfter())
                .isEqualTo(Duration.ofSeconds(5));
        assertThat(((Answer.Refusal) answer(500, "Retry-After", "5")).retryAfter())
                .isZero();
    }
}
