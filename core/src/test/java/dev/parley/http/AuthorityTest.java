package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityTest {

    @ParameterizedTest
    @CsvSource({
        "shop.example, shop.example",
        "Shop.EXAMPLE:8080, shop.example:8080",
        "shop.example:, shop.example",
        "shop.example., shop.example.",
        "my_host-1, my_host-1",
        "127.0.0.1:1, 127.0.0.1:1",
        "a:65535, a:65535",
        "a:080, a:80",
        "[::1], [::1]",
        "[FE80::A]:443, [fe80::a]:443"
    })
    void hostAndPortAreRead(String text, String authority) {
        assertThat(Objects.toString(Authority.parse(text))).isEqualTo(authority);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":80",
                ".",
                ".a",
                "a..b",
                "a b",
                "a/b",
                "u@a",
                "a:b@c",
                "a:0",
                "a:65536",
                "a:99999999999",
                "a:-1",
                "a:+1",
                "a:1:2",
                "::1",
                "[",
                "[]",
                "[]:1",
                "[::1",
                "[::1]x",
                "[::1]:x",
                "[::g]",
                "[fe80::1%eth0]",
                "[[::1]]",
                "[1.2.3.4]",
                "é",
                "a%20b",
                "a,b",
                "a\"b",
                "a#b",
                "a?b",
                "a\\b"
            })
    void whatIsNoAuthorityIsNull(String text) {
        assertThat(Authority.parse(text)).isNull();
    }
}
