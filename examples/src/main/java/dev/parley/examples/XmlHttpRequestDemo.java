package dev.parley.examples;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.Routes;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Answers {@code XMLHttpRequest}: JSON, a download, too late, not to the end. */
final class XmlHttpRequestDemo {
    private static final byte[] PIECE = new byte[256 * 1024];
    private static final int PIECES = 16;
    /** Slow enough to watch: over loopback 4 MiB are there at once. */
    private static final Duration PACE = Duration.ofMillis(150);

    private XmlHttpRequestDemo() {}

    static Routes routes() {
        return Routes.builder()
                .get("/api/xhr/time", XmlHttpRequestDemo::time)
                .post("/api/xhr/greeting", XmlHttpRequestDemo::greeting)
                .get("/api/xhr/download", XmlHttpRequestDemo::download)
                .get("/api/xhr/broken", XmlHttpRequestDemo::breakOff)
                .get("/api/xhr/slow", XmlHttpRequestDemo::beSlow)
                .build();
    }

    record Visitor(@Nullable String name) {}

    private static void time(Exchange exchange) {
        exchange.respond(Response.json(Map.of("now", Instant.now().toString())));
    }

    private static void greeting(Exchange exchange) {
        exchange.respond(exchange.json(Visitor.class).thenApply(XmlHttpRequestDemo::greet));
    }

    private static Response greet(Visitor visitor) {
        if (visitor.name() == null || visitor.name().isBlank()) {
            throw Problem.of(400, "name: missing (expected: a few letters)").asException();
        }
        return Response.json(Map.of("greeting", "你好 Hello, " + visitor.name()));
    }

    private static void download(Exchange exchange) {
        boolean lengthKnown = !exchange.query("length").orElse("").equals("unknown");
        ResponseStream stream = exchange.stream(lengthKnown ? sized() : plain());
        send(exchange, stream, PIECES, stream::end);
    }

    private static void beSlow(Exchange exchange) {
        // No thread sleeps. If the client loses its patience, the task goes with the exchange.
        exchange.after(Duration.ofSeconds(5), () -> exchange.respond(Response.text("Sorry to have kept you waiting")));
    }

    private static void breakOff(Exchange exchange) {
        ResponseStream stream = exchange.stream(sized());
        // Half of what the head promised: the browser reports an error, not a short download.
        send(exchange, stream, PIECES / 2, stream::abort);
    }

    private static Response plain() {
        return Response.of(200)
                .header("Content-Type", "application/octet-stream")
                .header("Cache-Control", "no-store");
    }

    /** Only from {@code Content-Length} does the browser know the total of its progress events. */
    private static Response sized() {
        return plain().header("Content-Length", String.valueOf(PIECES * PIECE.length));
    }

    private static void send(Exchange exchange, ResponseStream stream, int pieces, Runnable last) {
        if (pieces == 0) {
            last.run();
            return;
        }
        Runnable next = () -> send(exchange, stream, pieces - 1, last);
        // Each write says what became of it, so that a slow client sets the pace, and memory stays small.
        switch (stream.write(PIECE)) {
            case SENT -> exchange.after(PACE, next);
            case QUEUED -> stream.onWritable(() -> exchange.after(PACE, next));
            case DROPPED -> stream.abort();
            case CLOSED -> {} // the client has left, and so has the work
        }
    }
}
