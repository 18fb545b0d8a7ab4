package dev.parley.examples;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Calls between real browsers' pages, by the page of the gallery and by {@code signaling.js} alone. Glare takes 10 rounds, and 50 with
 * {@code -Dparley.long=true}.
 */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(InstalledBrowser.class)
final class WebRtcBrowserTest {
    private static final int ROUNDS = Boolean.getBoolean("parley.long") ? 50 : 10;

    /** Counts in {@code rollbacks} how often a description of its own gave way to another's. */
    private static final String ROLLBACKS = """
            const { setRemoteDescription } = RTCPeerConnection.prototype
            window.rollbacks = 0
            RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
              const isOffer = description.type === 'offer'
              if (isOffer && this.signalingState === 'have-local-offer' && !this.isAnswered) window.rollbacks++
              this.isAnswered = !isOffer
              await setRemoteDescription.call(this, description)
              this.isAnswered = false
            }
            """;

    /** A room beside what the page is, and functions to look into it. */
    private static final String ROOM = """
            // Holds back the next message of a type, and what comes behind it, until `release` or `lose`.
            const { send } = WebSocket.prototype
            let hold = null
            WebSocket.prototype.send = function (text) {
              if (!hold || (hold.messages.length === 0 && JSON.parse(text).type !== hold.type)) return send.call(this, text)
              hold.messages.push({ socket: this, text })
              hold.begun()
            }
            /** Is fulfilled when there is one. */
            window.hold = (type) => new Promise((begun) => (hold = { type, begun, messages: [] }))
            window.lose = () => (hold = null)
            window.release = () => {
              const { messages } = hold
              hold = null
              // What waited too long has lost its connection, and is said again on another.
              for (const { socket, text } of messages) if (socket.readyState === WebSocket.OPEN) send.call(socket, text)
            }

            window.enter = async (name, media, transport) => {
              const { join } = await import('/parley/signaling.js')
              window.heard = []
              window.room = await join('/signal', { room: 'test', name, media, transport })
              room.addEventListener('peer', ({ peer }) => {
                heard.push(`${peer.name} is here`)
                document.body.append(peer.video)
                peer.chat = peer.open('chat', { negotiated: true, id: 1 })
                peer.chat.addEventListener('message', ({ data }) => heard.push(`${peer.name} says ${data}`))
              })
              room.addEventListener('message', ({ peer, data }) => heard.push(`${peer.name} tells ${JSON.stringify(data)}`))
              room.addEventListener('peer-left', ({ peer, reason }) => heard.push(`${peer.name} is gone: ${reason}`))
              room.addEventListener('state', ({ state }) => heard.push(state))
              room.addEventListener('error', ({ error }) => heard.push(`error: ${error.message}`))
            }
            window.other = () => [...room.peers.values()][0]
            window.picture = () => {
              const canvas = document.createElement('canvas')
              const context = canvas.getContext('2d')
              setInterval(() => context.fillRect(0, 0, 9, 9), 50)
              return canvas.captureStream()
            }
            window.fragment = () => /a=ice-ufrag:(\\S+)/.exec(other().connection.currentLocalDescription.sdp)[1]
            /** Whether there are so many, who all send a picture, and time goes on in it. */
            const times = new Map()
            window.isInCall = (count) => {
              const peers = [...room.peers.values()]
              return peers.length === count && peers.every((peer) => {
                const { id, video, state, connection } = peer
                if (state !== 'connected' || connection.signalingState !== 'stable' || !(video.videoWidth > 0)) return false
                const before = times.get(id) ?? video.currentTime
                times.set(id, before)
                return video.currentTime > before
              })
            }
            window.forgetTimes = () => times.clear()
            """;

    private static final String PAGE = "web-rtc";

    private static final Object CAMERA = Map.of("audio", true, "video", true);

    private static Gallery gallery;
    private static Playwright playwright;
    private static Browser browser;

    private final List<BrowserContext> contexts = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();

    @BeforeAll
    static void open() {
        gallery = Gallery.start(0, 0);
        playwright = InstalledBrowser.playwright();
        browser = InstalledBrowser.launch(
                playwright,
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                "--allow-loopback-in-peer-connection");
        setDefaultAssertionTimeout(Patience.ASSERTION_MILLIS);
    }

    @AfterAll
    static void close() {
        playwright.close();
        gallery.close();
    }

    @AfterEach
    void nothingWentWrong() {
        contexts.forEach(BrowserContext::close);
        assertThat(errors).isEmpty();
    }

    // ---- by the page of the gallery

