package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HttpLimitsTest {

    @Test
    void theDefaultsAreThoseThatTheDocumentationNames() {
        assertThat(HttpLimits.DEFAULT)
                .isEqualTo(new HttpLimits(
                        8192,
                        16_384,
                        1_048_576,
                        Math.max(8_388_608, Runtime.getRuntime().maxMemory() / 4),
                        16,
                        1_048_576,
                        1_048_576,
                        4_194_304,
                        16_777_216,
                        100,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(10),
                        240,
                        Duration.ofSeconds(60),
                        Duration.ofSeconds(120),
                        Duration.ofSeconds(2)));
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                wrong("maxUriBytes: 0 (expected: >= 1)", it -> it.maxUriBytes(0)),
                wrong("maxHeaderBytes: -1 (expected: >= 1)", it -> it.maxHeaderBytes(-1)),
                wrong("maxBodyBytes: -1 (expected: >= 0)", it -> it.maxBodyBytes(-1)),
                wrong("maxGatheredBytes: 0 (expected: >= 1)", it -> it.maxGatheredBytes(0)),
                wrong("maxPipelined: 0 (expected: >= 1)", it -> it.maxPipelined(0)),
                wrong("maxQueuedBytes: 0 (expected: >= 1)", it -> it.maxQueuedBytes(0)),
                wrong("http2StreamWindowBytes: 65534 (expected: >= 65535)", it -> it.http2StreamWindowBytes(65_534)),
                wrong(
                        "http2ConnectionWindowBytes: 65534 (expected: >= 65535)",
                        it -> it.http2ConnectionWindowBytes(65_534)),
                wrong("http2MaxStreamWindowBytes: -1 (expected: >= 0)", it -> it.http2MaxStreamWindowBytes(-1)),
                wrong("http2MaxStreams: 0 (expected: >= 1)", it -> it.http2MaxStreams(0)),
                wrong("minBodyBytesPerSecond: -1 (expected: >= 0)", it -> it.minBodyBytesPerSecond(-1)),
                wrong("headerTimeout: PT0S (expected: > 0)", it -> it.headerTimeout(Duration.ZERO)),
                wrong("bodyTimeout: PT-1S (expected: > 0)", it -> it.bodyTimeout(Duration.ofSeconds(-1))),
                wrong("idleTimeout: PT0S (expected: > 0)", it -> it.idleTimeout(Duration.ZERO)),
                wrong("writeTimeout: PT0S (expected: > 0)", it -> it.writeTimeout(Duration.ZERO)),
                wrong("lingerTimeout: PT0S (expected: > 0)", it -> it.lingerTimeout(Duration.ZERO)));
    }

    private static Arguments wrong(String message, Consumer<HttpLimits.Builder> setting) {
        return Arguments.of(message, setting);
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void aWrongLimitIsNamedWhenItIsSet(String message, Consumer<HttpLimits.Builder> setting) {
        HttpLimits.Builder builder = HttpLimits.builder();
        assertThatThrownBy(() -> setting.accept(builder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        assertThat(builder.build()).isEqualTo(HttpLimits.DEFAULT);
    }
}
