package dev.parley.sse.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServerSentEventTest {

    @Test
    void theShortFormIsAMessageWithoutAnId() {
        assertThat(ServerSentEvent.of("3")).isEqualTo(new ServerSentEvent(null, null, "3", null, null));
    }

    @Test
    void theBuilderSetsEachField() {
        assertThat(ServerSentEvent.builder()
                        .id("7")
                        .event("done")
                        .data("go")
                        .retry(Duration.ofSeconds(1))
                        .comment("c")
                        .build())
                .isEqualTo(new ServerSentEvent("7", "done", "go", Duration.ofSeconds(1), "c"));
    }

    @Test
    void noDataAndEmptyDataDiffer() {
        assertThat(ServerSentEvent.of("").data()).isEmpty();
        assertThat(ServerSentEvent.builder().id("1").build().data()).isNull();
    }

    @Test
    void anIdHasNoLineEndAndNoNul() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().id("a\nb"))
                .withMessage("id: \"a?b\" (expected: no CR, LF or NUL)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().id("a\r\u001b[2J\u0085\u2028\u202E"))
                .withMessage("id: \"a??[2J???\" (expected: no CR, LF or NUL)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ServerSentEvent("\0", null, "", null, null))
                .withMessage("id: \"?\" (expected: no CR, LF or NUL)");
    }

    @Test
    void aNameHasNoLineEndAndIsNotEmpty() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().event("a\rdata: x"))
                .withMessage("event: \"a?data: x\" (expected: no CR or LF)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ServerSentEvent(null, "a\n", "", null, null))
                .withMessage("event: \"a?\" (expected: no CR or LF)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().event(""))
                .withMessage("event: \"\" (expected: a name, or null for \"message\")");
    }

    @Test
    void aRefusedValueIsShownShort() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().id("x".repeat(1000) + "\n"))
                .withMessage("id: \"" + "x".repeat(64) + "…\" (expected: no CR, LF or NUL)");
    }

    @Test
    void aNameWithoutDataWouldBeHeardByNobody() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().event("done").build())
                .withMessage("data: null (expected: data for the event, \"\" for an empty one)");
    }

    @Test
    void anEventHasAField() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().build())
                .withMessage("event: no field (expected: id, data, retry or comment)");
    }

    @Test
    void retryIsWholeMillisecondsFromZero() {
        assertThat(ServerSentEvent.builder()
                        .retry(Duration.ofNanos(1_999_999))
                        .build()
                        .retry())
                .isEqualTo(Duration.ofMillis(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().retry(Duration.ofMillis(-1)))
                .withMessage("retry: PT-0.001S (expected: 0 to 2^63 ms)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerSentEvent.builder().retry(Duration.ofSeconds(Long.MAX_VALUE)));
    }
}