    @Test
    void theDocumentsTwoConnectionsInOnePageCallEachOther() {
        Page page = visitor(PAGE);
        Locator log = page.getByLabel("Events of the two connections");

        press(page, "打开 Open");
        assertThat(log).containsText("Received local stream");
        press(page, "呼叫 Call");

        assertThat(page.locator(".facts dd").first()).hasText("640 × 480");
        assertThat(page.locator(".facts dd").nth(1)).hasText(Pattern.compile("\\d+ ms"));
        assertPlays(page.getByLabel("The remote picture"));
        for (String line : new String[] {
            "Added local stream to pc1",
            "pc1 createOffer start",
            "pc1 setLocalDescription complete",
            "pc2 setRemoteDescription complete",
            "pc2 createAnswer start",
            "pc2 setLocalDescription complete",
            "pc1 setRemoteDescription complete",
            "pc2 received remote stream",
            "pc1 ICE state: connected",
            "pc2 addIceCandidate success",
            "Remote video size changed to 640x480",
            "Setup time: "
        }) {
            assertThat(log).containsText(line);
        }
    }

    @Test
    void threeTabsSeeEachOtherTalkAndLoseTheNetworkForAWhile() {
        Page ann = visitor(PAGE + "#three");
        Page ben = visitor(PAGE + "#three");
        Page cleo = visitor(PAGE + "#three");
        joinByForm(ann, "Ann", "camera and microphone");
        joinByForm(ben, "Ben", "a test picture");
        assertSees(ann, "Ben");
        assertSees(ben, "Ann");

        joinByForm(cleo, "Cleo", "nothing, just watch");
        assertSees(cleo, "Ann");
        assertSees(cleo, "Ben");
        assertThat(tile(ann, "Cleo").locator(".initial")).hasText("C");
        assertThat(ann.locator(".panels .chip")).hasText(new String[] {"connected", "connected"});
        assertThat(ann.locator(".panels li").first()).containsText(Pattern.compile("host 127\\.0\\.0\\.1:\\d+ → "));
        assertThat(ann.locator(".panels span.received").first())
                .containsText(Pattern.compile("[1-9]\\d* kbit/s|Mbit/s"));

        say(ben, "你好 from Ben");
        for (Page tab : new Page[] {ann, ben, cleo}) {
            assertThat(said(tab)).hasText(new String[] {"你好 from Ben"});
        }
        press(ann, "Mute");
        assertThat(tile(ben, "Ann").getByLabel("microphone off")).isVisible();

        // For a few seconds only, which this test may miss and the page does not.
        ann.evaluate("""
                () => new MutationObserver(() => {
                  const isShown = [...document.querySelectorAll('.tile')].some(
                    (tile) => tile.textContent.includes('Ann') && tile.querySelector('.state')?.textContent === 'reconnecting')
                  window.wasReconnecting ||= isShown
                }).observe(document.body, { childList: true, characterData: true, subtree: true })""");
        press(ann, "Drop the network");
        ann.waitForFunction("window.wasReconnecting");
        assertPlays(tile(ann, "Ben").locator("video"));
        assertPlays(tile(ben, "Ann").locator("video"));
        say(ann, "still here");
        assertThat(said(cleo)).hasText(new String[] {"你好 from Ben", "still here"});
        assertThat(tile(ann, "Ann").locator(".state")).hasCount(0);
        press(ann, "Unmute");
        assertThat(tile(ben, "Ann").getByLabel("microphone off")).hasCount(0);

        press(ben, "离开 Leave");
        assertThat(ben.locator(".controls")).hasCount(0);
        cleo.close();
        assertThat(ann.locator(".tile")).hasCount(1);
    }

    // ---- by signaling.js alone

    @Test
    void twoSeeEachOtherAndWhoOnlyWatchesSeesToo() {
        Page ann = enter("Ann", CAMERA, "auto");
        Page ben = enter("Ben", false, "auto");
        ben.waitForFunction("isInCall(1)");

        ann.evaluate("other().chat.send('hello')");
        awaitHeard(ben, "Ann says hello");
        ben.evaluate("room.setMedia({ audio: true, video: true })");
        ann.waitForFunction("isInCall(1)");

        ann.evaluate("room.share(picture())");
        ben.waitForFunction("other().metadata.sharing && other().video.videoWidth === 300");
        ann.evaluate("room.unshare()");
        ben.waitForFunction("!other().metadata.sharing && other().video.videoWidth > 300");
        ben.evaluate("room.setMedia(false)");
        ann.waitForFunction("other().streams.length === 0");
    }

