package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Exchange;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.websocket.codec.CloseReason;
import dev.parley.websocket.codec.DeflateAgreement;
import dev.parley.websocket.codec.DeflateSettings;
import dev.parley.websocket.codec.Handshake;
import dev.parley.websocket.codec.Opcode;
import dev.parley.websocket.codec.ReaderLimits;
import dev.parley.websocket.codec.WebSocketHandler;
import dev.parley.websocket.codec.WebSocketListener;
import dev.parley.websocket.codec.WebSocketSettings;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/** The kit's WebSockets against the library's, which share no code: an echo, in pieces too. */
@ParameterizedClass
@CsvSource({"HTTP_1_1, 100000", "HTTP_2, 100000", "HTTP_1_1, 1", "HTTP_2, 1"})
final class RealWebSocketTest {
    private static final WebSocketSettings SETTINGS =
            new WebSocketSettings(ReaderLimits.of(64 * 1024), 64, Duration.ofSeconds(5));

    private final Handshake handshake = new Handshake(List.of("echo"), DeflateSettings.withoutTakeover());
    private final Deque<WebSocketHandler> opened = new ArrayDeque<>();
    private final int pieceBytes;
    private final TestServer server;

    RealWebSocketTest(Protocol protocol, int pieceBytes) {
        this.pieceBytes = pieceBytes;
        this.server = TestServer.builder(Routes.builder().get("/ws", this::open).build())
                .protocol(protocol)
                .build();
    }

    @AfterEach
    void close() {
        server.close();
    }

    private void open(Exchange exchange) {
        Handshake.Outcome outcome = exchange.protocol() == Protocol.HTTP_2
                ? handshake.http2(HttpMethod.CONNECT, exchange.requestedProtocol(), exchange.headers())
                : handshake.http1(HttpMethod.GET, exchange.requestedProtocol(), exchange.headers());
        if (outcome instanceof Handshake.Accepted accepted) {
            exchange.switchProtocol(accepted.headers(), tunnel -> {
                Echo echo = new Echo(accepted.deflate(), tunnel::end);
                opened.add(echo.handler);
                tunnel.pipeline().addLast(echo.handler);
            });
        } else if (outcome instanceof Handshake.Refused refused) {
            exchange.respond(Response.of(refused.status()));
        }
    }

    /** Sends back what comes. */
    private static final class Echo implements WebSocketListener {
        private final @Nullable DeflateAgreement deflate;
        private final Runnable end;
        private final WebSocketHandler handler;

        Echo(@Nullable DeflateAgreement deflate, Runnable end) {
            this.deflate = deflate;
            this.end = end;
            this.handler = new WebSocketHandler(SETTINGS, deflate, this);
        }

        @Override
        public void text(ByteBuf utf8) {
            handler.write(Opcode.TEXT, utf8);
        }

        @Override
        public void binary(ByteBuf bytes) {
            handler.write(Opcode.BINARY, bytes);
        }

        @Override
        public void closed(CloseReason reason) {
            if (deflate != null) {
                deflate.close();
            }
        }

        @Override
        public void end(ChannelHandlerContext ctx) {
            end.run();
        }
    }

    private TestWebSocket webSocket() {
        return server.webSocket("/ws").pieceBytes(pieceBytes);
    }

    @Test
    void aMessageThatIsTooBigCloses() {
        TestWebSocket ws = webSocket();
        ws.send("x".repeat(70_000));
        assertThat(ws).closedWith(1009);
    }

    @Test
    void messagesComeBack() {
        TestWebSocket ws = webSocket().send("é").send(new byte[300]);
        assertThat(ws.frames()).containsExactly(TestFrame.text("é"), TestFrame.binary(new byte[300]));

        ws.sendJson("a", Map.of("b", 1), 2);
        assertThat(ws).receivedJson("a", Map.of("b", 1), 2).isOpen();
        ws.frame(TestFrame.text("in ").notFinal(), TestFrame.ping("p"), TestFrame.continuation("pieces"));
        assertThat(ws).ponged("p").received("in pieces");
    }

    @Test
    void compressedMessagesComeBackCompressed() {
        TestWebSocket ws = server.get("/ws").deflate().webSocket().pieceBytes(pieceBytes);
        String text = "小麦".repeat(1000);
        ws.sendCompressed(text).sendCompressed(text);
        ws.send("short");

        assertThat(ws).received(text, text, "short");
        ws.sendCompressed(text);
        assertThat(ws.frames()).extracting(TestFrame::rsv).containsExactly(TestFrame.RSV1);
    }

    @Test
    void eachSideMayCloseFirst() {
        assertThat(webSocket().close(1000, "bye")).closedWith(1000).isEnded();
        assertThat(webSocket().close()).closedWith(1005).isEnded();

        TestWebSocket ws = webSocket();
        opened.getLast().close(CloseReason.of(4000, "enough"));
        assertThat(ws).closedWith(4000, "enough").isEnded();
    }

    @Test
    void violationsClose() {
        assertThat(webSocket().frame(TestFrame.text("a").unmasked())).closedWith(1002, "the frame is not masked");
        assertThat(webSocket().frame(TestFrame.text("a").rsv(TestFrame.RSV2))).closedWith(1002);
        assertThat(webSocket().frame(TestFrame.binary(new byte[] {-1}), TestFrame.of(1, new byte[] {-1})))
                .received(new byte[] {-1})
                .closedWith(1007);
        assertThat(webSocket().frame(TestFrame.close(1005, ""))).closedWith(1002);
    }

    @Test
    void aClientThatDoesNotAnswerTheCloseIsLeft() {
        TestWebSocket ws = webSocket().ignoreClose();
        opened.getLast().close(CloseReason.of(1001, ""));
        assertThat(ws).closedWith(1001);

        server.advance(Duration.ofSeconds(6));
        assertThat(ws).isEnded();
    }

    @Test
    void aHandshakeMayBeRefused() {
        assertThat(server.get("/ws")
                        .header("Sec-WebSocket-Version", "8")
                        .webSocketHandshake()
                        .send()
                        .status())
                .isGreaterThanOrEqualTo(400);
        assertThat(server.get("/ws").subprotocols("other", "echo").webSocket()).hasSubprotocol("echo");
    }
}
