package dev.parley.signaling;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Endpoints;
import dev.parley.http.Exchange;
import dev.parley.http.Guard.Verdict;
import dev.parley.http.Routes;
import dev.parley.testkit.TestPeer;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.websocket.RateLimit;
import dev.parley.websocket.codec.CloseReason;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of PeerJS, over the wire. */
@NullUnmarked
class PeerJsTest {
    private static final String SDP = "v=0\\r\\no=- 4611731400430051336 2 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\n";
    private static final String HOST = "candidate:1 1 udp 2113937151 192.168.1.7 50000 typ host";
    private static final String RELAY =
            "candidate:2 1 udp 33562367 203.0.113.5 50001 typ relay raddr 198.51.100.7 rport 50002";
    private static final String OPEN = "{\"type\":\"OPEN\"}";

    private TestServer server;
    private SignalingEndpoint endpoint;
    private final List<TestWebSocket> opened = new ArrayList<>();

    private void serve(UnaryOperator<SignalingEndpoint.Builder> settings, int pieceBytes) {
        server = TestServer.builder(clock -> {
                    endpoint = settings.apply(SignalingEndpoint.builder().clock(clock))
                            .build();
                    return Routes.builder()
                            .any("/peerjs/*", endpoint.peerJs())
                            .any("/of/{user}/*", Endpoints.guard(PeerJsTest::user, endpoint.peerJs()))
                            .any("/signal", endpoint)
                            .build();
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

    private static CompletionStage<Verdict> user(Exchange exchange) {
        String name = exchange.path("user");
        return Verdict.allow(() -> name).now();
    }

    private TestWebSocket connect(String query) {
        TestWebSocket client = server.webSocket("/peerjs/peerjs?" + query);
        opened.add(client);
        return client;
    }

    private TestWebSocket connect(String id, String token) {
        return connect("key=peerjs&id=" + id + "&token=" + token + "&version=1.5.5");
    }

    private TestWebSocket open(String id) {
        TestWebSocket client = connect(id, "t-" + id);
        assertThat(client).received(OPEN);
        return client;
    }

    /** Whatever happened, it leaves nothing behind. */
    @AfterEach
    void nothingIsLeft() {
        if (server == null) {
            return;
        }
        opened.forEach(client -> {
            client.ignoreRest();
            client.cut();
        });
        server.advance(Duration.ofSeconds(17));
        assertThat(endpoint.statistics().peers()).isZero();
        assertThat(endpoint.statistics().rooms()).isZero();
        assertThat(endpoint.statistics().keptBytes()).isZero();
        server.close();
    }

    // ---- HTTP

    @Test
    void clientsWithoutAnIdAreGivenOne() {
        serve();

        TestResponse id =
                server.get("/peerjs/peerjs/id?ts=1700000000000.5&version=1.5.5").send();

        assertThat(id).hasStatus(200).hasHeader("Cache-Control", "no-store");
        assertThat(id.header("Content-Type")).hasValue("text/plain; charset=utf-8");
        assertThat(id.text()).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
        assertThat(server.get("/peerjs/peerjs/id").send().text()).isNotEqualTo(id.text());
    }

    @Test
    void theServerSaysWhatItIs() {
        serve();

        assertThat(server.get("/peerjs/").send())
                .hasStatus(200)
                .hasJson("{\"name\":\"PeerJS Server\",\"description\":\"Parley's server for PeerJS clients.\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /peerjs/peerjs/peers, 401",
        "GET, /peerjs/no%20key/id, 404",
        "GET, /peerjs/peerjs/others, 404",
        "GET, /peerjs/peerjs/id/more, 404",
        "GET, /peerjs/elsewhere, 404",
        "POST, /peerjs/peerjs/id, 405",
        "DELETE, /peerjs/peerjs/peers, 405",
    })
    void allElseIsRefused(String method, String path, int status) {
        serve();

        assertThat(server.request(HttpMethod.valueOf(method), path).send()).isProblem(status);
    }

    @Test
    void pagesOfOtherOriginsMayNotConnect() {
        serve();

        assertThat(server.get("/peerjs/peerjs?key=peerjs&id=a&token=t")
                        .webSocketHandshake()
                        .header("Origin", "https://evil.example")
                        .send())
                .isProblem(403);
    }

    // ---- coming and going

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "id=a&token=t                     | No id, token, or key supplied to websocket server",
                "key=peerjs&token=t               | No id, token, or key supplied to websocket server",
                "key=peerjs&id=a                  | No id, token, or key supplied to websocket server",
                "key=&id=a&token=t                | No id, token, or key supplied to websocket server",
                "key=a/b&id=a&token=t             | Invalid key provided",
                "key=a%0Ab&id=a&token=t           | Invalid key provided",
                "key=peerjs&id=-a&token=t         | Invalid id or token provided",
                "key=peerjs&id=a--b&token=t       | Invalid id or token provided",
                "key=peerjs&id=a%0A&token=t       | Invalid id or token provided",
                "key=peerjs&id=%F0%9F%8C%BE&token=t | Invalid id or token provided",
            })
    void whoDoesNotSayWhoItIsIsToldSoAndSentAway(String query, String message) {
        serve();

        TestWebSocket client = connect(query);

        assertThat(client).received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"" + message + "\"}}");
        assertThat(client).closedWith(CloseReason.NORMAL);
        assertThat(endpoint.statistics().refused()).isEqualTo(1);
    }

