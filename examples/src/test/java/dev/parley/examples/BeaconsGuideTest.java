package dev.parley.examples;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.beacon.Beacon;
import dev.parley.beacon.BeaconBody;
import dev.parley.beacon.BeaconCause;
import dev.parley.beacon.BeaconCollector;
import dev.parley.beacon.BeaconCounts;
import dev.parley.beacon.BeaconCursor;
import dev.parley.beacon.BeaconKind;
import dev.parley.beacon.BeaconLog;
import dev.parley.beacon.BeaconReader;
import dev.parley.beacon.BeaconSink;
import dev.parley.beacon.BeaconSource;
import dev.parley.beacon.LostMessages;
import dev.parley.beacon.Report;
import dev.parley.beacon.ReportingHeaders;
import dev.parley.beacon.WhenBehind;
import dev.parley.http.Endpoint;
import dev.parley.http.HttpLimits;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import dev.parley.testkit.BeaconSinkContract;
import dev.parley.testkit.BrowserBeacon;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestServer;
import dev.parley.topic.From;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The guide to beacons: each of its programs compiles and runs here, and what it shows of the wire is what goes over it. */
class BeaconsGuideTest {
    private static final GuidePage PAGE = GuidePage.of("beacons", BeaconsGuideTest.class);
    private static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    @Nullable
    Path temporary;

    private final List<String> seen = Collections.synchronizedList(new ArrayList<>());
    private final List<String> index = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final BeaconCollector beacons =
            BeaconCollector.to(BeaconSink.each(beacon -> seen.add(beacon.body().text())));

    private Path directory() {
        return Objects.requireNonNull(temporary);
    }

    @Test
    void itsProgramsAreTheOnesThatRunHere() throws IOException {
        PAGE.assertProgramsRun();
    }

    @Test
    void itsScriptIsTheOneThatTheModuleShows() throws IOException {
        try (TestServer server = TestServer.of(Routes.builder()
                .files("/parley", BeaconCollector.browserModule())
                .build())) {
            String module = server.get("/parley/beacon.js").send().text().replaceAll("(?m)^//", "");

            assertThat(PAGE.blocks("js")).hasSize(1).allMatch(GuidePage.squeezed(module)::contains);
            assertThat(server.get("/parley/beacon.d.ts").send()).hasStatus(200);
        }
    }

    @Test
    void theBeaconsOfTheReadmeAreTheOnesOfThisPage() throws IOException {
        GuidePage.readme(BeaconsGuideTest.class).assertProgramRuns("Beacon");
    }

    private static Beacon beacon(String contentType, String body) {
        BeaconSource source =
                new BeaconSource(InetAddress.getLoopbackAddress(), "/beacon", null, null, "Browser/1.0", Map.of());
        return new Beacon(TIME, source, BeaconBody.of(contentType, body.getBytes(StandardCharsets.UTF_8)));
    }

    // ---- collecting

    @Test
    void whatAPageSendsGetsToTheSink() {
        BeaconCollector beacons = BeaconCollector.to(
                BeaconSink.each(beacon -> seen.add(beacon.body().text())));
        Routes routes = Routes.builder()
                .post("/beacon", beacons)
                .files("/parley", BeaconCollector.browserModule())
                .build();

        try (TestServer server = TestServer.of(routes)) {
            assertThat(BrowserBeacon.text("hello").to(server, "/beacon").send())
                    .hasStatus(204)
                    .hasNoBody();
            beacons.close();
        }
        assertThat(seen).containsExactly("hello");
    }

    @Test
    void aBodyIsReadAsWhatItIsWantedFor() throws Exception {
        record Click(String event, String on) {}

        BeaconSink clicks = BeaconSink.each(beacon -> {
            beacon.body().json(Click.class).ifPresent(click -> index.add(click.on()));
            beacon.body().flaw().ifPresent(flaw -> log.add(beacon.source().path() + ": " + flaw));
        });

        clicks.write(List.of(
                beacon("text/plain;charset=UTF-8", "{\"event\":\"click\",\"on\":\"buy\",\"more\":1}"),
                beacon("application/json", "{\"event\":")));

        assertThat(index).containsExactly("buy");
        assertThat(log).singleElement().asString().startsWith("/beacon: ");
    }

