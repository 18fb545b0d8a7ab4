package dev.parley.signaling;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.OriginPolicy;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.TestClient;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestPeer;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestStream;
import dev.parley.testkit.TestWebSocket;
import dev.parley.websocket.RateLimit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Peers that send what is wrong, too much, or nothing: they are told, or sent away, and the others hear none of it. */
@Timeout(120)
class HostilePeersTest {
    private static final String SDP = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    private static final RateLimit UNLIMITED = new RateLimit(1_000_000, 1L << 40);

    private @Nullable TestServer server;
    private @Nullable SignalingEndpoint endpoint;

    private TestServer serve(Protocol protocol, UnaryOperator<SignalingEndpoint.Builder> settings) {
        TestServer made = TestServer.builder(clock -> {
                    SignalingEndpoint signaling = settings.apply(
                                    SignalingEndpoint.builder().clock(clock))
                            .build();
                    endpoint = signaling;
                    return Routes.builder()
                            .any("/signal", signaling)
                            .any("/peerjs/*", signaling.peerJs())
                            .any("/y-webrtc", signaling.yWebRtc())
                            .origins(OriginPolicy.of("https://call.example"))
                            .build();
                })
                .protocol(protocol)
                .build();
        server = made;
        return made;
    }

    private TestServer serve(UnaryOperator<SignalingEndpoint.Builder> settings) {
        return serve(Protocol.HTTP_1_1, settings);
    }

    private TestServer serve() {
        return serve(settings -> settings);
    }

    private SignalingStatistics statistics() {
        return Objects.requireNonNull(endpoint).statistics();
    }

    private static TestPeer join(TestServer server, String name) {
        return TestPeer.join(server, "/signal", "team", name);
    }

    private static TestPeer connect(TestServer server) {
        return TestPeer.connect(server, "/signal");
    }

    /** The codes of the errors that a peer was told, which was told nothing else. */
    private static List<String> errors(TestPeer peer) {
        return peer.signals().stream()
                .map(signal -> signal instanceof ServerSignal.Failure failure ? failure.code() : signal.toString())
                .toList();
    }

