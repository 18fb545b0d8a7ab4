package dev.parley.signaling;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestPeer;
import dev.parley.testkit.TestServer;
import java.time.Duration;
import java.util.Map;
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
}
