package dev.parley.websocket.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FieldScannerTest {
    @Test
    void tokensAndSeparatorsMayHaveSpacesBetween() {
        FieldScanner scanner = new FieldScanner(" a \t; b=\"c d\" ");

        assertThat(scanner.token()).isEqualTo("a");
        assertThat(scanner.skip(',')).isFalse();
        assertThat(scanner.skip(';')).isTrue();
        assertThat(scanner.token()).isEqualTo("b");
        assertThat(scanner.skip('=')).isTrue();
        assertThat(scanner.token()).isNull();
        assertThat(scanner.value()).isEqualTo("c d");
        assertThat(scanner.isAtEnd()).isTrue();
        assertThat(scanner.value()).isNull();
    }

    @Test
    void tokensHaveTheCharactersOfTheRfc() {
        StringBuilder characters = new StringBuilder();
        for (char c = 0; c < 0x200; c++) {
            if (FieldScanner.isToken(String.valueOf(c))) {
                characters.append(c);
            }
        }

        assertThat(characters)
                .hasToString(
                        "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~"); // RFC 9110,
        // 5.6.2
        assertThat(FieldScanner.isToken("")).isFalse();
    }
}
