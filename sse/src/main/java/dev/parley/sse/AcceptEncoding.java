package dev.parley.sse;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What a request's {@code Accept-Encoding} says of gzip
 * (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3">RFC 9110, 12.5.3</a>).
 */
final class AcceptEncoding {
    private static final Pattern WEIGHT = Pattern.compile("q=(0(?:\\.\\d{0,3})?|1(?:\\.0{0,3})?)");
    private static final double UNSAID = -1;

    private AcceptEncoding() {}

    /**
     * Whether gzip is allowed, and liked no less than no encoding. A client that says nothing gets none, and so does one
     * whose weight can't be read: every client understands that.
     */
    static boolean prefersGzip(List<String> accept) {
        double gzip = UNSAID;
        double identity = UNSAID;
        double others = UNSAID;
        for (String field : accept) {
            for (String coding : field.toLowerCase(Locale.ROOT).split(",", -1)) {
                String[] parts = coding.split(";", -1);
                switch (parts[0].strip()) {
                    case "gzip", "x-gzip" -> gzip = weight(parts);
                    case "identity" -> identity = weight(parts);
                    case "*" -> others = weight(parts);
                    default -> {}
                }
            }
        }
        double ofGzip = gzip == UNSAID ? others : gzip;
        double ofIdentity = identity == UNSAID ? others : identity;
        return ofGzip > 0 && ofGzip >= ofIdentity;
    }

    private static double weight(String[] parts) {
        if (parts.length == 1) {
            return 1;
        }
        var weight = WEIGHT.matcher(parts[1].strip());
        return parts.length == 2 && weight.matches() ? Double.parseDouble(weight.group(1)) : 0;
    }
}
