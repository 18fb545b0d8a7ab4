package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A beacon as a browser sends it: its body in the form that the browser gives it, and the headers that come with it.
 *
 * <pre>{@code
 * TestServer server = TestServer.of(Routes.builder().post("/beacon", BeaconCollector.to(sink)).build());
 *
 * assertThat(BrowserBeacon.text("{\"event\":\"click\"}").to(server, "/beacon").send()).hasStatus(204);
 * assertThat(BrowserBeacon.json("{}").fromPage("https://elsewhere.example/").to(server, "/beacon").send()).isProblem(403);
 * }</pre>
 *
 * <p>A page of another origin asks by a preflight first, unless the body is a text, a form, a multipart form, or a Blob without a
 * type; a report by {@code report-uri} never asks. The preflight is not part of this.
 *
 * <p><b>Wire.</b> Chromium's requests are those of Chromium 156 on Linux, byte for byte as they were captured from a socket, and
 * tests hold this class to the captures. Those of Firefox and Safari come from documentation and were not captured: their
 * content types, their boundaries and which fields they leave out are right as far as that goes; the order of the fields is not
 * known.
 *
 * <p><b>Threading.</b> Immutable: each setter gives a new beacon.
 */
public final class BrowserBeacon {
    private static final String ACCEPT_ENCODING = "gzip, deflate, br, zstd";
    /** Of the kind that browsers make at random. */
    private static final String BOUNDARY = "7MA4YWxkTrZu0gWq";

    /** Which browser sends it. */
    public enum Browser {
        /** Chromium 156, as captured. */
        CHROMIUM(
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
                "en-US,en;q=0.9",
                "----WebKitFormBoundary"),
        /** Firefox 140, by its documentation: without client hints. */
        FIREFOX(
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "en-US,en;q=0.5",
                "----geckoformboundary"),
        /** Safari 18, by its documentation: without client hints. */
        SAFARI(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "en-US,en;q=0.9",
                "----WebKitFormBoundary");

        private final String userAgent;
        private final String languages;
        private final String boundary;

        Browser(String userAgent, String languages, String boundary) {
            this.userAgent = userAgent;
            this.languages = languages;
            this.boundary = boundary;
        }
    }

    /** Who asks in the browser, which decides about the headers. */
    private enum Sender {
        BEACON("no-cors", "empty"),
        FETCH("cors", "empty"),
        POLICY("no-cors", "report"),
        /** The Reporting API's: of no page. */
        REPORTING("", "");

        private final String mode;
        private final String destination;

        Sender(String mode, String destination) {
            this.mode = mode;
            this.destination = destination;
        }
    }

    /** Fields of a multipart form, until the browser and so the boundary is known. */
    private record Body(
            @Nullable String contentType,
            byte[] bytes,
            @Nullable Map<String, String> fields) {}

    private final Sender sender;
    private final Body body;
    private final Browser browser;
    private final URI page;
    private final String boundary;

    private BrowserBeacon(Sender sender, Body body, Browser browser, URI page, String boundary) {
        this.sender = sender;
        this.body = body;
        this.browser = browser;
        this.page = page;
        this.boundary = boundary;
    }

    private static BrowserBeacon of(Sender sender, @Nullable String contentType, byte[] bytes) {
        return new BrowserBeacon(
                sender,
                new Body(contentType, bytes, null),
                Browser.CHROMIUM,
                URI.create("http://localhost/"),
                BOUNDARY);
    }

    // ---- what is sent

    /**
     * {@code navigator.sendBeacon(url, text)}.
     *
     * @param text the text
     * @return the beacon
     */
    public static BrowserBeacon text(String text) {
        return of(Sender.BEACON, "text/plain;charset=UTF-8", text.getBytes(UTF_8));
    }

    /**
     * {@code navigator.sendBeacon(url, new URLSearchParams(fields))}.
     *
     * @param fields names and values, in the order of the map
     * @return the beacon
     */
    public static BrowserBeacon form(Map<String, String> fields) {
        String encoded = fields.entrySet().stream()
                .map(field ->
                        URLEncoder.encode(field.getKey(), UTF_8) + '=' + URLEncoder.encode(field.getValue(), UTF_8))
                .collect(Collectors.joining("&"));
        return of(Sender.BEACON, "application/x-www-form-urlencoded;charset=UTF-8", encoded.getBytes(UTF_8));
    }

    /**
     * {@code navigator.sendBeacon(url, formData)}, of fields that are texts.
     *
     * @param fields names and values, in the order of the map
     * @return the beacon
     */
    public static BrowserBeacon multipart(Map<String, String> fields) {
        BrowserBeacon empty = of(Sender.BEACON, null, new byte[0]);
        return new BrowserBeacon(
                empty.sender,
                new Body(null, new byte[0], new LinkedHashMap<>(fields)),
                empty.browser,
                empty.page,
                empty.boundary);
    }

    /**
     * {@code navigator.sendBeacon(url, new Blob([json], { type: 'application/json' }))}.
     *
     * @param json the JSON
     * @return the beacon
     */
    public static BrowserBeacon json(String json) {
        return blob("application/json", json.getBytes(UTF_8));
    }

    /**
     * {@code navigator.sendBeacon(url, new Blob([bytes], { type }))}.
     *
     * @param type its type; empty for a Blob without one, which goes without {@code Content-Type}
     * @param bytes the bytes, which must not be changed afterwards
     * @return the beacon
     */
    public static BrowserBeacon blob(String type, byte[] bytes) {
        return of(type.isEmpty() ? Sender.BEACON : Sender.FETCH, type.isEmpty() ? null : type, bytes);
    }

