package dev.parley.beacon;

import static dev.parley.beacon.Beacons.body;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class BeaconBodyTest {
    private static final String TEXT = "text/plain;charset=UTF-8";
    private static final String FORM = "application/x-www-form-urlencoded;charset=UTF-8";
    private static final String MULTIPART = "multipart/form-data; boundary=b";

    record Visit(String page, int seconds) {}

    record Positive(int seconds) {
        Positive {
            if (seconds < 0) {
                throw new IllegalArgumentException("seconds: " + seconds);
            }
        }
    }

    interface Unmakeable {
        int seconds();
    }

    // ---- text

    static Stream<Arguments> texts() {
        return Stream.of(
                arguments(TEXT, "größe".getBytes(UTF_8), "größe", null),
                arguments(null, "größe".getBytes(UTF_8), "größe", null),
                arguments("text/plain; charset=\"iso-8859-1\"", "größe".getBytes(ISO_8859_1), "größe", null),
                arguments("text/plain;charset=UTF-16BE", "größe".getBytes(UTF_16BE), "größe", null),
                arguments(TEXT, "\ufeffx".getBytes(UTF_8), "x", null),
                arguments(TEXT, new byte[] {'a', (byte) 0xFF, 'b'}, "a\ufffdb", "the text is not of its charset"),
                arguments(
                        "text/plain;charset=us-ascii",
                        "ä".getBytes(UTF_8),
                        "\ufffd\ufffd",
                        "the text is not of its charset"),
                arguments("text/plain;charset=klingon", "ä".getBytes(UTF_8), "ä", "the charset is not known"),
                arguments("text/plain;charset=", "ä".getBytes(UTF_8), "ä", "the charset is not known"),
                arguments("text/plain;charset=a;charset=b", "ä".getBytes(UTF_8), "ä", "the charset is not known"),
                arguments("text/plain;charset=\"../x\"", "ä".getBytes(UTF_8), "ä", "the charset is not known"),
                arguments(
                        "text/plain;charset=" + "x".repeat(5000), "ä".getBytes(UTF_8), "ä", "the charset is not known"),
                arguments(TEXT, new byte[0], "", null));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void textIsReadInItsCharset(String contentType, byte[] bytes, String text, String flaw) {
        BeaconBody body = BeaconBody.of(contentType, bytes);

        assertThat(body.text()).isEqualTo(text);
        assertThat(body.flaw().orElse(null)).isEqualTo(flaw);
    }

    // ---- JSON

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                TEXT,
                "application/json",
                "application/reports+json",
                "application/csp-report",
                "application/octet-stream",
                "application/json;charset=klingon",
                "text/plain;charset=ISO-8859-1"
            })
    void jsonIsReadWhateverTheContentTypeSays(String contentType) {
        BeaconBody body = body(contentType, "{\"page\":\"/cart\",\"seconds\":12,\"more\":[{}]}");

        assertThat(body.json().orElseThrow().path("page").stringValue()).isEqualTo("/cart");
        assertThat(body.json(Visit.class)).contains(new Visit("/cart", 12));
    }

    @Test
    void aFormIsNoJson() {
        assertThat(body(FORM, "{}").json()).isEmpty();
        assertThat(body(MULTIPART, "{}").json()).isEmpty();
    }

    @Test
    void aCharsetThatIsNotUtf8IsHonouredInJsonWithinText() {
        BeaconBody body = BeaconBody.of("text/plain;charset=ISO-8859-1", "\"ä\"".getBytes(ISO_8859_1));

        assertThat(body.json().orElseThrow().stringValue()).isEqualTo("ä");
    }

    @Test
    void whatHasAnotherShapeIsNoObject() {
        assertThat(body(TEXT, "[1]").json(Visit.class)).isEmpty();
        assertThat(body(TEXT, "null").json(Visit.class)).isEmpty();
        assertThat(body(TEXT, "{\"seconds\":\"many\"}").json(Visit.class)).isEmpty();
        assertThat(body(TEXT, "{\"seconds\":-1}").json(Positive.class)).isEmpty();
        assertThat(body(TEXT, "{\"page\":").json(Visit.class)).isEmpty();
    }

    @Test
    void aTypeThatCannotBeMadeIsAnError() {
        assertThatThrownBy(() -> body(TEXT, "{}").json(Unmakeable.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("$Unmakeable (expected: one that Jackson can read)");
    }

    static Stream<Arguments> brokenJson() {
        return Stream.of(
                arguments("", "no JSON: there is nothing"),
                arguments(" \n", "no JSON: there is nothing"),
                arguments("{\n \"secret\": secret}", "not JSON: line 2, column 12"),
                arguments("{} {}", "not JSON: line 1, column 4"),
                arguments("[NaN]", "not JSON: line 1, column 5"),
                arguments("{\"a\":", "not JSON: line 1, column 6"),
                arguments(
                        "[".repeat(65) + "]".repeat(65),
                        "JSON over a limit (64 levels, numbers of 1,000 digits): line 1, column 66"),
                arguments(
                        "[".repeat(60_000),
                        "JSON over a limit (64 levels, numbers of 1,000 digits): line 1, column 66"),
                arguments(
                        "[" + "9".repeat(1001) + "]",
                        "JSON over a limit (64 levels, numbers of 1,000 digits): line 1, column 1003"));
    }

    @ParameterizedTest
    @MethodSource("brokenJson")
    void brokenJsonIsMarkedAndNotRepeated(String text, String flaw) {
        BeaconBody body = body("application/json", text);

        assertThat(body.json()).isEmpty();
        assertThat(body.flaw()).contains(flaw);
        assertThat(body.flaw()).contains(flaw); // from memory
        assertThat(body.text()).isEqualTo(text);
    }

    @Test
    void jsonThatIsNotUtf8IsBroken() {
        BeaconBody body = BeaconBody.of("application/json", new byte[] {'"', (byte) 0xFF, '"'});

        assertThat(body.json()).isEmpty();
        assertThat(body.flaw()).isPresent();
    }

    @Test
    void textNeedNotBeJson() {
        assertThat(body(TEXT, "{hello").flaw()).isEmpty();
        assertThat(body(null, "{hello").flaw()).isEmpty();
    }

    @Test
    void ofMembersOfOneNameTheLastCountsAndNumbersMayBeHuge() {
        BeaconBody body = body("application/json", "{\"a\":1,\"a\":2,\"b\":1e999,\"c\":" + "9".repeat(1000) + "}");

        assertThat(body.flaw()).isEmpty();
        assertThat(body.json().orElseThrow().path("a").intValue()).isEqualTo(2);
        assertThat(body.json().orElseThrow().path("c").isNumber()).isTrue();
    }

    @Test
    void aTreeThatIsHeldIsNotReadAgain() {
        BeaconBody body = body(TEXT, "{}");

        assertThat(body.json().orElseThrow()).isSameAs(body.json().orElseThrow());
    }

    // ---- forms

    static Stream<Arguments> forms() {
        return Stream.of(
                arguments("a=1&b=2&a=3", "{a=[1, 3], b=[2]}", null),
                arguments("", "{}", null),
                arguments("&&a&=b&c=&d==&", "{a=[], =[b], c=[], d=[=]}", null),
                arguments("a+b=c+%2B&%26=%3d", "{a b=[c +], &=[=]}", null),
                arguments("gr%C3%B6%C3%9Fe=zwei%0D%0AZeilen", "{größe=[zwei\r\nZeilen]}", null),
                arguments("größe=ö", "{größe=[ö]}", null),
                arguments("a=%", "{a=[%]}", "a percent escape is broken"),
                arguments("a=%4&b=%zz%41", "{a=[%4], b=[%zzA]}", "a percent escape is broken"),
                arguments("a=%ff", "{a=[\ufffd]}", "a field is not UTF-8"));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void aFormIsReadAsUrlsAre(String text, String fields, String flaw) {
        BeaconBody body = body(FORM, text);

        assertThat(body.fields().toString()).isEqualTo(fields);
        assertThat(body.flaw().orElse(null)).isEqualTo(flaw);
        assertThat(body.parts()).isEmpty();
    }

    @Test
    void ofAFormAThousandFieldsAreRead() {
        BeaconBody full = body(FORM, "a=1&".repeat(1000));
        BeaconBody fuller = body(FORM, "a=1&".repeat(1001));

        assertThat(full.flaw()).isEmpty();
        assertThat(fuller.fields().get("a")).hasSize(1000);
        assertThat(fuller.flaw()).contains("more than 1,000 fields");
    }

    @Test
    void viewsCannotBeChanged() {
        BeaconBody body = body(FORM, "a=1");

        assertThatThrownBy(() -> body.fields().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> body.fields().values().iterator().next().add("2"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    private static String part(String disposition, String data) {
        return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + data + "\r\n";
    }

    @Test
    void ofPartsThoseWithoutAFilesNameAreFields() {
        BeaconBody body = body(
                MULTIPART,
                part("name=\"a\"", "1")
                        + part("name=\"f\"; filename=\"x.json\"\r\nContent-Type: application/json", "{}")
                        + part("name=\"a\"", "-2") + "--b--\r\n");

        assertThat(body.fields()).containsExactly(entry("a", List.of("1", "-2")));
        assertThat(body.parts())
                .containsExactly(
                        new BeaconPart("a", null, null, "1".getBytes(UTF_8)),
                        new BeaconPart("f", "x.json", "application/json", "{}".getBytes(UTF_8)),
                        new BeaconPart("a", null, null, "-2".getBytes(UTF_8)));
        assertThat(body.parts().get(1).text()).isEqualTo("{}");
        assertThat(body.flaw()).isEmpty();
    }

    static Stream<Arguments> brokenForms() {
        String a = part("name=a", "1");
        return Stream.of(
                arguments(MULTIPART, a + "--b\r\n", 1, "not form-data: the body ends before its last boundary"),
                arguments(
                        MULTIPART, a + part("name=b", "2"), 1, "not form-data: the body ends before its last boundary"),
                arguments(MULTIPART, a.repeat(10_000), 1000, "not form-data: there are too many parts"),
                arguments(MULTIPART, a + part("nome=b", "2") + "--b--", 1, "not form-data: a part has no name"),
                arguments(MULTIPART, a + "--b--junk", 1, "not form-data: a boundary's line goes on"),
                arguments("multipart/form-data", a, 0, "not form-data: there is no boundary"),
                arguments(
                        "multipart/form-data; boundary=" + "b".repeat(71),
                        a,
                        0,
                        "not form-data: the boundary is longer than 70 characters"));
    }

    @ParameterizedTest
    @MethodSource("brokenForms")
    void ofABrokenFormTheWholePartsAreRead(String contentType, String text, int parts, String flaw) {
        BeaconBody body = body(contentType, text);

        assertThat(body.parts()).hasSize(parts);
        assertThat(body.flaw()).contains(flaw);
    }

    // ---- reports

    static Stream<Arguments> reportFlaws() {
        return Stream.of(
                arguments("[]", null),
                arguments("{\"type\":\"x\"}", null),
                arguments("{\"csp-report\":{}}", null),
                arguments("[{\"type\":\"x\"},{}]", "not a report: number 2 of 2"),
                arguments("{\"csp-report\":1}", "not a report: number 1 of 1"),
                arguments("7", "not a report: number 1 of 1"),
                arguments("[" + "{\"type\":\"x\"},".repeat(9999) + "{}]", "10000 reports (expected: at most 1,000)"),
                arguments("[{", "not JSON: line 1, column 3"));
    }

    @ParameterizedTest
    @MethodSource("reportFlaws")
    void reportsMustBeReports(String text, String flaw) {
        assertThat(body("application/reports+json", text).flaw().orElse(null)).isEqualTo(flaw);
        assertThat(body("application/csp-report", text).flaw().orElse(null)).isEqualTo(flaw);
    }
}
