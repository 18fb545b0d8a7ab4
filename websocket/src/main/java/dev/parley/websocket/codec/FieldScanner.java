package dev.parley.websocket.codec;

import org.jspecify.annotations.Nullable;

/**
 * Reads one line of a header field that is a list, from token to token.
 *
 * <p><b>Wire.</b> RFC 6455 has the grammar of RFC 2616 section 2.1: spaces are allowed between any two tokens and separators,
 * and members of a list may be empty.
 */
final class FieldScanner {
    private static final String MARKS_OF_TOKEN = "!#$%&'*+-.^_`|~";

    private final String line;
    private int at;

    FieldScanner(String line) {
        this.line = line;
        skipSpaces();
    }

    boolean isAtEnd() {
        return at == line.length();
    }

    /** Takes a separator and the spaces behind it, if it is next. */
    boolean skip(char separator) {
        boolean next = isNext(separator);
        if (next) {
            at++;
            skipSpaces();
        }
        return next;
    }

    /** Takes a token and the spaces behind it; {@code null} if there is none. */
    @Nullable
    String token() {
        int start = at;
        while (at < line.length() && isOfToken(line.charAt(at))) {
            at++;
        }
        String token = line.substring(start, at);
        skipSpaces();
        return token.isEmpty() ? null : token;
    }

    /** Takes a token or a quoted string, without its quotes, and the spaces behind it; {@code null} if there is neither. */
    @Nullable
    String value() {
        if (!isNext('"')) {
            return token();
        }
        StringBuilder value = new StringBuilder();
        for (at++; at < line.length() && line.charAt(at) != '"'; at++) {
            if (line.charAt(at) == '\\' && ++at == line.length()) {
                return null;
            }
            value.append(line.charAt(at));
        }
        return skip('"') ? value.toString() : null;
    }

    /** Whether all of a text is a token (RFC 9110 section 5.6.2). */
    static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(FieldScanner::isOfToken);
    }

    private boolean isNext(char c) {
        return at < line.length() && line.charAt(at) == c;
    }

    private void skipSpaces() {
        while (isNext(' ') || isNext('\t')) {
            at++;
        }
    }

    private static boolean isOfToken(int c) {
        return c < 128 && (Character.isLetterOrDigit(c) || MARKS_OF_TOKEN.indexOf(c) >= 0);
    }
}
