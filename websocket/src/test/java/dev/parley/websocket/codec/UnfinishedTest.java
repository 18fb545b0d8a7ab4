package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What messages that are not whole may take together, and for how long. */
class UnfinishedTest {
    private static final CloseReason BYE = CloseReason.of(1000, "bye");

    private final MemoryBudget budget = new MemoryBudget(1000);
    private final ReaderLimits limits = new ReaderLimits(1000, 1000, 1000, budget);
    private final WebSocketSettings settings = new WebSocketSettings(limits, 64, Socket.CLOSE_TIMEOUT);

    @AfterEach
    void allIsGivenBack() {
        assertThat(budget.usedBytes()).isZero();
    }

    private Socket open() {
        return new Socket(settings, Deflate.withoutTakeover());
    }

    private WebSocketReader reader(ByteBufAllocator allocator) {
        return new WebSocketReader(limits, MessageInflater.shared(), allocator, new Heard());
    }

    /** What a client sends of a message of so many bytes, without its last. */
    private static byte[] allButTheLast(int length) {
        byte[] whole = frames().binary(new byte[length]).bytes();
        return Arrays.copyOf(whole, whole.length - 1);
    }

    private static byte[] bytes(int first, int length) {
        return frames().frame(first, new byte[length]).bytes();
    }

    // ---- taken and given back

    @Test
    void aMessageThatIsWholeInOneReadTakesNothing() {
        try (Socket socket = open()) {
            socket.onMessage(message -> assertThat(budget.usedBytes()).isZero());
            socket.receives(frames().binary(new byte[1000]).text("a").ping("p"));

            assertThat(socket.told).hasSize(3);
        }
    }

    @Test
    void aMessageTakesUntilItWasTold() {
        try (Socket socket = open()) {
            socket.onMessage(message -> assertThat(budget.usedBytes()).isEqualTo(5));
            socket.receives(frames().textBegins("hello"));
            assertThat(budget.usedBytes()).isEqualTo(5);

            socket.receives(frames().ping("p").ends(""));

            assertThat(socket.told).containsExactly("ping p", "text hello");
            assertThat(budget.usedBytes()).isZero();
        }
    }

    @Test
    void itsBufferIsCountedAndNotWhatIsInIt() {
        try (Socket socket = open()) {
            socket.receives(bytes(0x02, 100));
            assertThat(budget.usedBytes()).isEqualTo(100);
            socket.receives(bytes(0x00, 1));
            assertThat(budget.usedBytes()).isEqualTo(128);
            socket.receives(bytes(0x00, 27));
            assertThat(budget.usedBytes()).isEqualTo(128);
            socket.receives(bytes(0x00, 500));
            assertThat(budget.usedBytes()).isEqualTo(1000); // no more than a message may have
        }
    }

    @Test
    void aFrameInPiecesIsGatheredToo() {
        try (Socket socket = open()) {
            socket.receives(allButTheLast(300));
            assertThat(budget.usedBytes()).isEqualTo(299);
            socket.receives(new byte[1]);

            assertThat(socket.told).hasSize(1);
        }
    }

    @Test
    void anEmptyFragmentTakesNothing() {
        try (Socket socket = open()) {
            socket.receives(frames().textBegins("").goesOn(""));
            assertThat(budget.usedBytes()).isZero();
            socket.receives(frames().goesOn("a").ends(""));

            assertThat(socket.told).containsExactly("text a");
        }
    }

    @Test
    void aCompressedMessageTakesUntilItWasInflatedAndTold() {
        byte[] deflated = Zlib.deflated("x".repeat(500).getBytes(UTF_8));
        try (Socket socket = open()) {
            socket.onMessage(message -> assertThat(budget.usedBytes()).isEqualTo(deflated.length));
            socket.receives(frames().frame(0x41, deflated));
            socket.receives(frames().ends(""));

            assertThat(socket.told).hasSize(1);
            assertThat(budget.usedBytes()).isZero();
        }
    }

