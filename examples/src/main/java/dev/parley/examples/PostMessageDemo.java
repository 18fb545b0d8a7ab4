package dev.parley.examples;

import dev.parley.http.OriginPolicy;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;

/**
 * What {@code postMessage} needs from the server. The messages never leave the browser; the server
 * decides which page may be embedded where, and tells its pages whom they may trust.
 */
final class PostMessageDemo {
    /** Only what comes from this origin; nothing inline. */
    private static final String OWN = "default-src 'none'; script-src 'self'; style-src 'self'; "
            + "img-src 'self'; connect-src 'self'; base-uri 'none'; ";

    private PostMessageDemo() {}

    /** The origin of the page that embeds. It has a frame of its own: a stranger in a sandbox. */
    static Routes routes() {
        String own = OWN + OriginPolicy.sameOrigin().frameAncestors();
        return Routes.builder()
                .get("/stranger", Page.of("/web/stranger.html", own))
                .build();
    }

    /** The second origin: a widget that some may embed, a page that they may not, and a pop-up. */
    static Routes secondOriginRoutes(OriginPolicy embedders) {
        String open = OWN + embedders.frameAncestors();
        String closed = OWN + OriginPolicy.sameOrigin().frameAncestors();
        return Routes.builder()
                .get("/widget", Page.of("/second/widget.html", open))
                .get("/private", Page.of("/second/private.html", closed))
                .get("/popup", Page.of("/second/popup.html", closed))
                .files("/", StaticFiles.classpath("/second"))
                .build();
    }
}