    @Test
    void kindsAreThoseOfWhatABrowserSends() {
        List<BeaconKind> kinds = new ArrayList<>();
        BeaconCollector collector = BeaconCollector.to(BeaconSink.each(beacon -> kinds.add(beacon.kind())));
        try (TestServer server =
                TestServer.of(Routes.builder().post("/beacon", collector).build())) {
            for (BrowserBeacon sent : List.of(
                    BrowserBeacon.text("a"),
                    BrowserBeacon.form(Map.of("a", "b")),
                    BrowserBeacon.multipart(Map.of("a", "b")),
                    BrowserBeacon.json("{}"),
                    BrowserBeacon.blob("", new byte[1]),
                    BrowserBeacon.keepalive("a"),
                    BrowserBeacon.reports("[]"),
                    BrowserBeacon.cspReport("{}"))) {
                assertThat(sent.to(server, "/beacon").send()).hasStatus(204);
            }
            collector.close();
        }
        assertThat(kinds)
                .containsExactly(
                        BeaconKind.TEXT,
                        BeaconKind.FORM,
                        BeaconKind.MULTIPART,
                        BeaconKind.JSON,
                        BeaconKind.BINARY,
                        BeaconKind.TEXT,
                        BeaconKind.REPORT,
                        BeaconKind.CSP_REPORT);
    }

    // ---- who may send

    private Routes shop(Endpoint home) {
        OriginPolicy shop = OriginPolicy.builder()
                .origin("https://shop.example")
                .credentials()
                .build();
        Routes collecting =
                Routes.builder().origins(shop).post("/beacon", beacons).build();
        Routes routes = Routes.builder().get("/", home).mount("/", collecting).build();
        return routes;
    }

    @Test
    void pagesOfTheOriginsThatThePolicyNamesMaySend() {
        try (TestServer server = TestServer.of(shop(exchange -> exchange.respond(Response.text("home"))))) {
            BrowserBeacon sent = BrowserBeacon.text("hello");
            assertThat(sent.fromPage("https://shop.example/cart")
                            .to(server, "/beacon")
                            .send())
                    .hasStatus(204)
                    .hasHeader("Access-Control-Allow-Origin", "https://shop.example")
                    .hasHeader("Access-Control-Allow-Credentials", "true");
            assertThat(sent.fromPage("https://elsewhere.example/")
                            .to(server, "/beacon")
                            .send())
                    .isProblem(403);
            assertThat(server.post("/beacon").body("no browser's").send()).hasStatus(204);
        }
        assertThat(beacons.counts().received()).isEqualTo(2);
    }

    @Test
    void theWireOfAPreflight() throws IOException {
        String request = """
                OPTIONS /beacon HTTP/1.1
                Host: localhost
                Origin: https://shop.example
                Access-Control-Request-Method: POST
                Access-Control-Request-Headers: content-type
                """;
        PAGE.assertShown(request);
        try (TestServer server = TestServer.of(shop(exchange -> exchange.respond(Response.text("home"))))) {
            TestConnection client = server.connect().send(request.replace("\n", "\r\n") + "\r\n");
            server.run();
            String answer = client.receivedText();
            client.cut();

            assertThat(answer).startsWith("HTTP/1.1 204 ");
            PAGE.assertShown(answer.lines()
                    .filter(line -> line.startsWith("access-control-allow-"))
                    .collect(Collectors.joining("\n", "", "\n")));
        }
        assertThat(beacons.counts().received()).isZero();
    }

    // ---- what is answered

