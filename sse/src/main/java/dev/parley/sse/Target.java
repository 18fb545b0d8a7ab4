package dev.parley.sse;

import java.net.URI;
import java.util.Locale;

/**
 * Where a request goes: an {@code http} or {@code https} URI with a host and a path.
 *
 * @param uri in ASCII, with a path
 */
record Target(URI uri) {

    /**
     * The target that a URI names.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Target of(URI uri) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null || uri.getPort() > 0xFFFF) {
            throw new IllegalArgumentException("uri: " + uri + " (expected: http or https, a host and a port)");
        }
        if (uri.getRawUserInfo() != null) {
            // Not shown: it is a secret. RFC 9110, 4.2.4 has no user in an http URI.
            throw new IllegalArgumentException("uri: with a user (expected: none, but an Authorization header)");
        }
        URI ascii = URI.create(uri.toASCIIString());
        // A URI without a path resolves "b" to "http://hostb".
        return new Target(ascii.getRawPath().isEmpty() ? ascii.resolve(target(ascii)) : ascii);
    }

    /**
     * Where a {@code Location} leads from here.
     *
     * @throws IllegalArgumentException if it leads nowhere
     */
    Target follow(String location) {
        // URI.resolve loses the last segment of the path to a bare query.
        return of(uri.resolve(location.startsWith("?") ? uri.getRawPath() + location : location));
    }

    boolean isSecure() {
        return uri.getScheme().equalsIgnoreCase("https");
    }

    /** The name or address to connect to: of IPv6 without brackets. */
    String host() {
        String host = uri.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    int port() {
        return uri.getPort() >= 0 ? uri.getPort() : defaultPort();
    }

    /** What {@code Host} says. */
    String authority() {
        return port() == defaultPort() ? uri.getHost() : uri.getHost() + ":" + port();
    }

    /** What the request line says: the path and the query. */
    String requestTarget() {
        return target(uri);
    }

    boolean isSameOrigin(Target other) {
        return isSecure() == other.isSecure() && port() == other.port() && host().equalsIgnoreCase(other.host());
    }

    /** As a log may show it: queries carry secrets. */
    @Override
    public String toString() {
        return uri.getScheme() + "://" + authority() + uri.getRawPath();
    }

    private int defaultPort() {
        return isSecure() ? 443 : 80;
    }

    private static String target(URI uri) {
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }
}
