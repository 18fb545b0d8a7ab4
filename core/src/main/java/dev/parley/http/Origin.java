package dev.parley.http;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A web origin: scheme, host and port (RFC 6454). Two are equal if the browser takes them for the same.
 *
 * @param scheme in lower case
 * @param host in lower case
 * @param port the port, the scheme's own where none was written; {@link Authority#NO_PORT} if the scheme has none
 */
record Origin(String scheme, String host, int port) {

    /** Reads the text of an {@code Origin} header; {@code null} where it is malformed, or the opaque origin. */
    static @Nullable Origin parse(String text) {
        int colon = text.indexOf("://");
        return colon < 1 ? null : of(text.substring(0, colon), text.substring(colon + 3));
    }

    /** The origin of what is served by a scheme at an authority; {@code null} where one of them is malformed. */
    static @Nullable Origin of(String scheme, String authority) {
        Authority parsed = Authority.parse(authority);
        if (parsed == null || !isScheme(scheme)) {
            return null;
        }
        String lower = scheme.toLowerCase(Locale.ROOT);
        return new Origin(
                lower, parsed.host(), parsed.port() == Authority.NO_PORT ? defaultPort(lower) : parsed.port());
    }

    private static int defaultPort(String scheme) {
        return switch (scheme) {
            case "http" -> 80;
            case "https" -> 443;
            default -> Authority.NO_PORT;
        };
    }

    private static boolean isScheme(String scheme) {
        return scheme.chars()
                .allMatch(c -> c < 128 && (Character.isLetterOrDigit(c) || c == '+' || c == '-' || c == '.'));
    }

    /** The origin as a browser writes it, without the scheme's own port. */
    @Override
    public String toString() {
        return scheme + "://" + host + (port == defaultPort(scheme) ? "" : ":" + port);
    }
}
