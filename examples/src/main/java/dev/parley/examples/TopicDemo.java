package dev.parley.examples;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.SseEndpoint;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Draft;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.OverflowPolicy;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Answers {@code new EventSource("/api/feeds/…")}: a topic for each feed, which loses nothing that it still keeps. */
final class TopicDemo {
    private static final int MAX_TEXT_CHARS = 200;
    private static final int MAX_KEY_CHARS = 40;
    private static final List<String> EVENTS = List.of("news", "alarm");

    /** Who stays away for more than eight publications hears of a gap. */
    private final Topics topics = Topics.builder()
            .history(History.last(8))
            .maxTopics(1000)
            .maxSubscriptions(1000)
            .build();

    record Post(
            @Nullable String text,
            @Nullable String event,
            @Nullable String key) {}

    Routes routes() {
        SseEndpoint events = SseEndpoint.builder(this::feed)
                .from(From.oldest())
                // The first event of who is new here: its id is what the page resumes from.
                .snapshot(exchange -> CompletableFuture.completedStage(
                        ServerSentEvent.builder().event("hello").data("你好").build()))
                .retry(Duration.ofSeconds(1))
                .onOpen(this::endOnDemand)
                .build();
        SseEndpoint lines = SseEndpoint.builder(this::feed)
                .from(From.oldest())
                .overflow(OverflowPolicy.LATEST_PER_KEY)
                .ndjson()
                .build();
        return Routes.builder()
                .get("/api/feeds/{feed}", events)
                .get("/api/feeds/{feed}/lines", lines)
                .post(
                        "/api/feeds/{feed}",
                        exchange -> exchange.respond(
                                exchange.json(Post.class).thenCompose(post -> publish(feed(exchange), post))))
                .post("/api/feeds/{feed}/end", exchange -> {
                    ends(exchange).publish("now");
                    exchange.respond(Response.noContent());
                })
                .build();
    }

    /** A page makes up the name of its feed, and may tell it to others. */
    private Topic feed(Exchange exchange) {
        return topics.topic("feed/" + name(exchange));
    }

    /** A second topic for each feed. Its publications reach code, not clients: they end the feed's streams. */
    private Topic ends(Exchange exchange) {
        return topics.topic("end/" + name(exchange));
    }

    private static String name(Exchange exchange) {
        String name = exchange.path("feed");
        if (!name.matches("[0-9a-f-]{36}")) {
            throw Problem.of(404, "there is no such feed").asException();
        }
        return name;
    }

    private void endOnDemand(SseEmitter emitter) {
        Subscription subscription = ends(emitter.exchange()).subscribe(publication -> emitter.close());
        emitter.onClose(reason -> subscription.close());
    }

    private static CompletionStage<Response> publish(Topic feed, Post post) {
        Draft draft = Draft.of(checked("text", post.text(), MAX_TEXT_CHARS));
        if (post.event() != null) {
            if (!EVENTS.contains(post.event())) {
                throw Problem.of(400, "event: (expected: one of " + EVENTS + ")")
                        .asException();
            }
            draft = draft.event(post.event());
        }
        if (post.key() != null) {
            draft = draft.key(checked("key", post.key(), MAX_KEY_CHARS));
        }
        return feed.publish(draft).thenApply(position -> Response.json(Map.of("position", position.toString())));
    }

    private static String checked(String what, @Nullable String text, int maxChars) {
        if (text == null
                || text.isBlank()
                || text.length() > maxChars
                || text.chars().anyMatch(Character::isISOControl)) {
            throw Problem.of(400, what + ": (expected: 1 to " + maxChars + " characters on one line)")
                    .asException();
        }
        return text;
    }
}
