package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

/** Bytes as a message of a failed assertion shows them. */
final class Text {
    private static final int MAX_SHOWN = 512;

    private Text() {}

    static String quote(byte[] bytes) {
        String text = new String(bytes, 0, Math.min(bytes.length, MAX_SHOWN), UTF_8);
        String shown = text.replace("\r", "\\r").replace("\n", "\\n");
        return bytes.length > MAX_SHOWN ? '"' + shown + "…\" (" + bytes.length + " bytes)" : '"' + shown + '"';
    }

    /** Each byte as one character, so that a comparison of texts is one of bytes. */
    static String latin1(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }
}
