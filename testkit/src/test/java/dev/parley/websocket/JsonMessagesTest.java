package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.topic.Draft;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Typed messages: what is taken, what is answered, and what is said of what is wrong. */
class JsonMessagesTest {
    record Login(String user, int age) {}

    record Welcome(String greeting) {}

    record Say(String text) {}

    sealed interface Move permits Step, Turn, Jump {}

    record Step(int far) implements Move {}

    sealed interface Turn extends Move permits Left {}

    record Left() implements Turn {}

    @JsonTypeName("leap")
    record Jump(int high) implements Move {}

    record Unwritable(String text) {
        @Override
        public String text() {
            throw new IllegalStateException("secret");
        }
    }

    private @Nullable TestServer server;

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    private TestWebSocket open(WebSocketEndpoint.Builder endpoint) {
        return open(Protocol.HTTP_1_1, endpoint);
    }

    private TestWebSocket open(Protocol protocol, WebSocketEndpoint.Builder endpoint) {
        server = TestServer.builder(
                        Routes.builder().get("/ws", endpoint.build()).build())
                .protocol(protocol)
                .build();
        return server.webSocket("/ws");
    }

    private static WebSocketEndpoint.Builder login() {
        return WebSocketEndpoint.json()
                .on("login", Login.class, (connection, login) -> new Welcome("hello " + login.user()));
    }

    // ---- replies

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void aReturnedValueIsTheReplyWithTheSameId(Protocol protocol) {
        TestWebSocket ws = open(protocol, login());

        ws.send("{\"type\":\"login\",\"id\":7,\"payload\":{\"user\":\"小麦\",\"age\":23}}");

        assertThat(ws).received("{\"type\":\"reply\",\"id\":7,\"payload\":{\"greeting\":\"hello 小麦\"}}");
    }