    private static Stream<Arguments> ends() {
        return Stream.of(
                Arguments.of("! NOT_UTF8", frames().goesOn("\u00e9").frame(0x00, new byte[] {(byte) 0xFF})),
                Arguments.of("! MESSAGE_TOO_BIG", frames().head(0x80, 1000)),
                Arguments.of("! MESSAGE_NOT_ENDED", frames().text("a")),
                Arguments.of("! RESERVED_BIT", frames().hex("f0")),
                Arguments.of("closed 1000", frames().close(1000, "")));
    }

    @ParameterizedTest
    @MethodSource("ends")
    void whatEndsAConnectionInTheMidstOfAMessageGivesBack(String told, ClientFrames frames) {
        try (Socket socket = open()) {
            socket.receives(frames().textBegins("gathered"));
            assertThat(budget.usedBytes()).isEqualTo(8);
            socket.receives(frames);

            assertThat(socket.told).startsWith(told);
            assertThat(budget.usedBytes()).isZero();
        }
    }

    @Test
    void aMessageThatCantBeInflatedGivesBack() {
        try (Socket socket = open()) {
            socket.receives(frames().frame(0x41, new byte[] {(byte) 0xFF}));
            assertThat(budget.usedBytes()).isPositive();
            socket.receives(frames().frame(0x80, new byte[] {(byte) 0xFF}));

            assertThat(socket.told).startsWith("! NOT_DEFLATE");
            assertThat(budget.usedBytes()).isZero();
        }
    }

    @Test
    void aListenerThatThrowsOrClosesGivesBack() {
        try (Socket throwing = open();
                Socket closing = open()) {
            throwing.onMessage(message -> {
                throw new IllegalStateException("no idea");
            });
            closing.onMessage(message -> closing.handler.close(BYE));
            for (Socket socket : List.of(throwing, closing)) {
                socket.receives(frames().textBegins("a"));
                socket.receives(frames().ends("b"));

                assertThat(socket.told).startsWith("text ab");
                assertThat(budget.usedBytes()).isZero();
            }
        }
    }

    @Test
    void theEndOfTheTransportGivesBack() {
        try (Socket socket = open()) {
            socket.receives(frames().textBegins("gathered"));
            assertThat(budget.usedBytes()).isPositive();
            socket.channel.close();

            assertThat(socket.told).containsExactly("closed 1006");
            assertThat(budget.usedBytes()).isZero();
        }
    }

    @Test
    void whereThereIsNoMemoryThoughItIsAllowedAllIsGivenBack() {
        Exhausted allocator = new Exhausted();
        for (int left = 0; left < 2; left++) {
            allocator.left = left;
            WebSocketReader reader = reader(allocator);
            ByteBuf in = frames().frame(0x02, new byte[100])
                    .frame(0x00, new byte[100])
                    .buffer();
            assertThatThrownBy(() -> reader.read(in)).isInstanceOf(OutOfMemoryError.class);
            reader.close();
            in.release();

            assertThat(budget.usedBytes()).isZero();
        }
    }

