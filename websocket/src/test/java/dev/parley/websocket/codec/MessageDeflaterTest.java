package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.zip.DataFormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageDeflaterTest {
    private static final int MIB = 1 << 20;

    private static String hex(byte[] bytes) {
        return HexFormat.ofDelimiter(" ").formatHex(bytes);
    }

    @Test
    void aMessageIsTheOneOfTheRfc() {
        byte[] compressed = Messages.deflate(MessageDeflater.shared(15), "Hello".getBytes(US_ASCII));

        assertThat(hex(compressed)).isEqualTo("f2 48 cd c9 c9 07 00"); // RFC 7692 section 7.2.3.1
    }

    @Test
    void aMessageWithTakeoverIsTheOneOfTheRfc() {
        try (MessageDeflater own = MessageDeflater.own(15)) {
            byte[] hello = "Hello".getBytes(US_ASCII);

            assertThat(hex(Messages.deflate(own, hello))).isEqualTo("f2 48 cd c9 c9 07 00");
            assertThat(hex(Messages.deflate(own, hello))).isEqualTo("f2 00 11 00 00"); // RFC 7692 section 7.2.3.2
            own.forget();
            assertThat(hex(Messages.deflate(own, hello))).isEqualTo("f2 48 cd c9 c9 07 00");
        }
    }

    @Test
    void anEmptyMessageIsOneByte() {
        try (MessageDeflater own = MessageDeflater.own(15)) {
            assertThat(Messages.deflate(MessageDeflater.shared(15), new byte[0]))
                    .containsExactly(0);
            assertThat(Messages.deflate(own, new byte[0])).containsExactly(0);
        }
    }

    @Test
    void whatIsBeforeTheMessageStays() {
        ByteBuf payload = Unpooled.copiedBuffer("Hello", US_ASCII);
        ByteBuf out = Unpooled.buffer(2).writeByte(1).writeByte(2);

        MessageDeflater.shared(15).deflate(payload, out);

        assertThat(hex(ByteBufUtil.getBytes(out))).isEqualTo("01 02 f2 48 cd c9 c9 07 00");
        assertThat(payload.readableBytes()).isEqualTo(5);
    }

    @Test
    void aMessageInPiecesIsTheSame() throws DataFormatException {
        byte[] message = Messages.text(3000, 1);
        CompositeByteBuf pieces = ByteBufAllocator.DEFAULT.compositeBuffer();
        pieces.addComponent(true, Unpooled.copiedBuffer(message, 0, 7));
        pieces.addComponent(true, Unpooled.directBuffer().writeBytes(message, 7, 2000));
        pieces.addComponent(true, Unpooled.EMPTY_BUFFER);
        pieces.addComponent(true, Unpooled.copiedBuffer(message, 2007, 993));
        ByteBuf out = Unpooled.buffer();
        try (ZlibClient client = new ZlibClient()) {
            for (int bits : new int[] {8, 10, 15}) {
                MessageDeflater.shared(bits).deflate(pieces, out.clear());

                assertThat(client.received(ByteBufUtil.getBytes(out))).isEqualTo(message);
            }
        } finally {
            pieces.release();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 12, 15})
    void sharedMessagesOfAllSmallSizesReferToNothingBefore(int bits) {
        for (int size = 0; size <= 300; size++) {
            for (byte[] message :
                    new byte[][] {Messages.random(size), Messages.text(size, size), Messages.repeated(size, 3)}) {
                byte[] compressed = Messages.deflate(MessageDeflater.shared(bits), message);

                assertThat(new WindowedDecoder(bits).message(compressed)).isEqualTo(message);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 10, 11, 12, 13, 14, 15})
    void noReferenceIsLongerThanTheWindow(int bits) {
        int window = 1 << bits;
        for (byte[] message : new byte[][] {
            Messages.text(200_000, bits),
            Messages.repeated(100_000, window / 2),
            Messages.repeated(100_000, window),
            Messages.repeated(100_000, window + 1),
            Messages.repeated(window, window / 2),
            Messages.repeated(window + 1, window / 2)
        }) {
            WindowedDecoder client = new WindowedDecoder(bits);
            byte[] compressed = Messages.deflate(MessageDeflater.shared(bits), message);

            assertThat(client.message(compressed)).isEqualTo(message);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 10, 12, 15})
    void noReferenceToMessagesBeforeIsLongerThanTheWindow(int bits) {
        WindowedDecoder client = new WindowedDecoder(bits);
        try (MessageDeflater own = MessageDeflater.own(bits)) {
            for (int i = 0; i < 400; i++) {
                byte[] message = Messages.text(i, i);
                assertThat(client.message(Messages.deflate(own, message))).isEqualTo(message);
            }
            // Just as long as what is left of the window, and then nothing.
            own.forget();
            for (int size : new int[] {1 << bits, 0, (1 << bits) - 1, 1, 0, 1}) {
                byte[] message = Messages.text(size, 7);
                assertThat(client.message(Messages.deflate(own, message))).isEqualTo(message);
            }
        }
        assertThat(client.longestDistance()).as("there are such references").isGreaterThan(100);
    }

    @Test
    void theDecoderOfTheseTestsSeesAReferenceThatIsTooLong() {
        byte[] compressed = Messages.deflate(MessageDeflater.shared(15), Messages.repeated(500, 300));
        WindowedDecoder large = new WindowedDecoder(9);
        WindowedDecoder small = new WindowedDecoder(8);

        large.message(compressed);

        assertThat(large.longestDistance()).isEqualTo(300);
        assertThatThrownBy(() -> small.message(compressed)).hasMessage("a reference of 300 in a window of 256");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 1000, 32_767, 32_768, 32_769, 65_536, MIB})
    void largeMessagesComeBack(int size) throws DataFormatException {
        try (ZlibClient client = new ZlibClient();
                MessageDeflater own = MessageDeflater.own(15)) {
            for (byte[] message :
                    new byte[][] {Messages.random(size), Messages.text(size, 1), new byte[size], Messages.text(size, 2)
                    }) {
                assertThat(client.received(Messages.deflate(own, message))).isEqualTo(message);
            }
        }
    }

    @Test
    void aMessageForAllIsTheSameForEachWindowThatItFits() {
        byte[] message = Messages.text(512, 1);
        String small = hex(Messages.deflate(MessageDeflater.shared(9), message));

        assertThat(hex(Messages.deflate(MessageDeflater.shared(15), message))).isEqualTo(small);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 10, 15})
    void sharedOwnAndPlainMessagesMayTakeTurns(int bits) throws DataFormatException {
        WindowedDecoder decoder = new WindowedDecoder(bits);
        try (ZlibClient client = new ZlibClient();
                MessageDeflater own = MessageDeflater.own(bits)) {
            for (int i = 0; i < 300; i++) {
                byte[] message = Messages.text(50 + i % 200, i % 7);
                byte[] compressed;
                switch (i % 5) {
                    case 0, 3 -> {
                        compressed = Messages.deflate(MessageDeflater.shared(15), message); // fits any window
                        own.forget();
                    }
                    case 4 -> {
                        continue; // not compressed: zlib does not see it
                    }
                    default -> compressed = Messages.deflate(own, message);
                }
                assertThat(client.received(compressed)).isEqualTo(message);
                assertThat(decoder.message(compressed)).isEqualTo(message);
            }
        }
    }

    @Test
    void withoutForgettingTheClientGetsOtherBytes() throws DataFormatException {
        try (ZlibClient client = new ZlibClient();
                MessageDeflater own = MessageDeflater.own(15)) {
            byte[] message = Messages.text(500, 1);
            client.received(Messages.deflate(own, message));
            client.received(Messages.deflate(MessageDeflater.shared(15), Messages.text(500, 2)));

            byte[] compressed = Messages.deflate(own, message);

            assertThat(client.received(compressed)).isNotEqualTo(message);
        }
    }

    @Test
    void takeoverMakesMessagesSmaller() {
        try (MessageDeflater own = MessageDeflater.own(15)) {
            byte[] message = Messages.text(500, 1);
            int first = Messages.deflate(own, message).length;

            assertThat(Messages.deflate(own, message).length).isLessThan(first / 10);
        }
    }

    @Test
    void aMessageThatFindsNoRoomIsForgotten() throws DataFormatException {
        ByteBuf tooSmall = Unpooled.buffer(64, 100);
        try (ZlibClient client = new ZlibClient();
                MessageDeflater own = MessageDeflater.own(15)) {
            ByteBuf message = Unpooled.wrappedBuffer(Messages.random(1000));
            assertThatThrownBy(() -> own.deflate(message, tooSmall)).isInstanceOf(IndexOutOfBoundsException.class);

            assertThat(client.received(Messages.deflate(own, Messages.random(1000))))
                    .isEqualTo(Messages.random(1000));
        }
    }

    @Test
    void closingASharedOneDoesNothing() {
        MessageDeflater.shared(15).close();

        assertThat(Messages.deflate(MessageDeflater.shared(15), new byte[100])).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 7, 16})
    void thereIsNoOtherWindow(int bits) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MessageDeflater.shared(bits))
                .withMessage("windowBits: " + bits + " (expected: 8 to 15)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MessageDeflater.own(bits))
                .withMessage("windowBits: " + bits + " (expected: 8 to 15)");
    }
}
