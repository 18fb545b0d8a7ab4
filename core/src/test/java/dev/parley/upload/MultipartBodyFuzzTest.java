package dev.parley.upload;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Any bytes at all: a listener hears the same wherever they are cut, and whenever it is ready; and no chunk is held in the end.
 *
 * <p>A build runs a generator whose seed is fixed. To search, for ten minutes:
 *
 * <pre>{@code JAZZER_FUZZ=1 mvn -pl core -am test -Djazzer.hooks=true -Dtest=MultipartBodyFuzzTest#anyBytes \
 *   -Dsurefire.failIfNoSpecifiedTests=false}</pre>
 */
class MultipartBodyFuzzTest {
    private static final String HEAD = "\r\nContent-Disposition: form-data; name=a; filename=\"x\"\r\n\r\n";
    private static final String[] PIECES = {
        "\r\n--b" + HEAD,
        "\r\n--b" + HEAD,
        "\r\n--b" + HEAD,
        "\r\n--b",
        "--b",
        "\r\n--",
        "\r\n-",
        "\r\n",
        "\r",
        "\n",
        "-",
        "b",
        "x",
        "\0",
        "xxxxxxxxxxxxxxxxxxxxxxxxx",
        "\r\r\n--b" + HEAD,
        "\r\n--b--",
        "\r\n--b\r\nX: " + "x".repeat(200)
    };
    private static final int GENERATED = 2000;

    /** The first two bytes say where to cut, and when the listener is busy; the others are the body. */
    @FuzzTest(maxDuration = "10m")
    void anyBytes(byte[] input) {
        if (input.length > 2) {
            isHeardAlike(Arrays.copyOfRange(input, 2, input.length), (input[0] & 0xFF) << 8 | input[1] & 0xFF);
        }
    }

    @Test
    void whatIsNearlyAFormIsHeardAlikeHoweverItIsCut() {
        SplittableRandom random = new SplittableRandom(2046);
        int whole = 0;
        for (int i = 0; i < GENERATED; i++) {
            StringBuilder body = new StringBuilder("--b" + HEAD);
            for (int left = random.nextInt(16); left > 0; left--) {
                body.append(PIECES[random.nextInt(PIECES.length)]);
            }
            List<String> heard =
                    isHeardAlike(body.append("\r\n--b--").toString().getBytes(ISO_8859_1), i);
            whole += heard.get(heard.size() - 1).startsWith("!") ? 0 : 1;
        }
        assertThat(whole).isBetween(GENERATED / 10, GENERATED * 9 / 10); // else the generator is not worth much
    }

    private static List<String> isHeardAlike(byte[] body, int seed) {
        List<String> unsplit = MultipartRun.heard(List.of(body), PartRecorder.alwaysReady());
        SplittableRandom random = new SplittableRandom(seed);
        int longest = 1 + random.nextInt(64);
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < body.length; ) {
            int end = Math.min(body.length, at + 1 + random.nextInt(longest));
            pieces.add(Arrays.copyOfRange(body, at, end));
            at = end;
        }
        assertThat(MultipartRun.heard(pieces, new PartRecorder(random::nextBoolean)))
                .isEqualTo(unsplit);
        return unsplit;
    }
}
