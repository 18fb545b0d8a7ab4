package dev.parley.http;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An entity tag: <a href="https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3">RFC 9110 section 8.8.3</a>.
 *
 * <pre>
 * entity-tag = [ "W/" ] DQUOTE *( %x21 / %x23-7E / %x80-FF ) DQUOTE
 * </pre>
 *
 * @param strength whether equal tags promise equal bytes
 * @param opaque what stands between the quotes
 */
record EntityTag(Strength strength, String opaque) {

    /** What two equal tags promise. */
    enum Strength {
        /** The same bytes. */
        STRONG,
        /** The same meaning. */
        WEAK
    }

    private static final String OPAQUE = "[\\x21\\x23-\\x7E\\x80-\\xFF]*";
    private static final Pattern ELEMENT = Pattern.compile("(?<weak>W/)?\"(?<opaque>" + OPAQUE + ")\"");

    /** What may stand between two elements of a list: RFC 9110 section 5.6.1 has a recipient skip empty ones. */
    private static final Pattern SEPARATOR = Pattern.compile("[ \\t]*,[ \\t,]*");

    EntityTag {
        if (!opaque.matches(OPAQUE)) {
            throw new IllegalArgumentException("entity tag: " + opaque + " (expected: no quote, space or control)");
        }
    }

    /** Equal, and both strong. */
    boolean matchesStrongly(EntityTag other) {
        return strength == Strength.STRONG && equals(other);
    }

    /** Equal between the quotes. */
    boolean matchesWeakly(EntityTag other) {
        return opaque.equals(other.opaque);
    }

    /**
     * Reads a list of tags.
     *
     * @param list what one field says; a comma inside the quotes belongs to the tag
     * @return the tags; none if any of them is malformed, since a client that can't write its tags can't mean ours
     */
    static List<EntityTag> parse(String list) {
        List<EntityTag> tags = new ArrayList<>();
        Matcher element = ELEMENT.matcher(list);
        Matcher separator = SEPARATOR.matcher(list);
        int at = separator.lookingAt() ? separator.end() : 0;
        while (at < list.length()) {
            if (!element.region(at, list.length()).lookingAt()) {
                return List.of();
            }
            tags.add(new EntityTag(
                    element.group("weak") == null ? Strength.STRONG : Strength.WEAK, element.group("opaque")));
            at = element.end();
            if (at < list.length()) {
                if (!separator.region(at, list.length()).lookingAt()) {
                    return List.of();
                }
                at = separator.end();
            }
        }
        return tags;
    }

    /** The tag as it is written. */
    @Override
    public String toString() {
        return (strength == Strength.WEAK ? "W/\"" : "\"") + opaque + '"';
    }
}
