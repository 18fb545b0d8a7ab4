package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutesTest {
    private static final Endpoint ENDPOINT = exchange -> {};

    /** A table of paths, all for GET unless a method stands before them. */
    private static Routes routes(String... lines) {
        Routes.Builder builder = Routes.builder();
        for (String line : lines) {
            int space = line.startsWith("/") ? -1 : line.indexOf(' ');
            String path = line.substring(space + 1);
            if (line.startsWith("any ")) {
                builder.any(path, ENDPOINT);
            } else {
                builder.route(HttpMethod.valueOf(space < 0 ? "GET" : line.substring(0, space)), path, ENDPOINT);
            }
        }
        return builder.build();
    }

    /** The route that is found, and its parameters; else what is allowed; else nothing. */
    private static String find(Routes routes, String method, String target) {
        RouteTree.Match match = routes.find(HttpMethod.valueOf(method), RequestTarget.parse(target));
        if (match instanceof RouteTree.Match.Found found) {
            return found.route() + Arrays.toString(found.parameters());
        }
        return match instanceof RouteTree.Match.OtherMethods others ? "Allow" + others.allowed() : "none";
    }

    private static Response answer(Routes routes, String method, String target) {
        RequestTarget parsed = RequestTarget.parse(target);
        HttpMethod asked = HttpMethod.valueOf(method);
        return routes.answer(asked, parsed, routes.find(asked, parsed));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /                    | /                 | GET /[]
            /a                   | /a                | GET /a[]
            /a                   | /a?b=c            | GET /a[]
            /a                   | http://h/a        | GET /a[]
            /a                   | /a/               | none
            /a                   | /A                | none
            /a                   | /b                | none
            /a                   | //a               | none
            /a/                  | /a/               | GET /a/[]
            /a/                  | /a                | none
            /a b/日              | /a%20b/%e6%97%a5  | GET /a b/日[]
            /{id}                | /1                | GET /{id}[id, 1]
            /{id}                | /                 | none
            /{id}                | /1/               | none
            /{id}                | /a%20b            | GET /{id}[id, a b]
            /{id}                | /%252e%252e       | GET /{id}[id, %2e%2e]
            /{id}/               | /1/               | GET /{id}/[id, 1]
            /a/{id}/b/{x-1}      | /a/1/b/2          | GET /a/{id}/b/{x-1}[id, 1, x-1, 2]
            /a/{id}/b            | /a//b             | none
            /a/{id}/b            | /a/1              | none
            /up/*                | /up               | GET /up/*[*, ]
            /up/*                | /up/              | GET /up/*[*, ]
            /up/*                | /up/a             | GET /up/*[*, a]
            /up/*                | /up/a/b/          | GET /up/*[*, a/b/]
            /up/*                | /up/a//b          | GET /up/*[*, a//b]
            /up/*                | /up//a            | none
            /up/*                | /upper            | none
            /*                   | /                 | GET /*[*, ]
            /*                   | /a/b              | GET /*[*, a/b]
            /*                   | //etc/passwd      | none
            /r/{id}/*            | /r/1/a/b          | GET /r/{id}/*[id, 1, *, a/b]
            /r/{id}/*            | /r/1              | GET /r/{id}/*[id, 1, *, ]
            /r/{id}/*            | /r                | none
            """)
    void templatesMatchSegmentBySegment(String template, String target, String found) {
        assertThat(find(routes(template), "GET", target)).isEqualTo(found);
    }

    @ParameterizedTest
    @CsvSource({
        "/a/b,     GET /a/b[]",
        "/a/x,     'GET /a/{p}[p, x]'",
        "/a/x/y,   'GET /a/*[*, x/y]'",
        "/a/,      'GET /a/*[*, ]'",
        "/a,       GET /a[]",
        "/x/b,     'GET /{p}/b[p, x]'",
        "/x/c,     'GET /{p}/{q}[p, x, q, c]'",
        "/x/b/c,   'GET /*[*, x/b/c]'",
        "/a/b/c/d, 'GET /a/{p}/c/d[p, b]'",
        "/a/b/c/e, 'GET /a/*[*, b/c/e]'",
        "/b,       'GET /*[*, b]'",
        "/c,       'GET /c/*[*, ]'",
        "/c/d/e/g, 'GET /c/{p}/{q}/g[p, d, q, e]'"
    })
    void literalBeatsParameterBeatsWildcardFromTheLeft(String target, String found) {
        String[] table = {
            "/*",
            "/a/*",
            "/a/{p}",
            "/a/b",
            "/a",
            "/{p}/b",
            "/{p}/{q}",
            "/a/{p}/c/d",
            "/c/*",
            "/c/d/e/f",
            "/c/{p}/e/f",
            "/c/{p}/{q}/g"
        };
        String[] reversed = new String[table.length];
        for (int i = 0; i < table.length; i++) {
            reversed[table.length - 1 - i] = table[i];
        }

        assertThat(find(routes(table), "GET", target)).isEqualTo(found);
        assertThat(find(routes(reversed), "GET", target)).isEqualTo(found);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET     | /a    | GET /a[]
            HEAD    | /a    | GET /a[]
            POST    | /a    | POST /{p}[p, a]
            PUT     | /a    | any /*[*, a]
            OPTIONS | /a    | any /*[*, a]
            HEAD    | /b    | HEAD /b[]
            GET     | /b    | GET /b[]
            GET     | /c    | GET /c[]
            POST    | /c    | any /c[]
            HEAD    | /c    | GET /c[]
            OPTIONS | /d    | OPTIONS /d[]
            REPORT  | /a    | Allow[GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS]
            REPORT  | /d    | REPORT /d[]
            """)
    void theMostSpecificRouteThatHasTheMethodWins(String method, String target, String found) {
        Routes routes = routes("any /*", "POST /{p}", "/a", "HEAD /b", "/b", "any /c", "/c", "OPTIONS /d", "REPORT /d");

        assertThat(find(routes, method, target)).isEqualTo(found);
    }

    @ParameterizedTest
    @CsvSource({
        "GET /a, 'GET, HEAD, OPTIONS'",
        "POST /a, 'POST, OPTIONS'",
        "HEAD /a, 'HEAD, OPTIONS'",
        "OPTIONS /a, OPTIONS",
        "GET /{a}, 'GET, HEAD, OPTIONS'",
        "GET /*, 'GET, HEAD, OPTIONS'",
        "'DELETE /a;GET /{x};PUT /*', 'GET, HEAD, PUT, DELETE, OPTIONS'",
        "'REPORT /a;POST /a', 'POST, OPTIONS, REPORT'",
        "'GET /a;POST /a/', 'GET, HEAD, OPTIONS'"
    })
    void anotherMethodIsAnswered405AndOptions204WithAllow(String table, String allow) {
        Routes routes = routes(table.split(";", -1));

        Response other = answer(routes, "PATCH", "/a");
        assertThat(other.status()).isEqualTo(405);
        assertThat(other.header("Allow")).isEqualTo(allow);
        assertThat(other.header("Content-Type")).isEqualTo("application/problem+json");
        if (!table.startsWith("OPTIONS")) {
            Response options = answer(routes, "OPTIONS", "/a");
            assertThat(options.status()).isEqualTo(204);
            assertThat(options.headers()).containsExactly("Allow", allow);
        }
    }

    @Test
    void anUnknownPathIsAnswered404WhateverTheMethod() {
        for (String method : List.of("GET", "HEAD", "POST", "OPTIONS", "DELETE")) {
            assertThat(answer(routes("/a"), method, "/b").status()).isEqualTo(404);
        }
    }

    @Test
    void theAsteriskIsForOptionsOnly() {
        Routes routes = routes("/*", "REPORT /a");

        assertThat(answer(routes, "OPTIONS", "*").status()).isEqualTo(204);
        assertThat(answer(routes, "OPTIONS", "*").header("Allow"))
                .isEqualTo("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, REPORT");
        assertThat(answer(routes, "GET", "*").status()).isEqualTo(400);
        assertThat(find(routes, "GET", "*")).isEqualTo("none");
        assertThat(preflight(routes, "*", "GET")).isEqualTo("none");
    }

    @Test
    void anEmptyTableFindsNothing() {
        assertThat(find(routes(), "GET", "/")).isEqualTo("none");
    }

    @ParameterizedTest
    @CsvSource({
        "GET /a, GET /a",
        "GET /{a}, GET /{b}",
        "GET /{a}/x/{b}, GET /{b}/x/{a}",
        "POST /a/*, POST /a/*",
        "any /a, any /a",
        "any /{a}/*, any /{b}/*"
    })
    void twoEqualRoutesAreRefusedNamingBoth(String one, String other) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> routes(one, other))
                .withMessage("routes: " + one + " and " + other + " (expected: one for each method and shape of path)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "*",
                "{a}",
                "//",
                "/a//b",
                "//a",
                "/{}",
                "/{1}",
                "/{a b}",
                "/{a",
                "/a}",
                "/x{a}",
                "/{a}x",
                "/{a}{b}",
                "/{*}",
                "/*/a",
                "/**",
                "/a*",
                "/*a",
                "/{a}/{a}",
                "/a%20b",
                "/a?b",
                "/a#b",
                "/a\\b",
                "/.",
                "/..",
                "/a/../b",
                "/a\nb"
            })
    void badTemplatesAreRefusedAtOnce(String template) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Routes.builder().get(template, ENDPOINT))
                .withMessageStartingWith("path: " + template + " (expected: ");
    }

    @Test
    void traceAndConnectCannotBeRouted() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Routes.builder().route(HttpMethod.TRACE, "/", ENDPOINT))
                .withMessage("method: TRACE (expected: neither TRACE nor CONNECT)");
    }

    @Test
    void filesAreGottenAtThePrefixAndBelow() {
        Routes routes =
                Routes.builder().files("/static", ENDPOINT).files("/", ENDPOINT).build();

        assertThat(find(routes, "GET", "/static")).isEqualTo("GET /static/*[*, ]");
        assertThat(find(routes, "HEAD", "/static/a/b")).isEqualTo("GET /static/*[*, a/b]");
        assertThat(find(routes, "GET", "/index.html")).isEqualTo("GET /*[*, index.html]");
        assertThat(find(routes, "POST", "/static/a")).isEqualTo("Allow[GET, HEAD, OPTIONS]");
    }

    @Test
    void mountedRoutesStandBelowTheirPrefix() {
        Routes inner = routes("/", "/{page}", "POST /x/*");
        Routes routes =
                Routes.builder().mount("/rooms/{room}", inner).mount("/", inner).build();

        assertThat(find(routes, "GET", "/rooms/1/")).isEqualTo("GET /rooms/{room}/[room, 1]");
        assertThat(find(routes, "GET", "/rooms/1/2")).isEqualTo("GET /rooms/{room}/{page}[room, 1, page, 2]");
        assertThat(find(routes, "POST", "/rooms/1/x/y")).isEqualTo("POST /rooms/{room}/x/*[room, 1, *, y]");
        assertThat(find(routes, "GET", "/rooms/1")).isEqualTo("none");
        assertThat(find(routes, "GET", "/7")).isEqualTo("GET /{page}[page, 7]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "/a/"})
    void badPrefixesAreRefused(String prefix) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Routes.builder().mount(prefix, routes("/a")))
                .withMessage(
                        "prefix: " + prefix + " (expected: / or a path that begins and does not end with a slash)");
    }

    @Test
    void wrappersWrapEveryRouteAndTheFirstIsOutermost() {
        List<String> calls = new ArrayList<>();
        Routes inner = Routes.builder()
                .get("/b", exchange -> calls.add("b"))
                .wrap(endpoint -> logged("inner", calls, endpoint))
                .build();
        Routes routes = Routes.builder()
                .wrap(endpoint -> logged("first", calls, endpoint))
                .get("/a", exchange -> calls.add("a"))
                .wrap(endpoint -> logged("second", calls, endpoint))
                .mount("/m", inner)
                .build();

        run(routes, "/a");
        run(routes, "/m/b");

        assertThat(calls).containsExactly("first", "second", "a", "first", "second", "inner", "b");
    }

    private static Endpoint logged(String name, List<String> calls, Endpoint endpoint) {
        return exchange -> {
            calls.add(name);
            endpoint.handle(exchange);
        };
    }

    private static void run(Routes routes, String target) {
        HttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, target);
        request.headers().set("Host", "localhost");
        EmbeddedChannel channel = new EmbeddedChannel(new ParleyHandler(routes));
        channel.writeInbound(request);
        channel.close();
    }

    @Test
    void mountedRoutesKeepTheirPolicyAndThePolicyOfTheTableHoldsForItsOwn() {
        OriginPolicy shop = OriginPolicy.of("https://shop.example");
        Routes inner = Routes.builder().get("/b", ENDPOINT).origins(shop).build();
        Routes silent = routes("/c");
        Routes routes = Routes.builder()
                .get("/a", ENDPOINT)
                .origins(OriginPolicy.anyOrigin())
                .mount("/m", inner)
                .mount("/n", silent)
                .build();

        assertThat(preflight(routes, "/a", "GET")).isEqualTo("*");
        assertThat(preflight(routes, "/m/b", "GET")).isEqualTo("https://shop.example");
        assertThat(preflight(routes, "/n/c", "GET")).isEqualTo("403");
        assertThat(preflight(routes, "/m/b", "HEAD")).isEqualTo("https://shop.example");
        assertThat(preflight(routes, "/m/b", "POST")).isEqualTo("403");
        assertThat(preflight(routes, "/a", "NO SUCH METHOD")).isEqualTo("403");
        assertThat(preflight(routes, "/z", "GET")).isEqualTo("none");
    }

    @Test
    void thePolicyOfThePreflightIsThatOfTheRouteThatItAsksFor() {
        Routes open = Routes.builder()
                .post("/a", ENDPOINT)
                .origins(OriginPolicy.anyOrigin())
                .build();
        Routes routes = Routes.builder().get("/a", ENDPOINT).mount("/", open).build();

        assertThat(preflight(routes, "/a", "POST")).isEqualTo("*");
        assertThat(preflight(routes, "/a", "GET")).isEqualTo("403");
    }

    /** The allowed origin, else the status, else none if it is no preflight to be answered. */
    private static String preflight(Routes routes, String target, String method) {
        HttpHeaders headers = new DefaultHttpHeaders()
                .set("Origin", "https://shop.example")
                .set("Access-Control-Request-Method", method);
        Response answer = routes.preflight(HttpMethod.OPTIONS, RequestTarget.parse(target), headers);
        if (answer == null) {
            return "none";
        }
        return Objects.requireNonNullElse(answer.header("Access-Control-Allow-Origin"), "" + answer.status());
    }

    @Test
    void optionsWithoutOriginOrRequestedMethodIsNoPreflight() {
        Routes routes = routes("/a");
        RequestTarget target = RequestTarget.parse("/a");
        HttpHeaders origin = new DefaultHttpHeaders().set("Origin", "https://shop.example");
        HttpHeaders method = new DefaultHttpHeaders().set("Access-Control-Request-Method", "GET");
        HttpHeaders both = new DefaultHttpHeaders().add(origin).add(method);

        assertThat(routes.preflight(HttpMethod.OPTIONS, target, origin)).isNull();
        assertThat(routes.preflight(HttpMethod.OPTIONS, target, method)).isNull();
        assertThat(routes.preflight(HttpMethod.GET, target, both)).isNull();
        assertThat(routes.preflight(HttpMethod.OPTIONS, target, both)).isNotNull();
    }
}
