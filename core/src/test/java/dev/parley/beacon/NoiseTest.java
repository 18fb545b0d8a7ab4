package dev.parley.beacon;

import static dev.parley.beacon.Beacons.beacon;
import static dev.parley.beacon.Beacons.body;
import static dev.parley.beacon.Beacons.cspReport;
import static dev.parley.beacon.Beacons.reports;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseTest {
    private static final String GOOD =
            "{\"type\":\"csp-violation\",\"url\":\"https://a.example/\",\"body\":{\"blockedURL\":\"inline\"}}";
    private static final String BAD = GOOD.replace("inline", "chrome-extension");

    private static boolean isNoise(Beacon beacon) {
        return Noise.withoutNoise(beacon).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "chrome-extension",
                "chrome-extension://abc/x.js",
                "MOZ-extension://abc",
                "safari-web-extension://abc",
                "safari-extension://abc",
                "ms-browser-extension://abc",
                "webkit-masked-url://hidden/",
                "about",
                "about:blank"
            })
    void whatExtensionsDoIsNoise(String address) {
        assertThat(isNoise(reports("[" + GOOD.replace("inline", address) + "]")))
                .isTrue();
        assertThat(isNoise(reports(GOOD.replace("blockedURL\":\"inline", "sourceFile\":\"" + address))))
                .isTrue();
        assertThat(isNoise(cspReport("{\"csp-report\":{\"blocked-uri\":\"" + address + "\"}}")))
                .isTrue();
        assertThat(isNoise(cspReport("{\"csp-report\":{\"source-file\":\"" + address + "\"}}")))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "inline",
                "eval",
                "data",
                "blob",
                "",
                "https://a.example/chrome-extension://",
                "wss://a.example",
                "https://about.example/"
            })
    void whatTheSiteDoesIsNone(String address) {
        assertThat(isNoise(reports(GOOD.replace("inline", address)))).isFalse();
    }

    @Test
    void onlyReportsAreNoise() {
        assertThat(isNoise(beacon("text/plain;charset=UTF-8", BAD))).isFalse();
        assertThat(isNoise(beacon("application/json", BAD))).isFalse();
        assertThat(isNoise(reports("{oops chrome-extension:"))).isFalse();
        assertThat(isNoise(reports("[]"))).isFalse();
        assertThat(isNoise(reports("[{}]"))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "network-error, POST, https://a.example/beacon?x, /beacon, true",
        "network-error, OPTIONS, https://a.example/beacon, /beacon, true",
        "network-error, GET, https://a.example/beacon, /beacon, false",
        "network-error, POST, https://a.example/%62eac%6Fn, /beacon, true",
        "network-error, POST, https://a.example/a+b, /a+b, true",
        "network-error, POST, https://a.example/other, /beacon, false",
        "network-error, POST, https://a.example, /, true",
        "network-error, POST, https://a.example?/beacon, /beacon, false",
        "network-error, POST, data:x://, /beacon, false",
        "network-error, POST, ://, /beacon, false",
        "network-error, POST, '', /, false",
        "csp-violation, '', https://a.example/beacon, /beacon, true",
        "csp-violation, '', https://a.example/, /, false"
    })
    void reportsAboutTheCollectorAreNoise(String type, String method, String url, String collector, boolean noise) {
        String report = "[{\"type\":\"%s\",\"url\":\"%s\",\"body\":{\"method\":\"%s\"}}]".formatted(type, url, method);

        assertThat(isNoise(beacon(collector, body("application/reports+json", report))))
                .isEqualTo(noise);
    }

    @ParameterizedTest
    @CsvSource({
        "network-error, POST, https://a.example/beacon, true",
        "network-error, OPTIONS, https://A.example/beacon?x, true",
        "network-error, GET, https://a.example/beacon, false",
        "network-error, POST, https://a.example:8443/beacon, false",
        "network-error, POST, https://b.example/beacon, false",
        "network-error, POST, https://a.example/other, false",
        "network-error, POST, /beacon, false",
        "csp-violation, POST, https://a.example/beacon, false"
    })
    void uploadsToTheCollectorItselfAreNeverReported(String type, String method, String url, boolean own) {
        String report = "{\"type\":\"%s\",\"url\":\"%s\",\"body\":{\"method\":\"%s\"}}".formatted(type, url, method);
        Beacon beacon = beacon("/beacon", body("application/reports+json", "[" + report + "," + GOOD + "]"));
        Guards guards = new Guards(1, null, false, false, null);

        Beacon sifted = guards.sifted(beacon, "a.example").orElseThrow();

        assertThat(sifted.reports()).hasSize(own ? 1 : 2);
    }

    @Test
    void ofABatchTheOthersStay() {
        Beacon beacon = reports("[" + BAD + "," + GOOD + "," + BAD + ",7]");

        Beacon sifted = Noise.withoutNoise(beacon).orElseThrow();

        assertThat(sifted.body().text()).isEqualTo("[" + GOOD + ",7]");
        assertThat(sifted.body().contentType()).isEqualTo("application/reports+json");
        assertThat(sifted.source()).isEqualTo(beacon.source());
        assertThat(sifted.at()).isEqualTo(beacon.at());
        assertThat(sifted.reports()).hasSize(1);
        assertThat(isNoise(beacon)).isFalse();
    }

    @Test
    void aBatchWithoutNoiseStaysByteForByte() {
        Beacon beacon = reports(" [ " + GOOD + " ] ");

        assertThat(Noise.withoutNoise(beacon)).containsSame(beacon);
    }

    @Test
    void whatIsNothingButNoiseIsSiftedAway() {
        Guards guards = new Guards(1, null, true, false, null);
        Guards lenient = new Guards(1, null, false, false, null);
        Beacon noise = reports("[" + BAD + "," + BAD + "]");
        Beacon mixed = reports("[" + BAD + "," + GOOD + "]");

        Beacon sifted = guards.sifted(mixed, "collector.example").orElseThrow();

        assertThat(guards.sifted(noise, "collector.example")).isEmpty();
        assertThat(sifted.body().text()).isEqualTo("[" + GOOD + "]");
        assertThat(guards.objection(sifted)).isNull();
        assertThat(lenient.sifted(mixed, "collector.example")).containsSame(mixed);
        assertThat(lenient.sifted(noise, "collector.example")).containsSame(noise);
    }

    @Test
    void theSampleAsksNothingOfABeacon() {
        assertThat(new Guards(0, null, true, false, null).isSampledOut()).isTrue();
        assertThat(new Guards(1, null, true, false, null).isSampledOut()).isFalse();
        assertThat(new Guards(0, null, true, false, null).objection(reports(GOOD)))
                .isNull();
    }
}
