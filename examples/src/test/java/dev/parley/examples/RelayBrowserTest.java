package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.signaling.Coturn;
import dev.parley.signaling.IceServers;
import dev.parley.signaling.RoomSettings;
import dev.parley.signaling.SignalingEndpoint;
import dev.parley.signaling.TurnCredentials;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** In a room that is relay-only, browsers talk through a TURN server, with the credentials that the room gives them, or not at all. */
@Timeout(Patience.TEST_SECONDS)
@ExtendWith({InstalledBrowser.class, Coturn.IsInstalled.class})
final class RelayBrowserTest {
    private static final String SECRET = "a secret of two servers";

    private static final String JOIN = """
            async (name) => {
              const { join } = await import('/parley/signaling.js')
              window.room = await join('/signal', { room: 'relay', name })
              window.said = []
              room.addEventListener('peer', ({ peer }) => {
                const chat = peer.open('chat', { negotiated: true, id: 1 })
                chat.addEventListener('open', () => chat.send(`I am ${name}`))
                chat.addEventListener('message', ({ data }) => said.push(data))
              })
            }""";

    /** The types of both candidates of the pair by which the two are connected. */
    private static final String PAIR = """
            async () => {
              const [peer] = room.peers.values()
              const stats = await peer.connection.getStats()
              const all = [...stats.values()]
              const { selectedCandidatePairId } = all.find(({ type }) => type === 'transport')
              const pair = stats.get(selectedCandidatePairId)
              return [stats.get(pair.localCandidateId).candidateType, stats.get(pair.remoteCandidateId).candidateType]
            }""";

    @Test
    void peersConnectThroughTheTurnServerAndByNothingElse() throws Exception {
        try (Coturn turn = Coturn.start(List.of(SECRET));
                ParleyServer server = start(turn);
                Playwright playwright = InstalledBrowser.playwright();
                Browser browser = InstalledBrowser.launch(
                        playwright,
                        "--use-fake-device-for-media-stream",
                        "--use-fake-ui-for-media-stream",
                        "--allow-loopback-in-peer-connection")) {
            Page ann = join(browser, server, "Ann");
            Page ben = join(browser, server, "Ben");

            ann.waitForFunction("said.includes('I am Ben')");
            ben.waitForFunction("said.includes('I am Ann')");
            assertThat(ann.evaluate(PAIR)).isEqualTo(List.of("relay", "relay"));
            assertThat(ben.evaluate(PAIR)).isEqualTo(List.of("relay", "relay"));
            for (Page page : List.of(ann, ben)) {
                assertThat((String) page.evaluate("[...room.peers.values()][0].connection.remoteDescription.sdp"))
                        .doesNotContain("typ host", "typ srflx");
            }
        }
    }

    private static ParleyServer start(Coturn turn) {
        String url = "turn:127.0.0.1:" + turn.address().getPort() + "?transport=udp";
        SignalingEndpoint rooms = SignalingEndpoint.builder()
                .iceServers(IceServers.none().turn(url, TurnCredentials.rest(SECRET)))
                .room(RoomSettings.builder().relayOnly().build())
                .build();
        Routes routes = Routes.builder()
                .get(
                        "/",
                        exchange -> exchange.respond(
                                Response.html("<!doctype html><title>Relay</title><link rel=icon href=data:,>")))
                .any("/signal", rooms)
                .files("/parley", SignalingEndpoint.browserModule())
                .build();
        return ParleyServer.builder().port(0).routes(routes).build().start();
    }

    private static Page join(Browser browser, ParleyServer server, String name) {
        BrowserContext context = Patience.in(browser.newContext());
        Page page = context.newPage();
        page.navigate("http://localhost:" + server.port() + "/");
        page.evaluate(JOIN, name);
        return page;
    }
}
