package dev.parley.examples;

import dev.parley.http.Endpoint;
import dev.parley.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** An HTML page with a content security policy, read once from the class path. */
final class Page {
    private Page() {}

    static Endpoint of(String resource, String contentSecurityPolicy) {
        Response page = Response.bytes("text/html; charset=utf-8", read(resource))
                .header("Content-Security-Policy", contentSecurityPolicy)
                .header("X-Content-Type-Options", "nosniff")
                .header("Cache-Control", "no-cache");
        return exchange -> exchange.respond(page);
    }

    private static byte[] read(String resource) {
        try (InputStream in = Page.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalArgumentException("resource: " + resource + " (expected: one on the class path)");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
