package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpUtil;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * A request's whole body.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into {@link #bytes}.
 */
public final class Body {
    private final byte[] bytes;
    private final HttpHeaders headers;
    private final HttpHeaders trailers;

    Body(byte[] bytes, HttpHeaders headers, HttpHeaders trailers) {
        this.bytes = bytes;
        this.headers = headers;
        this.trailers = trailers;
    }

    /**
     * The bytes as they came, after transfer decoding.
     *
     * @return the bytes themselves, not a copy; empty where there was no body
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * The body as text, in the charset of its {@code Content-Type}, else UTF-8.
     *
     * @return the text; what is not legal in the charset becomes U+FFFD
     */
    public String text() {
        String contentType = headers.get(HttpHeaderNames.CONTENT_TYPE);
        Charset charset =
                contentType == null ? StandardCharsets.UTF_8 : HttpUtil.getCharset(contentType, StandardCharsets.UTF_8);
        return new String(bytes, charset);
    }

    /**
     * The body as JSON, read into a Java type, with unknown properties ignored.
     *
     * @param type the type, such as a record
     * @param <T> the type
     * @return the value
     * @throws ProblemException (400) where the body is not JSON of that shape; it tells the line and the column, and
     *     repeats nothing of the body
     */
    public <T> T json(Class<T> type) {
        return Json.read(bytes, type);
    }

    /**
     * The trailer section of the request.
     *
     * @return the trailers, empty where there was none
     */
    public HttpHeaders trailers() {
        return trailers;
    }
}
