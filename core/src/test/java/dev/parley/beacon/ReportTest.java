package dev.parley.beacon;

import static dev.parley.beacon.Beacons.AT;
import static dev.parley.beacon.Beacons.beacon;
import static dev.parley.beacon.Beacons.cspReport;
import static dev.parley.beacon.Beacons.reports;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.NullNode;

class ReportTest {
    private static final String POLICY = "default-src 'self'; report-uri /csp";

    private static final Report.CspViolation VIOLATION = new Report.CspViolation(
            "https://shop.example/cart",
            "inline",
            "script-src-elem",
            POLICY,
            "report",
            "console.log(\"lo\")",
            "https://shop.example/a.js",
            121,
            39,
            200);

    /** As Chrome sends it. */
    private static final String CSP = """
            {"age":53531,"body":{"blockedURL":"inline","columnNumber":39,"disposition":"report",\
            "documentURL":"https://shop.example/cart","effectiveDirective":"script-src-elem","lineNumber":121,\
            "originalPolicy":"%s","referrer":"https://www.google.com/","sample":"console.log(\\"lo\\")",\
            "sourceFile":"https://shop.example/a.js","statusCode":200},"type":"csp-violation",\
            "url":"https://shop.example/cart","user_agent":"Mozilla/5.0 Chrome/127.0.0.0"}""".formatted(POLICY);

    /** As Chrome and Firefox send it to a report-uri. */
    private static final String LEGACY_CSP = """
            {"csp-report":{"document-uri":"https://shop.example/cart","referrer":"https://www.google.com/",\
            "violated-directive":"script-src-elem","effective-directive":"script-src-elem","original-policy":"%s",\
            "disposition":"report","blocked-uri":"inline","line-number":121,"column-number":39,\
            "source-file":"https://shop.example/a.js","status-code":200,"script-sample":"console.log(\\"lo\\")"}}""".formatted(POLICY);

    private static final String NEL = """
            [{"age":1500,"type":"network-error","url":"https://shop.example/pay","user_agent":"Mozilla/5.0","body":\
            {"sampling_fraction":0.05,"referrer":"","server_ip":"192.0.2.1","protocol":"h2","method":"GET",\
            "request_headers":{},"response_headers":{},"status_code":503,"elapsed_time":823,"phase":"application",\
            "type":"http.error"}}]""";

    private static final String VITAL = """
            {"name":"LCP","value":1234.5,"delta":34.5,"rating":"good","id":"v5-1-2","navigationType":"navigate","entries":[]}""";

    @Test
    void aBatchIsSplit() {
        List<Report> reports = reports("[" + CSP + "," + CSP.replace("csp-violation", "csp-hash") + "]")
                .reports();

        assertThat(reports).extracting(Report::type).containsExactly("csp-violation", "csp-hash");
        Report first = reports.get(0);
        assertThat(first.at()).isEqualTo(AT.minusMillis(53_531));
        assertThat(first.url()).isEqualTo("https://shop.example/cart");
        assertThat(first.userAgent()).isEqualTo("Mozilla/5.0 Chrome/127.0.0.0");
        assertThat(first.weight()).isEqualTo(1);
        assertThat(first.cspViolation()).contains(VIOLATION);
        assertThat(first.networkError()).isEmpty();
        assertThat(first.webVital()).isEmpty();
        assertThat(reports.get(1).cspViolation()).isEmpty();
    }

