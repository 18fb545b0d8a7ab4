package dev.parley.beacon;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One thing that a browser, or a page's measurements, reported: the same shape whichever way it came
 * (<a href="https://www.w3.org/TR/reporting-1/#concept-reports">Reporting API, reports</a>).
 *
 * <table>
 * <caption>Types that have a view of their own</caption>
 * <tr><th>type</th><th>sent as</th><th>view</th></tr>
 * <tr><td>{@code csp-violation}</td><td>{@code report-to}, or {@code report-uri} as it was before</td><td>{@link #cspViolation}</td></tr>
 * <tr><td>{@code network-error}</td><td>NEL</td><td>{@link #networkError}</td></tr>
 * <tr><td>{@code web-vital}</td><td>what the library web-vitals measures</td><td>{@link #webVital}</td></tr>
 * </table>
 *
 * <p>All of it is a client's word.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody changes the body's tree.
 *
 * @param type what it is about, such as {@code csp-violation}, {@code deprecation}, {@code network-error}
 * @param at when it happened: the beacon's time less the age that the report says, which counts up to 7 days
 * @param url the address of the document, or of the request that failed; without its query unless the collector keeps queries;
 *     {@code null} where nothing says it
 * @param userAgent the browser's name for itself, or {@code null}
 * @param weight how many such events it stands for: 1 / {@code sampling_fraction} of NEL, a million at most; else 1
 * @param body what happened; a null node where there is none
 */
public record Report(
        String type,
        Instant at,
        @Nullable String url,
        @Nullable String userAgent,
        double weight,
        JsonNode body) {
    static final String CSP_VIOLATION = "csp-violation";
    static final String NETWORK_ERROR = "network-error";
    static final String WEB_VITAL = "web-vital";

    private static final double MAX_WEIGHT = 1_000_000;

    /** How many events a report stands for, of which this part is sampled. What is no part of them counts as all. */
    static double weight(double samplingFraction) {
        return samplingFraction > 0 && samplingFraction <= 1 ? Math.min(1 / samplingFraction, MAX_WEIGHT) : 1;
    }

    /**
     * Something that a Content Security Policy forbids, or would (<a href="https://www.w3.org/TR/CSP3/#reporting">CSP, reporting</a>).
     * What the browser does not say is empty or 0.
     *
     * @param documentUrl the page
     * @param blockedUrl what was blocked: an address, or a word such as {@code inline} or {@code eval}
     * @param effectiveDirective the directive that forbids it, such as {@code script-src-elem}
     * @param originalPolicy the whole policy
     * @param disposition {@code enforce}, or {@code report} where it was only watched
     * @param sample the first 40 characters of what was blocked, where the policy asks for them
     * @param sourceFile the script that did it
     * @param line its line, from 1
     * @param column its column
     * @param statusCode the status of the page
     */
    public record CspViolation(
            String documentUrl,
            String blockedUrl,
            String effectiveDirective,
            String originalPolicy,
            String disposition,
            String sample,
            String sourceFile,
            int line,
            int column,
            int statusCode) {
        /**
         * What it is, for logs.
         *
         * @return all of it, with what does not print escaped, and long texts cut
         */
        @Override
        public String toString() {
            return "CspViolation[documentUrl=" + Printable.of(documentUrl) + ", blockedUrl=" + Printable.of(blockedUrl)
                    + ", effectiveDirective=" + Printable.of(effectiveDirective) + ", originalPolicy="
                    + Printable.of(originalPolicy) + ", disposition=" + Printable.of(disposition) + ", sample="
                    + Printable.of(sample) + ", sourceFile=" + Printable.of(sourceFile) + ", line=" + line + ", column="
                    + column + ", statusCode=" + statusCode + "]";
        }
    }

    /**
     * A request that failed, or that was sampled (<a href="https://www.w3.org/TR/network-error-logging/#network-error-reports">NEL,
     * reports</a>). What the browser does not say is empty or 0.
     *
     * @param phase {@code dns}, {@code connection} or {@code application}
     * @param type such as {@code tcp.timed_out}, {@code http.error}; {@code ok} for one that went well
     * @param method of the request
     * @param protocol by its ALPN name, such as {@code h2}
     * @param serverIp the server's address
     * @param statusCode of the response
     * @param elapsed from the start of the request to its end or failure
     */
    public record NetworkError(
            String phase,
            String type,
            String method,
            String protocol,
            String serverIp,
            int statusCode,
            Duration elapsed) {
        /**
         * What it is, for logs.
         *
         * @return all of it, with what does not print escaped, and long texts cut
         */
        @Override
        public String toString() {
            return "NetworkError[phase=" + Printable.of(phase) + ", type=" + Printable.of(type) + ", method="
                    + Printable.of(method) + ", protocol=" + Printable.of(protocol) + ", serverIp="
                    + Printable.of(serverIp) + ", statusCode=" + statusCode + ", elapsed=" + elapsed + "]";
        }
    }

    /**
     * How a page did for one visitor (<a href="https://github.com/GoogleChrome/web-vitals">web-vitals</a>). The same id is sent again when
     * the value has changed: keep the last, or add up the deltas.
     *
     * @param name {@code CLS}, {@code FCP}, {@code INP}, {@code LCP} or {@code TTFB}
     * @param value the value: milliseconds, but for CLS, which has no unit
     * @param delta by how much it has grown since it was last sent
     * @param rating {@code good}, {@code needs-improvement} or {@code poor}; empty if it is not said
     * @param id of this page load and metric
     * @param navigationType such as {@code navigate}, {@code back-forward-cache}; empty if it is not said
     */
    public record WebVital(String name, double value, double delta, String rating, String id, String navigationType) {
        /**
         * What it is, for logs.
         *
         * @return all of it, with what does not print escaped, and long texts cut
         */
        @Override
        public String toString() {
            return "WebVital[name=" + Printable.of(name) + ", value=" + value + ", delta=" + delta + ", rating="
                    + Printable.of(rating) + ", id=" + Printable.of(id) + ", navigationType="
                    + Printable.of(navigationType) + "]";
        }
    }

    /**
     * The report as a violation of a Content Security Policy.
     *
     * @return the violation; empty for another type
     */
    public Optional<CspViolation> cspViolation() {
        if (!type.equals(CSP_VIOLATION)) {
            return Optional.empty();
        }
        return Optional.of(new CspViolation(
                text("documentURL"),
                text("blockedURL"),
                text("effectiveDirective"),
                text("originalPolicy"),
                text("disposition"),
                text("sample"),
                text("sourceFile"),
                whole("lineNumber"),
                whole("columnNumber"),
                whole("statusCode")));
    }

    /**
     * The report as a request that failed, or was sampled.
     *
     * @return the request; empty for another type
     */
    public Optional<NetworkError> networkError() {
        if (!type.equals(NETWORK_ERROR)) {
            return Optional.empty();
        }
        return Optional.of(new NetworkError(
                text("phase"),
                text("type"),
                text("method"),
                text("protocol"),
                text("server_ip"),
                whole("status_code"),
                Duration.ofMillis(whole("elapsed_time"))));
    }

    /**
     * The report as a measurement of a page.
     *
     * @return the measurement; empty for another type
     */
    public Optional<WebVital> webVital() {
        if (!type.equals(WEB_VITAL)) {
            return Optional.empty();
        }
        double value = Reports.number(body.path("value"), 0);
        return Optional.of(new WebVital(
                text("name"),
                value,
                Reports.number(body.path("delta"), value),
                text("rating"),
                text("id"),
                text("navigationType")));
    }

    private String text(String member) {
        return body.path(member).stringValue("");
    }

    /** A number without its fraction, and not below 0. */
    private int whole(String member) {
        return (int) Math.max(0, Reports.number(body.path(member), 0));
    }

    /**
     * What it is, for logs.
     *
     * @return all but the body, with what does not print escaped, and long texts cut
     */
    @Override
    public String toString() {
        return "Report[type=" + Printable.of(type) + ", at=" + at + ", url=" + Printable.of(url) + ", userAgent="
                + Printable.of(userAgent) + ", weight=" + weight + "]";
    }
}