    /**
     * {@code fetch(url, { method: 'POST', keepalive: true, body: text })}; {@code fetchLater} sends the same.
     *
     * @param text the text
     * @return the beacon
     */
    public static BrowserBeacon keepalive(String text) {
        return of(Sender.FETCH, "text/plain;charset=UTF-8", text.getBytes(UTF_8));
    }

    /**
     * A violation of a content security policy, as {@code report-uri} sends it.
     *
     * @param json {@code {"csp-report":{…}}}
     * @return the beacon
     */
    public static BrowserBeacon cspReport(String json) {
        return of(Sender.POLICY, "application/csp-report", json.getBytes(UTF_8));
    }

    /**
     * A batch of the Reporting API, NEL included. Chromium alone sends it, from pages over HTTPS alone.
     *
     * @param json an array of reports
     * @return the beacon
     */
    public static BrowserBeacon reports(String json) {
        return of(Sender.REPORTING, "application/reports+json", json.getBytes(UTF_8));
    }

    // ---- by whom

    /**
     * The same from another browser.
     *
     * @param browser {@link Browser#CHROMIUM} where nobody sets another
     * @return a new beacon
     */
    public BrowserBeacon by(Browser browser) {
        return new BrowserBeacon(sender, body, Objects.requireNonNull(browser, "browser"), page, boundary);
    }

    /**
     * The same from another page.
     *
     * @param url its address; {@code http://localhost/} where nobody sets another, which is of the same origin as a
     *     {@link TestServer}
     * @return a new beacon
     */
    public BrowserBeacon fromPage(String url) {
        URI address = URI.create(url);
        if (address.getHost() == null || address.getScheme() == null) {
            throw new IllegalArgumentException("page: " + url + " (expected: an absolute address)");
        }
        return new BrowserBeacon(sender, body, browser, address, boundary);
    }

    /** The same with another boundary, which a browser makes at random. */
    BrowserBeacon boundary(String random) {
        return new BrowserBeacon(sender, body, browser, page, random);
    }

    // ---- to whom

    /**
     * The request to a server, which {@code localhost} stands for; over the version of HTTP that the server's clients speak.
     *
     * @param server the server
     * @param target path and query, encoded
     * @return the request, not sent
     */
    public TestRequest to(TestServer server, String target) {
        TestRequest request = server.post(target);
        for (Map.Entry<String, String> header : headers().entrySet()) {
            request = request.header(header.getKey(), header.getValue());
        }
        return request.body(content());
    }

    /**
     * The whole request as it is on a connection of HTTP/1.1 to {@code localhost}, for a {@link TestConnection} or a socket.
     *
     * @param target path and query, encoded
     * @return the bytes
     */
    public byte[] bytes(String target) {
        byte[] content = content();
        StringBuilder head = new StringBuilder("POST " + target + " HTTP/1.1\r\n")
                .append("Host: localhost\r\nConnection: keep-alive\r\nContent-Length: ")
                .append(content.length)
                .append("\r\n");
        headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.append("\r\n").toString().getBytes(UTF_8));
        request.writeBytes(content);
        return request.toByteArray();
    }

    private Map<String, String> headers() {
        boolean hints = browser == Browser.CHROMIUM && sender != Sender.REPORTING;
        boolean ofPage = sender != Sender.REPORTING;
        String type = body.fields() == null ? body.contentType() : "multipart/form-data; boundary=" + delimiter();
        String origin = page.getScheme() + "://" + page.getRawAuthority();
        boolean same = origin.equals("http://localhost");
        Map<String, String> headers = new LinkedHashMap<>();
        put(headers, hints, "sec-ch-ua-platform", "\"Linux\"");
        put(headers, ofPage, "User-Agent", browser.userAgent);
        put(headers, hints, "sec-ch-ua", "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"");
        put(headers, type != null, "Content-Type", String.valueOf(type));
        put(headers, hints, "sec-ch-ua-mobile", "?0");
        put(headers, ofPage, "Accept", "*/*");
        headers.put("Origin", origin);
        put(headers, !ofPage, "User-Agent", browser.userAgent);
        put(headers, ofPage, "Sec-Fetch-Site", same ? "same-origin" : "cross-site");
        put(headers, ofPage, "Sec-Fetch-Mode", sender.mode);
        put(headers, ofPage, "Sec-Fetch-Dest", sender.destination);
        // strict-origin-when-cross-origin is every browser's default.
        put(headers, ofPage, "Referer", same ? page.toString() : origin + '/');
        headers.put("Accept-Encoding", browser == Browser.SAFARI ? "gzip, deflate, br" : ACCEPT_ENCODING);
        headers.put("Accept-Language", browser.languages);
        return headers;
    }

    private static void put(Map<String, String> headers, boolean wanted, String name, String value) {
        if (wanted) {
            headers.put(name, value);
        }
    }

    private String delimiter() {
        return browser.boundary + boundary;
    }

    private byte[] content() {
        Map<String, String> fields = body.fields();
        if (fields == null) {
            return body.bytes();
        }
        StringBuilder parts = new StringBuilder();
        fields.forEach((name, value) -> parts.append("--")
                .append(delimiter())
                .append("\r\nContent-Disposition: form-data; name=\"")
                .append(name.replace("\r", "%0D").replace("\n", "%0A").replace("\"", "%22"))
                .append("\"\r\n\r\n")
                .append(value.replaceAll("\r\n?|\n", "\r\n"))
                .append("\r\n"));
        return parts.append("--")
                .append(delimiter())
                .append("--\r\n")
                .toString()
                .getBytes(UTF_8);
    }
}
