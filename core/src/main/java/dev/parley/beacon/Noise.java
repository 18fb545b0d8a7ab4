package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Reports that say nothing of the site: of what a browser or its extension did, and about the collector itself. */
final class Noise {
    /** Schemes of what a browser and its extensions bring along. CSP reports tell the scheme alone of any but http(s). */
    private static final Set<String> FOREIGN = Set.of(
            "chrome-extension",
            "moz-extension",
            "safari-extension",
            "safari-web-extension",
            "ms-browser-extension",
            "webkit-masked-url", // how Safari hides an extension's address
            "user-script",
            "chrome",
            "resource",
            "about");

    private Noise() {}

    /** The beacon without reports that are noise; the same one if it has none, and empty if nothing would be left. */
    static Optional<Beacon> withoutNoise(Beacon beacon) {
        JsonNode tree = Reports.isSentByBrowser(beacon) ? beacon.body().json().orElse(null) : null;
        if (tree == null) {
            return Optional.of(beacon);
        }
        if (!tree.isArray()) {
            return isNoise(beacon, tree) ? Optional.empty() : Optional.of(beacon);
        }
        List<JsonNode> kept = new ArrayList<>(tree.size());
        for (JsonNode entry : tree) {
            if (!isNoise(beacon, entry)) {
                kept.add(entry);
            }
        }
        if (kept.size() == tree.size()) {
            return Optional.of(beacon);
        }
        return kept.isEmpty() ? Optional.empty() : Optional.of(holding(beacon, kept));
    }

    private static Beacon holding(Beacon beacon, List<JsonNode> reports) {
        JsonNode tree = JsonNodeFactory.instance.arrayNode().addAll(reports);
        BeaconBody body = BeaconBody.of(
                beacon.body().contentType(), ParsedJson.MAPPER.writeValueAsBytes(tree), new ParsedJson(tree, null));
        return new Beacon(beacon.at(), beacon.source(), body);
    }

    private static boolean isNoise(Beacon beacon, JsonNode entry) {
        Report report = Reports.report(beacon, entry);
        return report != null
                && (isForeign(report.body().path("blockedURL"))
                        || isForeign(report.body().path("sourceFile"))
                        || isAboutCollector(report, beacon.source().path()));
    }

    private static boolean isForeign(JsonNode address) {
        String text = address.stringValue("");
        int colon = text.indexOf(':');
        return FOREIGN.contains((colon < 0 ? text : text.substring(0, colon)).toLowerCase(Locale.ROOT));
    }

    /**
     * Whether it is about what is at the collector's own path: a request there that failed, whose report would be the next to fail. A
     * collector at {@code /} can't be told from the page there but by the method, which only NEL says.
     */
    private static boolean isAboutCollector(Report report, String collector) {
        if (report.type().equals(Report.NETWORK_ERROR)) {
            String method = report.body().path("method").stringValue("POST");
            return !method.equals("GET") && collector.equals(path(report.url()));
        }
        return !collector.equals("/") && collector.equals(path(report.url()));
    }

    /** The path of an absolute address, decoded; {@code null} if it has none. */
    private static @Nullable String path(@Nullable String url) {
        int scheme = url == null ? -1 : url.indexOf("://");
        if (url == null || scheme < 0) {
            return null;
        }
        int from = scheme + 3;
        int slash = url.indexOf('/', from);
        int end = from;
        while (end < url.length() && url.charAt(end) != '?' && url.charAt(end) != '#') {
            end++;
        }
        return slash < 0 || slash >= end ? "/" : decoded(url.substring(slash, end));
    }

    private static String decoded(String path) {
        return path.indexOf('%') < 0
                ? path
                : ParsedForm.unescaped(path.replace("+", "%2B").getBytes(UTF_8));
    }
}
