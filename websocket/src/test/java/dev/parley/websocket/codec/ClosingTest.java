package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** RFC 6455 section 7. */
class ClosingTest {
    private static final CloseReason BYE = CloseReason.of(1000, "bye");

    private static ByteBuf utf8(String text) {
        return Unpooled.copiedBuffer(text, UTF_8);
    }

    // ---- the client closes

    @Test
    void theClientsCloseFrameIsAnsweredAndEndsIt() {
        byte[] wire = frames().close(4001, "enough").text("too late").bytes();

        String sent = Pieces.sameForAllCuts(wire, pieces -> {
            try (Socket socket = Socket.echo()) {
                pieces.forEach(piece -> {
                    if (socket.channel.isOpen()) {
                        socket.receives(piece);
                    }
                });
                assertThat(socket.told).containsExactly("closed 4001 enough");
                assertThat(socket.channel.isOpen()).isFalse();
                return socket.sent();
            }
        });

        assertThat(sent).isEqualTo(Socket.closeFrame(4001, "enough"));
    }

    @Test
    void anEmptyCloseFrameIsAnsweredWithAnEmptyOne() {
        try (Socket socket = Socket.open()) {
            socket.receives(frames().close());

            assertThat(socket.sent()).isEqualTo("8800");
            assertThat(socket.told).containsExactly("closed 1005");
        }
    }

    @Test
    void whatWasWrittenBeforeIsSentBeforeTheAnswer() {
        try (Socket socket = Socket.echo()) {
            socket.receives(frames().text("a").close(1000, ""));

            assertThat(socket.sent()).isEqualTo(Socket.textFrame("a") + Socket.closeFrame(1000, ""));
            assertThat(socket.told).containsExactly("text a", "closed 1000");
        }
    }

    @Test
    void aClientThatGoesWithoutAWordIsTold() {
        try (Socket socket = Socket.open()) {
            socket.channel.close();

            assertThat(socket.told).containsExactly("closed 1006");
            assertThat(socket.sent()).isEmpty();
        }
    }

    // ---- the server closes

    @Test
    void theServerWaitsForTheAnswer() {
        try (Socket socket = Socket.open()) {
            socket.handler.close(BYE);

            assertThat(socket.sent()).isEqualTo(Socket.closeFrame(1000, "bye"));
            assertThat(socket.handler.isOpen()).isFalse();
            assertThat(socket.channel.isOpen()).isTrue();
            assertThat(socket.told).isEmpty();

            socket.receives(frames().close(1000, "bye too"));

            assertThat(socket.channel.isOpen()).isFalse();
            assertThat(socket.sent()).isEmpty();
            assertThat(socket.told).containsExactly("closed 1000 bye");
        }
    }

    @Test
    void aClientThatDoesNotAnswerIsNotWaitedForForever() {
        try (Socket socket = Socket.open()) {
            socket.handler.close(BYE);

            socket.timePasses(Socket.CLOSE_TIMEOUT.minusNanos(1));
            assertThat(socket.channel.isOpen()).isTrue();

            socket.timePasses(Socket.CLOSE_TIMEOUT);
            assertThat(socket.channel.isOpen()).isFalse();
            assertThat(socket.told).containsExactly("closed 1000 bye");
        }
    }

    @Test
    void theDeadlineIsForgottenWithTheAnswer() {
        try (Socket socket = Socket.open()) {
            socket.handler.close(BYE);
            socket.receives(frames().close());
            socket.timePasses(Socket.CLOSE_TIMEOUT.multipliedBy(2));

            assertThat(socket.told).containsExactly("closed 1000 bye");
        }
    }

    @Test
    void whatIsInFlightIsThrownAway() {
        try (Socket socket = Socket.echo()) {
            socket.handler.close(BYE);
            socket.sent();

            socket.receives(
                    frames().text("a").ping("b").pong("c").binary(new byte[10]).textBegins("d"));
            assertThat(socket.told).isEmpty();
            assertThat(socket.channel.isOpen()).isTrue();

            socket.receives(frames().close(1000, ""));
            assertThat(socket.sent()).isEmpty();
            assertThat(socket.told).containsExactly("closed 1000 bye");
        }
    }

    @Test
    void nothingIsSentAfterTheCloseFrame() {
        try (Socket socket = Socket.open(Deflate.withTakeover())) {
            socket.handler.close(BYE);
            socket.sent();
            writeAll(socket.handler);
            assertThat(socket.sent()).isEmpty();

            socket.receives(frames().close());
            writeAll(socket.handler);
            assertThat(socket.sent()).isEmpty();
            assertThat(socket.told).containsExactly("closed 1000 bye");
        }
    }

    /** Everything that sends. */
    private static void writeAll(WebSocketHandler handler) {
        ByteBuf shared = Unpooled.buffer().writeShort(0x8100);
        handler.write(Opcode.TEXT, utf8("x".repeat(1000)));
        handler.write(Opcode.TEXT, utf8("x"));
        handler.writePlain(Opcode.TEXT, utf8("x"));
        handler.writeFragment(Opcode.TEXT, utf8("x"), WebSocketHandler.Fragment.MORE);
        handler.ping(new byte[1]);
        handler.writeShared(shared);
        handler.close(CloseReason.of(1001, "again"));
        assertThat(shared.refCnt()).isZero();
    }

    @Test
    void aListenerMayCloseWhileItIsTold() {
        try (Socket socket = Socket.open()) {
            socket.onMessage(message -> socket.handler.close(BYE));

            socket.receives(frames().text("a").text("b").close(1000, ""));

            assertThat(socket.told).containsExactly("text a", "closed 1000 bye");
            assertThat(socket.sent()).isEqualTo(Socket.closeFrame(1000, "bye"));
        }
    }

