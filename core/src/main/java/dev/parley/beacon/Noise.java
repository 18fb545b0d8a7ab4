package dev.parley.beacon;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
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

    /**
     * The beacon without reports that its browser could not send one to this very collector: they would be about each other for
     * ever. The same one if it has none, and empty if nothing would be left.
     *
     * @param authority host and port of the collector, as the client has them
     */
    static Optional<Beacon> withoutOwn(Beacon beacon, String authority) {
        return without(beacon, report -> {
            URI address = address(report);
            return address != null
                    && isFailedUpload(report)
                    && authority.equalsIgnoreCase(address.getRawAuthority())
                    && isAt(beacon.source().path(), address);
        });
    }

    /** The beacon without reports that are noise; the same one if it has none, and empty if nothing would be left. */
    static Optional<Beacon> withoutNoise(Beacon beacon) {
        return without(
                beacon,
                report -> isForeign(report.body().path("blockedURL"))
                        || isForeign(report.body().path("sourceFile"))
                        || isAboutCollector(report, beacon.source().path()));
    }

    private static Optional<Beacon> without(Beacon beacon, Predicate<Report> noise) {
        JsonNode tree = Reports.isSentByBrowser(beacon) ? beacon.body().json().orElse(null) : null;
        if (tree == null) {
            return Optional.of(beacon);
        }
        if (!tree.isArray()) {
            return isNoise(beacon, tree, noise) ? Optional.empty() : Optional.of(beacon);
        }
        List<JsonNode> kept = new ArrayList<>(tree.size());
        for (JsonNode entry : tree) {
            if (!isNoise(beacon, entry, noise)) {
                kept.add(entry);
            }
        }
        if (kept.size() == tree.size()) {
            return Optional.of(beacon);
        }
        return kept.isEmpty() ? Optional.empty() : Optional.of(holding(beacon, kept));
    }

    private static boolean isNoise(Beacon beacon, JsonNode entry, Predicate<Report> noise) {
        Report report = Reports.report(beacon, entry);
        return report != null && noise.test(report);
    }

    private static Beacon holding(Beacon beacon, List<JsonNode> reports) {
        JsonNode tree = JsonNodeFactory.instance.arrayNode().addAll(reports);
        BeaconBody body = BeaconBody.of(
                beacon.body().contentType(), ParsedJson.MAPPER.writeValueAsBytes(tree), new ParsedJson(tree, null));
        return new Beacon(beacon.at(), beacon.source(), body);
    }

    private static boolean isForeign(JsonNode address) {
        String text = address.stringValue("");
        int colon = text.indexOf(':');
        return FOREIGN.contains((colon < 0 ? text : text.substring(0, colon)).toLowerCase(Locale.ROOT));
    }

    /**
     * Whether it is about what is at the collector's own path, on whatever host. A collector at {@code /} can't be told from the page
     * there but by the method, which only NEL says.
     */
    private static boolean isAboutCollector(Report report, String collector) {
        boolean canBeTold =
                report.type().equals(Report.NETWORK_ERROR) ? isFailedUpload(report) : !collector.equals("/");
        URI address = address(report);
        return canBeTold && address != null && isAt(collector, address);
    }

    /** Whether it is about a request as it takes reports to a collector. */
    private static boolean isFailedUpload(Report report) {
        return report.type().equals(Report.NETWORK_ERROR)
                && !report.body().path("method").stringValue("POST").equals("GET");
    }

    private static boolean isAt(String path, URI address) {
        return path.equals(address.getPath().isEmpty() ? "/" : address.getPath());
    }

    /** What a report is about; {@code null} if that is no address of a host. */
    private static @Nullable URI address(Report report) {
        try {
            URI address = report.url() == null ? null : new URI(report.url());
            return address == null || address.getRawAuthority() == null ? null : address;
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
