package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Protocol;
import dev.parley.websocket.codec.CloseReason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** WebSockets through the kit, over both versions of HTTP: what is sent, what is received, how it ends. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class WebSocketTest {
    private final Protocol protocol;
    private final FakeWebSocket fake = new FakeWebSocket();
    private final TestServer server;

    WebSocketTest(Protocol protocol) {
        this.protocol = protocol;
        this.server = fake.server(protocol);
    }

    /** Fails too if a test left something that nobody looked at. */
    @AfterEach
    void close() {
        server.close();
    }

    private TestWebSocket open() {
        return server.webSocket("/ws");
    }

    private void assertFails(ThrowingCallable assertion, String message) {
        assertThatThrownBy(assertion)
                .isInstanceOf(AssertionError.class)
                .hasMessage("GET /ws over " + protocol + ": " + message);
    }

    // ---- sent

    @Test
    void messagesAreSentMaskedInOneFrameEach() {
        TestWebSocket ws = open().send("é").send(new byte[] {1, 2}).ping("p");

        assertThat(fake.frames())
                .containsExactly(TestFrame.text("é"), TestFrame.binary(new byte[] {1, 2}), TestFrame.ping("p"));
        assertThat(fake.hex()).matches("8182.{8}.{4}8282.{8}.{4}8981.{8}.{2}");
        assertThat(ws).isOpen();
    }

    @Test
    void masksDiffer() {
        open().send("").send("");

        assertThat(fake.hex().substring(4, 12)).isNotEqualTo(fake.hex().substring(16, 24));
    }

    @Test
    void lengthsAreInTheirShortestForm() {
        TestWebSocket ws = open();
        for (int length : new int[] {125, 126, 65_535, 65_536}) {
            ws.frame(TestFrame.binary(new byte[length]).mask(0));
        }

        String zeros = "00000000";
        assertThat(fake.hex())
                .isEqualTo("82fd" + zeros + "00".repeat(125) + "82fe007e" + zeros + "00".repeat(126) + "82feffff"
                        + zeros + "00".repeat(65_535) + "82ff0000000000010000" + zeros + "00".repeat(65_536));
    }

    @Test
    void framesAreSentRightOrWrong() {
        open().frame(
                        TestFrame.text("a").mask(0x01020304),
                        TestFrame.text("a").unmasked(),
                        TestFrame.text("a").unmasked().notFinal().rsv(TestFrame.RSV1 | TestFrame.RSV3),
                        TestFrame.of(15, new byte[0]).unmasked(),
                        TestFrame.close(5000, "b").unmasked(),
                        TestFrame.text("a").unmasked().lengthBytes(2),
                        TestFrame.text("a").unmasked().lengthBytes(8),
                        TestFrame.text("a").unmasked().length(-1));

        assertThat(fake.hex())
                .isEqualTo("81810102030460" + "810161" + "510161" + "8f00" + "8803138862" + "817e000161"
                        + "817f000000000000000161" + "817fffffffffffffffff61");
    }

    @Test
    void aFramesBytesCanBeSentRightBehindTheHandshake() {
        server.get("/ws").body(TestFrame.text("Hello").toBytes()).webSocket();

        assertThat(fake.hex()).isEqualTo("818537fa213d7f9f4d5158");
        assertThat(fake.frames()).containsExactly(TestFrame.text("Hello"));
    }

    @Test
    void framesAreSentInPieces() {
        int[] reads = {0};
        fake.onFrame(frame -> reads[0]++);
        open().pieceBytes(1).send("one").pieceBytes(2).send("two");

        assertThat(reads[0]).isEqualTo(2);
        assertThat(fake.frames()).containsExactly(TestFrame.text("one"), TestFrame.text("two"));
    }

    @Test
    void jsonIsSentWithAndWithoutAnId() {
        open().sendJson("login", Map.of("user", "小麦")).sendJson("ask", null, 7);

        assertThat(fake.frames())
                .containsExactly(
                        TestFrame.text("{\"type\":\"login\",\"payload\":{\"user\":\"小麦\"}}"),
                        TestFrame.text("{\"type\":\"ask\",\"payload\":null,\"id\":7}"));
    }

    @Test
    void nothingIsSentOnAClosedWebSocketByMistake() {
        TestWebSocket ws = open();
        fake.send(TestFrame.close(1011, "broken"));

        assertFails(() -> ws.send("a"), "closed with 1011 broken (expected: open, to send text \"a\")");
    }

    @Test
    void nothingIsSentBehindTheClientsCloseByMistake() {
        TestWebSocket ws = open().close(1000, "");

        assertFails(
                () -> ws.send("a"),
                "the client has sent close 1000, and the server no close frame (expected: open, to send text \"a\")");
        ws.frame(TestFrame.text("even so"));
        assertThat(fake.frames()).containsExactly(TestFrame.close(1000, ""), TestFrame.text("even so"));
    }

    // ---- received

    @Test
    void messagesAreReceivedInOrder() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("a"));
        fake.send(TestFrame.text("b"));
        assertThat(ws).received("a", "b").receivedNothing();

        fake.send(TestFrame.binary(new byte[] {1}));
        assertThat(ws).received(new byte[] {1}).isOpen();
    }

    @Test
    void fragmentsMakeOneMessageWithControlFramesBetweenThem() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("caf").notFinal());
        fake.sendHex("0001c3"); // half of an é
        assertThat(ws).receivedNothing();
        fake.send(TestFrame.ping("between"));
        fake.sendHex("8001a9");

        assertThat(ws).received("café");
        assertThat(fake.frames()).containsExactly(TestFrame.pong("between"));
    }

    @Test
    void framesTellWhatMessagesDoNot() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("a").notFinal());
        fake.send(TestFrame.continuation("b"));
        fake.send(TestFrame.ping("p"));
        fake.send(TestFrame.close(1000, "bye"));

        assertThat(ws)
                .receivedFrames(
                        TestFrame.text("a").notFinal(),
                        TestFrame.continuation("b"),
                        TestFrame.ping("p"),
                        TestFrame.close(1000, "bye"))
                .receivedNothing();
    }

    @Test
    void aWrongExpectationTellsBothSides() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("a"));
        assertFails(() -> assertThat(ws).received("b", "c"), "open: received: [\"a\"] (expected: [\"b\", \"c\"])");

        fake.send(TestFrame.binary(new byte[] {(byte) 0xAB}));
        assertFails(() -> assertThat(ws).received("\u00ab"), "open: received: [binary ab] (expected: [\"\u00ab\"])");

        fake.send(TestFrame.text("a"));
        assertFails(
                () -> assertThat(ws).received(new byte[] {0x61}), "open: received: [\"a\"] (expected: [binary 61])");

        fake.send(TestFrame.text("a"));
        assertFails(() -> assertThat(ws).receivedNothing(), "open: received: [\"a\"] (expected: nothing)");

        fake.send(TestFrame.text("a"));
        assertFails(
                () -> assertThat(ws).receivedFrames(TestFrame.text("a").notFinal()),
                "open: received: [text \"a\"] (expected: [text not final \"a\"])");
    }

    @Test
    void textsAndBinariesAreNotTakenForEachOther() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("a"));
        assertThat(ws.texts()).containsExactly("a");
        fake.send(TestFrame.text("a"));
        assertFails(ws::binaries, "received: \"a\" (expected: binary)");

        fake.send(TestFrame.binary(new byte[] {1}));
        assertThat(ws.binaries()).containsExactly(new byte[] {1});
        fake.send(TestFrame.binary(new byte[] {1}));
        assertFails(ws::texts, "received: binary 01 (expected: text)");
    }

    @Test
    void jsonIsComparedAsATreeMessageByMessage() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("{\"payload\": {\"b\": 2, \"a\": 1}, \"type\": \"sum\"}"));
        fake.send(TestFrame.text("{\"type\":\"reply\",\"id\":\"7\",\"payload\":[]}"));
        fake.send(TestFrame.text("{\"type\":\"other\",\"position\":\"1-2\"}"));

        assertThat(ws)
                .receivedJson("sum", Map.of("a", 1, "b", 2))
                .receivedJson("reply", List.of(), "7")
                .receivedJson("{\"position\":\"1-2\",\"type\":\"other\"}")
                .receivedNothing();
    }

    @Test
    void otherJsonFails() {
        TestWebSocket ws = open();
        assertFails(
                () -> assertThat(ws).receivedJson("a", null),
                "open: received: nothing (expected: {\"type\":\"a\",\"payload\":null})");

        fake.send(TestFrame.text("{\"type\":\"a\",\"payload\":1}"));
        assertFails(
                () -> assertThat(ws).receivedJson("a", 1, 2),
                "open: received: {\"type\":\"a\",\"payload\":1} (expected: {\"type\":\"a\",\"payload\":1,\"id\":2})");

        fake.send(TestFrame.binary(new byte[] {'1'}));
        assertFails(() -> assertThat(ws).receivedJson("1"), "open: received: binary 31 (expected: text)");

        fake.send(TestFrame.text("{"));
        assertThatThrownBy(() -> assertThat(ws).receivedJson("1"))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith(
                        "GET /ws over " + protocol + ": open: received: \"{\" (expected: 1; no JSON: Unexpected end");
    }

    @Test
    void jsonCanBeRead() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("{\"type\":\"a\"}"));

        assertThat(ws.json(JsonNode.class))
                .singleElement()
                .satisfies(node -> assertThat(node.path("type").asString()).isEqualTo("a"));
    }

    // ---- what fails a test by itself

    @Test
    void messagesThatNobodyLookedAtFailTheTest() {
        open();
        fake.send(TestFrame.text("a"));
        fake.send(TestFrame.pong("b"));

        assertFails(
                server::close,
                "open: nobody looked at messages [\"a\"], and at pongs [pong \"b\"] (expected: all of it taken, or"
                        + " ignoreRest())");
    }

    @Test
    void aMessageShowsTheFirstAndHowManyMoreThereAre() {
        open();
        for (int i = 1; i <= 100; i++) {
            fake.send(TestFrame.text("number " + i));
        }

        assertThatThrownBy(server::close).hasMessageContaining("\"number 16\"] and 84 more (expected:");
    }

    @Test
    void aCloseThatNobodyLookedAtFailsTheTest() {
        open();
        fake.send(TestFrame.close(1011, "broken"));

        assertFails(
                server::close,
                "closed with 1011 broken: nobody looked at its end (expected: all of it taken, or ignoreRest())");
    }

    @Test
    void anEndThatNobodyLookedAtFailsTheTest() {
        open();
        fake.sendHex("8105 68");
        fake.end();

        assertFails(
                server::close,
                "ended by the server without a close frame, with 3 bytes of a frame that has not ended: nobody looked at"
                        + " its end (expected: all of it taken, or ignoreRest())");
    }

    @Test
    void anEndThatTheClientAskedForNeedNotBeLookedAt() {
        fake.closing();
        open().close();
        open().close(1000, "bye");
        open().close(4000, "");
        open().cut();
    }

    @Test
    void anotherAnswerToTheClientsCloseMustBeLookedAt() {
        fake.onFrame(frame -> fake.send(TestFrame.close(1011, "")));
        open().close(1000, "");

        assertFails(
                server::close,
                "closed with 1011: nobody looked at its end (expected: all of it taken, or ignoreRest())");
    }

    @Test
    void theRestMayBeIgnored() {
        TestWebSocket ws = open();
        ws.ignoreRest();
        fake.send(TestFrame.text("a"));
        fake.end();
    }

    // ---- pings

    @Test
    void pingsAreAnsweredWhileTheServerWorks() {
        open();
        fake.send(TestFrame.ping("1"));
        fake.send(TestFrame.ping("2"));
        server.advance(Duration.ofMillis(1));

        assertThat(fake.frames()).containsExactly(TestFrame.pong("1"), TestFrame.pong("2"));
    }

    @Test
    void pingsMayBeIgnoredAndTheLastOneAnsweredLate() {
        TestWebSocket ws = open().ignorePings();
        fake.send(TestFrame.ping("1"));
        fake.send(TestFrame.ping("2"));
        server.run();
        assertThat(fake.frames()).isEmpty();

        ws.answerPings();
        assertThat(fake.frames()).containsExactly(TestFrame.pong("2"));
        ws.answerPings();
        assertThat(fake.frames()).isEmpty();
    }

    @Test
    void pongsAreReceived() {
        fake.onFrame(frame -> fake.send(TestFrame.of(10, frame.payload())));
        TestWebSocket ws = open().ping("a").ping("");
        assertThat(ws).ponged("a", "").ponged();

        ws.ping("b");
        assertFails(() -> assertThat(ws).ponged("c"), "open: pongs: [b] (expected: [c])");
    }

    // ---- the end

    @Test
    void theServersCloseIsAnsweredWithItsCode() {
        TestWebSocket ws = open();
        fake.send(TestFrame.close(1009, "the message is too big"));
        server.run();
        assertThat(fake.frames()).containsExactly(TestFrame.close(1009, ""));
        fake.end();

        assertThat(ws)
                .closedWith(1009)
                .closedWith(1009, "the message is too big")
                .isEnded();
        assertThat(ws.closeReason()).contains(new CloseReason(1009, "the message is too big"));
        assertFails(
                () -> assertThat(ws).closedWith(1002),
                "closed with 1009 the message is too big (expected: closed with 1002)");
        assertFails(
                () -> assertThat(ws).closedWith(1009, "other"),
                "closed with 1009 the message is too big (expected: closed with 1009 other)");
        assertFails(() -> assertThat(ws).isOpen(), "closed with 1009 the message is too big (expected: open)");
        assertFails(
                () -> assertThat(ws).wasCut(),
                "closed with 1009 the message is too big (expected: ended by the server without a close frame)");
    }

    @Test
    void theClientMayCloseFirst() {
        fake.closing();
        TestWebSocket ws = open().close(4001, "enough");
        assertThat(ws).closedWith(4001, "enough");

        assertThat(fake.frames()).containsExactly(TestFrame.close(4001, "enough"));
        assertThat(open().close()).closedWith(1005, "").isEnded();
    }

    @Test
    void whoIsStillOpenIsNotClosed() {
        TestWebSocket ws = open();
        assertThat(ws.closeReason()).isEmpty();
        assertFails(() -> assertThat(ws).closedWith(1000), "open (expected: closed with 1000)");
        assertFails(() -> assertThat(ws).wasCut(), "open (expected: ended by the server without a close frame)");
        assertFails(
                () -> assertThat(ws).isEnded(),
                "open, and the connection or stream goes on (expected: ended by the server)");

        fake.send(TestFrame.text("a"));
        assertFails(() -> assertThat(ws).closedWith(1000), "open, not looked at: [\"a\"] (expected: closed with 1000)");
        assertThat(ws).received("a");
    }

    @Test
    void theServerMustEndTheConnectionWhenBothHaveClosed() {
        TestWebSocket ws = open();
        fake.send(TestFrame.close(1001, ""));

        assertFails(
                () -> assertThat(ws).closedWith(1001),
                "closed with 1001, and the connection or stream goes on (expected: ended by the server)");
    }

    @Test
    void theServersCloseMayBeIgnoredAndAnsweredLate() {
        TestWebSocket ws = open().ignoreClose();
        fake.closing();
        fake.send(TestFrame.close(1001, "going"));
        assertThat(ws).closedWith(1001);
        assertThat(fake.frames()).isEmpty();

        fake.onFrame(frame -> fake.end());
        ws.answerClose();
        assertThat(fake.frames()).containsExactly(TestFrame.close(1001, ""));
        assertThat(ws).closedWith(1001).isEnded();
    }

    @Test
    void aCloseFrameThatIsWrongIsNoClose() {
        fake.onFrame(frame -> {
            if (frame.rsv() != 0) {
                fake.send(TestFrame.close(1002, ""));
            } else {
                fake.end();
            }
        });
        TestWebSocket ws = open().frame(TestFrame.close(1000, "").rsv(TestFrame.RSV2));

        assertThat(ws).closedWith(1002);
        assertThat(fake.frames())
                .containsExactly(TestFrame.close(1000, "").rsv(TestFrame.RSV2), TestFrame.close(1002, ""));
    }

    @Test
    void aServerThatEndsWithoutACloseFrameHasCut() {
        TestWebSocket ws = open();
        fake.end();

        assertThat(ws).wasCut().isEnded();
        assertThat(ws.closeReason()).contains(new CloseReason(CloseReason.ABNORMAL, ""));
        assertFails(() -> assertThat(ws).isOpen(), "ended by the server without a close frame (expected: open)");
        assertFails(
                () -> assertThat(ws).closedWith(1006),
                "ended by the server without a close frame (expected: closed with 1006)");
    }

    @Test
    void aClientThatGoesAwayIsNotTheServersCut() {
        TestWebSocket ws = open();
        ws.cut();

        assertThat(fake.isGone()).isTrue();
        assertFails(
                () -> assertThat(ws).wasCut(),
                "the client is gone (expected: ended by the server without a close frame)");
    }

    @Test
    void aClientMayBeCutAtAnyByte() {
        TestWebSocket ws = server.get("/ws").cutAfterBytes(4).webSocket();
        fake.send(TestFrame.text("a"));
        fake.send(TestFrame.text("b"));

        assertThat(ws).received("a");
        assertThat(fake.isGone()).isTrue();
    }

    @Test
    void aClientMayEndItsOutputWithoutACloseFrame() {
        TestWebSocket ws = open();
        ws.closeOutput();

        assertThat(fake.isGone()).isTrue();
        assertThat(ws).wasCut();
    }

    // ---- a client that does not read

    @Test
    void aClientThatDoesNotReadHoldsTheServerUp() {
        TestWebSocket ws = open();
        ws.stall();
        int sent = 0;
        for (; sent < 1000 && fake.isWritable(); sent++) {
            fake.send(TestFrame.text("x".repeat(1000)));
            server.run();
        }
        assertThat(sent).isBetween(64, 999);
        fake.send(TestFrame.ping("waits"));
        server.run();
        assertThat(fake.frames()).isEmpty();

        ws.resume();
        assertThat(ws.texts()).hasSize(sent);
        assertThat(fake.frames()).containsExactly(TestFrame.pong("waits"));
    }

    @Test
    void messagesThatNobodyTakesHaveABound() {
        TestWebSocket ws = open();
        byte[] frame = TestFrame.binary(new byte[16 * 1024 * 1024]).unmasked().toBytes();
        for (int i = 0; i < 4; i++) {
            fake.write(frame);
        }
        assertThat(ws.binaries()).hasSize(4);
        for (int i = 0; i < 5; i++) {
            fake.write(frame);
        }

        assertFails(
                ws::binaries,
                "the server sent more than 67108864 bytes that nobody looked at (expected: a test that looks at them, or"
                        + " a client that stalls)");
    }

    @Test
    void aFrameHasAllThatAReceivedOneHas() {
        TestWebSocket ws = open();
        fake.send(TestFrame.text("é"));

        TestFrame frame = ws.frames().get(0);
        assertThat(frame.isFinal()).isTrue();
        assertThat(frame.rsv()).isZero();
        assertThat(frame.opcode()).isEqualTo(1);
        assertThat(frame.payload()).isEqualTo("é".getBytes(UTF_8));
        assertThat(frame.text()).isEqualTo("é");
        assertThat(frame).hasSameHashCodeAs(TestFrame.text("é")).isNotEqualTo(TestFrame.ping("é"));
    }
}
