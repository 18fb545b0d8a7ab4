package dev.parley.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.http.StaticFiles;
import dev.parley.server.ParleyServer;
import dev.parley.signaling.LeaveReason;
import dev.parley.signaling.Peer;
import dev.parley.signaling.RoomListener;
import dev.parley.signaling.SignalingEndpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The clients that pages have, npm's "peerjs" and "y-webrtc", unchanged, in a real browser: they find each other by a server of this library. */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith({InstalledBrowser.class, NodeClients.class})
final class ForeignSignalingBrowserTest {
    private static final String PEERJS = """
            <!doctype html><title>PeerJS</title>
            <script src="/npm/peerjs/dist/peerjs.min.js"></script>
            <script>
              const heard = []
              // Sockets of the client, so that a test can see them break.
              const sockets = []
              window.WebSocket = class extends WebSocket {
                constructor(...more) { super(...more); sockets.push(this) }
              }
              function listen(connection) {
                connection.on('open', () => heard.push(`open ${connection.peer}`))
                connection.on('data', (data) => heard.push(`${connection.peer}: ${data}`))
                window.connection = connection
              }
              function enter(id) {
                window.peer = new Peer(id, {
                  host: location.hostname, port: location.port, path: '/peerjs/', config: { iceServers: [] }, debug: 0
                })
                peer.on('open', () => heard.push('here'))
                peer.on('disconnected', () => heard.push('disconnected'))
                peer.on('error', ({ type, message }) => heard.push(`${type}: ${message}`))
                peer.on('connection', listen)
                peer.on('call', (call) => { call.answer(); show(call) })
              }
              function show(call) {
                call.on('stream', (stream) => {
                  const video = document.createElement('video')
                  video.muted = true
                  video.srcObject = stream
                  video.play()
                  document.body.append(video)
                })
              }
            </script>
            """;

    /** What bundlers find in packages, said to the browser; and y-webrtc's one import that is no module. */
    private static final String YJS = """
            <!doctype html><title>y-webrtc</title>
            <script src="/npm/simple-peer/simplepeer.min.js"></script>
            <script type="importmap">
              { "imports": {
                "yjs": "/npm/yjs/dist/yjs.mjs",
                "y-webrtc": "/npm/y-webrtc/src/y-webrtc.js",
                "simple-peer/simplepeer.min.js": "/simple-peer.js",
                %s
              } }
            </script>
            <script type="module">
              import * as Y from 'yjs'
              import { WebrtcProvider } from 'y-webrtc'
              const doc = new Y.Doc()
              window.text = doc.getText('text')
              window.enter = (topic, password) => {
                window.provider = new WebrtcProvider(topic, doc, {
                  signaling: [`ws://${location.host}/y-webrtc`],
                  password,
                  filterBcConns: false,
                  peerOpts: { config: { iceServers: [] } }
                })
                provider.awareness.setLocalStateField('name', topic)
              }
            </script>
            """;

    private static final Path PACKAGES = Path.of("src/test/js/node_modules");

    private static Playwright playwright;
    private static Browser browser;

    private final BlockingQueue<String> left = new LinkedBlockingQueue<>();
    private final List<BrowserContext> contexts = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private SignalingEndpoint signaling;
    private ParleyServer server;

    @BeforeAll
    static void launch() {
        playwright = InstalledBrowser.playwright();
        browser = InstalledBrowser.launch(
                playwright,
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                "--allow-loopback-in-peer-connection");
    }

    @AfterAll
    static void close() {
        playwright.close();
    }

