package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.signaling.IceServers;
import dev.parley.signaling.RoomSettings;
import dev.parley.signaling.SignalingEndpoint;
import dev.parley.signaling.TurnCredentials;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What {@code signaling.js} does beside a call that goes well, in a real browser: doors, new credentials, and connections that fail. */
@NullUnmarked
@ExtendWith(InstalledBrowser.class)
@Timeout(Patience.TEST_SECONDS)
final class SignalingBrowserTest {
    /** Joins in the background; what becomes of it is in {@code room}, {@code waits} or {@code refusal}. */
    private static final String JOIN = """
            window.enter = async (name) => {
              const { join } = await import('/parley/signaling.js')
              window.said = []
              window.knocks = []
              window.gone = []
              window.giveUp = new AbortController()
              const onWaiting = (room) => (window.waits = room.state)
              try {
                window.room = await join('/signal', { room: 'door', name, onWaiting, signal: giveUp.signal, transport: window.transport })
              } catch (e) {
                window.refusal = `${e.name}, ${e.code}: ${e.message}`
                return
              }
              room.addEventListener('knock', ({ peer }) => knocks.push(peer))
              room.addEventListener('knock-ended', ({ peer }) => gone.push(peer.id))
              room.addEventListener('error', ({ error }) => said.push(`error: ${error.message}`))
              room.addEventListener('peer', ({ peer }) => {
                greet(peer)
                peer.addEventListener('connection', () => greet(peer))
              })
            }
            window.greet = (peer) => {
              const chat = peer.open('chat', { negotiated: true, id: 1 })
              chat.addEventListener('open', () => chat.send(`I am ${room.me.name}`))
              chat.addEventListener('message', ({ data }) => said.push(data))
            }
            window.other = () => [...room.peers.values()][0]
            window.fragment = () => /a=ice-ufrag:(\\S+)/.exec(other().connection.currentLocalDescription.sdp)[1]
            // The browser says that the connection has failed, as it does some 20 s after the network is gone.
            window.fail = () => {
              const { connection } = other()
              Object.defineProperty(connection, 'connectionState', { value: 'failed', configurable: true })
              connection.dispatchEvent(new Event('connectionstatechange'))
            }
            window.mend = () => {
              const { connection } = other()
              delete connection.connectionState
              connection.dispatchEvent(new Event('connectionstatechange'))
            }
            """;

    private static Playwright playwright;
    private static Browser browser;

    private ParleyServer server;

    @BeforeAll
    static void open() {
        playwright = InstalledBrowser.playwright();
        browser = InstalledBrowser.launch(
                playwright,
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream", // who may have a camera is not given names in place of addresses
                "--allow-loopback-in-peer-connection");
    }

    @AfterAll
    static void close() {
        playwright.close();
    }

    @AfterEach
    void stop() {
        browser.contexts().forEach(BrowserContext::close);
        server.close();
    }

    @Test
    void whoKnocksIsLetInOrSentAwayOrGivesUp() {
        serve(settings -> settings.room(RoomSettings.builder().knock().build()));
        Page ann = enter("Ann");
        ann.waitForFunction("window.room");

        Page ben = enter("Ben");
        ben.waitForFunction("window.waits === 'waiting'");
        ann.waitForFunction("knocks.length === 1");
        assertThat(ann.evaluate("knocks[0].name")).isEqualTo("Ben");
        assertThat(ben.evaluate("window.room")).isNull();
        ann.evaluate("room.admit(knocks[0])");
        ann.waitForFunction("said.includes('I am Ben')");
        ben.waitForFunction("said.includes('I am Ann')");

        Page carl = enter("Carl");
        ann.waitForFunction("knocks.length === 2");
        ann.evaluate("room.evict(knocks[1], 'not today')");
        carl.waitForFunction("window.refusal");
        assertThat(carl.evaluate("refusal")).isEqualTo("SignalError, evicted: not today");

        Page dora = enter("Dora");
        ann.waitForFunction("knocks.length === 3");
        dora.evaluate("giveUp.abort()");
        dora.waitForFunction("window.refusal");
        assertThat((String) dora.evaluate("refusal")).startsWith("AbortError");
        ann.waitForFunction("gone.includes(knocks[2].id)");

        assertThat(ann.evaluate("room.peers.size")).isEqualTo(1);
        assertThat(ben.evaluate("knocks")).as("knocks that only owners hear").isEqualTo(List.of());
    }

