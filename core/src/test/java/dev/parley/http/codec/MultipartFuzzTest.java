package dev.parley.http.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Any bytes at all: a reader throws nothing but {@link ViolationException}, and hears the same wherever they are cut.
 *
 * <p>A build runs the seeds, and bodies by a generator whose own seed is fixed. To search for new ones, for ten minutes:
 *
 * <pre>{@code JAZZER_FUZZ=1 mvn -pl core -am test -Djazzer.hooks=true -Dtest=MultipartFuzzTest#anyBytes \
 *   -Dsurefire.failIfNoSpecifiedTests=false}</pre>
 */
class MultipartFuzzTest {
    private static final MultipartLimits LIMITS = new MultipartLimits(8, 200, 20, 30);
    private static final int GENERATED = 5000;

    private static final String[] PIECES = {
        "--bo",
        "\r\n--bo",
        "\r\n--bo",
        "\r\n--b",
        "\r\n",
        "\r",
        "\n",
        "-",
        "--",
        " ",
        "x",
        "x\r\n\r\ny",
        "o",
        "\0",
        "\u00e4",
        "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n",
        "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n",
        "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n",
        "\r\nContent-Type: text/plain\r\n",
        "\r\nX: y\r\n",
        "\r\n y",
        "\r\nContent-Disposition: form-data; name=\"a%22\"; filename*=UTF-8''%e2%82%AC\r\n",
        "; name=a",
        "; filename*=UTF-7''x",
        "\r\nContent-Transfer-Encoding: base64\r\n",
        "\r\nContent-Disposition: form-data; name=b; name=c\r\n",
        "\r\nContent-Disposition: form-data; name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
        "\r\nContent-Type: text/plain\r\nContent-Type: text/plain\r\n",
        "\r\nContent-Disposition: form-data\r\n\r\n",
        "\r\nContent-Disposition: form-data; name=\"\r\n",
        "\r\n: x",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "\r\nX: " + "x".repeat(200)
    };

    /** The first byte says where to cut; the others are the body, whose boundary is {@code bo}. */
    @FuzzTest(maxDuration = "10m")
    void anyBytes(byte[] input) {
        if (input.length > 0) {
            isHeardAlikeHoweverItIsCut(Arrays.copyOfRange(input, 1, input.length), input[0] & 0xFF);
        }
    }

    private static List<String> isHeardAlikeHoweverItIsCut(byte[] body, int seed) {
        List<String> whole = HeardParts.of("bo", LIMITS, List.of(body));
        assertThat(HeardParts.of("bo", LIMITS, HeardParts.byteByByte(body)))
                .as("byte by byte")
                .isEqualTo(whole);
        List<byte[]> pieces = new ArrayList<>();
        int length = 2 + seed % 30;
        for (int at = 0; at < body.length; at += length) {
            pieces.add(Arrays.copyOfRange(body, at, Math.min(body.length, at + length)));
        }
        assertThat(HeardParts.of("bo", LIMITS, pieces)).as("in pieces").isEqualTo(whole);
        return whole;
    }

    @Test
    void whatIsNearlyAFormIsHeardAlikeHoweverItIsCut() {
        SplittableRandom random = new SplittableRandom(7578);
        List<String> ends = new ArrayList<>();
        for (int i = 0; i < GENERATED; i++) {
            StringBuilder body = new StringBuilder(random.nextInt(4) == 0 ? "" : "--bo");
            for (int left = random.nextInt(24); left > 0; left--) {
                body.append(PIECES[random.nextInt(PIECES.length)]);
            }
            if (random.nextBoolean()) {
                body.append("\r\n--bo--");
            }
            List<String> heard = isHeardAlikeHoweverItIsCut(bytes(random, body), random.nextInt(256));
            ends.add(heard.get(heard.size() - 1));
        }
        assertThat(ends).contains("end"); // else the generator is not worth much
        for (Violation violation : Violation.values()) {
            boolean ofContentType = violation.name().contains("BOUNDARY") || violation == Violation.NOT_FORM_DATA;
            if (!ofContentType && violation != Violation.TOO_MANY_PARTS) {
                assertThat(ends).contains("! " + violation);
            }
        }
    }

    private static byte[] bytes(SplittableRandom random, StringBuilder body) {
        byte[] bytes = body.toString().getBytes(UTF_8);
        if (bytes.length > 0 && random.nextInt(5) == 0) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }
}
