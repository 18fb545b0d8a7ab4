package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** No token at all makes the policy fail, and none that wasn't signed lets anybody in. */
class JoinTokensFuzzTest {
    private static final String[] PIECES = {
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"v\":1",
        "\"room\":\"team\"",
        "\"exp\":9999999999",
        "\"nbf\":0",
        "\"rights\":",
        "\"call\"",
        "\"own\"",
        "\"metadata\":{}",
        "\"once\":\"0123456789abcdef\"",
        "\"joinsOnly\":true",
        "\"name\":\"\"",
        "null",
        "1e9",
        "-1",
        "\"\\ud800\"",
        "\u00e9",
        " ",
        "\0",
        "{\"v\":1,\"room\":\"team\",\"exp\":9999999999"
    };

    private final JoinTokens tokens = JoinTokens.hmac(JoinTokensTest.SECRET);

    @FuzzTest(maxDuration = "10m")
    void anyBytes(byte[] input) throws Exception {
        assertThat(JoinTokensTest.join(tokens, "team", new String(input, ISO_8859_1))
                        .refusal())
                .isEqualTo("the token is not valid");
        isDecided(new String(input, UTF_8));
    }

    @Test
    void anyPiecesTogether() throws Exception {
        SplittableRandom random = new SplittableRandom(774);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder payload = new StringBuilder();
            for (int left = random.nextInt(16); left > 0; left--) {
                payload.append(PIECES[random.nextInt(PIECES.length)]);
            }
            isDecided(payload.toString());
        }
    }

    private void isDecided(String payload) throws Exception {
        Admission admission =
                JoinTokensTest.join(tokens, "team", JoinTokensTest.signed(JoinTokensTest.SECRET, payload));

        if (admission.refusal() == null) {
            assertThat(payload).contains("\"v\"", "\"room\"", "\"exp\"");
        } else {
            assertThat(admission.refusal()).startsWith("the token ");
        }
    }
}
