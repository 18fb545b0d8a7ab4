package dev.parley.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderValidationUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a client asks for its stream with: the method, the headers and the body of one attempt.
 *
 * <pre>{@code
 * SseClient.builder(uri).request(attempt -> SseRequest.get().header("Authorization", "Bearer " + tokens.current()))
 * }</pre>
 *
 * <p><b>Wire.</b> {@code Host}, {@code Accept: text/event-stream}, {@code Cache-Control: no-store} and
 * {@code Last-Event-ID} are added; a header of one's own takes the place of the second and the third.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * <p><b>Errors.</b> A header that would break out of its field is refused with {@link IllegalArgumentException}, which
 * does not show the value, since that may be a secret.
 */
public final class SseRequest {
    /** Those that frame the message or speak for the client. */
    private static final Set<String> RESERVED = Set.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "last-event-id",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final Set<String> CREDENTIALS = Set.of("authorization", "cookie", "proxy-authorization");

    private static final SseRequest GET = new SseRequest(HttpMethod.GET, List.of(), new byte[0]);

    private record Header(String name, String value) {
        boolean isOneOf(Set<String> lowerCaseNames) {
            return lowerCaseNames.contains(name.toLowerCase(Locale.ROOT));
        }
    }

    private final HttpMethod method;
    private final List<Header> headers;
    private final byte[] body;

    private SseRequest(HttpMethod method, List<Header> headers, byte[] body) {
        this.method = method;
        this.headers = headers;
        this.body = body;
    }

    /**
     * A {@code GET}, as {@code EventSource} sends it.
     *
     * @return the request
     */
    public static SseRequest get() {
        return GET;
    }

    /**
     * A {@code POST}, for streams that answer a question.
     *
     * @param contentType the media type of the body
     * @param body the body, which is copied
     * @return the request
     */
    public static SseRequest post(String contentType, byte[] body) {
        return new SseRequest(HttpMethod.POST, List.of(), body.clone()).header("Content-Type", contentType);
    }

    /**
     * The same with one more header. Headers of the same name are sent one after the other.
     *
     * @param name the field's name, none of those that the client sets: {@code Host}, {@code Last-Event-ID}, and those
     *     that frame the message
     * @param value the field's value, in Latin-1
     * @return a new request
     */
    public SseRequest header(String name, String value) {
        if (name.isEmpty() || HttpHeaderValidationUtil.validateToken(name) != -1) {
            throw new IllegalArgumentException(
                    "header name: \"" + name.replaceAll("[^!-~]", "?") + "\" (expected: a token of RFC 9110)");
        }
        Header header = new Header(name, value);
        if (header.isOneOf(RESERVED)) {
            throw new IllegalArgumentException("header " + name + " (expected: none, it is set by the client)");
        }
        if (HttpHeaderValidationUtil.validateValidHeaderValue(value) != -1
                || value.chars().anyMatch(c -> c > 0xFF)) {
            throw new IllegalArgumentException(
                    "header " + name + " (expected: no line break, NUL or character over 0xFF in its value)");
        }
        return new SseRequest(
                method, Stream.concat(headers.stream(), Stream.of(header)).toList(), body);
    }

    /** The same for another origin, which must not learn what only the first may know. */
    SseRequest withoutCredentials() {
        return without(header -> header.isOneOf(CREDENTIALS));
    }

    /** The same as a {@code GET}: what a redirect makes of a {@code POST}, unless it is 307 or 308 (RFC 9110, 15.4). */
    SseRequest asGet() {
        SseRequest bodiless =
                without(header -> header.name.toLowerCase(Locale.ROOT).startsWith("content-"));
        return new SseRequest(HttpMethod.GET, bodiless.headers, new byte[0]);
    }

    private SseRequest without(Predicate<Header> left) {
        return new SseRequest(method, headers.stream().filter(left.negate()).toList(), body);
    }

    FullHttpRequest toHttp(Target target, String lastEventId) {
        // All is checked already, and an id may hold what is no text to HTTP: browsers send it as it is, too.
        HttpHeaders fields = DefaultHttpHeadersFactory.headersFactory()
                .withValidation(false)
                .newHeaders()
                .add("Host", target.authority());
        headers.forEach(header -> fields.add(header.name, header.value));
        addIfMissing(fields, "Accept", "text/event-stream");
        addIfMissing(fields, "Cache-Control", "no-store");
        if (!lastEventId.isEmpty()) {
            fields.add("Last-Event-ID", new AsciiString(lastEventId.getBytes(UTF_8), false));
        }
        if (!method.equals(HttpMethod.GET)) {
            fields.add("Content-Length", body.length);
        }
        return new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                method,
                target.requestTarget(),
                Unpooled.wrappedBuffer(body),
                fields,
                EmptyHttpHeaders.INSTANCE);
    }

    private static void addIfMissing(HttpHeaders fields, String name, String value) {
        if (!fields.contains(name)) {
            fields.add(name, value);
        }
    }
}
