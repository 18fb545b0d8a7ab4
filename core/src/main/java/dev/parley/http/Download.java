package dev.parley.http;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One file, or some bytes, to be saved by a browser: safe to serve whoever it is from and whatever is in it.
 *
 * <pre>{@code
 * routes.get("/report", Download.of(path).name("Bericht ä.pdf").type("application/pdf"))
 *
 * exchange.respond(Download.of(stored).name(upload.name()).type(upload.type()).answer(exchange)) // on an executor
 * }</pre>
 *
 * <p><b>Wire.</b> {@code GET} and {@code HEAD}, with the length, so that browsers show progress; ranges and conditional requests as
 * {@link StaticFiles} answers them, so that a download that broke off goes on. Always
 * {@code Content-Disposition: attachment} (<a href="https://www.rfc-editor.org/rfc/rfc6266">RFC 6266</a>),
 * {@code X-Content-Type-Options: nosniff} and {@code Content-Security-Policy: sandbox; default-src 'none'}: nothing in it is run, or shown as a
 * page of this origin. {@code Cache-Control} is {@code private, no-cache}: no cache gives it to somebody else.
 *
 * <p><b>Threading.</b> Immutable: each setter gives a new download. As an endpoint it looks at the file on {@link Exchange#executor}.
 *
 * <p><b>Errors.</b> 404 where there is no such regular file, or none that can be read.
 */
public final class Download implements Endpoint {
    private static final Logger log = LoggerFactory.getLogger(Download.class);

    /** What no browser runs, however it gets there. All of {@code audio/*} and {@code video/*} besides. */
    private static final Set<String> INERT =
            Set.of("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "application/pdf", "text/plain");

    /** Charsets by which no text means something else to a browser: not UTF-7, nor any that is told by its escapes. */
    private static final Set<String> CHARSETS = Set.of("utf-8", "us-ascii", "iso-8859-1", "windows-1252");

    /** RFC 9110 section 8.3.1, and {@code charset} among the parameters. */
    private static final Pattern TYPE = Pattern.compile(
            "(?<type>(?<top>[a-z]{1,16})/[a-z0-9][a-z0-9.+_-]{0,126})\\s*(?:;(?<parameters>.*))?", Pattern.DOTALL);

    private static final Pattern CHARSET =
            Pattern.compile("(?:^|;)\\s*charset=\"?(?<charset>[a-z0-9-]+)\"?\\s*(?:;|$)");

    private final Content content;
    private final String name;
    private final String type;
    private final @Nullable EntityTag tag;

    /** What is looked at anew for each request. */
    private interface Content {
        Optional<Resource> look(Instant now) throws IOException;
    }

    private Download(Content content, String name, String type, @Nullable EntityTag tag) {
        this.content = content;
        this.name = name;
        this.type = type;
        this.tag = tag;
    }

    /**
     * A file, by its own name.
     *
     * @param file a regular file; it is looked at for each request, and links are followed
     * @return the download, of type {@code application/octet-stream}
     */
    public static Download of(Path file) {
        Path last = file.getFileName();
        return new Download(
                now -> Resource.OnDisk.read("", file.toRealPath(), now),
                last == null ? "" : last.toString(),
                MediaTypes.UNKNOWN,
                null);
    }

    /**
     * Bytes; their {@code ETag} is a digest of them, taken now.
     *
     * @param bytes the bytes, which must not be changed afterwards
     * @return the download, named {@code download}, of type {@code application/octet-stream}
     */
    public static Download of(byte[] bytes) {
        Optional<Resource> resource = Optional.of(Resource.InMemory.of("", bytes));
        return new Download(now -> resource, "", MediaTypes.UNKNOWN, null);
    }

    /**
     * The same under the name that a browser offers. Anything may be in it, it need not be trusted: separators of paths, quotes and what Windows refuses
     * become {@code _}; controls, what turns the direction of writing, and halves of characters are left out; dots and spaces at
     * both ends too; names of devices get a {@code _} in front; what is over 220 bytes of UTF-8 is cut before its extension.
     *
     * @param offered the name, with its extension
     * @return a new download
     */
    public Download name(String offered) {
        return new Download(content, offered, type, tag);
    }

    /**
     * The same with the media type that somebody says it has. It is believed if no browser runs such a thing: PNG, JPEG, GIF, WebP and AVIF
     * images, {@code audio/*}, {@code video/*}, {@code application/pdf}, and {@code text/plain}, which is said to be UTF-8 unless it names
     * another charset that is harmless. Parameters are left out. Anything else, malformed or not, stays {@code application/octet-stream}.
     *
     * @param claimed the type, which need not be trusted
     * @return a new download
     */
    public Download type(String claimed) {
        return new Download(content, name, believed(claimed), tag);
    }

    /**
     * The same with a strong {@code ETag}, for content that never changes under it, such as a digest that is known or the id of an upload. Without it the tag of a file is made
     * of its size and time.
     *
     * @param opaque what stands between the quotes: visible ASCII without a quote
     * @return a new download
     * @throws IllegalArgumentException if there is another character in it
     */
    public Download tag(String opaque) {
        return new Download(content, name, type, new EntityTag(EntityTag.Strength.STRONG, opaque));
    }

    @Override
    public void handle(Exchange exchange) throws Exception {
        Endpoints.blocking(it -> it.respond(answer(it))).handle(exchange);
    }

    /**
     * The answer to a request to read it. Blocks while it looks at the file.
     *
     * @param exchange a {@code GET} or {@code HEAD}
     * @return 200, 206, 304, 404, 412 or 416
     */
    public Response answer(Exchange exchange) {
        // The clock of the machine, not that of the server: it is compared to the times of files.
        return answer(exchange, Instant.now());
    }

    private Response answer(Exchange exchange, Instant now) {
        Optional<Resource> found;
        try {
            found = content.look(now);
        } catch (IOException unreadable) {
            log.debug("Not served: {}", name, unreadable);
            found = Optional.empty();
        }
        if (found.isEmpty()) {
            return Response.problem(Problem.of(404));
        }
        Resource resource = tag == null ? found.get() : found.get().tagged(tag);
        Response answer =
                new Retrieval(resource, type, "private, no-cache").answer(exchange.method(), exchange.headers(), now);
        // A problem is not to be saved under the name.
        return answer.status() < 300
                ? answer.header("Content-Disposition", Attachment.of(name))
                        .header("Content-Security-Policy", "sandbox; default-src 'none'")
                : answer;
    }

    private static String believed(String claimed) {
        Matcher matcher = TYPE.matcher(claimed.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return MediaTypes.UNKNOWN;
        }
        String essence = matcher.group("type");
        String top = matcher.group("top");
        if (essence.equals("text/plain")) {
            String parameters = matcher.group("parameters");
            Matcher charset = CHARSET.matcher(parameters == null ? "" : parameters);
            boolean harmless = charset.find() && CHARSETS.contains(charset.group("charset"));
            return "text/plain; charset=" + (harmless ? charset.group("charset") : "utf-8");
        }
        return INERT.contains(essence) || top.equals("audio") || top.equals("video") ? essence : MediaTypes.UNKNOWN;
    }
}