    private static void ignore(TestPeer... peers) {
        for (TestPeer peer : peers) {
            peer.webSocket().ignoreRest();
        }
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    // ---- messages that are wrong

    static Stream<Arguments> wrongMessages() {
        String deep = "[".repeat(40) + "]".repeat(40);
        String offer = "\"type\":\"offer\",\"payload\":{\"to\":\"$ann\",\"sdp\":";
        String candidate = "{\"type\":\"candidate\",\"payload\":{\"to\":\"$ann\",\"candidate\":";
        String valid = "\"candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host\"";
        return Stream.of(
                wrong("nothing", "", "invalid_json"),
                wrong("half an object", "{\"type\":\"leave\"", "invalid_json"),
                wrong("two objects", "{\"type\":\"leave\"}{\"type\":\"leave\"}", "invalid_json"),
                wrong("an array", "[{\"type\":\"leave\"}]", "invalid_json"),
                wrong("null", "null", "invalid_json"),
                wrong(
                        "a member twice",
                        "{\"type\":\"message\",\"type\":\"leave\",\"payload\":{\"data\":1}}",
                        "invalid_json"),
                wrong("a member of data twice", message("{\"a\":1,\"a\":2}"), "invalid_json"),
                wrong("too many levels", message(deep), "invalid_json"),
                wrong("a number of 2,000 digits", message("1".repeat(2000)), "invalid_json"),
                wrong("a name of 60,000 characters", message("{\"" + "a".repeat(60_000) + "\":1}"), "invalid_json"),
                wrong("NaN", message("NaN"), "invalid_json"),
                wrong("a comment", "{/*x*/\"type\":\"leave\"}", "invalid_json"),
                wrong("no type", "{\"payload\":{}}", "invalid_message"),
                wrong("a type that is a number", "{\"type\":1}", "invalid_message"),
                wrong("an id that is an object", "{\"type\":\"leave\",\"id\":{}}", "invalid_message"),
                wrong("an id that is a fraction", "{\"type\":\"leave\",\"id\":1.5}", "invalid_message"),
                wrong("an id beyond 64 bits", "{\"type\":\"leave\",\"id\":9223372036854775808}", "invalid_message"),
                wrong("a long id", "{\"type\":\"leave\",\"id\":\"" + "i".repeat(129) + "\"}", "invalid_message"),
                wrong(
                        "a type that only the server has",
                        "{\"type\":\"peer-left\",\"payload\":{\"peer\":\"$ann\"}}",
                        "unknown_type"),
                wrong("a type in capitals", "{\"type\":\"LEAVE\"}", "unknown_type"),
                wrong(
                        "an offer without a description",
                        "{\"type\":\"offer\",\"payload\":{\"to\":\"$ann\"}}",
                        "invalid_payload"),
                wrong("an offer to nobody", "{\"type\":\"offer\",\"payload\":{\"sdp\":\"v=0\"}}", "invalid_payload"),
                wrong("a payload that is an array", "{\"type\":\"offer\",\"payload\":[]}", "invalid_payload"),
                wrong("an empty description", "{" + offer + "\"\"}}", "invalid_payload"),
                wrong("a description that is a number", "{" + offer + "7}}", "invalid_payload"),
                wrong("a negative generation", "{" + offer + "\"v=0\",\"generation\":-1}}", "invalid_payload"),
                wrong("a generation with a fraction", "{" + offer + "\"v=0\",\"generation\":0.5}}", "invalid_payload"),
                wrong("a huge generation", "{" + offer + "\"v=0\",\"generation\":1e999999999}}", "invalid_payload"),
                wrong(
                        "a generation beyond 31 bits",
                        "{" + offer + "\"v=0\",\"generation\":2147483648}}",
                        "invalid_payload"),
                wrong("a description that is none", "{" + offer + "\"<script>\"}}", "invalid_sdp"),
                wrong("a description with NUL", "{" + offer + "\"v=0\\r\\no=\\u0000\\r\\n\"}}", "invalid_sdp"),
                wrong("half a description", "{" + offer + "\"v=0\\r\\no=- 1\"}}", "invalid_sdp"),
                wrong("half a surrogate pair in it", "{" + offer + "\"v=0\\r\\no=\\ud800\\r\\n\"}}", "invalid_sdp"),
                wrong(
                        "a description of 70 KB",
                        "{" + offer + "\"v=0\\r\\n" + "a=b\\r\\n".repeat(14_000) + "\"}}",
                        "too_large"),
                wrong(
                        "a long line in it",
                        "{" + offer + "\"v=0\\r\\no=" + "x".repeat(9000) + "\\r\\n\"}}",
                        "too_large"),
                wrong("a candidate that is none", candidate + "\"candidate:x\"}}", "invalid_candidate"),
                wrong("a candidate of 2 KB", candidate + "\"candidate:" + "1".repeat(2048) + "\"}}", "too_large"),
                wrong("a candidate of no section", candidate + valid + ",\"sdpMid\":\"a b\"}}", "invalid_candidate"),
                wrong("a section that can't be", candidate + valid + ",\"sdpMLineIndex\":65536}}", "invalid_payload"),
                wrong("a short fragment", candidate + valid + ",\"usernameFragment\":\"a\"}}", "invalid_candidate"),
                wrong("an unknown target", "{\"type\":\"restart\",\"payload\":{\"to\":\"nobody\"}}", "unknown_peer"),
                wrong("itself", "{\"type\":\"restart\",\"payload\":{\"to\":\"$self\"}}", "unknown_peer"),
                wrong(
                        "a message to nobody",
                        "{\"type\":\"message\",\"payload\":{\"to\":\"nobody\",\"data\":1}}",
                        "unknown_peer"),
                wrong("a message without data", "{\"type\":\"message\",\"payload\":{}}", "invalid_payload"),
                wrong("a message of 17 KB", message("\"" + "x".repeat(17 * 1024) + "\""), "too_large"),
                wrong("a name with a line break", update("name", "\"a\\nb\""), "invalid_payload"),
                wrong("a name that turns text round", update("name", "\"a\\u202eb\""), "invalid_payload"),
                wrong("a name with half a pair", update("name", "\"\\udc00\""), "invalid_payload"),
                wrong("a long name", update("name", "\"" + "n".repeat(65) + "\""), "invalid_payload"),
                wrong("metadata that is an array", update("metadata", "[]"), "invalid_payload"),
                wrong("metadata of 5 KB", update("metadata", "{\"a\":\"" + "x".repeat(5000) + "\"}"), "too_large"),
                wrong("an exponent beyond all limits", update("metadata", "{\"a\":1e99999999999}"), "invalid_json"),
                wrong("to join again", "{\"type\":\"join\",\"payload\":{\"room\":\"other\"}}", "already_joined"),
                wrong(
                        "to resume",
                        "{\"type\":\"resume\",\"payload\":{\"session\":\"x\",\"seen\":0}}",
                        "already_joined"),
                wrong(
                        "to lock what it does not own",
                        "{\"type\":\"update-room\",\"payload\":{\"locked\":true}}",
                        "not_allowed"),
                wrong("to evict the owner", "{\"type\":\"evict\",\"payload\":{\"peer\":\"$ann\"}}", "not_allowed"),
                wrong("to admit", "{\"type\":\"admit\",\"payload\":{\"peer\":\"$ann\"}}", "not_allowed"),
                wrong("to close the room", "{\"type\":\"close-room\"}", "not_allowed"));
    }

    private static Arguments wrong(String name, String message, String code) {
        return Arguments.argumentSet(name, message, code);
    }

    private static String message(String data) {
        return "{\"type\":\"message\",\"payload\":{\"data\":" + data + "}}";
    }

    private static String update(String member, String value) {
        return "{\"type\":\"update\",\"payload\":{\"" + member + "\":" + value + "}}";
    }

    @ParameterizedTest
    @MethodSource("wrongMessages")
    void whatIsWrongIsAnsweredAndReachesNobody(String text, String code) {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer mallory = join(parley, "Mallory");
        ann.signals();

        mallory.webSocket().send(text.replace("$ann", ann.id()).replace("$self", mallory.id()));

        assertThat(errors(mallory)).containsExactly(code);
        assertThat(ann.signals()).isEmpty();
        assertThat(statistics()).isEqualTo(new SignalingStatistics(1, 2, 0, 1, 0));
        mallory.send("offer", Map.of("to", ann.id(), "sdp", SDP));
        assertThat(ann.signals()).containsExactly(new ServerSignal.Offer(mallory.id(), SDP, 0));
    }

    @Test
    void whatIsNoTextOfAnyUseEndsTheConnectionOnly() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer mallory = join(parley, "Mallory");
        mallory.signals();
        ann.signals();

        mallory.webSocket().send("x".repeat(1 << 18));

        assertThat(mallory.webSocket()).closedWith(1009);
        assertThat(ann.signals()).isEmpty();
        mallory.resume();
        assertThat(mallory.welcome().resumed()).isTrue();
    }

    @Test
    void whoItComesFromIsForTheServerToSay() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        TestPeer mallory = join(parley, "Mallory");
        ann.signals();
        bob.signals();

        mallory.webSocket()
                .send("{\"type\":\"message\",\"from\":\"" + bob.id() + "\",\"seq\":99,\"payload\":{\"to\":\"" + ann.id()
                        + "\",\"from\":\"" + bob.id() + "\",\"data\":1}}");

