package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.beacon.Beacon;
import dev.parley.beacon.BeaconCollector;
import dev.parley.beacon.BeaconKind;
import dev.parley.beacon.BeaconSink;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.BrowserBeacon.Browser;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code beacons/chromium-156} holds requests as Chromium 156 sent them to a socket. */
@NullUnmarked
class BrowserBeaconTest {
    private static final String JSON = "{\"event\":\"click\",\"name\":\"小麦\"}";

    private final List<Beacon> arrived = new ArrayList<>();
    private final BeaconCollector collector =
            BeaconCollector.builder(BeaconSink.each(arrived::add)).keepQueries().build();
    private final Routes routes = Routes.builder()
            .post("/beacon", collector)
            .post("/reports", collector)
            .build();

    private static byte[] captured(String name) throws Exception {
        try (InputStream in = BrowserBeaconTest.class.getResourceAsStream("beacons/chromium-156/" + name + ".http")) {
            return in.readAllBytes();
        }
    }

    /** The body of a captured request. */
    private static String body(String name) throws Exception {
        String request = new String(captured(name), UTF_8);
        return request.substring(request.indexOf("\r\n\r\n") + 4);
    }

    private static Map<String, String> fields(String... namesAndValues) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }

    private void assertSameAsCaptured(BrowserBeacon beacon, String name) throws Exception {
        String target = name.endsWith("report") || name.equals("reports") ? "/reports" : "/beacon";
        // As text, so that a difference can be read; one byte is one character.
        assertThat(new String(beacon.bytes(target), ISO_8859_1)).isEqualTo(new String(captured(name), ISO_8859_1));
    }

    @Test
    void requestsAreThoseOfChromium() throws Exception {
        assertSameAsCaptured(BrowserBeacon.text(JSON), "text");
        assertSameAsCaptured(BrowserBeacon.form(fields("event", "click", "name", "小麦 & co")), "form");
        assertSameAsCaptured(BrowserBeacon.json(JSON), "json");
        assertSameAsCaptured(BrowserBeacon.blob("application/x-protobuf", new byte[] {0, 1, 2, -3, -2, -1}), "blob");
        assertSameAsCaptured(BrowserBeacon.blob("", "abc".getBytes(UTF_8)), "blob-without-type");
        assertSameAsCaptured(BrowserBeacon.keepalive(JSON), "keepalive");
        assertSameAsCaptured(BrowserBeacon.keepalive(JSON), "fetch-later");
        assertSameAsCaptured(BrowserBeacon.cspReport(body("csp-report")), "csp-report");
        assertSameAsCaptured(BrowserBeacon.reports(body("reports")).fromPage("https://localhost/"), "reports");
        String boundary = new String(captured("multipart"), UTF_8)
                .replaceFirst("(?s).*boundary=----WebKitFormBoundary(\\w+).*", "$1");
        assertSameAsCaptured(
                BrowserBeacon.multipart(fields("event", "click", "name", "小麦 & \"co\""))
                        .boundary(boundary),
                "multipart");
    }

    @ParameterizedTest
    @CsvSource({
        "text, TEXT",
        "form, FORM",
        "multipart, MULTIPART",
        "multipart-with-file, MULTIPART",
        "json, JSON",
        "blob, BINARY",
        "blob-without-type, BINARY",
        "keepalive, TEXT",
        "fetch-later, TEXT",
        "csp-report, CSP_REPORT"
    })
    void whatWasCapturedIsCollectedInWholeAndByteByByte(String name, BeaconKind kind) throws Exception {
        for (int pieceBytes : new int[] {Integer.MAX_VALUE, 1}) {
            try (TestServer server =
                    TestServer.builder(routes).pieceBytes(pieceBytes).build()) {
                TestConnection connection = server.connect();
                connection.send(captured(name));

                assertThat(connection.receivedText()).startsWith("HTTP/1.1 204 No Content\r\n");
                server.advance(Duration.ofSeconds(1));
            }
            Beacon beacon = arrived.remove(0);
            assertThat(beacon.kind()).isEqualTo(kind);
            assertThat(beacon.body().text()).isEqualTo(body(name));
            assertThat(beacon.source().origin()).isEqualTo("http://localhost");
            assertThat(beacon.source().referrer()).isEqualTo("http://localhost/");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void theyAreSentOverEachProtocolByEachBrowser(Protocol protocol) {
        try (TestServer server = TestServer.builder(routes).protocol(protocol).build()) {
            for (Browser browser : Browser.values()) {
                for (BrowserBeacon beacon : new BrowserBeacon[] {
                    BrowserBeacon.text("a"),
                    BrowserBeacon.form(Map.of("a", "b")),
                    BrowserBeacon.multipart(Map.of("a", "b")),
                    BrowserBeacon.json("{}"),
                    BrowserBeacon.cspReport("{\"csp-report\":{}}")
                }) {
                    assertThat(beacon.by(browser).to(server, "/beacon").send()).hasStatus(204);
                }
            }
            server.advance(Duration.ofSeconds(1));
        }
        assertThat(arrived).hasSize(15);
        assertThat(arrived.get(5).source().userAgent()).contains("Firefox");
        assertThat(arrived.get(7).body().contentType())
                .startsWith("multipart/form-data; boundary=----geckoformboundary");
        assertThat(arrived.get(10).source().userAgent()).contains("Version/18.5 Safari");
    }

    @Test
    void pagesOfOtherOriginsAreForThePolicy() {
        Routes open = Routes.builder()
                .origins(OriginPolicy.builder()
                        .origin("https://shop.example")
                        .credentials()
                        .build())
                .post("/beacon", collector)
                .build();
        BrowserBeacon known = BrowserBeacon.text("a").fromPage("https://shop.example/basket?user=7");
        try (TestServer server = TestServer.of(open)) {
            assertThat(known.to(server, "/beacon").send())
                    .hasStatus(204)
                    .hasHeader("Access-Control-Allow-Origin", "https://shop.example");
            assertThat(BrowserBeacon.text("a")
                            .fromPage("https://shop.example.evil/")
                            .to(server, "/beacon")
                            .send())
                    .isProblem(403);
            server.advance(Duration.ofSeconds(1));
        }
        assertThat(arrived).hasSize(1);
        assertThat(arrived.get(0).source().referrer()).isEqualTo("https://shop.example/");
    }

    @Test
    void formsAreEncodedAsTheStandardSays() {
        String multipart = new String(
                BrowserBeacon.multipart(fields("a\"\r\nb", "1\n2"))
                        .boundary("x")
                        .bytes("/"),
                UTF_8);

        assertThat(multipart)
                .endsWith(String.join(
                        "\r\n",
                        "",
                        "",
                        "------WebKitFormBoundaryx",
                        "Content-Disposition: form-data; name=\"a%22%0D%0Ab\"",
                        "",
                        "1",
                        "2",
                        "------WebKitFormBoundaryx--",
                        ""));
        assertThat(new String(BrowserBeacon.form(fields("a b", "~*-._+")).bytes("/"), UTF_8))
                .endsWith("\r\n\r\na+b=%7E*-._%2B");
    }

    @Test
    void aPageHasAWholeAddress() {
        assertThatThrownBy(() -> BrowserBeacon.text("a").fromPage("/basket"))
                .hasMessage("page: /basket (expected: an absolute address)");
    }
}
