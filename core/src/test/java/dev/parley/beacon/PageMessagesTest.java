package dev.parley.beacon;

import static dev.parley.beacon.Beacons.beacon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageMessagesTest {
    private static final String TEXT = "text/plain;charset=UTF-8";

    @Test
    void areReadFromWhatThePageSends() {
        PageMessages messages = beacon(TEXT, "{\"page\":\"p1\",\"first\":17,\"messages\":[{\"a\":1},\"b\",null]}")
                .messages()
                .orElseThrow();

        assertThat(messages.page()).isEqualTo("p1");
        assertThat(messages.first()).isEqualTo(17);
        assertThat(messages.last()).isEqualTo(19);
        assertThat(messages.messages()).hasSize(3);
        assertThat(messages.toString()).isEqualTo("PageMessages[page=p1, first=17, last=19]");
    }

    @Test
    void thereMayBeNone() {
        PageMessages messages = beacon(TEXT, "{\"page\":\"p1\",\"first\":1,\"messages\":[]}")
                .messages()
                .orElseThrow();

        assertThat(messages.last()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"page\":\"p\",\"first\":0,\"messages\":[]}",
                "{\"page\":\"p\",\"first\":-1,\"messages\":[]}",
                "{\"page\":\"p\",\"first\":1.5,\"messages\":[]}",
                "{\"page\":\"p\",\"first\":\"1\",\"messages\":[]}",
                "{\"page\":\"p\",\"first\":1000000001,\"messages\":[]}",
                "{\"page\":\"p\",\"first\":1000000000,\"messages\":[1]}",
                "{\"page\":\"p\",\"first\":99999999999999999999999,\"messages\":[]}",
                "{\"page\":\"\",\"first\":1,\"messages\":[]}",
                "{\"page\":7,\"first\":1,\"messages\":[]}",
                "{\"page\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"first\":1,\"messages\":[]}",
                "{\"page\":\"p\",\"first\":1,\"messages\":{}}",
                "{\"page\":\"p\",\"first\":1}",
                "[]",
                "x"
            })
    void anythingElseIsNone(String text) {
        assertThat(beacon(TEXT, text).messages()).isEmpty();
    }

    @Test
    void reportsAreNone() {
        assertThat(beacon("application/reports+json", "{\"page\":\"p\",\"first\":1,\"messages\":[]}")
                        .messages())
                .isEmpty();
    }

    @Test
    void numbersAreChecked() {
        assertThatThrownBy(() -> new PageMessages("p", 0, List.of()))
                .hasMessage("first: 0 (expected: 1 to 1,000,000,000, for the last, too)");
        assertThatThrownBy(() -> new PageMessages("", 1, List.of()))
                .hasMessage("page: 0 characters (expected: 1 to 64)");
    }
}
