package dev.parley.http;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The path of a route: literal segments, parameters, and at the end perhaps a wildcard.
 *
 * @param text as the application wrote it: {@code /reports/{id}/pages/*}
 * @param segments what stands between the slashes, with {@link #PARAMETER} in place of a parameter and {@link #REST} for the wildcard
 * @param names of the parameters, in order; the wildcard's is {@code *}
 */
record PathTemplate(String text, List<String> segments, List<String> names) {
    static final String PARAMETER = "{}";
    static final String REST = "*";

    private static final Pattern NAMED = Pattern.compile("\\{[A-Za-z_][A-Za-z0-9_-]*}");
    /** Literals are compared with decoded paths, so nothing is escaped here; the rest cannot be part of a path. */
    private static final Pattern NOT_LITERAL = Pattern.compile("[{}*%?#\\\\\\p{Cntrl}]|^\\.{1,2}$");

    static PathTemplate parse(String text) {
        if (!text.startsWith("/")) {
            throw bad(text, "a path that begins with a slash");
        }
        List<String> segments = new ArrayList<>(List.of(text.substring(1).split("/", -1)));
        List<String> names = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            String segment = segments.get(i);
            boolean last = i == segments.size() - 1;
            if (NAMED.matcher(segment).matches()) {
                String name = segment.substring(1, segment.length() - 1);
                if (names.contains(name)) {
                    throw bad(text, "different names, but there are two of " + name);
                }
                names.add(name);
                segments.set(i, PARAMETER);
            } else if (segment.equals(REST) && last) {
                names.add(REST);
            } else if (NOT_LITERAL.matcher(segment).find() || (segment.isEmpty() && !last)) {
                throw bad(text, "segments that are literal and not escaped, or {name}; * only at the end");
            }
        }
        return new PathTemplate(text, List.copyOf(segments), List.copyOf(names));
    }

    private static IllegalArgumentException bad(String text, String expected) {
        return new IllegalArgumentException("path: " + text + " (expected: " + expected + ")");
    }

    boolean isLiteral() {
        return names.isEmpty();
    }

    boolean endsWithRest() {
        return segments.get(segments.size() - 1).equals(REST);
    }
}