    @Test
    void aSingleReportNeedsNoBatch() {
        assertThat(reports(CSP).reports()).isEqualTo(reports("[" + CSP + "]").reports());
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/csp-report", "application/reports+json"})
    void aLegacyCspReportGetsTheShapeOfANewOne(String contentType) {
        Report report = beacon(contentType, LEGACY_CSP).reports().get(0);

        assertThat(report.type()).isEqualTo("csp-violation");
        assertThat(report.at()).isEqualTo(AT);
        assertThat(report.url()).isEqualTo("https://shop.example/cart");
        assertThat(report.userAgent()).isEqualTo("Browser/1");
        assertThat(report.cspViolation()).contains(VIOLATION);
        assertThat(report.body()).isEqualTo(reports(CSP).reports().get(0).body());
    }

    @Test
    void withoutAnEffectiveDirectiveTheFirstWordOfTheViolatedOneIsIt() {
        Report report = cspReport(
                        "{\"csp-report\":{\"violated-directive\":\"img-src 'self' x.example\",\"line-number\":\"7\"}}")
                .reports()
                .get(0);

        assertThat(report.body().toString()).isEqualTo("{\"effectiveDirective\":\"img-src\"}");
        assertThat(report.url()).isEqualTo("https://shop.example/cart"); // the referrer
        assertThat(report.cspViolation().orElseThrow().line()).isZero();
    }

    @Test
    void aNetworkErrorStandsForAsManyAsWereSampled() {
        Report report = reports(NEL).reports().get(0);

        assertThat(report.weight()).isEqualTo(20);
        assertThat(report.url()).isEqualTo("https://shop.example/pay");
        assertThat(report.networkError())
                .contains(new Report.NetworkError(
                        "application", "http.error", "GET", "h2", "192.0.2.1", 503, Duration.ofMillis(823)));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "0.25, 4",
        "0, 1",
        "-1, 1",
        "2, 1",
        "1e-300, 1000000",
        "1e999, 1",
        "'\"0.1\"', 1",
        "null, 1",
        "'{}', 1"
    })
    void aWeightIsBoundedAndNeverNonsense(String fraction, double weight) {
        assertThat(reports(NEL.replace("0.05", fraction)).reports().get(0).weight())
                .isEqualTo(weight);
    }

    @Test
    void onlyNetworkErrorsAreSampled() {
        String other = NEL.replace("network-error", "deprecation");

        assertThat(reports(other).reports().get(0).weight()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "12.9, 12",
        "-5, 0",
        "604800000, 604800000",
        "604800001, 604800000",
        "1e999, 0",
        "1e300, 604800000",
        "'\"7\"', 0",
        "null, 0"
    })
    void anAgeIsATimeWithinAWeek(String age, long millis) {
        assertThat(reports(NEL.replace("1500", age)).reports().get(0).at()).isEqualTo(AT.minusMillis(millis));
    }

    @Test
    void whatABrowserDoesNotSayIsFilledInOrEmpty() {
        Report report = reports("{\"type\":\"crash\"}").reports().get(0);

        assertThat(report.url()).isEqualTo("https://shop.example/cart");
        assertThat(report.userAgent()).isEqualTo("Browser/1");
        assertThat(report.body()).isEqualTo(NullNode.instance);
        assertThat(reports("{\"type\":\"csp-violation\",\"body\":7}")
                        .reports()
                        .get(0)
                        .cspViolation())
                .contains(new Report.CspViolation("", "", "", "", "", "", "", 0, 0, 0));
    }

    @Test
    void whatIsNoReportIsLeftOut() {
        assertThat(reports("[1, null, [], {}, {\"type\":7}, {\"type\":\"x\"}]").reports())
                .extracting(Report::type)
                .containsExactly("x");
        assertThat(reports("{oops").reports()).isEmpty();
        assertThat(reports("7").reports()).isEmpty();
    }

