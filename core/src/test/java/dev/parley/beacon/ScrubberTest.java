package dev.parley.beacon;

import static dev.parley.beacon.Beacons.body;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

class ScrubberTest {

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "https://a.example/p?q=1#f, https://a.example/p",
                "https://a.example/p#?, https://a.example/p",
                "https://a.example?q, https://a.example",
                "https://user:secret@a.example/p@2?x, https://a.example/p@2",
                "https://user@evil@a.example/, https://a.example/",
                "https:\\\\user:secret@a.example\\p, https:\\\\a.example\\p",
                "//user:secret@a.example/p?q, //a.example/p",
                "/p?to=https://user:x@b.example/, /p",
                "p?to=https://b.example/, p",
                "?q, ``",
                "https://a.example/p, https://a.example/p",
                "data:text/html;base64;secret, data",
                "BLOB:https://a.example/uuid, blob",
                "inline, inline",
                "mailto:me@a.example, mailto:me@a.example",
                "https://[2001:db8::1]:8080/p?q, https://[2001:db8::1]:8080/p",
                "https://, https://",
                "'', ''"
            })
    void anAddressLosesWhatIsNobodysBusiness(String url, String scrubbed) {
        assertThat(Scrubber.scrubbed(url)).isEqualTo(scrubbed);
    }

    private static String scrubbed(String contentType, String text) {
        return new String(Scrubber.scrubbed(body(contentType, text)).bytes(), UTF_8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "url",
                "documentURL",
                "document-uri",
                "documentURI",
                "referrer",
                "blockedURL",
                "blocked-uri",
                "sourceFile",
                "source-file",
                "nextResponseURL",
                "subresource_url"
            })
    void membersThatAreAddressesAreScrubbed(String member) {
        String text = "[{\"age\":1,\"type\":\"x\",\"body\":{\"%s\":\"%s\"}}]";

        assertThat(scrubbed("application/reports+json", text.formatted(member, "/p?secret#f")))
                .isEqualTo(text.formatted(member, "/p"));
        assertThat(scrubbed(
                        "application/csp-report", text.formatted(member, "https:\\/\\/u:p@a.example\\/p\\u003Fsecret")))
                .isEqualTo(text.formatted(member, "https://a.example/p"));
        assertThat(scrubbed("application/reports+json", text.formatted(member, "data:,secret")))
                .isEqualTo(text.formatted(member, "data"));
    }

    @Test
    void addressesWithinOtherTextsAreScrubbed() {
        String text = "{\"type\":\"crash\",\"body\":{\"stack\":\"at f (https://a.example/x.js?v=1:2:3)\\n"
                + "at 'https://u:p@b.example/#secret' what?\",\"list\":[\"https://a.example/?q\",[\"is it? #1\"]]}}";

        assertThat(scrubbed("application/reports+json", text))
                .isEqualTo("{\"type\":\"crash\",\"body\":{\"stack\":\"at f (https://a.example/x.js\\n"
                        + "at 'https://b.example/ what?\",\"list\":[\"https://a.example/\",[\"is it? #1\"]]}}");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "GET /reset?token=secret failed|GET /reset failed",
                "GET reset/now#secret failed|GET reset/now failed",
                "see //u:p@h/x?q now|see //h/x now",
                "see \\\\u:p@h\\x?q now|see \\\\h\\x now",
                "https://a/,https://u:p@b/x?q|https://a/,https://b/x",
                "https://a/it's?secret|https://a/it's",
                "https://a/#it's-secret now|https://a/ now",
                "https://u:it's@a/|https://a/",
                "https://u@evil@a/|https://a/",
                "`got data:text/html,<b> secret then\nat f`|`got data\nat f`",
                "(DATA:,secret|(DATA",
                "at blob:https://a/uuid:1:2 failed|at blob failed",
                "got data: 404|got data: 404",
                "metadata:x me@a.example a?b #1 and/or|metadata:x me@a.example a?b #1 and/or"
            })
    void whatLooksLikeAnAddressWithinATextIsScrubbed(String text, String plain) {
        ObjectNode report = JsonNodeFactory.instance.objectNode();

        assertThat(scrubbed(
                        "application/reports+json", report.put("message", text).toString()))
                .isEqualTo(report.put("message", plain).toString());
        assertThat(scrubbed(
                        "application/reports+json",
                        report.put("url", "x/y " + text).toString()))
                .doesNotContain("secret", "u:p@");
        assertThat(scrubbed("application/reports+json", "{\"list\":[" + StringNode.valueOf(text) + "]}"))
                .isEqualTo("{\"list\":[" + StringNode.valueOf(plain) + "]}");
    }

    @Test
    void namesOfMembersAreScrubbed() {
        String text = "{\"type\":\"x\",\"body\":{\"a\":1,\"https://u:p@a.example/?secret\":{\"/x?y\":2},\"b\":3}}";

        assertThat(scrubbed("application/reports+json", text))
                .isEqualTo("{\"type\":\"x\",\"body\":{\"a\":1,\"https://a.example/\":{\"/x\":2},\"b\":3}}");
        assertThat(scrubbed("application/reports+json", "{\"/?a\":1,\"/?b\":2}"))
                .isEqualTo("{\"/\":2}");
        assertThat(scrubbed("application/reports+json", "{\"/url?a\":\"x?secret\"}"))
                .isEqualTo("{\"/url\":\"x\"}");
    }

    @Test
    void reportsWithAMemberTwiceAreBroken() {
        BeaconBody body = body("application/reports+json", "{\"url\":\"https://a/?secret=1\",\"url\":\"https://a/\"}");
        BeaconBody scrubbed = Scrubber.scrubbed(body);

        assertThat(scrubbed.text()).isEqualTo("{\"url\":\"");
        assertThat(scrubbed.json()).isEmpty();
        assertThat(scrubbed.flaw()).isEqualTo(body.flaw()).contains("JSON with a member twice");
        assertThat(body("application/json", "{\"a\":1,\"a\":2}").flaw()).isEmpty();
    }

    @Test
    void aPolicyStaysAsItIs() {
        String text =
                "{\"type\":\"x\",\"body\":{\"originalPolicy\":\"report-uri https://c.example/?site=1; img-src *\"}}";

        assertThat(scrubbed("application/reports+json", text)).isEqualTo(text);
    }

    @Test
    void whatHoldsNothingToScrubStaysByteForByte() {
        String text = " [ { \"type\" : \"x\", \"url\": \"https:\\/\\/a.example\\/\", \"n\": 1.50 } ] ";

        assertThat(scrubbed("application/reports+json", text)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"text/plain;charset=UTF-8", "application/json", "application/octet-stream", "multipart/form-data"
            })
    void onlyReportsAreScrubbed(String contentType) {
        BeaconBody body = body(contentType, "{\"url\":\"https://a.example/?q\"}");

        assertThat(Scrubber.scrubbed(body)).isSameAs(body);
    }

    @Test
    void whatIsAnAddressAltogetherIsScrubbed() {
        assertThat(scrubbed("application/reports+json", "\"https://a.example/?q\""))
                .isEqualTo("\"https://a.example/\"");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "[{\"type\":|[{\"type\":",
                "[{\"url\":\"https://a.example/p?secret\"|[{\"url\":\"",
                "[{\"url\":\"https://a.example/#secret\"|[{\"url\":\"",
                "[{\"a\":\"b\",\"url\":\"https://u:secret@a.example\"|[{\"a\":\"b\",\"url\":\"",
                "[{\"url\":\"https:\\/\\/a.example\\/\\u003fsecret\"|[{\"url\":\"",
                "[{\"url\":\"DATA:secret|[{\"url\":\"",
                "/p?secret|``"
            })
    void ofBrokenReportsNothingIsKeptThatMayHoldAQuery(String text, String kept) {
        BeaconBody body = body("application/reports+json", text);
        BeaconBody scrubbed = Scrubber.scrubbed(body);

        assertThat(scrubbed.text()).isEqualTo(kept);
        assertThat(scrubbed.json()).isEmpty();
        assertThat(scrubbed.flaw()).isEqualTo(body.flaw()).isPresent();
    }

    @Test
    void whatIsLeftOfBrokenReportsIsStillBroken() {
        BeaconBody scrubbed = Scrubber.scrubbed(body("application/reports+json", "[] \"secret?\""));

        assertThat(scrubbed.text()).isEqualTo("[] \"");
        assertThat(scrubbed.flaw()).contains("not JSON: line 1, column 4");
    }

    @Test
    void reportsThatAreTooDeepAreBroken() {
        BeaconBody scrubbed = Scrubber.scrubbed(body("application/reports+json", "[".repeat(60_000)));

        assertThat(scrubbed.flaw().orElseThrow()).startsWith("JSON over a limit");
    }
}
