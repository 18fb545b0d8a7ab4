package dev.parley.examples;

import dev.parley.beacon.ReportingHeaders;
import dev.parley.http.Endpoint;
import dev.parley.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** An HTML page with a content security policy, read once from the class path. */
final class Page {
    private Page() {}

    static Endpoint of(String resource, String contentSecurityPolicy) {
        return of(page(resource).header("Content-Security-Policy", contentSecurityPolicy));
    }

    /** A page whose policy comes with where to report that it was violated. */
    static Endpoint of(String resource, ReportingHeaders reporting) {
        return of(reporting.applyTo(page(resource)));
    }

    private static Endpoint of(Response page) {
        return exchange -> exchange.respond(page);
    }

    private static Response page(String resource) {
        return Response.bytes("text/html; charset=utf-8", read(resource))
                .header("X-Content-Type-Options", "nosniff")
                .header("Cache-Control", "no-cache");
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
