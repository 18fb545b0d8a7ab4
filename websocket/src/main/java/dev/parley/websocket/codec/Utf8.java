package dev.parley.websocket.codec;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * Checks UTF-8 as it comes, byte by byte (<a href="https://www.rfc-editor.org/rfc/rfc3629#section-4">RFC 3629 section 4</a>).
 *
 * <p>A state says what may follow. {@link #ACCEPT} is the end of a character; from {@link #REJECT} there is no way on. So text
 * that can't be right is found out with the first byte that is wrong, wherever it is cut into frames and reads.
 */
final class Utf8 {
    /** At the end of a character. */
    static final int ACCEPT = 0;
    /** One more byte, 80 to BF. */
    private static final int ONE = 1;
    /** Two more. */
    private static final int TWO = 2;
    /** Three more. */
    private static final int THREE = 3;
    /** Two more behind E0: the first from A0, else the form is too long. */
    private static final int TWO_FROM_A0 = 4;
    /** Two more behind ED: the first to 9F, else it is a surrogate. */
    private static final int TWO_TO_9F = 5;
    /** Three more behind F0: the first from 90, else the form is too long. */
    private static final int THREE_FROM_90 = 6;
    /** Three more behind F4: the first to 8F, else it is over U+10FFFF. */
    private static final int THREE_TO_8F = 7;
    /** Not UTF-8. */
    static final int REJECT = 8;

    /** The next state, by state and byte. */
    private static final byte[] NEXT = new byte[(REJECT + 1) << 8];

    /** Set in each byte that is not ASCII. */
    private static final long NOT_ASCII = 0x8080808080808080L;

    static {
        Arrays.fill(NEXT, (byte) REJECT);
        allow(ACCEPT, 0x00, 0x7F, ACCEPT);
        allow(ACCEPT, 0xC2, 0xDF, ONE);
        allow(ACCEPT, 0xE0, 0xE0, TWO_FROM_A0);
        allow(ACCEPT, 0xE1, 0xEF, TWO);
        allow(ACCEPT, 0xED, 0xED, TWO_TO_9F);
        allow(ACCEPT, 0xF0, 0xF0, THREE_FROM_90);
        allow(ACCEPT, 0xF1, 0xF3, THREE);
        allow(ACCEPT, 0xF4, 0xF4, THREE_TO_8F);
        allow(ONE, 0x80, 0xBF, ACCEPT);
        allow(TWO, 0x80, 0xBF, ONE);
        allow(THREE, 0x80, 0xBF, TWO);
        allow(TWO_FROM_A0, 0xA0, 0xBF, ONE);
        allow(TWO_TO_9F, 0x80, 0x9F, ONE);
        allow(THREE_FROM_90, 0x90, 0xBF, TWO);
        allow(THREE_TO_8F, 0x80, 0x8F, TWO);
    }

    private Utf8() {}

    private static void allow(int state, int from, int to, int next) {
        for (int b = from; b <= to; b++) {
            NEXT[state << 8 | b] = (byte) next;
        }
    }

    /** The state behind one more byte. */
    static int next(int state, int b) {
        return NEXT[state << 8 | (b & 0xFF)];
    }

    /** The state behind eight more bytes, the first of which is the highest. */
    static int next(int state, long eight) {
        if (state == ACCEPT && (eight & NOT_ASCII) == 0) {
            return ACCEPT;
        }
        int after = state;
        for (int shift = 56; shift >= 0; shift -= 8) {
            after = NEXT[after << 8 | (int) (eight >>> shift & 0xFF)];
        }
        return after;
    }

    /** Whether a part of a buffer is UTF-8, whole characters only. */
    static boolean isValid(ByteBuf bytes, int from, int length) {
        int state = ACCEPT;
        int at = from;
        int end = from + length;
        for (; end - at >= 8; at += 8) {
            state = next(state, bytes.getLong(at));
        }
        for (; at < end; at++) {
            state = next(state, bytes.getByte(at));
        }
        return state == ACCEPT;
    }
}
