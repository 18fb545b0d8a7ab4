package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Bytes as a message of a failed assertion shows them. */
final class Text {
    private static final int MAX_SHOWN = 512;

    private Text() {}

    static String quote(byte[] bytes) {
        String text = new String(bytes, 0, Math.min(bytes.length, MAX_SHOWN), UTF_8);
        String shown = text.replace("\r", "\\r").replace("\n", "\\n");
        return bytes.length > MAX_SHOWN ? '"' + shown + "…\" (" + bytes.length + " bytes)" : '"' + shown + '"';
    }

    /** Bytes that are no text. */
    static String hex(byte[] bytes) {
        String shown = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, MAX_SHOWN / 8));
        return bytes.length > MAX_SHOWN / 8 ? shown + "… (" + bytes.length + " bytes)" : shown;
    }

    /** The text, if it is UTF-8 as the Unicode standard wants it: no surrogates, nothing too long, nothing cut off. */
    static @Nullable String utf8(byte[] bytes) {
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /** Each byte as one character, so that a comparison of texts is one of bytes. */
    static String latin1(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }
}
