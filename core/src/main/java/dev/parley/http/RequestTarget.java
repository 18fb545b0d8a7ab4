package dev.parley.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks for: path and query, checked and decoded.
 *
 * <p><b>Wire.</b> RFC 9112 section 3.2: {@code /path?query}, {@code http://host/path?query}, or {@code *}. Beyond the characters of RFC
 * 3986 those are taken that the URL standard lets browsers send as they are: {@code [ ] ^ |} in a path, and in a query also
 * {@code \ ` { }}.
 *
 * <p><b>Safety.</b> The path is decoded once, as strict UTF-8. Whatever could mean one path here and another to a file
 * system, a proxy or a log is refused and never repaired: segments {@code .} and {@code ..}, encoded slashes,
 * backslashes, control characters. So two paths are the same resource exactly if they are equal here.
 *
 * <p><b>Threading.</b> Immutable, but for the query's parameters, which are parsed when they are first asked for.
 *
 * <p><b>Errors.</b> {@link ProblemException} 400, which repeats nothing of the target.
 */
final class RequestTarget {
    private static final int MAX_PARAMETERS = 1000;

    private static final byte IN_PATH = 1;
    private static final byte IN_QUERY = 2;
    /** For each ASCII character, where it may stand. */
    private static final byte[] PLACES = places();

    private static final RequestTarget ASTERISK = new RequestTarget(null, "*", "");
    /** For requests that are refused before their target matters. */
    static final RequestTarget ROOT = new RequestTarget(null, "/", "");

    private final @Nullable Authority authority;
    private final String path;
    private final String rawQuery;
    /** Names and values in turn. An immutable list, so that threads may race to set it. */
    private @Nullable List<String> parameters;

    private RequestTarget(@Nullable Authority authority, String path, String rawQuery) {
        this.authority = authority;
        this.path = path;
        this.rawQuery = rawQuery;
    }

    static RequestTarget parse(String target) {
        if (target.startsWith("/")) {
            return parse(null, target);
        }
        if (target.equals("*")) {
            return ASTERISK;
        }
        int start = afterScheme(target);
        int end = start;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
            end++;
        }
        Authority authority = Authority.parse(target.substring(start, end));
        if (authority == null) {
            throw bad("malformed authority");
        }
        boolean hasPath = end < target.length() && target.charAt(end) == '/';
        return parse(authority, hasPath ? target.substring(end) : "/" + target.substring(end));
    }

    private static int afterScheme(String target) {
        for (String scheme : new String[] {"http://", "https://"}) {
            if (target.regionMatches(true, 0, scheme, 0, scheme.length())) {
                return scheme.length();
            }
        }
        throw bad("neither a path nor an http URI");
    }

    private static RequestTarget parse(@Nullable Authority authority, String raw) {
        boolean escaped = false;
        boolean dotted = false;
        char previous = 0;
        int end = 0;
        for (; end < raw.length(); end++) {
            char c = raw.charAt(end);
            if (c == '?') {
                break;
            }
            check(raw, end, IN_PATH);
            escaped |= c == '%';
            dotted |= c == '.' && previous == '/';
            previous = c;
        }
        for (int i = end + 1; i < raw.length(); i++) {
            check(raw, i, IN_QUERY);
        }
        String path = raw.substring(0, end);
        if (escaped) {
            path = decodePath(path);
        }
        if (escaped || dotted) {
            refuseDotSegments(path);
        }
        return new RequestTarget(authority, path, end < raw.length() ? raw.substring(end + 1) : "");
    }

    private static void check(String raw, int index, byte place) {
        char c = raw.charAt(index);
        if (c >= PLACES.length || (PLACES[c] & place) == 0) {
            throw bad("illegal character at index " + index);
        }
        if (c == '%'
                && (index + 2 >= raw.length()
                        || !HexFormat.isHexDigit(raw.charAt(index + 1))
                        || !HexFormat.isHexDigit(raw.charAt(index + 2)))) {
            throw bad("bad percent escape at index " + index);
        }
    }

    private static String decodePath(String raw) {
        for (int i = raw.indexOf('%'); i >= 0; i = raw.indexOf('%', i + 3)) {
            int octet = HexFormat.fromHexDigits(raw, i + 1, i + 3);
            if (octet == '/' || octet == '\\') {
                throw bad("encoded slash at index " + i);
            }
        }
        String path = decode(raw);
        if (path.chars().anyMatch(Character::isISOControl)) {
            throw bad("control character in the path");
        }
        return path;
    }

    private static void refuseDotSegments(String path) {
        for (int start = 1, end; start <= path.length(); start = end + 1) {
            int slash = path.indexOf('/', start);
            end = slash < 0 ? path.length() : slash;
            int length = end - start;
            if ((length == 1 || length == 2) && path.startsWith("..".substring(0, length), start)) {
                throw bad("dot segment in the path");
            }
        }
    }

    /** Decodes text whose characters and escapes have been checked. */
    private static String decode(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        ByteBuffer octets = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                octets.put((byte) HexFormat.fromHexDigits(text, i + 1, i + 3));
                i += 2;
            } else {
                octets.put((byte) c);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(octets.flip()).toString();
        } catch (CharacterCodingException e) {
            throw bad("not UTF-8");
        }
    }

    private static ProblemException bad(String what) {
        return Problem.of(400, "request target: " + what).asException();
    }

    /** The authority of a target in absolute form, which overrides {@code Host} (RFC 9112 section 3.2.2). */
    @Nullable
    Authority authority() {
        return authority;
    }

    /** Whether this is {@code *}, which asks about the server as a whole and is for OPTIONS only. */
    boolean isAsterisk() {
        return path.equals("*");
    }

    /** The path, decoded: its segments are what stands between its slashes. {@code *} for {@link #isAsterisk}. */
    String path() {
        return path;
    }

    /** What follows the question mark, not decoded; empty where nothing does. */
    String rawQuery() {
        return rawQuery;
    }

    Optional<String> query(String name) {
        List<String> all = parameters();
        for (int i = 0; i < all.size(); i += 2) {
            if (all.get(i).equals(name)) {
                return Optional.of(all.get(i + 1));
            }
        }
        return Optional.empty();
    }

    List<String> queryAll(String name) {
        List<String> all = parameters();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < all.size(); i += 2) {
            if (all.get(i).equals(name)) {
                values.add(all.get(i + 1));
            }
        }
        return List.copyOf(values);
    }

    private List<String> parameters() {
        List<String> parsed = parameters;
        if (parsed == null) {
            parsed = parseForm(rawQuery);
            parameters = parsed;
        }
        return parsed;
    }

    /** {@code application/x-www-form-urlencoded} as the URL standard parses it: empty pieces are none, "=" may be missing. */
    private static List<String> parseForm(String form) {
        List<String> pairs = new ArrayList<>();
        for (int start = 0, end; start < form.length(); start = end + 1) {
            int ampersand = form.indexOf('&', start);
            end = ampersand < 0 ? form.length() : ampersand;
            if (end == start) {
                continue;
            }
            if (pairs.size() == 2 * MAX_PARAMETERS) {
                throw bad("more than " + MAX_PARAMETERS + " query parameters");
            }
            String pair = form.substring(start, end).replace('+', ' ');
            int equals = pair.indexOf('=');
            pairs.add(decode(equals < 0 ? pair : pair.substring(0, equals)));
            pairs.add(equals < 0 ? "" : decode(pair.substring(equals + 1)));
        }
        return List.copyOf(pairs);
    }

    private static byte[] places() {
        byte[] places = new byte[128];
        String unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
        for (char c : (unreserved + "!$&'()*+,;=" + ":@/%" + "[]^|").toCharArray()) {
            places[c] = IN_PATH | IN_QUERY;
        }
        for (char c : "?\\`{}".toCharArray()) {
            places[c] = IN_QUERY;
        }
        return places;
    }
}
