package dev.parley.http;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one line of {@code Forwarded}, element by element.
 *
 * <p><b>Wire.</b> RFC 7239 section 4: {@code for=192.0.2.43;proto=https, for="[2001:db8::17]:4711"}. Spaces are taken around semicolons
 * too, as some proxies write them.
 */
final class ForwardedScanner {
    private static final String MARKS_OF_TOKEN = "!#$%&'*+-.^_`|~";

    private final String line;
    private int at;

    ForwardedScanner(String line) {
        this.line = line;
    }

    /** The parameters up to the next comma or the end, their names in lower case; {@code null} where they are malformed. */
    @Nullable
    Map<String, String> element() {
        Map<String, String> element = new HashMap<>();
        do {
            skipSpaces();
            String name = token().toLowerCase(Locale.ROOT);
            if (!name.isEmpty()) {
                String value = value();
                if (value == null || element.put(name, value) != null) {
                    return null;
                }
            }
            skipSpaces();
        } while (skip(';'));
        return at == line.length() || line.charAt(at) == ',' ? element : null;
    }

    /** Takes a separator, if it is next. */
    boolean skip(char separator) {
        boolean next = isNext(separator);
        at += next ? 1 : 0;
        return next;
    }

    private boolean isNext(char c) {
        return at < line.length() && line.charAt(at) == c;
    }

    private void skipSpaces() {
        while (isNext(' ') || isNext('\t')) {
            at++;
        }
    }

    private String token() {
        int start = at;
        while (at < line.length() && isOfToken(line.charAt(at))) {
            at++;
        }
        return line.substring(start, at);
    }

    private static boolean isOfToken(char c) {
        return c < 128 && (Character.isLetterOrDigit(c) || MARKS_OF_TOKEN.indexOf(c) >= 0);
    }

    /** What follows a name: an equals sign and a token or a quoted string, without any space between. */
    private @Nullable String value() {
        if (!isNext('=')) {
            return null;
        }
        at++;
        if (isNext('"')) {
            return quoted();
        }
        String token = token();
        return token.isEmpty() ? null : token;
    }

    private @Nullable String quoted() {
        StringBuilder text = new StringBuilder();
        for (at++; at < line.length(); at++) {
            char c = line.charAt(at);
            if (c == '"') {
                at++;
                return text.toString();
            }
            if (c == '\\' && ++at < line.length()) {
                c = line.charAt(at);
            }
            text.append(c);
        }
        return null;
    }
}