    @BeforeEach
    void serve() throws Exception {
        signaling = SignalingEndpoint.builder()
                .listener(new RoomListener() {
                    @Override
                    public void left(Peer peer, LeaveReason reason) {
                        left.add(peer.room().name() + " " + reason);
                    }
                })
                .build();
        server = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .get("/peerjs", exchange -> exchange.respond(Response.html(PEERJS)))
                        .get("/yjs", exchange -> exchange.respond(Response.html(YJS.formatted(modules()))))
                        .get(
                                "/simple-peer.js",
                                exchange -> exchange.respond(
                                        Response.bytes("text/javascript", "export default SimplePeer".getBytes(UTF_8))))
                        .get("/favicon.ico", exchange -> exchange.respond(Response.noContent()))
                        .files("/npm", StaticFiles.directory(PACKAGES))
                        .any("/peerjs/*", signaling.peerJs())
                        .any("/y-webrtc", signaling.yWebRtc())
                        .build())
                .build()
                .start();
    }

    /** Those of lib0 and y-protocols that the others import, without the end of their names. */
    private static String modules() {
        return Stream.of(
                        "lib0/array lib0/binary lib0/broadcastchannel lib0/buffer lib0/decoding lib0/encoding lib0/environment",
                        "lib0/error lib0/function lib0/iterator lib0/logging lib0/map lib0/math lib0/mutex lib0/object",
                        "lib0/observable lib0/promise lib0/random lib0/set lib0/string lib0/time lib0/webcrypto",
                        "lib0/websocket y-protocols/awareness y-protocols/sync")
                .flatMap(names -> Stream.of(names.split(" ")))
                .map(name -> "\"" + name + "\": \"/npm/" + name + ".js\"")
                .collect(Collectors.joining(", "));
    }

    @AfterEach
    void nothingWentWrong() {
        contexts.forEach(BrowserContext::close);
        server.close();
        assertThat(errors).isEmpty();
    }

    private Page visitor(String path) {
        BrowserContext context = Patience.in(browser.newContext());
        contexts.add(context);
        context.addInitScript(InstalledBrowser.LOOPBACK_ONLY);
        context.onConsoleMessage(message -> {
            if (message.type().equals("error")) {
                errors.add(message.text());
            }
        });
        context.onWebError(error -> errors.add(error.error()));
        Page page = context.newPage();
        page.navigate("http://127.0.0.1:" + server.port() + path);
        return page;
    }

    // ---- PeerJS

    private Page peer(String id) {
        Page page = visitor("/peerjs");
        page.evaluate("enter", id);
        awaitHeard(page, "here");
        return page;
    }

    private static void awaitHeard(Page page, String what) {
        page.waitForFunction("(what) => heard.includes(what)", what);
    }

    private static void connect(Page from, String to) {
        from.evaluate("(to) => listen(peer.connect(to))", to);
        awaitHeard(from, "open " + to);
    }

    private static void send(Page from, String text) {
        from.evaluate("(text) => void connection.send(text)", text);
    }

    @Test
    void peersOpenADataConnectionAndBothSend() {
        Page ann = peer("ann");
        Page ben = peer("ben");

        connect(ann, "ben");
        awaitHeard(ben, "open ann");
        send(ann, "你好");
        send(ben, "hello");

        awaitHeard(ben, "ann: 你好");
        awaitHeard(ann, "ben: hello");
    }

    @Test
    void aPeerWithoutAnIdIsGivenOneAndCallsAnother() {
        Page ann = visitor("/peerjs");
        ann.evaluate("enter()");
        awaitHeard(ann, "here");
        assertThat((String) ann.evaluate("peer.id")).matches("[0-9a-f-]{36}");
        Page ben = peer("ben");

        ann.evaluate("""
                async () => {
                  peer.call('ben', await navigator.mediaDevices.getUserMedia({ audio: true, video: true }))
                }""");

        ben.waitForFunction(
                "document.querySelector('video')?.videoWidth > 0 && document.querySelector('video').currentTime > 0");
    }

    @Test
    void aPeerThatLostItsConnectionReconnectsAndItsOldConnectionsGoOn() {
        Page ann = peer("ann");
        Page ben = peer("ben");
        connect(ann, "ben");
        ben.evaluate("heard.length = 0");

        ben.evaluate("void new WebSocket(sockets[0].url)"); // which takes over, as another tab would
        awaitHeard(ben, "disconnected");
        ben.evaluate("peer.reconnect()");

        awaitHeard(ben, "here"); // OPEN, though it was open before
        send(ann, "still here");
        awaitHeard(ben, "ann: still here");
        ann.evaluate("heard.length = 0");
        connect(ann, "ben");
    }

    @Test
    void aPageThatIsLoadedAgainHasItsIdAtOnce() {
        Page ann = peer("ann");

        ann.reload();
        ann.evaluate("enter", "ann");

        awaitHeard(ann, "here");
    }

    @Test
    void aPeerThatIsNotThereIsAnError() {
        Page ann = peer("ann");

        ann.evaluate("void peer.connect('nobody')");

        awaitHeard(ann, "peer-unavailable: Could not connect to peer nobody");
        assertThat(ann.evaluate("peer.disconnected")).isEqualTo(false);
    }

    @Test
    void anIdThatIsTakenIsAnError() {
        peer("ann");
        Page eve = visitor("/peerjs");

        eve.evaluate("enter", "ann");

        awaitHeard(eve, "unavailable-id: ID \"ann\" is taken");
    }

    // ---- y-webrtc

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = "kept from the server")
    void whatIsTypedInOnePageAppearsInTheOther(String password) throws Exception {
        Page ann = visitor("/yjs");
        Page ben = visitor("/yjs");
        for (Page page : new Page[] {ann, ben}) {
            page.waitForFunction("'enter' in window");
            page.evaluate("(password) => enter('doc', password ?? undefined)", password);
        }

        ann.evaluate("text.insert(0, '你好')");
        ben.waitForFunction("text.toString() === '你好'");
        ben.evaluate("text.insert(2, ', hello')");
        ann.waitForFunction("text.toString() === '你好, hello'");
        assertThat(ann.evaluate("provider.room.webrtcConns.size")).isEqualTo(1);
        assertThat(signaling.room("y-webrtc/doc").orElseThrow().peers()).hasSize(2);

        ann.evaluate("provider.destroy()");
        assertThat(left.poll(Patience.SECONDS, TimeUnit.SECONDS)).isEqualTo("y-webrtc/doc LEFT");
    }
}
