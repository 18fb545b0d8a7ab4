package dev.parley.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SharedChunkTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "15, f",
        "16, 10",
        "255, ff",
        "4095, fff",
        "4096, 1000",
        "65536, 10000",
        "1048576, 100000"
    })
    void theSizeIsInFrontInHexadecimal(int size, String hex) {
        for (int capacity : new int[] {0, size, 2 * size + 100}) {
            SharedChunk chunk = SharedChunk.allocate(ByteBufAllocator.DEFAULT, capacity);
            byte[] bytes = new byte[size];
            Arrays.fill(bytes, (byte) 'x');
            chunk.content().writeBytes(bytes);

            assertThat(chunk.size()).isEqualTo(size);
            assertThat(take(chunk.plain())).isEqualTo(bytes);
            assertThat(take(chunk.framed())).isEqualTo((hex + "\r\n" + "x".repeat(size) + "\r\n").getBytes(US_ASCII));
            assertThat(take(chunk.plain())).isEqualTo(bytes);
            chunk.release();
        }
    }

    private static byte[] take(ByteBuf buffer) {
        try {
            return ByteBufUtil.getBytes(buffer);
        } finally {
            buffer.release();
        }
    }

    @Test
    void eachUseIsABufferOfItsOwn() {
        SharedChunk chunk = SharedChunk.allocate(ByteBufAllocator.DEFAULT, 4);
        chunk.content().writeBytes("data".getBytes(US_ASCII));
        ByteBuf one = chunk.framed();
        ByteBuf other = chunk.framed();
        one.skipBytes(5);

        assertThat(other.toString(US_ASCII)).isEqualTo("4\r\ndata\r\n");
        one.release();
        other.release();
        chunk.release();
    }

    @Test
    void theBytesStayUntilTheLastUserHasReleasedThem() {
        SharedChunk chunk = SharedChunk.allocate(ByteBufAllocator.DEFAULT, 4);
        ByteBuf content = chunk.content();
        content.writeBytes("data".getBytes(US_ASCII));
        ByteBuf framed = chunk.framed();
        ByteBuf plain = chunk.plain();

        chunk.retain();
        assertThat(chunk.release()).isFalse();
        assertThat(chunk.release()).isTrue();
        assertThat(content.refCnt()).isPositive();
        assertThat(take(plain)).isEqualTo("data".getBytes(US_ASCII));
        assertThat(take(framed)).isEqualTo("4\r\ndata\r\n".getBytes(US_ASCII));
        assertThat(content.refCnt()).isZero();
    }

    @Test
    void whatWasSentCanNotBeChanged() {
        SharedChunk chunk = SharedChunk.allocate(ByteBufAllocator.DEFAULT, 4);
        chunk.content().writeByte('x');
        assertThat(chunk.size()).isEqualTo(1);

        assertThatIllegalStateException()
                .isThrownBy(chunk::content)
                .withMessage("the chunk was sent (expected: one that was not)");
        chunk.release();
    }
}