    @Test
    void aLockedRoomIsToldInItsCode() {
        serve(settings -> settings);
        Page ann = enter("Ann");
        ann.waitForFunction("window.room");
        ann.evaluate("room.lock()");

        Page ben = enter("Ben");

        ben.waitForFunction("window.refusal");
        assertThat(ben.evaluate("refusal")).isEqualTo("SignalError, room_locked: nobody else may join");
    }

    @Test
    void aPageBehindAnEventStreamSaysThatItIsThere() {
        serve(settings -> settings.keepAlive(Duration.ofSeconds(1)));

        Page ann = enter("Ann", """
                window.transport = 'stream'
                window.posted = []
                const { fetch } = window
                window.fetch = (url, options) => {
                  posted.push(JSON.parse(options.body).type)
                  return fetch(url, options)
                }
                """);

        ann.waitForFunction("posted.includes('ack')");
    }

    @Test
    void newCredentialsReachConnectionsBeforeTheOldOnesExpire() {
        ManualClock clock = new ManualClock();
        serve(settings -> settings.clock(clock)
                .iceServers(IceServers.none()
                        .turn(
                                "turn:127.0.0.1:9?transport=udp",
                                TurnCredentials.rest("a secret of two servers").ttl(Duration.ofMinutes(10)))));
        Page ann = enter("Ann");
        Page ben = enter("Ben");
        ann.waitForFunction("said.includes('I am Ben')");
        ben.waitForFunction("said.includes('I am Ann')");
        String username = "other().connection.getConfiguration().iceServers[0].username";
        String before = (String) ann.evaluate(username);

        clock.pass(Duration.ofMinutes(8));

        ann.waitForFunction(username + " !== '" + before + "'");
        assertThat(expiry((String) ann.evaluate(username)))
                .isEqualTo(expiry(before).plus(Duration.ofMinutes(8)));
    }

    /** Both sides, as who is polite has to ask the other for a restart. */
    @Test
    void aConnectionThatFailsIsRestartedByItselfAndThenMadeAnew() {
        serve(settings -> settings);
        Page ann = enter("Ann");
        ann.waitForFunction("window.room");
        Page ben = enter("Ben");
        ann.waitForFunction("said.includes('I am Ben')");
        ben.waitForFunction("said.includes('I am Ann')");

        for (Page page : List.of(ann, ben)) {
            String annWas = (String) ann.evaluate("fragment()");
            String benWas = (String) ben.evaluate("fragment()");
            page.evaluate("fail()");
            ann.waitForFunction("was => fragment() !== was", annWas);
            ben.waitForFunction("was => fragment() !== was", benWas);
            page.evaluate("mend()");
            page.waitForFunction("other().state === 'connected'");
        }

        ann.evaluate("window.first = other().connection");
        ann.evaluate("fail()"); // and restarts are no use
        ann.waitForFunction("other().connection !== first");
        ann.waitForFunction("said.filter((each) => each === 'I am Ben').length === 2");
        ben.waitForFunction("said.filter((each) => each === 'I am Ann').length === 2");
        assertThat(ann.evaluate("first.signalingState")).isEqualTo("closed");
        assertThat((List<?>) ann.evaluate("said"))
                .noneMatch(each -> each.toString().startsWith("error"));
    }

    private void serve(UnaryOperator<SignalingEndpoint.Builder> settings) {
        Routes routes = Routes.builder()
                .get(
                        "/",
                        exchange -> exchange.respond(
                                Response.html("<!doctype html><title>Rooms</title><link rel=icon href=data:,>")))
                .any("/signal", settings.apply(SignalingEndpoint.builder()).build())
                .files("/parley", SignalingEndpoint.browserModule())
                .build();
        server = ParleyServer.builder().port(0).routes(routes).build().start();
    }

    /** Does not wait until it is in. */
    private Page enter(String name, String... scripts) {
        BrowserContext context = Patience.in(browser.newContext());
        context.addInitScript(InstalledBrowser.LOOPBACK_ONLY);
        context.addInitScript(JOIN);
        for (String script : scripts) {
            context.addInitScript(script);
        }
        Page page = context.newPage();
        page.navigate("http://localhost:" + server.port() + "/");
        page.evaluate("(name) => { enter(name) }", name);
        return page;
    }

    private static Instant expiry(String username) {
        return Instant.ofEpochSecond(Long.parseLong(username.substring(0, username.indexOf(':'))));
    }

    /** A clock that the test owns. Thread-safe. */
    private static final class ManualClock implements InstantSource {
        private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        void pass(Duration duration) {
            now = now.plus(duration);
        }
    }
}