    @Test
    void messagesMayComeInPieces() {
        TestWebSocket ws = open(login()).pieceBytes(1);

        ws.sendJson("login", new Login("小麦", 23), 7);

        assertThat(ws).receivedJson("reply", new Welcome("hello 小麦"), 7);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            1
            -9223372036854775808
            "a"
            ""
            "\\u0000\\"é"
            """)
    void anIdComesBackAsItWas(String id) {
        TestWebSocket ws = open(WebSocketEndpoint.json().on("ping", connection -> 1));

        ws.send("{\"id\":" + id + ",\"type\":\"ping\"}");

        assertThat(ws).receivedJson("{\"type\":\"reply\",\"id\":" + id + ",\"payload\":1}");
    }

    @Test
    void withoutAnIdTheReplyHasNone() {
        TestWebSocket ws = open(login());

        ws.sendJson("login", new Login("Ann", 23));
        ws.send("{\"type\":\"login\",\"id\":null,\"payload\":{\"user\":\"Bob\",\"age\":24}}");

        assertThat(ws)
                .received(
                        "{\"type\":\"reply\",\"payload\":{\"greeting\":\"hello Ann\"}}",
                        "{\"type\":\"reply\",\"payload\":{\"greeting\":\"hello Bob\"}}");
    }

    @Test
    void aReplyMayHaveATypeOfItsOwn() {
        TestWebSocket ws = open(WebSocketEndpoint.json().on("now", connection -> Reply.of("time", "noon")));

        ws.sendJson("now", null, 1);

        assertThat(ws).received("{\"type\":\"time\",\"id\":1,\"payload\":\"noon\"}");
    }

    @Test
    void noReplyIsNone() {
        TestWebSocket ws = open(WebSocketEndpoint.json().on("say", Say.class, (connection, say) -> Reply.none()));

        ws.sendJson("say", new Say("x"), 1);

        assertThat(ws).receivedNothing().isOpen();
    }

    @Test
    void nothingIsTheReplyToWhoGaveAnId() {
        TestWebSocket ws = open(WebSocketEndpoint.json().on("do", connection -> null));

        ws.sendJson("do", null);
        assertThat(ws).receivedNothing();

        ws.sendJson("do", null, 1);
        assertThat(ws).received("{\"type\":\"reply\",\"id\":1}");
    }

    @Test
    void aStageIsAwaitedWhileOthersAreAnswered() {
        CompletableFuture<String> slow = new CompletableFuture<>();
        TestWebSocket ws =
                open(WebSocketEndpoint.json().on("slow", connection -> slow).on("quick", connection -> "quick"));

        ws.sendJson("slow", null, 1);
        ws.sendJson("quick", null, 2);
        assertThat(ws).receivedJson("reply", "quick", 2).receivedNothing();

        slow.complete("slow");
        assertThat(ws).receivedJson("reply", "slow", 1);
    }

    @Test
    void atMostSoManyStagesAreAwaited() {
        Queue<CompletableFuture<String>> slow = new ArrayDeque<>();
        TestWebSocket ws = open(WebSocketEndpoint.json().maxRequests(2).on("slow", connection -> {
            CompletableFuture<String> stage = new CompletableFuture<>();
            slow.add(stage);
            return stage;
        }));

        ws.sendJson("slow", null, 1);
        ws.sendJson("slow", null, 2);
        ws.sendJson("slow", null, 3);
        assertThat(ws)
                .received("{\"type\":\"error\",\"id\":3,\"payload\":"
                        + "{\"code\":\"too_many\",\"message\":\"open requests (expected: at most 2)\"}}");
        assertThat(slow).hasSize(2);

        slow.remove().complete("a");
        ws.sendJson("slow", null, 4);
        assertThat(ws).receivedJson("reply", "a", 1).receivedNothing();
    }

    // ---- sets

    @Test
    void theRecordsOfASealedInterfaceAreASetOfMessages() {
        TestWebSocket ws = open(WebSocketEndpoint.json().on(Move.class, (connection, move) -> move.toString()));

        ws.sendJson("step", Map.of("far", 2), 1);
        ws.send("{\"type\":\"left\",\"id\":2}");
        ws.sendJson("leap", Map.of("high", 3), 3);
        ws.send("{\"type\":\"step\",\"id\":4}");

        assertThat(ws)
                .receivedJson("reply", "Step[far=2]", 1)
                .receivedJson("reply", "Left[]", 2)
                .receivedJson("reply", "Jump[high=3]", 3)
                .receivedJson(
                        "error",
                        Map.of(
                                "code",
                                "invalid_payload",
                                "message",
                                "payload.far: missing (expected: a whole number of 32 bits)"),
                        4);
    }

    interface Open {}

    record Foreign() implements Open {}

    sealed interface Mixed permits NoRecord {}

    static final class NoRecord implements Mixed {}

    @Test
    void aSetIsASealedInterfaceOfRecords() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WebSocketEndpoint.json().on(Open.class, (connection, message) -> null))
                .withMessageEndingWith("Open (expected: a sealed interface of records)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WebSocketEndpoint.json().on(Mixed.class, (connection, message) -> null))
                .withMessageEndingWith("NoRecord (expected: a record, or a sealed interface of records)");
    }

    // ---- what is wrong

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {                             |   | invalid_json    | line 1, column 2: not taken (expected: one JSON object, each name once)
            []                            |   | invalid_json    | message: not taken (expected: a JSON object)
            {"type":"login","type":"x"}   |   | invalid_json    | line 1, column 23: not taken (expected: one JSON object, each name once)
            {}                            |   | invalid_message | type: missing (expected: a text)
            {"type":7}                    |   | invalid_message | type: no text (expected: a text)
            {"type":null,"id":1}          |   | invalid_message | type: no text (expected: a text)
            {"type":"login","id":1.5}     |   | invalid_message | id: not taken (expected: a whole number of 64 bits, or a text of at most 128 characters that does not begin with parley:)
            {"type":"login","id":{}}      |   | invalid_message | id: not taken (expected: a whole number of 64 bits, or a text of at most 128 characters that does not begin with parley:)
            {"type":"login","id":99999999999999999999} | | invalid_message | id: not taken (expected: a whole number of 64 bits, or a text of at most 128 characters that does not begin with parley:)
            {"type":"login","id":"parley:1"} | | invalid_message | id: not taken (expected: a whole number of 64 bits, or a text of at most 128 characters that does not begin with parley:)
            {"type":"x","id":1}           | 1 | unknown_type    | type: "x" (expected: a type that is taken here)
            {"type":"Login","id":1}       | 1 | unknown_type    | type: "Login" (expected: a type that is taken here)
            {"type":"subscribe","id":1}   | 1 | unknown_type    | type: "subscribe" (expected: a type that is taken here)
            {"type":"publish","id":1}     | 1 | unknown_type    | type: "publish" (expected: a type that is taken here)
            {"type":"login","id":"a"}     | "a" | invalid_payload | payload.user: missing (expected: a text)
            {"type":"login","payload":{"user":"A"}} | | invalid_payload | payload.age: missing (expected: a whole number of 32 bits)
            """)
    void whatIsWrongIsAnsweredAndClosesNothing(String sent, @Nullable String id, String code, String message) {
        TestWebSocket ws = open(login());

        ws.send(sent);

        assertThat(ws)
                .received("{\"type\":\"error\"," + (id == null ? "" : "\"id\":" + id + ",") + "\"payload\":{\"code\":\""
                        + code + "\",\"message\":\"" + message.replace("\"", "\\\"") + "\"}}");
        ws.sendJson("login", new Login("Ann", 3), 9);
        assertThat(ws).receivedJson("reply", new Welcome("hello Ann"), 9);
    }

