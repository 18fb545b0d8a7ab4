package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebSocketHandlerTest {
    private static ByteBuf utf8(String text) {
        return Unpooled.copiedBuffer(text, UTF_8);
    }

    // ---- reading and answering

    @Test
    void messagesAreToldAndAnswered() {
        byte[] wire = frames().text("a")
                .binary(new byte[] {1})
                .textBegins("b")
                .ends("c")
                .pong("d")
                .bytes();

        String sent = Pieces.sameForAllCuts(wire, pieces -> {
            try (Socket socket = Socket.echo()) {
                pieces.forEach(socket::receives);
                assertThat(socket.told).containsExactly("text a", "binary 01", "text bc", "pong d");
                return socket.sent();
            }
        });

        assertThat(sent).isEqualTo("810161" + "820101" + "81026263");
    }

    @Test
    void aPingIsAnsweredWithItsPayload() {
        try (Socket socket = Socket.open()) {
            socket.receives(frames().ping("").ping("hello").ping("p".repeat(125)));

            assertThat(socket.sent())
                    .isEqualTo(Socket.pongFrame("") + Socket.pongFrame("hello") + Socket.pongFrame("p".repeat(125)));
            assertThat(socket.told).containsExactly("ping ", "ping hello", "ping " + "p".repeat(125));
        }
    }

    @Test
    void aPingBetweenFragmentsIsAnsweredAtOnce() {
        try (Socket socket = Socket.echo()) {
            socket.receives(frames().textBegins("a").ping("now"));
            assertThat(socket.sent()).isEqualTo(Socket.pongFrame("now"));

            socket.receives(frames().ends("b"));
            assertThat(socket.sent()).isEqualTo(Socket.textFrame("ab"));
        }
    }

    @Test
    void aBufferThatMayNotBeWrittenToIsReadAllTheSame() {
        ByteBuf in = frames().text("a").buffer();
        try (Socket socket = Socket.open()) {
            socket.channel.writeInbound(in.asReadOnly());

            assertThat(socket.told).containsExactly("text a");
            assertThat(in.refCnt()).isZero();
        }
    }

    @Test
    void whatIsNoBufferGoesOn() {
        try (Socket socket = Socket.open()) {
            socket.channel.writeInbound("an event");

            assertThat(socket.channel.<String>readInbound()).isEqualTo("an event");
        }
    }

    // ---- writing

    @Test
    void answersToAllThatWasReadAtOnceAreOneWrite() {
        ClientFrames frames = frames();
        for (int i = 0; i < 100; i++) {
            frames.text("message " + i).ping("" + i);
        }
        try (Socket socket = Socket.echo()) {
            socket.receives(frames);

            assertThat(socket.writes()).hasSize(1);
        }
    }

    @Test
    void whatIsWrittenInATaskIsOneWriteAtItsEnd() {
        try (Socket socket = Socket.open()) {
            socket.handler.write(Opcode.TEXT, utf8("a"));
            socket.handler.ping(new byte[] {'b'});
            socket.handler.writeFragment(Opcode.TEXT, utf8("c"), WebSocketHandler.Fragment.MORE);
            socket.handler.writeFragment(Opcode.CONTINUATION, utf8("d"), WebSocketHandler.Fragment.LAST);
            assertThat(socket.channel.outboundMessages()).isEmpty();
            assertThat(socket.handler.queuedBytes()).isEqualTo(12);

            List<byte[]> writes = socket.writes();

            assertThat(writes).hasSize(1);
            assertThat(ByteBufUtil.hexDump(writes.get(0))).isEqualTo("810161" + "890162" + "010163" + "800164");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 8191, 8192, 65535, 65536, 300_000})
    void messagesOfEachLengthAreEchoed(int length) {
        byte[] payload = "x".repeat(length).getBytes(UTF_8);
        byte[] wire = frames().binary(payload).text("next").bytes();

        Pieces.sameForAllCuts(wire, pieces -> {
            try (Socket socket = Socket.echo()) {
                pieces.forEach(socket::receives);
                ByteBuf expected = Unpooled.buffer();
                FrameWriter.write(expected, Opcode.BINARY, payload);
                FrameWriter.write(expected, Opcode.TEXT, "next".getBytes(UTF_8));
                assertThat(socket.sentBytes()).isEqualTo(ByteBufUtil.getBytes(expected));
                return List.of();
            }
        });
    }

    @Test
    void sharedFramesKeepTheirPlaceAmongOthers() {
        try (Socket socket = Socket.open()) {
            socket.handler.write(Opcode.TEXT, utf8("a"));
            socket.handler.writeShared(Unpooled.copiedBuffer(new byte[] {(byte) 0x81, 1, 's'}));
            socket.handler.write(Opcode.TEXT, utf8("b"));

            assertThat(socket.sent()).isEqualTo("810161" + "810173" + "810162");
        }
    }

    @Test
    void payloadsStayReadable() {
        ByteBuf payload = utf8("hello");
        try (Socket socket = Socket.open(Deflate.withoutTakeover())) {
            socket.handler.write(Opcode.TEXT, payload);
            socket.handler.writePlain(Opcode.TEXT, payload);
            socket.handler.writeFragment(Opcode.TEXT, payload, WebSocketHandler.Fragment.LAST);

            assertThat(payload.toString(UTF_8)).isEqualTo("hello");
        }
    }

    @Test
    void aPingHas125BytesAtMost() {
        try (Socket socket = Socket.open()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> socket.handler.ping(new byte[126]))
                    .withMessage("payload: 126 bytes (expected: at most 125 in a control frame)");
            socket.handler.ping(new byte[0]);

            assertThat(socket.sent()).isEqualTo("8900");
        }
    }

    @Test
    void flushedCompletesWhenAllIsSent() {
        try (Socket socket = Socket.open()) {
            socket.stalls();
            socket.handler.write(Opcode.TEXT, utf8("a"));
            var flushed = socket.handler.flushed();
            assertThat(flushed.isDone()).isFalse();

            socket.reads();

            assertThat(flushed.isSuccess()).isTrue();
            assertThat(socket.sent()).isEqualTo("810161");
        }
    }

    @Test
    void nothingIsPendingAtFirstAndAtTheEnd() {
        Socket socket = Socket.open();
        assertThat(socket.handler.queuedBytes()).isZero();

        socket.close();

        assertThat(socket.handler.queuedBytes()).isZero();
    }

    // ---- compression

    @Test
    void messagesAreCompressedFromTheThresholdOn() {
        try (Socket socket = Socket.open(Deflate.withoutTakeover())) {
            socket.handler.write(Opcode.TEXT, utf8("x".repeat(63)));
            assertThat(socket.sent()).isEqualTo(Socket.textFrame("x".repeat(63)));

            socket.handler.write(Opcode.TEXT, utf8("x".repeat(64)));
            byte[] sent = socket.sentBytes();
            assertThat(sent[0]).isEqualTo((byte) 0xC1);
            assertThat(new String(Zlib.inflated(Arrays.copyOfRange(sent, 2, sent.length)), UTF_8))
                    .isEqualTo("x".repeat(64));

            socket.handler.writePlain(Opcode.TEXT, utf8("x".repeat(64)));
            assertThat(socket.sent()).isEqualTo(Socket.textFrame("x".repeat(64)));
        }
    }

    @Test
    void ownAndSharedAndPlainMessagesMayBeMixed() {
        String text = "the same text again and again, so that a window would help; ".repeat(2);
        List<String> received = new ArrayList<>();
        try (Socket socket = Socket.open(Deflate.withTakeover());
                Zlib client = new Zlib()) {
            for (int i = 0; i < 30; i++) {
                String message = text + i;
                switch (i % 3) {
                    case 0 -> socket.handler.write(Opcode.TEXT, utf8(message));
                    case 1 -> socket.handler.writeShared(shared(message));
                    default -> socket.handler.writePlain(Opcode.TEXT, utf8(message));
                }
                byte[] sent = socket.sentBytes();
                byte[] payload = Arrays.copyOfRange(sent, sent[1] == 126 ? 4 : 2, sent.length);
                received.add(new String((sent[0] & 0x40) == 0 ? payload : client.inflate(payload), UTF_8));
                assertThat(received.get(i)).isEqualTo(message);
            }
        }
    }

    private static ByteBuf shared(String message) {
        ByteBuf frames = Unpooled.buffer();
        FrameWriter.write(frames, Opcode.TEXT, utf8(message), MessageDeflater.shared(15));
        return frames;
    }

    @Test
    void aClientMayTakeItsWindowOver() {
        String text = "a text of which the second time is but a reference";
        try (Socket socket = Socket.open(Deflate.withTakeover());
                Zlib client = new Zlib()) {
            for (int i = 0; i < 3; i++) {
                socket.receives(frames().frame(0xC1, client.deflate(text.getBytes(UTF_8)))
                        .text("plain"));
            }

            assertThat(socket.told)
                    .containsExactly(
                            "text " + text, "text plain", "text " + text, "text plain", "text " + text, "text plain");
        }
    }

    // ---- frames are looked at

    @Test
    void framesAreObserved() {
        try (Socket socket = Socket.echo(Socket.SETTINGS, Deflate.withoutTakeover())) {
            socket.receives(
                    frames().text("a").frame(0x02, "bc").frame(0x80, "d").ping("e"));
            socket.handler.write(Opcode.TEXT, utf8("x".repeat(1000)));
            int compressed = socket.sentBytes().length - (2 + 1) - (2 + 3) - (2 + 1) - 2;
            socket.handler.close(CloseReason.of(1000, "bye"));

            var in = FrameListener.Direction.RECEIVED;
            var out = FrameListener.Direction.SENT;
            assertThat(socket.seen)
                    .containsExactly(
                            new FrameListener.Frame(in, Opcode.TEXT, true, false, 1),
                            new FrameListener.Frame(out, Opcode.TEXT, true, false, 1),
                            new FrameListener.Frame(in, Opcode.BINARY, false, false, 2),
                            new FrameListener.Frame(in, Opcode.CONTINUATION, true, false, 1),
                            new FrameListener.Frame(out, Opcode.BINARY, true, false, 3),
                            new FrameListener.Frame(in, Opcode.PING, true, false, 1),
                            new FrameListener.Frame(out, Opcode.PONG, true, false, 1),
                            new FrameListener.Frame(out, Opcode.TEXT, true, true, compressed),
                            new FrameListener.Frame(out, Opcode.CLOSE, true, false, 5));
        }
    }
}
