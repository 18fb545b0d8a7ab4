package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProblemTest {

    private static String json(Problem problem) {
        Response response = Response.problem(problem);
        assertThat(response.status()).isEqualTo(problem.status());
        assertThat(response.header("Content-Type")).isEqualTo("application/problem+json");
        return response.content() instanceof Response.Content.Bytes it
                ? new String(it.bytes(), StandardCharsets.UTF_8)
                : "";
    }

    @Test
    void membersThatAreMissingAreLeftOut() {
        assertThat(json(Problem.of(404))).isEqualTo("{\"title\":\"Not Found\",\"status\":404}");
    }

    @Test
    void aDetailIsQuoted() {
        assertThat(json(Problem.of(400, "a \"b\"\n")))
                .isEqualTo("{\"title\":\"Bad Request\",\"status\":400,\"detail\":\"a \\\"b\\\"\\n\"}");
    }

    @Test
    void extensionsAreMembersOfTheirOwn() {
        Problem problem = new Problem("https://example.org/p", "Out of ink", 503, null, Map.of()).with("line", 3);
        assertThat(json(problem))
                .isEqualTo("{\"type\":\"https://example.org/p\",\"title\":\"Out of ink\",\"status\":503,\"line\":3}");
    }

    @Test
    void extensionsKeepTheirOrder() {
        Problem problem = Problem.of(400);
        StringBuilder expected = new StringBuilder("{\"title\":\"Bad Request\",\"status\":400");
        for (int i = 0; i < 20; i++) {
            problem = problem.with("member" + i, i);
            expected.append(",\"member").append(i).append("\":").append(i);
        }
        assertThat(json(problem)).isEqualTo(expected.append('}').toString());
    }

    @Test
    void aProblemIsAnError() {
        assertThatThrownBy(() -> Problem.of(200))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("status: 200 (expected: 400 to 599)");
    }

    @Test
    void itsExceptionSaysWhatHappenedAndHasNoTrace() {
        ProblemException exception = Problem.of(409, "taken").asException();
        assertThat(exception).hasMessage("409 Conflict: taken");
        assertThat(exception.getStackTrace()).isEmpty();
    }
}