    @Test
    void refusalsAreToldAndCounted() {
        BeaconCollector collector = BeaconCollector.builder(batch -> BeaconSink.STORED)
                .maxBeaconBytes(10)
                .strict()
                .build();
        try (TestServer server =
                TestServer.of(Routes.builder().any("/beacon", collector).build())) {
            assertThat(server.get("/beacon").send()).isProblem(405);
            assertThat(server.post("/beacon").body("x".repeat(11)).send()).isProblem(413);
            assertThat(server.post("/beacon")
                            .header("Content-Encoding", "br")
                            .body("x")
                            .send())
                    .isProblem(415)
                    .hasHeader("Accept-Encoding", "gzip");
            assertThat(BrowserBeacon.json("{").to(server, "/beacon").send()).isProblem(400);
            collector.retire();
            assertThat(server.post("/beacon").body("x").send()).isProblem(410);
        }
        assertThat(collector.counts().causes())
                .isEqualTo(Map.of(
                        BeaconCause.TOO_LARGE, 1L,
                        BeaconCause.CODING, 1L,
                        BeaconCause.BROKEN, 1L,
                        BeaconCause.RETIRED, 1L));
    }

    @Test
    void aDurableSinkIsWaitedForAndItsFailureIsTold() {
        BeaconSink broken = new BeaconSink() {
            @Override
            public CompletableFuture<Void> write(List<Beacon> batch) {
                return CompletableFuture.failedFuture(new IOException("disk full"));
            }

            @Override
            public boolean isDurable() {
                return true;
            }
        };
        BeaconCollector collector = BeaconCollector.to(broken);
        try (TestServer server =
                TestServer.of(Routes.builder().post("/beacon", collector).build())) {
            TestExchange waiting = server.post("/beacon").body("x").open().end();
            assertThat(waiting.isAnswered()).isFalse();
            server.advance(Duration.ofMillis(1));

            assertThat(waiting.response()).isProblem(503).hasHeader("Retry-After", "1");
            collector.close();
            assertThat(server.post("/beacon").body("x").send()).isProblem(503);
        }
        assertThat(collector.counts()).isEqualTo(new BeaconCounts(0, 0, 1, Map.of(BeaconCause.FULL, 1L)));
    }

    // ---- sinks

    private static final class Table {
        private final List<Beacon> rows = new ArrayList<>();

        @Nullable
        Void insert(List<Beacon> batch) {
            rows.addAll(batch);
            return null;
        }

        List<Beacon> rows() {
            return rows;
        }
    }

    @Test
    void aBatchGoesToSeveralSinks() throws Exception {
        Table database = new Table();
        Topics topics = Topics.inMemory();

        BeaconSink table = batch -> CompletableFuture.completedStage(database.insert(batch));
        BeaconSink live = BeaconSink.to(topics.topic("beacons"));
        BeaconSink both = BeaconSink.all(table, live);

        both.write(List.of(beacon("application/csp-report", "{}")));
        Subscription.to(topics.topic("beacons"))
                .from(From.oldest())
                .executor(Runnable::run)
                .listen(publication -> log.add(publication.event() + " " + publication.text()));

        assertThat(database.rows()).hasSize(1);
        assertThat(log).singleElement().asString().startsWith("csp-report {\"at\":\"2026-01-01T00:00:00Z\",");
        assertThat(both.isDurable()).isFalse();
    }

    @Nested
    final class TableSinkTest extends BeaconSinkContract {
        private final Table table = new Table();

        @Override
        protected BeaconSink sink() {
            return batch -> CompletableFuture.completedStage(table.insert(batch));
        }

        @Override
        protected List<String> stored() {
            return table.rows().stream().map(this::described).toList();
        }
    }

    // ---- batches

