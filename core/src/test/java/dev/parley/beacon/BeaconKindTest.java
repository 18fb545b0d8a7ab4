package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BeaconKindTest {

    @ParameterizedTest
    @CsvSource({
        "text/plain;charset=UTF-8, TEXT",
        "text/html, TEXT",
        "TEXT/plain , TEXT",
        "text/, TEXT",
        "text, BINARY",
        "application/x-www-form-urlencoded;charset=UTF-8, FORM",
        "multipart/form-data; boundary=----WebKitFormBoundaryx, MULTIPART",
        "' Multipart/Form-Data\t; boundary=x', MULTIPART",
        "multipart/mixed; boundary=x, BINARY",
        "application/json, JSON",
        "Application/JSON; charset=utf-8, JSON",
        "application/ld+json, JSON",
        "application/expect-ct-report+json, JSON",
        "application/reports+json, REPORT",
        "application/csp-report, CSP_REPORT",
        "application/octet-stream, BINARY",
        "application/jsonp, BINARY",
        "json, BINARY",
        "'', BINARY",
        "';text/plain', BINARY"
    })
    void isToldByTheContentTypeAlone(String contentType, BeaconKind kind) {
        assertThat(BeaconKind.of(contentType)).isEqualTo(kind);
    }

    @Test
    void whatHasNoContentTypeIsBinary() {
        assertThat(BeaconKind.of(null)).isEqualTo(BeaconKind.BINARY);
    }
}
