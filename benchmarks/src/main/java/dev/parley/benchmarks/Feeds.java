package dev.parley.benchmarks;

import dev.parley.sse.SseEmitter;
import dev.parley.sse.codec.ServerSentEvent;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Who listens to what. A body that is published goes to all who listen now; there is no history. Thread-safe. */
final class Feeds {
    private final Map<String, Set<SseEmitter>> listeners = new ConcurrentHashMap<>();

    void subscribe(SseEmitter emitter) {
        String topic = emitter.exchange().path("topic");
        // In one step, as the last of the others may take the set away.
        listeners.compute(topic, (it, all) -> {
            Set<SseEmitter> some = all == null ? ConcurrentHashMap.newKeySet() : all;
            some.add(emitter);
            return some;
        });
        emitter.onClose(reason -> listeners.computeIfPresent(topic, (it, all) -> {
            all.remove(emitter);
            return all.isEmpty() ? null : all;
        }));
    }

    void publish(String topic, String text) {
        ServerSentEvent event = ServerSentEvent.of(text);
        listeners.getOrDefault(topic, Set.of()).forEach(emitter -> emitter.send(event));
    }
}