    @Test
    void settingsAreTheBuilders() {
        Table database = new Table();
        BeaconSink table = batch -> CompletableFuture.completedStage(database.insert(batch));

        BeaconCollector patient = BeaconCollector.builder(table)
                .maxBatchBeacons(500)
                .maxBatchDelay(Duration.ofMillis(100))
                .whenBehind(WhenBehind.DROP_OLDEST)
                .build();

        try (TestServer server =
                TestServer.of(Routes.builder().post("/beacon", patient).build())) {
            assertThat(server.post("/beacon").body("x").send()).hasStatus(204);
            server.advance(Duration.ofMillis(99));
            assertThat(database.rows()).isEmpty();
            server.advance(Duration.ofMillis(1));
            assertThat(database.rows()).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"REFUSE, 503, a b", "DROP_OLDEST, 204, b c", "DROP_NEWEST, 204, a b"})
    void whatComesWhileTheSinkIsBehindEndsAsThePolicySays(WhenBehind policy, int status, String stored) {
        BeaconCollector collector = BeaconCollector.builder(
                        BeaconSink.each(it -> seen.add(it.body().text())))
                .maxQueuedBeacons(2)
                .whenBehind(policy)
                .build();
        try (TestServer server =
                TestServer.of(Routes.builder().post("/beacon", collector).build())) {
            assertThat(server.post("/beacon").body("a").send()).hasStatus(204);
            assertThat(server.post("/beacon").body("b").send()).hasStatus(204);
            assertThat(server.post("/beacon").body("c").send()).hasStatus(status);
            collector.close();
        }
        assertThat(String.join(" ", seen)).isEqualTo(stored);
    }

    // ---- the log

    @Test
    void aLogIsWrittenAndRead() throws Exception {
        Path directory = directory();
        BeaconLog written = logging(directory);
        written.write(List.of(beacon("text/plain", "one"), beacon("text/plain", "two")))
                .toCompletableFuture()
                .join();

        String saved = read(directory, BeaconCursor.START.toString());
        assertThat(index).containsExactly("one", "two");

        written.write(List.of(beacon("text/plain", "three")))
                .toCompletableFuture()
                .join();
        written.close();
        assertThat(read(directory, saved)).matches("1-[0-9]+");
        assertThat(index).containsExactly("one", "two", "three");
    }

    private static BeaconLog logging(Path directory) throws IOException {
        Routes.Builder routes = Routes.builder();
        BeaconLog log = BeaconLog.at(directory).durable().open();
        routes.post("/beacon", BeaconCollector.to(log));
        return log;
    }

