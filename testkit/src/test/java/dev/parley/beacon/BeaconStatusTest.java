package dev.parley.beacon;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.HttpLimits;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Protocol;
import dev.parley.testkit.TestExchange;
import dev.parley.testkit.TestResponse;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each request is answered with, and how it is counted: over each version of HTTP, whole and in pieces. */
@ParameterizedClass
@CsvSource({"HTTP_1_1, 2147483647", "HTTP_1_1, 1", "HTTP_1_1, 13", "HTTP_2, 2147483647", "HTTP_2, 1", "HTTP_2, 13"})
final class BeaconStatusTest {
    private static final int LIMIT = 200;

    private final Protocol protocol;
    private final int pieceBytes;

    BeaconStatusTest(Protocol protocol, int pieceBytes) {
        this.protocol = protocol;
        this.pieceBytes = pieceBytes;
    }

    private Beacons.Settings settings() {
        return new Beacons.Settings().wire(protocol, pieceBytes);
    }

    private Beacons beacons(UnaryOperator<BeaconCollector.Builder> collector) {
        return settings().collector(collector).start();
    }

    private Beacons beacons() {
        return beacons(it -> it.maxBeaconBytes(LIMIT));
    }

    // ---- taken

    @Test
    void aBeaconIsAnsweredWith204AndNothingElse() {
        try (Beacons beacons = beacons()) {
            TestResponse response = beacons.post("hello")
                    .header("Origin", "http://localhost")
                    .header("Referer", "http://localhost/page?q=secret#part")
                    .header("User-Agent", "Browser/1.0")
                    .header("Cookie", "session=secret")
                    .send();

            assertThat(response)
                    .hasStatus(204)
                    .hasNoBody()
                    .hasNoHeader("Content-Length")
                    .hasNoHeader("Content-Type");
            assertThat(beacons.all()).singleElement().satisfies(beacon -> {
                assertThat(beacon.at()).isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
                assertThat(beacon.body().text()).isEqualTo("hello");
                assertThat(beacon.body().contentType()).isEqualTo("text/plain;charset=UTF-8");
                BeaconSource source = beacon.source();
                assertThat(source.path()).isEqualTo("/beacon");
                assertThat(source.origin()).isEqualTo("http://localhost");
                assertThat(source.referrer()).isEqualTo("http://localhost/page");
                assertThat(source.userAgent()).isEqualTo("Browser/1.0");
                assertThat(source.cookies()).isEmpty();
                assertThat(source.address().isLoopbackAddress()).isTrue();
            });
            beacons.expectCounts(1, 0);
        }
    }

    @Test
    void aBeaconMayBeEmptyOrAtTheLimitOrChunked() {
        try (Beacons beacons = beacons()) {
            beacons.take("");
            beacons.take("x".repeat(LIMIT));
            TestExchange chunked = beacons.server.post("/beacon").open();
            chunked.send("a").send("b").end();
            assertThat(chunked.response()).hasStatus(204);

            assertThat(beacons.texts()).containsExactly("", "x".repeat(LIMIT), "ab");
        }
    }

    @Test
    void whatIsGzipComesOutAsItWas() {
        try (Beacons beacons = beacons()) {
            for (String coding : new String[] {"gzip", "GZIP", "x-gzip"}) {
                assertThat(beacons.server
                                .post("/beacon")
                                .header("Content-Encoding", coding)
                                .body(Beacons.gzip("hello".getBytes(UTF_8)))
                                .send())
                        .hasStatus(204);
            }
            assertThat(beacons.post("plain")
                            .header("Content-Encoding", "identity")
                            .send())
                    .hasStatus(204);

            assertThat(beacons.texts()).containsExactly("hello", "hello", "hello", "plain");
        }
    }

    @Test
    void aConnectionBringsOneAfterTheOther() {
        try (Beacons beacons = beacons()) {
            var client = beacons.server.client();
            for (int i = 0; i < 5; i++) {
                assertThat(client.post("/beacon").body("" + i).send()).hasStatus(204);
            }
            assertThat(client.isReusable()).isTrue();
            assertThat(beacons.texts()).containsExactly("0", "1", "2", "3", "4");
        }
    }

    // ---- 413

