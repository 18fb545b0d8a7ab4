package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.util.AsciiString;
import java.util.Arrays;
import java.util.List;

/**
 * The names of fields: their grammar (RFC 9110 section 5.1), and the common ones as constants, so that the most are
 * neither copied nor hashed anew.
 *
 * <p>A table with one place for each hash of a name without regard to case; of two known names with one place the latter
 * is just not found, and made like an unknown one.
 */
final class FieldNames {
    private static final int PLACES = 512;
    private static final Known[] KNOWN = new Known[PLACES];
    private static final Known NONE = new Known(AsciiString.EMPTY_STRING, 0);
    /** For each byte, the byte in lower case if it may stand in a token, else 0. */
    private static final byte[] TOKEN = new byte[256];

    static {
        for (char c = '!'; c <= '~'; c++) {
            boolean letterOrDigit = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (letterOrDigit || "!#$%&'*+-.^_`|~".indexOf(c) >= 0) {
                TOKEN[c] = (byte) Character.toLowerCase(c);
            }
        }
        Arrays.fill(KNOWN, NONE);
        List.of(
                        HttpHeaderNames.HOST,
                        HttpHeaderNames.CONNECTION,
                        HttpHeaderNames.CONTENT_LENGTH,
                        HttpHeaderNames.CONTENT_TYPE,
                        HttpHeaderNames.TRANSFER_ENCODING,
                        HttpHeaderNames.EXPECT,
                        HttpHeaderNames.UPGRADE,
                        HttpHeaderNames.ORIGIN,
                        AsciiString.cached("sec-fetch-site"),
                        AsciiString.cached("sec-fetch-mode"),
                        AsciiString.cached("sec-fetch-dest"),
                        AsciiString.cached("sec-ch-ua"),
                        AsciiString.cached("sec-ch-ua-mobile"),
                        AsciiString.cached("sec-ch-ua-platform"),
                        AsciiString.cached("upgrade-insecure-requests"),
                        AsciiString.cached("last-event-id"),
                        HttpHeaderNames.ACCEPT,
                        HttpHeaderNames.ACCEPT_ENCODING,
                        HttpHeaderNames.ACCEPT_LANGUAGE,
                        HttpHeaderNames.AUTHORIZATION,
                        HttpHeaderNames.CACHE_CONTROL,
                        HttpHeaderNames.COOKIE,
                        HttpHeaderNames.IF_MODIFIED_SINCE,
                        HttpHeaderNames.IF_NONE_MATCH,
                        HttpHeaderNames.PRAGMA,
                        HttpHeaderNames.RANGE,
                        HttpHeaderNames.REFERER,
                        HttpHeaderNames.SEC_WEBSOCKET_KEY,
                        HttpHeaderNames.SEC_WEBSOCKET_VERSION,
                        HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS,
                        HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL,
                        HttpHeaderNames.USER_AGENT,
                        HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD,
                        HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS)
                .forEach(name ->
                        KNOWN[place(hash(name))] = new Known(name, Http1Request.field(name.array(), 0, name.length())));
    }

    private FieldNames() {}

    /**
     * A name, and what it is to the server.
     *
     * @param field one of {@link Http1Request}'s, or 0
     */
    record Known(AsciiString name, int field) {}

    /**
     * The name at the start of a line, with a colon right behind it.
     *
     * @return a constant where the name is a common one
     * @throws IllegalArgumentException if there is no token with a colon right behind it
     */
    static Known name(byte[] line, int start, int end) {
        int hash = 0;
        int at = start;
        for (; at < end; at++) {
            byte lower = TOKEN[line[at] & 0xFF];
            if (lower == 0) {
                break;
            }
            hash = hash * 31 + lower;
        }
        if (at == start || at == end || line[at] != ':') {
            throw new IllegalArgumentException("a field whose name is no token with a colon right behind it");
        }
        Known known = KNOWN[place(hash)];
        return isSame(known.name, line, start, at)
                ? known
                : new Known(
                        new AsciiString(line, start, at - start, true), Http1Request.field(line, start, at - start));
    }

    /** The same hash as in {@link #name}, of a name in lower case. */
    private static int hash(AsciiString lowerCase) {
        int hash = 0;
        for (byte b : lowerCase.array()) {
            hash = hash * 31 + b;
        }
        return hash;
    }

    private static int place(int hash) {
        return (hash ^ hash >>> 9 ^ hash >>> 18) & PLACES - 1;
    }

    private static boolean isSame(AsciiString known, byte[] line, int start, int end) {
        byte[] lower = known.array();
        if (lower.length != end - start) {
            return false;
        }
        for (int i = 0; i < lower.length; i++) {
            if (TOKEN[line[start + i] & 0xFF] != lower[i]) {
                return false;
            }
        }
        return true;
    }

    /** Refuses a method that is no token. */
    static void checkToken(byte[] line, int start, int end) {
        for (int i = start; i < end; i++) {
            if (TOKEN[line[i] & 0xFF] == 0) {
                throw new IllegalArgumentException("a method that is no token");
            }
        }
        if (start == end) {
            throw new IllegalArgumentException("a method of no letters");
        }
    }
}
