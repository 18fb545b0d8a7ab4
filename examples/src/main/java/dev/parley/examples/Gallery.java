package dev.parley.examples;

import dev.parley.http.Endpoint;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The gallery: every demo on one server, and a second server that plays the other origin, as a browser
 * takes two ports for two origins.
 */
public final class Gallery implements AutoCloseable {
    private static final List<String> PAGES = List.of(
            "/",
            "/post-message",
            "/xml-http-request",
            "/fetch",
            "/beacon",
            "/web-socket",
            "/event-source",
            "/server-sent-events",
            "/web-rtc",
            "/progress-event");

    /**
     * Nothing is loaded from elsewhere, and nothing inline runs. {@code 'unsafe-eval'} is for Vue, which
     * compiles the templates of the demos in the browser, so that what you read is what runs; an
     * application compiles them when it is built, and leaves it out. Other ports of this machine may be
     * called because the second origin is one of them; the scheme of WebSockets is there for browsers
     * whose {@code 'self'} does not hold for it.
     */
    private static final String CONTENT_SECURITY_POLICY = String.join(
            "; ",
            "default-src 'none'",
            "script-src 'self' 'unsafe-eval'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self' http://localhost:* ws://localhost:*",
            "frame-src 'self' http://localhost:*",
            "base-uri 'none'",
            "form-action 'none'",
            OriginPolicy.sameOrigin().frameAncestors());

    private final ParleyServer first;
    private final ParleyServer second;
    private final BeaconDemo beacons;
    private final ProgressEventDemo uploads;

    private Gallery(ParleyServer first, ParleyServer second, BeaconDemo beacons, ProgressEventDemo uploads) {
        this.first = first;
        this.second = second;
        this.beacons = beacons;
        this.uploads = uploads;
    }

    /**
     * Opens the gallery.
     *
     * @param args none. The environment variable {@code PORT} is the port, 8080 if there is none; the
     *     second origin has the next one. For 0 the system chooses both
     */
    public static void main(String[] args) {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        Gallery gallery = start(port, port == 0 ? 0 : port + 1);
        gallery.first.drainOnShutdown(Duration.ofSeconds(5));
        gallery.second.drainOnShutdown(Duration.ofSeconds(5));
        System.out.println("The gallery is open at " + gallery.url());
    }

    /**
     * Opens the gallery.
     *
     * @param port where it listens, 0 for any free port
     * @param secondPort where the second origin listens, 0 for any free port
     * @return the running gallery
     */
    public static Gallery start(int port, int secondPort) {
        EventSourceDemo eventSource = new EventSourceDemo();
        BeaconDemo beacons = new BeaconDemo();
        ProgressEventDemo uploads = new ProgressEventDemo();
        // Each origin has to know the other, but only who listens knows their port: a page that asks
        // the first for the second, before there is one, waits.
        CompletableFuture<String> secondOrigin = new CompletableFuture<>();
        ParleyServer first = listen(port, firstOrigin(eventSource, beacons, uploads, secondOrigin));
        try {
            ParleyServer second = listen(secondPort, secondOrigin(eventSource, origin(first)));
            secondOrigin.complete(origin(second));
            return new Gallery(first, second, beacons, uploads);
        } catch (RuntimeException e) {
            first.close();
            beacons.close();
            uploads.close();
            throw e;
        }
    }

    private static Routes firstOrigin(
            EventSourceDemo eventSource,
            BeaconDemo beacons,
            ProgressEventDemo uploads,
            CompletionStage<String> secondOrigin) {
        CompletionStage<Response> config =
                secondOrigin.thenApply(origin -> Response.json(Map.of("secondOrigin", origin)));
        Routes.Builder routes = Routes.builder()
                .mount("/", PostMessageDemo.routes())
                .mount("/", XmlHttpRequestDemo.routes())
                .mount("/", FetchDemo.routes())
                .mount("/", beacons.routes())
                .mount("/", new WebSocketDemo().routes())
                .mount("/", eventSource.routes(OriginPolicy.sameOrigin()))
                .mount("/", new TopicDemo().routes())
                .mount("/", ServerSentEventsDemo.routes(OriginPolicy.sameOrigin()))
                .mount("/", new WebRtcDemo().routes())
                .mount("/", uploads.routes())
                .get("/api/config", exchange -> exchange.respond(config))
                .files("/vue", StaticFiles.classpath("/META-INF/resources/webjars/vue/3.5.26/dist"))
                .files("/sources", StaticFiles.classpath("/sources"))
                .files("/", StaticFiles.classpath("/web"));
        Endpoint page = Page.of("/web/index.html", BeaconDemo.reporting(CONTENT_SECURITY_POLICY));
        PAGES.forEach(path -> routes.get(path, page));
        return routes.build();
    }

    private static Routes secondOrigin(EventSourceDemo eventSource, String firstOrigin) {
        // The one statement of who may call, and embed, what the second origin serves.
        OriginPolicy gallery =
                OriginPolicy.builder().origin(firstOrigin).credentials().build();
        Response config = Response.json(Map.of("embedder", firstOrigin));
        return Routes.builder()
                .mount("/", PostMessageDemo.secondOriginRoutes(gallery))
                .mount("/", FetchDemo.secondOriginRoutes(gallery))
                .mount("/", eventSource.routes(gallery))
                .mount("/", ServerSentEventsDemo.routes(gallery))
                .get("/api/config", exchange -> exchange.respond(config))
                .build();
    }

    private static ParleyServer listen(int port, Routes routes) {
        return ParleyServer.builder()
                .host("localhost")
                .port(port)
                .routes(routes)
                .build()
                .start();
    }

    private static String origin(ParleyServer server) {
        return "http://localhost:" + server.port();
    }

    /**
     * Where to point the browser.
     *
     * @return the address of the index page
     */
    public String url() {
        return origin(first) + "/";
    }

    @Override
    public void close() {
        first.close();
        second.close();
        beacons.close();
        uploads.close();
    }
}