    @Test
    void aListenerThatFailsIsToldToTheApplicationAlone() {
        List<Throwable> failures = new ArrayList<>();
        RuntimeException secret = new IllegalStateException("secret");
        TestWebSocket ws = open(WebSocketEndpoint.json()
                .on("fail", connection -> {
                    throw secret;
                })
                .on(
                        "failLater",
                        connection -> CompletableFuture.supplyAsync(
                                () -> {
                                    throw secret;
                                },
                                Runnable::run))
                .on("noJson", connection -> new Unwritable("x"))
                .onError((connection, failure) -> failures.add(failure)));
        Map<String, String> failed = Map.of("code", "failed", "message", "something failed");

        ws.sendJson("fail", null, 1);
        ws.sendJson("failLater", null, 2);
        ws.sendJson("noJson", null, 3);

        assertThat(ws)
                .receivedJson("error", failed, 1)
                .receivedJson("error", failed, 2)
                .receivedJson("error", failed, 3)
                .isOpen();
        assertThat(failures).hasSize(3).startsWith(secret, secret);
    }

    @Test
    void aListenerMaySayItselfWhatIsWrong() {
        TestWebSocket ws = open(WebSocketEndpoint.json()
                .on("join", connection -> {
                    throw new MessageException("room_full", "come back later");
                })
                .on(
                        "joinLater",
                        connection ->
                                CompletableFuture.failedStage(new MessageException("room_full", "come back later")))
                .on("topic", connection -> Topics.inMemory().topic("")));
        Map<String, String> full = Map.of("code", "room_full", "message", "come back later");

        ws.sendJson("join", null, 1);
        ws.sendJson("joinLater", null, 2);
        ws.sendJson("topic", null, 3);

        assertThat(ws)
                .receivedJson("error", full, 1)
                .receivedJson("error", full, 2)
                .receivedJson("error", Map.of("code", "unknown_topic", "message", "there is no such topic"), 3)
                .isOpen();
    }

    @Test
    void rubbishIsBoundedByTheRate() {
        TestWebSocket ws = open(login().rateLimit(new RateLimit(1, 1_000_000)));

        for (int i = 0; i < 10; i++) {
            ws.send("{}");
        }
        ws.frame(TestFrame.text("{}"));

        assertThat(ws.texts()).hasSize(10);
        assertThat(ws).closedWith(1008);
    }

    @Test
    void aMessageThatIsTooLongCloses() {
        TestWebSocket ws = open(login().maxMessageBytes(100));

        ws.frame(TestFrame.text("{\"type\":\"" + "x".repeat(100) + "\"}"));

        assertThat(ws).closedWith(1009);
    }

    @Test
    void binaryMessagesAreForWhoListensToThem() {
        TestWebSocket ws = open(login());

        ws.frame(TestFrame.binary(new byte[] {1}));

        assertThat(ws).closedWith(1003);
    }

    @Test
    void binaryMessagesMayBeListenedToBeside() {
        TestWebSocket ws = open(login().onBinary((connection, bytes) -> connection.send(bytes.retain())));

        ws.send(new byte[] {1});

        assertThat(ws).received(new byte[] {1});
    }

