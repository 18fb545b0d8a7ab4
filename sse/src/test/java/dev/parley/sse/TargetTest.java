package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    private static Target target(String uri) {
        return Target.of(URI.create(uri));
    }

    @ParameterizedTest
    @CsvSource({
        "http://news.test,           news.test,       80,   news.test,      /",
        "http://news.test:80/,       news.test,       80,   news.test,      /",
        "HTTPS://news.test?a=b,      news.test,       443,  news.test,      /?a=b",
        "https://news.test:80/a,     news.test,       80,   news.test:80,   /a",
        "http://[::1]:8080/a?b#c,    ::1,             8080, [::1]:8080,     /a?b",
        "http://[2001:db8::1]/,      2001:db8::1,     80,   [2001:db8::1],  /",
        "http://h/%C3%A9?q=%20+&é,   h,               80,   h,              /%C3%A9?q=%20+&%C3%A9",
    })
    void aUriNamesAHostAndWhatToAskItFor(String uri, String host, int port, String authority, String requestTarget) {
        Target target = target(uri);

        assertThat(target.host()).isEqualTo(host);
        assertThat(target.port()).isEqualTo(port);
        assertThat(target.authority()).isEqualTo(authority);
        assertThat(target.requestTarget()).isEqualTo(requestTarget);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/news", "ftp://news.test/", "http:news", "http:///news", "mailto:a@b", "http://h:70000/"})
    void anotherUriIsRefused(String uri) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> target(uri))
                .withMessage("uri: " + uri + " (expected: http or https, a host and a port)");
    }

    @Test
    void aUserIsRefusedAndNotShown() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> target("http://user:secret@news.test/"))
                .withMessage("uri: with a user (expected: none, but an Authorization header)");
    }

    @ParameterizedTest
    @CsvSource({
        "http://h/a/b?c,  d,                    http://h/a/d",
        "http://h/a/b?c,  /d?e,                 http://h/d?e",
        "http://h/a/b?c,  ?e,                   http://h/a/b?e",
        "http://h/a/b?c,  ../d,                 http://h/d",
        "http://h/a/b?c,  //i:81/d,             http://i:81/d",
        "http://h/a/b?c,  https://i/d,          https://i/d",
        "http://h,        b,                    http://h/b",
        "http://h?x,      ?y,                   http://h/?y",
    })
    void aLocationIsRelative(String from, String location, String to) {
        assertThat(target(from).follow(location)).isEqualTo(target(to));
    }

    @ParameterizedTest
    @ValueSource(strings = {"javascript:alert(1)", "http://", "http://a b/", "file:///etc/passwd", "//user@h/"})
    void aLocationThatLeadsNowhereIsRefused(String location) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> target("http://h/a").follow(location));
    }

    @ParameterizedTest
    @CsvSource({
        "http://h/a,    http://H:80/b,   true",
        "http://h/a,    https://h/a,     false",
        "http://h/a,    http://h:81/a,   false",
        "http://h/a,    http://i/a,      false",
        "https://h:80/, http://h/,       false",
    })
    void anOriginIsSchemeHostAndPort(String one, String other, boolean same) {
        assertThat(target(one).isSameOrigin(target(other))).isEqualTo(same);
    }

    @Test
    void aLogDoesNotShowTheQuery() {
        assertThat(target("http://h/a?token=secret")).hasToString("http://h/a");
    }
}
