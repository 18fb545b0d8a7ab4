package dev.parley.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What settings are refused, and how. */
final class SettingsTest {
    private final WebSocketEndpoint.Builder builder = WebSocketEndpoint.builder();

    private static void assertRefused(ThrowingCallable setting, String message) {
        assertThatThrownBy(setting).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void sizesArePositive() {
        assertRefused(() -> builder.maxFrameBytes(0), "maxFrameBytes: 0 (expected: > 0)");
        assertRefused(() -> builder.maxMessageBytes(-1), "maxMessageBytes: -1 (expected: > 0)");
        assertRefused(() -> builder.maxQueuedBytes(0), "maxQueuedBytes: 0 (expected: > 0)");
        assertRefused(() -> builder.deflateThreshold(-1), "deflateThreshold: -1 (expected: >= 0)");
        assertThat(builder.deflateThreshold(0).maxQueuedBytes(1).build()).isNotNull();
    }

    @Test
    void oneMessageFindsRoom() {
        assertRefused(() -> builder.maxUnfinishedBytes(0), "maxUnfinishedBytes: 0 (expected: > 0)");
        builder.maxMessageBytes(1000).maxUnfinishedBytes(999);
        assertRefused(builder::build, "maxUnfinishedBytes: 999 (expected: at least maxMessageBytes, 1000)");
        assertThat(builder.maxUnfinishedBytes(1000).build().unfinishedBytes()).isZero();
        assertThat(WebSocketEndpoint.builder()
                        .maxMessageBytes(Integer.MAX_VALUE)
                        .build())
                .isNotNull();
    }

    @Test
    void aFrameIsNoLongerThanAMessage() {
        builder.maxMessageBytes(1000).maxFrameBytes(1001);
        assertRefused(builder::build, "maxFrameBytes: 1001 (expected: at most maxMessageBytes, 1000)");
        assertThat(builder.maxFrameBytes(1000).build()).isNotNull();
    }

    @Test
    void timesAreWithinTheirLimits() {
        Duration none = Duration.ZERO;
        Duration hours = Duration.ofHours(1).plusNanos(1);
        Duration days = Duration.ofDays(1).plusNanos(1);
        Duration years = Duration.ofDays(365).plusNanos(1);
        assertRefused(() -> builder.keepAlive(none), "keepAlive: PT0S (expected: 1 s to PT1H)");
        assertRefused(() -> builder.keepAlive(hours), "keepAlive: PT1H0.000000001S (expected: 1 s to PT1H)");
        assertRefused(() -> builder.pongTimeout(none), "pongTimeout: PT0S (expected: 1 s to PT1H)");
        assertRefused(() -> builder.pongTimeout(hours), "pongTimeout: PT1H0.000000001S (expected: 1 s to PT1H)");
        assertRefused(() -> builder.messageTimeout(none), "messageTimeout: PT0S (expected: 1 s to PT24H)");
        assertRefused(() -> builder.messageTimeout(days), "messageTimeout: PT24H0.000000001S (expected: 1 s to PT24H)");
        assertRefused(() -> builder.readIdle(none), "readIdle: PT0S (expected: 1 s to PT24H)");
        assertRefused(() -> builder.readIdle(days), "readIdle: PT24H0.000000001S (expected: 1 s to PT24H)");
        assertRefused(() -> builder.writeIdle(none), "writeIdle: PT0S (expected: 1 s to PT24H)");
        assertRefused(() -> builder.writeIdle(days), "writeIdle: PT24H0.000000001S (expected: 1 s to PT24H)");
        assertRefused(() -> builder.closeTimeout(none), "closeTimeout: PT0S (expected: 1 s to PT1H)");
        assertRefused(() -> builder.closeTimeout(hours), "closeTimeout: PT1H0.000000001S (expected: 1 s to PT1H)");
        assertRefused(() -> builder.maxAge(none), "maxAge: PT0S (expected: 1 s to PT8760H)");
        assertRefused(() -> builder.maxAge(years), "maxAge: PT8760H0.000000001S (expected: 1 s to PT8760H)");
    }

    @Test
    void ratesArePositive() {
        assertRefused(() -> new RateLimit(0, 1), "messagesPerSecond: 0 (expected: > 0)");
        assertRefused(() -> new RateLimit(1, 0), "bytesPerSecond: 0 (expected: 1 to 922337203685477580)");
        assertRefused(
                () -> new RateLimit(1, Long.MAX_VALUE),
                "bytesPerSecond: 9223372036854775807 (expected: 1 to 922337203685477580)");
    }

    @Test
    void whatMayNotBeSentIsNoReason() {
        assertThatThrownBy(() -> builder.drainReason(1006, "")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.drainReason(5000, "")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takeoverNeedsMemory() {
        assertThatThrownBy(() -> builder.contextTakeover(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
