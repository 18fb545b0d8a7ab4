package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginPolicyTest {
    private static final OriginPolicy SHOP = OriginPolicy.of("https://shop.example");
    private static final List<HttpMethod> METHODS = List.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    private static HttpHeaders headers(String... namesAndValues) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return headers;
    }

    private static boolean allows(OriginPolicy policy, String origin) {
        return policy.allows(headers("Origin", origin), "https", "api.example");
    }

    /** What a response has after the policy has added to it, as it would stand on the wire. */
    private static String added(OriginPolicy policy, @Nullable String origin, String... response) {
        HttpHeaders headers = headers(response);
        policy.addTo(headers, origin);
        return lines(headers.entries().stream());
    }

    private static String lines(Stream<Map.Entry<String, String>> headers) {
        return headers.map(field -> field.getKey().toLowerCase(Locale.ROOT) + ": " + field.getValue())
                .collect(Collectors.joining("\n"));
    }

    private static String preflight(OriginPolicy policy, String... request) {
        Response response = policy.preflight(headers(request), METHODS);
        StringBuilder text = new StringBuilder().append(response.status());
        for (int i = 0; i < response.headers().length; i += 2) {
            text.append('\n').append(response.headers()[i]).append(": ").append(response.headers()[i + 1]);
        }
        return text.toString();
    }

    @Test
    void ofTwoOriginsNeitherIsAllowed() {
        HttpHeaders two = headers("Origin", "https://shop.example", "Origin", "https://evil.example");

        assertThat(SHOP.allows(two, "https", "api.example")).isFalse();
        assertThat(OriginPolicy.anyOrigin().allows(two, "https", "api.example")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "http,  a.example,      http://a.example,       true",
        "http,  a.example:80,   http://a.example,       true",
        "http,  a.example,      http://a.example:80,    true",
        "https, a.example:443,  https://a.example,      true",
        "https, A.Example,      HTTPS://a.EXAMPLE,      true",
        "http,  [::1]:8080,     'http://[::1]:8080',    true",
        "http,  localhost:8080, http://localhost:8080,  true",
        "https, a.example,      http://a.example,       false",
        "http,  a.example,      https://a.example,      false",
        "http,  a.example:8080, http://a.example,       false",
        "http,  a.example:443,  https://a.example,      false",
        "http,  a.example,      http://b.example,       false",
        "http,  a.example,      http://a.example.,      false",
        "http,  a.example,      http://a.example/,      false",
        "http,  a.example,      http://x@a.example,     false",
        "http,  a.example,      a.example,              false",
        "http,  a.example,      '',                     false",
        "http,  a.example,      null,                   false",
        "http,  null,           null,                   false",
        "http,  '',             http://,                false",
        "http,  '',             http://a.example,       false",
    })
    void theSameOriginIsSchemeHostAndPort(String scheme, String authority, String origin, boolean same) {
        for (OriginPolicy policy : List.of(OriginPolicy.sameOrigin(), SHOP)) {
            assertThat(policy.allows(headers("Origin", origin), scheme, authority))
                    .isEqualTo(same);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "https://shop.example,                true",
        "https://SHOP.example,                true",
        "https://shop.example:443,            true",
        "http://shop.example,                 false",
        "https://shop.example:8443,           false",
        "https://shop.example:80,             false",
        "https://shop.example.evil.org,       false",
        "https://evil-shop.example,           false",
        "https://evilshop.example,            false",
        "https://a.shop.example,              false",
        "https://shop.example@evil.org,       false",
        "https://evil.org/https://shop.example, false",
        "https://shop.example/,               false",
        "https://shop.example evil.org,       false",
        "'https://evil.org, https://shop.example', false",
        "https://shop.example., false",
        "https://shop%2eexample,              false",
        "https://shop.example#,               false",
        "null,                                false",
        "'',                                  false",
        "*,                                   false",
    })
    void anExactOriginMatchesNothingElse(String origin, boolean allowed) {
        assertThat(allows(SHOP, origin)).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example.com,          true",
        "https://b.a.example.com,        true",
        "https://A.EXAMPLE.com:443,      true",
        "https://example.com,            false",
        "http://a.example.com,           false",
        "https://a.example.com:8443,     false",
        "https://evil-example.com,       false",
        "https://evilexample.com,        false",
        "https://.example.com,           false",
        "https://a..example.com,         false",
        "https://example.com.evil.org,   false",
        "https://a.example.com.evil.org, false",
        "https://evil.org/.example.com,  false",
        "https://evil.org#.example.com,  false",
        "https://evil.org?.example.com,  false",
        "https://evil.org:443.example.com, false",
        "https://a@b.example.com,        false",
        "https://a.example.com.,         false",
        "'https://evil.org,.example.com', false",
        "null,                           false",
    })
    void subdomainsKeepToTheBoundaryOfALabel(String origin, boolean allowed) {
        OriginPolicy policy =
                OriginPolicy.builder().subdomainsOf("https://example.com").build();

        assertThat(allows(policy, origin)).isEqualTo(allowed);
    }

    @Test
    void otherPortsAndSchemesCanBeNamed() {
        OriginPolicy policy = OriginPolicy.builder()
                .origin("http://localhost:5173")
                .origin("capacitor://localhost")
                .subdomainsOf("http://test:8080")
                .build();

        assertThat(allows(policy, "http://localhost:5173")).isTrue();
        assertThat(allows(policy, "capacitor://localhost")).isTrue();
        assertThat(allows(policy, "http://a.test:8080")).isTrue();
        assertThat(allows(policy, "http://a.test")).isFalse();
    }

    @Test
    void theOpaqueOriginMustBeNamed() {
        OriginPolicy named = OriginPolicy.builder().nullOrigin().build();

        assertThat(allows(named, "null")).isTrue();
        assertThat(allows(named, "https://shop.example")).isFalse();
        assertThat(added(named, "null")).isEqualTo("vary: Origin\naccess-control-allow-origin: null");
        assertThat(allows(OriginPolicy.anyOrigin(), "null")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "same-origin, true",
        "none,        true",
        "same-site,   false",
        "cross-site,  false",
        ",            true",
    })
    void withoutOriginTheBrowserTellsTheSite(@Nullable String site, boolean allowed) {
        HttpHeaders request = site == null ? headers() : headers("Sec-Fetch-Site", site);

        assertThat(OriginPolicy.sameOrigin().allows(request, "https", "api.example"))
                .isEqualTo(allowed);
        assertThat(SHOP.allows(request, "https", "api.example")).isEqualTo(allowed);
        assertThat(OriginPolicy.anyOrigin().allows(request, "https", "api.example"))
                .isTrue();
    }

    @Test
    void theBrowsersWordForTheSameOriginHoldsBehindAProxyThatHidesTheScheme() {
        HttpHeaders request = headers("Origin", "https://api.example", "Sec-Fetch-Site", "same-origin");

        assertThat(OriginPolicy.sameOrigin().allows(request, "http", "api.example"))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        // method, Origin, Sec-Fetch-Site, same origin, shop, any
        "GET,     https://evil.example, cross-site, true,  true,  true",
        "HEAD,    https://evil.example, cross-site, true,  true,  true",
        "OPTIONS, https://evil.example, cross-site, true,  true,  true",
        "POST,    https://evil.example, cross-site, false, false, true",
        "POST,    https://evil.example, ,           false, false, true",
        "PUT,     https://evil.example, ,           false, false, true",
        "PATCH,   https://evil.example, ,           false, false, true",
        "DELETE,  https://evil.example, ,           false, false, true",
        "REPORT,  https://evil.example, ,           false, false, true",
        "POST,    null,                 ,           false, false, true",
        "POST,    '',                   ,           false, false, true",
        "POST,    https://shop.example, cross-site, false, true,  true",
        "POST,    https://api.example,  same-origin, true, true,  true",
        "POST,    https://api.example,  ,           true,  true,  true",
        "POST,    ,                     cross-site, false, false, true",
        "POST,    ,                     same-site,  false, false, true",
        "POST,    ,                     none,       true,  true,  true",
        "POST,    ,                     ,           true,  true,  true",
    })
    void writesOfForeignPagesAreRefused(
            String method, @Nullable String origin, @Nullable String site, boolean same, boolean shop, boolean any) {
        HttpHeaders request = headers();
        if (origin != null) {
            request.set("Origin", origin);
        }
        if (site != null) {
            request.set("Sec-Fetch-Site", site);
        }
        HttpMethod asked = HttpMethod.valueOf(method);

        assertThat(OriginPolicy.sameOrigin().admits(asked, request, "https", "api.example"))
                .isEqualTo(same);
        assertThat(SHOP.admits(asked, request, "https", "api.example")).isEqualTo(shop);
        assertThat(OriginPolicy.anyOrigin().admits(asked, request, "https", "api.example"))
                .isEqualTo(any);
    }

    @Test
    void allowedMethodsHoldForOtherOriginsOnly() {
        OriginPolicy policy = OriginPolicy.builder()
                .origin("https://shop.example")
                .allowedMethods(HttpMethod.GET, HttpMethod.PUT)
                .build();
        HttpHeaders shop = headers("Origin", "https://shop.example");
        HttpHeaders self = headers("Origin", "https://api.example");

        assertThat(policy.admits(HttpMethod.PUT, shop, "https", "api.example")).isTrue();
        assertThat(policy.admits(HttpMethod.POST, shop, "https", "api.example")).isFalse();
        assertThat(policy.admits(HttpMethod.POST, self, "https", "api.example")).isTrue();
        assertThat(policy.admits(HttpMethod.POST, headers(), "https", "api.example"))
                .isTrue();
    }

    @Test
    void aPreflightIsAnsweredWithTheMethodsOfThePath() {
        assertThat(preflight(SHOP, "Origin", "https://shop.example", "Access-Control-Request-Method", "GET"))
                .isEqualTo("""
                        204
                        Access-Control-Allow-Origin: https://shop.example
                        Access-Control-Allow-Methods: GET, HEAD, OPTIONS
                        Access-Control-Allow-Headers: Accept, Accept-Language, Authorization, Cache-Control, \
                        Content-Language, Content-Type, If-Match, If-None-Match, Last-Event-ID, Range, X-Requested-With
                        Access-Control-Max-Age: 600
                        Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers""");
    }

    @Test
    void aPreflightFollowsEverySetting() {
        OriginPolicy policy = OriginPolicy.builder()
                .subdomainsOf("https://shop.example")
                .credentials()
                .allowedHeaders("X-Token")
                .exposedHeaders("ETag")
                .allowedMethods(HttpMethod.HEAD, HttpMethod.PUT)
                .maxAge(Duration.ofHours(1))
                .build();

        assertThat(preflight(
                        policy,
                        "Origin",
                        "https://a.shop.example",
                        "Access-Control-Request-Method",
                        "HEAD",
                        "Access-Control-Request-Headers",
                        "x-token"))
                .isEqualTo("""
                        204
                        Access-Control-Allow-Origin: https://a.shop.example
                        Access-Control-Allow-Methods: HEAD
                        Access-Control-Allow-Headers: X-Token
                        Access-Control-Max-Age: 3600
                        Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers
                        Access-Control-Allow-Credentials: true""");
    }

    @Test
    void aPreflightOfAnyOriginIsAnsweredWithTheWildcard() {
        OriginPolicy policy =
                OriginPolicy.builder().anyOrigin().allowedHeaders("*").build();

        assertThat(preflight(
                        policy,
                        "Origin",
                        "null",
                        "Access-Control-Request-Method",
                        "GET",
                        "Access-Control-Request-Headers",
                        "authorization,x-anything"))
                .isEqualTo("""
                        204
                        Access-Control-Allow-Origin: *
                        Access-Control-Allow-Methods: GET, HEAD, OPTIONS
                        Access-Control-Allow-Headers: *, Authorization
                        Access-Control-Max-Age: 600
                        Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers""");
    }

    @ParameterizedTest
    @CsvSource({
        "https://shop.example, GET, '',                             204",
        "https://shop.example, GET, content-type,                   204",
        "https://shop.example, GET, 'authorization,content-type',   204",
        "https://shop.example, GET, 'Last-Event-ID , Content-Type', 204",
        "https://shop.example, GET, x-token,                        403",
        "https://shop.example, GET, 'content-type,x-token',         403",
        "https://shop.example, GET, *,                              403",
        "https://shop.example, POST, '',                            403",
        "https://shop.example, get, '',                             403",
        "https://shop.example, '', '',                              403",
        "https://evil.example, GET, '',                             403",
        "null, GET, '',                                             403",
    })
    void aPreflightIsRefusedWithoutCorsHeaders(String origin, String method, String asked, int status) {
        String answer = preflight(
                SHOP,
                "Origin",
                origin,
                "Access-Control-Request-Method",
                method,
                "Access-Control-Request-Headers",
                asked);

        assertThat(answer).startsWith("" + status);
        if (status == 403) {
            assertThat(answer).isEqualTo("403\nContent-Type: application/problem+json");
        }
    }

    @Test
    void theSameOriginPolicyAddsNothingAndRefusesPreflights() {
        assertThat(added(OriginPolicy.sameOrigin(), "https://shop.example", "Vary", "Accept"))
                .isEqualTo("vary: Accept");
        assertThat(preflight(
                        OriginPolicy.sameOrigin(),
                        "Origin",
                        "https://a.example",
                        "Access-Control-Request-Method",
                        "GET"))
                .startsWith("403");
    }

    @Test
    void aNamedOriginMayReadTheResponse() {
        OriginPolicy policy = OriginPolicy.builder()
                .origin("https://shop.example")
                .credentials()
                .exposedHeaders("ETag", "Location")
                .build();

        assertThat(added(policy, "https://shop.example")).isEqualTo("""
                        vary: Origin
                        access-control-allow-origin: https://shop.example
                        access-control-allow-credentials: true
                        access-control-expose-headers: ETag, Location""");
    }

    @Test
    void whereTheAnswerDependsOnTheOriginItAlwaysVaries() {
        assertThat(added(SHOP, null)).isEqualTo("vary: Origin");
        assertThat(added(SHOP, "https://evil.example")).isEqualTo("vary: Origin");
        assertThat(added(SHOP, "https://shop.example"))
                .isEqualTo("vary: Origin\naccess-control-allow-origin: https://shop.example");
    }

    @Test
    void anyOriginMayReadTheResponseWhichDoesNotVary() {
        OriginPolicy policy =
                OriginPolicy.builder().anyOrigin().exposedHeaders("*").build();

        assertThat(added(policy, null)).isEqualTo("access-control-allow-origin: *\naccess-control-expose-headers: *");
        assertThat(added(OriginPolicy.anyOrigin(), "https://evil.example")).isEqualTo("access-control-allow-origin: *");
    }

    @ParameterizedTest
    @CsvSource({
        "Accept,           'Accept, Origin'",
        "'a ,b',           'a, b, Origin'",
        "origin,           origin",
        "'Accept, Origin', 'Accept, Origin'",
        "*,                *",
        "X-Origin,         'X-Origin, Origin'",
    })
    void varyIsMergedAndNeverDoubled(String existing, String merged) {
        assertThat(added(SHOP, null, "Vary", existing)).isEqualTo("vary: " + merged);
    }

    @Test
    void varyIsMergedOverSeveralLines() {
        assertThat(added(SHOP, null, "Vary", "Accept", "Vary", "Accept-Language"))
                .isEqualTo("vary: Accept, Accept-Language, Origin");
        assertThat(added(SHOP, null, "Vary", "Accept", "Vary", "Origin")).isEqualTo("vary: Accept\nvary: Origin");
    }

    @Test
    void whoMayCallMayEmbed() {
        assertThat(OriginPolicy.sameOrigin().frameAncestors()).isEqualTo("frame-ancestors 'self'");
        assertThat(OriginPolicy.anyOrigin().frameAncestors()).isEqualTo("frame-ancestors *");
        assertThat(OriginPolicy.builder()
                        .origin("https://Shop.example:443")
                        .origin("http://a.example:8080")
                        .subdomainsOf("https://partners.example")
                        .subdomainsOf("https://test:8443")
                        .nullOrigin()
                        .build()
                        .frameAncestors())
                .isEqualTo("frame-ancestors 'self' http://a.example:8080 https://shop.example"
                        + " https://*.partners.example https://*.test:8443");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "null",
                "shop.example",
                "//shop.example",
                "https://",
                "https://shop.example/",
                "https://shop.example/a",
                "https://u@shop.example",
                "https://*.shop.example",
                "https://shop.example:x",
                "https://shop.example?",
                "https://bücher.example",
                "https://shop.example https://b.example",
                "https://a;script-src",
                "h ttps://a",
                "://a"
            })
    void whatIsNoOriginIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OriginPolicy.of(text))
                .withMessage("origin: " + text
                        + " (expected: scheme://host or scheme://host:port, without a path or a trailing slash)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1", "http://[::1]:80"})
    void anAddressHasNoSubdomains(String origin) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OriginPolicy.builder().subdomainsOf(origin))
                .withMessage("subdomainsOf: " + origin + " (expected: a name, which has subdomains)");
    }

    @Test
    void contradictionsAreRefused() {
        assertContradiction(
                OriginPolicy.builder().anyOrigin().credentials(),
                "origins: anyOrigin and credentials (expected: named origins, or no credentials)");
        assertContradiction(
                OriginPolicy.builder().nullOrigin().credentials(),
                "origins: nullOrigin and credentials (expected: named origins, or no credentials)");
        assertContradiction(
                OriginPolicy.builder().anyOrigin().origin("https://a.example"),
                "origins: anyOrigin and named origins (expected: one of both)");
        assertContradiction(
                OriginPolicy.builder().credentials().allowedHeaders("*"),
                "origins: header * and credentials (expected: field names, or no credentials)");
        assertContradiction(
                OriginPolicy.builder().credentials().exposedHeaders("*"),
                "origins: header * and credentials (expected: field names, or no credentials)");
    }

    private static void assertContradiction(OriginPolicy.Builder builder, String message) {
        assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(message);
    }

    @Test
    void badSettingsAreRefusedAtOnce() {
        OriginPolicy.Builder builder = OriginPolicy.builder();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.exposedHeaders("ETag", "a b"))
                .withMessage("exposedHeaders: [ETag, a b] (expected: field names, or * alone)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.allowedHeaders("*", "a"))
                .withMessage("allowedHeaders: [*, a] (expected: field names, or * alone)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxAge(Duration.ofSeconds(-1)))
                .withMessage("maxAge: PT-1S (expected: 0 to 24 hours)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxAge(Duration.ofHours(25)))
                .withMessage("maxAge: PT25H (expected: 0 to 24 hours)");
    }
}
