package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a directory, or of the class path, as an endpoint.
 *
 * <pre>{@code
 * Routes.builder()
 *     .files("/", StaticFiles.classpath("/web"))
 *     .files("/media", StaticFiles.builder(Path.of("media")).cacheControl(Duration.ofHours(1)).build())
 * }</pre>
 *
 * <p><b>Wire.</b> {@code GET} and {@code HEAD}. The media type follows from the extension. Each answer has an
 * {@code ETag}, files a {@code Last-Modified} too, and conditional requests
 * (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-13">RFC 9110 section 13</a>) are answered with 304 and 412.
 * A range of bytes (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-14">section 14</a>) is answered with 206,
 * or with 416 if there is none such. Ranges that overlap or adjoin are made one; where several are left, the whole is
 * sent, which section 14.2 allows: hardly any client asks for it, and those that do to harm a server gain nothing.
 *
 * <p>A directory stands for the {@code index.html} in it; asked for without the slash at its end, it redirects there.
 * Nothing is ever listed.
 *
 * <p><b>What is served.</b> Only what is below the root. A path is refused that has an empty segment, a control
 * character, a backslash, a colon, a segment that ends in a dot or space, or one with a tilde and a digit: what is
 * harmless on one system names a device, a stream or a parent on another. Symbolic links may not lead out of a
 * directory, unless {@link Builder#followSymlinks} is set; names that begin with a dot are not there, unless
 * {@link Builder#hiddenFiles} is set. Whatever is refused, missing or unreadable is 404, and looks alike.
 *
 * <p>A file whose size and time are the same as before is taken to be the same. Where a deployment sets the time of
 * every file to one constant, serve from the class path, or under new names.
 *
 * <p><b>Threading.</b> Immutable. Files are looked at and read on {@link Exchange#executor}, never on an event loop.
 *
 * <p><b>Errors.</b> Failures to read are logged at DEBUG. A client is never told a path of the server.
 *
 * <p><b>Limits.</b> At most 16 ranges are read; a request for more is answered with the whole. Resources in jars are
 * kept in memory up to {@link Builder#maxCachedBytes}; one over 16 MiB is not served.
 */
public final class StaticFiles implements Endpoint {
    private static final Logger log = LoggerFactory.getLogger(StaticFiles.class);
    private static final String INDEX = "index.html";

    /** A year is what the web means by for good; {@code immutable} spares the check on reload too (RFC 8246). */
    private static final String IMMUTABLE = "max-age=31536000, immutable";

    /**
     * What no segment of a path may have, on any system, so that a path means the same on all: controls, Windows'
     * separator, its drives and streams ({@code C:}, {@code file::$DATA}), the ends that it strips, and its short names
     * ({@code HTPASS~1} for {@code .htpasswd}). Covers {@code .} and {@code ..}.
     */
    private static final Pattern REFUSED = Pattern.compile("[\\p{Cc}\\\\:]|~\\d|[. ]\\z");

    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    /** What a query may have: RFC 3986 section 3.4. It is encoded already, so its percent signs stay. */
    private static final String QUERY = UNRESERVED + "!$&'()*+,;=:@/?%";

    private final FileTree tree;
    private final MediaTypes types;
    private final String cacheControl;
    private final Predicate<String> immutable;
    private final Hidden hidden;
    /** Names and values in turn, for each answer. */
    private final List<String> headers;
    /** Not for each request anew. */
    private final Endpoint offTheLoop = Endpoints.blocking(exchange -> exchange.respond(answer(exchange)));

    private enum Hidden {
        REFUSED,
        SERVED
    }

    private StaticFiles(Builder builder, FileTree tree) {
        this.tree = tree;
        types = builder.types;
        cacheControl = builder.cacheControl;
        immutable = builder.immutable;
        hidden = builder.hidden;
        headers = List.copyOf(builder.headers);
    }

    /**
     * The files of a directory.
     *
     * @param root a directory that exists
     * @return an endpoint with the default settings
     * @throws IllegalArgumentException if there is no such directory
     */
    public static StaticFiles directory(Path root) {
        return builder(root).build();
    }

    /**
     * The resources of the class path, by the context class loader of the calling thread.
     *
     * @param root a directory of the class path, such as {@code /web}
     * @return an endpoint with the default settings
     */
    public static StaticFiles classpath(String root) {
        return builder(contextLoader(), root).build();
    }

    /**
     * The resources of a class loader.
     *
     * @param loader finds the resources; those of a named module only where their package is open
     * @param root a directory of the class path, such as {@code /web}
     * @return an endpoint with the default settings
     */
    public static StaticFiles classpath(ClassLoader loader, String root) {
        return builder(loader, root).build();
    }

    /**
     * Begins with the files of a directory.
     *
     * @param root a directory that exists; where it is a symbolic link, the link is followed for each request
     * @return a new builder
     * @throws IllegalArgumentException if there is no such directory
     */
    public static Builder builder(Path root) {
        if (!Files.isDirectory(root)) {
            throw new IllegalArgumentException("directory: " + root + " (expected: a directory that exists)");
        }
        return new Builder(builder -> builder.directoryTree(root.toAbsolutePath()));
    }

    /**
     * Begins with the resources of a class loader.
     *
     * @param loader finds the resources; those of a named module only where their package is open
     * @param root a directory of the class path, such as {@code /web}; not the root of it, where the classes and the
     *     configuration are
     * @return a new builder
     */
    public static Builder builder(ClassLoader loader, String root) {
        if (!root.startsWith("/") || !isServable(root.substring(1), Hidden.REFUSED)) {
            throw new IllegalArgumentException(
                    "classpath: " + root + " (expected: a directory below the root, such as /web)");
        }
        return new Builder(builder -> builder.classPathTree(loader, root.substring(1) + '/'));
    }

    private static ClassLoader contextLoader() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return context != null ? context : ClassLoader.getSystemClassLoader();
    }

    @Override
    public void handle(Exchange exchange) throws Exception {
        offTheLoop.handle(exchange);
    }

    /** Whatever the exchange asks for, found on disk and weighed, with the headers that were set. Blocks. */
    Response answer(Exchange exchange) {
        Response answer = found(exchange);
        for (int i = 0; i < headers.size(); i += 2) {
            answer = answer.header(headers.get(i), headers.get(i + 1));
        }
        return answer;
    }

    private Response found(Exchange exchange) {
        // The clock of the machine, not that of the server: it is compared to the times of files, which are of no
        // other.
        Instant now = Instant.now();
        String asked = exchange.path();
        String rest = exchange.path("*");
        boolean directory = asked.endsWith("/");
        Optional<Resource> resource = directory ? find(rest + INDEX, now) : find(rest, now);
        if (resource.isPresent()) {
            return answer(exchange.method(), exchange.headers(), resource.get(), now);
        }
        String index = rest.isEmpty() ? INDEX : rest + '/' + INDEX;
        return !directory && find(index, now).isPresent()
                ? toDirectory(asked, exchange.target())
                : Response.problem(Problem.of(404));
    }

    /** What may be served under a path below the root: a file, never a directory. */
    Optional<Resource> find(String path, Instant now) {
        if (!isServable(path, hidden)) {
            return Optional.empty();
        }
        try {
            return tree.find(path, now);
        } catch (IOException unreadable) {
            log.debug("Not served: {}", path, unreadable);
            return Optional.empty();
        }
    }

    /** Whether a path, by its text alone, is one that any system takes for just what it says. */
    private static boolean isServable(String path, Hidden hidden) {
        for (String segment : path.split("/", -1)) {
            if (segment.isEmpty()
                    || (hidden == Hidden.REFUSED && segment.startsWith("."))
                    || REFUSED.matcher(segment).find()) {
                return false;
            }
        }
        return true;
    }

    /** The answer to a request for what there is. */
    Response answer(HttpMethod method, HttpHeaders request, Resource resource, Instant now) {
        String path = resource.path();
        return new Retrieval(resource, types.of(path), immutable.test(path) ? IMMUTABLE : cacheControl)
                .answer(method, request, now);
    }

    /**
     * To the same path with a slash at its end. The location is relative to what the client asked for, so that it is
     * right behind a proxy that cuts off a prefix, and leads to no other host whatever the path looks like.
     */
    private Response toDirectory(String asked, String target) {
        int query = target.indexOf('?');
        String location = encoded(asked.substring(asked.lastIndexOf('/') + 1), UNRESERVED)
                + '/'
                + (query < 0 ? "" : '?' + encoded(target.substring(query + 1), QUERY));
        // Else a client may keep it for good (RFC 9110 section 15.4.9), and the directory may become a file.
        return Response.redirect(308, location).header("Cache-Control", cacheControl);
    }

    /** As UTF-8, with a percent sign and two digits for each byte that is not allowed to stand for itself. */
    static String encoded(String text, String allowed) {
        StringBuilder encoded = new StringBuilder(text.length() + 16);
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            if (allowed.indexOf(octet) >= 0) {
                encoded.append((char) octet);
            } else {
                encoded.append('%')
                        .append(Character.toUpperCase(Character.forDigit(octet >> 4 & 0xF, 16)))
                        .append(Character.toUpperCase(Character.forDigit(octet & 0xF, 16)));
            }
        }
        return encoded.toString();
    }

    /** Builds {@link StaticFiles}. Not thread-safe. */
    public static final class Builder {
        private static final long DEFAULT_CACHED_BYTES = 16 * 1024 * 1024;

        /** What the endpoint says by itself; a second word of it would contradict the first. */
        private static final Set<String> OWN = Set.of(
                "accept-ranges",
                "cache-control",
                "content-encoding",
                "content-length",
                "content-range",
                "content-type",
                "etag",
                "last-modified",
                "location",
                "x-content-type-options");

        /** Makes the tree when all is set. */
        private final Function<Builder, FileTree> tree;

        private MediaTypes types = MediaTypes.BUILT_IN;
        private String cacheControl = "no-cache";
        private Predicate<String> immutable = path -> false;
        private Hidden hidden = Hidden.REFUSED;
        private final List<String> headers = new ArrayList<>();
        private DirectoryTree.@Nullable Symlinks symlinks;
        private @Nullable Long maxCachedBytes;

        private Builder(Function<Builder, FileTree> tree) {
            this.tree = tree;
        }

        /**
         * Lets clients use what they have for a time before they ask again. Default: {@code no-cache}, so that they ask
         * each time, and mostly get a 304.
         *
         * @param maxAge 0 or more, in whole seconds, up to 68 years
         * @return this builder
         */
        public Builder cacheControl(Duration maxAge) {
            if (maxAge.isNegative() || maxAge.getSeconds() > Integer.MAX_VALUE || maxAge.getNano() != 0) {
                throw new IllegalArgumentException(
                        "cacheControl: " + maxAge + " (expected: whole seconds, 0 to " + Integer.MAX_VALUE + ")");
            }
            cacheControl = "max-age=" + maxAge.getSeconds();
            return this;
        }

        /**
         * Lets clients keep some files for good and never ask again: those whose name changes with their content, as
         * bundlers name them. Default: none.
         *
         * <pre>{@code
         * builder.immutable(Pattern.compile("assets/.*-[0-9a-f]{8}\\.(js|css)").asMatchPredicate())
         * }</pre>
         *
         * @param paths tells such a file by its path below the root, which has no slash at its beginning; called from
         *     several threads
         * @return this builder
         */
        public Builder immutable(Predicate<String> paths) {
            immutable = paths;
            return this;
        }

        /**
         * Adds a media type, or replaces one.
         *
         * @param extension an extension, in lower case and without the dot
         * @param type its media type, as {@code Content-Type} states it
         * @return this builder
         */
        public Builder mediaType(String extension, String type) {
            if (!extension.matches("[^.A-Z/]+")) {
                throw new IllegalArgumentException(
                        "mediaType: " + extension + " (expected: an extension in lower case, without a dot)");
            }
            Response.of(200).header("Content-Type", type);
            types = types.with(extension, type);
            return this;
        }

        /**
         * Adds a header to each answer: to 304 too, so that a policy that has changed gets to those who have the file already,
         * and to redirects and errors. Headers of the same name are sent one after the other.
         *
         * @param name the field's name; not one of those that this endpoint sets by itself, such as {@code ETag}, nor one that
         *     frames the message
         * @param value the field's value
         * @return this builder
         */
        public Builder header(String name, String value) {
            if (OWN.contains(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException("header " + name + " (expected: none, it is set by StaticFiles)");
            }
            Response.of(200).header(name, value);
            headers.add(name);
            headers.add(value);
            return this;
        }

        /**
         * Serves files and directories whose name begins with a dot too, such as {@code .well-known}. Be sure that no
         * {@code .git}, {@code .env} or {@code .htpasswd} is below the root.
         *
         * @return this builder
         */
        public Builder hiddenFiles() {
            hidden = Hidden.SERVED;
            return this;
        }

        /**
         * Lets symbolic links lead out of the directory: who may make one in it decides what is served.
         *
         * @return this builder
         */
        public Builder followSymlinks() {
            symlinks = DirectoryTree.Symlinks.ANYWHERE;
            return this;
        }

        /**
         * Sets how much of what comes out of jars is kept in memory. Default: 16 MiB. What finds no room is read anew
         * for each request.
         *
         * @param bytes 0 or more
         * @return this builder
         */
        public Builder maxCachedBytes(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("maxCachedBytes: " + bytes + " (expected: >= 0)");
            }
            maxCachedBytes = bytes;
            return this;
        }

        /**
         * The endpoint.
         *
         * @return a new endpoint
         * @throws IllegalArgumentException if a setting has no meaning for where the files are
         */
        public StaticFiles build() {
            return new StaticFiles(this, tree.apply(this));
        }

        private FileTree directoryTree(Path root) {
            if (maxCachedBytes != null) {
                throw new IllegalArgumentException("maxCachedBytes: " + maxCachedBytes
                        + " (expected: not set, files of a directory are not kept)");
            }
            return new DirectoryTree(root, symlinks == null ? DirectoryTree.Symlinks.INSIDE : symlinks);
        }

        private FileTree classPathTree(ClassLoader loader, String root) {
            if (symlinks != null) {
                throw new IllegalArgumentException(
                        "followSymlinks: set (expected: not set, the class path has no links)");
            }
            return new ClassPathTree(loader, root, maxCachedBytes == null ? DEFAULT_CACHED_BYTES : maxCachedBytes);
        }
    }
}
