package dev.parley.signaling;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestPeer;
import dev.parley.testkit.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.JsonNodeFactory;

/** Peers in rooms, over the wire. */
class SignalingEndpointTest {
    private static final String SDP = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

    private @Nullable TestServer server;
    private @Nullable SignalingEndpoint endpoint;

    private TestServer serve(Protocol protocol, UnaryOperator<SignalingEndpoint.Builder> settings) {
        server = TestServer.builder(clock -> {
                    endpoint = settings.apply(SignalingEndpoint.builder().clock(clock))
                            .build();
                    return Routes.builder().any("/signal", endpoint).build();
                })
                .protocol(protocol)
                .build();
        return server;
    }

    private TestServer serve() {
        return serve(Protocol.HTTP_1_1, settings -> settings);
    }

    private static TestPeer join(TestServer server, String name) {
        return TestPeer.join(server, "/signal", "team", name);
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void peersFindEachOtherAndNegotiate(Protocol protocol) {
        TestServer parley = serve(protocol, settings -> settings);
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");

        assertThat(ann.present()).containsExactly("Bob");
        assertThat(bob.present()).containsExactly("Ann");
        assertThat(bob.welcome().peers())
                .extracting(ServerSignal.PeerView::polite)
                .containsExactly(true);
        ann.signals();

        bob.send("offer", Map.of("to", ann.id(), "sdp", SDP, "from", "mallory"));
        assertThat(ann.signals()).containsExactly(new ServerSignal.Offer(bob.id(), SDP, 0));
        ann.send("answer", Map.of("to", bob.id(), "sdp", SDP));
        ann.send("candidate", Map.of("to", bob.id(), "candidate", "", "sdpMid", "0", "sdpMLineIndex", 0));
        assertThat(bob.signals())
                .containsExactly(
                        new ServerSignal.Answer(ann.id(), SDP, 0),
                        new ServerSignal.Candidate(ann.id(), "", "0", 0, null, 0));
    }

    @Test
    void aPeerWhoseConnectionBreaksIsMissedByNobodyAndMissesNothing() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        assertThat(bob.present()).containsExactly("Ann");
        ann.signals();

        bob.cut();
        ann.send("offer", Map.of("to", bob.id(), "sdp", SDP));
        TestPeer eve = join(parley, "Eve");
        parley.advance(Duration.ofSeconds(10));
        bob.resume();

        assertThat(bob.welcome().resumed()).isTrue();
        assertThat(bob.signals())
                .containsExactly(
                        new ServerSignal.Offer(ann.id(), SDP, 0),
                        new ServerSignal.PeerJoined(new ServerSignal.PeerView(
                                eve.id(), "Eve", JsonNodeFactory.instance.objectNode(), false, false)));
        assertThat(ann.signals()).noneMatch(ServerSignal.PeerLeft.class::isInstance);
    }

    @Test
    void aPeerThatDoesNotComeBackHasLeft() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        String id = bob.id();
        ann.signals();

        bob.cut();
        parley.advance(Duration.ofSeconds(14));
        assertThat(ann.signals()).isEmpty();
        parley.advance(Duration.ofSeconds(2));
        assertThat(ann.signals()).containsExactly(new ServerSignal.PeerLeft(id, LeaveReason.LOST));

