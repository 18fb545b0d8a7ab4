package dev.parley.examples;

import dev.parley.http.Exchange;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.Routes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Answers {@code fetch}: with JSON, with a stream of JSON lines, and across origins. */
final class FetchDemo {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final Duration PAUSE = Duration.ofMillis(300);

    private static final List<String> POEM = List.of(
            "床前明月光 — Bright moonlight before my bed",
            "疑是地上霜 — as if frost had covered the ground",
            "举头望明月 — I raise my head, and see the moon",
            "低头思故乡 — I lower it, and think of home",
            "白日依山尽 — The white sun sinks behind the hills",
            "黄河入海流 — the Yellow River runs into the sea",
            "欲穷千里目 — To see a thousand miles and more",
            "更上一层楼 — climb one more flight of stairs");

    private FetchDemo() {}

    static Routes routes() {
        return Routes.builder()
                .get("/api/fetch/time", FetchDemo::time)
                .post("/api/fetch/greeting", FetchDemo::greeting)
                .get("/api/fetch/lines", FetchDemo::lines)
                .build();
    }

    /** What the second origin answers. The policy decides whose pages may read it. */
    static Routes secondOriginRoutes(OriginPolicy callers) {
        // Without a policy: for pages of the same origin only.
        Routes closed = Routes.builder()
                .get("/api/fetch/private", exchange -> exchange.respond(Response.text("for my own pages")))
                .build();
        return Routes.builder()
                .origins(callers)
                .get("/api/fetch/visit", FetchDemo::visit)
                .mount("/", closed)
                .build();
    }

    record Visitor(@Nullable String name) {}

    record Line(int line, String text) {}

    private static void time(Exchange exchange) {
        exchange.respond(Response.json(Map.of("now", Instant.now().toString())));
    }

    private static void greeting(Exchange exchange) {
        // The body arrives after the head. No thread waits for it.
        exchange.respond(exchange.json(Visitor.class).thenApply(FetchDemo::greet));
    }

    private static Response greet(Visitor visitor) {
        if (visitor.name() == null || visitor.name().isBlank()) {
            // Thrown from anywhere in an endpoint, a problem becomes the answer.
            throw Problem.of(400, "name: missing (expected: a few letters)").asException();
        }
        return Response.json(Map.of("greeting", "你好 Hello, " + visitor.name()));
    }

    private static void lines(Exchange exchange) {
        ResponseStream stream = exchange.stream(
                Response.of(200).header("Content-Type", "application/x-ndjson").header("Cache-Control", "no-store"));
        writeLine(exchange, stream, 1);
    }

    private static void writeLine(Exchange exchange, ResponseStream stream, int number) {
        stream.write(JSON.writeValueAsString(new Line(number, POEM.get(number - 1))) + "\n");
        if (number == POEM.size()) {
            stream.end();
        } else {
            // No thread waits for the next line. If the reader leaves, it is forgotten.
            exchange.after(PAUSE, () -> writeLine(exchange, stream, number + 1));
        }
    }

    private static void visit(Exchange exchange) {
        int visits = 1 + Cookies.value(exchange, "visits").map(FetchDemo::count).orElse(0);
        exchange.respond(Response.json(Map.of("visits", visits))
                .header("Set-Cookie", "visits=" + visits + "; Path=/api/fetch; HttpOnly; SameSite=Lax")
                .header("Cache-Control", "no-store"));
    }

    /** A cookie is input like any other: it may hold what this server never set. */
    private static int count(String cookie) {
        return cookie.matches("\\d{1,6}") ? Integer.parseInt(cookie) : 0;
    }
}
