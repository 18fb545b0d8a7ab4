package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Protocol;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How strict the kit's WebSockets are with what a server sends, whole and byte by byte. */
final class WebSocketReaderTest {
    private static final String DEFLATE = "permessage-deflate";

    private static byte[] hex(String bytes) {
        return HexFormat.of().parseHex(bytes.replace(" ", ""));
    }

    /** What the kit says when a server sends these bytes, at once and in pieces of one byte. */
    private static String wrong(boolean deflate, byte[] bytes) {
        String whole = wrong(deflate, bytes, bytes.length);
        assertThat(wrong(deflate, bytes, 1)).isEqualTo(whole);
        return whole;
    }

    private static String wrong(boolean deflate, byte[] bytes, int pieceBytes) {
        FakeWebSocket fake = new FakeWebSocket();
        if (deflate) {
            fake.answer.set("Sec-WebSocket-Extensions", DEFLATE);
        }
        TestServer server = fake.server(Protocol.HTTP_1_1);
        TestRequest request = server.get("/ws");
        (deflate ? request.deflate() : request).webSocket();
        for (int from = 0; from < bytes.length; from += pieceBytes) {
            fake.write(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + pieceBytes)));
            server.run();
        }
        try {
            server.close();
        } catch (AssertionError e) {
            return String.valueOf(e.getMessage());
        }
        return "nothing is wrong";
    }

    private static void assertWrong(String bytes, String message) {
        assertThat(wrong(false, hex(bytes))).isEqualTo("GET /ws over HTTP_1_1: the server sent " + message);
    }

    // ---- frames

    @Test
    void masksAreWrong() {
        assertWrong("8181 00000000 61", "a frame with a mask (expected: none from a server, RFC 6455 section 5.1)");
    }

    @ParameterizedTest
    @CsvSource({
        "82 7e 007d, 125 in 2",
        "82 7e 0000, 0 in 2",
        "82 7f 000000000000ffff, 65535 in 8",
        "82 7f 0000000000000000, 0 in 8"
    })
    void lengthsMustBeInTheirShortestForm(String bytes, String length) {
        assertWrong(bytes, "a length of " + length + " bytes (expected: the shortest form, RFC 6455 section 5.2)");
    }

    @Test
    void lengthsMustNotBeNegative() {
        assertWrong(
                "82 7f 8000000000000000", "a length with its highest bit set (expected: unset, RFC 6455 section 5.2)");
    }

    @Test
    void lengthsMustFitATest() {
        assertWrong(
                "82 7f 0000000004000001",
                "a frame of 67108865 bytes (expected: 67108864 at most, which is what a test can hold)");
    }

    @Test
    void reservedBitsAreWrongOnEachOpcode() {
        for (int rsv = 1; rsv < 8; rsv++) {
            for (int opcode : new int[] {0, 1, 2, 8, 9, 10}) {
                assertWrong(
                        HexFormat.of().toHexDigits((byte) (0x80 | rsv << 4 | opcode)) + "00",
                        "reserved bits " + rsv + " on opcode " + opcode + " (expected: 0, RFC 6455 section 5.2)");
            }
        }
    }

    @Test
    void whereCompressionWasAgreedOnOnlyItsBitIsRightAndOnlyWhereAMessageBegins() {
        for (int rsv = 1; rsv < 8; rsv++) {
            for (int opcode : new int[] {0, 1, 2, 8, 9, 10}) {
                boolean begins = opcode == 1 || opcode == 2;
                if (!begins || rsv != 4) {
                    assertThat(wrong(true, new byte[] {(byte) (0x80 | rsv << 4 | opcode), 0}))
                            .isEqualTo("GET /ws over HTTP_1_1: the server sent reserved bits " + rsv + " on opcode "
                                    + opcode + " (expected: 0"
                                    + (begins ? ", or 4 as permessage-deflate was agreed on" : "")
                                    + ", RFC 6455 section 5.2)");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    void opcodesMustMeanSomething(int opcode) {
        assertWrong(
                "8" + Integer.toHexString(opcode) + "00",
                "opcode " + opcode + " (expected: 0 to 2, or 8 to 10, RFC 6455 section 5.2)");
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 10})
    void controlFramesMustBeShortAndWhole(int opcode) {
        String digit = Integer.toHexString(opcode);
        assertWrong(
                "0" + digit + "00",
                "a control frame without FIN, of opcode " + opcode + " (expected: with it, RFC 6455 section 5.5)");
        assertWrong(
                "8" + digit + "7e 007e", "a control frame of 126 bytes (expected: 125 at most, RFC 6455 section 5.5)");
    }

    @Test
    void fragmentsMustBeInOrder() {
        String first = "a continuation of no message (expected: text or binary first, RFC 6455 section 5.4)";
        assertWrong("8000", first);
        assertWrong("0000", first);
        String ended = "a new message before the last one has ended (expected: a continuation, RFC 6455 section 5.4)";
        assertWrong("0100 8100", ended);
        assertWrong("0200 0000 0200", ended);
    }

    @ParameterizedTest
    @ValueSource(strings = {"c3", "c328", "eda080", "c080", "f4908080", "ff"})
    void textMustBeUtf8(String bytes) {
        assertWrong(
                "810" + bytes.length() / 2 + bytes,
                "a text that is not UTF-8: " + bytes + " (expected: UTF-8, RFC 6455 section 8.1)");
    }

    // ---- close frames

    @Test
    void onlyLegalCodesMayBeSent() {
        for (int code = 0; code <= 0xFFFF; code += code < 5100 || code >= 32_760 && code < 32_780 ? 1 : 257) {
            boolean legal =
                    code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999;
            assertThat(CloseCodes.problem(TestFrame.close(code, "").payload()))
                    .isEqualTo(
                            legal
                                    ? ""
                                    : "close code " + code
                                            + " (expected: 1000 to 1003, 1007 to 1014, 3000 to 4999, RFC 6455 section"
                                            + " 7.4)");
        }
        assertWrong(
                "8802 03ed",
                "close code 1005 (expected: 1000 to 1003, 1007 to 1014, 3000 to 4999, RFC 6455 section 7.4)");
    }

    @Test
    void aCloseFrameHasAWholeCodeAndAReasonThatIsText() {
        assertWrong(
                "8801 03",
                "a close frame with half a code (expected: no payload, or 2 bytes and more, RFC 6455 section 5.5.1)");
        assertWrong("8803 03e8 ff", "a close reason that is not UTF-8: ff (RFC 6455 section 5.5.1)");
    }

    @Test
    void nothingMayComeBehindACloseFrame() {
        assertThat(wrong(false, hex("8800 8100"), 4))
                .isEqualTo("GET /ws over HTTP_1_1: the server sent bytes behind its close frame: 8100 (expected: none,"
                        + " RFC 6455 section 5.5.1)");
        assertThat(wrong(false, hex("8800 8100"), 1)).contains("sent bytes behind its close frame: 81 (");
    }

    // ---- where it is told

    @Test
    void eachLookTellsWhatIsWrong() {
        FakeWebSocket fake = new FakeWebSocket();
        try (TestServer server = fake.server(Protocol.HTTP_1_1)) {
            TestWebSocket ws = server.webSocket("/ws");
            fake.sendHex("8300");

            String message = "GET /ws over HTTP_1_1: the server sent opcode 3 (expected: 0 to 2, or 8 to 10, RFC 6455"
                    + " section 5.2)";
            assertThatThrownBy(() -> assertThat(ws).receivedNothing()).hasMessage(message);
            assertThatThrownBy(() -> assertThat(ws).closedWith(1002)).hasMessage(message);
            assertThatThrownBy(() -> assertThat(ws).isOpen()).hasMessage(message);
            assertThatThrownBy(ws::frames).hasMessage(message);
            assertThatThrownBy(ws::pongs).hasMessage(message);
            assertThatThrownBy(() -> ws.send("a")).hasMessage(message);
        } // who has been told is not told again
    }

    @Test
    void whatIsWrongFailsTheTestEvenIfTheRestIsIgnored() {
        FakeWebSocket fake = new FakeWebSocket();
        TestServer server = fake.server(Protocol.HTTP_1_1);
        server.webSocket("/ws").ignoreRest();
        fake.sendHex("8300");

        assertThatThrownBy(server::close).hasMessageContaining("the server sent opcode 3");
    }

    @Test
    void allThatIsRightIsReadByteByByteToo() {
        FakeWebSocket fake = new FakeWebSocket();
        try (TestServer server = fake.server(Protocol.HTTP_2)) {
            TestWebSocket ws = server.webSocket("/ws");
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int length : new int[] {0, 1, 125, 126, 1000, 65_535, 65_536}) {
                all.writeBytes(TestFrame.text("x".repeat(length)).unmasked().toBytes());
            }
            for (byte each : all.toByteArray()) {
                fake.write(new byte[] {each});
            }

            assertThat(ws.texts()).extracting(String::length).containsExactly(0, 1, 125, 126, 1000, 65_535, 65_536);
        }
    }

    // ---- compression

    private record Session(FakeWebSocket fake, TestServer server, TestWebSocket ws) {
        static Session open(String offer, String answer) {
            FakeWebSocket fake = new FakeWebSocket();
            fake.answer.set("Sec-WebSocket-Extensions", answer);
            TestServer server = fake.server(Protocol.HTTP_1_1);
            return new Session(fake, server, server.get("/ws").deflate(offer).webSocket());
        }
    }

    /** The samples of RFC 7692 section 7.2.3. */
    @Test
    void compressedMessagesAreInflated() {
        Session session = Session.open("", DEFLATE);
        FakeWebSocket fake = session.fake;
        fake.sendHex("c107 f248cdc9c90700"); // a fixed block
        fake.sendHex("4103 f248cd 8004 c9c90700"); // in two fragments
        fake.sendHex("c105 f200110000"); // of the message before
        fake.sendHex("c10b 00 0500 faff 48656c6c6f 00"); // stored
        fake.sendHex("c108 f348cdc9c9070000"); // a last block
        fake.sendHex("c10d f24805000000ffffcac9c90700"); // two blocks
        fake.sendHex("c101 00"); // nothing
        fake.sendHex("8105 48656c6c6f"); // not compressed

        assertThat(session.ws).received("Hello", "Hello", "Hello", "Hello", "Hello", "Hello", "", "Hello");
        assertThat(session.ws).hasExtensions(DEFLATE);
        session.server.close();
    }

    @Test
    void aMessageThatRefersToOthersIsWrongWhereThatWasNotAgreedOn() {
        Session session = Session.open("server_no_context_takeover", DEFLATE + "; server_no_context_takeover");
        session.fake.sendHex("c107 f248cdc9c90700");
        assertThat(session.ws).received("Hello");
        session.fake.sendHex("c105 f200110000");

        assertThatThrownBy(session.ws::texts)
                .hasMessage(
                        "GET /ws over HTTP_1_1: the server sent a compressed message that can't be inflated: invalid"
                                + " distance too far back: f200110000 (RFC 7692 section 7.2.2)");
        session.server.close();
    }

    @Test
    void aMessageThatRefersFurtherBackThanAgreedOnIsWrong() {
        Session session = Session.open("server_max_window_bits=8", DEFLATE + "; server_max_window_bits=8");
        Deflater deflater = new Deflater(9, true);
        String first = "abcdefghijklmnopqrstuvwxyz0123456789" + "-".repeat(300);
        session.fake.send(TestFrame.of(1, sync(deflater, first)).rsv(TestFrame.RSV1));
        assertThat(session.ws).received(first);
        session.fake.send(TestFrame.of(1, sync(deflater, "abcdefghijklmnopqrstuvwxyz0123456789"))
                .rsv(TestFrame.RSV1));

        assertThatThrownBy(session.ws::texts).hasMessageContaining("invalid distance too far back");
        session.server.close();
        deflater.end();
    }

    private static byte[] sync(Deflater deflater, String text) {
        byte[] room = new byte[1000];
        deflater.setInput(text.getBytes(US_ASCII));
        int size = deflater.deflate(room, 0, room.length, Deflater.SYNC_FLUSH);
        return Arrays.copyOf(room, size - 4);
    }

    @ParameterizedTest
    @CsvSource({
        "c10b f248cdc9c907000000ffff, 'ends in 00 00 ff ff (expected: that taken off, RFC 7692 section 7.2.1): f248cdc9c907000000ffff'",
        "c106 f248cdc9c907, 'invalid stored block lengths: f248cdc9c907'",
        "c106 000b00f4ff61, 'ends in the midst of a block: 000b00f4ff61'",
        "c100 , 'invalid stored block lengths: '",
        "c101 ff, 'invalid block type: ff'"
    })
    void whatIsNotDeflateIsWrong(String bytes, String why) {
        assertThat(wrong(true, hex(bytes)))
                .isEqualTo("GET /ws over HTTP_1_1: the server sent a compressed message that can't be inflated: " + why
                        + " (RFC 7692 section 7.2.2)");
    }

    @Test
    void textIsCheckedBehindInflating() {
        assertThat(wrong(true, hex("c103 fa0f00")))
                .isEqualTo(
                        "GET /ws over HTTP_1_1: the server sent a text that is not UTF-8: ff (expected: UTF-8, RFC 6455"
                                + " section 8.1)");
    }

    @ParameterizedTest
    @CsvSource({
        "'', permessage-deflate",
        "'', permessage-deflate; client_no_context_takeover",
        "client_max_window_bits, permessage-deflate; client_max_window_bits=9"
    })
    void compressedMessagesAreSentAsAgreedOn(String offer, String answer) {
        Session session = Session.open(offer, answer);
        boolean keepsContext = answer.equals(DEFLATE);
        String text = "{\"type\":\"login\"}".repeat(100);
        session.ws.sendCompressed(text).sendCompressed(text).sendCompressed("").sendCompressed(new byte[] {1});
        session.ws.frame(
                TestFrame.text("").notFinal().rsv(TestFrame.RSV1),
                TestFrame.continuation(session.ws.deflated(text.getBytes(US_ASCII))));

        List<TestFrame> frames = session.fake.frames();
        assertThat(frames).extracting(TestFrame::rsv).containsExactly(4, 4, 4, 4, 4, 0);
        assertThat(frames.get(1).payload().length < frames.get(0).payload().length)
                .isEqualTo(keepsContext);
        assertThat(frames.get(2).payload()).isEqualTo(new byte[1]);
        // Read back by what reads servers' messages.
        MessageInflater inflater =
                new MessageInflater(new DeflateTerms(keepsContext, answer.endsWith("9") ? 9 : 15, true, 15));
        assertThatCode(() -> {
                    assertThat(inflater.inflate(frames.get(0).payload()))
                            .asString()
                            .isEqualTo(text);
                    assertThat(inflater.inflate(frames.get(1).payload()))
                            .asString()
                            .isEqualTo(text);
                    assertThat(inflater.inflate(frames.get(2).payload())).isEmpty();
                    assertThat(inflater.inflate(frames.get(3).payload())).containsExactly(1);
                    assertThat(inflater.inflate(frames.get(5).payload()))
                            .asString()
                            .isEqualTo(text);
                })
                .doesNotThrowAnyException();
        session.server.close();
    }

    @Test
    void nothingIsCompressedWhereThatWasNotAgreedOn() {
        try (TestServer server = new FakeWebSocket().server(Protocol.HTTP_1_1)) {
            TestWebSocket ws = server.get("/ws").deflate().webSocket();

            assertThat(ws).hasExtensions();
            assertThatThrownBy(() -> ws.sendCompressed("a"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("GET /ws over HTTP_1_1: permessage-deflate: not agreed on (expected: an offer, by"
                            + " TestRequest.deflate, and a server that takes it)");
        }
    }
}
