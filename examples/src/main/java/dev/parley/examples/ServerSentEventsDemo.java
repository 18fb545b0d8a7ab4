package dev.parley.examples;

import dev.parley.http.OriginPolicy;
import dev.parley.http.Routes;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.SseEndpoint;
import dev.parley.sse.codec.ServerSentEvent;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Answers {@code new EventSource("/api/message")} with the time, once a second. */
final class ServerSentEventsDemo {
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    private ServerSentEventsDemo() {}

    static Routes routes(OriginPolicy callers) {
        return Routes.builder()
                .origins(callers)
                .get("/api/message", SseEndpoint.emitting(emitter -> tell(emitter, begin(emitter))))
                .build();
    }

    /** A browser that comes back says what it heard last. The numbers go on from there. */
    private static int begin(SseEmitter emitter) {
        return emitter.lastEventId()
                .filter(id -> id.matches("\\d{1,9}"))
                .map(id -> Integer.parseInt(id) + 1)
                .orElse(1);
    }

    private static void tell(SseEmitter emitter, int id) {
        emitter.send(ServerSentEvent.builder()
                .id(String.valueOf(id))
                .data("你好 Hello, it is " + LocalTime.now(ZoneId.systemDefault()).format(CLOCK))
                .build());
        emitter.exchange().after(PAUSE, () -> tell(emitter, id + 1));
    }
}
