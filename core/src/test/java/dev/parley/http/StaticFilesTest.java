package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaticFilesTest {
    private static final Instant MODIFIED = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final String LAST_MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT";
    private static final Instant NOW = Instant.parse("2026-01-03T00:00:00Z");
    private static final String TEXT = "0123456789";

    @TempDir
    private Path temp;

    /** {@code temp/root}; beside it are {@code temp/secret.txt} and {@code temp/root-too/secret.txt}. */
    private Path root;

    @BeforeEach
    void layOutTheDirectory() throws IOException {
        root = Files.createDirectories(temp.resolve("root"));
        write(temp.resolve("secret.txt"), "secret");
        write(temp.resolve("root-too/secret.txt"), "secret");
        write(root.resolve("a.txt"), TEXT);
        write(root.resolve("index.html"), "home");
        write(root.resolve("docs/index.html"), "docs");
        write(root.resolve("docs/deep/b.js"), "b");
        write(root.resolve("plain/c.css"), "c");
        write(root.resolve(".hidden"), "hidden");
        write(root.resolve(".git/config"), "hidden");
        write(root.resolve("wide 日本.txt"), "wide");
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(MODIFIED));
    }

    private StaticFiles files() {
        return StaticFiles.directory(root);
    }

    private static HttpHeaders headers(String... namesAndValues) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return headers;
    }

    /** An exchange as far as static files look at it. */
    private static Exchange exchange(HttpMethod method, String mount, String rest, String query) {
        return exchange(method, mount, rest, query, headers());
    }

    private static Exchange exchange(
            HttpMethod method, String mount, String rest, String query, HttpHeaders requestHeaders) {
        Map<String, Object> answers = Map.of(
                "method",
                method,
                "path",
                mount + rest,
                "path*",
                rest,
                "target",
                mount + rest + query,
                "headers",
                requestHeaders);
        return (Exchange) Proxy.newProxyInstance(
                Exchange.class.getClassLoader(), new Class<?>[] {Exchange.class}, (proxy, called, arguments) -> {
                    String key = called.getName() + (arguments == null ? "" : String.valueOf(arguments[0]));
                    return Optional.ofNullable(answers.get(key)).orElseThrow(() -> new AssertionError(key));
                });
    }

    private static Response get(StaticFiles files, String rest) {
        return files.answer(exchange(HttpMethod.GET, "/static/", rest, ""));
    }

    private static String body(Response response) throws IOException {
        Response.Content content = response.content();
        if (content instanceof Response.Content.File file) {
            try (InputStream in = Files.newInputStream(file.path())) {
                in.skipNBytes(file.offset());
                return new String(in.readNBytes((int) file.length()), StandardCharsets.UTF_8);
            }
        }
        return content instanceof Response.Content.Bytes bytes ? new String(bytes.bytes(), StandardCharsets.UTF_8) : "";
    }

    private static Map<String, String> fields(Response response) {
        Map<String, String> fields = new TreeMap<>();
        String[] headers = response.headers();
        for (int i = 0; i < headers.length; i += 2) {
            assertThat(fields.put(headers[i], headers[i + 1])).as(headers[i]).isNull();
        }
        return fields;
    }

    @Nested
    class OfADirectory {

        @Test
        void aFileIsAnsweredWithAllThatAClientNeedsToKeepIt() throws IOException {
            Response response = get(files(), "a.txt");

            assertThat(response.status()).isEqualTo(200);
            assertThat(body(response)).isEqualTo(TEXT);
            assertThat(fields(response))
                    .isEqualTo(Map.of(
                            "ETag", "\"a-t87v6t-b7nw5c\"",
                            "Cache-Control", "no-cache",
                            "Last-Modified", LAST_MODIFIED,
                            "Content-Type", "text/plain; charset=utf-8",
                            "X-Content-Type-Options", "nosniff",
                            "Accept-Ranges", "bytes"));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a.txt           | 0123456789",
                    "docs/deep/b.js  | b",
                    "docs/           | docs",
                    "''              | home",
                    "index.html      | home",
                    "wide 日本.txt    | wide"
                })
        void pathsBelowTheRootAreServed(String rest, String body) throws IOException {
            Response response = get(files(), rest);

            assertThat(response.status()).isEqualTo(200);
            assertThat(body(response)).isEqualTo(body);
        }

        @Test
        void whatWasFoundIsARealPath() throws IOException {
            Files.createSymbolicLink(root.resolve("link.txt"), Path.of("a.txt"));

            Response response = get(files(), "link.txt");

            assertThat(response.content())
                    .isEqualTo(new Response.Content.File(root.resolve("a.txt").toRealPath(), 0, TEXT.length()));
        }

        @ParameterizedTest
        @ValueSource(strings = {"missing.txt", "missing/", "plain", "plain/", "a.txt/", "a.txt/b", "docs/index.html/"})
        void whatIsNotThereIs404(String rest) {
            assertThat(get(files(), rest).status()).isEqualTo(404);
        }

        @Test
        void whatIsMissingAndWhatIsRefusedLookAlike() throws IOException {
            Response missing = get(files(), "missing");
            Response refused = get(files(), ".hidden");

            assertThat(fields(refused)).isEqualTo(fields(missing));
            assertThat(body(refused)).isEqualTo(body(missing)).doesNotContain("hidden", temp.toString());
        }

        @Test
        void aDeviceIs404() {
            assertThat(Path.of("/dev/zero")).exists();

            assertThat(get(StaticFiles.directory(Path.of("/dev")), "zero").status())
                    .isEqualTo(404);
        }

        @Test
        void anEmptyFileIsServed() throws IOException {
            write(root.resolve("empty"), "");

            Response response = get(files(), "empty");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.content()).extracting(Response.Content::length).isEqualTo(0L);
        }

        @Test
        void theRootMayBeALinkThatIsSwitched() throws IOException {
            Path current = Files.createSymbolicLink(temp.resolve("current"), root);
            StaticFiles files = StaticFiles.directory(current);
            assertThat(body(get(files, "a.txt"))).isEqualTo(TEXT);

            Files.delete(current);
            Files.createSymbolicLink(current, root.resolve("docs"));

            assertThat(body(get(files, ""))).isEqualTo("docs");
            assertThat(get(files, "a.txt").status()).isEqualTo(404);
        }
    }

    @Nested
    class Redirects {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "/static/ | docs | ''                | docs/",
                    "/static/ | docs | ?                 | docs/?",
                    "/static/ | docs | ?a=b&c=%20d/?:@   | docs/?a=b&c=%20d/?:@",
                    "/static/ | docs | '?<a>\"é\\^`{|}#' | docs/?%3Ca%3E%22%C3%A9%5C%5E%60%7B%7C%7D%23",
                    "/static  | ''   | ''                | static/",
                    "/a b:c   | ''   | ''                | a%20b%3Ac/",
                    "//evil   | ''   | ''                | evil/",
                    "/日      | ''   | ''                | %E6%97%A5/",
                    "/100%    | ''   | ''                | 100%25/",
                })
        void aDirectoryWithoutASlashLeadsToTheOneWithIt(String mount, String rest, String query, String location) {
            Response response = files().answer(exchange(HttpMethod.GET, mount, rest, query));

            assertThat(response.status()).isEqualTo(308);
            assertThat(fields(response)).isEqualTo(Map.of("Location", location, "Cache-Control", "no-cache"));
            assertThat(response.content()).isNull();
        }

        @Test
        void lineBreaksCannotGetIntoTheLocation() {
            Response response = files().answer(exchange(HttpMethod.GET, "/static/", "docs", "?a\r\nSet-Cookie: b"));

            assertThat(response.header("Location")).isEqualTo("docs/?a%0D%0ASet-Cookie:%20b");
        }
    }

    @Nested
    class OutsideTheRoot {

        static String[] spellings() {
            return new String[] {
                // Up, plain and with what some system or decoder takes for it.
                "..",
                "../",
                "../secret.txt",
                "./../secret.txt",
                "docs/../../secret.txt",
                "docs/deep/../../../secret.txt",
                "../root/a.txt",
                "../root-too/secret.txt",
                "docs/..",
                "docs/../a.txt",
                ".",
                "./",
                "./a.txt",
                "docs/./index.html",
                "docs/.",
                "../../../../../../../../etc/passwd",
                "..//secret.txt",
                "...",
                ".../secret.txt",
                "..../secret.txt",
                ".. /secret.txt",
                "../ secret.txt",
                " ../secret.txt",
                "..;/secret.txt",
                "..;x=y/secret.txt",
                "docs/..;/secret.txt",
                // Still encoded: decoded once before, so that these are names, and no such names are there.
                "%2e%2e/secret.txt",
                "..%2fsecret.txt",
                "%2e%2e%2fsecret.txt",
                "%252e%252e%252fsecret.txt",
                "..%5csecret.txt",
                "..%c0%afsecret.txt",
                "%c0%ae%c0%ae/secret.txt",
                "..%u2215secret.txt",
                "a.txt%00",
                "%00/a.txt",
                // Characters that look like dots and slashes.
                "\uff0e\uff0e/secret.txt",
                "..\uff0fsecret.txt",
                "..\u2215secret.txt",
                "\u2024\u2024/secret.txt",
                "..\u2044secret.txt",
                "..\u00c0\u00afsecret.txt",
                // Absolute, and empty segments.
                "/",
                "//",
                "/etc/passwd",
                "//etc/passwd",
                "///etc/passwd",
                "docs//index.html",
                "docs//",
                "/a.txt",
                "a.txt//",
                // Windows: separators, drives, shares, streams, devices, ends, short names.
                "..\\secret.txt",
                "docs\\index.html",
                "docs\\..\\..\\secret.txt",
                "\\etc\\passwd",
                "\\\\host\\share\\a.txt",
                "C:",
                "C:/secret.txt",
                "C:\\secret.txt",
                "c:secret.txt",
                "C:a.txt",
                "\\\\?\\C:\\secret.txt",
                "\\\\.\\C:\\secret.txt",
                "a.txt::$DATA",
                "a.txt:stream",
                "docs::$INDEX_ALLOCATION/index.html",
                "a.txt.",
                "a.txt..",
                "a.txt ",
                "a.txt. .",
                "docs./index.html",
                "docs /index.html",
                "HTPASS~1",
                "docs/GIT~1/config",
                "file:///etc/passwd",
                "file:a.txt",
                // Controls.
                "a.txt\0",
                "a.txt\0.html",
                "\0",
                "../secret.txt\0.txt",
                "a.txt\n",
                "a.txt\r",
                "a.txt\t",
                "a.txt\u007f",
                "a.txt\u0085",
                "docs/\u001b/index.html",
                // What the file system can't name.
                "\ud800",
                "docs/\udfff.txt",
                "x".repeat(300),
                "x/".repeat(5000) + "x",
                // Hidden.
                ".hidden",
                ".git",
                ".git/",
                ".git/config",
                "docs/.hidden",
                ".htaccess",
                ".env",
                "~/.ssh/id_rsa",
                "..hidden"
            };
        }

        @Test
        void thereAreManySpellings() {
            assertThat(spellings()).hasSizeGreaterThan(90).doesNotHaveDuplicates();
        }

        @Test
        void noSpellingFindsAnything() {
            StaticFiles files = files();

            assertThat(spellings()).allSatisfy(rest -> {
                assertThat(files.find(rest, NOW)).isEmpty();
                assertThat(get(files, rest).status()).isEqualTo(404);
            });
        }

        /** Hidden files apart, the text is refused whatever is chosen. */
        @Test
        void noSettingLetsOneOut() {
            StaticFiles files =
                    StaticFiles.builder(root).followSymlinks().hiddenFiles().build();

            assertThat(spellings()).allSatisfy(rest -> {
                Response response = get(files, rest);
                assertThat(response.status() == 404 || body(response).equals("hidden"))
                        .isTrue();
            });
        }

        /** The tree doesn't rely on the text having been checked. */
        @ParameterizedTest
        @EnumSource
        void theTreeAloneKeepsToItsRoot(DirectoryTree.Symlinks symlinks) throws IOException {
            DirectoryTree tree = new DirectoryTree(root, symlinks);
            Path real = root.toRealPath();

            assertThat(spellings()).allSatisfy(rest -> {
                Optional<Path> found;
                try {
                    found = tree.resolve(rest);
                } catch (IOException notThere) {
                    found = Optional.empty();
                }
                assertThat(found.orElse(real)).startsWithRaw(real);
            });
        }

        /** On this system these are names like any other; the rule is that of all systems. */
        @ParameterizedTest
        @ValueSource(strings = {"a:b", "a\\b", "a.", "a ", "a~1", "a\tb"})
        void whatAnotherSystemWouldTakeForSomethingElseIsRefusedEvenIfItIsThere(String name) throws IOException {
            write(root.resolve(name), "odd");

            assertThat(get(files(), name).status()).isEqualTo(404);
        }

        @ParameterizedTest
        @ValueSource(strings = {"a~", "~a", "a b", "a%2e", "a;b", "a'b\"c", "a+b", "a..b", "con", "a#b?c"})
        void oddNamesThatMeanNothingAnywhereAreServed(String name) throws IOException {
            write(root.resolve(name), "odd");

            assertThat(body(get(files(), name))).isEqualTo("odd");
        }

        @Test
        void hiddenFilesAreServedWhereChosen() throws IOException {
            StaticFiles files = StaticFiles.builder(root).hiddenFiles().build();

            assertThat(body(get(files, ".git/config"))).isEqualTo("hidden");
            assertThat(get(files, ".").status()).isEqualTo(404);
            assertThat(get(files, "..").status()).isEqualTo(404);
        }
    }

    @Nested
    class SymbolicLinks {

        @BeforeEach
        void link() throws IOException {
            Files.createSymbolicLink(root.resolve("in.txt"), Path.of("docs/../a.txt"));
            Files.createSymbolicLink(root.resolve("in"), Path.of("docs"));
            Files.createSymbolicLink(root.resolve("out.txt"), Path.of("../secret.txt"));
            Files.createSymbolicLink(root.resolve("absolute.txt"), temp.resolve("secret.txt"));
            Files.createSymbolicLink(root.resolve("out"), temp);
            Files.createSymbolicLink(root.resolve("sibling"), temp.resolve("root-too"));
            Files.createSymbolicLink(root.resolve("chain.txt"), Path.of("out.txt"));
            Files.createSymbolicLink(root.resolve("dangling.txt"), Path.of("nowhere"));
            Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"in.txt", "in/index.html", "in/", "in/deep/b.js"})
        void thoseThatStayInsideAreFollowed(String rest) {
            assertThat(get(files(), rest).status()).isEqualTo(200);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "out.txt",
                    "absolute.txt",
                    "chain.txt",
                    "out/secret.txt",
                    "sibling/secret.txt",
                    "out/root-too/secret.txt"
                })
        void thoseThatLeadOutAreFollowedOnlyWhereChosen(String rest) throws IOException {
            assertThat(get(files(), rest).status()).isEqualTo(404);
            assertThat(body(get(StaticFiles.builder(root).followSymlinks().build(), rest)))
                    .isEqualTo("secret");
        }

        @ParameterizedTest
        @ValueSource(strings = {"dangling.txt", "loop", "loop/a.txt"})
        void thoseThatLeadNowhereAre404(String rest) {
            assertThat(get(files(), rest).status()).isEqualTo(404);
            assertThat(get(StaticFiles.builder(root).followSymlinks().build(), rest)
                            .status())
                    .isEqualTo(404);
        }
    }

    @Nested
    class Validators {

        private Resource modified(Instant modified, Instant now) throws IOException {
            Path file = root.resolve("a.txt");
            Files.setLastModifiedTime(file, FileTime.from(modified));
            return files().find("a.txt", now).orElseThrow();
        }

        @Test
        void theTagChangesWithSizeAndWithTime() throws IOException {
            EntityTag first = modified(MODIFIED, NOW).tag();
            EntityTag later = modified(MODIFIED.plusNanos(1000), NOW).tag();
            Files.writeString(root.resolve("a.txt"), TEXT + TEXT);
            EntityTag longer = modified(MODIFIED, NOW).tag();

            assertThat(first).isNotEqualTo(later).isNotEqualTo(longer);
            assertThat(later).isNotEqualTo(longer);
        }

        @ParameterizedTest
        @CsvSource({"PT0.020S, WEAK", "PT0.021S, STRONG", "PT0S, WEAK", "PT-1S, WEAK"})
        void theTagIsWeakUntilTheTickOfTheFilesClockIsOver(Duration age, EntityTag.Strength strength)
                throws IOException {
            assertThat(modified(MODIFIED, MODIFIED.plus(age)).tag().strength()).isEqualTo(strength);
        }

        @ParameterizedTest
        @CsvSource({"PT2S, WEAK", "PT2.001S, STRONG"})
        void aTimeOfWholeSecondsTakesTwo(Duration age, EntityTag.Strength strength) throws IOException {
            Instant whole = Instant.parse("2026-01-02T03:04:05Z");

            assertThat(modified(whole, whole.plus(age)).tag().strength()).isEqualTo(strength);
        }

        @Test
        void noTimeAheadOfTheClockOrBefore1970IsStated() throws IOException {
            assertThat(modified(NOW.plusSeconds(60), NOW).modified()).isEqualTo(NOW);
            assertThat(modified(Instant.EPOCH.minusSeconds(60), NOW).modified()).isEqualTo(Instant.EPOCH);
        }
    }

    /** The table of RFC 9110 section 13.2.2, on a resource {@code "t"} of a known time. */
    @Nested
    class Conditions {
        private static final String BEFORE = "Fri, 02 Jan 2026 03:04:04 GMT";
        private static final String AFTER = "Fri, 02 Jan 2026 03:04:06 GMT";

        private Response answer(HttpMethod method, Resource resource, String... fields) {
            return files().answer(method, headers(fields), resource, NOW);
        }

        private Resource resource() {
            return new Resource.OnDisk(
                    "a.txt",
                    root.resolve("a.txt"),
                    10,
                    new EntityTag(EntityTag.Strength.STRONG, "t"),
                    Instant.parse("2026-01-02T03:04:05Z"));
        }

        private Resource weak() {
            return new Resource.OnDisk(
                    "a.txt",
                    root.resolve("a.txt"),
                    10,
                    new EntityTag(EntityTag.Strength.WEAK, "t"),
                    Instant.parse("2026-01-02T03:04:05Z"));
        }

        private Resource undated() {
            return new Resource.InMemory(
                    "a.txt", TEXT.getBytes(StandardCharsets.UTF_8), new EntityTag(EntityTag.Strength.STRONG, "t"));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                nullValues = "-",
                value = {
                    // If-Match    | If-Unmodified-Since | If-None-Match | If-Modified-Since | status
                    "-             | -      | -             | -      | 200",
                    // Step 1.
                    "\"t\"         | -      | -             | -      | 200",
                    "*             | -      | -             | -      | 200",
                    "\"x\", \"t\"  | -      | -             | -      | 200",
                    "\"x\"         | -      | -             | -      | 412",
                    "W/\"t\"       | -      | -             | -      | 412",
                    "t             | -      | -             | -      | 412",
                    "''            | -      | -             | -      | 412",
                    "\"t\", *      | -      | -             | -      | 412",
                    "\"t\"         | BEFORE | -             | -      | 200",
                    "\"x\"         | AFTER  | -             | -      | 412",
                    // Step 2.
                    "-             | EQUAL  | -             | -      | 200",
                    "-             | AFTER  | -             | -      | 200",
                    "-             | BEFORE | -             | -      | 412",
                    "-             | soon   | -             | -      | 200",
                    // Step 3.
                    "-             | -      | \"t\"         | -      | 304",
                    "-             | -      | W/\"t\"       | -      | 304",
                    "-             | -      | *             | -      | 304",
                    "-             | -      | \"x\", \"t\"  | -      | 304",
                    "-             | -      | \"x\"         | -      | 200",
                    "-             | -      | t             | -      | 200",
                    "-             | -      | \"x\"         | AFTER  | 200",
                    "-             | -      | t             | AFTER  | 200",
                    "-             | -      | \"t\"         | BEFORE | 304",
                    // Step 4.
                    "-             | -      | -             | EQUAL  | 304",
                    "-             | -      | -             | AFTER  | 304",
                    "-             | -      | -             | BEFORE | 200",
                    "-             | -      | -             | soon   | 200",
                    "-             | -      | -             | 0      | 200",
                    // The first two steps come first, and lead on to the others.
                    "\"x\"         | -      | \"t\"         | -      | 412",
                    "\"t\"         | -      | \"t\"         | -      | 304",
                    "\"t\"         | -      | \"x\"         | -      | 200",
                    "\"t\"         | -      | -             | AFTER  | 304",
                    "-             | BEFORE | \"t\"         | -      | 412",
                    "-             | AFTER  | \"t\"         | -      | 304",
                    "-             | EQUAL  | -             | EQUAL  | 304",
                })
        void stepsAreTakenInTheOrderOfTheRfc(
                String ifMatch, String unmodifiedSince, String noneMatch, String modifiedSince, int status) {
            HttpHeaders request = headers();
            add(request, "If-Match", ifMatch);
            add(request, "If-Unmodified-Since", unmodifiedSince);
            add(request, "If-None-Match", noneMatch);
            add(request, "If-Modified-Since", modifiedSince);

            assertThat(files().answer(HttpMethod.GET, request, resource(), NOW).status())
                    .isEqualTo(status);
            assertThat(files().answer(HttpMethod.HEAD, request, resource(), NOW).status())
                    .isEqualTo(status);
        }

        private void add(HttpHeaders request, String name, String value) {
            if (value != null) {
                request.add(
                        name,
                        switch (value) {
                            case "BEFORE" -> BEFORE;
                            case "EQUAL" -> LAST_MODIFIED;
                            case "AFTER" -> AFTER;
                            default -> value;
                        });
            }
        }

        @Test
        void aListMayComeInSeveralFields() {
            assertThat(answer(HttpMethod.GET, resource(), "If-None-Match", "\"x\"", "If-None-Match", "\"t\"")
                            .status())
                    .isEqualTo(304);
            assertThat(answer(HttpMethod.GET, resource(), "If-Match", "\"x\"", "If-Match", "\"t\"")
                            .status())
                    .isEqualTo(200);
        }

        @Test
        void aRepeatedDateIsIgnored() {
            assertThat(answer(HttpMethod.GET, resource(), "If-Modified-Since", AFTER, "If-Modified-Since", AFTER)
                            .status())
                    .isEqualTo(200);
        }

        @Test
        void aWeakTagSavesTheTransferButGuardsNothing() {
            assertThat(answer(HttpMethod.GET, weak(), "If-None-Match", "W/\"t\"")
                            .status())
                    .isEqualTo(304);
            assertThat(answer(HttpMethod.GET, weak(), "If-Match", "W/\"t\"").status())
                    .isEqualTo(412);
            assertThat(answer(HttpMethod.GET, weak(), "Range", "bytes=0-1", "If-Range", "W/\"t\"")
                            .status())
                    .isEqualTo(200);
        }

        @Test
        void aResourceWithoutATimeIgnoresTimes() {
            assertThat(answer(HttpMethod.GET, undated(), "If-Modified-Since", AFTER)
                            .status())
                    .isEqualTo(200);
            assertThat(answer(HttpMethod.GET, undated(), "If-Unmodified-Since", BEFORE)
                            .status())
                    .isEqualTo(200);
            assertThat(answer(HttpMethod.GET, undated(), "Range", "bytes=0-1", "If-Range", LAST_MODIFIED)
                            .status())
                    .isEqualTo(200);
        }

        @Test
        void notModifiedHasTheValidatorsAndNoContent() {
            Response response = answer(HttpMethod.GET, resource(), "If-None-Match", "\"t\"", "Range", "bytes=0-1");

            assertThat(response.status()).isEqualTo(304);
            assertThat(fields(response))
                    .isEqualTo(Map.of("ETag", "\"t\"", "Last-Modified", LAST_MODIFIED, "Cache-Control", "no-cache"));
            assertThat(response.content()).isNull();
        }

        @Test
        void aFailedPreconditionSaysNothingMore() {
            Response response = answer(HttpMethod.GET, resource(), "If-Match", "\"x\"", "Range", "bytes=99-");

            assertThat(response.status()).isEqualTo(412);
            assertThat(fields(response)).isEqualTo(Map.of("Content-Type", "application/problem+json"));
        }

        @Test
        void aRangeIsAnsweredWithItsBytes() throws IOException {
            Response response = answer(HttpMethod.GET, resource(), "Range", "bytes=2-4");

            assertThat(response.status()).isEqualTo(206);
            assertThat(body(response)).isEqualTo("234");
            assertThat(fields(response))
                    .isEqualTo(Map.of(
                            "Content-Range", "bytes 2-4/10",
                            "ETag", "\"t\"",
                            "Last-Modified", LAST_MODIFIED,
                            "Cache-Control", "no-cache",
                            "Content-Type", "text/plain; charset=utf-8",
                            "X-Content-Type-Options", "nosniff",
                            "Accept-Ranges", "bytes"));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "bytes=0-            | 206 | 0123456789",
                    "bytes=-3            | 206 | 789",
                    "bytes=8-99          | 206 | 89",
                    "bytes=0-3,2-5       | 206 | 012345",
                    "bytes=0-0,9-9       | 200 | 0123456789",
                    "bytes=5-4           | 200 | 0123456789",
                    "lines=1-2           | 200 | 0123456789"
                })
        void rangesOfAFileAndOfMemoryAreTheSame(String range, int status, String body) throws IOException {
            for (Resource resource : Arrays.asList(resource(), undated())) {
                Response response = answer(HttpMethod.GET, resource, "Range", range);

                assertThat(response.status()).isEqualTo(status);
                assertThat(body(response)).isEqualTo(body);
                assertThat(response.content())
                        .extracting(Response.Content::length)
                        .isEqualTo((long) body.length());
            }
        }

        @Test
        void aRangeBeyondTheEndIsToldTheLength() {
            Response response = answer(HttpMethod.GET, resource(), "Range", "bytes=10-");

            assertThat(response.status()).isEqualTo(416);
            assertThat(fields(response))
                    .isEqualTo(Map.of("Content-Range", "bytes */10", "Content-Type", "application/problem+json"));
        }

        @Test
        void twoRangeFieldsAreIgnored() {
            assertThat(answer(HttpMethod.GET, resource(), "Range", "bytes=0-1", "Range", "bytes=0-1")
                            .status())
                    .isEqualTo(200);
        }

        @ParameterizedTest
        @ValueSource(strings = {"bytes=0-1", "bytes=99-"})
        void rangesAreOfGetAlone(String range) {
            assertThat(answer(HttpMethod.HEAD, resource(), "Range", range))
                    .usingRecursiveComparison()
                    .isEqualTo(answer(HttpMethod.GET, resource()));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "\"t\"                           | 206",
                    "\"x\"                           | 200",
                    "W/\"t\"                         | 200",
                    "\"t\", \"x\"                    | 200",
                    "*                               | 200",
                    "t                               | 200",
                    "Fri, 02 Jan 2026 03:04:05 GMT   | 206",
                    "Friday, 02-Jan-26 03:04:05 GMT  | 206",
                    "Fri Jan  2 03:04:05 2026        | 206",
                    "Fri, 02 Jan 2026 03:04:04 GMT   | 200",
                    "Fri, 02 Jan 2026 03:04:06 GMT   | 200",
                    "soon                            | 200"
                })
        void ifRangeLetsTheRangeCountForTheSameBytesOnly(String ifRange, int status) {
            assertThat(answer(HttpMethod.GET, resource(), "Range", "bytes=0-1", "If-Range", ifRange)
                            .status())
                    .isEqualTo(status);
        }

        @Test
        void aDateIsNoStrongValidatorWhileItsSecondLasts() {
            HttpHeaders request = headers("Range", "bytes=0-1", "If-Range", LAST_MODIFIED);

            assertThat(files().answer(HttpMethod.GET, request, resource(), Instant.parse("2026-01-02T03:04:05.999Z"))
                            .status())
                    .isEqualTo(200);
            assertThat(files().answer(HttpMethod.GET, request, resource(), Instant.parse("2026-01-02T03:04:06Z"))
                            .status())
                    .isEqualTo(206);
        }

        @Test
        void twoIfRangesOrOneThatFailsMakeEvenAnUnsatisfiableRangeTheWhole() {
            assertThat(answer(HttpMethod.GET, resource(), "Range", "bytes=99-", "If-Range", "\"x\"")
                            .status())
                    .isEqualTo(200);
            assertThat(answer(
                                    HttpMethod.GET,
                                    resource(),
                                    "Range",
                                    "bytes=0-1",
                                    "If-Range",
                                    "\"t\"",
                                    "If-Range",
                                    "\"t\"")
                            .status())
                    .isEqualTo(200);
        }

        @Test
        void ifRangeWithoutARangeMeansNothing() {
            assertThat(answer(HttpMethod.GET, resource(), "If-Range", "\"x\"").status())
                    .isEqualTo(200);
        }
    }

    @Nested
    class OfTheClassPath {

        private URLClassLoader jar(String... entries) throws IOException {
            Path jar = temp.resolve("web.jar");
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
                for (String entry : entries) {
                    out.putNextEntry(new JarEntry(entry));
                    if (!entry.endsWith("/")) {
                        out.write(entry.getBytes(StandardCharsets.UTF_8));
                    }
                    out.closeEntry();
                }
            }
            return new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
        }

        private URLClassLoader site() throws IOException {
            return jar(
                    "secret.txt",
                    "web/",
                    "web/index.html",
                    "web/docs/",
                    "web/docs/index.html",
                    "web/.env",
                    "web/a/b.js");
        }

        @Test
        void aResourceOfAJarHasATagOfItsContentAndNoTime() throws IOException {
            try (URLClassLoader loader = site()) {
                Response response = get(StaticFiles.classpath(loader, "/web"), "a/b.js");

                assertThat(response.status()).isEqualTo(200);
                assertThat(body(response)).isEqualTo("web/a/b.js");
                assertThat(fields(response))
                        .isEqualTo(Map.of(
                                "ETag", "\"_4yDzZEPCBaaqpdhApOGtw\"",
                                "Cache-Control", "no-cache",
                                "Content-Type", "text/javascript; charset=utf-8",
                                "X-Content-Type-Options", "nosniff",
                                "Accept-Ranges", "bytes"));
            }
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "''         | 200",
                    "docs/      | 200",
                    "docs       | 308",
                    "a/b.js     | 200",
                    "a/b.js/    | 404",
                    "a          | 404",
                    "a/         | 404",
                    "missing    | 404",
                    ".env       | 404"
                })
        void aJarIsServedAsADirectoryIs(String rest, int status) throws IOException {
            try (URLClassLoader loader = site()) {
                assertThat(get(StaticFiles.classpath(loader, "/web"), rest).status())
                        .isEqualTo(status);
            }
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "''         | 200",
                    "docs/      | 200",
                    "docs       | 308",
                    "a.txt      | 200",
                    "a.txt/     | 404",
                    "plain      | 404",
                    "plain/     | 404",
                    "missing    | 404",
                    ".hidden    | 404"
                })
        void aDirectoryOnTheClassPathIsToo(String rest, int status) throws IOException {
            try (URLClassLoader loader =
                    new URLClassLoader(new URL[] {temp.toUri().toURL()}, null)) {
                Response response = get(StaticFiles.classpath(loader, "/root"), rest);

                assertThat(response.status()).isEqualTo(status);
                if (status == 200) {
                    assertThat(response.header("Last-Modified")).isEqualTo(LAST_MODIFIED);
                }
            }
        }

        @Test
        void noSpellingLeadsOut() throws IOException {
            try (URLClassLoader jar = site();
                    URLClassLoader exploded =
                            new URLClassLoader(new URL[] {temp.toUri().toURL()}, null)) {
                StaticFiles ofJar = StaticFiles.classpath(jar, "/web");
                StaticFiles ofDirectory = StaticFiles.classpath(exploded, "/root");

                assertThat(OutsideTheRoot.spellings()).allSatisfy(rest -> {
                    assertThat(get(ofJar, rest).status()).isEqualTo(404);
                    assertThat(get(ofDirectory, rest).status()).isEqualTo(404);
                });
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"a b", "a%2e", "a;b", "a'b\"c", "a+b", "a#b?c", "a^|b", "日本"})
        void namesThatAUrlMustEncodeAreFound(String name) throws IOException {
            write(root.resolve(name), "root/" + name);
            try (URLClassLoader jar = jar("root/" + name);
                    URLClassLoader exploded =
                            new URLClassLoader(new URL[] {temp.toUri().toURL()}, null)) {
                assertThat(body(get(StaticFiles.classpath(jar, "/root"), name))).isEqualTo("root/" + name);
                assertThat(body(get(StaticFiles.classpath(exploded, "/root"), name)))
                        .isEqualTo("root/" + name);
            }
        }

        @Test
        void theContextClassLoaderIsTheDefault() throws IOException {
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            try (URLClassLoader loader = site()) {
                thread.setContextClassLoader(loader);
                StaticFiles files = StaticFiles.classpath("/web");
                thread.setContextClassLoader(before);

                assertThat(body(get(files, ""))).isEqualTo("web/index.html");
            } finally {
                thread.setContextClassLoader(before);
            }
        }

        @Test
        void whatIsKeptIsReadOnceAndIsBounded() throws IOException {
            try (URLClassLoader loader = jar("web/a", "web/b", "web/c")) {
                ClassPathTree tree = new ClassPathTree(loader, "web/", 2 * (512 + 5));

                Resource a = tree.find("a", NOW).orElseThrow();
                Resource b = tree.find("b", NOW).orElseThrow();
                Resource c = tree.find("c", NOW).orElseThrow();

                assertThat(tree.find("a", NOW)).containsSame(a);
                assertThat(tree.find("b", NOW)).containsSame(b);
                assertThat(tree.find("c", NOW).orElseThrow())
                        .isNotSameAs(c)
                        .extracting(Resource::tag)
                        .isEqualTo(c.tag());
                assertThat(tree.cachedBytes()).isEqualTo(2 * (512 + 5));
            }
        }

        @Test
        void whatIsTooLargeIsNotServed() throws IOException {
            Path jar = temp.resolve("large.jar");
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
                out.putNextEntry(new JarEntry("web/fits"));
                out.write(new byte[ClassPathTree.MAX_RESOURCE_BYTES]);
                out.putNextEntry(new JarEntry("web/large"));
                out.write(new byte[ClassPathTree.MAX_RESOURCE_BYTES + 1]);
            }
            try (URLClassLoader loader =
                    new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
                StaticFiles files = StaticFiles.classpath(loader, "/web");

                assertThat(get(files, "fits").status()).isEqualTo(200);
                assertThat(get(files, "large").status()).isEqualTo(404);
            }
        }
    }

    @Nested
    class Settings {

        @Test
        void clientsMayKeepFilesForATime() {
            StaticFiles files =
                    StaticFiles.builder(root).cacheControl(Duration.ofHours(1)).build();

            assertThat(get(files, "a.txt").header("Cache-Control")).isEqualTo("max-age=3600");
        }

        @Test
        void clientsMayKeepFingerprintedFilesForGood() {
            StaticFiles files = StaticFiles.builder(root)
                    .immutable(Pattern.compile("docs/.*\\.js").asMatchPredicate())
                    .build();

            assertThat(get(files, "docs/deep/b.js").header("Cache-Control")).isEqualTo("max-age=31536000, immutable");
            assertThat(get(files, "docs/").header("Cache-Control")).isEqualTo("no-cache");
        }

        @Test
        void mediaTypesMayBeAdded() throws IOException {
            write(root.resolve("model.GLB"), "");
            StaticFiles files = StaticFiles.builder(root)
                    .mediaType("glb", "model/gltf-binary")
                    .build();

            assertThat(get(files, "model.GLB").header("Content-Type")).isEqualTo("model/gltf-binary");
        }

        @Test
        void whatMakesNoSenseIsRefused() {
            StaticFiles.Builder ofFiles = StaticFiles.builder(root);
            ClassLoader loader = StaticFilesTest.class.getClassLoader();

            refused(
                    () -> StaticFiles.directory(root.resolve("a.txt")),
                    "directory: " + root.resolve("a.txt") + " (expected: a directory that exists)");
            refused(
                    () -> ofFiles.cacheControl(Duration.ofSeconds(-1)),
                    "cacheControl: PT-1S (expected: whole seconds, 0 to 2147483647)");
            refused(
                    () -> ofFiles.cacheControl(Duration.ofMillis(1)),
                    "cacheControl: PT0.001S (expected: whole seconds, 0 to 2147483647)");
            refused(
                    () -> ofFiles.mediaType(".GLB", "model/gltf-binary"),
                    "mediaType: .GLB (expected: an extension in lower case, without a dot)");
            refused(
                    () -> ofFiles.mediaType("glb", "a\r\nb"),
                    "header Content-Type: \"a??b\" (expected: no line break, NUL or character over 0xFF)");
            refused(() -> ofFiles.maxCachedBytes(-1), "maxCachedBytes: -1 (expected: >= 0)");
            refused(
                    () -> StaticFiles.builder(root).maxCachedBytes(1).build(),
                    "maxCachedBytes: 1 (expected: not set, files of a directory are not kept)");
            refused(
                    () -> StaticFiles.builder(loader, "/web").followSymlinks().build(),
                    "followSymlinks: set (expected: not set, the class path has no links)");
        }

        @ParameterizedTest
        @ValueSource(strings = {"", "/", "web", "/web/", "//web", "/../web", "/web/.."})
        void theRootOfTheClassPathIsNeverServed(String classpath) {
            refused(
                    () -> StaticFiles.classpath(classpath),
                    "classpath: " + classpath + " (expected: a directory below the root, such as /web)");
        }

        private void refused(Runnable setting, String message) {
            assertThatThrownBy(setting::run)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
        }
    }

    @Test
    void headersThatWereSetAreOnEachAnswer() {
        StaticFiles files = StaticFiles.builder(root)
                .header("Content-Security-Policy", "default-src 'self'")
                .header("Server-Timing", "disk")
                .build();
        Response whole = get(files, "a.txt");
        HttpHeaders known = headers("If-None-Match", String.valueOf(whole.header("ETag")));

        assertThat(whole.headers()).endsWith("Content-Security-Policy", "default-src 'self'", "Server-Timing", "disk");
        Response unchanged = files.answer(exchange(HttpMethod.GET, "/static/", "a.txt", "", known));
        assertThat(unchanged.status()).isEqualTo(304);
        assertThat(unchanged.header("Content-Security-Policy")).isEqualTo("default-src 'self'");
        assertThat(get(files, "none.txt").header("Server-Timing")).isEqualTo("disk");
        Response redirect = files.answer(exchange(HttpMethod.GET, "/static/", "docs", ""));
        assertThat(redirect.status()).isEqualTo(308);
        assertThat(redirect.header("Server-Timing")).isEqualTo("disk");
    }

    @ParameterizedTest
    @ValueSource(strings = {"etag", "Content-Length", "Content-Type", "Cache-Control", "X-Content-Type-Options"})
    void headersThatAreSetAnywayAreRefused(String name) {
        assertThatThrownBy(() -> StaticFiles.builder(root).header(name, "1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("header " + name + " (expected: none, it is set by StaticFiles)");
    }

    @Test
    void headersThatWouldFrameOrBreakTheMessageAreRefused() {
        StaticFiles.Builder builder = StaticFiles.builder(root);

        assertThatThrownBy(() -> builder.header("Transfer-Encoding", "chunked"))
                .hasMessage("header Transfer-Encoding (expected: none, it is set by the server)");
        assertThatThrownBy(() -> builder.header("Connection", "close"))
                .hasMessage("header Connection (expected: none, it is set by the server)");
        assertThatThrownBy(() -> builder.header("X", "a\r\nSet-Cookie: b"))
                .hasMessageStartingWith("header X: \"a??Set-Cookie: b\"");
        assertThat(get(builder.build(), "a.txt").header("X")).isNull();
    }
}
