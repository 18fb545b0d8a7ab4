package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class Utf8Test {
    private static final int SURROGATES = 0xE000 - 0xD800;

    @Test
    void everyCharacterIsAccepted() {
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            if (codePoint >= 0xD800 && codePoint < 0xE000) {
                continue;
            }
            int state = Utf8.ACCEPT;
            byte[] bytes = Character.toString(codePoint).getBytes(UTF_8);
            for (int i = 0; i < bytes.length; i++) {
                state = Utf8.next(state, bytes[i]);
                assertThat(state == Utf8.ACCEPT).isEqualTo(i == bytes.length - 1);
            }
        }
    }

    @Test
    void nothingElseIsAccepted() {
        assertThat(characters(Utf8.ACCEPT, 0)).isEqualTo(Character.MAX_CODE_POINT + 1 - SURROGATES);
    }

    /** How many ways lead from a state back to the end of a character. */
    private static int characters(int state, int length) {
        assertThat(length).isLessThan(4);
        int all = 0;
        for (int b = 0; b < 256; b++) {
            int next = Utf8.next(state, b);
            if (next == Utf8.ACCEPT) {
                all++;
            } else if (next != Utf8.REJECT) {
                all += characters(next, length + 1);
            }
        }
        return all;
    }

    @Test
    void thereIsNoWayBackFromAnError() {
        for (int b = 0; b < 256; b++) {
            assertThat(Utf8.next(Utf8.REJECT, b)).isEqualTo(Utf8.REJECT);
        }
        assertThat(Utf8.next(Utf8.REJECT, 0x4141414141414141L)).isEqualTo(Utf8.REJECT);
    }

    @Test
    void eightBytesAtATimeAreAsOneByOne() {
        byte[] text = "x\u00e4\u20ac\ud83d\ude00yzabcdefgh\u00ff".getBytes(UTF_8);
        for (int from = 0; from + 8 <= text.length; from++) {
            ByteBuf eight = Unpooled.wrappedBuffer(text, from, 8);
            for (int state = Utf8.ACCEPT; state <= Utf8.REJECT; state++) {
                int one = state;
                for (int i = 0; i < 8; i++) {
                    one = Utf8.next(one, eight.getByte(i));
                }
                assertThat(Utf8.next(state, eight.getLong(0))).isEqualTo(one);
            }
        }
    }

    @Test
    void aPartOfABufferIsCheckedAlone() {
        ByteBuf bytes = Unpooled.wrappedBuffer(new byte[] {(byte) 0xFF, (byte) 0xC3, (byte) 0xA4, (byte) 0xFF});

        assertThat(Utf8.isValid(bytes, 1, 2)).isTrue();
        assertThat(Utf8.isValid(bytes, 1, 1)).isFalse();
        assertThat(Utf8.isValid(bytes, 2, 1)).isFalse();
        assertThat(Utf8.isValid(bytes, 1, 0)).isTrue();
    }
}