    @Test
    void aContentLengthOverTheLimitIs413BeforeTheBodyCame() {
        try (Beacons beacons = beacons()) {
            TestExchange exchange = beacons.server
                    .post("/beacon")
                    .header("Content-Length", "" + (LIMIT + 1))
                    .open();

            assertThat(exchange.response()).isProblem(413);
            beacons.expectCounts(0, 0, BeaconCause.TOO_LARGE);
        }
    }

    @Test
    void aBodyThatGrowsOverTheLimitIs413() {
        try (Beacons beacons = beacons()) {
            TestExchange exchange = beacons.server.post("/beacon").open();
            exchange.send("x".repeat(LIMIT));
            assertThat(exchange.isAnswered()).isFalse();
            exchange.send("x");

            assertThat(exchange.response()).isProblem(413);
            beacons.expectCounts(0, 0, BeaconCause.TOO_LARGE);
        }
    }

    @Test
    void aBombIs413() {
        try (Beacons beacons = beacons(it -> it.maxBeaconBytes(2000))) {
            byte[] bomb = Beacons.gzip(new byte[1_000_000]);
            assertThat(bomb).hasSizeLessThan(2000);

            assertThat(beacons.server
                            .post("/beacon")
                            .header("Content-Encoding", "gzip")
                            .body(bomb)
                            .send())
                    .isProblem(413, "The beacon is over the limit.");
            assertThat(beacons.server
                            .post("/beacon")
                            .header("Content-Encoding", "gzip")
                            .body(Beacons.gzip(new byte[2000]))
                            .send())
                    .hasStatus(204);
            beacons.expectCounts(1, 0, BeaconCause.TOO_LARGE);
        }
    }

    // ---- 415, 400, 405, 410

    @ParameterizedTest
    @ValueSource(strings = {"br", "deflate", "zstd", "gzip, gzip", "gzip;q=1", "\"gzip\""})
    void anotherCodingIs415(String coding) {
        try (Beacons beacons = beacons()) {
            assertThat(beacons.post("x").header("Content-Encoding", coding).send())
                    .isProblem(415, "The content coding is not known.")
                    .hasHeader("Accept-Encoding", "gzip");
            beacons.expectCounts(0, 0, BeaconCause.CODING);
        }
    }

    @Test
    void severalCodingsInFieldsOfTheirOwnAre415() {
        try (Beacons beacons = beacons()) {
            assertThat(beacons.post("x")
                            .header("Content-Encoding", "identity")
                            .header("Content-Encoding", "br")
                            .send())
                    .isProblem(415);
            beacons.expectCounts(0, 0, BeaconCause.CODING);
        }
    }

    @Test
    void brokenGzipIs400() {
        byte[] sound = Beacons.gzip("hello".getBytes(UTF_8));
        byte[] wrong = sound.clone();
        wrong[sound.length - 8]++;
        try (Beacons beacons = beacons()) {
            for (byte[] broken :
                    List.of(new byte[0], "hello".getBytes(UTF_8), Arrays.copyOf(sound, sound.length - 1), wrong)) {
                assertThat(beacons.server
                                .post("/beacon")
                                .header("Content-Encoding", "gzip")
                                .body(broken)
                                .send())
                        .isProblem(400, "The body is not gzip.");
            }
            BeaconCause broken = BeaconCause.BROKEN;
            beacons.expectCounts(0, 0, broken, broken, broken, broken);
        }
    }

    @Test
    void anotherMethodIs405() {
        try (Beacons beacons = beacons()) {
            for (HttpMethod method : List.of(HttpMethod.GET, HttpMethod.PUT, HttpMethod.DELETE, HttpMethod.PATCH)) {
                assertThat(beacons.server.request(method, "/any").send())
                        .isProblem(405)
                        .hasHeader("Allow", "POST");
            }
            assertThat(beacons.server.post("/any").body("x").send()).hasStatus(204);
            beacons.expectCounts(1, 0);
        }
    }

    @Test
    void whatIsRetiredIs410AndWhatWasTakenIsStored() {
        try (Beacons beacons = beacons()) {
            beacons.take("before");
            beacons.collector.retire();

            assertThat(beacons.post("after").send()).isProblem(410, "Beacons are not collected here any more.");
            assertThat(beacons.texts()).containsExactly("before");
            beacons.expectCounts(1, 0, BeaconCause.RETIRED);
        }
    }

    // ---- 429

