package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whose pages may call, connect to, and embed what is served: CORS, the protection against cross-site writes, the check
 * of WebSockets and event streams, and {@code frame-ancestors}, all from one statement.
 *
 * <pre>{@code
 * OriginPolicy shop = OriginPolicy.builder()
 *         .origin("https://shop.example")
 *         .subdomainsOf("https://partners.example")
 *         .credentials()
 *         .build();
 * Routes routes = Routes.builder().origins(shop).get("/api/cart", cart).build();
 * }</pre>
 *
 * <p><b>The same origin</b> is always allowed: scheme, host and port of the page are those of the request (behind a proxy
 * those that {@link TrustedProxies} resolve), or the browser itself says {@code Sec-Fetch-Site: same-origin}, which no page
 * can forge.
 *
 * <p><b>Reading.</b> A safe request (GET, HEAD, OPTIONS) from an origin that is not allowed runs, but its response has no
 * CORS headers, so the browser withholds it from the page.
 *
 * <p><b>Writing (CSRF).</b> Any other request is refused with 403 before its endpoint runs if its {@code Origin} is not allowed, or
 * if it has none and {@code Sec-Fetch-Site} says that it comes from another site or origin. So a form or a beacon of a foreign page
 * cannot act with the user's cookies, and no endpoint needs a token against that. Requests with neither header are not a
 * browser's, and pass.
 *
 * <p><b>Preflights</b> are answered by the policy and never reach an endpoint: 204, or 403 where the origin, the method or a
 * header is not allowed. {@code Vary} is sent wherever an answer depends on the origin.
 *
 * <p><b>Wire.</b> <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">The CORS protocol</a> of the Fetch standard.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class OriginPolicy {
    private static final AsciiString SEC_FETCH_SITE = AsciiString.cached("sec-fetch-site");
    private static final OriginPolicy SAME_ORIGIN = builder().build();
    private static final String ANY = "*";

    private final NamedOrigins named;
    private final boolean anyOrigin;
    private final boolean credentials;
    private final @Nullable String exposedHeaders;
    /** What a preflight may ask for, compared without regard to case. */
    private final Set<String> allowedHeaders;

    private final @Nullable Set<HttpMethod> allowedMethods;
    private final String maxAgeSeconds;

    private OriginPolicy(Builder builder) {
        named = new NamedOrigins(builder.exact, builder.parents, builder.nullOrigin);
        anyOrigin = builder.anyOrigin;
        credentials = builder.credentials;
        exposedHeaders = builder.exposedHeaders.isEmpty() ? null : String.join(", ", builder.exposedHeaders);
        allowedHeaders = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        allowedHeaders.addAll(builder.allowedHeaders);
        allowedMethods = builder.allowedMethods;
        maxAgeSeconds = Long.toString(builder.maxAge.toSeconds());
    }

    /**
     * The policy that holds where none is stated: only pages of the same origin.
     *
     * @return the policy
     */
    public static OriginPolicy sameOrigin() {
        return SAME_ORIGIN;
    }

    /**
     * Allows pages of these origins, without credentials.
     *
     * @param origins as {@link Builder#origin} takes them
     * @return the policy
     * @throws IllegalArgumentException if one of them is not an origin
     */
    public static OriginPolicy of(String... origins) {
        Builder builder = builder();
        Stream.of(origins).forEach(builder::origin);
        return builder.build();
    }

    /**
     * Allows pages of every origin, without credentials: for what is public. Writes from foreign pages are allowed too.
     *
     * @return the policy
     */
    public static OriginPolicy anyOrigin() {
        return builder().anyOrigin().build();
    }

    /**
     * Begins with the same origin only.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Whether the page that sent a request is allowed, or it was no page that sent it. What reads a socket or a stream that CORS does not
     * protect, such as a WebSocket, asks this before it answers.
     *
     * @param exchange the request
     * @return false if {@code Origin}, or in its absence {@code Sec-Fetch-Site}, tells of a page that is not allowed
     */
    public boolean allows(Exchange exchange) {
        return allows(exchange.headers(), exchange.scheme(), exchange.authority());
    }

    boolean allows(HttpHeaders request, String scheme, String authority) {
        List<String> origins = request.getAll(HttpHeaderNames.ORIGIN);
        if (origins.size() > 1) {
            return anyOrigin; // no browser sends two, so neither is a browser's word
        }
        String origin = origins.isEmpty() ? null : origins.get(0);
        String site = request.get(SEC_FETCH_SITE);
        if (anyOrigin || "same-origin".equals(site)) {
            return true;
        }
        if (origin == null) {
            return !"cross-site".equals(site) && !"same-site".equals(site);
        }
        return named.contains(origin) || isSame(origin, scheme, authority);
    }

    private static boolean isSame(String origin, String scheme, String authority) {
        Origin parsed = Origin.parse(origin);
        return parsed != null && parsed.equals(Origin.of(scheme, authority));
    }

    /**
     * The same policy for who may embed a page in a frame, as a directive for the header {@code Content-Security-Policy}.
     *
     * @return such as {@code frame-ancestors 'self' https://shop.example https://*.partners.example}. The opaque origin cannot
     *     be named there. A browser takes {@code http} there for {@code https} as well
     */
    public String frameAncestors() {
        return "frame-ancestors " + (anyOrigin ? ANY : String.join(" ", named.sources()));
    }

    private static boolean isSafe(HttpMethod method) {
        return method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD) || method.equals(HttpMethod.OPTIONS);
    }

    /** Whether an endpoint may run: a write from a page that is not allowed must not. */
    boolean admits(HttpMethod method, HttpHeaders request, String scheme, String authority) {
        if (isSafe(method)) {
            return true;
        }
        if (!allows(request, scheme, authority)) {
            return false;
        }
        String origin = request.get(HttpHeaderNames.ORIGIN);
        return allowedMethods == null
                || origin == null
                || allowedMethods.contains(method)
                || isSame(origin, scheme, authority);
    }

    /**
     * Answers a preflight: OPTIONS with {@code Origin} and {@code Access-Control-Request-Method}.
     *
     * @param methods what the path can be asked for
     */
    Response preflight(HttpHeaders request, Collection<HttpMethod> methods) {
        String origin = request.get(HttpHeaderNames.ORIGIN, "");
        if (!anyOrigin && !named.contains(origin)) {
            return refusal("the origin is not allowed");
        }
        List<String> allowed = methods.stream()
                .filter(method -> allowedMethods == null || allowedMethods.contains(method))
                .map(HttpMethod::name)
                .toList();
        if (!allowed.contains(request.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD))) {
            return refusal("the method is not allowed");
        }
        boolean anyHeader = allowedHeaders.contains(ANY);
        if (!anyHeader && !allowedHeaders.containsAll(list(request, HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS))) {
            return refusal("a header is not allowed");
        }
        // The asterisk stands for every header except Authorization.
        Response answer = Response.noContent()
                .header("Access-Control-Allow-Origin", anyOrigin ? ANY : origin)
                .header("Access-Control-Allow-Methods", String.join(", ", allowed))
                .header(
                        "Access-Control-Allow-Headers",
                        anyHeader ? "*, Authorization" : String.join(", ", allowedHeaders))
                .header("Access-Control-Max-Age", maxAgeSeconds)
                .header("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
        return credentials ? answer.header("Access-Control-Allow-Credentials", "true") : answer;
    }

    private static Response refusal(String detail) {
        return Response.problem(Problem.of(403, "preflight: " + detail));
    }

    /**
     * Adds what a browser needs to let a page of another origin read a response. Nothing for the same origin only.
     *
     * @param origin the request's {@code Origin}
     */
    void addTo(HttpHeaders response, @Nullable String origin) {
        if (anyOrigin) {
            // With and without Origin the same, so that caches need no Vary.
            response.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            expose(response);
        } else if (!named.isEmpty()) {
            varyByOrigin(response);
            if (origin != null && named.contains(origin)) {
                response.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                if (credentials) {
                    response.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
                }
                expose(response);
            }
        }
    }

    /** Whether {@link #addTo} does nothing, whoever asks. */
    boolean addsNothing() {
        return !anyOrigin && named.isEmpty();
    }

    private void expose(HttpHeaders response) {
        if (exposedHeaders != null) {
            response.add(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, exposedHeaders);
        }
    }

    private static void varyByOrigin(HttpHeaders response) {
        List<String> vary = list(response, HttpHeaderNames.VARY);
        if (vary.stream().noneMatch(field -> field.equalsIgnoreCase("Origin") || field.equals(ANY))) {
            response.set(HttpHeaderNames.VARY, vary.isEmpty() ? "Origin" : String.join(", ", vary) + ", Origin");
        }
    }

    /** The members of a comma-separated field, over all of its lines. */
    private static List<String> list(HttpHeaders headers, CharSequence name) {
        return headers.getAll(name).stream()
                .flatMap(line -> Stream.of(line.split(",", -1)))
                .map(String::strip)
                .filter(member -> !member.isEmpty())
                .toList();
    }

    /** Builds an {@link OriginPolicy}. Not thread-safe. */
    public static final class Builder {
        private final Set<Origin> exact = new LinkedHashSet<>();
        private final Set<Origin> parents = new LinkedHashSet<>();
        private boolean anyOrigin;
        private boolean nullOrigin;
        private boolean credentials;
        private List<String> exposedHeaders = List.of();
        private List<String> allowedHeaders = List.of(
                "Accept",
                "Accept-Language",
                "Authorization",
                "Cache-Control",
                "Content-Language",
                "Content-Type",
                "If-Match",
                "If-None-Match",
                "Last-Event-ID",
                "Range",
                "X-Requested-With");
        private @Nullable Set<HttpMethod> allowedMethods;
        private Duration maxAge = Duration.ofMinutes(10);

        private Builder() {}

        /**
         * Allows one origin.
         *
         * @param origin {@code https://shop.example}: scheme, host and, if it is not the scheme's own, port. Case does not
         *     matter. A path, even a slash, is refused; so is a host that is not ASCII (write punycode)
         * @return this builder
         * @throws IllegalArgumentException if it is not an origin
         */
        public Builder origin(String origin) {
            exact.add(parsed("origin", origin));
            return this;
        }

        /**
         * Allows all subdomains of a host, at any depth, with the same scheme and port; the host itself is not among
         * them, so name it with {@link #origin} if it is meant.
         *
         * @param origin {@code https://example.com} allows {@code https://a.example.com} and {@code https://b.a.example.com}
         * @return this builder
         * @throws IllegalArgumentException if it is not an origin, or its host is an IP address
         */
        public Builder subdomainsOf(String origin) {
            Origin parent = parsed("subdomainsOf", origin);
            if (parent.host().matches("\\[.*|[0-9.]+")) {
                throw new IllegalArgumentException(
                        "subdomainsOf: " + origin + " (expected: a name, which has subdomains)");
            }
            parents.add(parent);
            return this;
        }

        private static Origin parsed(String setting, String text) {
            Origin origin = Origin.parse(text);
            if (origin == null) {
                throw new IllegalArgumentException(setting + ": " + text
                        + " (expected: scheme://host or scheme://host:port, without a path or a trailing slash)");
            }
            return origin;
        }

        /**
         * Allows the opaque origin {@code null}, which sandboxed frames, local files and some redirects have. Every site can make a
         * sandboxed frame: this is as open as {@link #anyOrigin}.
         *
         * @return this builder
         */
        public Builder nullOrigin() {
            nullOrigin = true;
            return this;
        }

        /**
         * Allows every origin, without credentials.
         *
         * @return this builder
         */
        public Builder anyOrigin() {
            anyOrigin = true;
            return this;
        }

        /**
         * Lets the named origins send cookies and other credentials, and read what comes back. Not together with
         * {@link #anyOrigin}, {@link #nullOrigin} or a wildcard of headers.
         *
         * @return this builder
         */
        public Builder credentials() {
            credentials = true;
            return this;
        }

        /**
         * Which response headers a page may read, besides those that the Fetch standard always lets through.
         *
         * @param names field names, or only {@code *}; default none
         * @return this builder
         * @throws IllegalArgumentException if one of them is not a field name
         */
        public Builder exposedHeaders(String... names) {
            exposedHeaders = names("exposedHeaders", names);
            return this;
        }

        /**
         * Which request headers a preflight may ask for, in place of the default.
         *
         * @param names field names, or only {@code *} for all; default {@code Accept}, {@code Accept-Language}, {@code Authorization},
         *     {@code Cache-Control}, {@code Content-Language}, {@code Content-Type}, {@code If-Match}, {@code If-None-Match},
         *     {@code Last-Event-ID}, {@code Range} and {@code X-Requested-With}
         * @return this builder
         * @throws IllegalArgumentException if one of them is not a field name
         */
        public Builder allowedHeaders(String... names) {
            allowedHeaders = names("allowedHeaders", names);
            return this;
        }

        private static List<String> names(String setting, String... names) {
            for (String name : names) {
                boolean isField = !name.isEmpty() && HttpHeaderValidationUtil.validateToken(name) == -1;
                if (!isField || (name.equals(ANY) && names.length > 1)) {
                    throw new IllegalArgumentException(
                            setting + ": " + Arrays.toString(names) + " (expected: field names, or * alone)");
                }
            }
            return List.of(names);
        }

        /**
         * Which methods pages of other origins may use, besides those that only read.
         *
         * @param methods the methods; default those that the path has
         * @return this builder
         */
        public Builder allowedMethods(HttpMethod... methods) {
            allowedMethods = Set.of(methods);
            return this;
        }

        /**
         * How long a browser may remember the answer to a preflight.
         *
         * @param age 0 to 24 hours, in seconds; default 10 minutes. Chromium takes no more than 2 hours
         * @return this builder
         * @throws IllegalArgumentException if it is negative or longer
         */
        public Builder maxAge(Duration age) {
            if (age.isNegative() || age.compareTo(Duration.ofHours(24)) > 0) {
                throw new IllegalArgumentException("maxAge: " + age + " (expected: 0 to 24 hours)");
            }
            maxAge = age;
            return this;
        }

        /**
         * The policy.
         *
         * @return what was set
         * @throws IllegalArgumentException if the settings contradict each other
         */
        public OriginPolicy build() {
            List<String> all = new ArrayList<>(exposedHeaders);
            all.addAll(allowedHeaders);
            refuse(anyOrigin && credentials, "anyOrigin and credentials", "named origins, or no credentials");
            refuse(nullOrigin && credentials, "nullOrigin and credentials", "named origins, or no credentials");
            refuse(anyOrigin && !(exact.isEmpty() && parents.isEmpty()), "anyOrigin and named origins", "one of both");
            refuse(credentials && all.contains(ANY), "header * and credentials", "field names, or no credentials");
            return new OriginPolicy(this);
        }

        private static void refuse(boolean contradiction, String settings, String expected) {
            if (contradiction) {
                throw new IllegalArgumentException("origins: " + settings + " (expected: " + expected + ")");
            }
        }
    }
}
