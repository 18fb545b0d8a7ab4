package dev.parley.examples;

import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import dev.parley.sse.SseEndpoint;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import dev.parley.websocket.WebSocketEndpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** The program of README.md, as it stands there. */
public final class Hello {
    /**
     * Starts it.
     *
     * @param args none
     */
    public static void main(String[] args) {
        Topics topics = Topics.inMemory();
        Topic news = topics.topic("news");

        Routes routes = Routes.builder()
                .get("/api/time", exchange -> exchange.respond(Response.json(Map.of("now", Instant.now()))))
                .get("/api/news", SseEndpoint.of(news))
                .get(
                        "/ws",
                        WebSocketEndpoint.builder()
                                .onText((connection, text) -> connection.send(text))
                                .build())
                .files("/", StaticFiles.classpath("/web"))
                .build();

        ParleyServer server =
                ParleyServer.builder().port(8080).routes(routes).build().start();
        server.drainOnShutdown(Duration.ofSeconds(10));
    }

    private Hello() {}
}
