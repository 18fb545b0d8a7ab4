package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BeaconCursorTest {
    @Test
    void whatIsWrittenIsReadBack() {
        assertThat(new BeaconCursor(12, 3456)).hasToString("12-3456");
        assertThat(BeaconCursor.parse("12-3456")).isEqualTo(new BeaconCursor(12, 3456));
        assertThat(BeaconCursor.parse(BeaconCursor.START.toString())).isEqualTo(BeaconCursor.START);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-", "12", "12-", "-12", "1-2-3", "+1-2", " 1-2", "1-2 ", "1234567890123456789-0", "١-٢"})
    void otherTextIsRefused(String text) {
        assertThatThrownBy(() -> BeaconCursor.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cursor: " + text.length() + " characters (expected: two numbers, such as 12-3456)");
    }

    @Test
    void noNumberIsNegative() {
        assertThatThrownBy(() -> new BeaconCursor(1, -1)).hasMessage("cursor: 1, -1 (expected: none negative)");
        assertThatThrownBy(() -> new BeaconCursor(-1, 1)).hasMessage("cursor: -1, 1 (expected: none negative)");
    }

    @Test
    void orderIsThatOfTheLog() {
        assertThat(new BeaconCursor(2, 0)).isGreaterThan(new BeaconCursor(1, 9));
        assertThat(new BeaconCursor(1, 9)).isGreaterThan(new BeaconCursor(1, 8));
        assertThat(new BeaconCursor(1, 8)).isEqualByComparingTo(new BeaconCursor(1, 8));
    }
}
