package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseTest {

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX: b", "a\nb", "a\rb", "a\0b", "a\u0001", "\u007f", "\u65e5", " a"})
    void aHeaderCannotBeInjected(String value) {
        Response response = Response.of(200);
        assertThatThrownBy(() -> response.header("X", value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("header X: \"")
                .hasMessageEndingWith("(expected: no line break, NUL or character over 0xFF)")
                .hasMessageNotContainingAny("\r", "\n", "\0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", "a\r\n", "\u00e4", "a\0"})
    void aNameIsAToken(String name) {
        Response response = Response.of(200);
        assertThatThrownBy(() -> response.header(name, "x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("header name: \"")
                .hasMessageEndingWith("(expected: a token of RFC 9110)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Transfer-Encoding", "connection", "Date"})
    void whatTheServerSetsIsLeftToIt(String name) {
        Response response = Response.of(200);
        assertThatThrownBy(() -> response.header(name, "close"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("header " + name + " (expected: none, it is set by the server)");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 100, 101, 199, 600})
    void aStatusIsFinal(int status) {
        String message = "status: " + status + " (expected: 200 to 599)";
        Response response = Response.of(200);
        assertThatThrownBy(() -> Response.of(status))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> response.status(status))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void aRedirectHasAStatusOfItsKind() {
        assertThat(Response.redirect(303, "/next").header("location")).isEqualTo("/next");
        assertThatThrownBy(() -> Response.redirect(304, "/next"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("status: 304 (expected: 301, 302, 303, 307 or 308)");
    }

    @Test
    void aResponseIsNotChangedBySetters() {
        Response first = Response.text("x");
        Response second = first.status(201).header("X", "1").header("X", "2");
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.header("X")).isNull();
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.headers()).containsExactly("Content-Type", "text/plain; charset=utf-8", "X", "1", "X", "2");
    }
}
