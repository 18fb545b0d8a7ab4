package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageInflaterTest {
    private static final int MIB = 1 << 20;
    private static final int ENOUGH = 2 * MIB;
    private static final String HELLO = "f2 48 cd c9 c9 07 00";
    private static final String LAST_HELLO = "f3 48 cd c9 c9 07 00";

    private final MessageInflater own = MessageInflater.own();
    private final ZlibClient client = new ZlibClient();

    @AfterEach
    void close() {
        own.close();
        client.close();
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private static String text(MessageInflater inflater, String hex) {
        return new String(Messages.inflate(inflater, bytes(hex), ENOUGH), US_ASCII);
    }

    private static void assertViolation(
            MessageInflater inflater, byte[] compressed, int maxBytes, Violation violation) {
        assertThatExceptionOfType(ViolationException.class)
                .isThrownBy(() -> Messages.inflate(inflater, compressed, maxBytes))
                .extracting(ViolationException::violation)
                .isEqualTo(violation);
    }

    @ParameterizedTest
    @CsvSource({
        "f2 48 cd c9 c9 07 00, Hello", // RFC 7692 section 7.2.3.1
        "f2 48 05 00 00 00 ff ff ca c9 c9 07 00, Hello",
        "00 05 00 fa ff 48 65 6c 6c 6f 00, Hello", // section 7.2.3.3
        "f3 48 cd c9 c9 07 00 00, Hello", // section 7.2.3.4: a last block
        "f3 48 cd c9 c9 07 00, Hello", // and no byte of another behind it
        "f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00, HelloHello",
        "f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00, HelloHello",
        "f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00, HelloHello",
        "01 05 00 fa ff 48 65 6c 6c 6f 00, Hello",
        "01 05 00 fa ff 48 65 6c 6c 6f, Hello",
        "03 00 f2 48 cd c9 c9 07 00, Hello",
        "00, ''", // section 7.2.3.6
        "02 00, ''",
        "03 00, ''",
        "03 00 00, ''",
        "03 00 03 00 03 00 00, ''",
        "00 00 00 ff ff 00, ''"
    })
    void blocksOfAllKindsAreInflated(String compressed, String message) {
        assertThat(text(MessageInflater.shared(), compressed)).isEqualTo(message);
        assertThat(text(own, compressed)).isEqualTo(message);
        assertThat(text(own, HELLO)).as("and the next").isEqualTo("Hello");
        assertThat(text(own, "f2 00 11 00 00")).as("which refers to it").isEqualTo("Hello");
    }

    @ParameterizedTest
    @ValueSource(strings = {HELLO, LAST_HELLO, LAST_HELLO + " 00", LAST_HELLO + " " + LAST_HELLO + " " + HELLO})
    void aMessageInPiecesIsTheSame(String hex) {
        byte[] compressed = bytes(hex);
        String whole = text(MessageInflater.shared(), hex);
        for (int at = 0; at <= compressed.length; at++) {
            CompositeByteBuf pieces = ByteBufAllocator.DEFAULT.compositeBuffer();
            pieces.addComponent(true, Unpooled.copiedBuffer(compressed, 0, at));
            pieces.addComponent(true, Unpooled.directBuffer().writeBytes(compressed, at, compressed.length - at));
            for (MessageInflater inflater : new MessageInflater[] {MessageInflater.shared(), own}) {
                ByteBuf message = inflater.inflate(pieces, ENOUGH, ByteBufAllocator.DEFAULT);

                assertThat(message.toString(US_ASCII)).isEqualTo(whole);
                message.release();
            }
            assertThat(pieces.readableBytes()).isEqualTo(compressed.length);
            pieces.release();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // an empty message has one byte
                "06", // a block of no kind
                "07",
                "ff",
                "f2 00 11 00 00", // a reference to before the beginning
                "00 05 00 fa fe 48 65 6c 6c 6f 00", // a length that is not confirmed
                "f2 48 cd c9 c9 07 00 06",
                "f3 48 cd c9 c9 07 00 ff",
                "f3 48 cd c9 c9 07 00 f2 00 11 00 00", // a reference over a last block
                "78 9c f2 48 cd c9 c9 07 00" // the head of RFC 1950
            })
    void whatIsNotDeflateIsAViolation(String compressed) {
        assertViolation(MessageInflater.shared(), bytes(compressed), ENOUGH, Violation.NOT_DEFLATE);
        assertThat(text(MessageInflater.shared(), HELLO))
                .as("others are left alone")
                .isEqualTo("Hello");
        assertViolation(own, bytes(compressed), ENOUGH, Violation.NOT_DEFLATE);
    }

    @Test
    void whatIsCutOffIsAViolation() {
        for (byte[] message :
                new byte[][] {"Hello".getBytes(US_ASCII), Messages.text(600, 3), Messages.repeated(5000, 50)}) {
            byte[] compressed = Messages.deflate(MessageDeflater.shared(15), message);
            for (int end = 0; end < compressed.length; end++) {
                assertViolation(
                        MessageInflater.shared(), Arrays.copyOf(compressed, end), ENOUGH, Violation.NOT_DEFLATE);
            }
            assertThat(Messages.inflate(MessageInflater.shared(), compressed, ENOUGH))
                    .isEqualTo(message);
        }
    }

    @Test
    void whatIsCutOffInBytesThatAreStoredIsAViolation() {
        byte[] compressed = Messages.deflate(MessageDeflater.shared(15), Messages.random(300));
        int header = 5;

        // The first byte alone is an empty message. With four bytes missing, what was left out is taken for them.
        for (int end = 2; end < header + 300; end++) {
            if (end != header + 300 - 4) {
                assertViolation(
                        MessageInflater.shared(), Arrays.copyOf(compressed, end), ENOUGH, Violation.NOT_DEFLATE);
            }
        }
    }

    @Test
    void messagesOfAllSmallSizesComeBackAndNoneIsLongerThanTheLimit() {
        for (int size = 0; size <= 300; size++) {
            for (byte[] message : new byte[][] {Messages.random(size), Messages.text(size, size), new byte[size]}) {
                byte[] compressed = Messages.deflate(MessageDeflater.shared(15), message);

                assertThat(Messages.inflate(MessageInflater.shared(), compressed, size))
                        .isEqualTo(message);
                assertThat(Messages.inflate(own, compressed, size)).isEqualTo(message);
                if (size > 0) {
                    assertViolation(MessageInflater.shared(), compressed, size - 1, Violation.INFLATED_TOO_BIG);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1023, 1024, 1025, 32_768, 65_536, 65_537, MIB})
    void largeMessagesComeBackAndNoneIsLongerThanTheLimit(int size) {
        for (byte[] message : new byte[][] {Messages.random(size), Messages.text(size, size), new byte[size]}) {
            byte[] compressed = Messages.deflate(MessageDeflater.shared(15), message);

            assertThat(Messages.inflate(MessageInflater.shared(), compressed, size))
                    .isEqualTo(message);
            assertThat(Messages.inflate(MessageInflater.shared(), compressed, ENOUGH))
                    .isEqualTo(message);
            assertThat(Messages.inflate(own, compressed, size)).isEqualTo(message);
            assertViolation(MessageInflater.shared(), compressed, size - 1, Violation.INFLATED_TOO_BIG);
        }
    }

    @Test
    void messagesOfAClientWithTakeoverComeBack() {
        int compressedBytes = 0;
        for (int i = 0; i < 500; i++) {
            byte[] message = Messages.text(i % 9 == 0 ? 0 : 40 * i % 3000, i % 13);
            byte[] compressed = client.sent(message);
            compressedBytes += compressed.length;

            assertThat(Messages.inflate(own, compressed, ENOUGH)).isEqualTo(message);
            if (i % 50 == 49) {
                client.forgetSent(); // it may, at any time
            }
        }
        assertThat(compressedBytes).isLessThan(500 * 3000 / 2 / 10);
    }

    @Test
    void messagesOfManyClientsWithoutTakeoverComeBack() {
        for (int i = 0; i < 200; i++) {
            byte[] message = Messages.text(37 * i % 2000, i);
            client.forgetSent();

            assertThat(Messages.inflate(MessageInflater.shared(), client.sent(message), ENOUGH))
                    .isEqualTo(message);
        }
    }

    @Test
    void whatTheServerDeflatesItInflates() {
        try (MessageDeflater deflater = MessageDeflater.own(9)) {
            for (int i = 0; i < 100; i++) {
                byte[] message = Messages.text(20 * i, i % 5);

                assertThat(Messages.inflate(own, Messages.deflate(deflater, message), ENOUGH))
                        .isEqualTo(message);
            }
        }
    }

    @Test
    void aBombIsStoppedAtTheLimit() {
        byte[] bomb = client.sent(new byte[16 * MIB]);
        assertThat(bomb.length).isLessThan(17_000);
        for (int maxBytes : new int[] {0, 1, 1000, 100_000, MIB, MIB + 1}) {
            for (MessageInflater inflater : new MessageInflater[] {MessageInflater.shared(), MessageInflater.own()}) {
                Peak memory = new Peak();
                ByteBuf compressed = Unpooled.wrappedBuffer(bomb);

                assertThatExceptionOfType(ViolationException.class)
                        .isThrownBy(() -> inflater.inflate(compressed, maxBytes, memory))
                        .extracting(ViolationException::violation)
                        .isEqualTo(Violation.INFLATED_TOO_BIG);

                assertThat(memory.largest).isLessThanOrEqualTo(maxBytes);
                assertThat(memory.live).as("all is released").isZero();
                inflater.close();
            }
        }
    }

    @Test
    void aBombOfManyLastBlocksIsStoppedAtTheLimit() {
        byte[] block = bytes(LAST_HELLO);
        ByteBuf bomb = Unpooled.buffer();
        for (int i = 0; i < 10_000; i++) {
            bomb.writeBytes(block);
        }
        byte[] compressed = ByteBufUtil.getBytes(bomb);

        assertViolation(MessageInflater.shared(), compressed, 49_999, Violation.INFLATED_TOO_BIG);
        assertThat(Messages.inflate(MessageInflater.shared(), compressed, 50_000))
                .hasSize(50_000);
    }

    @Test
    void everyMessageOfAChainHasTheLimit() {
        byte[] message = new byte[10_000];
        for (int i = 0; i < 20; i++) {
            assertThat(Messages.inflate(own, client.sent(message), 10_000)).isEqualTo(message);
        }
        assertViolation(own, client.sent(new byte[10_001]), 10_000, Violation.INFLATED_TOO_BIG);
    }

    @Test
    void theBufferIsNotMuchLargerThanTheMessage() {
        Peak memory = new Peak();
        byte[] compressed = Messages.deflate(MessageDeflater.shared(15), Messages.text(100, 1));

        own.inflate(Unpooled.wrappedBuffer(compressed), Integer.MAX_VALUE, memory)
                .release();

        assertThat(memory.largest).isLessThanOrEqualTo(512);
    }

    @Test
    void whatIsBrokenReleasesItsBuffer() {
        Peak memory = new Peak();
        byte[] broken = bytes(HELLO + " 06");

        assertThatExceptionOfType(ViolationException.class)
                .isThrownBy(() -> own.inflate(Unpooled.wrappedBuffer(broken), ENOUGH, memory));

        assertThat(memory.largest).isPositive();
        assertThat(memory.live).isZero();
    }

    @Test
    void closingASharedOneDoesNothing() {
        MessageInflater.shared().close();

        assertThat(text(MessageInflater.shared(), HELLO)).isEqualTo("Hello");
    }

    /** An allocator that knows how large its buffers got. */
    private static final class Peak extends AbstractByteBufAllocator {
        private int live;
        private int largest;

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            return newHeapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity) {
                @Override
                protected byte[] allocateArray(int bytes) {
                    live += bytes;
                    largest = Math.max(largest, bytes);
                    return super.allocateArray(bytes);
                }

                @Override
                protected void freeArray(byte[] array) {
                    live -= array.length;
                    super.freeArray(array);
                }
            };
        }
    }
}