    // ---- where listeners are called

    @Test
    void anExecutorRunsListenersOneAtATime() {
        Queue<Runnable> tasks = new ArrayDeque<>();
        TestWebSocket ws = open(login().blocking(tasks::add));
        ws.sendJson("login", new Login("Ann", 1), 1);
        ws.sendJson("login", new Login("Bob", 1), 2);
        assertThat(ws).receivedNothing();
        assertThat(tasks).hasSize(1);

        while (!tasks.isEmpty()) {
            tasks.remove().run();
            server().run();
        }

        assertThat(ws)
                .receivedJson("reply", new Welcome("hello Ann"), 1)
                .receivedJson("reply", new Welcome("hello Bob"), 2);
    }

    private TestServer server() {
        return Objects.requireNonNull(server);
    }

    // ---- the sample

    @Test
    void theSampleIsTrue() {
        Topics topics = Topics.inMemory();
        Topic room = topics.topic("room");
        List<String> left = new ArrayList<>();
        WebSocketEndpoint.Builder chat = WebSocketEndpoint.json()
                .on("login", Login.class, (connection, login) -> new Welcome("hello " + login.user()))
                .on("say", Say.class, (connection, say) -> {
                    room.publish(say.text());
                    return Reply.none();
                })
                .onOpen(connection -> connection.subscribe(room))
                .onClose((connection, reason) -> left.add(connection + " left: " + reason.code()))
                .maxMessageBytes(64 * 1024);
        TestWebSocket ws = open(chat);
        String epoch = ws.json(JsonNode.class)
                .get(0)
                .path("payload")
                .path("position")
                .stringValue()
                .replaceAll("-.*", "");

        ws.sendJson("login", new Login("小麦", 23), 1);
        ws.sendJson("say", new Say("hi"));

        assertThat(ws)
                .receivedJson("reply", new Welcome("hello 小麦"), 1)
                .received("{\"type\":\"publication\",\"payload\":{\"topic\":\"room\",\"position\":\"" + epoch
                        + "-1\",\"data\":\"hi\"}}");
        ws.close();
        assertThat(left).hasSize(1).first().asString().endsWith("left: 1005");
        topics.close();
    }

    @Test
    void publicationsHaveTheirEventAndTheirBytes() {
        Topics topics = Topics.inMemory();
        Topic room = topics.topic("room");
        TestWebSocket ws = open(WebSocketEndpoint.json().onOpen(connection -> connection.subscribe(room)));
        ws.texts();

        String at = room.publish(Draft.ofBytes(new byte[] {1, 2, 3}).event("raw"))
                .toCompletableFuture()
                .join()
                .toString();
        server().run();

        assertThat(ws)
                .received("{\"type\":\"publication\",\"payload\":{\"topic\":\"room\",\"position\":\"" + at
                        + "\",\"event\":\"raw\",\"base64\":\"AQID\"}}");
        server().close();
        topics.close();
    }

    // ---- how it is built

    @Test
    void whatContradictsItselfIsRefused() {
        WebSocketEndpoint.Builder plain = WebSocketEndpoint.builder();

        assertThatIllegalStateException()
                .isThrownBy(() -> plain.on("login", Login.class, (connection, login) -> null))
                .withMessage("on (expected: WebSocketEndpoint.json())");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> login().onText((connection, text) -> {}).build())
                .withMessage("onText (expected: not with JSON messages, as each text is one: on(type, …))");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> login().on("login", connection -> null))
                .withMessage("type: \"login\" twice (expected: one listener for each)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> login().on("error", connection -> null))
                .withMessageStartingWith("type: \"error\" (expected: not empty, and none of the protocol's own");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> login().maxRequests(0))
                .withMessage("maxRequests: 0 (expected: > 0)");
    }

    @Test
    void aPlainConnectionHasNoRequests() {
        List<WebSocketConnection> opened = new ArrayList<>();
        open(WebSocketEndpoint.builder().onOpen(connection -> {
            opened.add(connection);
        }));

        assertThatIllegalStateException()
                .isThrownBy(() -> opened.get(0).request("x", null, String.class, Duration.ofSeconds(1)))
                .withMessage("request: x (expected: an endpoint of JSON messages)");
    }
}
