package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReadmeTest {
    /** White space is free: the formatter breaks lines where a reader would not. */
    private static String squeezed(String code) {
        return code.replaceAll("\\s+", "");
    }

    @Test
    void itsFirstProgramIsOneThatCompiles() throws IOException {
        Matcher block = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../README.md")));
        assertThat(block.find()).isTrue();
        String program = block.group(1);
        String main = program.substring(program.indexOf("public static void main"), program.lastIndexOf('}'));

        String source = Files.readString(Path.of("src/main/java/dev/parley/examples/Hello.java"));

        assertThat(squeezed(source)).contains(squeezed(main));
    }
}
