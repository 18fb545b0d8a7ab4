package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.Cookie;
import dev.parley.beacon.Beacon;
import dev.parley.beacon.BeaconCollector;
import dev.parley.beacon.BeaconKind;
import dev.parley.beacon.BeaconSink;
import dev.parley.beacon.LostMessages;
import dev.parley.beacon.Report;
import dev.parley.beacon.ReportingHeaders;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import io.netty.pkitesting.X509Bundle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a real browser sends in passing, with {@code beacon.js} and without, and what becomes of it. */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(InstalledBrowser.class)
final class BeaconBrowserTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String TEXT = "text/plain;charset=UTF-8";

    private static final String PAGE = """
            <!doctype html>
            <title>Beacons</title>
            <script type="module">
              import { collect } from '/parley/beacon.js'
              window.lost = []
              window.begin = (url, options) => {
                window.beacons = collect(url, { onLost: ({ number, reason }) => lost.push(`${number} ${reason}`), ...options })
              }
              window.ready = true
            </script>
            """;

    private static X509Bundle certificate;
    private static Playwright playwright;
    private static Browser browser;

    private final BlockingQueue<Beacon> arrived = new LinkedBlockingQueue<>();
    private final BeaconCollector collector = BeaconCollector.builder(BeaconSink.each(arrived::add))
            .cookies("visitor")
            .build();
    /** What the next requests to {@code /moody} are answered with, before they get through to the collector. */
    private final BlockingQueue<Response> moods = new LinkedBlockingQueue<>();

    private ParleyServer server;
    private BrowserContext context;
    private Page page;

    @BeforeAll
    static void launch() throws Exception {
        certificate = DevelopmentTls.certificate();
        playwright = InstalledBrowser.playwright();
        browser = InstalledBrowser.launch(
                playwright,
                "--short-reporting-delay",
                "--ignore-certificate-errors-spki-list=" + DevelopmentTls.fingerprint(certificate));
    }

    @AfterAll
    static void quit() {
        playwright.close();
    }

    @BeforeEach
    void openThePage() {
        server = start(server(routes().build()));
        context = Patience.in(browser.newContext());
        page = context.newPage();
        open(server);
    }

    @AfterEach
    void stop() {
        context.close();
        server.close();
        collector.close();
    }

    private Routes.Builder routes() {
        return Routes.builder()
                .get("/", exchange -> exchange.respond(Response.html(PAGE)))
                .get("/left", exchange -> exchange.respond(Response.html("<!doctype html><title>left</title>")))
                .get("/favicon.ico", exchange -> exchange.respond(Response.noContent()))
                .files("/parley", BeaconCollector.browserModule())
                .post("/moody", exchange -> {
                    Response mood = moods.poll();
                    if (mood == null) {
                        collector.handle(exchange);
                    } else {
                        exchange.respond(mood);
                    }
                })
                .post("/beacon", collector);
    }

    private static ParleyServer.Builder server(Routes routes) {
        return ParleyServer.builder().host("localhost").port(0).eventLoops(1).routes(routes);
    }

    private static ParleyServer start(ParleyServer.Builder builder) {
        return builder.build().start();
    }

    private static String origin(ParleyServer server) {
        return "http://localhost:" + server.port();
    }

    private void open(ParleyServer of) {
        page.navigate(origin(of) + "/");
        page.waitForFunction("() => window.ready");
    }

    private Beacon next() throws InterruptedException {
        Beacon next = arrived.poll(Patience.SECONDS, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private static JsonNode json(Beacon beacon) {
        return JSON.readTree(beacon.body().text());
    }

    // ---- the browser alone

    @Test
    void sendBeaconGivesEachBodyItsType() throws Exception {
        String[][] bodies = {
            {"'你好'", "TEXT", TEXT, "你好"},
            {
                "new URLSearchParams({ a: '小 麦' })",
                "FORM",
                "application/x-www-form-urlencoded;charset=UTF-8",
                "a=%E5%B0%8F+%E9%BA%A6"
            },
            {"new Blob(['{}'], { type: 'application/json' })", "JSON", "application/json", "{}"},
            {"new Blob(['a'], { type: 'Text/CSV' })", "TEXT", "text/csv", "a"},
            {"new Blob(['a'], { type: 'application/x-protobuf' })", "BINARY", "application/x-protobuf", "a"},
            {"new Blob(['a'])", "BINARY", null, "a"},
            {"new Uint8Array([97])", "BINARY", null, "a"},
            {"undefined", "BINARY", null, ""},
        };
        for (String[] body : bodies) {
            assertThat(page.evaluate("() => navigator.sendBeacon('/beacon', " + body[0] + ")"))
                    .isEqualTo(true);

            Beacon beacon = next();
            assertThat(beacon.kind()).isEqualTo(BeaconKind.valueOf(body[1]));
            assertThat(beacon.body().contentType()).isEqualTo(body[2]);
            assertThat(beacon.body().text()).isEqualTo(body[3]);
        }
    }

    @Test
    void sendBeaconSendsForms() throws Exception {
        page.evaluate(
                "() => { const form = new FormData(); form.append('a', '小麦'); navigator.sendBeacon('/beacon', form) }");

        Beacon beacon = next();
        assertThat(beacon.kind()).isEqualTo(BeaconKind.MULTIPART);
        assertThat(beacon.body().contentType()).startsWith("multipart/form-data; boundary=----WebKitFormBoundary");
        assertThat(beacon.body().text()).contains("\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n小麦\r\n--");
    }

    @Test
    void aBeaconTellsWhenceItCame() throws Exception {
        page.evaluate("() => navigator.sendBeacon('/beacon?x=1', 'a')");

        Beacon beacon = next();
        assertThat(beacon.source().path()).isEqualTo("/beacon");
        assertThat(beacon.source().origin()).isEqualTo(origin(server));
        assertThat(beacon.source().referrer()).isEqualTo(origin(server) + "/");
        assertThat(beacon.source().userAgent()).contains("Chrome/");
        assertThat(beacon.source().address().isLoopbackAddress()).isTrue();
    }

    @Test
    void aPageThatIsLeftSendsABeacon() throws Exception {
        page.evaluate(
                "() => document.addEventListener('visibilitychange', () => navigator.sendBeacon('/beacon', 'bye'))");

        page.navigate(origin(server) + "/left");

        assertThat(next().body().text()).isEqualTo("bye");
    }

    @Test
    void aFetchWithKeepaliveOutlivesItsPage() throws Exception {
        page.evaluate("() => addEventListener('pagehide', () => {"
                + " fetch('/beacon', { method: 'POST', keepalive: true, body: 'kept' }) })");

        page.navigate(origin(server) + "/left");

        Beacon beacon = next();
        assertThat(beacon.body().text()).isEqualTo("kept");
        assertThat(beacon.body().contentType()).isEqualTo(TEXT);
    }

    @Test
    void aFetchLaterIsSentWhenItsPageIsLeft() throws Exception {
        assumeTrue((boolean) page.evaluate("() => 'fetchLater' in window"), "this browser has no fetchLater");
        page.evaluate("() => { fetchLater('/beacon', { method: 'POST', body: 'later' }) }");

        page.navigate(origin(server) + "/left");

        assertThat(next().body().text()).isEqualTo("later");
    }

    // ---- other origins

    @Test
    void anotherOriginThatThePolicyNamesMaySendJsonWithCookies() throws Exception {
        OriginPolicy callers =
                OriginPolicy.builder().origin(origin(server)).credentials().build();
        try (ParleyServer other = start(server(
                Routes.builder().origins(callers).post("/beacon", collector).build()))) {
            context.addCookies(List.of(new Cookie("visitor", "7").setUrl(origin(other))));

            page.evaluate(
                    "url => navigator.sendBeacon(url, new Blob(['{}'], { type: 'application/json' }))",
                    origin(other) + "/beacon");

            Beacon beacon = next();
            assertThat(beacon.kind()).isEqualTo(BeaconKind.JSON);
            assertThat(beacon.source().origin()).isEqualTo(origin(server));
            assertThat(beacon.source().cookies()).isEqualTo(Map.of("visitor", "7"));
            // And what beacon.js is told by the answer it may read.
            assertThat(page.evaluate(
                            "async (url) => (await fetch(url, { method: 'POST', body: 'a', credentials: 'include' })).status",
                            origin(other) + "/beacon"))
                    .isEqualTo(204);
        }
    }

    @Test
    void anotherOriginThatThePolicyDoesNotNameIsRefused() {
        try (ParleyServer other =
                start(server(Routes.builder().post("/beacon", collector).build()))) {
            com.microsoft.playwright.Response answer = page.waitForResponse(
                    origin(other) + "/beacon",
                    () -> page.evaluate("url => navigator.sendBeacon(url, 'a')", origin(other) + "/beacon"));

            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
            assertThat(page.evaluate(
                            "async (url) => { try { return (await fetch(url, { method: 'POST', keepalive: true,"
                                    + " headers: { 'Content-Type': 'application/json' }, body: '{}' })).status }"
                                    + " catch (e) { return e.name } }",
                            origin(other) + "/beacon"))
                    .isEqualTo("TypeError");
            assertThat(collector.counts().accepted()).isZero();
            assertThat(arrived).isEmpty();
        }
    }

    // ---- reports

    @Test
    void aViolationIsReportedByReportUri() throws Exception {
        ReportingHeaders reporting = ReportingHeaders.to("/beacon")
                .csp("default-src 'self'; script-src 'self' 'unsafe-inline'")
                .withoutReportTo();
        try (ParleyServer reported = start(server(
                routes().get("/reported", exchange -> exchange.respond(reporting.applyTo(Response.html(violating()))))
                        .build()))) {
            page.navigate(origin(reported) + "/reported?secret=1");

            Beacon beacon = next();
            assertThat(beacon.kind()).isEqualTo(BeaconKind.CSP_REPORT);
            JsonNode report = json(beacon).path("csp-report");
            assertThat(report.path("effective-directive").asString()).isEqualTo("img-src");
            assertThat(report.path("original-policy").asString())
                    .isEqualTo("default-src 'self'; script-src 'self' 'unsafe-inline'; report-uri /beacon");
        }
    }

    /** Chromium sends these from pages over HTTPS only. */
    @Test
    void violationsAndNetworkErrorsAreReportedByTheReportingApi() throws Exception {
        ReportingHeaders reporting = ReportingHeaders.to("/beacon")
                .csp("default-src 'self'; script-src 'self' 'unsafe-inline'")
                .nel(Duration.ofHours(1), 1, 1);
        try (ParleyServer secure = start(server(routes().get(
                                "/reported",
                                exchange -> exchange.respond(reporting.applyTo(Response.html(violating()))))
                        .get("/broken", exchange -> exchange.respond(Response.of(500)))
                        .build())
                .tls(DevelopmentTls.of(certificate)))) {
            page.navigate("https://localhost:" + secure.port() + "/reported");
            page.evaluate("() => fetch('/broken')");

            List<JsonNode> reports = new ArrayList<>();
            while (reports.stream().noneMatch(report -> isBroken(report))
                    || reports.stream().noneMatch(report -> isViolation(report))) {
                Beacon beacon = arrived.poll(Patience.SECONDS, TimeUnit.SECONDS);
                assertThat(beacon).as("after %s", reports).isNotNull();
                assertThat(beacon.kind()).isEqualTo(BeaconKind.REPORT);
                assertThat(beacon.body().contentType()).isEqualTo("application/reports+json");
                json(beacon).forEach(reports::add);
            }
        }
    }

    private static boolean isViolation(JsonNode report) {
        return report.path("type").asString().equals("csp-violation")
                && report.path("body").path("effectiveDirective").asString().equals("img-src");
    }

    private static boolean isBroken(JsonNode report) {
        return report.path("type").asString().equals("network-error")
                && report.path("body").path("status_code").asInt() == 500
                && report.path("body").path("sampling_fraction").asDouble() == 1;
    }

    private static String violating() {
        return "<!doctype html><title>reported</title><script>new Image().src = 'http://127.0.0.2:9/a.png'</script>";
    }

    @Test
    void theVitalsOfTheGalleryAreReports() throws Exception {
        try (ParleyServer measured = start(server(routes().get(
                        "/measured",
                        exchange -> exchange.respond(Response.html("<!doctype html><title>measured</title>"
                                + "<h1>Measured</h1><script type=\"module\" src=\"/vitals.js\"></script>")))
                .post("/beacon/{tab}", collector)
                .files("/", StaticFiles.classpath("/web"))
                .build()))) {
            page.navigate(origin(measured) + "/measured");

            Map<String, Report> vitals = new HashMap<>();
            collectVitals(vitals, "TTFB", "FCP");
            assertThat(vitals.get("FCP").webVital().orElseThrow().value()).isPositive();
            page.navigate(origin(measured) + "/left");
            collectVitals(vitals, "LCP", "CLS");

            vitals.forEach((name, report) -> {
                assertThat(report.type()).isEqualTo("web-vital");
                assertThat(report.url()).isEqualTo(origin(measured) + "/measured");
                Report.WebVital vital = report.webVital().orElseThrow();
                assertThat(vital.value()).isNotNegative().isEqualTo(vital.delta());
                assertThat(vital.rating()).isIn("good", "needs-improvement", "poor");
                assertThat(vital.id()).matches("[0-9a-f]{32}-" + name);
                assertThat(vital.navigationType()).isEqualTo("navigate");
            });
        }
    }

    private void collectVitals(Map<String, Report> vitals, String... names) throws InterruptedException {
        while (!vitals.keySet().containsAll(List.of(names))) {
            Beacon beacon = next();
            assertThat(beacon.reports())
                    .hasSameSizeAs(beacon.messages().orElseThrow().messages());
            beacon.reports()
                    .forEach(
                            report -> vitals.put(report.webVital().orElseThrow().name(), report));
        }
    }

    // ---- beacon.js

    private void begin(String url, String options) {
        page.evaluate("begin('" + url + "', " + options + ")");
    }

    private List<String> lost() {
        @SuppressWarnings("unchecked")
        List<String> lost = (List<String>) page.evaluate("() => lost");
        return lost;
    }

    /** {@code first-last} of an envelope of this page. */
    private String numbers(Beacon beacon) {
        JsonNode envelope = json(beacon);
        assertThat(envelope.path("page").asString())
                .isEqualTo(page.evaluate("() => beacons.page"))
                .matches("[0-9a-f]{32}");
        int first = envelope.path("first").asInt();
        return first + "-" + (first + envelope.path("messages").size() - 1);
    }

    @Test
    void messagesShareAnEnvelopeAfterAShortDelay() throws Exception {
        begin("/beacon", "{ delay: 50 }");

        assertThat(page.evaluate("() => [beacons.send({ a: '小麦' }), beacons.send(null), beacons.send('\\ud800')]"))
                .isEqualTo(List.of(1, 2, 3));

        Beacon beacon = next();
        assertThat(beacon.body().contentType()).isEqualTo(TEXT);
        assertThat(beacon.body().text())
                .isEqualTo("{\"page\":\"" + page.evaluate("() => beacons.page")
                        + "\",\"first\":1,\"messages\":[{\"a\":\"小麦\"},null,\"\\ud800\"]}");
        page.evaluate("() => beacons.send(3)");
        Beacon after = next();
        assertThat(numbers(after)).isEqualTo("4-4");
        LostMessages lost = new LostMessages(1);
        lost.observe(after.messages().orElseThrow());
        assertThat(lost.lost()).isEqualTo(3);
        lost.observe(beacon.messages().orElseThrow());
        assertThat(lost.lost()).isZero();
    }

    @Test
    void envelopesAreSplitBySizeInBytes() throws Exception {
        begin("/beacon", "{ delay: 60000, maxBytes: 1024 }");

        // 3 bytes each letter: 302 bytes a message with its quotes, and three of them in an envelope. The fourth is
        // over the
        // size, so that all goes at once.
        page.evaluate("() => { for (let i = 0; i < 7; i++) beacons.send('麦'.repeat(100)) }");
        page.evaluate("() => beacons.flush()");

        List<String> envelopes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Beacon beacon = next();
            assertThat(beacon.body().bytes().length).isLessThanOrEqualTo(1024);
            envelopes.add(numbers(beacon));
        }
        // Over connections of their own: only their numbers have an order.
        assertThat(envelopes).containsExactlyInAnyOrder("1-3", "4-4", "5-7");
    }

    @Test
    void aFullEnvelopeDoesNotWait() throws Exception {
        begin("/beacon", "{ delay: 60000 }");

        page.evaluate("() => { beacons.send('x'.repeat(30000)); beacons.send('x'.repeat(40000)) }");

        // The second envelope finds no room beside the first, and comes when there is.
        assertThat(List.of(numbers(next()), numbers(next()))).containsExactlyInAnyOrder("1-1", "2-2");
        assertThat(lost()).isEmpty();
    }

    @Test
    void theLargestMessageFillsAnEnvelopeAndALargerOneIsLost() throws Exception {
        begin("/beacon", "{ delay: 60000 }");
        int room = 60 * 1024 - "{\"page\":\"\",\"first\":1,\"messages\":[\"\"]}".length() - 32;

        page.evaluate("room => { beacons.send('x'.repeat(room)); beacons.flush() }", room);
        assertThat(next().body().bytes()).hasSize(60 * 1024);
        page.evaluate("room => { beacons.send('x'.repeat(room + 1)); beacons.send('after'); beacons.flush() }", room);

        assertThat(numbers(next())).isEqualTo("3-3");
        assertThat(lost()).containsExactly("2 too-large");
    }

    @Test
    void aHoleEndsAnEnvelope() throws Exception {
        begin("/beacon", "{ delay: 60000, maxBytes: 1024 }");

        page.evaluate("() => { beacons.send(0); beacons.send('x'.repeat(1024)); beacons.send(2); beacons.flush() }");

        assertThat(List.of(numbers(next()), numbers(next()))).containsExactlyInAnyOrder("1-1", "3-3");
    }

    @Test
    void whatWaitsIsSentWhenThePageIsLeft() throws Exception {
        begin("/beacon", "{ delay: 60000 }");
        // A listener behind that of the module: what it says goes, too.
        page.evaluate("() => { beacons.send('before');"
                + " document.addEventListener('visibilitychange', () => beacons.send('last')) }");

        page.navigate(origin(server) + "/left");

        assertThat(List.of(afterPage(next()), afterPage(next())))
                .containsExactlyInAnyOrder(
                        "\"first\":1,\"messages\":[\"before\"]}", "\"first\":2,\"messages\":[\"last\"]}");
    }

    private static String afterPage(Beacon beacon) {
        return beacon.body().text().replaceFirst("\\{\"page\":\"[0-9a-f]{32}\",", "");
    }

    @Test
    void whatSendBeaconRefusesIsFetched() throws Exception {
        page.evaluate("() => { navigator.sendBeacon = () => false }");
        begin("/beacon", "{ delay: 0 }");

        page.evaluate("() => beacons.send('a')");

        assertThat(numbers(next())).isEqualTo("1-1");
        page.evaluate("() => beacons.send('b')");
        assertThat(numbers(next())).isEqualTo("2-2");
    }

    @Test
    void whatFetchRefusesTooIsSentLaterInOrder() throws Exception {
        page.evaluate(
                "() => { navigator.sendBeacon = () => false; const real = fetch; let refused = 0;"
                        + " window.fetch = (...all) => ++refused <= 2 ? Promise.reject(new TypeError('no room')) : real(...all) }");
        begin("/beacon", "{ delay: 0 }");

        page.evaluate("() => { beacons.send('a'); beacons.flush(); beacons.send('b') }");

        assertThat(numbers(next())).isEqualTo("1-2");
        assertThat(lost()).isEmpty();
    }

    @Test
    void whatWaitsBehindAFetchIsSentByBeaconWhenThePageIsLeft() throws Exception {
        page.evaluate("() => { const real = navigator.sendBeacon.bind(navigator); let refused = false;"
                + " navigator.sendBeacon = (...all) => refused ? real(...all) : !(refused = true);"
                + " window.fetch = () => { window.fetching = true; return new Promise(() => {}) } }");
        begin("/beacon", "{ delay: 60000 }");
        page.evaluate("() => { beacons.send('a'); beacons.flush() }");
        assertThat(page.evaluate("() => window.fetching")).isEqualTo(true);
        page.evaluate("() => { beacons.send('b') }");

        page.navigate(origin(server) + "/left");

        assertThat(afterPage(next())).isEqualTo("\"first\":2,\"messages\":[\"b\"]}");
    }

    @Test
    void whatBeaconsRefuseWhileAFetchIsOnItsWayIsSentAfterItInOrder() throws Exception {
        page.evaluate("() => { navigator.sendBeacon = () => false; const real = fetch;"
                + " window.fetch = (...all) => { window.fetch = real;"
                + " return new Promise((go) => { window.go = go }).then(() => real(...all)) } }");
        begin("/beacon", "{ delay: 60000 }");

        page.evaluate("() => { for (const message of 'abc') { beacons.send(message); beacons.flush() } go() }");

        assertThat(List.of(numbers(next()), numbers(next()))).containsExactly("1-1", "2-3");
        assertThat(lost()).isEmpty();
    }

    @Test
    void aFetchThatHangsIsGivenUpAndItsMessagesAreSentAgain() throws Exception {
        // The first deadline passes at once, and the first fetch never gets an answer.
        page.evaluate(
                "() => { navigator.sendBeacon = () => false; const deadline = AbortSignal.timeout, real = fetch;"
                        + " AbortSignal.timeout = (ms) => { window.deadline = ms; AbortSignal.timeout = deadline;"
                        + " return AbortSignal.timeout(1) };"
                        + " window.fetch = (url, { signal }) => { window.fetch = real;"
                        + " return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))) } }");
        begin("/beacon", "{ delay: 0 }");

        page.evaluate("() => { beacons.send('a') }");

        assertThat(numbers(next())).isEqualTo("1-1");
        assertThat(page.evaluate("() => deadline")).isEqualTo(60_000);
        assertThat(lost()).isEmpty();
    }

    @Test
    void after410NothingIsSent() throws Exception {
        page.evaluate("() => { navigator.sendBeacon = () => false }");
        begin("/moody", "{ delay: 0 }");
        moods.add(Response.of(410));

        page.evaluate("() => { beacons.send('a') }");
        page.waitForFunction("() => beacons.stopped && lost.length === 1");
        page.evaluate("() => { beacons.send('b'); beacons.flush() }");

        page.waitForFunction("() => lost.length === 2");
        assertThat(lost()).containsExactly("1 stopped", "2 stopped");
        assertThat(collector.counts().accepted()).isZero();
    }

    @Test
    void aServerThatIsBusyIsLeftInPeaceForAsLongAsItSays() throws Exception {
        for (Response busy : new Response[] {
            Response.of(429).header("Retry-After", "2"), Response.of(503).header("Retry-After", "2")
        }) {
            open(server);
            // More is to be sent as soon as beacon.js has the first answer.
            page.evaluate("() => { navigator.sendBeacon = () => false; const real = fetch; window.times = [];"
                    + " window.fetch = (...all) => { const answer = real(...all);"
                    + " if (times.push(performance.now()) === 1)"
                    + " answer.then(() => setTimeout(() => { beacons.send('b'); beacons.flush() }));"
                    + " return answer } }");
            begin("/moody", "{ delay: 0 }");
            moods.add(busy);

            page.evaluate("() => { beacons.send('a') }");

            assertThat(numbers(next())).isEqualTo("1-2");
            assertThat((boolean) page.evaluate("() => times.length === 2 && times[1] - times[0] >= 1900"))
                    .isTrue();
        }
    }

    @Test
    void whatIsRefusedForGoodIsNotSentAgain() throws Exception {
        page.evaluate("() => { navigator.sendBeacon = () => false }");
        begin("/moody", "{ delay: 0 }");
        moods.add(Response.of(413));

        page.evaluate("() => beacons.send('a')");
        page.waitForFunction("() => lost.length === 1");
        page.evaluate("() => beacons.send('b')");

        assertThat(numbers(next())).isEqualTo("2-2");
        assertThat(lost()).containsExactly("1 refused");
    }

    @Test
    void theOldestMakeWayWhereTooManyWait() throws Exception {
        page.evaluate("() => { navigator.sendBeacon = () => false; window.realFetch = fetch;"
                + " window.fetch = () => Promise.reject(new TypeError('no network')) }");
        begin("/beacon", "{ delay: 60000, maxBytes: 1024, maxQueuedBytes: 1100 }");

        // 1 byte and 100 beside it each: ten have room.
        page.evaluate("() => { for (let i = 0; i < 25; i++) beacons.send(i % 10) }");
        page.evaluate("() => { window.fetch = realFetch; beacons.flush() }");

        assertThat(numbers(next())).isEqualTo("16-25");
        assertThat(lost())
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 15)
                        .mapToObj(number -> number + " overflow")
                        .toList());
    }

    @Test
    void closeSendsWhatWaitsAndEndsIt() throws Exception {
        begin("/beacon", "{ delay: 60000 }");

        page.evaluate("() => { beacons.send('a'); beacons.close(); beacons.send('b') }");

        assertThat(numbers(next())).isEqualTo("1-1");
        page.waitForFunction("() => lost.length === 1");
        assertThat(lost()).containsExactly("2 stopped");
    }

    @Test
    void wrongSettingsAreErrorsOfThePage() {
        String[][] wrong = {
            {"begin('http://[')", "TypeError: Failed to construct 'URL': Invalid URL"},
            {"begin('/beacon', { delay: -1 })", "RangeError: delay: -1 (expected: 0 to 60000)"},
            {"begin('/beacon', { maxBytes: 61441 })", "RangeError: maxBytes: 61441 (expected: 1024 to 61440)"},
            {"begin('/beacon', { maxQueuedBytes: 1 })", "RangeError: maxQueuedBytes: 1 (expected: 61440 to 67108864)"},
        };
        for (String[] each : wrong) {
            assertThat(page.evaluate(
                            "() => { try { " + each[0] + " } catch (e) { return `${e.name}: ${e.message}` } }"))
                    .isEqualTo(each[1]);
        }
        begin("/beacon", "{}");
        assertThat(page.evaluate(
                        "() => { try { beacons.send(() => 1) } catch (e) { return `${e.name}: ${e.message}` } }"))
                .isEqualTo("TypeError: message: function (expected: what JSON can hold)");
    }
}