    @Test
    void aboveTheRateOfAnAddressItIs429UntilThereIsRoomAgain() {
        try (Beacons beacons = beacons(it -> it.ratePerAddress(2))) {
            beacons.takeAll("a", "b");
            assertThat(beacons.post("c").send()).isProblem(429).hasHeader("Retry-After", "1");
            beacons.server.advance(Duration.ofMillis(500));
            beacons.take("d");
            assertThat(beacons.post("e").send()).isProblem(429);
            beacons.server.advance(Duration.ofSeconds(5));
            beacons.takeAll("f", "g");
            assertThat(beacons.post("h").send()).isProblem(429);

            assertThat(beacons.texts()).containsExactly("a", "b", "d", "f", "g");
            beacons.expectCounts(5, 0, BeaconCause.RATE, BeaconCause.RATE, BeaconCause.RATE);
        }
    }

    @Test
    void aboveTheRateOfAllItIs429() {
        try (Beacons beacons = beacons(it -> it.rate(1).ratePerAddress(100))) {
            beacons.take("a");
            assertThat(beacons.post("b").send()).isProblem(429).hasHeader("Retry-After", "1");
            beacons.server.advance(Duration.ofSeconds(1));
            beacons.take("c");

            beacons.expectCounts(2, 0, BeaconCause.RATE);
        }
    }

    // ---- 408, and clients that are gone

    @Test
    void aBodyThatIsTooSlowIs408() {
        HttpLimits limits =
                HttpLimits.builder().bodyTimeout(Duration.ofSeconds(2)).build();
        try (Beacons beacons = settings().limits(limits).start()) {
            TestExchange exchange = beacons.server
                    .post("/beacon")
                    .header("Content-Length", "100")
                    .open();
            exchange.send("x");
            beacons.server.advance(Duration.ofSeconds(5));

            assertThat(exchange.response()).isProblem(408);
            beacons.expectCounts(0, 0, BeaconCause.CUT_OFF);
        }
    }

    @Test
    void aClientThatGoesAwayWithinABodyIsCounted() {
        try (Beacons beacons = beacons()) {
            TestExchange exchange = beacons.server
                    .post("/beacon")
                    .header("Content-Length", "100")
                    .open();
            exchange.send("x");
            exchange.cut();

            beacons.expectCounts(0, 0, BeaconCause.CUT_OFF);
        }
    }

    // ---- origins

    @Test
    void aForeignPageIs403AndNotCounted() {
        try (Beacons beacons = beacons()) {
            assertThat(beacons.post("x")
                            .header("Origin", "https://evil.example")
                            .send())
                    .hasStatus(403)
                    .hasNoHeader("Access-Control-Allow-Origin");
            assertThat(beacons.post("x").header("Sec-Fetch-Site", "cross-site").send())
                    .hasStatus(403);
            beacons.expectCounts(0, 0);
        }
    }

    @Test
    void anotherOriginThatIsAllowedIsNamedAndNeverByAStar() {
        OriginPolicy policy = OriginPolicy.builder()
                .origin("https://shop.example")
                .credentials()
                .build();
        try (Beacons beacons =
                settings().origins(policy).collector(it -> it.rate(1)).start()) {
            for (int status : new int[] {204, 429}) { // a refusal is a page's to read as well
                assertThat(beacons.post("x")
                                .header("Origin", "https://shop.example")
                                .send())
                        .hasStatus(status)
                        .hasHeader("Access-Control-Allow-Origin", "https://shop.example")
                        .hasHeader("Access-Control-Allow-Credentials", "true");
            }
        }
    }

    @Test
    void aPreflightIsAnsweredAndNotCounted() {
        OriginPolicy policy = OriginPolicy.builder()
                .origin("https://shop.example")
                .credentials()
                .allowedHeaders("Content-Type")
                .build();
        try (Beacons beacons = settings().origins(policy).start()) {
            assertThat(beacons.server
                            .request(HttpMethod.OPTIONS, "/beacon")
                            .header("Origin", "https://shop.example")
                            .header("Access-Control-Request-Method", "POST")
                            .header("Access-Control-Request-Headers", "content-type")
                            .send())
                    .hasStatus(204)
                    .hasNoBody()
                    .hasHeader("Access-Control-Allow-Origin", "https://shop.example")
                    .hasHeader("Access-Control-Allow-Credentials", "true");
            beacons.expectCounts(0, 0);
        }
    }

    // ---- what is kept

