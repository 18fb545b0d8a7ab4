package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.websocket.WebSocketConnection;
import dev.parley.websocket.WebSocketEndpoint;
import dev.parley.websocket.codec.CloseReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * WebSockets of a page in a real browser, over HTTP/1.1 and over HTTP/2 (RFC 8441). That it is the one or the other is what the page's
 * performance entries say, and the connection, and the number of the server's connections: one, if the WebSocket is a stream of
 * the connection that the page came over.
 */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(InstalledBrowser.class)
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class WebSocketBrowserTest {
    private static final int MEBIBYTE = 1024 * 1024;

    private static final String PAGE = """
            <!doctype html>
            <title>WebSocket</title>
            <script>
              const address = location.origin.replace('http', 'ws');

              function open(path, ...subprotocols) {
                const socket = new WebSocket(address + path, subprotocols);
                socket.binaryType = 'arraybuffer';
                const messages = [], waiting = [];
                socket.onmessage = ({ data }) => waiting.length > 0 ? waiting.shift()(data) : messages.push(data);
                socket.next = () => messages.length > 0
                    ? Promise.resolve(messages.shift())
                    : new Promise((resolve) => waiting.push(resolve));
                socket.ended = new Promise((resolve) => {
                  socket.onclose = ({ code, reason, wasClean }) => resolve(`${code} ${reason} ${wasClean}`);
                });
                window.socket = socket;
                return new Promise((resolve) => {
                  socket.onopen = () => resolve(`open ${socket.protocol}`);
                  socket.onerror = () => resolve('error');
                });
              }
            </script>
            """;

    private static Playwright playwright;
    private static Browser browser;

    @Parameter
    private Protocol protocol;

    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
    private final BlockingQueue<Duration> pongs = new LinkedBlockingQueue<>();
    private ParleyServer server;
    private BrowserContext context;
    private Page page;

    @BeforeAll
    static void launch() {
        playwright = InstalledBrowser.playwright();
        browser = InstalledBrowser.launch(playwright);
    }

    @AfterAll
    static void quit() {
        playwright.close();
    }

    @BeforeEach
    void openThePage() throws Exception {
        ParleyServer.Builder builder = ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .get("/", exchange -> exchange.respond(Response.html(PAGE)))
                        .get("/left", exchange -> exchange.respond(Response.html("<!doctype html><title>left</title>")))
                        .get("/favicon.ico", exchange -> exchange.respond(Response.noContent()))
                        .get("/echo", listening().build())
                        .get(
                                "/takeover",
                                listening().contextTakeover(16 * MEBIBYTE).build())
                        .build());
        boolean tls = protocol == Protocol.HTTP_2;
        server = (tls ? builder.tls(DevelopmentTls.create()) : builder).build().start();
        context = Patience.in(browser.newContext(new Browser.NewContextOptions().setIgnoreHTTPSErrors(true)));
        page = context.newPage();
        page.navigate((tls ? "https" : "http") + "://127.0.0.1:" + server.port() + "/");
    }

    private WebSocketEndpoint.Builder listening() {
        return WebSocketEndpoint.builder()
                .subprotocols("chat.v2", "chat.v1")
                .drainReason(CloseReason.GOING_AWAY, "the server goes")
                .maxMessageBytes(4 * MEBIBYTE)
                .maxQueuedBytes(8 * MEBIBYTE)
                .onOpen(opened::add)
                .onText((connection, text) -> connection.send(text))
                .onBinary((connection, bytes) -> connection.send(bytes.retain()))
                .onPong((connection, roundTrip) -> pongs.add(roundTrip))
                .onClose((connection, reason) -> closed.add(reason));
    }

    @AfterEach
    void stop() {
        context.close();
        server.close();
        assertThat(closed).isEmpty();
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(Patience.SECONDS, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private WebSocketConnection open(String path) throws InterruptedException {
        assertThat(page.evaluate("path => open(path)", path)).isEqualTo("open ");
        return next(opened);
    }

    private void closeByThePage() throws InterruptedException {
        assertThat(page.evaluate("() => { socket.close(4001, 'genug für heute'); return socket.ended; }"))
                .isEqualTo("4001 genug für heute true");
        assertThat(next(closed)).isEqualTo(new CloseReason(4001, "genug für heute"));
    }

    @Test
    void itIsOfTheVersionOfHttpThatThePageCameOver() throws Exception {
        WebSocketConnection connection = open("/echo");

        boolean isSecond = protocol == Protocol.HTTP_2;
        assertThat(connection.protocol()).isEqualTo(protocol);
        assertThat(page.evaluate("() => performance.getEntriesByType('navigation')[0].nextHopProtocol"))
                .isEqualTo(isSecond ? "h2" : "http/1.1");
        if (isSecond) {
            assertThat(server.connections()).isOne();
        }
        closeByThePage();
    }

    @Test
    void textAndBinaryComeBackInOrder() throws Exception {
        for (String path : new String[] {"/echo", "/takeover"}) {
            open(path);

            assertThat(page.evaluate("""
                    async () => {
                      const sent = [];
                      for (let length = 0; length <= 300; length++) {
                        sent.push('Grüße 🐎 '.repeat(40).slice(0, length).toWellFormed());
                      }
                      for (const length of [1000, 32768, 65535, 65536, 200000]) {
                        sent.push('abcdefgh'.repeat(length / 8));
                      }
                      sent.forEach((text) => socket.send(text));
                      for (const text of sent) {
                        const back = await socket.next();
                        if (back !== text) {
                          return `${back} instead of ${text}`;
                        }
                      }
                      for (const length of [0, 1, 125, 126, 65535, 65536, 3145728]) {
                        const bytes = Uint8Array.from({ length }, (nothing, i) => (i * 7919) >> 3);
                        socket.send(bytes);
                        const back = new Uint8Array(await socket.next());
                        if (back.length !== length || back.some((byte, i) => byte !== bytes[i])) {
                          return `${back.length} bytes instead of ${length}, or others`;
                        }
                      }
                      return 'all';
                    }
                    """)).isEqualTo("all");
            closeByThePage();
        }
    }

    @Test
    void messagesAreCompressed() throws Exception {
        open("/echo");

        assertThat((String) page.evaluate("() => socket.extensions")).startsWith("permessage-deflate");
        closeByThePage();
    }

    @Test
    void theSubprotocolIsAgreedOn() throws Exception {
        assertThat(page.evaluate("() => open('/echo', 'chat.v3', 'chat.v1', 'chat.v2')"))
                .isEqualTo("open chat.v1");
        assertThat(next(opened).subprotocol()).contains("chat.v1");
        closeByThePage();
    }

    @Test
    void withoutACommonSubprotocolThePageGivesUp() throws Exception {
        assertThat(page.evaluate("() => open('/echo', 'chat.v3')")).isEqualTo("error");

        assertThat(page.evaluate("() => socket.ended")).isEqualTo("1006  false");
        assertThat(next(opened).subprotocol()).isEmpty();
        assertThat(next(closed).code()).isIn(CloseReason.GOING_AWAY, CloseReason.ABNORMAL);
    }

    @Test
    void thePageAnswersPings() throws Exception {
        WebSocketConnection connection = open("/echo");

        connection.ping();

        assertThat(next(pongs)).isPositive();
        closeByThePage();
    }

    @Test
    void thePageSeesCodeAndReasonOfTheServer() throws Exception {
        open("/echo").close(4321, "až příště");

        assertThat(page.evaluate("() => socket.ended")).isEqualTo("4321 až příště true");
        assertThat(next(closed)).isEqualTo(new CloseReason(4321, "až příště"));
    }

    @Test
    void whatIsSentBeforeTheCloseArrives() throws Exception {
        WebSocketConnection connection = open("/echo");

        String last = "x".repeat(MEBIBYTE);
        connection.send(last);
        connection.close();

        assertThat(page.evaluate("async () => (await socket.next()).length")).isEqualTo(MEBIBYTE);
        assertThat(page.evaluate("() => socket.ended")).isEqualTo("1000  true");
        assertThat(next(closed).code()).isEqualTo(CloseReason.NORMAL);
    }

    @Test
    void aMessageThatIsTooBigClosesWith1009() throws Exception {
        open("/echo");

        assertThat((String) page.evaluate("() => { socket.send(new Uint8Array(5000000)); return socket.ended; }"))
                .startsWith("1009 ");
        assertThat(next(closed).code()).isEqualTo(CloseReason.TOO_BIG);
    }

    @Test
    void aServerThatDrainsSaysThatItGoes() throws Exception {
        open("/echo");

        server.drain(Duration.ofSeconds(Patience.SECONDS));

        assertThat(page.evaluate("() => socket.ended")).isEqualTo("1001 the server goes true");
        assertThat(next(closed).code()).isEqualTo(CloseReason.GOING_AWAY);
    }

    /**
     * What the end of a page looks like. Over HTTP/2 Chromium cancels the stream before its close frame has left the queue (seen
     * in its own network log), so that the frame is never on the wire.
     */
    private int leaving() {
        return protocol == Protocol.HTTP_2 ? CloseReason.ABNORMAL : CloseReason.GOING_AWAY;
    }

    @Test
    void aPageThatIsLeftIsGone() throws Exception {
        open("/echo");

        page.navigate(page.url() + "left");

        assertThat(next(closed).code()).isEqualTo(leaving());
    }

    @Test
    void aTabThatIsShutIsGone() throws Exception {
        open("/echo");

        page.close();

        assertThat(next(closed).code()).isEqualTo(leaving());
    }

    @Test
    void pagesOfOtherOriginsAreRefused() throws Exception {
        page.navigate(page.url().replace("127.0.0.1", "localhost"));

        assertThat(page.evaluate("() => { const path = address.replace('localhost', '127.0.0.1') + '/echo';"
                        + " const socket = new WebSocket(path);"
                        + " return new Promise((resolve) => socket.onclose = ({ code }) => resolve(code)); }"))
                .isEqualTo(1006);
        assertThat(opened).isEmpty();
    }

    @Test
    void manyAreOpenBesideThePagesRequests() throws Exception {
        int count = 8; // more than the six connections that a browser opens to one host

        page.evaluate("count => Promise.all(Array.from({ length: count }, () => open('/echo')))", count);

        List<WebSocketConnection> connections = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            connections.add(next(opened));
        }
        assertThat(connections).allMatch(connection -> connection.protocol() == protocol);
        assertThat(page.evaluate("async () => (await fetch('/left')).status")).isEqualTo(200);
        if (protocol == Protocol.HTTP_2) {
            assertThat(server.connections()).isOne();
        }
        page.navigate(page.url() + "left");
        for (int i = 0; i < count; i++) {
            assertThat(next(closed).code()).isEqualTo(leaving());
        }
    }
}
