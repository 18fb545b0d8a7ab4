package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A page of prose with programs, and the test that runs them: what the page shows must be in the source of the test. White space is free, as the formatter
 * breaks lines where a reader would not.
 */
final class GuidePage {
    private final Path page;
    private final Class<?> test;

    private GuidePage(Path page, Class<?> test) {
        this.page = page;
        this.test = test;
    }

    /**
     * A guide.
     *
     * @param name its name in {@code docs}, without {@code .md}
     * @param test what runs its programs
     */
    static GuidePage of(String name, Class<?> test) {
        return new GuidePage(Path.of("../docs", name + ".md"), test);
    }

    /**
     * The page that readers see first.
     *
     * @param test what runs its programs, or some of them
     */
    static GuidePage readme(Class<?> test) {
        return new GuidePage(Path.of("../README.md"), test);
    }

    String text() throws IOException {
        return Files.readString(page);
    }

    /** What it shows in a language, in order, without white space. */
    List<String> blocks(String language) throws IOException {
        return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(text())
                .results()
                .map(block -> squeezed(block.group(1)))
                .toList();
    }

    /** The source of the test, without white space. */
    String source() throws IOException {
        return squeezed(Path.of("src/test/java", test.getName().replace('.', '/') + ".java"));
    }

    /** That the page shows this, as a block of its own; with empty lines at its end or without. */
    void assertShown(String block) throws IOException {
        assertThat(text().replaceAll("\n+```\n", "\n```\n")).contains("```\n" + block.strip() + "\n```\n");
    }

    /** That all of its Java is in the source of the test. */
    void assertProgramsRun() throws IOException {
        assertThat(blocks("java")).hasSizeGreaterThan(10).allMatch(source()::contains);
    }

    /**
     * That one of its programs in Java, which is about something, is in the source of the test.
     *
     * @param about what is in that one only
     */
    void assertProgramRuns(String about) throws IOException {
        assertThat(blocks("java"))
                .filteredOn(block -> block.contains(about))
                .hasSize(1)
                .allMatch(source()::contains);
    }

    static String squeezed(String code) {
        return code.replaceAll("\\s+", "");
    }

    static String squeezed(Path file) throws IOException {
        return squeezed(Files.readString(file));
    }
}