    @Test
    void aReasonThatMayNotBeSentLeavesItOpen() {
        try (Socket socket = Socket.open()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> socket.handler.close(new CloseReason(CloseReason.ABNORMAL, "")));

            assertThat(socket.handler.isOpen()).isTrue();
            assertThat(socket.sent()).isEmpty();
        }
    }

    // ---- violations and failures

    private static Stream<Arguments> violations() {
        return Stream.of(
                Arguments.of(Violation.RESERVED_BIT, frames().frame(0xA1, "")),
                Arguments.of(Violation.RESERVED_OPCODE, frames().frame(0x83, "")),
                Arguments.of(Violation.NOT_MASKED, frames().hex("8100")),
                Arguments.of(Violation.LENGTH_NOT_MINIMAL, frames().hex("81fe0001")),
                Arguments.of(Violation.LENGTH_NEGATIVE, frames().hex("81ffffffffffffffffff")),
                Arguments.of(Violation.CONTROL_TOO_LONG, frames().head(0x89, 126)),
                Arguments.of(Violation.CONTROL_FRAGMENTED, frames().frame(0x09, "")),
                Arguments.of(Violation.NOTHING_TO_CONTINUE, frames().ends("")),
                Arguments.of(
                        Violation.MESSAGE_NOT_ENDED, frames().textBegins("").text("")),
                Arguments.of(Violation.CLOSE_TOO_SHORT, frames().frame(0x88, "x")),
                Arguments.of(Violation.CLOSE_CODE, frames().close(1006, "")),
                Arguments.of(Violation.CLOSE_NOT_UTF8, frames().close(1000, new byte[] {(byte) 0xFF})),
                Arguments.of(Violation.NOT_UTF8, frames().frame(0x81, new byte[] {(byte) 0xFF})),
                Arguments.of(Violation.NOT_DEFLATE, frames().frame(0xC1, "\u00ff\u00ff")),
                Arguments.of(Violation.FRAME_TOO_BIG, frames().head(0x82, (1 << 20) + 1)),
                Arguments.of(Violation.MESSAGE_TOO_BIG, frames().textBegins("x").head(0x80, 1 << 20)),
                Arguments.of(Violation.INFLATED_TOO_BIG, frames().compressed(Opcode.BINARY, new byte[(1 << 20) + 1])));
    }

    @ParameterizedTest
    @MethodSource("violations")
    void aViolationIsAnsweredWithItsCodeAndEndsIt(Violation violation, ClientFrames frames) {
        try (Socket socket = Socket.echo(Socket.SETTINGS, Deflate.withoutTakeover())) {
            socket.receives(frames.text("behind it"));

            assertThat(socket.told).containsExactly("! " + violation, "closed " + violation.reason());
            assertThat(socket.sent()).isEqualTo(Socket.closeFrame(violation));
            assertThat(socket.channel.isOpen()).isFalse();
        }
    }

    @Test
    void everyViolationIsTried() {
        assertThat(violations().map(arguments -> (Violation) arguments.get()[0]))
                .containsExactlyElementsOf(Violations.OF_BYTES);
    }

    @Test
    void aViolationWhileItClosesEndsItWithTheFirstReason() {
        try (Socket socket = Socket.open()) {
            socket.handler.close(BYE);
            socket.sent();
            socket.receives(frames().hex("ffff"));

            assertThat(socket.told).containsExactly("! RESERVED_BIT", "closed 1000 bye");
            assertThat(socket.sent()).isEmpty();
        }
    }

    @Test
    void aListenerThatThrowsClosesWith1011() {
        for (ClientFrames frames : List.of(
                frames().text("a").text("b"),
                frames().textBegins("").ends("a").text("b"),
                frames().compressed(Opcode.TEXT, new byte[] {'a'}).text("b"))) {
            try (Socket socket = Socket.open(Deflate.withoutTakeover())) {
                socket.onMessage(message -> {
                    throw new IllegalStateException("no idea");
                });

                socket.receives(frames);

                assertThat(socket.told).containsExactly("text a", "failed no idea", "closed 1011 something failed");
                assertThat(socket.sent()).isEqualTo(Socket.closeFrame(1011, "something failed"));
            }
        }
    }

    @Test
    void aTransportThatFailsIsClosed() {
        try (Socket socket = Socket.open()) {
            socket.channel.pipeline().fireExceptionCaught(new IOException("reset by peer"));
            socket.channel.runPendingTasks();

            assertThat(socket.told).containsExactly("closed 1006");
            assertThat(socket.channel.isOpen()).isFalse();
        }
    }

    @Test
    void theEndIsToldOnceThoughTheTransportGoesMeanwhile() {
        try (Socket socket = Socket.open()) {
            socket.channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
                @Override
                public void flush(ChannelHandlerContext ctx) {
                    ctx.flush();
                    ctx.fireChannelInactive();
                }
            });

            socket.receives(frames().close(1000, ""));

            assertThat(socket.told).hasSize(1);
        }
    }

    @Test
    void theEndGivesMemoryBack() {
        MemoryBudget budget = new MemoryBudget(1 << 20);
        DeflateAgreement agreement = Deflate.agree("permessage-deflate", DeflateSettings.withTakeover(budget));
        try (Socket socket = Socket.open(agreement)) {
            assertThat(budget.usedBytes()).isPositive();

            socket.receives(frames().textBegins("gathered").close());

            assertThat(budget.usedBytes()).isZero();
        }
    }

    @Test
    void removingTheHandlerEndsIt() {
        try (Socket socket = Socket.open()) {
            socket.receives(frames().textBegins("gathered"));
            socket.channel.pipeline().remove(socket.handler);

            assertThat(socket.told).containsExactly("closed 1006");
        }
    }
}
