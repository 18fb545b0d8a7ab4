package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Routes;
import dev.parley.sse.SseEndpoint;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestStream;
import dev.parley.testkit.TestWebSocket;
import dev.parley.topic.Draft;
import dev.parley.topic.History;
import dev.parley.topic.OverflowPolicy;
import dev.parley.topic.Position;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Subscribing and publishing by messages; what one transport has read another resumes from. */
class InBandTopicsTest {
    private static final int KEPT = 4;

    private final List<Throwable> failures = new ArrayList<>();
    private final Topics topics;
    private final TestServer server;

    InBandTopicsTest() {
        AtomicReference<Topics> made = new AtomicReference<>();
        server = TestServer.of(clock -> {
            Topics all = Topics.builder()
                    .clock(clock)
                    .history(History.last(KEPT))
                    .maxPublicationBytes(1000)
                    .build();
            made.set(all);
            return routes(all);
        });
        topics = Objects.requireNonNull(made.get());
    }

    private Routes routes(Topics all) {
        return Routes.builder()
                .get(
                        "/ws",
                        endpoint()
                                .subscriptions((connection, name) -> subscription(all, name))
                                .publications((connection, name) ->
                                        name.equals("secret") ? Optional.empty() : Optional.of(all.topic(name)))
                                .maxSubscriptions(3)
                                .build())
                .get("/none", endpoint().build())
                .get(
                        "/skip",
                        endpoint()
                                .onOpen(connection -> connection.subscribe(
                                        Subscription.to(all.topic("news")).overflow(OverflowPolicy.SKIP_TO_TAIL)))
                                .build())
                .get(
                        "/both",
                        endpoint()
                                .onOpen(connection -> connection.subscribe(
                                        Subscription.to(List.of(all.topic("news"), all.topic("sport")))))
                                .build())
                .get("/sse", SseEndpoint.of(all.topic("news")))
                .get(
                        "/sse/both",
                        SseEndpoint.builder()
                                .topics(exchange -> CompletableFuture.completedStage(
                                        List.of(all.topic("news"), all.topic("sport"))))
                                .build())
                .build();
    }

    private WebSocketEndpoint.Builder endpoint() {
        return WebSocketEndpoint.json().onError((connection, failure) -> failures.add(failure));
    }

    private static Optional<Subscription.Builder> subscription(Topics all, String name) {
        return switch (name) {
            case "secret" -> Optional.empty();
            case "mine" -> Optional.of(Subscription.to(all.topic("tenant/mine")));
            case "broken" ->
                Optional.of(Subscription.to(all.topic(name)).filter(publication -> {
                    throw new IllegalStateException("the filter fails");
                }));
            case "fails" -> throw new IllegalStateException("the rule fails");
            case "skips" -> Optional.of(Subscription.to(all.topic("skips")).overflow(OverflowPolicy.SKIP_TO_TAIL));
            default -> Optional.of(Subscription.to(all.topic(name)));
        };
    }

    @AfterEach
    void close() {
        server.close();
        topics.close();
    }

    private String publish(String topic, String text) {
        Position position =
                topics.topic(topic).publish(text).toCompletableFuture().join();
        server.run();
        return position.toString();
    }

    private static void subscribe(TestWebSocket ws, String topic, @Nullable String position, int id) {
        ws.sendJson(
                "subscribe",
                position == null ? Map.of("topic", topic) : Map.of("topic", topic, "position", position),
                id);
    }

    private static Map<String, Object> place(String topic, String position) {
        return Map.of("topic", topic, "position", position);
    }

    private static Map<String, Object> publication(String topic, String position, String data) {
        return Map.of("topic", topic, "position", position, "data", data);
    }

    // ---- subscribing

