package dev.parley.http;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A problem that a client is told of, as {@code application/problem+json}.
 *
 * <p><b>Wire.</b> <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>. A {@code null} member is left out; no
 * type means {@code about:blank}.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param type a URI that names the kind of problem
 * @param title a short summary of the kind
 * @param status the HTTP status, 400 to 599
 * @param detail what happened this time; it reaches the client, so it must hold nothing secret
 * @param extensions further members, in order
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Problem(
        @Nullable String type,
        String title,
        int status,
        @Nullable String detail,
        @JsonAnyGetter Map<String, Object> extensions) {

    /**
     * Checks the status and copies the extensions.
     *
     * @param type {@code null} for {@code about:blank}
     * @param title never {@code null}
     * @param status 400 to 599
     * @param detail {@code null} for none
     * @param extensions copied
     */
    public Problem {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status: " + status + " (expected: 400 to 599)");
        }
        extensions = Collections.unmodifiableMap(new LinkedHashMap<>(extensions)); // Map.copyOf loses the order
    }

    /**
     * A problem of no special type.
     *
     * @param status the HTTP status, 400 to 599
     * @return the problem, with the status' own reason phrase as its title
     */
    public static Problem of(int status) {
        return new Problem(null, Response.reason(status), status, null, Map.of());
    }

    /**
     * A problem of no special type, with a word on what happened.
     *
     * @param status the HTTP status, 400 to 599
     * @param detail what happened this time; it reaches the client, so it must hold nothing secret
     * @return the problem
     */
    public static Problem of(int status, String detail) {
        return new Problem(null, Response.reason(status), status, detail, Map.of());
    }

    /**
     * The same problem with one more member.
     *
     * @param name the member's name
     * @param value its value, as Jackson writes it
     * @return a new problem
     */
    public Problem with(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(extensions);
        more.put(name, value);
        return new Problem(type, title, status, detail, more);
    }

    /**
     * The problem as an exception, to be thrown by an endpoint.
     *
     * @return a new exception
     */
    public ProblemException asException() {
        return new ProblemException(this);
    }
}