    @Test
    void aCallGoesOnWhileTheServerIsAwayAndWhatWasMissedComesInOrder() {
        Page ann = enter("Ann", CAMERA, "auto");
        Page ben = enter("Ben", CAMERA, "auto");
        assertInCall(ann, ben);
        ann.evaluate("window.connection = other().connection");

        ann.evaluate("() => { hold('resume'); room.reconnect(); room.send('a'); room.send('b') }");
        // Each is fulfilled when the server has it.
        ben.evaluate("() => Promise.all(Array.from({ length: 20 }, (nothing, i) => room.send(i + 1)))");
        assertInCall(ann, ben);
        assertThat(ann.evaluate("() => { release(); return room.state }")).isEqualTo("reconnecting");

        awaitHeard(ann, "Ben tells 20");
        awaitHeard(ben, "Ann tells \"b\"");
        assertThat(heard(ann))
                .containsSubsequence("reconnecting", "connected", "Ben tells 1", "Ben tells 2", "Ben tells 20");
        assertThat(heard(ann).stream().filter(line -> line.startsWith("Ben tells")))
                .hasSize(20);
        assertThat(heard(ben)).containsOnlyOnce("Ann tells \"a\"");
        assertThat(heard(ben)).doesNotContain("Ann is gone: lost", "reconnecting");
        assertThat(ann.evaluate("connection === other().connection")).isEqualTo(true);
        assertInCall(ann, ben);
    }

    @Test
    void offersThatCrossAreSettledByPerfectNegotiation() {
        Page ann = enter("Ann", CAMERA, "auto");
        Page ben = enter("Ben", CAMERA, "auto");
        assertInCall(ann, ben);

        for (int round = 1; round <= ROUNDS; round++) {
            for (Page tab : new Page[] {ann, ben}) {
                tab.evaluate("""
                        async (isFifth) => {
                          const held = hold('offer')
                          if (window.more) room.removeStream(more)
                          window.more = picture()
                          room.addStream(more)
                          if (isFifth) other().connection.restartIce()
                          await held
                        }""", round % 5 == 0);
            }
            for (Page tab : new Page[] {ann, ben}) {
                tab.evaluate("release()");
            }
            awaitStream(ann, (String) ben.evaluate("more.id"));
            awaitStream(ben, (String) ann.evaluate("more.id"));
        }

        // Who came later gave way, and nobody else.
        assertThat(ben.evaluate("window.rollbacks")).isEqualTo(ROUNDS);
        assertThat(ann.evaluate("window.rollbacks")).isEqualTo(0);
        // What is not used any more is used again, or descriptions would grow without end.
        assertThat((Integer) ann.evaluate("other().connection.getTransceivers().length"))
                .isLessThan(9);
        assertInCall(ann, ben);
        assertThat(heard(ann)).containsExactly("Ben is here");
        assertThat(heard(ben)).containsExactly("Ann is here");
    }

    @Test
    void eitherSideRestartsIceAndWhatWasLostIsNegotiatedAnew() {
        Page ann = enter("Ann", CAMERA, "auto");
        Page ben = enter("Ben", CAMERA, "auto");
        assertInCall(ann, ben);

        for (Page tab : new Page[] {ann, ben}) {
            String annWas = (String) ann.evaluate("fragment()");
            String benWas = (String) ben.evaluate("fragment()");
            tab.evaluate("other().restart()");
            ann.waitForFunction("was => fragment() !== was", annWas);
            ben.waitForFunction("was => fragment() !== was", benWas);
            assertInCall(ann, ben);
        }

        // Both offer something, and both offers are lost.
        for (Page tab : new Page[] {ann, ben}) {
            tab.evaluate(
                    "async () => { const held = hold('offer'); window.more = picture(); room.addStream(more); await held }");
        }
        for (Page tab : new Page[] {ann, ben}) {
            tab.evaluate("() => { room.reconnect(); lose() }");
        }
        awaitStream(ann, (String) ben.evaluate("more.id"));
        awaitStream(ben, (String) ann.evaluate("more.id"));
        assertInCall(ann, ben);
    }