        bob.resume();
        assertThat(bob.signals()).first().isInstanceOf(ServerSignal.Failure.class);
    }

    @Test
    void peersAreToldOfServersAndOfNewCredentialsBeforeTheOldOnesExpire() {
        TestServer parley = serve(
                Protocol.HTTP_1_1,
                settings -> settings.iceServers(IceServers.stun("stun:stun.example")
                        .turn(
                                "turn:turn.example",
                                TurnCredentials.rest("a secret of the TURN server")
                                        .ttl(Duration.ofMinutes(10)))));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        List<IceServer> first = ann.welcome().iceServers();
        assertThat(first)
                .extracting(IceServer::urls)
                .containsExactly(List.of("stun:stun.example"), List.of("turn:turn.example"));
        assertThat(bob.welcome().iceServers().get(1).username())
                .isNotEqualTo(first.get(1).username());
        ann.signals();

        bob.cut();
        parley.advance(Duration.ofMinutes(7));
        assertThat(ann.signals()).noneMatch(ServerSignal.IceServersChanged.class::isInstance);
        parley.advance(Duration.ofSeconds(40));
        assertThat(ann.signals())
                .singleElement()
                .isInstanceOfSatisfying(ServerSignal.IceServersChanged.class, changed -> {
                    assertThat(changed.iceServers()).hasSize(2);
                    assertThat(changed.iceServers().get(1).username())
                            .isNotEqualTo(first.get(1).username());
                });
    }

    @Test
    void tokensLetInOnceAndWithTheirName() {
        JoinTokens tokens = JoinTokens.hmac("a secret that has thirty-two bytes or more");
        TestServer parley = serve(Protocol.HTTP_1_1, settings -> settings.policy(tokens));
        String token = tokens.issue(
                JoinToken.room("team").name("Ann").rights(Right.CALL).once());

        TestPeer ann =
                TestPeer.connect(parley, "/signal").send("join", Map.of("room", "team", "name", "Eve", "token", token));
        assertThat(ann.welcome().rights()).containsExactly(Right.CALL);
        assertThat(endpoint().room("team").orElseThrow().peers())
                .extracting(Peer::name)
                .containsExactly("Ann");

        TestPeer eve = TestPeer.connect(parley, "/signal").send("join", Map.of("room", "team", "token", token));
        assertThat(eve.signals()).singleElement().isInstanceOf(ServerSignal.Failure.class);
        ann.send("message", Map.of("data", 1));
        assertThat(ann.signals())
                .containsExactly(new ServerSignal.Failure("not_allowed", "rights: [call] (expected: message)"));
    }

    @Test
    void theApplicationHearsAndActs() {
        List<String> heard = new ArrayList<>();
        TestServer parley = serve(
                Protocol.HTTP_1_1,
                settings -> settings.listener(new RoomListener() {
                    @Override
                    public void created(Room room) {
                        heard.add("created " + room.name());
                    }

                    @Override
                    public void joined(Peer peer) {
                        heard.add("joined " + peer.name());
                        peer.send(JsonNodeFactory.instance.stringNode("hello"));
                    }

                    @Override
                    public void left(Peer peer, LeaveReason reason) {
                        heard.add("left " + peer.name() + " " + reason);
                    }

                    @Override
                    public void closed(Room room) {
                        heard.add("closed " + room.name());
                    }
                }));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        assertThat(bob.signals())
                .containsExactly(new ServerSignal.Message(null, JsonNodeFactory.instance.stringNode("hello")));
        Room room = endpoint().room("team").orElseThrow();
        assertThat(room.peers()).extracting(Peer::isConnected).containsExactly(true, true);

        room.lock(true);
        TestPeer eve = join(parley, "Eve");
        assertThat(eve.signals()).singleElement().isInstanceOf(ServerSignal.Failure.class);
        room.peer(bob.id()).orElseThrow().evict("bye");
        assertThat(bob.signals()).endsWith(new ServerSignal.Left(LeaveReason.EVICTED, "bye"));
        assertThat(bob.webSocket()).closedWith(4000, "bye");
        room.close("closing time");
        assertThat(ann.signals()).endsWith(new ServerSignal.Left(LeaveReason.CLOSED, "closing time"));
        assertThat(ann.webSocket()).closedWith(4000, "closing time");

        assertThat(room.isClosed()).isTrue();
        assertThat(endpoint().rooms()).isEmpty();
        assertThat(heard)
                .containsExactly(
                        "created team",
                        "joined Ann",
                        "joined Bob",
                        "left Bob EVICTED",
                        "left Ann CLOSED",
                        "closed team");
        assertThat(endpoint().statistics().peers()).isZero();
    }

    @Test
    void messagesWithAnIdAreAnswered() {
        TestServer parley = serve();
        TestPeer ann = join(parley, "Ann");
        ann.signals();
        ann.webSocket()
                .sendJson("update", Map.of("name", "Anna"), 7)
                .sendJson("offer", Map.of("to", "x", "sdp", SDP), "b");
        assertThat(ann.webSocket().texts())
                .anyMatch(text -> text.equals("{\"type\":\"reply\",\"id\":7}"))
                .anyMatch(text -> text.startsWith("{\"type\":\"error\"") && text.endsWith("\"id\":\"b\"}"));
    }

    @Test
    void relayOnlyRoomsPassOnNothingElse() {
        TestServer parley = serve(
                Protocol.HTTP_1_1,
                settings -> settings.room(RoomSettings.builder().relayOnly().build()));
        TestPeer ann = join(parley, "Ann");
        TestPeer bob = join(parley, "Bob");
        assertThat(bob.welcome().room().relayOnly()).isTrue();
        ann.signals();

        bob.send("candidate", candidate(ann, "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host"))
                .send(
                        "candidate",
                        candidate(
                                ann,
                                "candidate:2 1 udp 1686052607 198.51.100.7 50000 typ srflx raddr 192.0.2.7 rport 50000"))
                .send(
                        "candidate",
                        candidate(
                                ann,
                                "candidate:3 1 udp 41885439 203.0.113.9 50001 typ relay raddr 198.51.100.7 rport 50000"));
        assertThat(ann.signals())
                .singleElement()
                .isInstanceOfSatisfying(
                        ServerSignal.Candidate.class,
                        relayed -> assertThat(relayed.candidate())
                                .contains("typ relay")
                                .doesNotContain("198.51.100.7"));
    }

    private static Map<String, Object> candidate(TestPeer to, String candidate) {
        return Map.of("to", to.id(), "candidate", candidate, "sdpMid", "0");
    }

    private SignalingEndpoint endpoint() {
        return Objects.requireNonNull(endpoint);
    }
}
