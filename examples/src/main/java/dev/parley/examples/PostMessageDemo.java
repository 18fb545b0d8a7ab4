package dev.parley.examples;

import dev.parley.http.OriginPolicy;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;

/**
 * What {@code postMessage} needs from the server. The messages themselves never leave the browser; the server decides
 * which page may be embedded where, and tells its pages whom they may trust.
 */
final class PostMessageDemo {
    /** Scripts, styles and requests of this origin only; nothing inline, nothing else at all. */
    private static final String SELF_ONLY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; ";

    private PostMessageDemo() {}

    /** The page that embeds has a frame of its own, too: a stranger in a sandbox. */
    static Routes routes() {
        return Routes.builder()
                .get("/stranger", Page.of("/web/stranger.html", SELF_ONLY + "frame-ancestors 'self'"))
                .build();
    }

    /** The second origin: a widget that the given origin may embed, a page that nobody may, and a pop-up. */
    static Routes secondOriginRoutes(OriginPolicy embedders) {
        return Routes.builder()
                .get("/widget", Page.of("/second/widget.html", SELF_ONLY + embedders.frameAncestors()))
                .get(
                        "/private",
                        Page.of(
                                "/second/private.html",
                                SELF_ONLY + OriginPolicy.sameOrigin().frameAncestors()))
                .get("/popup", Page.of("/second/popup.html", SELF_ONLY + "frame-ancestors 'none'"))
                .files("/", StaticFiles.classpath("/second"))
                .build();
    }
}