    private String read(Path directory, String from) throws IOException {
        String saved = from;
        try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.parse(saved))) {
            for (Optional<Beacon> next = reader.next(); next.isPresent(); next = reader.next()) {
                index.add(next.get().body().text());
                saved = reader.cursor().toString();
            }
        }
        return saved;
    }

    @Test
    void theLinesOfALog() throws Exception {
        BeaconLog written = BeaconLog.at(directory()).durable().open();
        try (TestServer server = TestServer.of(clock -> Routes.builder()
                .post(
                        "/beacon",
                        BeaconCollector.builder(written)
                                .clock(clock)
                                .maxBatchDelay(Duration.ZERO)
                                .build())
                .build())) {
            TestExchange sent = server.post("/beacon")
                    .header("Content-Type", "text/plain;charset=UTF-8")
                    .header("Origin", "http://localhost")
                    .header("Referer", "http://localhost/cart?q=secret")
                    .body("hello")
                    .open()
                    .end();
            written.close(); // all that it was handed is stored
            server.run();
            assertThat(sent.response()).hasStatus(204);
        }

        PAGE.assertShown(Files.readString(directory().resolve("00000000000000000001.ndjson")));
    }

    // ---- reports

    @Test
    void pagesTellBrowsersWhereToReport() throws IOException {
        Path directory = directory();
        Files.writeString(directory.resolve("app.js"), "// nothing");
        Response page = Response.html("<!doctype html>");

        ReportingHeaders reporting =
                ReportingHeaders.to("/reports").csp("default-src 'self'").nel(Duration.ofDays(1), 0.01, 1);

        StaticFiles.Builder files = StaticFiles.builder(directory);
        reporting.forEach(files::header);
        Routes routes = Routes.builder()
                .get("/", exchange -> exchange.respond(reporting.applyTo(page)))
                .post("/reports", beacons)
                .files("/static", files.build())
                .build();

        StringBuilder headers = new StringBuilder();
        reporting.forEach(
                (name, value) -> headers.append(name).append(": ").append(value).append('\n'));
        PAGE.assertShown(headers.toString());
        try (TestServer server = TestServer.of(routes)) {
            reporting.forEach((name, value) -> {
                assertThat(server.get("/").send()).hasHeader(name, value);
                assertThat(server.get("/static/app.js").send()).hasHeader(name, value);
            });
            assertThat(BrowserBeacon.reports("[]").to(server, "/reports").send())
                    .hasStatus(204)
                    .hasNoHeader("Reporting-Endpoints")
                    .hasNoHeader("NEL");
        }
        Map<String, String> plain = new HashMap<>();
        reporting.withoutReportTo().forEach(plain::put);
        assertThat(plain)
                .containsEntry("Content-Security-Policy", "default-src 'self'; report-uri /reports")
                .doesNotContainKey("Reporting-Endpoints");
    }

    @Test
    void reportsHaveOneShape() throws IOException {
        Map<String, Double> failures = new HashMap<>();
        Map<String, Double> vitals = new HashMap<>();
        String vital =
                "{\"name\":\"LCP\",\"value\":1834.5,\"delta\":1834.5,\"rating\":\"good\",\"id\":\"v5-1767225600000-1\",\"navigationType\":\"navigate\"}\n";
        PAGE.assertShown(vital);
        List<Beacon> sent = List.of(
                beacon("application/reports+json", """
                        [{"type":"csp-violation","age":1000,"url":"https://shop.example/","user_agent":"Browser/1.0",
                          "body":{"effectiveDirective":"img-src","blockedURL":"https://elsewhere.example/a.png"}},
                         {"type":"network-error","age":0,"url":"https://shop.example/","user_agent":"Browser/1.0",
                          "body":{"type":"tcp.timed_out","sampling_fraction":0.01}}]
                        """),
                beacon("application/csp-report", """
                        {"csp-report":{"effective-directive":"script-src-elem","blocked-uri":"inline"}}
                        """),
                beacon("text/plain;charset=UTF-8", vital));

        for (Beacon beacon : sent) {
            for (Report report : beacon.reports()) {
                report.cspViolation().ifPresent(it -> log.add(it.effectiveDirective() + " blocked " + it.blockedUrl()));
                report.networkError().ifPresent(it -> failures.merge(it.type(), report.weight(), Double::sum));
                report.webVital().ifPresent(it -> vitals.put(it.id(), it.value()));
            }
        }

        assertThat(log)
                .containsExactly("img-src blocked https://elsewhere.example/a.png", "script-src-elem blocked inline");
        assertThat(failures).isEqualTo(Map.of("tcp.timed_out", 100.0));
        assertThat(vitals).isEqualTo(Map.of("v5-1767225600000-1", 1834.5));
        assertThat(sent.get(0).reports().get(0).at()).isEqualTo(TIME.minusSeconds(1));
    }

    // ---- guards, and what was lost

    private static final String ENVELOPE = """
            {"page":"9f86d081884c7d659a2feaa0c55ad015","first":17,"messages":[{"event":"click","on":"buy"},{"event":"leave"}]}
            """;

    @Test
    void guardsDropWhatIsNotWantedAndAnswer204() {
        Table database = new Table();
        BeaconSink table = batch -> CompletableFuture.completedStage(database.insert(batch));

        BeaconCollector guarded = BeaconCollector.builder(table)
                .ratePerAddress(50)
                .rate(10_000)
                .filter(beacon -> beacon.body().bytes().length > 0)
                .dropNoise()
                .dropDuplicates(
                        beacon -> beacon.messages().map(it -> it.page() + " " + it.first() + "-" + it.last()),
                        Duration.ofMinutes(10),
                        100_000)
                .cookies("visitor")
                .build();

        try (TestServer server =
                TestServer.of(Routes.builder().post("/beacon", guarded).build())) {
            for (BrowserBeacon sent : List.of(
                    BrowserBeacon.text(ENVELOPE),
                    BrowserBeacon.text(ENVELOPE),
                    BrowserBeacon.text(""),
                    BrowserBeacon.cspReport("{\"csp-report\":{\"blocked-uri\":\"chrome-extension\"}}"))) {
                assertThat(sent.to(server, "/beacon")
                                .header("Cookie", "visitor=7; session=secret")
                                .send())
                        .hasStatus(204);
            }
            guarded.close();
        }
        assertThat(database.rows())
                .singleElement()
                .satisfies(kept -> assertThat(kept.source().cookies()).isEqualTo(Map.of("visitor", "7")));
        assertThat(guarded.counts())
                .isEqualTo(new BeaconCounts(
                        0, 1, 0, Map.of(BeaconCause.DUPLICATE, 1L, BeaconCause.UNWANTED, 1L, BeaconCause.NOISE, 1L)));
    }

    @Test
    void whatIsMissingOfNumberedMessagesIsKnown() throws Exception {
        PAGE.assertShown(ENVELOPE);

        LostMessages lost = new LostMessages(10_000);
        BeaconSink counting = BeaconSink.each(beacon -> beacon.messages().ifPresent(lost::observe));

        String text = "text/plain;charset=UTF-8";
        counting.write(List.of(
                beacon(text, ENVELOPE.replace("17", "14")),
                beacon(text, ENVELOPE),
                beacon(text, ENVELOPE.replace("17", "18"))));

        assertThat(lost.holes("9f86d081884c7d659a2feaa0c55ad015")).contains(new LostMessages.Hole(16, 16));
        long before = lost.lost();
        counting.write(List.of(beacon(text, ENVELOPE.replace("17", "15"))));
        assertThat(lost.lost()).isEqualTo(before - 1);
    }

    // ---- counts, tests, and running it

    @Test
    void countsAddUp() {
        try (TestServer server =
                TestServer.of(Routes.builder().post("/beacon", beacons).build())) {
            assertThat(server.post("/beacon").body("x").send()).hasStatus(204);
            assertThat(server.post("/beacon").body("x".repeat(65_537)).send()).isProblem(413);
            beacons.close();
        }

        BeaconCounts counts = beacons.counts();
        log.add(counts.stored() + " of " + counts.received() + " stored, " + counts.of(BeaconCause.RATE) + " too many");

        assertThat(log).containsExactly("1 of 2 stored, 0 too many");
    }

    @Test
    void aTestNeedsNoSocketAndNoSleep() {
        Routes routes = Routes.builder().post("/beacon", beacons).build();

        try (TestServer server = TestServer.of(routes)) {
            assertThat(BrowserBeacon.text("{\"event\":\"click\"}")
                            .to(server, "/beacon")
                            .send())
                    .hasStatus(204);
            assertThat(BrowserBeacon.json("{}")
                            .fromPage("https://elsewhere.example/")
                            .to(server, "/beacon")
                            .send())
                    .isProblem(403);

            server.advance(Duration.ofMillis(10));
            assertThat(seen).containsExactly("{\"event\":\"click\"}");
        }
    }

    @Test
    void whatWasAnsweredIsThereAfterAllIsClosed() throws Exception {
        run(directory(), 0);

        read(directory(), "0-0");
        assertThat(index).containsExactly("hello");
    }

    private static void run(Path directory, int port) throws Exception {
        try (BeaconLog log = BeaconLog.at(directory).durable().open();
                BeaconCollector beacons = BeaconCollector.to(log);
                ParleyServer server = ParleyServer.builder()
                        .port(port)
                        .routes(Routes.builder().post("/beacon", beacons).build())
                        .build()
                        .start()) {
            untilItIsTimeToGo(server);
        }
    }

    private static void untilItIsTimeToGo(ParleyServer server) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + "/beacon"))
                                .timeout(Duration.ofSeconds(Patience.SECONDS))
                                .POST(HttpRequest.BodyPublishers.ofString("hello"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(204);
    }

    @Test
    void defaultsAreThoseOfThePage() throws IOException {
        assertThat(HttpLimits.DEFAULT.maxPipelined()).isEqualTo(16);
        assertThat(Files.readString(Path.of("../docs/http.md"))).contains("`maxPipelined` (16)");
    }
}
