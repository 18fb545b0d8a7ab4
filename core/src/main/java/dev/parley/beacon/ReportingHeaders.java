package dev.parley.beacon;

import dev.parley.http.Response;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * The headers of a page by which browsers send reports to a collector.
 *
 * <pre>{@code
 * ReportingHeaders reporting = ReportingHeaders.to("/reports")
 *         .csp("default-src 'self'")
 *         .nel(Duration.ofDays(1), 0.01, 1);
 *
 * routes.post("/reports", BeaconCollector.to(sink));
 * routes.get("/", exchange -> exchange.respond(reporting.applyTo(page)));
 * reporting.forEach(StaticFiles.builder(directory)::header);
 * }</pre>
 *
 * <p>Only pages get them. A collector's answers do not: it must not report about itself. NEL is for all of an origin; what it reports of
 * uploads to the collector itself is dropped there.
 *
 * <p><b>Wire.</b>
 * <pre>
 * Reporting-Endpoints: default="/reports", csp="/reports"
 * Content-Security-Policy: default-src 'self'; report-uri /reports; report-to csp
 * Report-To: {"group":"nel","max_age":86400,"endpoints":[{"url":"/reports"}]}
 * NEL: {"report_to":"nel","max_age":86400,"success_fraction":0.01,"failure_fraction":1.0}
 * </pre>
 * See the <a href="https://www.w3.org/TR/reporting-1/#header">Reporting API</a>,
 * <a href="https://www.w3.org/TR/CSP3/#directives-reporting">CSP</a> and
 * <a href="https://www.w3.org/TR/network-error-logging/#nel-response-header">NEL</a>. What has no other place is reported to
 * {@code default}: deprecations, interventions, crashes. {@code report-uri} is for browsers that do not know
 * {@code report-to}; those that do ignore it. NEL still goes by the older {@code Report-To}.
 *
 * <p><b>Limits.</b> Chromium sends what goes by {@code report-to} and NEL only from pages that came over HTTPS,
 * {@code localhost} included: see {@link #withoutReportTo}.
 *
 * <p><b>Threading.</b> Immutable: each setter gives new headers.
 *
 * <p><b>Errors.</b> A setting that would not mean what it says, or would break out of its header, is refused with
 * {@link IllegalArgumentException}.
 */
public final class ReportingHeaders {
    /** A long age means reports from browsers that were told once and never again; a year is what others use at most. */
    private static final Duration MAX_AGE = Duration.ofDays(366);

    private final String collector;
    private final boolean reportTo;
    private final List<String> policies;
    private final List<String> trialPolicies;
    /** The values of {@code Report-To} and {@code NEL}; empty without NEL. */
    private final List<String> nel;

    private ReportingHeaders(
            String collector, boolean reportTo, List<String> policies, List<String> trialPolicies, List<String> nel) {
        this.collector = collector;
        this.reportTo = reportTo;
        this.policies = policies;
        this.trialPolicies = trialPolicies;
        this.nel = nel;
    }

    /**
     * Headers that name a collector: {@code Reporting-Endpoints} alone.
     *
     * @param collector an absolute path such as {@code /reports}, or an address with {@code https}, encoded; with {@code http}
     *     for a {@code localhost} only
     * @return the headers
     */
    public static ReportingHeaders to(String collector) {
        if (!isAddress(collector)) {
            throw new IllegalArgumentException(
                    "collector: " + quoted(collector)
                            + " (expected: a path that begins with a slash, or an https address, encoded, without ; , or a fragment)");
        }
        return new ReportingHeaders(collector, true, List.of(), List.of(), List.of());
    }

    /**
     * The same with a policy that is enforced, and whose violations are reported. Several policies are all enforced.
     *
     * @param policy its directives, without {@code report-uri} and {@code report-to}
     * @return new headers
     */
    public ReportingHeaders csp(String policy) {
        return new ReportingHeaders(collector, reportTo, with(policies, checked(policy)), trialPolicies, nel);
    }

    /**
     * The same with a policy that is on trial: its violations are reported, and nothing is blocked.
     *
     * @param policy its directives, without {@code report-uri} and {@code report-to}
     * @return new headers
     */
    public ReportingHeaders cspReportOnly(String policy) {
        return new ReportingHeaders(collector, reportTo, policies, with(trialPolicies, checked(policy)), nel);
    }

    /**
     * The same with network error logging: browsers remember it for the origin, and report requests that fail, even those
     * that never reached the server. A collector on another host hears of it also when this one is down.
     *
     * @param maxAge how long they remember it: whole seconds, up to 366 days; zero makes them forget it
     * @param successFraction which part of the requests that succeed is reported, 0 to 1; each such report says so, and
     *     counts for 1 by this
     * @param failureFraction which part of those that fail is reported, 0 to 1
     * @return new headers
     */
    public ReportingHeaders nel(Duration maxAge, double successFraction, double failureFraction) {
        return nel(maxAge, successFraction, failureFraction, "");
    }

    /**
     * The same as {@link #nel}, for all subdomains too; of those only failures of name resolution are reported.
     *
     * @param maxAge see {@link #nel}
     * @param successFraction see {@link #nel}
     * @param failureFraction see {@link #nel}
     * @return new headers
     */
    public ReportingHeaders nelWithSubdomains(Duration maxAge, double successFraction, double failureFraction) {
        return nel(maxAge, successFraction, failureFraction, ",\"include_subdomains\":true");
    }

    private ReportingHeaders nel(Duration maxAge, double successFraction, double failureFraction, String subdomains) {
        if (maxAge.isNegative() || maxAge.compareTo(MAX_AGE) > 0 || maxAge.getNano() != 0) {
            throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: whole seconds, 0 to 366 days)");
        }
        String age = "\"max_age\":" + maxAge.getSeconds();
        // What isAddress lets through needs no escape in JSON.
        return new ReportingHeaders(
                collector,
                reportTo,
                policies,
                trialPolicies,
                List.of(
                        "{\"group\":\"nel\"," + age + ",\"endpoints\":[{\"url\":\"" + collector + "\"}]" + subdomains
                                + '}',
                        "{\"report_to\":\"nel\"," + age
                                + ",\"success_fraction\":" + fraction("successFraction", successFraction)
                                + ",\"failure_fraction\":" + fraction("failureFraction", failureFraction)
                                + subdomains + '}'));
    }

    /**
     * The same without {@code Reporting-Endpoints} and {@code report-to}: violations come by {@code report-uri} alone. For pages
     * over plain HTTP, as in development: there Chromium ignores {@code report-uri} where {@code report-to} stands beside
     * it, and then sends nothing.
     *
     * @return new headers
     */
    public ReportingHeaders withoutReportTo() {
        return new ReportingHeaders(collector, false, policies, trialPolicies, nel);
    }

    /**
     * A page with these headers.
     *
     * @param page a response, which keeps the headers that it has
     * @return a new response
     */
    public Response applyTo(Response page) {
        Response[] response = {page};
        forEach((name, value) -> response[0] = response[0].header(name, value));
        return response[0];
    }

    /**
     * Gives each header to a method, such as {@link dev.parley.http.StaticFiles.Builder#header}.
     *
     * @param header gets name and value, in the order in which they are to be sent
     */
    public void forEach(BiConsumer<String, String> header) {
        boolean violations = !policies.isEmpty() || !trialPolicies.isEmpty();
        if (reportTo) {
            String endpoint = "=\"" + collector + '"';
            header.accept("Reporting-Endpoints", "default" + endpoint + (violations ? ", csp" + endpoint : ""));
        }
        String directives = "; report-uri " + collector + (reportTo ? "; report-to csp" : "");
        policies.forEach(policy -> header.accept("Content-Security-Policy", policy + directives));
        trialPolicies.forEach(policy -> header.accept("Content-Security-Policy-Report-Only", policy + directives));
        if (!nel.isEmpty()) {
            header.accept("Report-To", nel.get(0));
            header.accept("NEL", nel.get(1));
        }
    }

    // ---- checks

    /**
     * An address that means the same in a quoted string (RFC 9651 section 3.3.3), in JSON, and in a directive, where semicolon
     * and comma end it. {@link URI} takes no quote, backslash, space or control, but letters that are not ASCII.
     */
    private static boolean isAddress(String text) {
        if (!text.chars().allMatch(c -> c > ' ' && c < 0x7F && c != ';' && c != ',' && c != '#')) {
            return false;
        }
        URI address;
        try {
            address = URI.create(text);
        } catch (IllegalArgumentException e) {
            return false;
        }
        if (address.getScheme() == null) {
            return text.startsWith("/") && !text.startsWith("//");
        }
        String host = address.getHost();
        return host != null
                && address.getUserInfo() == null
                && switch (address.getScheme().toLowerCase(Locale.ROOT)) {
                    case "https" -> true;
                    case "http" -> host.equals("localhost") || host.equals("127.0.0.1") || host.equals("[::1]");
                    default -> false;
                };
    }

    /** A policy without a semicolon at its end. */
    private static String checked(String policy) {
        String directives = policy.strip();
        if (directives.endsWith(";")) {
            directives = directives.substring(0, directives.length() - 1).stripTrailing();
        }
        if (directives.isEmpty()
                || !directives.chars().allMatch(c -> c >= ' ' && c < 0x7F && c != ',')
                || !names(directives).stream().allMatch(name -> name.matches("[a-z0-9-]+"))) {
            throw new IllegalArgumentException("policy: " + quoted(policy)
                    + " (expected: directives with ; between them, in ASCII, without a comma or line break)");
        }
        if (names(directives).stream().anyMatch(name -> name.equals("report-uri") || name.equals("report-to"))) {
            throw new IllegalArgumentException(
                    "policy: " + quoted(policy) + " (expected: no report-uri and no report-to, they are added)");
        }
        return directives;
    }

    private static List<String> names(String directives) {
        List<String> names = new ArrayList<>();
        for (String directive : directives.split(";", -1)) {
            names.add(directive.strip().split(" ", 2)[0].toLowerCase(Locale.ROOT));
        }
        return names;
    }

    private static double fraction(String setting, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(setting + ": " + value + " (expected: 0 to 1)");
        }
        return value;
    }

    private static List<String> with(List<String> before, String last) {
        List<String> all = new ArrayList<>(before);
        all.add(Objects.requireNonNull(last));
        return List.copyOf(all);
    }

    /** An argument as an exception may show it: short, and without control characters. */
    private static String quoted(String text) {
        String start = text.length() > 64 ? text.substring(0, 64) + "…" : text;
        return '"' + start.replaceAll("\\p{Cntrl}", "?") + '"';
    }
}
