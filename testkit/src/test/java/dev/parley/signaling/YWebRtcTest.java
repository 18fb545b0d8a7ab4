package dev.parley.signaling;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Routes;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.websocket.RateLimit;
import dev.parley.websocket.codec.CloseReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of y-webrtc, over the wire. */
@NullUnmarked
class YWebRtcTest {
    private static final String PING = "{\"type\":\"ping\"}";
    private static final String PONG = "{\"type\":\"pong\"}";
    private static final String NOT_THE_PROTOCOL = "not the protocol of y-webrtc";

    private TestServer server;
    private SignalingEndpoint endpoint;
    private final List<TestWebSocket> opened = new ArrayList<>();

    private void serve(UnaryOperator<SignalingEndpoint.Builder> settings, int pieceBytes) {
        server = TestServer.builder(clock -> {
                    endpoint = settings.apply(SignalingEndpoint.builder().clock(clock))
                            .build();
                    return Routes.builder().any("/y-webrtc", endpoint.yWebRtc()).build();
                })
                .pieceBytes(pieceBytes)
                .build();
    }

    private void serve(UnaryOperator<SignalingEndpoint.Builder> settings) {
        serve(settings, Integer.MAX_VALUE);
    }

    private void serve() {
        serve(settings -> settings);
    }

    private TestWebSocket open(String... topics) {
        TestWebSocket client = server.webSocket("/y-webrtc");
        opened.add(client);
        return topics.length == 0 ? client : client.send(subscribe(topics));
    }

    private static String topics(String type, String... topics) {
        return "{\"type\":\"" + type + "\",\"topics\":[\"" + String.join("\",\"", topics) + "\"]}";
    }

    private static String subscribe(String... topics) {
        return topics("subscribe", topics);
    }

    private static String publish(String topic, String data) {
        return "{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"data\":" + data + "}";
    }

    private static String published(String topic, String data, int clients) {
        return "{\"type\":\"publish\",\"topic\":\"" + topic + "\",\"data\":" + data + ",\"clients\":" + clients + "}";
    }