    /** Has memory for so many arrays. */
    private static final class Exhausted extends AbstractByteBufAllocator {
        private int left;

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity) {
                @Override
                protected byte[] allocateArray(int initialCapacity) {
                    if (left-- == 0) {
                        throw new OutOfMemoryError("on purpose");
                    }
                    return super.allocateArray(initialCapacity);
                }
            };
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            return newHeapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }

    // ---- no room

    @Test
    void whoFindsNoRoomIsClosedAndOthersGoOn() {
        try (Socket first = open();
                Socket second = open();
                Socket whole = open()) {
            first.receives(bytes(0x02, 900));
            second.receives(bytes(0x02, 100));
            assertThat(budget.usedBytes()).isEqualTo(1000);

            second.receives(frames().frame(0x00, new byte[1]).text("behind it"));
            assertThat(second.told).containsExactly("! NO_ROOM", "closed 1013 too many messages are unfinished");
            assertThat(second.sent()).isEqualTo(Socket.closeFrame(1013, "too many messages are unfinished"));
            assertThat(budget.usedBytes()).isEqualTo(900);

            whole.receives(frames().binary(new byte[1000]));
            assertThat(whole.told).hasSize(1);

            first.receives(frames().frame(0x80, new byte[1]));
            assertThat(first.told).hasSize(1);
            assertThat(first.isRead()).isTrue();
        }
    }

    @Test
    void aFirstPartMayFindNoRoomEither() {
        try (Socket first = open();
                Socket second = open()) {
            first.receives(bytes(0x02, 1000));
            second.receives(frames().textBegins("a"));

            assertThat(second.told).startsWith("! NO_ROOM");
            assertThat(budget.usedBytes()).isEqualTo(1000);
        }
    }

    @Test
    void aReaderAloneSaysSo() {
        WebSocketReader reader = reader(ByteBufAllocator.DEFAULT);
        assertThat(budget.take(1000)).isTrue();
        ByteBuf in = frames().textBegins("a").buffer();

        assertThatExceptionOfType(ViolationException.class)
                .isThrownBy(() -> reader.read(in))
                .withMessage("too many messages are unfinished (RFC 6455 section 10.4)");
        assertThat(reader.isEnded()).isTrue();
        in.release();
        budget.giveBack(1000);
    }

    @Test
    void oneMessageMustFindRoom() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ReaderLimits(1, 1001, 1, budget))
                .withMessage("unfinished: 0 of 1000 bytes (expected: at least maxMessageBytes, 1001)");
        assertThat(ReaderLimits.of(1).unfinished().maxBytes()).isEqualTo(64 << 20);
        assertThat(ReaderLimits.of(100 << 20).unfinished().maxBytes()).isEqualTo(100 << 20);
    }

    // ---- too slow

    @Test
    void aMessageMayLastSoManyBeats() {
        try (Socket socket = open()) {
            assertThat(socket.handler.isReceiving(2)).isFalse();
            socket.receives(frames().textBegins("a"));
            assertThat(socket.handler.isReceiving(2)).isTrue();
            socket.receives(frames().goesOn("b").ping("p"));
            assertThat(socket.handler.isReceiving(2)).isTrue();
            assertThat(socket.sent()).isEqualTo(Socket.pongFrame("p"));
            socket.handler.isReceiving(2);

            assertThat(socket.told)
                    .containsExactly("ping p", "! MESSAGE_TOO_SLOW", "closed 1008 the message comes too slowly");
            assertThat(socket.sent()).isEqualTo(Socket.closeFrame(1008, "the message comes too slowly"));
            assertThat(budget.usedBytes()).isZero();
            assertThat(socket.handler.isReceiving(2)).isFalse();
        }
    }

    @Test
    void eachMessageHasItsOwnTime() {
        try (Socket socket = open()) {
            for (int i = 0; i < 5; i++) {
                socket.receives(frames().textBegins("a"));
                assertThat(socket.handler.isReceiving(1)).isTrue();
                socket.receives(frames().ends("b"));
                assertThat(socket.handler.isReceiving(1)).isFalse();
            }
            assertThat(socket.told).hasSize(5).containsOnly("text ab");
        }
    }

    @Test
    void theTimeInWhichNothingIsReadDoesNotCount() {
        try (Socket socket = open()) {
            socket.receives(frames().textBegins("a"));
            socket.handler.pause();
            for (int i = 0; i < 5; i++) {
                assertThat(socket.handler.isReceiving(1)).isFalse();
            }
            socket.handler.resume();
            assertThat(socket.handler.isReceiving(1)).isTrue();
            socket.receives(frames().ends("b"));

            assertThat(socket.told).containsExactly("text ab");
        }
    }
}