    @Test
    void aClientSubscribesAndHearsWhatIsPublishedFromThen() {
        TestWebSocket ws = server.webSocket("/ws");
        String before = publish("news", "a");

        subscribe(ws, "news", null, 1);
        String after = publish("news", "b");

        assertThat(ws)
                .received(
                        "{\"type\":\"subscribed\",\"id\":1,\"payload\":{\"topic\":\"news\",\"position\":\"" + before
                                + "\"}}",
                        "{\"type\":\"publication\",\"payload\":{\"topic\":\"news\",\"position\":\"" + after
                                + "\",\"data\":\"b\"}}");
    }

    @Test
    void aClientThatComesBackHearsWhatItMissed() {
        TestWebSocket first = server.webSocket("/ws");
        subscribe(first, "news", null, 1);
        String a = publish("news", "a");
        first.texts();
        first.cut();
        String b = publish("news", "b");
        String c = publish("news", "c");

        TestWebSocket second = server.webSocket("/ws");
        subscribe(second, "news", a, 1);

        assertThat(second)
                .receivedJson("resumed", place("news", a), 1)
                .receivedJson("publication", publication("news", b, "b"))
                .receivedJson("publication", publication("news", c, "c"))
                .receivedNothing();
    }

    @Test
    void aGapIsToldWithThePlaceBehindIt() {
        String first = publish("news", "0");
        List<String> positions = new ArrayList<>();
        for (int i = 1; i <= KEPT + 2; i++) {
            positions.add(publish("news", "" + i));
        }
        TestWebSocket ws = server.webSocket("/ws");

        subscribe(ws, "news", first, 1);

        String to = positions.get(1);
        assertThat(ws)
                .received(
                        "{\"type\":\"gap\",\"id\":1,\"payload\":{\"topic\":\"news\",\"position\":\"" + to
                                + "\",\"from\":\"" + first + "\",\"to\":\"" + to + "\",\"lost\":2}}",
                        publicationText(positions.get(2), "3"),
                        publicationText(positions.get(3), "4"),
                        publicationText(positions.get(4), "5"),
                        publicationText(positions.get(5), "6"));
    }

    private static String publicationText(String position, String data) {
        return "{\"type\":\"publication\",\"payload\":{\"topic\":\"news\",\"position\":\"" + position + "\",\"data\":\""
                + data + "\"}}";
    }

    @Test
    void aPositionOfAnotherLifeIsReset() {
        String at = publish("news", "a");
        TestWebSocket ws = server.webSocket("/ws");
        String epoch = at.replaceAll("-.*", "");

        subscribe(ws, "news", "zz-7", 1);
        subscribe(ws, "sport", "no position at all", 2);

        assertThat(ws)
                .receivedJson("{\"type\":\"reset\",\"id\":1,\"payload\":{\"topic\":\"news\",\"position\":\"" + epoch
                        + "-0\",\"from\":\"zz-7\",\"to\":\"" + epoch + "-0\"}}")
                .receivedJson("publication", publication("news", at, "a"));
        JsonNode reset = ws.json(JsonNode.class).get(0);
        assertThat(reset.path("type").stringValue()).isEqualTo("reset");
        assertThat(reset.path("payload").path("from").stringValue()).isEqualTo("0-0");
    }

    @Test
    void aNewClientMayBeginWithTheOldest() {
        String a = publish("news", "a");
        TestWebSocket ws = server.webSocket("/ws");

        subscribe(ws, "news", "oldest", 1);

        assertThat(ws)
                .receivedJson("subscribed", place("news", a.replaceAll("-.*", "-0")), 1)
                .receivedJson("publication", publication("news", a, "a"))
                .receivedNothing();
    }

