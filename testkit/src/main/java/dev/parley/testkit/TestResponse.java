package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Protocol;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * A whole answer of a {@link TestServer}.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into {@link #body}.
 */
public final class TestResponse {
    private final String request;
    private final Protocol protocol;
    private final List<TestInterim> interims;
    private final int status;
    private final HttpHeaders headers;
    private final byte[] body;
    private final HttpHeaders trailers;

    TestResponse(Protocol protocol, Answer answer) {
        this.request = answer.request();
        this.protocol = protocol;
        this.interims = List.copyOf(answer.interims());
        this.status = answer.status();
        this.headers = answer.headers();
        this.body = answer.takeAll();
        this.trailers = answer.trailers();
    }

    /**
     * The version of HTTP.
     *
     * @return what the client spoke
     */
    public Protocol protocol() {
        return protocol;
    }

    /**
     * The interim responses that came ahead of the answer, such as {@code 100 Continue}.
     *
     * @return the responses in order
     */
    public List<TestInterim> interims() {
        return interims;
    }

    /**
     * The status code.
     *
     * @return 200 or more, or 101 after a switch of protocol
     */
    public int status() {
        return status;
    }

    /**
     * The headers as they came, without pseudo-headers.
     *
     * @return the headers
     */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * The first header of a name.
     *
     * @param name the field's name, in any case
     * @return its value; empty where there is none of that name
     */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /**
     * The body, after transfer decoding. That of a whole event stream too.
     *
     * @return the bytes themselves, not a copy; empty where there was no body
     */
    public byte[] body() {
        return body;
    }

    /**
     * The body as UTF-8.
     *
     * @return the text
     */
    public String text() {
        return new String(body, UTF_8);
    }

    /**
     * The body as JSON.
     *
     * @param type the type to read it into; {@code JsonNode} for any JSON
     * @param <T> the type
     * @return the value
     */
    public <T> T json(Class<T> type) {
        return JsonMapper.shared().readValue(body, type);
    }

    /**
     * The trailers.
     *
     * @return the trailer section, empty where there was none
     */
    public HttpHeaders trailers() {
        return trailers;
    }

    /** What was asked and answered, in one line. */
    @Override
    public String toString() {
        return request + ": " + status + " " + Text.quote(body);
    }
}
