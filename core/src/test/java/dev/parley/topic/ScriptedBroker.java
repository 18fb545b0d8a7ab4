package dev.parley.topic;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A broker behind a link that the test owns: nothing is joined, appended or heard before it says so. Not thread-safe. */
final class ScriptedBroker implements Broker {
    private final InstantSource clock;
    private final Map<String, Listener> listeners = new HashMap<>();
    private final Map<String, Deque<CompletableFuture<Link>>> joining = new HashMap<>();
    private final Map<String, Position> tails = new HashMap<>();
    final List<String> appended = new ArrayList<>();
    final List<String> left = new ArrayList<>();
    int joins;
    /** Whether what is appended is heard at once. */
    boolean prompt = true;

    private final Deque<Runnable> delayed = new ArrayDeque<>();

    ScriptedBroker(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public CompletionStage<Link> join(String topic, int history, Listener listener) {
        joins++;
        listeners.put(topic, listener);
        CompletableFuture<Link> link = new CompletableFuture<>();
        joining.computeIfAbsent(topic, it -> new ArrayDeque<>()).add(link);
        return link;
    }

    private static <T> T of(Map<String, T> map, String topic) {
        return Objects.requireNonNull(map.get(topic), topic);
    }

    void joined(String topic, Position start) {
        begin(topic, start);
        of(joining, topic).remove().complete(() -> left.add(topic));
    }

    void refuse(String topic, Throwable why) {
        of(joining, topic).remove().completeExceptionally(why);
    }

    /** The log has begun anew, or lost something: not told yet that anything can be read. */
    void begin(String topic, Position start) {
        tails.put(topic, start);
        of(listeners, topic).began(start);
    }

    void ready(String topic) {
        of(listeners, topic).ready();
    }

    /** From another node. */
    Position publish(String topic, String text) {
        return publish(topic, Draft.of(text));
    }

    private Position publish(String topic, Draft draft) {
        Position last = of(tails, topic);
        Position next = new Position(last.epoch(), last.offset() + 1);
        tails.put(topic, next);
        of(listeners, topic).published(Publication.of(next, clock.instant(), draft));
        of(listeners, topic).ready();
        return next;
    }

    @Override
    public CompletionStage<Position> append(String topic, Draft draft) {
        appended.add(new String(draft.payload(), UTF_8));
        CompletableFuture<Position> answer = new CompletableFuture<>();
        Runnable append = () -> answer.complete(publish(topic, draft));
        if (prompt) {
            append.run();
        } else {
            delayed.add(append);
        }
        return answer;
    }

    void catchUp() {
        while (!delayed.isEmpty()) {
            delayed.remove().run();
        }
    }

    @Override
    public void close() {}
}
