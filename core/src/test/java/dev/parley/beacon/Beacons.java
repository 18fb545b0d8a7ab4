package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Beacons of tests. */
final class Beacons {
    static final Instant AT = Instant.parse("2026-02-03T04:05:06.789Z");

    private Beacons() {}

    static BeaconBody body(@Nullable String contentType, String text) {
        return BeaconBody.of(contentType, text.getBytes(UTF_8));
    }

    static Beacon beacon(@Nullable String contentType, String text) {
        return beacon("/beacon", body(contentType, text));
    }

    static Beacon beacon(String path, BeaconBody body) {
        BeaconSource source = new BeaconSource(
                InetAddress.getLoopbackAddress(),
                path,
                "https://shop.example",
                "https://shop.example/cart",
                "Browser/1",
                Map.of());
        return new Beacon(AT, source, body);
    }

    static Beacon reports(String json) {
        return beacon("application/reports+json", json);
    }

    static Beacon cspReport(String json) {
        return beacon("application/csp-report", json);
    }
}