    /** Whatever happened, it leaves nothing behind: nobody who is gone is waited for. */
    @AfterEach
    void nothingIsLeft() {
        if (server == null) {
            return;
        }
        opened.forEach(client -> {
            client.ignoreRest();
            client.cut();
        });
        server.run();
        assertThat(endpoint.statistics().peers()).isZero();
        assertThat(endpoint.statistics().rooms()).isZero();
        assertThat(endpoint.statistics().keptBytes()).isZero();
        server.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, Integer.MAX_VALUE})
    void whatOnePublishesAllSubscribersGetItselfIncluded(int pieceBytes) {
        serve(settings -> settings, pieceBytes);
        TestWebSocket ann = open("doc", "notes");
        TestWebSocket bob = open("doc");
        TestWebSocket eve = open("notes");

        ann.send(publish("doc", "{\"type\":\"announce\",\"from\":\"5a\"}"));

        String announced = published("doc", "{\"type\":\"announce\",\"from\":\"5a\"}", 2);
        assertThat(ann).received(announced);
        assertThat(bob).received(announced);
        assertThat(eve).receivedNothing();
        assertThat(endpoint.statistics().relayed()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"gJ3Qq0s7=+/\"",
                "{\"type\":\"signal\",\"from\":\"a\",\"to\":\"b\",\"token\":1700000000.250,\"signal\":{\"type\":\"offer\",\"sdp\":\"no sdp\"}}",
                "null",
                "[1e400,[],{\"\":\"\\\"\"}]",
            })
    void nobodyLooksIntoWhatIsPublished(String data) {
        serve();
        TestWebSocket ann = open("doc");

        ann.send(publish("doc", data));

        String[] received = ann.texts().toArray(String[]::new);
        assertThat(received).hasSize(1);
        assertThat(received[0].replace("1E+400", "1e400")).isEqualTo(published("doc", data, 1));
    }

    @Test
    void howManyThereAreIsTheServersWord() {
        serve();
        TestWebSocket ann = open("doc");

        ann.send("{\"type\":\"publish\",\"clients\":99,\"topic\":\"doc\",\"extra\":true}");

        assertThat(ann).received("{\"type\":\"publish\",\"clients\":1,\"topic\":\"doc\",\"extra\":true}");
    }

    @Test
    void pingsAreAnswered() {
        serve();

        assertThat(open().send(PING).send(PING)).received(PONG, PONG);
    }

    @Test
    void whoUnsubscribesHearsNoMoreAndAnEmptyTopicIsGone() {
        serve();
        TestWebSocket ann = open("doc", "notes");
        TestWebSocket bob = open("doc");
        assertThat(endpoint.rooms()).hasSize(2);

        ann.send(topics("unsubscribe", "notes", "doc", "never"));
        bob.send(publish("doc", "1"));

        assertThat(bob).received(published("doc", "1", 1));
        assertThat(ann).receivedNothing().isOpen();
        assertThat(endpoint.rooms()).extracting(Room::name).containsExactly("y-webrtc/doc");
        ann.send(subscribe("doc")).send(publish("doc", "2"));
        assertThat(bob).received(published("doc", "2", 2));
        assertThat(ann).received(published("doc", "2", 2));
    }

    @Test
    void whoIsGoneIsNotCountedAndNotWaitedFor() {
        serve();
        TestWebSocket ann = open("doc");
        TestWebSocket bob = open("doc", "notes");

        bob.cut();
        ann.send(publish("doc", "1"));

        assertThat(ann).received(published("doc", "1", 1));
        assertThat(endpoint.statistics().peers()).isEqualTo(1);
        ann.close();
        assertThat(ann).closedWith(CloseReason.NO_STATUS);
        assertThat(endpoint.statistics().rooms()).isZero();
    }

    @Test
    void whoDidNotSubscribePublishesToNobody() {
        serve();
        TestWebSocket ann = open("doc");

        TestWebSocket eve = open().send(publish("doc", "1")).send("{\"type\":\"publish\",\"topic\":7}");

        assertThat(eve).receivedNothing().isOpen();
        assertThat(ann).receivedNothing();
    }

    @Test
    void toSubscribeTwiceIsToSubscribe() {
        serve();
        TestWebSocket ann = open("doc", "doc").send(subscribe("doc")).send(publish("doc", "1"));

        assertThat(ann).received(published("doc", "1", 1));
        assertThat(endpoint.statistics().peers()).isEqualTo(1);
    }

    @Test
    void whatIsNoTopicIsLeftOut() {
        serve();
        TestWebSocket ann = open().send(
                        "{\"type\":\"subscribe\",\"topics\":[1,null,\"\",[\"x\"],{\"a\":\"y\"},\"doc\"]}")
                .send("{\"type\":\"subscribe\",\"topics\":\"notes\"}")
                .send("{\"type\":\"subscribe\"}")
                .send("{\"type\":\"unsubscribe\",\"topics\":[1]}")
                .send(PING);

        assertThat(ann).received(PONG);
        assertThat(endpoint.rooms()).extracting(Room::name).containsExactly("y-webrtc/doc");
    }

    @Test
    void oneConnectionHas64TopicsAtMost() {
        serve();
        String[] topics = IntStream.range(0, 64).mapToObj(i -> "doc" + i).toArray(String[]::new);
        TestWebSocket ann = open(topics).send(subscribe(topics)).send(PING);
        assertThat(ann).received(PONG);
        assertThat(endpoint.statistics().peers()).isEqualTo(64);
        ann.send(topics("unsubscribe", "doc0")).send(subscribe("other")).send(PING);
        assertThat(ann).received(PONG);

        ann.send(subscribe("one-more"));

        assertThat(ann).closedWith(CloseReason.POLICY, NOT_THE_PROTOCOL);
        assertThat(endpoint.statistics().peers()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "7",
                "{}",
                "{\"type\":\"subscribe\",\"topics\":[\"a\\u0000b\"]}",
                "{\"type\":\"subscribe\",\"topics\":[\"a\\u202eb\"]}",
                "{\"type\":\"subscribe\",\"type\":\"ping\"}",
                "{\"type\":1}",
                "{\"type\":\"shout\"}",
            })
    void whatIsNotTheProtocolClosesTheConnection(String text) {
        serve();
        TestWebSocket bob = open("doc");
        TestWebSocket ann = open("doc").send(text);

        assertThat(ann).closedWith(CloseReason.POLICY, NOT_THE_PROTOCOL);
        assertThat(bob).isOpen();
        assertThat(endpoint.statistics().refused()).isEqualTo(1);
        assertThat(endpoint.statistics().peers()).isEqualTo(1);
    }

    @Test
    void topicsAreBounded() {
        serve();
        int most = 128 - "y-webrtc/".length();
        assertThat(open("t".repeat(most)).send(PING)).received(PONG);

        assertThat(open("t".repeat(most + 1))).closedWith(CloseReason.POLICY, NOT_THE_PROTOCOL);
    }

    @Test
    void pagesOfOtherOriginsMayNotConnect() {
        serve();

        assertThat(server.get("/y-webrtc")
                        .webSocketHandshake()
                        .header("Origin", "https://evil.example")
                        .send())
                .isProblem(403);
    }

    // ---- who may come

    @Test
    void thePolicyIsAskedForEachTopic() {
        List<String> asked = new ArrayList<>();
        serve(settings -> settings.policy(wish -> {
            asked.add(wish.room() + wish.name() + wish.token().orElse("") + " " + wish.createsRoom());
            return CompletableFuture.completedStage(
                    wish.room().endsWith("secret") ? Admission.refuse("no") : Admission.accept());
        }));
        TestWebSocket ann = open("doc", "secret");
        TestWebSocket bob = open("doc");

        ann.send(publish("secret", "1")).send(publish("doc", "2"));

        assertThat(ann).received(published("doc", "2", 2));
        assertThat(bob).received(published("doc", "2", 2));
        assertThat(asked).containsExactly("y-webrtc/doc true", "y-webrtc/secret true", "y-webrtc/doc false");
        assertThat(endpoint.statistics().rooms()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "fails", "gives null", "knocks", "has no room", "has no place"})
    void whoMayNotComeHearsNothing(String why) {
        serve(settings -> settings.maxRooms(why.equals("has no room") ? 1 : 9)
                .maxPeersInAll(why.equals("has no place") ? 1 : 9)
                .policy(wish -> switch (wish.createsRoom() && wish.room().endsWith("doc") ? "" : why) {
                    case "throws" -> throw new IllegalStateException("down");
                    case "fails" -> CompletableFuture.failedStage(new IllegalStateException("down"));
                    case "gives null" -> CompletableFuture.completedStage(null);
                    case "knocks" -> CompletableFuture.completedStage(Admission.knock());
                    default -> CompletableFuture.completedStage(Admission.accept());
                }));
        TestWebSocket ann = open("doc");
        TestWebSocket bob = open("notes").send(publish("notes", "1")).send(PING);

        assertThat(bob).received(PONG).isOpen();
        assertThat(ann).receivedNothing();
        assertThat(endpoint.statistics().peers()).isEqualTo(1);
        assertThat(endpoint.statistics().rooms()).isEqualTo(1);
        assertThat(endpoint.statistics().refused()).isEqualTo(1);
    }

    @Test
    void whatIsPublishedBeforeThePolicyHasDecidedWaits() {
        List<CompletableFuture<Admission>> decisions = new ArrayList<>();
        serve(settings -> settings.policy(wish -> {
            CompletableFuture<Admission> decision = new CompletableFuture<>();
            decisions.add(decision);
            return decision;
        }));
        TestWebSocket ann = open("doc", "notes").send(publish("notes", "1")).send(PING);
        TestWebSocket gone = open("doc");
        assertThat(ann).receivedNothing();

        decisions.get(0).complete(Admission.accept());
        assertThat(ann).receivedNothing();
        gone.cut();
        decisions.get(2).complete(Admission.accept());
        decisions.get(1).complete(Admission.accept());

        assertThat(ann).received(published("notes", "1", 1), PONG);
        assertThat(endpoint.statistics().peers()).isEqualTo(2);
    }

    @Test
    void whoMayNotSpeakToSomebodyIsNotHeardByIt() {
        serve(settings -> settings.policy(new RoomPolicy() {
            @Override
            public CompletionStage<Admission> join(JoinRequest wish) {
                return CompletableFuture.completedStage(
                        wish.createsRoom()
                                ? Admission.accept()
                                : Admission.accept().rights(new Right[0]));
            }

            @Override
            public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
                return CompletableFuture.completedStage(false);
            }
        }));
        TestWebSocket ann = open("doc").send(publish("doc", "1"));
        TestWebSocket bob = open("doc").send(publish("doc", "2"));

        ann.send(publish("doc", "3"));

        assertThat(ann).received(published("doc", "1", 1), published("doc", "3", 2));
        assertThat(bob).receivedNothing();
    }

    @Test
    void aPolicyMayTakeItsTimeAndWhatIsPublishedStaysInOrder() {
        List<CompletableFuture<Boolean>> asked = new ArrayList<>();
        serve(settings -> settings.policy(new RoomPolicy() {
            @Override
            public CompletionStage<Admission> join(JoinRequest wish) {
                return CompletableFuture.completedStage(Admission.accept());
            }

            @Override
            public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
                CompletableFuture<Boolean> decision = new CompletableFuture<>();
                asked.add(decision);
                return decision;
            }
        }));
        TestWebSocket ann = open("doc");
        TestWebSocket bob = open("doc");

        ann.send(publish("doc", "1")).send(publish("doc", "2")).send(topics("unsubscribe", "doc"));
        assertThat(asked).hasSize(1);
        assertThat(bob).receivedNothing();
        asked.get(0).complete(false);
        assertThat(ann).received(published("doc", "1", 2));
        asked.get(1).complete(true);

        assertThat(ann).received(published("doc", "2", 2));
        assertThat(bob).received(published("doc", "2", 2));
        bob.send(publish("doc", "3"));
        assertThat(bob).received(published("doc", "3", 1));
    }

    @Test
    void theApplicationSendsOneAwayAndItComesBack() {
        serve();
        TestWebSocket ann = open("doc", "notes");

        endpoint.room("y-webrtc/doc").orElseThrow().close("done");

        assertThat(ann).closedWith(Link.GONE, "done");
        assertThat(endpoint.statistics().peers()).isZero();
    }

    // ---- too much

    @Test
    void whoPublishesTooMuchIsNotHeardAndThenSentAway() {
        serve(settings -> settings.maxMessages(2).rateLimit(new RateLimit(1_000_000, 1L << 30)));
        TestWebSocket ann = open("doc");
        TestWebSocket bob = open("doc");

        IntStream.range(0, 5).forEach(i -> ann.send(publish("doc", String.valueOf(i))));

        assertThat(bob).received(published("doc", "0", 2), published("doc", "1", 2));
        assertThat(ann)
                .received(published("doc", "0", 2), published("doc", "1", 2))
                .isOpen();
        server.advance(Duration.ofMinutes(1));
        ann.answerPings();
        bob.send(publish("doc", "5"));
        assertThat(ann).received(published("doc", "5", 2));
        bob.texts();
        for (int i = 0; i < 1_100 && ann.isOpen(); i++) {
            ann.send(publish("doc", "6"));
        }
        assertThat(ann.texts()).hasSize(2);
        assertThat(ann).closedWith(CloseReason.POLICY, "too many messages");
        assertThat(bob.texts()).hasSize(2);
    }

    @Test
    void whoFloodsIsClosed() {
        serve(settings -> settings.rateLimit(new RateLimit(10, 1L << 20)));
        TestWebSocket ann = open();

        for (int i = 0; i < 200 && ann.isOpen(); i++) {
            ann.send(PING);
        }

        assertThat(ann.texts()).hasSize(100);
        assertThat(ann).closedWith(CloseReason.POLICY);
    }

    @Test
    void manyComeAndGoAndNothingIsLeft() {
        serve();
        for (int round = 0; round < 20; round++) {
            String topic = "doc" + round;
            List<TestWebSocket> clients =
                    IntStream.range(0, 10).mapToObj(i -> open(topic)).collect(Collectors.toList());
            clients.get(0).send(publish(topic, "1"));
            assertThat(clients.get(9)).received(published(topic, "1", 10));
            clients.forEach(TestWebSocket::ignoreRest);
            clients.subList(0, 5).forEach(client -> client.send(topics("unsubscribe", topic)));
            clients.subList(5, 10).forEach(TestWebSocket::cut);
        }
        server.run();

        assertThat(endpoint.statistics().rooms()).isZero();
        assertThat(endpoint.statistics().peers()).isZero();
    }

    @Test
    void whoSubscribesToNothingIsSentAway() {
        serve();
        TestWebSocket silent = open();
        server.advance(Duration.ofSeconds(11));
        assertThat(silent).closedWith(CloseReason.POLICY);
    }

    @Test
    void aPolicyThatNeverDecidesKeepsNobodyForLong() {
        serve(settings -> settings.policy(wish -> new CompletableFuture<>()));
        TestWebSocket client = open("notes");
        server.advance(Duration.ofSeconds(11));
        assertThat(client).closedWith(CloseReason.POLICY);
        assertThat(endpoint.statistics().peers()).isZero();
    }

    @Test
    void signedTokensLetInHereAsWell() {
        JoinTokens tokens = JoinTokens.hmac("a secret that has thirty-two bytes or more");
        serve(settings -> settings.policy(tokens));
        String token = tokens.issue(JoinToken.room("y-webrtc/notes"));
        TestWebSocket client = server.webSocket("/y-webrtc?token=" + token).send(subscribe("notes", "others"));
        opened.add(client);
        client.send(publish("notes", "1")).send(publish("others", "1"));
        assertThat(client).received(published("notes", "1", 1));
    }
}
