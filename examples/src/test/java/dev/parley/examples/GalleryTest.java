package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the servers of the gallery answer, without a browser. */
@NullUnmarked
final class GalleryTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private static Gallery gallery;
    private static String firstOrigin;
    private static String secondOrigin;

    @BeforeAll
    static void open() throws Exception {
        gallery = Gallery.start(0, 0);
        firstOrigin = gallery.url().substring(0, gallery.url().length() - 1);
        Matcher config = Pattern.compile("\\{\"secondOrigin\":\"(.*)\"}")
                .matcher(get(firstOrigin, "/api/config").body());
        assertThat(config.matches()).isTrue();
        secondOrigin = config.group(1);
    }

    @AfterAll
    static void close() {
        gallery.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/post-message",
                "/xml-http-request",
                "/fetch",
                "/beacon",
                "/web-socket",
                "/event-source",
                "/server-sent-events",
                "/web-rtc",
                "/progress-event"
            })
    void pagesRunOnlyTheirOwnScripts(String path) throws Exception {
        HttpResponse<String> page = get(firstOrigin, path);

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(header(page, "Content-Security-Policy"))
                .startsWith("default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self'; ")
                .endsWith("; frame-ancestors 'self'; report-uri /reports");
    }

    @Test
    void theSourcesThatRunAreServed() throws Exception {
        assertThat(get(firstOrigin, "/sources/FetchDemo.java").body())
                .startsWith("package dev.parley.examples;")
                .contains("final class FetchDemo {");
        assertThat(get(firstOrigin, "/sources/widget.js").body())
                .isEqualTo(get(secondOrigin, "/widget.js").body());
    }

    @Test
    void vueComesFromTheClassPath() throws Exception {
        HttpResponse<String> vue = get(firstOrigin, "/vue/vue.esm-browser.prod.js");

        assertThat(vue.statusCode()).isEqualTo(200);
        assertThat(header(vue, "Content-Type")).startsWith("text/javascript");
    }

    @Test
    void theWidgetMayBeEmbeddedByTheFirstOriginAndThePrivatePageByNoOther() throws Exception {
        assertThat(header(get(secondOrigin, "/widget"), "Content-Security-Policy"))
                .endsWith("; frame-ancestors 'self' " + firstOrigin);
        assertThat(header(get(secondOrigin, "/private"), "Content-Security-Policy"))
                .endsWith("; frame-ancestors 'self'");
    }

    @Test
    void onlyTheFirstOriginMayReadWhatTheSecondAnswers() throws Exception {
        assertThat(header(get(secondOrigin, "/api/fetch/visit", "Origin", firstOrigin), "Access-Control-Allow-Origin"))
                .isEqualTo(firstOrigin);
        assertThat(header(
                        get(secondOrigin, "/api/fetch/visit", "Origin", "http://127.0.0.1"),
                        "Access-Control-Allow-Origin"))
                .isEmpty();
        assertThat(header(
                        get(secondOrigin, "/api/fetch/private", "Origin", firstOrigin), "Access-Control-Allow-Origin"))
                .isEmpty();
    }

    @Test
    void aCookieThatIsNoNumberCountsAsNoVisit() throws Exception {
        assertThat(get(secondOrigin, "/api/fetch/visit", "Cookie", "visits=many")
                        .body())
                .isEqualTo("{\"visits\":1}");
        assertThat(get(secondOrigin, "/api/fetch/visit", "Cookie", "visits=41").body())
                .isEqualTo("{\"visits\":42}");
    }

    @Test
    void theStreamIsForThoseWhoSignedIn() throws Exception {
        assertThat(get(firstOrigin, "/api/stream").statusCode()).isEqualTo(401);
        assertThat(get(firstOrigin, "/api/stream", "Cookie", "pass=guessed").statusCode())
                .isEqualTo(401);
    }

    @Test
    void aFeedTakesShortTextsOfItsOwnPages() throws Exception {
        String feed = "/api/feeds/00000000-0000-0000-0000-000000000000";

        assertThat(post(feed, "{\"text\":\"%s\"}".formatted("x".repeat(200))).body())
                .matches("\\{\"position\":\"[0-9a-z]+-1\"}");
        for (String bad : new String[] {
            "{}",
            "{\"text\":\" \"}",
            "{\"text\":\"%s\"}".formatted("x".repeat(201)),
            "{\"text\":\"a\\nid: 7\"}",
            "{\"text\":\"a\",\"event\":\"parley:gap\"}",
            "{\"text\":\"a\",\"key\":\"%s\"}".formatted("k".repeat(41))
        }) {
            assertThat(post(feed, bad).statusCode()).as(bad).isEqualTo(400);
        }
        assertThat(post(feed, "{\"text\":\"a\"}", "Origin", secondOrigin).statusCode())
                .isEqualTo(403);
        assertThat(post("/api/feeds/mine", "{\"text\":\"a\"}").statusCode()).isEqualTo(404);
        assertThat(get(firstOrigin, "/api/feeds/mine").statusCode()).isEqualTo(404);
    }

    @Test
    void webSocketsAreForPagesOfTheGalleryAndForRoomsThatCanBe() {
        String id = "0b9e5bd5-0000-4000-8000-000000000000";

        assertThat(handshake("/api/rooms/" + id + "/" + id, firstOrigin)).isEqualTo(101);
        assertThat(handshake("/api/rooms/" + id + "/" + id, secondOrigin)).isEqualTo(403);
        assertThat(handshake("/api/rooms/mine/" + id, firstOrigin)).isEqualTo(404);
        assertThat(handshake("/api/rooms/" + id + "/mine", firstOrigin)).isEqualTo(404);
        assertThat(handshake("/api/frames/mine", firstOrigin)).isEqualTo(404);
        assertThat(handshake("/api/login", secondOrigin)).isEqualTo(403);
        assertThat(handshake("/signal", firstOrigin)).isEqualTo(101);
        assertThat(handshake("/signal", secondOrigin)).isEqualTo(403);
    }

    /** The status that answers an opening handshake. */
    private static int handshake(String path, String origin) {
        try {
            CLIENT.newWebSocketBuilder()
                    .connectTimeout(Duration.ofSeconds(Patience.SECONDS))
                    .header("Origin", origin)
                    .buildAsync(URI.create(firstOrigin.replaceFirst("http", "ws") + path), new WebSocket.Listener() {})
                    .join()
                    .abort();
            return 101;
        } catch (CompletionException e) {
            assertThat(e).hasCauseInstanceOf(WebSocketHandshakeException.class);
            return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
        }
    }

    private static HttpResponse<String> post(String path, String json, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(firstOrigin + path))
                .timeout(Duration.ofSeconds(Patience.SECONDS))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(String origin, String path, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(origin + path)).timeout(Duration.ofSeconds(Patience.SECONDS));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }
}
