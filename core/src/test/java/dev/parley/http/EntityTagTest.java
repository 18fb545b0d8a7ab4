package dev.parley.http;

import static dev.parley.http.EntityTag.Strength.STRONG;
import static dev.parley.http.EntityTag.Strength.WEAK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EntityTagTest {
    private static EntityTag strong(String opaque) {
        return new EntityTag(STRONG, opaque);
    }

    private static EntityTag weak(String opaque) {
        return new EntityTag(WEAK, opaque);
    }

    @Test
    void aTagIsWrittenInQuotes() {
        assertThat(strong("a,b")).hasToString("\"a,b\"");
        assertThat(weak("")).hasToString("W/\"\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"", "a b", "a\r\n", "\u0000", "\u007f", "\u0100"})
    void whatATagMayNotHoldIsRefused(String opaque) {
        assertThatThrownBy(() -> strong(opaque)).isInstanceOf(IllegalArgumentException.class);
    }

    /** The table of RFC 9110 section 8.8.3.2. */
    @ParameterizedTest
    @CsvSource({
        "WEAK, 1, WEAK, 1, false, true",
        "WEAK, 1, WEAK, 2, false, false",
        "WEAK, 1, STRONG, 1, false, true",
        "STRONG, 1, STRONG, 1, true, true"
    })
    void tagsCompareAsTheRfcHasIt(
            EntityTag.Strength one, String a, EntityTag.Strength other, String b, boolean strongly, boolean weakly) {
        EntityTag first = new EntityTag(one, a);
        EntityTag second = new EntityTag(other, b);

        assertThat(first.matchesStrongly(second)).isEqualTo(strongly);
        assertThat(second.matchesStrongly(first)).isEqualTo(strongly);
        assertThat(first.matchesWeakly(second)).isEqualTo(weakly);
        assertThat(second.matchesWeakly(first)).isEqualTo(weakly);
    }

    @Test
    void aListIsReadWithCommasInsideQuotesAndEmptyElements() {
        assertThat(EntityTag.parse(", \"a,b\" ,\tW/\"c\",,\"\\\", \"\u00e9\" ,"))
                .containsExactly(strong("a,b"), weak("c"), strong("\\"), strong("\u00e9"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ",",
                "*",
                "a",
                "\"a",
                "a\"",
                "\"a\" \"b\"",
                "\"a\"\"b\"",
                "\"a\", b",
                "w/\"a\"",
                "W/ \"a\"",
                "W/a",
                "\"a\", *",
                "\"a b\"",
                "\"a\";q=1",
                "\"\u0100\""
            })
    void aMalformedListHasNoTags(String list) {
        assertThat(EntityTag.parse(list)).isEmpty();
    }

    @Test
    void aLongListIsReadInOnePass() {
        assertThat(EntityTag.parse(",".repeat(1 << 20))).isEmpty();
        assertThat(EntityTag.parse("\"" + "a".repeat(1 << 20))).isEmpty();
        assertThat(EntityTag.parse("\"\",".repeat(100_000))).hasSize(100_000);
    }
}