    @Test
    void idsAndTokensAreBounded() {
        serve();

        open("a".repeat(64));
        assertThat(connect("a".repeat(65), "t"))
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"Invalid id or token provided\"}}")
                .closedWith(CloseReason.NORMAL);
        assertThat(connect("b", "t".repeat(4097)))
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"Invalid id or token provided\"}}")
                .closedWith(CloseReason.NORMAL);
        assertThat(connect("some%20one_else-1", "t".repeat(4096))).received(OPEN);
    }

    @Test
    void anIdThatAnotherHasIsTaken() {
        serve();
        TestWebSocket ann = open("ann");

        assertThat(connect("ann", "another"))
                .received("{\"type\":\"ID-TAKEN\",\"payload\":{\"msg\":\"ID is taken\"}}")
                .closedWith(CloseReason.NORMAL);
        assertThat(ann).isOpen();
        assertThat(connect("key=other&id=ann&token=another")).received(OPEN);
    }

    @Test
    void idsAndTokensAreNotMixedUp() {
        serve();
        assertThat(connect("a%20b", "c")).received(OPEN);
        assertThat(connect("a", "b%20c")).received(OPEN);

        assertThat(endpoint.room("peerjs/peerjs").orElseThrow().peers())
                .extracting(Peer::id)
                .containsExactly("a b", "a");
    }

    @Test
    void theSameClientTakesOverAndIsToldOpenAgain() {
        serve();
        TestWebSocket before = open("ann");
        TestWebSocket bob = open("bob");

        TestWebSocket after = connect("ann", "t-ann");

        assertThat(after).received(OPEN);
        assertThat(before).closedWith(Link.REPLACED);
        bob.send(offer("ann"));
        assertThat(after).received(offered("bob", "ann"));
        after.send(offer("bob"));
        assertThat(bob).received(offered("ann", "bob"));
        assertThat(endpoint.statistics().peers()).isEqualTo(2);
    }

    @Test
    void aTokenIsNotEnoughToBeSomebodyElse() {
        serve();
        String query = "peerjs?key=peerjs&id=phone&token=t";
        TestWebSocket ann = server.webSocket("/of/ann/" + query);
        TestWebSocket eve = server.webSocket("/of/eve/" + query);
        TestWebSocket nobody = server.webSocket("/peerjs/" + query);
        TestWebSocket annAgain = server.webSocket("/of/ann/" + query);
        opened.addAll(List.of(ann, eve, nobody, annAgain));

        for (TestWebSocket other : List.of(eve, nobody)) {
            assertThat(other)
                    .received("{\"type\":\"ID-TAKEN\",\"payload\":{\"msg\":\"ID is taken\"}}")
                    .closedWith(CloseReason.NORMAL);
        }
        assertThat(annAgain).received(OPEN).isOpen();
        assertThat(ann).received(OPEN).closedWith(Link.REPLACED);
    }

    @Test
    void whoseConnectionBrokeComesBackAndHearsWhatWasSaid() {
        serve();
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        ann.cut();
        bob.send(offer("ann")).send(candidate("ann", RELAY));
        server.advance(Duration.ofSeconds(3));
        TestWebSocket again = connect("ann", "t-ann");

        assertThat(again).received(OPEN, offered("bob", "ann"), candidateFrom("bob", "ann", RELAY));
        server.advance(Duration.ofSeconds(10));
        assertThat(bob).receivedNothing();
    }

    @Test
    void whoLeavesThePageFreesItsIdAtOnce() {
        serve();
        TestWebSocket ann = open("ann");

        ann.close(CloseReason.GOING_AWAY, "");

        assertThat(ann).closedWith(CloseReason.GOING_AWAY);
        assertThat(connect("ann", "of-the-next-page")).received(OPEN);
    }

    @Test
    void whoBreaksOffKeepsItsIdForTheGracePeriod() {
        serve();
        open("ann").cut();
        server.advance(Duration.ofSeconds(14));
        assertThat(connect("ann", "another"))
                .received("{\"type\":\"ID-TAKEN\",\"payload\":{\"msg\":\"ID is taken\"}}")
                .closedWith(CloseReason.NORMAL);

        server.advance(Duration.ofSeconds(2));

        assertThat(connect("ann", "another")).received(OPEN);
    }

    @Test
    void whoseConnectionIsFoundDeadKeepsItsIdToo() {
        serve();
        TestWebSocket ann = open("ann").ignorePings();

        server.advance(Duration.ofSeconds(40));

        assertThat(ann).closedWith(CloseReason.GOING_AWAY, "no answer to a ping");
        assertThat(connect("ann", "another"))
                .received("{\"type\":\"ID-TAKEN\",\"payload\":{\"msg\":\"ID is taken\"}}")
                .closedWith(CloseReason.NORMAL);
        server.advance(Duration.ofSeconds(16));
        assertThat(connect("ann", "another")).received(OPEN);
    }

    @Test
    void aPolicyThatNeverDecidesKeepsNobodyForLong() {
        serve(settings -> settings.policy(wish -> new CompletableFuture<>()));
        TestWebSocket ann = connect("ann", "t");

        server.advance(Duration.ofSeconds(11));

        assertThat(ann)
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"The server did not decide in time\"}}")
                .closedWith(CloseReason.NORMAL);
        assertThat(endpoint.statistics().peers()).isZero();
    }

    @Test
    void signedTokensLetInHereAsWell() {
        JoinTokens tokens = JoinTokens.hmac("a secret that has thirty-two bytes or more");
        serve(settings -> settings.policy(tokens));

        assertThat(connect("ann", tokens.issue(JoinToken.room("peerjs/peerjs").once())))
                .received(OPEN);
        assertThat(connect("bob", "t"))
                .received(error("the token is not valid"))
                .closedWith(CloseReason.NORMAL);
    }

    @Test
    void nothingGoesWithACandidateButWhatBelongsToIt() {
        serve();
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        bob.send(
                "{\"type\":\"CANDIDATE\",\"dst\":\"ann\",\"payload\":{\"candidate\":{\"candidate\":\"\",\"sdpMid\":\"0\","
                        + "\"more\":\"smuggled\"},\"type\":\"data\",\"connectionId\":\"dc_1\",\"metadata\":\"smuggled\"}}");

        assertThat(ann)
                .receivedJson(
                        "{\"type\":\"CANDIDATE\",\"src\":\"bob\",\"dst\":\"ann\",\"payload\":{\"candidate\":{\"candidate\":\"\","
                                + "\"sdpMid\":\"0\",\"sdpMLineIndex\":null,\"usernameFragment\":null},\"type\":\"data\",\"connectionId\":\"dc_1\"}}");
    }

    @Test
    void whoSaysLeaveToNobodyIsRemoved() {
        serve();
        TestWebSocket ann = open("ann");
        open("bob");

        ann.send("{\"type\":\"LEAVE\"}");

        assertThat(ann).closedWith(CloseReason.NORMAL);
        assertThat(connect("ann", "another")).received(OPEN);
    }

    @Test
    void theLimitOfPeersIsTold() {
        serve(settings -> settings.maxPeersInAll(1));
        open("ann");

        assertThat(connect("bob", "t"))
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"Server has reached its concurrent user limit\"}}")
                .closedWith(CloseReason.NORMAL);
        assertThat(connect("ann", "t-ann")).received(OPEN);
    }

    @Test
    void theLimitOfRoomsAndOfOneRoomAreTold() {
        serve(settings -> settings.maxRooms(1)
                .policy(admitting(wish -> Admission.accept()
                        .room(RoomSettings.builder().maxPeers(1).build()))));
        open("ann");
        String full = "{\"type\":\"ERROR\",\"payload\":{\"msg\":\"Server has reached its concurrent user limit\"}}";

        assertThat(connect("bob", "t")).received(full).closedWith(CloseReason.NORMAL);
        assertThat(connect("key=other&id=bob&token=t")).received(full).closedWith(CloseReason.NORMAL);
    }

    // ---- who may come

    private static RoomPolicy admitting(Function<JoinRequest, Admission> policy) {
        return wish -> CompletableFuture.completedStage(policy.apply(wish));
    }

    @Test
    void thePolicyIsAskedWithIdAndToken() {
        List<String> asked = new ArrayList<>();
        serve(settings -> settings.policy(admitting(wish -> {
            asked.add(wish.room() + " " + wish.name() + " " + wish.token().orElse("") + " " + wish.createsRoom());
            return wish.name().equals("eve") ? Admission.refuse("No member") : Admission.accept();
        })));

        open("ann");
        assertThat(connect("eve", "t"))
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"No member\"}}")
                .closedWith(CloseReason.NORMAL);
        assertThat(connect("ann", "t-ann")).received(OPEN);

        assertThat(asked).containsExactly("peerjs/peerjs ann t-ann true", "peerjs/peerjs eve t false");
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "fails", "gives null"})
    void aPolicyThatFailsLetsNobodyIn(String how) {
        serve(settings -> settings.policy(wish -> switch (how) {
            case "throws" -> throw new IllegalStateException("down");
            case "fails" -> CompletableFuture.failedStage(new IllegalStateException("down"));
            default -> CompletableFuture.completedStage(null);
        }));

        assertThat(connect("ann", "t"))
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"something failed\"}}")
                .closedWith(CloseReason.NORMAL);
    }

    @Test
    void whatIsSaidBeforeThePolicyHasDecidedWaits() {
        List<CompletableFuture<Admission>> decisions = new ArrayList<>();
        serve(settings -> settings.policy(wish -> undecided(decisions)));
        TestWebSocket ann = connect("ann", "t");
        TestWebSocket bob = connect("bob", "t").send(offer("ann")).send(candidate("ann", RELAY));
        TestWebSocket gone = connect("gone", "t");
        assertThat(bob).receivedNothing();

        gone.cut();
        decisions.forEach(decision -> decision.complete(Admission.accept()));

        assertThat(ann).received(OPEN, offered("bob", "ann"), candidateFrom("bob", "ann", RELAY));
        assertThat(bob).received(OPEN);
        server.advance(Duration.ofSeconds(16));
        assertThat(endpoint.statistics().peers()).isEqualTo(2);
    }

    private static CompletionStage<Admission> undecided(List<CompletableFuture<Admission>> decisions) {
        CompletableFuture<Admission> decision = new CompletableFuture<>();
        decisions.add(decision);
        return decision;
    }

    @Test
    void aClientThatComesTwiceWhileThePolicyDecidesIsOne() {
        List<CompletableFuture<Admission>> decisions = new ArrayList<>();
        serve(settings -> settings.policy(wish -> undecided(decisions)));
        TestWebSocket first = connect("ann", "t");
        TestWebSocket second = connect("ann", "t");

        decisions.forEach(decision -> decision.complete(Admission.accept()));

        assertThat(second).received(OPEN);
        assertThat(first).received(OPEN).closedWith(Link.REPLACED);
        assertThat(endpoint.statistics().peers()).isEqualTo(1);
    }

    @Test
    void nobodyKnocksHere() {
        serve(settings ->
                settings.policy(admitting(wish -> wish.createsRoom() ? Admission.accept() : Admission.knock())));
        TestWebSocket ann = open("ann");

        assertThat(connect("bob", "t"))
                .received("{\"type\":\"ERROR\",\"payload\":{\"msg\":\"nobody can let you in\"}}")
                .closedWith(CloseReason.NORMAL);
        assertThat(ann).receivedNothing();
        assertThat(endpoint.statistics().peers()).isEqualTo(1);
    }

    @Test
    void theApplicationSendsAPeerAway() {
        serve();
        TestWebSocket ann = open("ann");

        endpoint.room("peerjs/peerjs").orElseThrow().peer("ann").orElseThrow().evict("rude");

        assertThat(ann).closedWith(Link.GONE, "rude");
        assertThat(connect("ann", "t-ann")).received(OPEN); // the policy is asked anew
    }

    @Test
    void roomsOfOtherProtocolsAreNotEnteredByParleysOwn() {
        serve();
        open("ann");

        for (String room : List.of("peerjs/peerjs", "y-webrtc/doc")) {
            TestPeer peer = TestPeer.join(server, "/signal", room, "Eve");
            opened.add(peer.webSocket());
            assertThat(peer.signals())
                    .containsExactly(new ServerSignal.Failure("not_allowed", "room: this one speaks another protocol"));
        }
        assertThat(endpoint.statistics().peers()).isEqualTo(1);
    }

    @Test
    void sessionsOfThisProtocolAreNotResumedByParleysOwn() {
        serve();
        TestWebSocket ann = open("ann");

        TestPeer eve = TestPeer.connect(server, "/signal")
                .send("resume", Map.of("session", "peerjs/peerjs ann\nt-ann", "seen", 0));
        opened.add(eve.webSocket());

        assertThat(eve.signals())
                .containsExactly(
                        new ServerSignal.Failure("unknown_session", "session: it is over, or never was; join anew"));
        assertThat(ann).isOpen();
    }

    // ---- passing on

    private static String offer(String to) {
        return description("OFFER", null, to);
    }

    private static String offered(String from, String to) {
        return description("OFFER", from, to);
    }

    private static String description(String type, String from, String to) {
        return frame(
                type,
                from,
                to,
                "{\"sdp\":{\"type\":\"" + (type.equals("OFFER") ? "offer" : "answer") + "\",\"sdp\":\"" + SDP
                        + "\"},\"type\":\"data\",\"connectionId\":\"dc_1\",\"metadata\":{\"a\":[1.50,null]},"
                        + "\"label\":\"dc_1\",\"reliable\":false,\"serialization\":\"binary\"}");
    }

    private static String candidate(String to, String candidate) {
        return candidateFrom(null, to, candidate);
    }

    private static String candidateFrom(String from, String to, String candidate) {
        return frame(
                "CANDIDATE",
                from,
                to,
                "{\"candidate\":{\"candidate\":\"" + candidate
                        + "\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"abcd\"},"
                        + "\"type\":\"data\",\"connectionId\":\"dc_1\"}");
    }

    private static String frame(String type, String from, String to, String payload) {
        return "{\"type\":\"" + type + "\"," + (from == null ? "" : "\"src\":\"" + from + "\",") + "\"dst\":\"" + to
                + "\",\"payload\":" + payload + "}";
    }

    private static String bare(String type, String from, String to) {
        return "{\"type\":\"" + type + "\",\"src\":\"" + from + "\",\"dst\":\"" + to + "\"}";
    }

    private static String error(String message) {
        return "{\"type\":\"ERROR\",\"payload\":{\"msg\":\"" + message + "\"}}";
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, Integer.MAX_VALUE})
    void whatPeersSayIsPassedOnByteForByteWithItsTrueSource(int pieceBytes) {
        serve(settings -> settings, pieceBytes);
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        ann.send(description("OFFER", "mallory", "bob"));
        assertThat(bob).received(offered("ann", "bob"));
        bob.send(description("ANSWER", null, "ann")).send(candidate("ann", HOST));
        assertThat(ann).received(description("ANSWER", "bob", "ann"), candidateFrom("bob", "ann", HOST));
        ann.send("{\"type\":\"LEAVE\",\"dst\":\"bob\"}");
        assertThat(bob).received(bare("LEAVE", "ann", "bob"));
        assertThat(endpoint.statistics().relayed()).isEqualTo(4);
    }

    @Test
    void heartbeatsAreTaken() {
        serve();
        TestWebSocket ann = open("ann").send("{\"type\":\"HEARTBEAT\"}");

        assertThat(ann).receivedNothing();
        assertThat(endpoint.statistics().refused()).isZero();
    }

    @Test
    void aRelayOnlyRoomPassesRelayedCandidatesOnly() {
        serve(settings -> settings.policy(admitting(wish ->
                Admission.accept().room(RoomSettings.builder().relayOnly().build()))));
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        ann.send(candidate("bob", HOST)).send(candidate("bob", RELAY));
        String media = SDP + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\\r\\nc=IN IP4 0.0.0.0\\r\\n";
        ann.send(offer("bob").replace(SDP, media + "a=" + HOST + "\\r\\n"));

        assertThat(bob)
                .received(
                        candidateFrom(
                                "ann",
                                "bob",
                                "candidate:2 1 udp 33562367 203.0.113.5 50001 typ relay raddr 0.0.0.0 rport 9"),
                        offered("ann", "bob").replace(SDP, media));
    }

    @Test
    void privateAddressesAreDropped() {
        serve(settings -> settings.policy(admitting(wish -> Admission.accept()
                .room(RoomSettings.builder().dropPrivateAddresses().build()))));
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        ann.send(candidate("bob", HOST)).send(candidate("bob", HOST.replace("192.168.1.7", "203.0.113.9")));

        assertThat(bob).received(candidateFrom("ann", "bob", HOST.replace("192.168.1.7", "203.0.113.9")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{                                          | message: not taken (expected: one JSON object, each name once, at most 32 levels)",
                "[]                                         | message: not taken (expected: a JSON object)",
                "{\"type\":1}                               | Message type unknown",
                "{\"type\":\"OPEN\"}                        | Message type unknown",
                "{\"type\":\"EXPIRE\",\"dst\":\"bob\"}      | Message type unknown",
                "{\"type\":\"OFFER\",\"payload\":{}}        | Message without a destination",
                "{\"type\":\"OFFER\",\"dst\":7,\"payload\":{}} | Message without a destination",
                "{\"type\":\"OFFER\",\"dst\":\"bob\"}       | Description not understood",
                "{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":[]} | Description not understood",
                "{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":{\"sdp\":\"v=0\"}} | Description not understood",
                "{\"type\":\"ANSWER\",\"dst\":\"bob\",\"payload\":{\"sdp\":{\"sdp\":1}}} | Description not understood",
                "{\"type\":\"OFFER\",\"dst\":\"bob\",\"payload\":{\"sdp\":{\"sdp\":\"v=0\"},\"candidate\":{\"candidate\":\"\"}}} | Description not understood",
                "{\"type\":\"CANDIDATE\",\"dst\":\"bob\",\"payload\":{\"candidate\":\"x\"}} | Candidate not understood",
                "{\"type\":\"CANDIDATE\",\"dst\":\"bob\",\"payload\":{\"candidate\":null}}  | Candidate not understood",
                "{\"type\":\"CANDIDATE\",\"dst\":\"bob\",\"payload\":{\"candidate\":{\"candidate\":\"\"},\"sdp\":{\"sdp\":\"\"}}} | Candidate not understood",
                "{\"type\":\"CANDIDATE\",\"dst\":\"bob\",\"payload\":{\"candidate\":{\"candidate\":\"\",\"sdpMid\":\"a b\"}}} | sdpMid: a b (expected: a token of 1 to 64 characters)",
            })
    void whatIsNotTheProtocolIsAnErrorAndReachesNobody(String text, String message) {
        serve();
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        ann.send(text);

        assertThat(ann).received(error(message)).isOpen();
        assertThat(bob).receivedNothing();
        assertThat(endpoint.statistics().refused()).isEqualTo(1);
    }

    @Test
    void descriptionsAndCandidatesThatAreNoneAreErrors() {
        serve(settings -> settings.maxSdpBytes(1024).maxCandidateBytes(128));
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        ann.send(offer("bob").replace("t=0 0", "t=x"));
        assertThat(errors(ann)).singleElement().asString().contains("\"ERROR\"");
        ann.send(offer("bob").replace(SDP, "v=0\\r\\n" + "a".repeat(2000)));
        assertThat(errors(ann)).singleElement().asString().contains("expected: <= 1024 bytes");
        ann.send(candidate("bob", "candidate:1 1 carrier-pigeon"));
        assertThat(errors(ann)).singleElement().asString().contains("\"ERROR\"");
        ann.send(candidate("bob", HOST + " x y".repeat(40)));
        assertThat(errors(ann)).singleElement().asString().contains("expected: <= 128 bytes");
        assertThat(bob).receivedNothing();
    }

    private static List<String> errors(TestWebSocket client) {
        return client.texts();
    }

    @Test
    void whoMayNotSpeakToSomebodyFindsItAbsent() {
        serve(settings -> settings.policy(new RoomPolicy() {
            @Override
            public CompletionStage<Admission> join(JoinRequest wish) {
                return CompletableFuture.completedStage(Admission.accept());
            }

            @Override
            public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
                return CompletableFuture.completedStage(!from.id().equals("eve"));
            }
        }));
        TestWebSocket eve = open("eve");
        eve.send(offer("ann")).send(candidate("ann", RELAY));
        TestWebSocket ann = open("ann");

        assertThat(eve).received(bare("EXPIRE", "ann", "eve"));
        eve.send(offer("ann")).send(candidate("ann", RELAY)).send("{\"type\":\"LEAVE\",\"dst\":\"ann\"}");
        assertThat(eve).received(bare("EXPIRE", "ann", "eve"));
        assertThat(ann).receivedNothing();
    }

    @Test
    void aPolicyMayTakeItsTimeAndWhatIsSaidStaysInOrder() {
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
        TestWebSocket dora = open("dora");
        TestWebSocket ann = open("ann");
        ann.send(offer("dora")).send(offer("bob")); // who is not there yet
        assertThat(asked).hasSize(1);
        TestWebSocket bob = open("bob"); // comes while the offer to it waits for its turn
        ann.send(candidate("bob", RELAY));
        asked.get(0).complete(false);
        assertThat(ann).received(bare("EXPIRE", "dora", "ann"));
        asked.get(1).complete(true);
        asked.get(2).complete(true);
        assertThat(bob).received(offered("ann", "bob"), candidateFrom("ann", "bob", RELAY));

        ann.send(offer("carl")); // which is kept
        ann.send(offer("dora")).send(candidate("carl", RELAY));
        TestWebSocket carl = open("carl"); // comes while the candidate to it waits for its turn
        asked.get(3).complete(true);
        asked.get(4).complete(true);
        asked.get(5).complete(true);
        assertThat(carl).received(offered("ann", "carl"), candidateFrom("ann", "carl", RELAY));
        assertThat(dora).received(offered("ann", "dora"));

        ann.send(offer("bob"));
        server.advance(Duration.ofSeconds(7));
        assertThat(ann).received(bare("EXPIRE", "bob", "ann"));
        assertThat(bob).receivedNothing();
    }

    @Test
    void tooMuchThatWaitsForAPolicyExpires() {
        serve(settings -> settings.maxKept(2, 1 << 20).policy(new RoomPolicy() {
            @Override
            public CompletionStage<Admission> join(JoinRequest wish) {
                return CompletableFuture.completedStage(Admission.accept());
            }

            @Override
            public CompletionStage<Boolean> maySignal(Peer from, Peer to) {
                return new CompletableFuture<>();
            }
        }));
        TestWebSocket bob = open("bob");
        TestWebSocket ann = open("ann");
        for (int i = 0; i < 3; i++) {
            ann.send(candidate("bob", RELAY));
        }
        ann.send(candidate("bob", RELAY));
        assertThat(ann).receivedNothing();
        ann.send(offer("bob"));
        assertThat(ann).received(bare("EXPIRE", "bob", "ann"));
        assertThat(ann).isOpen();
        assertThat(bob).receivedNothing();
    }

    @Test
    void whoHasNotTheRightToCallIsToldSo() {
        serve(settings -> settings.policy(admitting(wish -> Admission.accept().rights(Right.MESSAGE))));
        open("bob");

        assertThat(open("ann").send(offer("bob"))).received(error("Not allowed"));
    }

    // ---- who is absent

    @Test
    void whatIsForOneThatIsNotThereIsDeliveredIfItComes() {
        serve();
        TestWebSocket ann = open("ann");
        ann.send(offer("bob")).send(candidate("bob", RELAY));
        server.advance(Duration.ofSeconds(4));

        TestWebSocket bob = connect("bob", "t");

        assertThat(bob).received(OPEN, offered("ann", "bob"), candidateFrom("ann", "bob", RELAY));
        server.advance(Duration.ofSeconds(10));
        assertThat(ann).receivedNothing();
    }

    @Test
    void whatIsForOneThatDoesNotComeExpiresOnceForThePair() {
        serve();
        TestWebSocket ann = open("ann");
        TestWebSocket eve = open("eve");
        ann.send(offer("bob")).send(candidate("bob", RELAY));
        server.advance(Duration.ofSeconds(2));
        ann.send(candidate("bob", RELAY)).send(offer("carl"));
        eve.send(offer("bob"));
        assertThat(ann).receivedNothing();

        server.advance(Duration.ofSeconds(4));
        assertThat(ann).received(bare("EXPIRE", "bob", "ann"));
        assertThat(eve).receivedNothing();
        server.advance(Duration.ofSeconds(2));
        assertThat(ann).received(bare("EXPIRE", "carl", "ann"));
        assertThat(eve).received(bare("EXPIRE", "bob", "eve"));
        assertThat(open("bob")).receivedNothing();
    }

    @Test
    void farewellsToOneThatIsNotThereDoNotWait() {
        serve();
        TestWebSocket ann = open("ann").send("{\"type\":\"LEAVE\",\"dst\":\"bob\"}");

        assertThat(open("bob")).receivedNothing();
        server.advance(Duration.ofSeconds(10));
        assertThat(ann).receivedNothing();
    }

    @Test
    void nobodyIsToldOfWhoLeftMeanwhile() {
        serve();
        open("eve");
        open("ann").send(offer("bob")).close();

        assertThat(open("bob")).receivedNothing();
    }

    @Test
    void whatWaitsIsBoundedAndWhoAsksForMoreIsToldAtOnce() {
        serve(settings -> settings.maxDescriptions(100_000)
                .maxCandidates(100_000)
                .rateLimit(new RateLimit(1_000_000, 1L << 30))
                .maxKept(100, 64 * 1024));
        int absent = Boolean.getBoolean("parley.long") ? 10_000 : 2_000;
        TestWebSocket ann = open("ann");
        TestWebSocket eve = open("eve");

        for (int i = 0; i < absent; i++) {
            eve.send(offer("absent" + i)).send(candidate("absent" + i, RELAY));
        }
        List<String> told = eve.texts();
        assertThat(told).hasSizeGreaterThan(absent - 100).first().asString().startsWith("{\"type\":\"EXPIRE\"");
        assertThat(told).doesNotHaveDuplicates();
        assertThat(endpoint.statistics().keptBytes()).isBetween(1L, 64L * 1024);

        ann.send(offer("bob")); // whom another one's haste does not harm
        assertThat(ann).receivedNothing();
        assertThat(connect("bob", "t")).received(OPEN, offered("ann", "bob"));
        server.advance(Duration.ofSeconds(6));
        assertThat(endpoint.statistics().keptBytes()).isZero();
        assertThat(told.size() + eve.texts().size()).isEqualTo(absent);
    }

    // ---- too much

    @Test
    void whoSaysTooMuchIsToldSoAndThenSentAway() {
        serve(settings -> settings.maxDescriptions(2).rateLimit(new RateLimit(1_000_000, 1L << 30)));
        TestWebSocket ann = open("ann");
        TestWebSocket bob = open("bob");

        ann.send(offer("bob")).send(offer("bob")).send(offer("bob"));
        assertThat(bob).received(offered("ann", "bob"), offered("ann", "bob"));
        assertThat(ann).received(error("Too many messages"));
        for (int i = 0; i < 1_000; i++) {
            ann.send(offer("bob"));
        }
        assertThat(ann.texts()).hasSize(999);
        assertThat(ann).closedWith(Link.GONE, "too many signals");
        assertThat(bob).receivedNothing();
    }

    @Test
    void whoFloodsIsClosed() {
        serve(settings -> settings.rateLimit(new RateLimit(10, 1L << 20)));
        TestWebSocket ann = open("ann");

        for (int i = 0; i < 200 && ann.isOpen(); i++) {
            ann.send("{\"type\":\"HEARTBEAT\"}");
        }

        assertThat(ann).closedWith(CloseReason.POLICY);
    }
}
