package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AcceptEncodingTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "gzip",
                "GZip",
                "x-gzip",
                "gzip, deflate, br, zstd",
                "deflate,gzip",
                "br;q=1.0, gzip;q=0.8, *;q=0.1",
                "gzip;q=0.001",
                "gzip ; Q=1.000",
                "*",
                "*;q=0.5",
                "identity;q=0.5, gzip",
                "identity, gzip",
                "identity;q=0, *",
                "gzip, *;q=0",
                ",, gzip ,"
            })
    void gzipIsTaken(String field) {
        assertThat(AcceptEncoding.prefersGzip(List.of(field))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "identity",
                "deflate, br",
                "gzipped",
                "gzip;q=0",
                "gzip;q=0.000, *",
                "*;q=0",
                "identity;q=0",
                "gzip;q=0.5, identity;q=0.6",
                "gzip;q=0.5, *",
                "identity, *;q=0.5",
                "gzip;q=2",
                "gzip;q=",
                "gzip;q=0.0001",
                "gzip;level=9",
                "gzip;q=1;q=1"
            })
    void gzipIsNotTaken(String field) {
        assertThat(AcceptEncoding.prefersGzip(List.of(field))).isFalse();
    }

    @Test
    void fieldLinesAreOneList() {
        assertThat(AcceptEncoding.prefersGzip(List.of())).isFalse();
        assertThat(AcceptEncoding.prefersGzip(List.of("br", "gzip"))).isTrue();
        assertThat(AcceptEncoding.prefersGzip(List.of("gzip;q=0.1", "identity")))
                .isFalse();
    }
}