    @Test
    void theClientKnowsATopicByTheNameThatItAskedFor() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "mine", "zz-7", 1);
        JsonNode reset = ws.json(JsonNode.class).get(0);

        String at = publish("tenant/mine", "a");

        assertThat(reset.path("payload").path("topic").stringValue()).isEqualTo("mine");
        assertThat(ws).receivedJson("publication", publication("mine", at, "a"));
    }

    @Test
    void whatMayNotBeSubscribedToIsAnError() {
        TestWebSocket ws = server.webSocket("/ws");

        subscribe(ws, "secret", null, 1);
        subscribe(ws, "a\nb", null, 2);
        subscribe(ws, "", null, 3);
        subscribe(ws, "x".repeat(257), null, 4);
        subscribe(ws, "fails", null, 5);
        ws.sendJson("subscribe", Map.of(), 6);
        ws.sendJson("unsubscribe", Map.of("topic", "news"), 7);

        assertThat(errors(ws))
                .containsExactly(
                        "1 not_allowed payload.topic: not allowed (expected: a topic of this client's)",
                        "2 unknown_topic there is no such topic",
                        "3 unknown_topic payload.topic: 0 characters (expected: 1 to 256)",
                        "4 unknown_topic payload.topic: 257 characters (expected: 1 to 256)",
                        "5 failed something failed",
                        "6 invalid_payload payload.topic: missing (expected: a text)",
                        "7 unknown_topic payload.topic: not one of the subscriptions");
        assertThat(failures).hasSize(1);
        assertThat(ws).isOpen();
    }

    private static List<String> errors(TestWebSocket ws) {
        return ws.json(JsonNode.class).stream()
                .map(message -> {
                    assertThat(message.path("type").stringValue()).isEqualTo("error");
                    JsonNode payload = message.path("payload");
                    return message.path("id") + " " + payload.path("code").stringValue() + " "
                            + payload.path("message").stringValue();
                })
                .toList();
    }

    @Test
    void atMostSoManySubscriptionsAreOpenAndNoneTwice() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "a", null, 1);
        subscribe(ws, "b", null, 2);
        subscribe(ws, "c", null, 3);
        ws.texts();

        subscribe(ws, "a", null, 4);
        subscribe(ws, "d", null, 5);
        assertThat(errors(ws))
                .containsExactly(
                        "4 already_subscribed payload.topic: subscribed to already",
                        "5 too_many payload.topic: one too many (expected: at most 3)");

        ws.sendJson("unsubscribe", Map.of("topic", "b"), 6);
        subscribe(ws, "d", null, 7);
        assertThat(types(ws)).containsExactly("unsubscribed", "subscribed");
    }

    private static List<String> types(TestWebSocket ws) {
        return ws.json(JsonNode.class).stream()
                .map(message -> message.path("type").stringValue())
                .toList();
    }

    @Test
    void whereNoRuleAllowsItTheTypesAreUnknown() {
        TestWebSocket ws = server.webSocket("/none");

        subscribe(ws, "news", null, 1);

        assertThat(errors(ws))
                .containsExactly("1 unknown_type type: \"subscribe\" (expected: a type that is taken here)");
    }

    // ---- the end of a subscription

    @Test
    void aClientThatUnsubscribesHearsNothingMore() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "news", null, 1);
        String at = publish("news", "a");
        ws.texts();

        ws.sendJson("unsubscribe", Map.of("topic", "news"), 2);
        String missed = publish("news", "b");

        assertThat(ws).receivedJson("unsubscribed", place("news", at), 2).receivedNothing();
        assertThat(topics.topic("news").subscriptions()).isZero();

        subscribe(ws, "news", at, 3);
        assertThat(ws)
                .receivedJson("resumed", place("news", at), 3)
                .receivedJson("publication", publication("news", missed, "b"));
    }

    @Test
    void subscribingAndUnsubscribingAtOnceAnswersBoth() {
        TestWebSocket ws = server.webSocket("/ws");

        ws.frame(
                TestFrame.text("{\"type\":\"subscribe\",\"id\":1,\"payload\":{\"topic\":\"news\"}}"),
                TestFrame.text("{\"type\":\"unsubscribe\",\"id\":2,\"payload\":{\"topic\":\"news\"}}"));

        assertThat(ws.json(JsonNode.class).stream()
                        .map(message -> message.path("id").intValue()))
                .containsExactly(1, 2);
        assertThat(topics.topic("news").subscriptions()).isZero();
    }

    @Test
    void aClientThatFallsTooFarBehindIsToldWhereItWasAndStaysConnected() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "news", null, 1);
        ws.texts();
        ws.stall();
        fill();
        ws.resume();

        List<JsonNode> heard = ws.json(JsonNode.class);
        JsonNode last = heard.get(heard.size() - 1);
        assertThat(last.path("type").stringValue()).isEqualTo("unsubscribed");
        assertThat(last.path("payload").path("reason").stringValue()).isEqualTo("overrun");
        String position = last.path("payload").path("position").stringValue();
        assertThat(position)
                .isEqualTo(heard.get(heard.size() - 2)
                        .path("payload")
                        .path("position")
                        .stringValue());
        assertThat(ws).isOpen();

        subscribe(ws, "news", position, 2);
        assertThat(types(ws)).startsWith("gap", "publication").hasSize(1 + KEPT);
    }

    /** As much as the client's socket and the server's buffers don't take. */
    private void fill() {
        for (int i = 0; i < 2000; i++) {
            publish("news", "x".repeat(900));
        }
    }

    @Test
    void gapsAreToldToWhoTheApplicationHasSubscribed() {
        TestWebSocket ws = server.webSocket("/skip");
        ws.texts();
        ws.stall();
        fill();
        ws.resume();
        String end = publish("news", "end");

        List<JsonNode> heard = ws.json(JsonNode.class);
        assertThat(heard.stream().map(message -> message.path("type").stringValue()))
                .contains("gap")
                .doesNotContain("reset", "unsubscribed");
        assertThat(whole(heard)).isTrue();
        assertThat(heard.get(heard.size() - 1).path("payload").path("position").stringValue())
                .isEqualTo(end);
    }

    /** Whether each publication follows what was heard, or told to be lost. */
    private static boolean whole(List<JsonNode> heard) {
        long at = 0;
        for (JsonNode message : heard) {
            long next = offset(message, "position");
            if (message.path("type").stringValue().equals("gap")) {
                assertThat(offset(message, "from")).isEqualTo(at);
                assertThat(message.path("payload").path("lost").longValue()).isEqualTo(next - at);
            } else if (next != at + 1) {
                return false;
            }
            at = next;
        }
        return true;
    }

    private static long offset(JsonNode message, String member) {
        String position = message.path("payload").path(member).stringValue();
        return Position.parse(position).orElseThrow().offset();
    }

    @Test
    void aSubscriptionThatFailsEndsAlone() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "broken", null, 1);
        subscribe(ws, "news", null, 2);
        ws.texts();

        publish("broken", "a");
        publish("news", "b");

        List<JsonNode> heard = ws.json(JsonNode.class);
        assertThat(heard.get(0).path("type").stringValue()).isEqualTo("unsubscribed");
        assertThat(heard.get(0).path("payload").path("reason").stringValue()).isEqualTo("failed");
        assertThat(heard.get(1).path("payload").path("data").stringValue()).isEqualTo("b");
        assertThat(failures).hasSize(1);
    }

    @Test
    void theEndOfTheTopicsClosesTheConnection() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "news", null, 1);

        topics.close();
        server.run();

        ws.texts();
        assertThat(ws).closedWith(1012);
    }

    // ---- publishing

    @Test
    void aClientPublishesWhereItMay() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "news", null, 1);
        ws.texts();

        ws.sendJson("publish", Map.of("topic", "news", "event", "flash", "data", "a"), 2);
        List<JsonNode> heard = ws.json(JsonNode.class);
        ws.sendJson("publish", Map.of("topic", "news", "base64", "AQID"));

        assertThat(heard.stream().map(message -> message.path("type").stringValue()))
                .containsExactlyInAnyOrder("published", "publication");
        assertThat(heard.stream()
                        .map(message -> message.path("payload").path("position").stringValue())
                        .distinct())
                .hasSize(1);
        JsonNode bytes = ws.json(JsonNode.class).stream()
                .filter(message -> message.path("type").stringValue().equals("publication"))
                .findFirst()
                .orElseThrow();
        assertThat(bytes.path("payload").path("base64").stringValue()).isEqualTo("AQID");
    }

    @Test
    void whatCanNotBePublishedIsAnError() {
        TestWebSocket ws = server.webSocket("/ws");

        ws.sendJson("publish", Map.of("topic", "secret", "data", "a"), 1);
        ws.sendJson("publish", Map.of("topic", "news"), 2);
        ws.sendJson("publish", Map.of("topic", "news", "data", "a", "base64", "AQID"), 3);
        ws.sendJson("publish", Map.of("topic", "news", "base64", "?"), 4);
        ws.sendJson("publish", Map.of("topic", "news", "data", "a", "event", ""), 5);
        ws.sendJson("publish", Map.of("topic", "news", "data", "x".repeat(1001)), 6);

        assertThat(errors(ws))
                .containsExactly(
                        "1 not_allowed payload.topic: not allowed (expected: a topic of this client's)",
                        "2 invalid_payload payload.data: missing (expected: a text, or base64 in its place)",
                        "3 invalid_payload payload.base64: there besides data (expected: one of them)",
                        "4 invalid_payload payload.base64: a text (expected: Base64, RFC 4648 section 4)",
                        "5 invalid_payload payload.event: \"\" (expected: not empty, without CR, LF and NUL, and not"
                                + " beginning with parley:)",
                        "6 invalid_payload payload: can't be published: payload: 1001 bytes (expected: at most 1000,"
                                + " maxPublicationBytes)");
        assertThat(failures).isEmpty();
    }

    // ---- from one transport to another

    @Test
    void aWebSocketResumesFromWhatAnEventStreamHasRead() {
        TestStream stream = server.get("/sse").stream();
        publish("news", "a");
        assertThat(stream).received("a");
        String at = Objects.requireNonNull(stream.lastEventId());
        stream.cut();
        String b = publish("news", "b");

        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "news", at, 1);

        assertThat(ws)
                .receivedJson("resumed", place("news", at), 1)
                .receivedJson("publication", publication("news", b, "b"));
    }

    @Test
    void anEventStreamResumesFromWhatAWebSocketHasRead() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "news", null, 1);
        String a = publish("news", "a");
        ws.texts();
        ws.cut();
        publish("news", "b");

        TestStream stream = server.get("/sse").lastEventId(a).stream();

        assertThat(stream).received("b").hasNoGap();
    }

    @Test
    void severalTopicsHaveOnePosition() {
        TestWebSocket ws = server.webSocket("/both");
        ws.texts();
        publish("news", "a");
        publish("sport", "b");
        List<JsonNode> heard = ws.json(JsonNode.class);
        String joined = heard.get(1).path("payload").path("position").stringValue();
        publish("news", "c");

        TestStream stream = server.get("/sse/both").lastEventId(joined).stream();
        TestWebSocket one = server.webSocket("/ws");
        subscribe(one, "news", joined, 1);

        assertThat(joined).contains("~");
        assertThat(stream).received("c").hasNoGap();
        assertThat(types(one)).containsExactly("resumed", "publication");
        ws.ignoreRest();
    }

    @Test
    void eventNamesAreKept() {
        TestWebSocket ws = server.webSocket("/ws");
        subscribe(ws, "news", null, 1);
        ws.texts();

        topics.topic("news").publish(Draft.of("a").event("flash"));
        server.run();

        assertThat(ws.json(JsonNode.class).get(0).path("payload").path("event").stringValue())
                .isEqualTo("flash");
    }
}
