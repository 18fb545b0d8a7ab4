package dev.parley.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Exchange;
import dev.parley.topic.Position;
import java.util.List;
import java.util.Optional;

/** What a client says that it heard last. It may send anything, so this is a wish. */
final class LastEventId {
    /** No id that a server of this library gives comes near to it, and it is small beside the header limit. */
    private static final int MAX_CHARS = 1024;

    private LastEventId() {}

    /** By the header, which an {@code EventSource} sends when it reconnects; empty where it is none, or too long. */
    static Optional<String> header(Exchange exchange) {
        return exchange.header("Last-Event-ID")
                .filter(id -> !id.isEmpty() && id.length() <= MAX_CHARS)
                // Browsers send UTF-8, of which a header shows the single bytes.
                .map(id -> new String(id.getBytes(ISO_8859_1), UTF_8));
    }

    /**
     * The positions that a client tells by the header, or else by the query: the first request of an {@code EventSource}
     * can't have the header. Empty if it tells nothing; a list of none if what it tells can't be read.
     */
    static Optional<List<Position>> positions(Exchange exchange) {
        return exchange.header("Last-Event-ID")
                .filter(id -> !id.isEmpty())
                .or(() -> exchange.query("lastEventId").filter(id -> !id.isEmpty()))
                .map(id -> id.length() > MAX_CHARS ? List.of() : Position.parseAll(id));
    }
}
