package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTargetTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            /                    → /
            /a/b                 → /a/b
            /a/b/                → /a/b/
            //a//b               → //a//b
            /a?b/../c            → /a
            /a%20b               → /a b
            /%41%7e              → /A~
            /%e6%97%a5           → /日
            /%E6%97%A5           → /日
            /%f0%9f%98%80        → /😀
            /%252e%252e/x        → /%2e%2e/x
            /%25                 → /%
            /.well-known/x       → /.well-known/x
            /a/...               → /a/...
            /a/..b/.c            → /a/..b/.c
            /a/b../c.            → /a/b../c.
            /a;v=1/..;/b         → /a;v=1/..;/b
            /%3f%23              → /?#
            /a[1]^|              → /a[1]^|
            /a+b                 → /a+b
            /!$&'()*,=:@         → /!$&'()*,=:@
            http://h             → /
            http://h?x           → /
            HTTP://h:80/a/b?x    → /a/b
            https://[::1]:8/a    → /a
            *                    → *
            """, quoteCharacter = '"')
    void pathIsDecodedOnce(String target, String path) {
        assertThat(RequestTarget.parse(target).path()).isEqualTo(path);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "?",
                "**",
                "*?x",
                "a/b",
                "host:443",
                "ftp://h/",
                "http:///a",
                "http://",
                "http://u@h/",
                "http://h:x/",
                "http://h#/",
                "/ ",
                "/a b",
                "/a\tb",
                "/a\u0000b",
                "/a\u007fb",
                "/é",
                "/\uff0e\uff0e/x",
                "/a#b",
                "/a?b#c",
                "/\"",
                "/<",
                "/>",
                "/`",
                "/{id}",
                "/a\\b",
                "/a?\"",
                "/a?<",
                "/a?>",
                "/a?b c",
                "/a?é",
                "/%",
                "/%4",
                "/%4?1",
                "/%zz",
                "/%+1",
                "/%u0041",
                "/%\uff14\uff11",
                "/a?%",
                "/a?%4",
                "/a?%4&1",
                "/a?x=%zz"
            })
    void whatIsNoTargetIsRefused(String target) {
        assertRefused(target);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/..",
                "/.",
                "/a/..",
                "/a/.",
                "/../a",
                "/./a",
                "/a/../b",
                "/a/./b",
                "/a/../",
                "/%2e",
                "/%2e%2e",
                "/%2E%2E/a",
                "/a/.%2e/b",
                "/a/%2e./b",
                "/a/%2e%2e",
                "/a/%2e%2e?x",
                "/a%2fb",
                "/a%2Fb",
                "/%2fetc/passwd",
                "/..%2fetc",
                "/%2e%2e%2fetc",
                "/a%5cb",
                "/..%5C..%5cetc",
                "/a%00",
                "/a%00.html",
                "/a%0a",
                "/a%0d%0ab",
                "/a%1f",
                "/a%7f",
                "/a%c2%80",
                "/a%c2%9f",
                "/%c0%ae%c0%ae/",
                "/%c0%af",
                "/%e0%80%ae",
                "/%e0%80%af",
                "/%f0%80%80%ae",
                "/%f8%80%80%80%ae",
                "/%ed%a0%80",
                "/%f4%90%80%80",
                "/%ff",
                "/%80",
                "/%e6%97",
                "/%e6x",
                "http://h/../a",
                "http://h/%2e%2e/a"
            })
    void everySpellingOfTraversalIsRefused(String target) {
        assertRefused(target);
    }

    private static void assertRefused(String target) {
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> RequestTarget.parse(target))
                .satisfies(e -> assertThat(e.problem().status()).isEqualTo(400));
    }

    @Test
    void theProblemNamesThePlaceAndRepeatsNothing() {
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> RequestTarget.parse("/secret\"quote"))
                .withMessage("400 Bad Request: request target: illegal character at index 7");
    }

    @Test
    void absoluteFormHasAnAuthority() {
        RequestTarget target = RequestTarget.parse("http://Shop.example:8080/a?b=c");

        assertThat(Objects.toString(target.authority())).isEqualTo("shop.example:8080");
        assertThat(target.path()).isEqualTo("/a");
        assertThat(target.rawQuery()).isEqualTo("b=c");
    }

    @Test
    void originFormHasNoAuthority() {
        assertThat(RequestTarget.parse("//evil.example/a").authority()).isNull();
    }

    @Test
    void onlyTheAsteriskIsTheAsterisk() {
        assertThat(RequestTarget.parse("*").isAsterisk()).isTrue();
        assertThat(RequestTarget.parse("/*").isAsterisk()).isFalse();
    }

    @Test
    void theQueryIsKeptAsItCame() {
        assertThat(RequestTarget.parse("/a?b?c=%41&[|]{}^`\\").rawQuery()).isEqualTo("b?c=%41&[|]{}^`\\");
        assertThat(RequestTarget.parse("/a?").rawQuery()).isEmpty();
        assertThat(RequestTarget.parse("/a").rawQuery()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            x=1             → 1
            x=1&x=2         → 1,2
            y=0&x=1&&z=3&   → 1
            x               → ''
            x=              → ''
            x=a=b           → a=b
            x=a+b           → a b
            x=a%2Bb         → a+b
            x=%26%3D        → &=
            %78=1           → 1
            x=%252e         → %2e
            x=%e6%97%a5     → 日
            x=%0d%0a        → '\r\n'
            x=../..         → ../..
            X=1             →
            =1              →
            """)
    void parametersAreDecodedAsAForm(String query, String values) {
        RequestTarget target = RequestTarget.parse("/?" + query);
        List<String> expected = values == null ? List.of() : List.of(values.split(",", -1));

        assertThat(target.queryAll("x")).isEqualTo(expected);
        assertThat(target.query("x")).isEqualTo(expected.stream().findFirst());
    }

    @Test
    void malformedUtf8InAParameterIsRefusedWhenItIsAskedFor() {
        RequestTarget target = RequestTarget.parse("/?x=%ff");

        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> target.query("x"))
                .withMessage("400 Bad Request: request target: not UTF-8");
    }

    @Test
    void aThousandParametersAreTheLimit() {
        assertThat(RequestTarget.parse("/?" + "x&".repeat(1000)).queryAll("x")).hasSize(1000);
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> RequestTarget.parse("/?" + "x&".repeat(1001)).queryAll("x"))
                .withMessage("400 Bad Request: request target: more than 1000 query parameters");
    }
}
