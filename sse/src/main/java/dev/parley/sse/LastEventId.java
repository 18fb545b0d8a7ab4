package dev.parley.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Exchange;
import java.util.Optional;

/** What a client says that it heard last. It may send anything, so this is a wish. */
final class LastEventId {
    /** No id that a server of this library gives comes near to it, and it is small beside the header limit. */
    private static final int MAX_CHARS = 1024;

    private LastEventId() {}

    /** By the header, which an {@code EventSource} sends when it reconnects. */
    static Optional<String> header(Exchange exchange) {
        return exchange.header("Last-Event-ID")
                .filter(LastEventId::isId)
                // Browsers send UTF-8, of which a header shows the single bytes.
                .map(id -> new String(id.getBytes(ISO_8859_1), UTF_8));
    }

    /** By the header, or else by the query: the first request of an {@code EventSource} can't have the header. */
    static Optional<String> of(Exchange exchange) {
        return header(exchange).or(() -> exchange.query("lastEventId").filter(LastEventId::isId));
    }

    private static boolean isId(String id) {
        return !id.isEmpty() && id.length() <= MAX_CHARS;
    }
}