    @Test
    void whereWebSocketIsBlockedAnEventStreamDoes() {
        Page ann = enter("Ann", CAMERA, "websocket");
        Page ben = visitor(PAGE, """
                window.WebSocket = class extends EventTarget {
                  readyState = 3
                  constructor() {
                    super()
                    queueMicrotask(() => this.dispatchEvent(new CloseEvent('close', { code: 1006 })))
                  }
                  send() {}
                  close() {}
                }
                """);
        enter(ben, "Ben", CAMERA, "auto");
        assertThat(ben.evaluate("room.transport")).isEqualTo("stream");
        assertInCall(ann, ben);

        ben.evaluate("room.send('by POST')");
        awaitHeard(ann, "Ben tells \"by POST\"");
        ben.evaluate("room.reconnect()");
        ann.evaluate("room.send('missed')");
        awaitHeard(ben, "Ann tells \"missed\"");
        ben.evaluate("room.leave()");
        awaitHeard(ann, "Ben is gone: left");
    }

    @Test
    void aDeviceThatCanNotBeHadIsToldInPlainWords() {
        Page page = visitor(PAGE);

        assertThat(deviceError(page, "{ video: { width: { min: 90000 } } }"))
                .isEqualTo("constraints: No device is as wanted: width.");
        for (String[] error : new String[][] {
            {"NotAllowedError", "denied: This page may not use it."},
            {"NotFoundError", "not-found: There is no such device."},
            {"NotReadableError", "in-use: The device does not answer."}
        }) {
            page.evaluate(
                    "name => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name) } }",
                    error[0]);
            assertThat(deviceError(page, "{ video: true }")).startsWith(error[1]);
        }
        page.evaluate("() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined })");
        assertThat(deviceError(page, "{ video: true }"))
                .isEqualTo("unsupported: This browser has no camera and no microphone for pages.");
    }

    // ---- the pages

    private Page visitor(String path, String... scripts) {
        BrowserContext context = Patience.in(browser.newContext());
        contexts.add(context);
        context.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                errors.add(message.text());
            }
        });
        context.onWebError(error -> errors.add(error.error()));
        context.addInitScript(InstalledBrowser.LOOPBACK_ONLY);
        context.addInitScript(ROLLBACKS);
        for (String script : scripts) {
            context.addInitScript(script);
        }
        Page page = context.newPage();
        page.navigate(gallery.url() + path);
        return page;
    }

    private Page enter(String name, Object media, String transport) {
        Page page = visitor(PAGE);
        enter(page, name, media, transport);
        return page;
    }

    private static void enter(Page page, String name, Object media, String transport) {
        page.evaluate("() => {" + ROOM + "}");
        page.evaluate(
                "({ name, media, transport }) => enter(name, media, transport)",
                Map.of("name", name, "media", media, "transport", transport));
    }

    /** Both see the other, and time goes on in what they see. */
    private static void assertInCall(Page... tabs) {
        for (Page tab : tabs) {
            tab.evaluate("forgetTimes()");
            tab.waitForFunction("isInCall(1)");
        }
    }

    private static void awaitStream(Page tab, String id) {
        tab.waitForFunction(
                "id => other().streams.some((stream) => stream.id === id) && other().connection.signalingState === 'stable'",
                id);
    }

    private static void awaitHeard(Page tab, String line) {
        tab.waitForFunction("line => heard.includes(line)", line);
    }

    @SuppressWarnings("unchecked")
    private static List<String> heard(Page tab) {
        return (List<String>) tab.evaluate("heard");
    }

    private static String deviceError(Page page, String constraints) {
        return (String) page.evaluate("""
                () => import('/parley/signaling.js')
                  .then(({ getMedia }) => getMedia(%s))
                  .catch((e) => `${e.code}: ${e.message}`)""".formatted(constraints));
    }

    private static void press(Page page, String button) {
        page.getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName(button).setExact(true))
                .click();
    }

    private static void joinByForm(Page page, String name, String send) {
        page.getByLabel("Your name").fill(name);
        page.locator("select").selectOption(send);
        press(page, "加入 Join");
        assertThat(page.locator(".controls")).isVisible();
    }

    private static void say(Page page, String text) {
        page.getByLabel("Message, through data channels").fill(text);
        page.getByLabel("Message, through data channels").press("Enter");
    }

    private static Locator said(Page page) {
        return page.locator(".talk li:not(.notice) span");
    }

    private static Locator tile(Page page, String name) {
        return page.locator(".tile", new Page.LocatorOptions().setHasText(name));
    }

    private static void assertSees(Page page, String name) {
        assertThat(tile(page, name).locator(".state")).hasCount(0);
        assertPlays(tile(page, name).locator("video"));
    }

    /** It has a picture, and time goes on in it. */
    private static void assertPlays(Locator video) {
        Object before = video.evaluate("(video) => video.currentTime");
        video.page()
                .waitForFunction(
                        "([video, before]) => video.videoWidth > 0 && video.currentTime > before",
                        List.of(video.elementHandle(), before));
    }
}