    @Test
    void ofAHugeBatchAThousandAreTaken() {
        Beacon beacon = reports("[" + "{\"type\":\"x\"},".repeat(9999) + "{\"type\":\"x\"}]");

        assertThat(beacon.reports()).hasSize(1000);
        assertThat(beacon.body().flaw()).contains("10000 reports (expected: at most 1,000)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain;charset=UTF-8", "application/json", "application/octet-stream"})
    void webVitalsAreReportsHoweverTheyCome(String contentType) {
        Report.WebVital vital = new Report.WebVital("LCP", 1234.5, 34.5, "good", "v5-1-2", "navigate");
        String messages =
                "{\"page\":\"p1\",\"first\":1,\"messages\":[" + VITAL + ",{\"name\":\"click\"}," + VITAL + "]}";

        assertThat(beacon(contentType, VITAL).reports())
                .extracting(report -> report.webVital().orElseThrow())
                .containsExactly(vital);
        assertThat(beacon(contentType, "[" + VITAL + "," + VITAL + "]").reports())
                .hasSize(2);
        assertThat(beacon(contentType, messages).reports())
                .hasSize(2)
                .allMatch(report ->
                        report.type().equals("web-vital") && report.at().equals(AT));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\":\"LCP\",\"value\":\"1\",\"id\":\"a\"}",
                "{\"name\":\"LCP\",\"value\":1e999,\"id\":\"a\"}",
                "{\"name\":\"LCP\",\"value\":1}",
                "{\"name\":\"click\",\"value\":1,\"id\":\"a\"}",
                "{\"type\":\"csp-violation\",\"body\":{}}",
                "{\"csp-report\":{}}",
                "{\"name\":[],\"value\":1,\"id\":{}}",
                "\"LCP\""
            })
    void whatAPageSendsIsNoReportOtherwise(String json) {
        assertThat(beacon("text/plain;charset=UTF-8", json).reports()).isEmpty();
    }

    @Test
    void aBrowserSendsNoWebVitals() {
        assertThat(reports("[" + VITAL + "]").reports()).isEmpty();
    }

    @Test
    void whatIsLoggedHasNoControlCharactersAndNoBody() throws Exception {
        String evil = "\u001b[2J\r\n\u2028\u202e\u009b\u0000\\n\ud83d";
        String escaped = "\\u001b[2J\\u000d\\u000a\\u2028\\u202e\\u009b\\u0000\\\\n\\ud83d";
        InetAddress address = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
        BeaconSource source = new BeaconSource(address, evil, evil, evil, evil, Map.of(evil, "secret"));
        Beacon beacon = new Beacon(Instant.EPOCH, source, Beacons.body(evil, "secret"));
        Report report = new Report(evil, Instant.EPOCH, evil, null, 1, NullNode.instance);

        assertThat(beacon.toString())
                .isEqualTo("Beacon[at=1970-01-01T00:00:00Z, source=BeaconSource[address=192.0.2.1, path=" + escaped
                        + ", origin=" + escaped + ", referrer=" + escaped + ", userAgent=" + escaped + ", cookies="
                        + escaped + "], body=BeaconBody[BINARY, 6 bytes]]");
        assertThat(report.toString())
                .isEqualTo("Report[type=" + escaped + ", at=1970-01-01T00:00:00Z, url=" + escaped
                        + ", userAgent=null, weight=1.0]");
        assertThat(new BeaconPart(evil, null, evil, new byte[3]).toString())
                .isEqualTo("BeaconPart[name=" + escaped + ", fileName=null, contentType=" + escaped + ", 3 bytes]");
    }

    @Test
    void viewsAreLoggedWithoutControlCharactersToo() {
        String evil = "\u001b[2J\r\n";
        String escaped = "\\u001b[2J\\u000d\\u000a";
        String cut = "x".repeat(200) + "...";

        assertThat(new Report.CspViolation(evil, evil, evil, "x".repeat(60_000), evil, evil, evil, 1, 2, 3).toString())
                .isEqualTo("CspViolation[documentUrl=" + escaped + ", blockedUrl=" + escaped + ", effectiveDirective="
                        + escaped + ", originalPolicy=" + cut + ", disposition=" + escaped + ", sample=" + escaped
                        + ", sourceFile=" + escaped + ", line=1, column=2, statusCode=3]");
        assertThat(new Report.NetworkError(evil, evil, evil, evil, evil, 503, Duration.ofMillis(823)).toString())
                .isEqualTo("NetworkError[phase=" + escaped + ", type=" + escaped + ", method=" + escaped + ", protocol="
                        + escaped + ", serverIp=" + escaped + ", statusCode=503, elapsed=PT0.823S]");
        assertThat(new Report.WebVital(evil, 1.5, 0.5, evil, evil, evil).toString())
                .isEqualTo("WebVital[name=" + escaped + ", value=1.5, delta=0.5, rating=" + escaped + ", id=" + escaped
                        + ", navigationType=" + escaped + "]");
    }

    @Test
    void aLongTextIsCutInALog() {
        assertThat(Printable.of("x".repeat(60_000))).isEqualTo("x".repeat(200) + "...");
    }
}
