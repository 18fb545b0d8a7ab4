package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.LinkedHashMap;
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
 * as messages, stacks, and names of members. The policy that was violated stays: it is the site's own.
 */
final class Scrubber {
    /** Addresses by the names of their members, besides all that end in {@code url} or {@code uri}. */
    private static final Set<String> ADDRESSES = Set.of("referrer", "sourcefile", "source-file");

    private static final Set<String> POLICIES = Set.of("originalpolicy", "original-policy");

    /** What they hold is no address, but may be a document (CSP, "strip url for use in reports"). */
    private static final String DATA = "data:";

    private static final String BLOB = "blob:";
    private static final Set<String> OPAQUE = Set.of(DATA, BLOB);

    /** An address never has these in it: its parser escapes them (URL, percent-encode sets). A path may have an apostrophe. */
    private static final String BEHIND_ADDRESS = "\"<>";

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

    /**
     * A text in which all that looks like an address is scrubbed: a word loses what is behind a slash and then {@code ?} or {@code #}, and
     * users behind two slashes.
     */
    private static String scrubbedText(String text) {
        String opaque = opaque(text);
        if (opaque != null) {
            return opaque;
        }
        StringBuilder plain = new StringBuilder(text.length());
        boolean hasSlash = false; // in this word
        int authority = -1; // where it begins in the plain text, while in one
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isBehindAddress(c)) {
                hasSlash = false;
                authority = -1;
            } else if (isSlash(c)) {
                authority = i > 0 && isSlash(text.charAt(i - 1)) ? plain.length() + 1 : -1;
                hasSlash = true;
            } else if ((c == '?' || c == '#') && hasSlash) {
                i = endOfWord(text, i) - 1;
                continue;
            } else if (c == '@' && authority >= 0) {
                plain.setLength(authority);
                continue;
            } else if (c == ':' && endsScheme(text, i, DATA)) {
                i = endOfLine(text, i) - 1;
                continue;
            } else if (c == ':' && endsScheme(text, i, BLOB)) {
                i = endOfWord(text, i) - 1;
                continue;
            }
            plain.append(c);
        }
        return plain.length() == text.length() ? text : plain.toString();
    }

    /** Whether this colon is a scheme's, and something follows. */
    private static boolean endsScheme(String text, int colon, String scheme) {
        int start = colon + 1 - scheme.length();
        return text.regionMatches(true, start, scheme, 0, scheme.length())
                && (start == 0 || !Character.isLetterOrDigit(text.charAt(start - 1)))
                && colon + 1 < text.length()
                && text.charAt(colon + 1) > ' ';
    }

    private static int endOfWord(String text, int from) {
        int end = from;
        while (end < text.length() && !isBehindAddress(text.charAt(end))) {
            end++;
        }
        return end;
    }

    /** A document may have blanks and quotes in its address, but no line breaks. */
    private static int endOfLine(String text, int from) {
        int end = from;
        while (end < text.length() && text.charAt(end) >= ' ') {
            end++;
        }
        return end;
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
        ParsedJson parsed = ParsedJson.ofReports(body.bytes()); // a tree of its own, as it may be changed
        JsonNode tree = parsed.tree();
        if (tree == null) {
            return BeaconBody.of(body.contentType(), harmlessPart(body.bytes()), parsed);
        }
        JsonNode plain = tree.isString() ? StringNode.valueOf(scrubbedText(scrubbed(tree.stringValue()))) : tree;
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
            boolean renamed = false;
            for (Map.Entry<String, JsonNode> member : object.properties()) {
                String name = scrubbedText(member.getKey());
                renamed |= !name.equals(member.getKey());
                JsonNode value = member.getValue();
                if (value.isString()) {
                    String plain = scrubbedMember(name, value.stringValue());
                    if (!plain.equals(value.stringValue())) {
                        member.setValue(StringNode.valueOf(plain));
                        changed = true;
                    }
                } else {
                    changed |= scrub(value);
                }
            }
            if (renamed) {
                rename(object);
                changed = true;
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

    /** Scrubs the names of all members. Of those that then have the same the last stays. */
    private static void rename(ObjectNode object) {
        Map<String, JsonNode> renamed = new LinkedHashMap<>();
        object.properties().forEach(member -> renamed.put(scrubbedText(member.getKey()), member.getValue()));
        object.removeAll();
        object.setAll(renamed);
    }

    private static String scrubbedMember(String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith("url") || lower.endsWith("uri") || ADDRESSES.contains(lower)) {
            return scrubbedText(scrubbed(value)); // as it may be a text all the same
        }
        return POLICIES.contains(lower) ? value : scrubbedText(value);
    }
}
