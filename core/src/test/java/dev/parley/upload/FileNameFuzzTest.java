package dev.parley.upload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Any name at all becomes one that is harmless, and stays as it is then. */
class FileNameFuzzTest {
    private static final String[] PIECES = {
        "/",
        "\\",
        ".",
        "..",
        " ",
        "CON",
        "nul",
        "com1",
        "lpt\u00b9",
        ":",
        "a",
        "\u00e4",
        "\u202e",
        "\u200b",
        "\u20ac",
        "\0",
        "\uD83D\uDE00",
        "\uD83D",
        "\uDE00",
        ".txt",
        "\u00a0",
        "\u2028",
        "\uFEFF",
        "\uE000",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "\uD83D\uDE00".repeat(20),
        "\uFF0F",
        "\"",
        "\r\n",
        "e\u0301"
    };

    @FuzzTest(maxDuration = "10m")
    void anyBytes(byte[] input) {
        isHarmless(new String(input, UTF_8));
        isHarmless(new String(input, java.nio.charset.StandardCharsets.UTF_16BE)); // which has all of the 16 bits
    }

    @Test
    void anyPiecesTogether() {
        SplittableRandom random = new SplittableRandom(8187);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder name = new StringBuilder();
            for (int left = random.nextInt(12); left > 0; left--) {
                name.append(PIECES[random.nextInt(PIECES.length)]);
            }
            isHarmless(name.toString());
        }
    }

    private static void isHarmless(String name) {
        Part part = new Part(0, "a", name, null);
        String safe = part.safeFileName();

        assertThat(safe).isNotEmpty().doesNotContainPattern("[\\p{C}/\\\\:*?\"<>|\\p{Zl}\\p{Zp}]");
        assertThat(safe).doesNotMatch("(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\\..*)?");
        assertThat(safe)
                .doesNotStartWith(".")
                .doesNotStartWith(" ")
                .doesNotEndWith(".")
                .doesNotEndWith(" ");
        assertThat(safe.getBytes(UTF_8)).hasSizeLessThanOrEqualTo(200);
        assertThat(Path.of("store").resolve(safe).normalize().getNameCount()).isEqualTo(2);
        assertThat(new Part(0, "a", safe, null).safeFileName()).as("again").isEqualTo(safe);
    }
}
