package dev.parley.beacon;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/** Finds the reports that a beacon holds, and brings them into one shape. */
final class Reports {
    static final int MAX_REPORTS = 1000;

    private static final double MAX_AGE_MILLIS = Duration.ofDays(7).toMillis();

    /** FID is what INP replaced; old releases send it. */
    private static final Set<String> VITALS = Set.of("CLS", "FCP", "FID", "INP", "LCP", "TTFB");

    private static final String LEGACY = "csp-report";

    /** The members of a legacy CSP report that have but another name now. */
    private static final Map<String, String> CSP_TEXTS = Map.of(
            "document-uri", "documentURL",
            "referrer", "referrer",
            "blocked-uri", "blockedURL",
            "effective-directive", "effectiveDirective",
            "original-policy", "originalPolicy",
            "disposition", "disposition",
            "script-sample", "sample",
            "source-file", "sourceFile");

    private static final Map<String, String> CSP_NUMBERS =
            Map.of("status-code", "statusCode", "line-number", "lineNumber", "column-number", "columnNumber");

    private Reports() {}

    /** The reports of a beacon, as many as are taken of one. */
    static List<Report> of(Beacon beacon) {
        JsonNode tree = beacon.body().json().orElse(null);
        if (tree == null) {
            return List.of();
        }
        boolean sentByBrowser = isSentByBrowser(beacon);
        List<Report> reports = new ArrayList<>();
        for (JsonNode entry : entries(tree, sentByBrowser)) {
            Report report = sentByBrowser ? report(beacon, entry) : webVital(beacon, entry);
            if (report != null) {
                reports.add(report);
            }
        }
        return Collections.unmodifiableList(reports);
    }

    static boolean isSentByBrowser(Beacon beacon) {
        return beacon.kind() == BeaconKind.REPORT || beacon.kind() == BeaconKind.CSP_REPORT;
    }

    private static List<JsonNode> entries(JsonNode tree, boolean sentByBrowser) {
        if (!sentByBrowser && tree.isObject()) {
            List<JsonNode> messages =
                    PageMessages.of(tree).map(PageMessages::messages).orElse(List.of(tree));
            return messages.subList(0, Math.min(messages.size(), MAX_REPORTS));
        }
        return firstOf(tree);
    }

    private static List<JsonNode> firstOf(JsonNode tree) {
        return tree.isArray() ? tree.valueStream().limit(MAX_REPORTS).toList() : List.of(tree);
    }

    /** What is wrong with a body of reports that is JSON. */
    static @Nullable String flaw(JsonNode tree) {
        if (tree.isArray() && tree.size() > MAX_REPORTS) {
            return tree.size() + " reports (expected: at most 1,000)";
        }
        int number = 0;
        for (JsonNode entry : firstOf(tree)) {
            number++;
            if (!isReport(entry)) {
                return "not a report: number " + number + " of " + (tree.isArray() ? tree.size() : 1);
            }
        }
        return null;
    }

    private static boolean isReport(JsonNode entry) {
        return entry.path("type").isString() || entry.path(LEGACY).isObject();
    }

    /** A report that a browser sent by itself; {@code null} if it is none. */
    static @Nullable Report report(Beacon beacon, JsonNode entry) {
        if (!isReport(entry)) {
            return null;
        }
        JsonNode legacy = entry.path(LEGACY);
        if (legacy.isObject()) {
            ObjectNode body = normalised(legacy);
            String url = body.path("documentURL").stringValue(beacon.source().referrer());
            return new Report(
                    Report.CSP_VIOLATION, beacon.at(), url, beacon.source().userAgent(), 1, body);
        }
        String type = entry.path("type").stringValue("");
        JsonNode body = entry.path("body");
        double sampled = type.equals(Report.NETWORK_ERROR) ? number(body.path("sampling_fraction"), 1) : 1;
        return new Report(
                type,
                at(beacon, entry.path("age")),
                entry.path("url").stringValue(beacon.source().referrer()),
                entry.path("user_agent").stringValue(beacon.source().userAgent()),
                Report.weight(sampled),
                body.isMissingNode() ? NullNode.instance : body);
    }

    private static Instant at(Beacon beacon, JsonNode age) {
        double millis = Math.min(Math.max(0, number(age, 0)), MAX_AGE_MILLIS);
        return beacon.at().minusMillis((long) millis);
    }

    private static ObjectNode normalised(JsonNode legacy) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        CSP_TEXTS.forEach((from, to) -> {
            if (legacy.path(from).isString()) {
                body.set(to, legacy.path(from));
            }
        });
        CSP_NUMBERS.forEach((from, to) -> {
            if (legacy.path(from).isNumber()) {
                body.set(to, legacy.path(from));
            }
        });
        // CSP 2 has but this one: the directive as it stands in the policy, with its sources.
        String violated = legacy.path("violated-directive").stringValue("").strip();
        if (body.path("effectiveDirective").stringValue("").isEmpty() && !violated.isEmpty()) {
            body.put("effectiveDirective", violated.split("\\s", 2)[0]);
        }
        return body;
    }

    private static @Nullable Report webVital(Beacon beacon, JsonNode entry) {
        boolean vital = VITALS.contains(entry.path("name").stringValue(""))
                && entry.path("id").isString()
                && Double.isFinite(number(entry.path("value"), Double.NaN));
        return vital
                ? new Report(
                        Report.WEB_VITAL,
                        beacon.at(),
                        beacon.source().referrer(),
                        beacon.source().userAgent(),
                        1,
                        entry)
                : null;
    }

    /** A number that is one: JSON may have some that are too large for any. */
    static double number(JsonNode node, double otherwise) {
        double value = node.isNumber() ? node.numberValue().doubleValue() : otherwise;
        return Double.isFinite(value) ? value : otherwise;
    }
}
