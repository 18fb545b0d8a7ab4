package dev.parley.http.codec;

import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A header field's value with parameters, as {@code Content-Type} and {@code Content-Disposition} have them.
 *
 * <p><b>Wire.</b> {@code value *( ";" name "=" ( token / quoted-string ) )}, with blanks around the semicolons
 * (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-5.6.6">RFC 9110 section 5.6.6</a>).
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param value what stands before the first semicolon, in lower case
 * @param parameters their values, by names in lower case
 */
public record FieldValue(String value, Map<String, String> parameters) {
    /**
     * What a backslash stands before. Browsers do not escape a backslash, so one before any other character is one.
     */
    private static final String ESCAPED = "\"\\";

    /**
     * Reads {@code Content-Type}.
     *
     * @param field the field's value
     * @return what it says
     * @throws ViolationException {@link Violation#VALUE}, {@link Violation#PARAMETER_TWICE}
     */
    public static FieldValue parse(String field) {
        return new Scanner(field, false).read();
    }

    /**
     * Reads {@code Content-Disposition}, in whose quoted strings browsers write a quote, CR and LF as {@code %22}, {@code %0D} and
     * {@code %0A}, and nothing else so
     * (<a href="https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data">HTML, multipart form
     * data</a>).
     */
    static FieldValue parseDisposition(String field) {
        return new Scanner(field, true).read();
    }

    /**
     * A parameter as text: what {@code name*} says, decoded (<a href="https://www.rfc-editor.org/rfc/rfc8187">RFC 8187</a>), or else
     * {@code name}.
     *
     * @param name the parameter's name in lower case, such as {@code filename}
     * @return its text, or {@code null} if there is none. It may have any character
     * @throws ViolationException {@link Violation#EXTENDED_VALUE}, {@link Violation#NOT_UTF8}
     */
    public @Nullable String text(String name) {
        String extended = parameters.get(name + '*');
        return extended == null ? parameters.get(name) : PartHeadReader.decoded(extended);
    }

    /** Reads a value, once. */
    private static final class Scanner {
        private static final String MARKS_OF_TOKEN = "!#$%&'*+-.^_`|~";

        private final String field;
        private final boolean ofForm;
        private int at;

        Scanner(String field, boolean ofForm) {
            this.field = field;
            this.ofForm = ofForm;
        }

        FieldValue read() {
            skipBlanks();
            String value = token();
            if (at < field.length() && field.charAt(at) == '/') {
                at++;
                value += "/" + token();
            }
            Map<String, String> parameters = new LinkedHashMap<>();
            skipBlanks();
            while (at < field.length()) {
                expect(';');
                skipBlanks();
                String name = token().toLowerCase(Locale.ROOT);
                expect('=');
                if (parameters.put(name, parameter()) != null) {
                    throw new ViolationException(Violation.PARAMETER_TWICE);
                }
                skipBlanks();
            }
            return new FieldValue(value.toLowerCase(Locale.ROOT), Collections.unmodifiableMap(parameters));
        }

        private String parameter() {
            if (at == field.length() || field.charAt(at) != '"') {
                return token();
            }
            StringBuilder text = new StringBuilder();
            for (at++; at < field.length(); at++) {
                char c = field.charAt(at);
                if (c == '"') {
                    at++;
                    return text.toString();
                }
                if (c == '\\' && at + 1 < field.length() && ESCAPED.indexOf(field.charAt(at + 1)) >= 0) {
                    c = field.charAt(++at);
                } else if (c == '%' && ofForm) {
                    c = unescaped();
                }
                text.append(c);
            }
            throw new ViolationException(Violation.VALUE);
        }

        /** The character that is escaped here, behind which it leaves off; a percent sign where there is none. */
        private char unescaped() {
            char c = '%';
            if (field.startsWith("22", at + 1)) {
                c = '"';
            } else if (field.regionMatches(true, at + 1, "0D", 0, 2)) {
                c = '\r';
            } else if (field.regionMatches(true, at + 1, "0A", 0, 2)) {
                c = '\n';
            }
            if (c != '%') {
                at += 2;
            }
            return c;
        }

        private String token() {
            int start = at;
            while (at < field.length() && isOfToken(field.charAt(at))) {
                at++;
            }
            if (at == start) {
                throw new ViolationException(Violation.VALUE);
            }
            return field.substring(start, at);
        }

        private void expect(char c) {
            if (at == field.length() || field.charAt(at) != c) {
                throw new ViolationException(Violation.VALUE);
            }
            at++;
        }

        private void skipBlanks() {
            while (at < field.length() && (field.charAt(at) == ' ' || field.charAt(at) == '\t')) {
                at++;
            }
        }

        private static boolean isOfToken(char c) {
            return c < 128 && (Character.isLetterOrDigit(c) || MARKS_OF_TOKEN.indexOf(c) >= 0);
        }
    }

    /** Whether all of a text is a token (RFC 9110 section 5.6.2). */
    static boolean isToken(String text) {
        return !text.isEmpty() && HttpHeaderValidationUtil.validateToken(text) == -1;
    }

    /**
     * What it is, for logs.
     *
     * @return how long the value is and how many parameters it has, and nothing of them: they are the sender's, and may have any character
     */
    @Override
    public String toString() {
        return "FieldValue[value=" + value.length() + " characters, parameters=" + parameters.size() + "]";
    }
}
