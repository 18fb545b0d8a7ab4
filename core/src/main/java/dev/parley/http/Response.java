package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A whole response, or the head of a streamed one.
 *
 * <pre>{@code
 * Response.json(order).status(201).header("Location", "/orders/" + order.id())
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable: each setter gives a new response. One response may answer any number of exchanges, and
 * a constant one is the cheapest.
 *
 * <p><b>Errors.</b> A header with a line break, NUL or another character that HTTP does not allow is refused with
 * {@link IllegalArgumentException}; so are the fields that Parley sets by itself ({@code Transfer-Encoding},
 * {@code Connection}, {@code Date}; {@code Content-Length} except for the head of a stream). {@code Upgrade} is for HTTP/1.1, where
 * {@code Connection: upgrade} goes with it; HTTP/2 has none, and leaves it out.
 */
public final class Response {
    private static final String[] NO_HEADERS = {};
    private static final Response NO_CONTENT = of(204);

    private final int status;
    /** Names and values in turn, in the order in which they were added. */
    private final String[] headers;

    private final @Nullable Content content;
    /** The {@code Content-Length} of a streamed response, or -1. */
    private final long announcedLength;
    /** The status line and the headers as HTTP/1.1 has them; made when first needed, perhaps by several threads. */
    private volatile byte @Nullable [] encoded;

    /** What follows the head of a whole response. */
    sealed interface Content {
        long length();

        record Bytes(byte[] bytes) implements Content {
            @Override
            public long length() {
                return bytes.length;
            }
        }

        /** A part of a file. It is opened off the event loop when it is sent. */
        record File(Path path, long offset, long length) implements Content {}
    }

    private Response(int status, String[] headers, @Nullable Content content, long announcedLength) {
        this.status = status;
        this.headers = headers;
        this.content = content;
        this.announcedLength = announcedLength;
    }

    /**
     * A response without a body.
     *
     * @param status the HTTP status, 200 to 599
     * @return the response
     */
    public static Response of(int status) {
        return new Response(checked(status), NO_HEADERS, null, -1);
    }

    /**
     * 204, without a body.
     *
     * @return the response
     */
    public static Response noContent() {
        return NO_CONTENT;
    }

    /**
     * 200 with text.
     *
     * @param text the text, sent as UTF-8
     * @return the response
     */
    public static Response text(String text) {
        return bytes("text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * 200 with HTML.
     *
     * @param html the page, sent as UTF-8
     * @return the response
     */
    public static Response html(String html) {
        return bytes("text/html; charset=utf-8", html.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * 200 with JSON.
     *
     * @param value what Jackson can write: a record, a map, a list, …
     * @return the response; the value is written now, on the calling thread
     */
    public static Response json(Object value) {
        return bytes("application/json", Json.write(value));
    }

    /**
     * 200 with bytes.
     *
     * @param contentType their media type
     * @param bytes the bytes, which must not be changed afterwards
     * @return the response
     */
    public static Response bytes(String contentType, byte[] bytes) {
        return of(200).header("Content-Type", contentType).content(new Content.Bytes(bytes));
    }

    /**
     * A problem, as {@code application/problem+json} (<a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>).
     *
     * @param problem the problem, whose status becomes the status
     * @return the response
     */
    public static Response problem(Problem problem) {
        return of(problem.status())
                .header("Content-Type", "application/problem+json")
                .content(new Content.Bytes(Json.write(problem)));
    }

    /**
     * A redirect.
     *
     * @param status 301, 302, 303, 307 or 308
     * @param location where to, as a URI reference that is encoded already
     * @return the response
     */
    public static Response redirect(int status, String location) {
        return switch (status) {
            case 301, 302, 303, 307, 308 -> of(status).header("Location", location);
            default ->
                throw new IllegalArgumentException("status: " + status + " (expected: 301, 302, 303, 307 or 308)");
        };
    }

    /**
     * 200 with a whole file, sent without a copy through the heap where the transport allows. {@link StaticFiles} does
     * more: types, validators, ranges.
     *
     * @param contentType its media type
     * @param file a regular file; its size is taken, and it is opened, off the event loop when the response is sent
     * @return the response; 404 is sent in its place if there is no such file
     */
    public static Response file(String contentType, Path file) {
        return of(200).header("Content-Type", contentType).content(new Content.File(file, 0, -1));
    }

    /**
     * The same with another status.
     *
     * @param status the HTTP status, 200 to 599
     * @return a new response
     */
    public Response status(int status) {
        return new Response(checked(status), headers, content, announcedLength);
    }

    /**
     * The same with one more header. Headers of the same name are sent one after the other.
     *
     * @param name the field's name
     * @param value the field's value
     * @return a new response
     */
    public Response header(String name, String value) {
        checkField(name, value);
        if (name.equalsIgnoreCase("Transfer-Encoding")
                || name.equalsIgnoreCase("Connection")
                || name.equalsIgnoreCase("Date")) {
            throw new IllegalArgumentException("header " + name + " (expected: none, it is set by the server)");
        }
        if (name.equalsIgnoreCase("Content-Length")) {
            return contentLength(value);
        }
        String[] more = Arrays.copyOf(headers, headers.length + 2);
        more[headers.length] = name;
        more[headers.length + 1] = value;
        return new Response(status, more, content, announcedLength);
    }

    /** Whether a field is one that can be sent as it is: neither part ends the line or begins another. */
    static void checkField(String name, String value) {
        if (name.isEmpty() || HttpHeaderValidationUtil.validateToken(name) != -1) {
            throw new IllegalArgumentException("header name: " + quoted(name) + " (expected: a token of RFC 9110)");
        }
        if (HttpHeaderValidationUtil.validateValidHeaderValue(value) != -1 || !isLatin1(value)) {
            throw new IllegalArgumentException(
                    "header " + name + ": " + quoted(value) + " (expected: no line break, NUL or character over 0xFF)");
        }
    }

    /** The same with what follows the head. */
    private Response contentLength(String value) {
        try {
            long length = Long.parseLong(value);
            if (length >= 0 && content == null) {
                return new Response(status, headers, null, length);
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException(
                "header Content-Length: " + quoted(value) + " (expected: 0 or more, for the head of a stream)");
    }

    /** The same with the length of a body that follows. */
    Response withLength(long length) {
        return new Response(status, headers, null, length);
    }

    long announcedLength() {
        return announcedLength;
    }

    Response content(Content body) {
        return new Response(status, headers, body, announcedLength);
    }

    /**
     * The HTTP status.
     *
     * @return 200 to 599
     */
    public int status() {
        return status;
    }

    /**
     * The first header of a name.
     *
     * @param name the field's name, in any case
     * @return its value, or {@code null}
     */
    public @Nullable String header(String name) {
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i].equalsIgnoreCase(name)) {
                return headers[i + 1];
            }
        }
        return null;
    }

    /**
     * Goes through all headers, in the order in which they were added.
     *
     * @param header gets name and value
     */
    public void forEachHeader(BiConsumer<String, String> header) {
        for (int i = 0; i < headers.length; i += 2) {
            header.accept(headers[i], headers[i + 1]);
        }
    }

    /**
     * The body, where it is known as bytes.
     *
     * @return the bytes, which must not be changed; empty if there is no body, or it is a file
     */
    public Optional<byte[]> body() {
        return content instanceof Content.Bytes known ? Optional.of(known.bytes()) : Optional.empty();
    }

    byte[] encoded() {
        byte[] bytes = encoded;
        if (bytes == null) {
            bytes = Http1ByteWriter.encode(status, headers);
            encoded = bytes;
        }
        return bytes;
    }

    String[] headers() {
        return headers;
    }

    @Nullable
    Content content() {
        return content;
    }

    static String reason(int status) {
        return status == 104 // not registered for good, and unknown to Netty
                ? "Upload Resumption Supported"
                : HttpResponseStatus.valueOf(status).reasonPhrase();
    }

    private static int checked(int status) {
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 200 to 599)");
        }
        return status;
    }

    private static boolean isLatin1(String value) {
        return value.chars().allMatch(c -> c <= 0xFF);
    }

    /** An argument as an exception may show it: short, and without control characters. */
    private static String quoted(String text) {
        String start = text.length() > 64 ? text.substring(0, 64) + "…" : text;
        return '"' + start.replaceAll("\\p{Cntrl}", "?") + '"';
    }
}
