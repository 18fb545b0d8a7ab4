package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MediaTypesTest {

    @ParameterizedTest
    @CsvSource({
        "index.html, text/html; charset=utf-8",
        "INDEX.HTML, text/html; charset=utf-8",
        "a/b.c/app.min.js, text/javascript; charset=utf-8",
        "app.js.map, application/json",
        "data.json, application/json",
        "logo.svg, image/svg+xml",
        "module.wasm, application/wasm",
        "html, application/octet-stream",
        "a.html/b, application/octet-stream",
        "a.html., application/octet-stream",
        "archive.tar.unknown, application/octet-stream"
    })
    void theLastExtensionTells(String path, String type) {
        assertThat(MediaTypes.BUILT_IN.of(path)).isEqualTo(type);
    }

    @Test
    void eachTypeCanBeAHeader() {
        MediaTypes.BUILT_IN
                .byExtension()
                .values()
                .forEach(type -> assertThat(
                                Response.of(200).header("Content-Type", type).header("Content-Type"))
                        .isEqualTo(type));
    }
}
