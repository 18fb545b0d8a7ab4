package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.codec.FieldValue;
import dev.parley.http.codec.ViolationException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A body as text, in the charset that its content type names. */
record BodyText(byte[] bytes, Charset charset, boolean isCharsetKnown) {
    private static final int MAX_CHARSET_CHARS = 40;

    static BodyText of(@Nullable String contentType, byte[] bytes) {
        if (contentType == null || contentType.equals("text/plain;charset=UTF-8") || !namesCharset(contentType)) {
            return new BodyText(bytes, UTF_8, true);
        }
        Charset charset = charset(contentType);
        return new BodyText(bytes, charset == null ? UTF_8 : charset, charset != null);
    }

    private static boolean namesCharset(String contentType) {
        return contentType.indexOf(';') >= 0
                && contentType.toLowerCase(Locale.ROOT).contains("charset");
    }

    private static @Nullable Charset charset(String contentType) {
        try {
            String name = FieldValue.parse(contentType).parameters().getOrDefault("charset", "UTF-8");
            return name.length() > MAX_CHARSET_CHARS ? null : Charset.forName(name);
        } catch (ViolationException | IllegalCharsetNameException | UnsupportedCharsetException e) {
            return null; // which becomes the flaw
        }
    }

    boolean isUtf8() {
        return charset.equals(UTF_8);
    }

    /** The text, without a byte order mark; what is malformed is U+FFFD. */
    String text() {
        int from = isUtf8() && hasMark() ? 3 : 0;
        return new String(bytes, from, bytes.length - from, charset);
    }

    private boolean hasMark() {
        return bytes.length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF;
    }

    @Nullable
    String flaw() {
        if (!isCharsetKnown) {
            return "the charset is not known";
        }
        return isValid(bytes, 0, bytes.length, charset) ? null : "the text is not of its charset";
    }

    static boolean isUtf8(byte[] bytes, int from, int length) {
        return isValid(bytes, from, length, UTF_8);
    }

    private static boolean isValid(byte[] bytes, int from, int length, Charset charset) {
        try {
            charset.newDecoder().decode(ByteBuffer.wrap(bytes, from, length));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