        assertThat(ann.signals())
                .containsExactly(new ServerSignal.Message(
                        mallory.id(), JsonMapper.shared().valueToTree(1)));
        assertThat(errors(mallory)).isEmpty();
        ignore(bob);
    }

    @Test
    void textThatIsHalfACharacterArrivesAsTextStill() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer mallory = join(parley, "Mallory");
        ann.signals();

        mallory.webSocket().send(message("\"a\\ud800b\""));

        assertThat(ann.signals())
                .containsExactly(new ServerSignal.Message(
                        mallory.id(), JsonMapper.shared().valueToTree("a?b")));
        mallory.signals();
    }

    // ---- too much

    @Test
    void aStormOfCandidatesIsStoppedThenSentAway() {
        TestServer parley = serve(settings -> settings.maxCandidates(10).rateLimit(UNLIMITED));
        TestPeer ann = join(parley, "Ann");
        TestPeer mallory = join(parley, "Mallory");
        String id = mallory.id();
        ann.signals();
        Map<String, Object> candidate = Map.of("to", ann.id(), "candidate", "");

        IntStream.range(0, 1010).forEach(i -> mallory.send("candidate", candidate));
        assertThat(ann.signals()).hasSize(10).allMatch(ServerSignal.Candidate.class::isInstance);
        assertThat(errors(mallory)).hasSize(1000).allMatch("too_many"::equals);
        mallory.send("candidate", candidate);

        assertThat(mallory.signals()).containsExactly(new ServerSignal.Left(LeaveReason.EVICTED, "too many signals"));
        assertThat(mallory.webSocket()).closedWith(4000, "too many signals");
        assertThat(ann.signals()).containsExactly(new ServerSignal.PeerLeft(id, LeaveReason.EVICTED));
        assertThat(statistics().peers()).isEqualTo(1);
    }

    @Test
    void aStormIsNoCalmerForWhatIsAllowedInBetween() {
        TestServer parley = serve(settings -> settings.maxCandidates(10).rateLimit(UNLIMITED));
        TestPeer ann = join(parley, "Ann");
        TestPeer mallory = join(parley, "Mallory");
        Map<String, Object> candidate = Map.of("to", ann.id(), "candidate", "");
        Map<String, Object> message = Map.of("data", "calm");

        IntStream.range(0, 1010).forEach(i -> mallory.send("candidate", candidate));
        mallory.send("message", message);
        mallory.signals();
        mallory.send("candidate", candidate);

        assertThat(mallory.signals()).containsExactly(new ServerSignal.Left(LeaveReason.EVICTED, "too many signals"));
        assertThat(mallory.webSocket()).closedWith(4000, "too many signals");
        assertThat(ann.signals()).last().isInstanceOf(ServerSignal.PeerLeft.class);
    }

    @Test
    void whoIsOverTheLimitNowAndThenIsOnlyToldSo() {
        TestServer parley = serve(settings -> settings.maxCandidates(10).rateLimit(UNLIMITED));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        Map<String, Object> candidate = Map.of("to", ann.id(), "candidate", "");

        for (int minute = 0; minute < 3; minute++) {
            IntStream.range(0, 1010).forEach(i -> bob.send("candidate", candidate));
            assertThat(errors(bob)).hasSize(1000);
            assertThat(ann.signals())
                    .filteredOn(ServerSignal.Candidate.class::isInstance)
                    .hasSize(10);
            parley.advance(Duration.ofMinutes(1));
        }

        assertThat(bob.webSocket()).isOpen();
    }

    @Test
    void whoStopsWhenToldMaySendAgainLater() {
        TestServer parley = serve(settings -> settings.maxCandidates(10));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();
        Map<String, Object> candidate = Map.of("to", ann.id(), "candidate", "");
        IntStream.range(0, 11).forEach(i -> bob.send("candidate", candidate));
        assertThat(errors(bob)).containsExactly("too_many");

        parley.advance(Duration.ofSeconds(6));
        bob.send("candidate", candidate);

        assertThat(ann.signals()).hasSize(11);
        assertThat(errors(bob)).isEmpty();
    }

    @Test
    void whatIsWrongCountsForTheConnectionToo() {
        TestServer parley = serve(settings -> settings.rateLimit(new RateLimit(10, 1024)));
        TestPeer ann = join(parley, "Ann");
        TestPeer mallory = join(parley, "Mallory");
        String id = mallory.id();
        ann.signals();

        IntStream.range(0, 100).forEach(i -> mallory.webSocket().frame(TestFrame.text("nonsense")));

        assertThat(mallory.webSocket().closeReason().orElseThrow().code()).isEqualTo(1008);
        ignore(mallory);
        assertThat(ann.signals()).isEmpty();
        parley.advance(Duration.ofSeconds(16));
        assertThat(ann.signals()).containsExactly(new ServerSignal.PeerLeft(id, LeaveReason.LOST));
    }

    // ---- on the way in

    @Test
    void whatComesBeforeJoinIsRefusedAndFiveTimesIsEnough() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer mallory = connect(parley);

        mallory.send("offer", Map.of("to", ann.id(), "sdp", SDP));
        mallory.send("ack", Map.of("seq", 1));
        mallory.send("leave", Map.of());
        mallory.send("close-room", Map.of());
        assertThat(errors(mallory)).containsExactly("not_joined", "not_joined", "not_joined", "not_joined");
        mallory.webSocket().send("{");

        assertThat(errors(mallory)).containsExactly("invalid_json");
        assertThat(mallory.webSocket()).closedWith(1008, "too many attempts");
        assertThat(ann.signals()).isEmpty();
    }

    @Test
    void sessionsAreNotGuessed() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        String session = ann.welcome().session();
        TestPeer mallory = connect(parley);

        for (String guess :
                List.of("x", session.substring(1), session + "A", session.toLowerCase(Locale.ROOT) + "0", ann.id())) {
            mallory.send("resume", Map.of("session", guess, "seen", 0));
        }

        assertThat(errors(mallory)).hasSize(5).allMatch("unknown_session"::equals);
        assertThat(mallory.webSocket()).closedWith(1008, "too many attempts");
        assertThat(ann.webSocket()).isOpen();
    }

    @Test
    void aNameOfARoomIsCheckedAsOthersAre() {
        TestServer parley = serve();
        TestPeer mallory = connect(parley);

        mallory.send("join", Map.of("room", ""));
        mallory.send("join", Map.of("room", "r".repeat(129)));
        mallory.send("join", Map.of("room", "a\u0007b"));
        mallory.send("join", Map.of("room", "peerjs/peerjs"));
        assertThat(errors(mallory))
                .containsExactly("invalid_payload", "invalid_payload", "invalid_payload", "not_allowed");
        mallory.send("join", Map.of("room", "team", "name", "Mallory"));

        assertThat(mallory.welcome().room().name()).isEqualTo("team");
        assertThat(statistics().rooms()).isEqualTo(1);
    }

    @Test
    void whoNeverJoinsIsSentAwayInTime() {
        TestServer parley = serve(settings -> settings.joinTimeout(Duration.ofSeconds(10)));
        TestPeer silent = connect(parley);

        parley.advance(Duration.ofMillis(9_900));
        assertThat(silent.webSocket()).isOpen();
        parley.advance(Duration.ofMillis(300));

        assertThat(silent.webSocket()).closedWith(1008, "not in a room in time");
    }

    @Test
    void aFullOrLockedRoomTakesNobodyAndKeepsNothingOfWhoTried() {
        TestServer parley = serve(settings -> settings.maxPeers(2));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        TestPeer mallory = join(parley, "Mallory");
        assertThat(errors(mallory)).containsExactly("room_full");
        bob.send("leave", Map.of());
        assertThat(bob.signals()).hasSize(1);
        assertThat(bob.webSocket()).closedWith(1000);
        ann.send("update-room", Map.of("locked", true));
        mallory.send("join", Map.of("room", "team", "name", "Mallory"));
        assertThat(errors(mallory)).containsExactly("room_locked");

        assertThat(statistics().peers()).isEqualTo(1);
        ann.send("update-room", Map.of("locked", false));
        mallory.send("join", Map.of("room", "team", "name", "Mallory"));
        assertThat(mallory.present()).containsExactly("Ann");
        assertThat(ann.present()).containsExactly("Mallory");
    }

    @Test
    void theLastPlaceIsGivenBackWithWhoeverHadIt() {
        TestServer parley = serve(settings -> settings.maxRooms(2).maxPeersInAll(3));
        TestPeer ann = TestPeer.join(parley, "/signal", "a", "Ann");
        TestPeer bob = TestPeer.join(parley, "/signal", "b", "Bob");
        TestPeer mallory = TestPeer.join(parley, "/signal", "c", "Mallory");
        assertThat(errors(mallory)).containsExactly("too_many"); // rooms
        mallory.send("join", Map.of("room", "a"));
        assertThat(mallory.present()).containsExactly("Ann");
        TestPeer eve = TestPeer.join(parley, "/signal", "a", "Eve");
        assertThat(errors(eve)).containsExactly("too_many"); // peers
        assertThat(parley.get("/peerjs/peerjs?key=k&id=x&token=t").webSocket())
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"Server has reached its concurrent user limit\"}}")
                .closedWith(1000);
        TestWebSocket notes = parley.webSocket("/y-webrtc").send("{\"type\":\"subscribe\",\"topics\":[\"t\"]}");
        assertThat(statistics().peers()).isEqualTo(3);

        bob.cut();
        parley.advance(Duration.ofSeconds(16));
        assertThat(statistics())
                .extracting(SignalingStatistics::rooms, SignalingStatistics::peers)
                .containsExactly(1, 2);
        TestPeer dan = TestPeer.join(parley, "/signal", "d", "Dan");
        assertThat(dan.present()).isEmpty();
        assertThat(notes).closedWith(1008); // in no room in time
        ignore(ann, bob, mallory, eve, dan);
    }

    @Test
    void aLargeRoomClosesWithOneMessageForEach() {
        TestServer parley = serve(settings -> settings.maxPeers(100));
        List<TestPeer> peers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            peers.add(join(parley, "peer " + i));
        }
        peers.forEach(TestPeer::signals);

        peers.get(0).send("close-room", Map.of());

        for (TestPeer peer : peers) {
            assertThat(peer.signals()).containsExactly(new ServerSignal.Left(LeaveReason.CLOSED, ""));
            assertThat(peer.webSocket()).closedWith(4000);
        }
        assertThat(statistics().peers()).isZero();
        assertThat(statistics().keptBytes()).isZero();
    }

    @Test
    void metadataOfTooManyValuesIsRefused() {
        TestServer parley = serve(settings -> settings);
        TestPeer ann = join(parley, "Ann");
        ann.signals();
        ann.send("update", Map.of("metadata", Map.of("many", Collections.nCopies(300, Map.of()))));
        assertThat(errors(ann)).containsExactly("too_large");
    }

    // ---- policies and listeners

    private void failsAsItShould(RoomPolicy policy) {
        TestServer parley = serve(settings -> settings.policy(policy));
        TestPeer ann = join(parley, "Ann");
        assertThat(errors(ann)).containsExactly("failed");
        assertThat(ann.webSocket()).isOpen();
        assertThat(statistics()).isEqualTo(new SignalingStatistics(0, 0, 0, 1, 0));
    }

    @Test
    void aPolicyThatThrowsLetsNobodyIn() {
        failsAsItShould(wish -> {
            throw new IllegalStateException("no database");
        });
    }

    @Test
    void aPolicyThatFailsLaterLetsNobodyIn() {
        failsAsItShould(wish -> CompletableFuture.failedStage(new IllegalStateException("no database")));
    }

    @Test
    void aPolicyThatDecidesNothingLetsNobodyIn() {
        failsAsItShould(wish -> CompletableFuture.completedFuture(null));
    }

    @Test
    @SuppressWarnings("NullAway") // what Java lets a policy do
    void aPolicyThatAnswersNothingLetsNobodyIn() {
        failsAsItShould(wish -> null);
    }

    @Test
    void aPolicyThatNeverDecidesKeepsNobodyForLong() {
        List<CompletableFuture<Admission>> decisions = new ArrayList<>();
        TestServer parley = serve(settings -> settings.policy(wish -> {
            decisions.add(new CompletableFuture<>());
            return decisions.get(0);
        }));
        TestPeer ann = join(parley, "Ann");
        ann.send("join", Map.of("room", "team"));
        assertThat(errors(ann)).containsExactly("not_joined");

        parley.advance(Duration.ofSeconds(11));
        assertThat(ann.webSocket()).closedWith(1008);
        decisions.get(0).complete(Admission.accept());
        parley.run();

        assertThat(decisions).hasSize(1);
        assertThat(statistics().peers()).isZero();
        assertThat(statistics().rooms()).isZero();
    }

    @Test
    void whoIsGoneWhenThePolicyDecidesIsNotThere() {
        CompletableFuture<Admission> decision = new CompletableFuture<>();
        TestServer parley = serve(settings -> settings.policy(
                wish -> wish.name().equals("Ann") ? CompletableFuture.completedFuture(Admission.accept()) : decision));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");

        bob.cut();
        decision.complete(Admission.accept());

        assertThat(ann.signals()).isEmpty();
        assertThat(statistics().peers()).isEqualTo(1);
    }

    @Test
    void aPolicyThatThrowsOverASignalStopsThatSignalOnly() {
        TestServer parley = serve(settings -> settings.policy(new RoomPolicy() {
            @Override
            public CompletionStage<Admission> join(JoinRequest wish) {
                return CompletableFuture.completedFuture(Admission.accept());
            }

            @Override
            public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
                throw new IllegalStateException("no database");
            }
        }));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        bob.send("offer", Map.of("to", ann.id(), "sdp", SDP));
        assertThat(errors(bob)).containsExactly("failed");
        bob.send("update", Map.of("name", "Robert"));
        assertThat(ann.signals()).hasSize(1);
        assertThat(ann.present()).containsExactly("Robert");
        ignore(bob);
    }

    // ---- policies that take their time

    /** A policy of which the test decides who may say what to whom, when it likes. */
    private static final class Undecided implements RoomPolicy {
        private final Map<String, CompletableFuture<Boolean>> decisions = new HashMap<>();
        int asked;

        @Override
        public CompletionStage<Admission> join(JoinRequest wish) {
            return CompletableFuture.completedFuture(Admission.accept());
        }

        @Override
        public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
            return decision(asked++ + " " + from.name() + " to " + to.name());
        }

        private CompletableFuture<Boolean> decision(String question) {
            return decisions.computeIfAbsent(question, asks -> new CompletableFuture<>());
        }

        void decide(String question, boolean may) {
            decision(question).complete(may);
        }

        void decideAll() {
            decisions.values().forEach(decision -> decision.complete(true));
        }
    }

    @Test
    void whatIsNotDecidedOnHoldsBackWhatComesBehindIt() {
        Undecided policy = new Undecided();
        TestServer parley = serve(settings -> settings.policy(policy));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        bob.send("message", Map.of("to", ann.id(), "data", 1));
        bob.send("update", Map.of("name", "Robert"));
        bob.send("message", Map.of("to", ann.id(), "data", 2));
        bob.send("message", Map.of("to", ann.id(), "data", 3));
        bob.send("message", Map.of("to", "nobody", "data", 4));
        bob.webSocket().send("no JSON");
        assertThat(policy.asked).isEqualTo(1);
        policy.decide("1 Robert to Anna", false);
        policy.decide("2 Robert to Anna", true);
        assertThat(ann.signals()).isEmpty();
        assertThat(errors(bob)).isEmpty();
        ann.send("update", Map.of("name", "Anna")); // nobody else waits
        assertThat(bob.present()).containsExactly("Anna");

        policy.decide("0 Bob to Ann", true);
        // Behind what is new about both, and in order.
        assertThat(errors(bob)).hasSize(5).endsWith("not_allowed", "unknown_peer", "invalid_json");
        assertThat(said(ann)).containsExactly("own", "1", "Robert", "3");
        bob.send("leave", Map.of());
        ignore(bob);
        ignore(ann);
    }

    @Test
    void whatWasSaidBeforeOneLeftArrives() {
        Undecided policy = new Undecided();
        TestServer parley = serve(settings -> settings.policy(policy));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        bob.send("message", Map.of("data", "bye"));
        bob.send("leave", Map.of());
        assertThat(ann.signals()).isEmpty();
        policy.decide("0 Bob to Ann", true);

        assertThat(said(ann)).containsExactly("\"bye\"", "left");
        ignore(bob);
    }

    @Test
    void whatIsNeverDecidedOnFailsInTime() {
        Undecided policy = new Undecided();
        TestServer parley = serve(settings -> settings.policy(policy).decisionTimeout(Duration.ofSeconds(4)));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        bob.send("message", Map.of("to", ann.id(), "data", 1));
        bob.send("message", Map.of("to", ann.id(), "data", 2));
        policy.decide("1 Bob to Ann", true);
        parley.advance(Duration.ofSeconds(3));
        assertThat(errors(bob)).isEmpty();
        parley.advance(Duration.ofSeconds(2));

        assertThat(errors(bob)).containsExactly("failed");
        assertThat(said(ann)).containsExactly("2");
        assertThat(statistics().keptBytes()).isZero();
        ignore(bob);
    }

    @Test
    void noMoreThanABoundWaitsForADecision() {
        Undecided policy = new Undecided();
        TestServer parley = serve(settings -> settings.policy(policy).maxKept(10, 1 << 20));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        IntStream.range(0, 13).forEach(i -> bob.send("message", Map.of("to", ann.id(), "data", i)));
        assertThat(errors(bob)).containsExactly("too_many", "too_many");
        assertThat(policy.asked).isEqualTo(1);
        assertThat(statistics().keptBytes()).isPositive();
        bob.send("leave", Map.of()); // which is never too much
        IntStream.range(0, 11).forEach(i -> policy.decide(i + " Bob to Ann", true));

        assertThat(said(ann)).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "left");
        assertThat(statistics().keptBytes()).isLessThan(2000); // what Ann has not confirmed
        ignore(bob);
    }

    @Test
    void whoLeavesIsNotHeldUpByManyDecisionsThatNeverCome() {
        Undecided policy = new Undecided();
        TestServer parley = serve(settings -> settings.policy(policy));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        IntStream.range(0, 100).forEach(i -> bob.send("message", Map.of("data", i)));
        bob.send("leave", Map.of());
        parley.advance(Duration.ofSeconds(4));
        assertThat(said(ann)).isEmpty();
        parley.advance(Duration.ofSeconds(3));

        assertThat(said(ann)).containsExactly("left");
        assertThat(policy.asked).isEqualTo(1);
        assertThat(statistics().peers()).isEqualTo(1);
        ignore(bob);
    }

    @Test
    void whatWaitsOfOneThatIsGoneIsForgotten() {
        Undecided policy = new Undecided();
        TestServer parley = serve(settings -> settings.policy(policy));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();
        long before = statistics().keptBytes();

        IntStream.range(0, 10).forEach(i -> bob.send("message", Map.of("data", i)));
        assertThat(statistics().keptBytes()).isGreaterThan(before);
        Room room = Objects.requireNonNull(endpoint).room("team").orElseThrow();
        room.peer(bob.id()).orElseThrow().evict("enough");
        policy.decideAll();

        assertThat(said(ann)).containsExactly("evicted");
        assertThat(policy.asked).isEqualTo(1);
        room.close("");
        assertThat(statistics().keptBytes()).isZero();
        ignore(bob);
        ignore(ann);
    }

    @Test
    void whoTakesUpItsSessionIsHeardInOrder() {
        Undecided policy = new Undecided();
        TestServer parley = serve(settings -> settings.policy(policy));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();

        bob.send("message", Map.of("data", 1));
        bob.send("message", Map.of("data", 2));
        bob.cut();
        bob.resume();
        bob.send("message", Map.of("data", 3));
        IntStream.range(0, 3).forEach(i -> policy.decide(i + " Bob to Ann", true));

        assertThat(said(ann)).containsExactly("1", "2", "3");
        ignore(bob);
    }

    @Test
    void oneDecisionThatFailsCostsTheOthersNothing() {
        TestServer parley = serve(settings -> settings.policy(new RoomPolicy() {
            @Override
            public CompletionStage<Admission> join(JoinRequest wish) {
                return CompletableFuture.completedFuture(Admission.accept());
            }

            @Override
            public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
                return to.name().equals("Ann")
                        ? CompletableFuture.failedFuture(new IllegalStateException("no database"))
                        : CompletableFuture.completedFuture(true);
            }
        }));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        TestPeer carl = join(parley, "Carl");
        ann.signals();
        bob.signals();

        carl.send("message", Map.of("data", 1));
        carl.send("message", Map.of("to", ann.id(), "data", 2));

        assertThat(said(bob)).containsExactly("1");
        assertThat(ann.signals()).isEmpty();
        assertThat(errors(carl)).containsExactly("failed");
    }

    @Test
    void theTimeForADecisionIsShorterThanAPageWaits() {
        for (Duration wrong : List.of(Duration.ofSeconds(9), Duration.ZERO)) {
            assertThatThrownBy(() -> SignalingEndpoint.builder().decisionTimeout(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("decisionTimeout: " + wrong + " (expected: more than 0, up to 8 s)");
        }
    }

    private static List<String> said(TestPeer peer) {
        return peer.signals().stream().map(HostilePeersTest::said).toList();
    }

    private static String said(ServerSignal signal) {
        if (signal instanceof ServerSignal.Message message) {
            return String.valueOf(message.data());
        }
        if (signal instanceof ServerSignal.PeerUpdated updated) {
            return updated.peer().name().equals("Anna") ? "own" : updated.peer().name();
        }
        return signal instanceof ServerSignal.PeerLeft left ? SignalFormat.word(left.reason()) : signal.toString();
    }

    @Test
    void aListenerThatThrowsChangesNothing() {
        List<String> heard = new ArrayList<>();
        TestServer parley = serve(settings -> settings.listener(new RoomListener() {
            @Override
            public void created(Room room) {
                heard.add("created " + room.name());
                throw new IllegalStateException("created");
            }

            @Override
            public void joined(Peer peer) {
                heard.add("joined " + peer.name());
                throw new IllegalStateException("joined");
            }

            @Override
            public void left(Peer peer, LeaveReason reason) {
                heard.add("left " + peer.name() + " " + reason);
                throw new AssertionError("left");
            }

            @Override
            public void closed(Room room) {
                heard.add("closed " + room.name());
                throw new IllegalStateException("closed");
            }
        }));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        assertThat(ann.present()).containsExactly("Bob");
        ann.send("leave", Map.of());
        assertThat(bob.present()).isEmpty();
        bob.cut();
        parley.advance(Duration.ofSeconds(16));

        assertThat(heard)
                .containsExactly(
                        "created team", "joined Ann", "joined Bob", "left Ann LEFT", "left Bob LOST", "closed team");
        assertThat(statistics()).isEqualTo(new SignalingStatistics(0, 0, 0, 0, 0));
        ignore(ann, bob);
    }

    // ---- connections that die

    @Test
    void aHalfOpenConnectionIsFoundOutAndItsPeerIsLost() {
        TestServer parley =
                serve(settings -> settings.keepAlive(Duration.ofSeconds(15)).grace(Duration.ofSeconds(15)));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        String id = bob.id();
        ann.signals();
        bob.webSocket().ignorePings().ignoreClose();
        Room room = Objects.requireNonNull(endpoint).room("team").orElseThrow();

        parley.advance(Duration.ofSeconds(29));
        assertThat(room.peers()).allMatch(Peer::isConnected);
        // A ping and the end of its time are up to a quarter late, and 5 s are for the answer to the close frame.
        parley.advance(Duration.ofSeconds(14));
        assertThat(room.peer(id).orElseThrow().isConnected()).isFalse();
        assertThat(ann.signals()).isEmpty();
        parley.advance(Duration.ofSeconds(16));

        assertThat(ann.signals()).containsExactly(new ServerSignal.PeerLeft(id, LeaveReason.LOST));
        ignore(bob);
    }

    @Test
    void aSecondConnectionOfASessionSendsTheFirstAwayAndNobodyElseKnows() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        ann.signals();
        bob.welcome();
        TestWebSocket first = bob.webSocket();

        bob.resume();
        assertThat(bob.welcome().resumed()).isTrue();

        assertThat(first).closedWith(4001);
        assertThat(ann.signals()).isEmpty();
        ann.send("offer", Map.of("to", bob.id(), "sdp", SDP));
        assertThat(bob.signals()).hasSize(1);
    }

    @Test
    void morePerPeerIsNotKeptThanIsSetAndThenAllIsToldAnew() {
        TestServer parley = serve(settings -> settings.maxKept(3, 100_000));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        bob.signals();
        bob.cut();

        IntStream.range(0, 4).forEach(i -> ann.send("message", Map.of("to", bob.id(), "data", i)));
        bob.resume();

        assertThat(bob.welcome().resumed()).isFalse();
        assertThat(bob.present()).containsExactly("Ann");
        assertThat(bob.signals()).isEmpty();
        ann.signals();
        assertThat(statistics().keptBytes()).isZero();
    }

    @Test
    void noMoreIsKeptInAllThanIsSetAndItIsGivenBack() {
        TestServer parley = serve(settings -> settings.maxKeptBytesInAll(10_000));
        TestPeer ann = join(parley, "Ann");
        TestPeer greedy = join(parley, "Greedy").ignoreAcks();
        TestPeer bob = join(parley, "Bob");
        ann.signals();
        greedy.signals();
        bob.signals();
        String filler = "x".repeat(1000);

        IntStream.range(0, 50).forEach(i -> {
            ann.send("message", Map.of("to", greedy.id(), "data", filler));
            assertThat(statistics().keptBytes()).isLessThanOrEqualTo(10_000);
        });
        greedy.signals();
        bob.cut();
        ann.send("message", Map.of("to", bob.id(), "data", 1));
        bob.resume();

        assertThat(bob.welcome()).isNotNull();
        assertThat(greedy.webSocket()).isOpen();
        greedy.send("leave", Map.of());
        bob.signals();
        ann.signals();
        assertThat(statistics().keptBytes()).isZero();
        ignore(greedy, bob, ann);
    }

    // ---- without WebSocket

    private static TestRequest post(TestServer server, Object body) {
        return server.post("/signal").header("Accept", "text/event-stream").json(body);
    }

    private static Map<String, Object> joining(String name) {
        return Map.of("type", "join", "payload", Map.of("room", "team", "name", name));
    }

    private static List<JsonNode> told(TestStream stream) {
        return stream.events().stream()
                .map(ServerSentEvent::data)
                .map(JsonMapper.shared()::readTree)
                .toList();
    }

    private static List<String> types(TestStream stream) {
        return told(stream).stream()
                .map(message -> message.path("type").stringValue())
                .toList();
    }

    @Test
    void peersWithoutWebSocketAreInTheSameRooms() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestStream bob = post(parley, joining("Bob")).stream();
        assertThat(bob.status()).isEqualTo(200);
        JsonNode welcome = told(bob).get(0).path("payload");
        String session = welcome.path("session").stringValue();
        assertThat(ann.present()).containsExactly("Bob");
        ann.signals();

        assertThat(parley.post("/signal")
                        .header("Parley-Session", session)
                        .json(Map.of("type", "offer", "payload", Map.of("to", ann.id(), "sdp", SDP)))
                        .send())
                .hasStatus(204);
        ann.send("message", Map.of("to", welcome.path("peer").stringValue(), "data", "a\nb"));

        assertThat(ann.signals())
                .containsExactly(new ServerSignal.Offer(welcome.path("peer").stringValue(), SDP, 0));
        assertThat(told(bob).get(0).path("payload").path("data").stringValue()).isEqualTo("a\nb");
        bob.ignoreRest();
    }

    /** What is written to a connection that is gone without a word fails after minutes only. */
    @Test
    void aPeerThatIsSilentBehindAnEventStreamIsAskedAndThenAway() {
        TestServer parley = serve(settings -> settings.keepAlive(Duration.ofSeconds(10)));
        TestPeer ann = join(parley, "Ann");
        TestStream bob = post(parley, joining("Bob")).stream();
        String session = told(bob).get(0).path("payload").path("session").stringValue();
        ann.signals();

        for (int i = 0; i < 3; i++) {
            parley.advance(Duration.ofSeconds(11));
            assertThat(types(bob)).containsExactly("ping");
            assertThat(parley.post("/signal")
                            .header("Parley-Session", session)
                            .json(Map.of("type", "ack", "payload", Map.of("seq", 0)))
                            .send())
                    .hasStatus(204);
            parley.advance(Duration.ofSeconds(10));
            assertThat(types(bob)).isEmpty();
        }
        parley.advance(Duration.ofSeconds(11));
        assertThat(types(bob)).containsExactly("ping");
        assertThat(bob.isComplete()).isFalse();
        parley.advance(Duration.ofSeconds(11));

        assertThat(bob.isComplete()).isTrue();
        assertThat(ann.present()).containsExactly("Bob");
        parley.advance(Duration.ofSeconds(16));
        assertThat(ann.signals())
                .last()
                .isInstanceOfSatisfying(
                        ServerSignal.PeerLeft.class,
                        left -> assertThat(left.reason()).isEqualTo(LeaveReason.LOST));
    }

    @Test
    void aSessionThatIsWrongOrOfAWebSocketSaysNothingByPost() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        Object leave = Map.of("type", "leave");

        for (String session : List.of("x", "", ann.welcome().session())) {
            assertThat(parley.post("/signal")
                            .header("Parley-Session", session)
                            .json(leave)
                            .send())
                    .isProblem(404);
        }
        assertThat(ann.webSocket()).isOpen();
    }

    @Test
    void whatIsWrongAtFirstEndsTheEventStream() {
        TestServer parley = serve();
        for (Object first : List.of(
                Map.of("type", "leave"), Map.of("type", "resume", "payload", Map.of("session", "x", "seen", 0)))) {
            TestStream stream = post(parley, first).stream();
            assertThat(types(stream)).containsExactly("error");
            assertThat(stream.isComplete()).isTrue();
        }
        assertThat(statistics().peers()).isZero();
    }

    @Test
    void aBodyThatIsTooLongIsRefusedBeforeItIsRead() {
        TestServer parley = serve();
        assertThat(post(parley, Map.of("type", "join", "payload", "x".repeat(1 << 18)))
                        .send())
                .hasStatus(413);
    }

    @Test
    void pagesOfOtherOriginsDoNotGetIn() {
        TestServer parley = serve();
        assertThat(post(parley, joining("Mallory"))
                        .header("Origin", "https://mallory.example")
                        .send())
                .hasStatus(403);
        assertThat(parley.get("/signal")
                        .header("Origin", "https://mallory.example")
                        .webSocketHandshake()
                        .send())
                .hasStatus(403);
        assertThat(statistics().peers()).isZero();
    }

    @Test
    void aStreamThatBreaksGoesOnWhereItWas() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestStream bob = post(parley, joining("Bob")).stream();
        JsonNode welcome = told(bob).get(0).path("payload");
        ann.signals();

        bob.cut();
        ann.send("offer", Map.of("to", welcome.path("peer").stringValue(), "sdp", SDP));
        parley.advance(Duration.ofSeconds(5));
        TestStream again = post(
                parley,
                Map.of(
                        "type",
                        "resume",
                        "payload",
                        Map.of(
                                "session",
                                welcome.path("session").stringValue(),
                                "seen",
                                welcome.path("seq").longValue(0))))
                .stream();

        assertThat(types(again)).containsExactly("welcome", "offer");
        assertThat(ann.signals()).isEmpty();
        again.cut();
        parley.advance(Duration.ofSeconds(16));
        assertThat(ann.present()).isEmpty();
        ann.signals();
    }

    // ---- many

    @Test
    void fiveThousandPeersThatDieAtOnceAreGoneWhenTheirTimeIsOverAndNobodyElse() {
        int rooms = 2_500;
        TestServer parley = serve(Protocol.HTTP_2, settings -> settings);
        List<TestClient> dying = new ArrayList<>(); // each with a connection of 100 WebSockets
        List<TestPeer> staying = new ArrayList<>();
        for (int i = 0; i < 2 * rooms; i++) {
            if (i % 100 == 0) {
                dying.add(parley.client());
            }
            TestWebSocket webSocket = dying.get(i / 100).webSocket("/signal");
            webSocket.sendJson("join", Map.of("room", "room " + i / 2, "name", i % 2 == 0 ? "x" : "y"));
            webSocket.ignoreRest();
            if (i % 200 == 199) {
                staying.add(TestPeer.join(parley, "/signal", "room " + i / 2, "z"));
            }
        }
        staying.forEach(peer -> assertThat(peer.present()).containsExactly("x", "y"));
        assertThat(statistics().rooms()).isEqualTo(rooms);
        assertThat(statistics().peers()).isEqualTo(2 * rooms + staying.size());
        assertThat(statistics().keptBytes()).isPositive();

        dying.forEach(TestClient::cut);
        parley.advance(Duration.ofSeconds(14));
        staying.forEach(peer -> assertThat(peer.signals()).isEmpty());
        assertThat(statistics().peers()).isEqualTo(2 * rooms + staying.size());

        parley.advance(Duration.ofSeconds(2));
        staying.forEach(peer -> {
            assertThat(peer.present()).isEmpty();
            assertThat(peer.signals().stream().filter(ServerSignal.PeerLeft.class::isInstance))
                    .extracting(signal -> ((ServerSignal.PeerLeft) signal).reason())
                    .containsExactly(LeaveReason.LOST, LeaveReason.LOST);
        });
        assertThat(statistics().rooms()).isEqualTo(staying.size());
        assertThat(statistics().peers()).isEqualTo(staying.size());
        staying.get(0).send("leave", Map.of());
        staying.subList(1, staying.size()).forEach(TestPeer::cut);
        parley.advance(Duration.ofSeconds(16));
        assertThat(statistics()).isEqualTo(new SignalingStatistics(0, 0, 0, 0, 0));
        ignore(staying.get(0));
    }
}
