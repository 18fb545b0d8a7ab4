package dev.parley.http;

import io.netty.handler.codec.http.HttpMethod;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a method and a path.
 *
 * <p>Literal paths lie in one map: the common case is one look-up. The others form a tree of segments, which is walked from
 * the left, at each segment literal before parameter before wildcard, and back again where the way ends or has not the
 * method. So every route can be reached. A request visits each node once at most: what it costs is bounded by
 * the table, not by the client.
 *
 * <p><b>Threading.</b> Not changed once it is shared.
 */
final class RouteTree {
    /** What {@code any} stands for. */
    static final List<HttpMethod> ANY_METHOD = List.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.POST,
            HttpMethod.PUT,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.OPTIONS);

    private static final String[] NO_PARAMETERS = {};

    private final Map<String, Methods> literals = new HashMap<>();
    private final Node patterns = new Node();
    private int maxParameters;

    /**
     * One line of the table.
     *
     * @param method {@code null} for any
     */
    record Route(@Nullable HttpMethod method, PathTemplate path, Endpoint endpoint, OriginPolicy origins) {
        @Override
        public String toString() {
            return (method == null ? "any" : method.name()) + " " + path.text();
        }
    }

    sealed interface Match {

        /**
         * The route of the request.
         *
         * @param parameters names and values in turn
         */
        record Found(Route route, String[] parameters) implements Match {}

        /**
         * The path is there, but not for that method.
         *
         * @param allowed for what else, as {@code Allow} tells it
         * @param origins the policy of the most specific route of the path
         */
        record OtherMethods(Set<HttpMethod> allowed, OriginPolicy origins) implements Match {}

        record NotFound() implements Match {}
    }

    /** The routes of one shape of path. */
    private static final class Methods {
        private final Map<HttpMethod, Route> specific = new LinkedHashMap<>();
        private @Nullable Route any;

        void add(Route route) {
            Route other = route.method() == null ? any : specific.putIfAbsent(route.method(), route);
            if (other != null) {
                throw new IllegalArgumentException(
                        "routes: " + other + " and " + route + " (expected: one for each method and shape of path)");
            }
            if (route.method() == null) {
                any = route;
            }
        }

        @Nullable
        Route of(HttpMethod method) {
            Route route = specific.get(method);
            if (route == null && method.equals(HttpMethod.HEAD)) {
                route = specific.get(HttpMethod.GET);
            }
            return route == null && ANY_METHOD.contains(method) ? any : route;
        }

        Route first() {
            return any != null ? any : specific.values().iterator().next();
        }

        Collection<HttpMethod> names() {
            Set<HttpMethod> names = new LinkedHashSet<>(specific.keySet());
            if (any != null) {
                names.addAll(ANY_METHOD);
            }
            return names;
        }
    }

    private static final class Node {
        final Map<String, Node> literals = new HashMap<>();

        @Nullable
        Node parameter;
        /** The routes that end here. */
        @Nullable
        Methods here;
        /** The routes that take whatever follows, even nothing. */
        @Nullable
        Methods rest;
    }

    /** Adds a route; refuses one that equals another. */
    void add(Route route) {
        PathTemplate path = route.path();
        if (path.isLiteral()) {
            literals.computeIfAbsent(path.text(), text -> new Methods()).add(route);
            return;
        }
        maxParameters = Math.max(maxParameters, path.names().size());
        Node node = patterns;
        for (String segment : path.segments()) {
            if (segment.equals(PathTemplate.PARAMETER)) {
                node.parameter = node.parameter == null ? new Node() : node.parameter;
                node = node.parameter;
            } else if (!segment.equals(PathTemplate.REST)) {
                node = node.literals.computeIfAbsent(segment, text -> new Node());
            }
        }
        if (path.endsWithRest()) {
            node.rest = node.rest == null ? new Methods() : node.rest;
            node.rest.add(route);
        } else {
            node.here = node.here == null ? new Methods() : node.here;
            node.here.add(route);
        }
    }

    /**
     * Finds the route of a request.
     *
     * @param path decoded; it begins with a slash
     */
    Match find(HttpMethod method, String path) {
        Methods literal = literals.get(path);
        Route route = literal == null ? null : literal.of(method);
        if (route != null) {
            return new Match.Found(route, NO_PARAMETERS);
        }
        Search search = new Search(method, path, maxParameters);
        if (literal != null) {
            search.missed(literal);
        }
        route = search.walk(patterns, 1, 0);
        return route == null ? search.failure() : new Match.Found(route, search.parameters(route));
    }

    private static final class Search {
        private final HttpMethod method;
        private final String path;
        private final String[] values;
        private @Nullable Methods first;
        private final Set<HttpMethod> others = new LinkedHashSet<>();

        Search(HttpMethod method, String path, int maxParameters) {
            this.method = method;
            this.path = path;
            this.values = new String[maxParameters];
        }

        /**
         * Looks below a node.
         *
         * @param from where the next segment begins; beyond the path's end if there is none
         * @param depth how many values have been found on the way here
         */
        @Nullable
        Route walk(Node node, int from, int depth) {
            if (from > path.length()) {
                Route route = choose(node.here);
                return route == null ? rest(node, path.length(), depth) : route;
            }
            int slash = path.indexOf('/', from);
            int end = slash < 0 ? path.length() : slash;
            String segment = path.substring(from, end);
            Node next = node.literals.get(segment);
            Route route = next == null ? null : walk(next, end + 1, depth);
            if (route == null && node.parameter != null && !segment.isEmpty()) {
                values[depth] = segment;
                route = walk(node.parameter, end + 1, depth + 1);
            }
            return route == null ? rest(node, from, depth) : route;
        }

        /** The rest never begins with a slash: nobody takes it for an absolute path. */
        private @Nullable Route rest(Node node, int from, int depth) {
            if (node.rest == null || path.startsWith("/", from)) {
                return null;
            }
            values[depth] = path.substring(from);
            return choose(node.rest);
        }

        private @Nullable Route choose(@Nullable Methods methods) {
            Route route = methods == null ? null : methods.of(method);
            if (route == null && methods != null) {
                missed(methods);
            }
            return route;
        }

        void missed(Methods methods) {
            first = first == null ? methods : first;
            others.addAll(methods.names());
        }

        String[] parameters(Route route) {
            List<String> names = route.path().names();
            String[] parameters = new String[2 * names.size()];
            for (int i = 0; i < names.size(); i++) {
                parameters[2 * i] = names.get(i);
                parameters[2 * i + 1] = values[i];
            }
            return parameters;
        }

        Match failure() {
            return first == null
                    ? new Match.NotFound()
                    : new Match.OtherMethods(allowed(others), first.first().origins());
        }
    }

    /** In the order of {@link #ANY_METHOD}, then others: HEAD with GET, and OPTIONS always. */
    static Set<HttpMethod> allowed(Collection<HttpMethod> methods) {
        Set<HttpMethod> allowed = new LinkedHashSet<>(ANY_METHOD);
        allowed.removeIf(method -> !methods.contains(method)
                && !method.equals(HttpMethod.OPTIONS)
                && !(method.equals(HttpMethod.HEAD) && methods.contains(HttpMethod.GET)));
        allowed.addAll(methods);
        return allowed;
    }
}
