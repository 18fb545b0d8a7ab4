package dev.parley.examples;

import dev.parley.beacon.BeaconCollector;
import dev.parley.beacon.BeaconSink;
import dev.parley.beacon.ReportingHeaders;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Routes;
import dev.parley.sse.SseEndpoint;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;

/** Collects what pages send in passing, and reports of what their policy blocked, and shows all of it live. */
final class BeaconDemo implements AutoCloseable {
    private static final String REPORTS = "/reports";

    private final Topic topic =
            Topics.builder().history(History.last(100)).build().topic("beacons");

    private final BeaconCollector collector = BeaconCollector.builder(BeaconSink.to(topic))
            .ratePerAddress(200)
            .dropNoise()
            .build();

    Routes routes() {
        return Routes.builder()
                // A page makes up the name of its tab, and so knows its beacons from those of others.
                .post("/beacon/{tab}", collector)
                .post(REPORTS, collector)
                // From the oldest on: so a page that comes back sees what it sent when it was left.
                .get(
                        "/api/beacons",
                        SseEndpoint.builder(exchange -> topic)
                                .from(From.oldest())
                                .build())
                .files("/parley", BeaconCollector.browserModule())
                .get(
                        "/left",
                        Page.of(
                                "/web/left.html",
                                "default-src 'self'; "
                                        + OriginPolicy.sameOrigin().frameAncestors()))
                .build();
    }

    /**
     * A policy whose violations are reported here. Over HTTPS leave out {@code withoutReportTo()}: this gallery runs on plain HTTP,
     * from where browsers send reports by {@code report-uri} only.
     */
    static ReportingHeaders reporting(String policy) {
        return ReportingHeaders.to(REPORTS).csp(policy).withoutReportTo();
    }

    @Override
    public void close() {
        collector.close();
    }
}
