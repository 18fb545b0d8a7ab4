package dev.parley.testkit;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.AbstractAssert;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Assertions on a whole answer. Not thread-safe. */
public final class ResponseAssert extends AbstractAssert<ResponseAssert, TestResponse> {
    ResponseAssert(TestResponse actual) {
        super(actual, ResponseAssert.class);
    }

    /**
     * Verifies the status code.
     *
     * @param status the code
     * @return this assertion
     */
    public ResponseAssert hasStatus(int status) {
        isNotNull();
        check("status", actual.status(), status);
        return this;
    }

    /**
     * Verifies that there is exactly one header of a name, with a value.
     *
     * @param name the field's name, in any case
     * @param value its value
     * @return this assertion
     */
    public ResponseAssert hasHeader(String name, String value) {
        isNotNull();
        check("header " + name, actual.headers().getAll(name), List.of(value));
        return this;
    }

    /**
     * Verifies that there is a header of a name.
     *
     * @param name the field's name, in any case
     * @return this assertion
     */
    public ResponseAssert hasHeader(String name) {
        isNotNull();
        if (!actual.headers().contains(name)) {
            throw failure("%s: header %s: none (expected: any)", actual, name);
        }
        return this;
    }

    /**
     * Verifies that there is no header of a name.
     *
     * @param name the field's name, in any case
     * @return this assertion
     */
    public ResponseAssert hasNoHeader(String name) {
        isNotNull();
        check("header " + name, actual.headers().getAll(name), List.of());
        return this;
    }

    /**
     * Verifies that there is exactly one trailer of a name, with a value.
     *
     * @param name the field's name, in any case
     * @param value its value
     * @return this assertion
     */
    public ResponseAssert hasTrailer(String name, String value) {
        isNotNull();
        HttpHeaders trailers = actual.trailers();
        check("trailer " + name, trailers.getAll(name), List.of(value));
        return this;
    }

    /**
     * Verifies all of the body.
     *
     * @param text the body, as UTF-8
     * @return this assertion
     */
    public ResponseAssert hasBody(String text) {
        isNotNull();
        check("body", actual.text(), text);
        return this;
    }

    /**
     * Verifies all of the body.
     *
     * @param bytes the body
     * @return this assertion
     */
    public ResponseAssert hasBody(byte[] bytes) {
        isNotNull();
        check("body", Text.latin1(actual.body()), Text.latin1(bytes));
        return this;
    }

    /**
     * Verifies that there is no body.
     *
     * @return this assertion
     */
    public ResponseAssert hasNoBody() {
        return hasBody("");
    }

    /**
     * Verifies that the body is a piece of JSON, whatever its spaces and the order of its members.
     *
     * @param json the JSON that is expected
     * @return this assertion
     */
    public ResponseAssert hasJson(String json) {
        isNotNull();
        check("JSON", tree(), JsonMapper.shared().readTree(json));
        return this;
    }

    /**
     * Verifies that this is a problem (RFC 9457) with a status, both in its head and in its body.
     *
     * @param status the status
     * @return this assertion
     */
    public ResponseAssert isProblem(int status) {
        hasStatus(status);
        hasHeader("Content-Type", "application/problem+json");
        check("member status", tree().path("status").asInt(0), status);
        return this;
    }

    /**
     * Verifies that this is a problem (RFC 9457) with a status and a detail.
     *
     * @param status the status
     * @param detail what happened, word by word
     * @return this assertion
     */
    public ResponseAssert isProblem(int status, String detail) {
        isProblem(status);
        check("member detail", tree().path("detail").asString(""), detail);
        return this;
    }

    private JsonNode tree() {
        try {
            return actual.json(JsonNode.class);
        } catch (JacksonException e) {
            throw failure("%s: no JSON: %s (expected: JSON)", actual, e.getOriginalMessage());
        }
    }

    private void check(String what, Object is, Object expected) {
        if (!Objects.equals(is, expected)) {
            throw failureWithActualExpected(is, expected, "%s: %s: %s (expected: %s)", actual, what, is, expected);
        }
    }
}
