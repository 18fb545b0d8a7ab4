package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * An interim response: a status and fields, without a body
 * (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-15.2">RFC 9110 section 15.2</a>).
 *
 * <p>Immutable.
 *
 * @param status 102 to 199
 * @param fields names and values in turn
 */
record Interim(int status, String[] fields) {
    /** What frames a message, is about the connection, or announces what can't follow; in lower case. */
    private static final Set<String> NOT_HERE = Set.of(
            "connection",
            "content-length",
            "date",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    static Interim of(int status, HttpHeaders fields) {
        if (status < 102 || status > 199) {
            throw new IllegalArgumentException("status: " + status + " (expected: 102 to 199)");
        }
        String[] copy = new String[2 * fields.size()];
        int at = 0;
        for (Map.Entry<String, String> field : fields) {
            String name = field.getKey();
            Response.checkField(name, field.getValue());
            if (NOT_HERE.contains(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException(
                        "header " + name + " (expected: none of the message or the connection in an interim response)");
            }
            copy[at++] = name;
            copy[at++] = field.getValue();
        }
        return new Interim(status, copy);
    }
}
