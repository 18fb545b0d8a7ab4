package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The table from method and path to endpoint.
 *
 * <pre>{@code
 * Routes routes = Routes.builder()
 *         .get("/api/reports/{id}", exchange -> exchange.respond(Response.json(reports.find(exchange.path("id")))))
 *         .any("/uploads/*", uploads)
 *         .files("/", StaticFiles.of(directory))
 *         .mount("/admin", admin)
 *         .build();
 * }</pre>
 *
 * <p><b>Paths</b> are compared segment by segment, decoded, with regard to case; a slash at the end matters.
 * <ul>
 * <li>{@code /reports/{id}}: a parameter is one whole segment that is not empty.
 * <li>{@code /uploads/*}: a wildcard stands at the end, for all that follows: {@code /uploads/a/b} gives {@code a/b} as the
 *     parameter {@code *}, and both {@code /uploads/} and {@code /uploads} give the empty text. What it gives never begins
 *     with a slash, so {@code /uploads//a} is not found.
 * <li>Of several routes the one wins that is most specific at the first segment where they differ: literal, then parameter, then
 *     wildcard; and for the same shape a method before {@code any}. Only routes that have the request's method are compared.
 * </ul>
 *
 * <p><b>Methods.</b> HEAD is answered by the endpoint of GET where it has none of its own, and the body is left out. OPTIONS is
 * answered with 204 and {@code Allow} where no route takes it. Where the path is there but not the method the answer is 405 with
 * {@code Allow}; 404 where the path is not; 501 for a method that no route names and that is not one of GET, HEAD, POST, PUT,
 * PATCH, DELETE and OPTIONS.
 *
 * <p><b>Origins.</b> Preflights are answered, and writes from foreign pages refused, by the {@link OriginPolicy} before anything of
 * an endpoint, or of what wraps it, runs.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class Routes {
    private final List<RouteTree.Route> routes;
    private final OriginPolicy origins;
    private final RouteTree tree = new RouteTree();
    private final Set<HttpMethod> methods = new HashSet<>(RouteTree.ANY_METHOD);

    private Routes(List<RouteTree.Route> routes, OriginPolicy origins) {
        this.routes = routes;
        this.origins = origins;
        for (RouteTree.Route route : routes) {
            tree.add(route);
            if (route.method() != null) {
                methods.add(route.method());
            }
        }
    }

    /**
     * Begins an empty table.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Sees to it that an exchange is answered. */
    void route(HttpExchange exchange) {
        HttpMethod method = exchange.method();
        if (!methods.contains(method)) {
            exchange.respond(Response.problem(Problem.of(501)));
            return;
        }
        RequestTarget target = exchange.requestTarget();
        Response preflight = preflight(method, target, exchange.headers());
        if (preflight != null) {
            exchange.respond(preflight);
            return;
        }
        RouteTree.Match match = find(method, target);
        if (!(match instanceof RouteTree.Match.Found found)) {
            exchange.routed(policy(match), new String[0]);
            exchange.respond(answer(method, target, match));
            return;
        }
        OriginPolicy policy = found.route().origins();
        if (!exchange.mayBeOfPage()
                || policy.admits(method, exchange.headers(), exchange.scheme(), exchange.authority())) {
            exchange.routed(policy, found.parameters());
            exchange.run(found.route().endpoint());
        } else {
            exchange.respond(Response.problem(Problem.of(403, "a page of another origin may not do this")));
        }
    }

    RouteTree.Match find(HttpMethod method, RequestTarget target) {
        return target.isAsterisk() ? new RouteTree.Match.NotFound() : tree.find(method, target.path());
    }

    /** The answer of the policy, where the request is a preflight of a path that is there. */
    @Nullable
    Response preflight(HttpMethod method, RequestTarget target, HttpHeaders headers) {
        if (!method.equals(HttpMethod.OPTIONS) || !headers.contains(HttpHeaderNames.ORIGIN)) {
            return null;
        }
        String asked = headers.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
        if (asked == null) {
            return null;
        }
        // Never routed, so it finds what the path has in place of it.
        if (!(find(HttpMethod.TRACE, target) instanceof RouteTree.Match.OtherMethods all)) {
            return null;
        }
        HttpMethod known =
                methods.stream().filter(m -> m.name().equals(asked)).findAny().orElse(HttpMethod.TRACE);
        return (find(known, target) instanceof RouteTree.Match.Found found
                        ? found.route().origins()
                        : all.origins())
                .preflight(headers, all.allowed());
    }

    /** The answer where no route matches. */
    Response answer(HttpMethod method, RequestTarget target, RouteTree.Match match) {
        boolean options = method.equals(HttpMethod.OPTIONS);
        if (target.isAsterisk()) {
            return options
                    ? Response.noContent().header("Allow", text(RouteTree.allowed(methods)))
                    : Response.problem(Problem.of(400, "request target: * (expected: with OPTIONS only)"));
        }
        if (match instanceof RouteTree.Match.OtherMethods others) {
            Response response = options ? Response.noContent() : Response.problem(Problem.of(405));
            return response.header("Allow", text(others.allowed()));
        }
        return Response.problem(Problem.of(404));
    }

    private OriginPolicy policy(RouteTree.Match match) {
        return match instanceof RouteTree.Match.OtherMethods others ? others.origins() : origins;
    }

    private static String text(Collection<HttpMethod> methods) {
        return methods.stream().map(HttpMethod::name).collect(Collectors.joining(", "));
    }

    /** Builds {@link Routes}. Not thread-safe. */
    public static final class Builder {
        private final List<RouteTree.Route> own = new ArrayList<>();
        private final List<RouteTree.Route> mounted = new ArrayList<>();
        private OriginPolicy origins = OriginPolicy.sameOrigin();
        private UnaryOperator<Endpoint> wrapper = endpoint -> endpoint;

        private Builder() {}

        /**
         * Adds a route for GET, which answers HEAD too.
         *
         * @param path as {@link Routes} says
         * @param endpoint what answers
         * @return this builder
         * @throws IllegalArgumentException if the path is malformed
         */
        public Builder get(String path, Endpoint endpoint) {
            return route(HttpMethod.GET, path, endpoint);
        }

        /**
         * Adds a route for POST.
         *
         * @param path as {@link Routes} says
         * @param endpoint what answers
         * @return this builder
         * @throws IllegalArgumentException if the path is malformed
         */
        public Builder post(String path, Endpoint endpoint) {
            return route(HttpMethod.POST, path, endpoint);
        }

        /**
         * Adds a route for PUT.
         *
         * @param path as {@link Routes} says
         * @param endpoint what answers
         * @return this builder
         * @throws IllegalArgumentException if the path is malformed
         */
        public Builder put(String path, Endpoint endpoint) {
            return route(HttpMethod.PUT, path, endpoint);
        }

        /**
         * Adds a route for PATCH.
         *
         * @param path as {@link Routes} says
         * @param endpoint what answers
         * @return this builder
         * @throws IllegalArgumentException if the path is malformed
         */
        public Builder patch(String path, Endpoint endpoint) {
            return route(HttpMethod.PATCH, path, endpoint);
        }

        /**
         * Adds a route for DELETE.
         *
         * @param path as {@link Routes} says
         * @param endpoint what answers
         * @return this builder
         * @throws IllegalArgumentException if the path is malformed
         */
        public Builder delete(String path, Endpoint endpoint) {
            return route(HttpMethod.DELETE, path, endpoint);
        }

        /**
         * Adds a route for a method.
         *
         * @param method any but TRACE and CONNECT; HEAD and OPTIONS take the place of what is automatic
         * @param path as {@link Routes} says
         * @param endpoint what answers
         * @return this builder
         * @throws IllegalArgumentException if the path is malformed, or the method is TRACE or CONNECT
         */
        public Builder route(HttpMethod method, String path, Endpoint endpoint) {
            if (method.equals(HttpMethod.TRACE) || method.equals(HttpMethod.CONNECT)) {
                throw new IllegalArgumentException("method: " + method + " (expected: neither TRACE nor CONNECT)");
            }
            return add(method, path, endpoint);
        }

        /**
         * Adds a route for GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS; preflights are still answered by the policy.
         *
         * @param path as {@link Routes} says
         * @param endpoint what answers
         * @return this builder
         * @throws IllegalArgumentException if the path is malformed
         */
        public Builder any(String path, Endpoint endpoint) {
            return add(null, path, endpoint);
        }

        private Builder add(@Nullable HttpMethod method, String path, Endpoint endpoint) {
            Objects.requireNonNull(endpoint, "endpoint");
            own.add(new RouteTree.Route(method, PathTemplate.parse(path), endpoint, origins));
            return this;
        }

        /**
         * Serves files, or whatever lies in a tree, with GET: the same as {@code get(prefix + "/*", files)}.
         *
         * @param prefix {@code /}, or a path without a slash at its end
         * @param files reads {@code exchange.path("*")}
         * @return this builder
         * @throws IllegalArgumentException if the prefix is malformed
         */
        public Builder files(String prefix, Endpoint files) {
            return get(below(prefix) + "/*", files);
        }

        /**
         * Adds all routes of another table below a prefix. They keep their own origin policy, even where it is only the default.
         *
         * @param prefix {@code /}, or a path without a slash at its end; it may have parameters. The sub-tree's path {@code /}
         *     is then the prefix with a slash
         * @param routes the other table
         * @return this builder
         * @throws IllegalArgumentException if the prefix is malformed
         */
        public Builder mount(String prefix, Routes routes) {
            for (RouteTree.Route route : routes.routes) {
                PathTemplate path =
                        PathTemplate.parse(below(prefix) + route.path().text());
                mounted.add(new RouteTree.Route(route.method(), path, route.endpoint(), route.origins()));
            }
            return this;
        }

        private static String below(String prefix) {
            if (prefix.equals("/")) {
                return "";
            }
            if (!prefix.startsWith("/") || prefix.endsWith("/")) {
                throw new IllegalArgumentException(
                        "prefix: " + prefix + " (expected: / or a path that begins and does not end with a slash)");
            }
            return prefix;
        }

        /**
         * Sets the origin policy of all routes that this builder adds, before or after, except mounted ones. It also holds for what is not found.
         *
         * @param policy the policy; default {@link OriginPolicy#sameOrigin}
         * @return this builder
         */
        public Builder origins(OriginPolicy policy) {
            origins = policy;
            return this;
        }

        /**
         * Wraps the endpoints of all routes of this table, added before or after, mounted ones too. Of several wrappers the
         * first is outermost.
         *
         * <pre>{@code
         * Routes.builder().wrap(endpoint -> Endpoints.guard(signedIn, endpoint)).get("/orders", orders)
         * }</pre>
         *
         * @param wrapper gives the endpoint that runs in place of another; called once for each route
         * @return this builder
         */
        public Builder wrap(UnaryOperator<Endpoint> wrapper) {
            UnaryOperator<Endpoint> outer = this.wrapper;
            this.wrapper = endpoint -> outer.apply(wrapper.apply(endpoint));
            return this;
        }

        /**
         * The table.
         *
         * @return what was added
         * @throws IllegalArgumentException if two routes are equal: the same method and the same shape of path,
         *     whatever the names of their parameters
         */
        public Routes build() {
            List<RouteTree.Route> all = new ArrayList<>();
            own.forEach(route -> all.add(wrapped(route, origins)));
            mounted.forEach(route -> all.add(wrapped(route, route.origins())));
            return new Routes(List.copyOf(all), origins);
        }

        private RouteTree.Route wrapped(RouteTree.Route route, OriginPolicy policy) {
            return new RouteTree.Route(route.method(), route.path(), wrapper.apply(route.endpoint()), policy);
        }
    }
}
