package dev.parley.http.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the heads of parts, one byte after the other.
 *
 * <p>A line is judged when it is whole, and not kept. Fields that are not known are left out, as RFC 7578 section 4.8 asks for.
 */
final class PartHeadReader {
    /** Encodings that encode nothing (RFC 2045 section 6.2). */
    private static final Set<String> PLAIN = Set.of("7bit", "8bit", "binary");

    private static final int FIRST_BYTES = 128;
    private static final int DELETE = 0x7F;

    private final MultipartLimits limits;

    /** The line that has begun. */
    private byte[] line = new byte[FIRST_BYTES];

    private int length;
    /** How many bytes the head has so far. */
    private int bytes;

    private boolean afterCr;
    private @Nullable Map<String, String> disposition;
    private @Nullable String contentType;
    private boolean encodingSeen;

    PartHeadReader(MultipartLimits limits) {
        this.limits = limits;
    }

    /** Reads a byte. Returns whether it is the last of the head. */
    boolean read(byte b) {
        if (++bytes > limits.maxHeadBytes()) {
            throw new ViolationException(Violation.HEAD_TOO_LONG);
        }
        if (afterCr != (b == '\n')) {
            throw new ViolationException(Violation.LINE_END);
        }
        if (afterCr) {
            afterCr = false;
            if (length == 0) {
                return true;
            }
            endLine();
            return false;
        }
        if (b == '\r') {
            afterCr = true;
        } else {
            append(b);
        }
        return false;
    }

    private void append(byte b) {
        if (b >= 0 && b < ' ' && b != '\t' || b == DELETE) {
            throw new ViolationException(Violation.CONTROL_CHARACTER);
        }
        if (length == line.length) {
            line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = b;
    }

    private void endLine() {
        String text = decoded(ByteBuffer.wrap(line, 0, length), UTF_8);
        length = 0;
        int colon = text.indexOf(':');
        if (colon < 0 || !FieldValue.isToken(text.substring(0, colon))) {
            throw new ViolationException(Violation.NOT_A_FIELD);
        }
        String value = text.substring(colon + 1).strip();
        switch (text.substring(0, colon).toLowerCase(Locale.ROOT)) {
            case "content-disposition" -> {
                once(disposition == null);
                FieldValue field = FieldValue.parseDisposition(value);
                if (!field.value().equals("form-data")) {
                    throw new ViolationException(Violation.NO_DISPOSITION);
                }
                disposition = field.parameters();
            }
            case "content-type" -> {
                once(contentType == null);
                contentType = value;
            }
            case "content-transfer-encoding" -> {
                once(!encodingSeen);
                encodingSeen = true;
                if (!PLAIN.contains(value.toLowerCase(Locale.ROOT))) {
                    throw new ViolationException(Violation.TRANSFER_ENCODING);
                }
            }
            default -> {} // means nothing here
        }
    }

    private static void once(boolean first) {
        if (!first) {
            throw new ViolationException(Violation.FIELD_TWICE);
        }
    }

    /** What the head says that was read last; the next one can be read then. */
    PartHead take() {
        Map<String, String> parameters = disposition;
        String type = contentType;
        bytes = 0;
        disposition = null;
        contentType = null;
        encodingSeen = false;
        if (parameters == null) {
            throw new ViolationException(Violation.NO_DISPOSITION);
        }
        String name = parameters.get("name");
        if (name == null) {
            throw new ViolationException(Violation.NO_NAME);
        }
        String fileName = new FieldValue("", parameters).text("filename");
        if (name.length() > limits.maxNameChars() || fileName != null && fileName.length() > limits.maxNameChars()) {
            throw new ViolationException(Violation.NAME_TOO_LONG);
        }
        return new PartHead(name, fileName, type);
    }

    /**
     * An extended value, {@code charset'language'text} with percent escapes. RFC 7578 section 4.2 asks senders not to use it; some do,
     * and then it is the better one of the two names.
     */
    static String decoded(String extended) {
        int first = extended.indexOf('\'');
        int second = first < 0 ? -1 : extended.indexOf('\'', first + 1);
        if (second < 0) {
            throw new ViolationException(Violation.EXTENDED_VALUE);
        }
        Charset charset = switch (extended.substring(0, first).toUpperCase(Locale.ROOT)) {
            case "UTF-8" -> UTF_8;
            case "ISO-8859-1" -> ISO_8859_1;
            default -> throw new ViolationException(Violation.EXTENDED_VALUE);
        };
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = second + 1; i < extended.length(); i++) {
            char c = extended.charAt(i);
            if (c == '%') {
                int high = i + 2 < extended.length() ? Character.digit(extended.charAt(i + 1), 16) : -1;
                int low = i + 2 < extended.length() ? Character.digit(extended.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw new ViolationException(Violation.EXTENDED_VALUE);
                }
                text.write(high << 4 | low);
                i += 2;
            } else if (c < 128) {
                text.write(c);
            } else {
                throw new ViolationException(Violation.EXTENDED_VALUE);
            }
        }
        return decoded(ByteBuffer.wrap(text.toByteArray()), charset);
    }

    private static String decoded(ByteBuffer bytes, Charset charset) {
        try {
            return charset.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new ViolationException(Violation.NOT_UTF8);
        }
    }
}
