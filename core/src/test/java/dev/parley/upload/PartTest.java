package dev.parley.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class PartTest {
    static Stream<Arguments> names() {
        return Stream.of(
                arguments("photo.jpg", "photo.jpg"),
                arguments(
                        "Gr\u00f6\u00dfe \u65e5\u672c \uD83D\uDE00.txt",
                        "Gr\u00f6\u00dfe \u65e5\u672c \uD83D\uDE00.txt"),
                arguments("../../x", "x"),
                arguments("/etc/passwd", "passwd"),
                arguments("C:\\x", "x"),
                arguments("C:\\fakepath\\photo.jpg", "photo.jpg"),
                arguments("C:x", "C_x"),
                arguments("a.txt::$DATA", "a.txt__$DATA"),
                arguments("..", "file"),
                arguments("...", "file"),
                arguments("a/", "file"),
                arguments("", "file"),
                arguments(null, "file"),
                arguments(".htaccess", "htaccess"),
                arguments("a. . ", "a"),
                arguments("a\0.jpg", "a.jpg"),
                arguments("\0", "file"),
                arguments("a\r\nX: y", "aX_ y"),
                arguments("gpj.\u202eexe", "gpj.exe"),
                arguments("a\u200b\u2066b\ufeff", "ab"),
                arguments("a\uD83Db", "ab"),
                arguments("a\u00a0b\u2028c", "a bc"),
                arguments("a\uFF0Fb\u2215c", "a_b_c"),
                arguments("a\"b<c>|?*", "a_b_c____"),
                arguments("CON", "_CON"),
                arguments("nul.tar.gz", "_nul.tar.gz"),
                arguments("Aux .txt", "_Aux .txt"),
                arguments("COM7", "_COM7"),
                arguments("lpt\u00b2.x", "_lpt\u00b2.x"),
                arguments("CO\u200bN", "_CON"),
                arguments("CONIN$", "_CONIN$"),
                arguments("console.log", "console.log"),
                arguments("COM10", "COM10"),
                arguments("x".repeat(300) + ".jpeg", "x".repeat(195) + ".jpeg"),
                arguments("\u20ac".repeat(100), "\u20ac".repeat(66)),
                arguments("\uD83D\uDE00".repeat(100) + ".txt", "\uD83D\uDE00".repeat(49) + ".txt"),
                arguments("a." + "x".repeat(300), "a." + "x".repeat(198)));
    }

    @ParameterizedTest
    @MethodSource("names")
    void aSafeNameIsHarmless(String name, String safe) {
        assertThat(new Part(0, "a", name, null).safeFileName()).isEqualTo(safe);
    }

    @Test
    void aFileHasANameOfAFile() {
        assertThat(new Part(0, "a", null, "text/plain").isFile()).isFalse();
        assertThat(new Part(0, "a", "", null).isFile()).isTrue();
        assertThat(new Part(0, "a", "x", null).isFile()).isTrue();
    }

    @Test
    void aFileWithoutANameMayBeAnEmptyInput() {
        assertThat(new Part(0, "a", null, null).mayBeEmptyFileInput()).isFalse();
        assertThat(new Part(0, "a", "", null).mayBeEmptyFileInput()).isTrue();
        assertThat(new Part(0, "a", "x", null).mayBeEmptyFileInput()).isFalse();
    }

    @Test
    void whatIsLoggedHasNothingOfTheClient() {
        assertThat(new Part(3, "\r\n", "\u001b[2J", null).toString())
                .isEqualTo("Part[index=3, name=2 characters, fileName=4 characters, contentType=null]");
    }
}
