package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReadmeTest {
    @Test
    void itsFirstProgramIsOneThatCompiles() throws IOException {
        String program = GuidePage.readme(ReadmeTest.class).blocks("java").get(0);
        String main = program.substring(program.indexOf("publicstaticvoidmain"), program.lastIndexOf('}'));

        assertThat(GuidePage.squeezed(Path.of("src/main/java/dev/parley/examples/Hello.java")))
                .contains(main);
    }
}
