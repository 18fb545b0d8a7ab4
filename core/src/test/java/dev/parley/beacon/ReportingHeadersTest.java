package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportingHeadersTest {
    private static List<String> lines(ReportingHeaders headers) {
        List<String> lines = new ArrayList<>();
        headers.forEach((name, value) -> lines.add(name + ": " + value));
        return lines;
    }

    @Test
    void aCollectorAloneIsTheDefaultEndpoint() {
        assertThat(lines(ReportingHeaders.to("/reports"))).containsExactly("Reporting-Endpoints: default=\"/reports\"");
    }

    @Test
    void aPolicyIsReportedInTheOldWayAndInTheNew() {
        assertThat(lines(ReportingHeaders.to("/reports").csp("default-src 'self'")))
                .containsExactly(
                        "Reporting-Endpoints: default=\"/reports\", csp=\"/reports\"",
                        "Content-Security-Policy: default-src 'self'; report-uri /reports; report-to csp");
    }

    @Test
    void policiesMayBeOnTrialAndSeveral() {
        assertThat(lines(ReportingHeaders.to("https://reports.example/in?site=1")
                        .csp(" default-src 'self'; ")
                        .csp("img-src *;")
                        .cspReportOnly("script-src 'none'")))
                .containsExactly(
                        "Reporting-Endpoints: default=\"https://reports.example/in?site=1\","
                                + " csp=\"https://reports.example/in?site=1\"",
                        "Content-Security-Policy: default-src 'self'; report-uri https://reports.example/in?site=1;"
                                + " report-to csp",
                        "Content-Security-Policy: img-src *; report-uri https://reports.example/in?site=1; report-to csp",
                        "Content-Security-Policy-Report-Only: script-src 'none';"
                                + " report-uri https://reports.example/in?site=1; report-to csp");
    }

    @Test
    void networkErrorsAreLoggedByTheOlderHeader() {
        assertThat(lines(ReportingHeaders.to("/reports").nel(Duration.ofDays(1), 0.01, 1)))
                .containsExactly(
                        "Reporting-Endpoints: default=\"/reports\"",
                        "Report-To: {\"group\":\"nel\",\"max_age\":86400,\"endpoints\":[{\"url\":\"/reports\"}]}",
                        "NEL: {\"report_to\":\"nel\",\"max_age\":86400,\"success_fraction\":0.01,\"failure_fraction\":1.0}");
        assertThat(lines(ReportingHeaders.to("/reports").nelWithSubdomains(Duration.ZERO, 0, 0.5)))
                .containsExactly(
                        "Reporting-Endpoints: default=\"/reports\"",
                        "Report-To: {\"group\":\"nel\",\"max_age\":0,\"endpoints\":[{\"url\":\"/reports\"}],"
                                + "\"include_subdomains\":true}",
                        "NEL: {\"report_to\":\"nel\",\"max_age\":0,\"success_fraction\":0.0,\"failure_fraction\":0.5,"
                                + "\"include_subdomains\":true}");
    }

    @Test
    void pagesOverPlainHttpHaveTheOldWayAlone() {
        assertThat(lines(ReportingHeaders.to("/reports").csp("img-src *").withoutReportTo()))
                .containsExactly("Content-Security-Policy: img-src *; report-uri /reports");
        assertThat(lines(ReportingHeaders.to("/reports").withoutReportTo())).isEmpty();
    }

    @Test
    void aPageKeepsWhatItHas() {
        Response page = ReportingHeaders.to("/reports")
                .csp("img-src *")
                .applyTo(Response.html("<!doctype html>").header("Cache-Control", "no-cache"));

        assertThat(page.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(page.header("Reporting-Endpoints")).isEqualTo("default=\"/reports\", csp=\"/reports\"");
        assertThat(page.header("Content-Security-Policy")).isEqualTo("img-src *; report-uri /reports; report-to csp");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "reports",
                "//elsewhere.example/reports",
                "/a b",
                "/a\"b",
                "/a\\b",
                "/a;b",
                "/a,b",
                "/a#b",
                "/a%2",
                "/小麦",
                "/a\r\nSet-Cookie: b",
                "http://elsewhere.example/",
                "https://me@elsewhere.example/",
                "https:reports",
                "https:///reports",
                "ftp://elsewhere.example/",
                "javascript:alert(1)",
            })
    void anAddressMeansTheSameInEachHeader(String collector) {
        assertThatThrownBy(() -> ReportingHeaders.to(collector))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("collector: \"")
                .hasMessageEndingWith(
                        "(expected: a path that begins with a slash, or an https address, encoded, without"
                                + " ; , or a fragment)")
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:8080/r", "http://127.0.0.1/", "http://[::1]:8080/r", "HTTPS://a.example"})
    void anAddressThatTheBrowserTrustsIsTaken(String collector) {
        assertThat(lines(ReportingHeaders.to(collector)))
                .containsExactly("Reporting-Endpoints: default=\"" + collector + "\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ; ",
                "img-src *;; script-src *",
                "img-src a.example, script-src *",
                "img-src *\r\nX: 1",
                "img-src *\nX: 1",
                "img-src\u0000",
                "img-src 小麦",
                "'self'"
            })
    void aPolicyIsOneListOfDirectives(String policy) {
        assertThatThrownBy(() -> ReportingHeaders.to("/reports").csp(policy))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith(
                        "(expected: directives with ; between them, in ASCII, without a comma or line break)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"report-uri /elsewhere", "img-src *; Report-To csp"})
    void aPolicyDoesNotReportElsewhere(String policy) {
        assertThatThrownBy(() -> ReportingHeaders.to("/reports").cspReportOnly(policy))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("policy: \"" + policy + "\" (expected: no report-uri and no report-to, they are added)");
    }

    @Test
    void agesAndFractionsHaveARange() {
        ReportingHeaders headers = ReportingHeaders.to("/reports");

        assertThatThrownBy(() -> headers.nel(Duration.ofSeconds(-1), 0, 1))
                .hasMessage("maxAge: PT-1S (expected: whole seconds, 0 to 366 days)");
        assertThatThrownBy(() -> headers.nel(Duration.ofDays(367), 0, 1))
                .hasMessage("maxAge: PT8808H (expected: whole seconds, 0 to 366 days)");
        assertThatThrownBy(() -> headers.nel(Duration.ofMillis(1500), 0, 1))
                .hasMessage("maxAge: PT1.5S (expected: whole seconds, 0 to 366 days)");
        assertThatThrownBy(() -> headers.nel(Duration.ofDays(1), -0.1, 1))
                .hasMessage("successFraction: -0.1 (expected: 0 to 1)");
        assertThatThrownBy(() -> headers.nel(Duration.ofDays(1), 0, Double.NaN))
                .hasMessage("failureFraction: NaN (expected: 0 to 1)");
    }
}
