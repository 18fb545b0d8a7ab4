package dev.parley.sse.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;

/**
 * Decodes UTF-8 as browsers do (<a href="https://encoding.spec.whatwg.org/#utf-8-decoder">Encoding standard</a>).
 *
 * <p>The JDK differs in how many U+FFFD stand for malformed bytes: one for a surrogate in three bytes, where a browser
 * shows three. It is right for well-formed text, which is all but always what comes.
 */
final class Utf8 {
    private static final char REPLACEMENT = '\uFFFD';

    private Utf8() {}

    static String decode(ByteBuf bytes, int start, int end) {
        String text = bytes.toString(start, end - start, UTF_8);
        return text.indexOf(REPLACEMENT) < 0 ? text : decodeMalformed(bytes, start, end);
    }

    private static String decodeMalformed(ByteBuf bytes, int start, int end) {
        StringBuilder text = new StringBuilder(end - start);
        int codePoint = 0;
        int needed = 0;
        int lower = 0x80;
        int upper = 0xBF;
        for (int i = start; i < end; i++) {
            int b = bytes.getUnsignedByte(i);
            if (needed == 0) {
                if (b < 0x80) {
                    text.append((char) b);
                } else if (b >= 0xC2 && b <= 0xDF) {
                    needed = 1;
                    codePoint = b & 0x1F;
                } else if (b >= 0xE0 && b <= 0xEF) {
                    needed = 2;
                    codePoint = b & 0x0F;
                    lower = b == 0xE0 ? 0xA0 : 0x80; // else too long
                    upper = b == 0xED ? 0x9F : 0xBF; // else a surrogate
                } else if (b >= 0xF0 && b <= 0xF4) {
                    needed = 3;
                    codePoint = b & 0x07;
                    lower = b == 0xF0 ? 0x90 : 0x80; // else too long
                    upper = b == 0xF4 ? 0x8F : 0xBF; // else over U+10FFFF
                } else {
                    text.append(REPLACEMENT);
                }
            } else {
                boolean continues = b >= lower && b <= upper;
                lower = 0x80;
                upper = 0xBF;
                if (continues) {
                    codePoint = codePoint << 6 | (b & 0x3F);
                    if (--needed == 0) {
                        text.appendCodePoint(codePoint);
                    }
                } else {
                    text.append(REPLACEMENT);
                    needed = 0;
                    i--; // The byte may begin a character of its own.
                }
            }
        }
        return needed == 0 ? text.toString() : text.append(REPLACEMENT).toString();
    }
}
