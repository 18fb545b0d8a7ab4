package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameWriterTest {
    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new SplittableRandom(1).nextBytes(noise);
        return noise;
    }

    @ParameterizedTest
    @CsvSource({
        "0, 8200",
        "1, 8201",
        "125, 827d",
        "126, 827e007e",
        "127, 827e007f",
        "65535, 827effff",
        "65536, 827f0000000000010000",
        "16777216, 827f0000000001000000"
    })
    void lengthsAreInTheirShortestForm(int length, String head) {
        byte[] payload = noise(length);
        ByteBuf bytes = Unpooled.buffer();
        ByteBuf buffer = Unpooled.buffer();

        FrameWriter.write(bytes, Opcode.BINARY, payload);
        FrameWriter.write(buffer, Opcode.BINARY, Unpooled.wrappedBuffer(payload));

        assertThat(ByteBufUtil.hexDump(bytes, 0, head.length() / 2)).isEqualTo(head);
        assertThat(bytes.slice(head.length() / 2, length)).isEqualTo(Unpooled.wrappedBuffer(payload));
        assertThat(bytes.readableBytes()).isEqualTo(head.length() / 2 + length);
        assertThat(buffer).isEqualTo(bytes);
    }

    @Test
    void fragmentsHaveNoFin() {
        ByteBuf out = Unpooled.buffer();

        FrameWriter.fragment(out, Opcode.TEXT, Unpooled.copiedBuffer("a", UTF_8));
        FrameWriter.fragment(out, Opcode.CONTINUATION, Unpooled.copiedBuffer("b", UTF_8));
        FrameWriter.write(out, Opcode.CONTINUATION, Unpooled.copiedBuffer("c", UTF_8));

        assertThat(ByteBufUtil.hexDump(out)).isEqualTo("010161" + "000162" + "800163");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 120, 125, 126, 130, 250, 260, 1000, 65_500, 65_536, 131_000, 131_200, 300_000})
    void aCompressedMessageHasTheHeadThatItsCompressedLengthNeeds(int length) {
        for (byte[] payload : new byte[][] {noise(length), new byte[length]}) {
            ByteBuf out = Unpooled.buffer().writeByte(7);

            int bytes =
                    FrameWriter.write(out, Opcode.BINARY, Unpooled.wrappedBuffer(payload), MessageDeflater.shared(15));

            ByteBuf expected = Unpooled.buffer().writeByte(7);
            byte[] compressed = new byte[bytes];
            out.getBytes(out.writerIndex() - bytes, compressed);
            FrameWriter.write(expected, Opcode.BINARY, compressed);
            expected.setByte(1, 0xC2);
            assertThat(out).isEqualTo(expected);
            assertThat(Arrays.equals(Zlib.inflated(compressed), payload)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Opcode.CLOSE, Opcode.PING, Opcode.PONG})
    void aControlFrameHas125BytesAtMost(int opcode) {
        ByteBuf out = Unpooled.buffer();
        FrameWriter.write(out, opcode, new byte[125]);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> FrameWriter.write(out, opcode, Unpooled.wrappedBuffer(new byte[126])))
                .withMessage("payload: 126 bytes (expected: at most 125 in a control frame)");
        assertThat(out.readableBytes()).isEqualTo(127);
    }

    @Test
    void aFrameIsWrittenWholeOrNotAtAll() {
        ByteBuf out = Unpooled.buffer(0, 1000).writeByte(7);
        ByteBuf payload = Unpooled.wrappedBuffer(noise(1000));

        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> FrameWriter.write(out, Opcode.BINARY, payload));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> FrameWriter.write(out, Opcode.BINARY, payload, MessageDeflater.shared(15)));

        assertThat(out.readableBytes()).isEqualTo(1);
    }
}
