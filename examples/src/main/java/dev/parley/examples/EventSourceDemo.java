package dev.parley.examples;

import dev.parley.http.Endpoint;
import dev.parley.http.Endpoints;
import dev.parley.http.Exchange;
import dev.parley.http.Guard;
import dev.parley.http.Guard.Verdict;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.SseEndpoint;
import dev.parley.sse.codec.ServerSentEvent;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/** Answers {@code new EventSource("/api/stream")}: events for who signed in, else 401. */
final class EventSourceDemo {
    private static final int MESSAGES = 5;
    private static final Duration PAUSE = Duration.ofMillis(700);

    /** In the cookie of who signed in. A real service has one for each session. */
    private final String pass = UUID.randomUUID().toString();

    Routes routes(OriginPolicy callers) {
        // Answers 401 before anything of the stream runs.
        Guard guard = exchange -> (signedIn(exchange) ? Verdict.allow() : Verdict.refuse(401)).now();
        Endpoint stream = SseEndpoint.builder()
                .retry(Duration.ofSeconds(1))
                .onOpen(emitter -> tell(emitter, 1))
                .build();
        return Routes.builder()
                .origins(callers)
                .get("/api/stream", Endpoints.guard(guard, stream))
                .get("/api/session", this::session)
                .post("/api/session", exchange -> exchange.respond(cookie(pass, Duration.ofHours(1))))
                .delete("/api/session", exchange -> exchange.respond(cookie("", Duration.ZERO)))
                .build();
    }

    private static void tell(SseEmitter emitter, int number) {
        emitter.send(ServerSentEvent.of("你好 Hello, message " + number + " of " + MESSAGES));
        // No thread waits. If the page closes its source, the rest is forgotten.
        Runnable next = number < MESSAGES ? () -> tell(emitter, number + 1) : emitter::close;
        emitter.exchange().after(PAUSE, next);
    }

    private void session(Exchange exchange) {
        exchange.respond(Response.json(Map.of("signedIn", signedIn(exchange))).header("Cache-Control", "no-store"));
    }

    private boolean signedIn(Exchange exchange) {
        return Cookies.value(exchange, "pass").filter(pass::equals).isPresent();
    }

    private static Response cookie(String value, Duration age) {
        String attributes = "; Path=/api; HttpOnly; SameSite=Lax; Max-Age=" + age.toSeconds();
        return Response.noContent().header("Set-Cookie", "pass=" + value + attributes);
    }
}
