package dev.parley.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The origins that a policy names.
 *
 * @param exact these themselves
 * @param parents the subdomains of these, with the same scheme and port
 * @param opaque the origin {@code null} too
 */
record NamedOrigins(Set<Origin> exact, Set<Origin> parents, boolean opaque) {

    NamedOrigins {
        exact = Set.copyOf(exact);
        parents = Set.copyOf(parents);
    }

    boolean isEmpty() {
        return exact.isEmpty() && parents.isEmpty() && !opaque;
    }

    /**
     * Whether an origin is among them.
     *
     * @param text of an {@code Origin} header
     */
    boolean contains(String text) {
        if (isEmpty() || text.equals("null")) {
            return opaque;
        }
        Origin origin = Origin.parse(text);
        return origin != null
                && (exact.contains(origin) || parents.stream().anyMatch(parent -> isSubdomain(origin, parent)));
    }

    /** The dot keeps to the boundary of a label: evil-example.com is no subdomain of example.com, nor is example.com itself. */
    private static boolean isSubdomain(Origin origin, Origin parent) {
        return origin.host().endsWith("." + parent.host())
                && origin.scheme().equals(parent.scheme())
                && origin.port() == parent.port();
    }

    /** The page's own origin and these, as sources of a content security policy; the opaque origin has no such name. */
    List<String> sources() {
        List<String> sources = new ArrayList<>(List.of("'self'"));
        exact.stream().map(Origin::toString).sorted().forEach(sources::add);
        parents.stream()
                .map(parent -> new Origin(parent.scheme(), "*." + parent.host(), parent.port()).toString())
                .sorted()
                .forEach(sources::add);
        return sources;
    }
}