    @Test
    void cookiesAreKeptWhereTheyAreAskedFor() {
        try (Beacons beacons = beacons(it -> it.cookies("visitor", "group", "none"))) {
            beacons.post("x")
                    .header("Cookie", "session=secret; visitor=42; group=\"a\"; visitor=43")
                    .send();

            assertThat(beacons.all())
                    .singleElement()
                    .satisfies(beacon ->
                            assertThat(beacon.source().cookies()).isEqualTo(Map.of("visitor", "42", "group", "a")));
        }
    }

    @Test
    void queriesAreKeptWhereTheyAreAskedFor() {
        try (Beacons beacons = beacons(BeaconCollector.Builder::keepQueries)) {
            beacons.post("x")
                    .header("Referer", "http://localhost/page?q=1#part")
                    .send();

            assertThat(beacons.all())
                    .singleElement()
                    .satisfies(beacon ->
                            assertThat(beacon.source().referrer()).isEqualTo("http://localhost/page?q=1#part"));
        }
    }

    @Test
    void whatIsMissingIsNull() {
        try (Beacons beacons = beacons()) {
            assertThat(beacons.server.post("/beacon").body("x").send()).hasStatus(204);

            assertThat(beacons.all()).singleElement().satisfies(beacon -> {
                assertThat(beacon.source().origin()).isNull();
                assertThat(beacon.source().referrer()).isNull();
                assertThat(beacon.source().userAgent()).isNull();
                assertThat(beacon.body().contentType()).isNull();
            });
        }
    }

    // ---- what is dropped

    @Test
    void aFilterKeepsWhatTheApplicationWants() {
        try (Beacons beacons =
                beacons(it -> it.filter(beacon -> beacon.body().text().startsWith("a")))) {
            beacons.takeAll("a1", "b", "a2");

            assertThat(beacons.texts()).containsExactly("a1", "a2");
            beacons.expectCounts(2, 0, BeaconCause.UNWANTED);
        }
    }

    @Test
    void aSampleKeepsAboutItsPart() {
        int count = 400;
        try (Beacons beacons = beacons(it -> it.sample(0.5))) {
            var client = beacons.server.client();
            for (int i = 0; i < count; i++) {
                assertThat(client.post("/beacon").send()).hasStatus(204);
            }

            // 10 standard deviations: as good as never by chance
            assertThat(beacons.all().size()).isBetween(100, 300);
            BeaconCounts counts = beacons.collector.counts();
            assertThat(counts.stored() + counts.of(BeaconCause.SAMPLED_OUT)).isEqualTo(count);
        }
    }

    @Test
    void duplicatesAreDroppedWithinTheWindow() {
        try (Beacons beacons = beacons(
                it -> it.dropDuplicates(beacon -> Optional.of(beacon.body().text()), Duration.ofSeconds(60), 1000))) {
            beacons.takeAll("a", "b", "a");
            beacons.server.advance(Duration.ofSeconds(60));
            beacons.take("b");
            beacons.server.advance(Duration.ofSeconds(60));
            beacons.take("a");

            assertThat(beacons.texts()).containsExactly("a", "b", "a");
            beacons.expectCounts(3, 0, BeaconCause.DUPLICATE, BeaconCause.DUPLICATE);
        }
    }

    @Test
    void whatHasNoIdIsNoDuplicate() {
        try (Beacons beacons =
                beacons(it -> it.dropDuplicates(beacon -> Optional.empty(), Duration.ofSeconds(60), 2))) {
            beacons.takeAll("a", "a", "a");
            beacons.expectCounts(3, 0);
        }
    }

    // ---- functions that fail

    @Test
    void aFunctionThatThrowsIs500AndCountedAsFailed() {
        List<UnaryOperator<BeaconCollector.Builder>> broken = List.of(
                it -> it.filter(beacon -> {
                    throw new IllegalStateException("a filter that fails");
                }),
                it -> it.filter(beacon -> {
                    throw new StackOverflowError("a filter that is an error");
                }),
                it -> it.dropDuplicates(
                        beacon -> {
                            throw new IllegalStateException("an id that fails");
                        },
                        Duration.ofSeconds(1),
                        2));
        for (UnaryOperator<BeaconCollector.Builder> settings : broken) {
            try (Beacons beacons = beacons(settings)) {
                assertThat(beacons.post("x").send()).isProblem(500);
                beacons.expectCounts(0, 1);
            }
        }
    }
}
