package dev.parley.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SharedChunkTest {
    private final SharedChunk chunk = SharedChunk.allocate(UnpooledByteBufAllocator.DEFAULT, 4);

    @AfterEach
    void nothingIsLeft() {
        if (chunk.refCnt() > 0) {
            chunk.release();
        }
    }

    private static String taken(ByteBuf bytes) {
        String text = bytes.toString(US_ASCII);
        bytes.release();
        return text;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 10, 15, 16, 255, 256, 65_535, 65_536})
    void isFramedWithItsSize(int size) {
        String text = "x".repeat(size);
        chunk.content().writeBytes(text.getBytes(US_ASCII));

        assertThat(taken(chunk.framed())).isEqualTo(Integer.toHexString(size) + "\r\n" + text + "\r\n");
        assertThat(taken(chunk.plain())).isEqualTo(text);
        assertThat(chunk.size()).isEqualTo(size);
    }

    @Test
    void outlivesWhoMadeItForWhoSendsIt() {
        chunk.content().writeByte('a');
        ByteBuf content = chunk.content();
        ByteBuf sent = chunk.framed();
        chunk.release();

        assertThat(taken(sent)).isEqualTo("1\r\na\r\n");
        assertThat(content.refCnt()).isZero();
    }

    /** As a handler does that puts small buffers together. */
    @Test
    void nobodyWhoSendsItCanWriteBehindIt() {
        chunk.content().writeByte('a');

        ByteBuf plain = chunk.plain();
        assertThat(plain.isWritable()).isFalse();
        assertThat(plain.maxWritableBytes()).isZero();
        plain.release();
    }

    @Test
    void isNotChangedOnceItWasSent() {
        chunk.content().writeByte('a');
        chunk.plain().release();

        assertThatThrownBy(chunk::content)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the chunk was sent (expected: one that was not)");
    }

    @Test
    void itsContentIsAppended() {
        chunk.content().clear().writeByte('a');

        assertThatThrownBy(chunk::framed)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the content was not appended (expected: no clear, no reads)");
    }
}
