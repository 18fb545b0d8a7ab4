package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Takes queries, fragments and passwords out of addresses, as they may hold what is nobody else's business.
 *
 * <p>Of reports that are JSON all texts are looked at: members that are addresses by their names, and addresses within other texts, such
 * as messages and stacks. The policy that was violated stays: it is the site's own.
 */
final class Scrubber {
    /** Addresses by the names of their members, besides all that end in {@code url} or {@code uri}. */
    private static final Set<String> ADDRESSES = Set.of("referrer", "sourcefile", "source-file");

    private static final Set<String> POLICIES = Set.of("originalpolicy", "original-policy");

    /** What they hold is no address, but may be a document (CSP, "strip url for use in reports"). */
    private static final Set<String> OPAQUE = Set.of("data:", "blob:");

    private static final String SCHEME_END = "://";

    /** An address never has these in it: its parser escapes them (URL, query percent-encode set). */
    private static final String BEHIND_ADDRESS = "\"'<>";

    /** What a query, a fragment, a password or an escape of one of them begins with. */
    private static final String SUSPECT = "?#@\\";

    private Scrubber() {}

    /** An address without its query, its fragment and its user; of a document in itself the scheme alone. */
    static String scrubbed(String url) {
        String opaque = opaque(url);
        if (opaque != null) {
            return opaque;
        }
        int authority = authority(url);
        StringBuilder plain = new StringBuilder(url.length()).append(url, 0, authority);
        appendAddress(plain, url, authority, url.length(), authority > 0);
        return plain.length() == url.length() ? url : plain.toString();
    }

    /** Where the authority of an address begins; 0 for one that has none. */
    private static int authority(String url) {
        for (int i = 0; i < url.length(); i++) {
            switch (url.charAt(i)) {
                case '?', '#' -> {
                    return 0;
                }
                case '/', '\\' -> {
                    boolean behindScheme = i == 0 || url.charAt(i - 1) == ':';
                    return behindScheme && i + 1 < url.length() && isSlash(url.charAt(i + 1)) ? i + 2 : 0;
                }
                default -> {}
            }
        }
        return 0;
    }

    private static boolean isSlash(char c) {
        return c == '/' || c == '\\';
    }

    private static @Nullable String opaque(String url) {
        for (String scheme : OPAQUE) {
            if (url.regionMatches(true, 0, scheme, 0, scheme.length())) {
                return scheme.substring(0, scheme.length() - 1);
            }
        }
        return null;
    }

    /** What stays of an address from its authority on, or of a relative one. */
    private static void appendAddress(StringBuilder plain, String text, int from, int end, boolean hasAuthority) {
        int start = from;
        boolean inAuthority = hasAuthority;
        for (int i = from; i < end; i++) {
            switch (text.charAt(i)) {
                case '?', '#' -> {
                    plain.append(text, start, i);
                    return;
                }
                case '/', '\\' -> inAuthority = false;
                case '@' -> start = inAuthority ? i + 1 : start;
                default -> {}
            }
        }
        plain.append(text, start, end);
    }

    /** A text in which all addresses that name a host are scrubbed. */
    private static String scrubbedText(String text) {
        String opaque = opaque(text);
        int scheme = text.indexOf(SCHEME_END);
        if (opaque != null || scheme < 0) {
            return opaque != null ? opaque : text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        int from = 0;
        while (scheme >= 0) {
            int authority = scheme + SCHEME_END.length();
            int end = authority;
            while (end < text.length() && !isBehindAddress(text.charAt(end))) {
                end++;
            }
            plain.append(text, from, authority);
            appendAddress(plain, text, authority, end, true);
            from = end;
            scheme = text.indexOf(SCHEME_END, end);
        }
        plain.append(text, from, text.length());
        return plain.length() == text.length() ? text : plain.toString();
    }

    private static boolean isBehindAddress(char c) {
        return c <= ' ' || BEHIND_ADDRESS.indexOf(c) >= 0;
    }

    /** A body of reports without queries in the addresses that they hold; any other body as it is. */
    static BeaconBody scrubbed(BeaconBody body) {
        return switch (body.kind()) {
            case REPORT, CSP_REPORT -> scrubbedReports(body);
            default -> body;
        };
    }

    private static BeaconBody scrubbedReports(BeaconBody body) {
        ParsedJson parsed = ParsedJson.of(body.bytes()); // a tree of its own, as it may be changed
        JsonNode tree = parsed.tree();
        if (tree == null) {
            return BeaconBody.of(body.contentType(), harmlessPart(body.bytes()), parsed);
        }
        JsonNode plain = tree.isString() ? StringNode.valueOf(scrubbed(tree.stringValue())) : tree;
        boolean changed = plain.isString() || scrub(tree);
        return BeaconBody.of(
                body.contentType(),
                changed ? ParsedJson.MAPPER.writeValueAsBytes(plain) : body.bytes(),
                new ParsedJson(plain, null));
    }

    /**
     * What is kept of reports that are broken. Nothing tells where addresses are in them, so of all of it that much is kept as comes before
     * the first text that might hold a query, a user, or an escape of either; the flaw is known, and stays the whole body's.
     */
    private static byte[] harmlessPart(byte[] broken) {
        String text = new String(broken, ISO_8859_1); // a character for a byte, so that places are the same
        String lower = text.toLowerCase(Locale.ROOT);
        int end = text.length();
        for (int i = 0; i < SUSPECT.length(); i++) {
            end = before(end, text.indexOf(SUSPECT.charAt(i)));
        }
        for (String scheme : OPAQUE) {
            end = before(end, lower.indexOf(scheme));
        }
        if (end == text.length()) {
            return broken;
        }
        return Arrays.copyOf(broken, text.lastIndexOf('"', end) + 1);
    }

    private static int before(int end, int index) {
        return index < 0 ? end : Math.min(end, index);
    }

    /** Changes a tree. Returns whether there was anything to change. No deeper than the parser goes. */
    private static boolean scrub(JsonNode node) {
        boolean changed = false;
        if (node instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> member : object.properties()) {
                JsonNode value = member.getValue();
                if (value.isString()) {
                    String plain = scrubbedMember(member.getKey(), value.stringValue());
                    if (!plain.equals(value.stringValue())) {
                        member.setValue(StringNode.valueOf(plain));
                        changed = true;
                    }
                } else {
                    changed |= scrub(value);
                }
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                JsonNode value = array.get(i);
                if (value.isString()) {
                    String plain = scrubbedText(value.stringValue());
                    if (!plain.equals(value.stringValue())) {
                        array.set(i, StringNode.valueOf(plain));
                        changed = true;
                    }
                } else {
                    changed |= scrub(value);
                }
            }
        }
        return changed;
    }

    private static String scrubbedMember(String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith("url") || lower.endsWith("uri") || ADDRESSES.contains(lower)) {
            return scrubbed(value);
        }
        return POLICIES.contains(lower) ? value : scrubbedText(value);
    }
}
