package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDateTest {
    private static final Instant NOW = Instant.parse("2026-06-15T12:00:00Z");

    @Test
    void theExampleOfTheRfcIsWrittenAsAnImfFixdate() {
        assertThat(HttpDate.format(Instant.parse("1994-11-06T08:49:37.999Z")))
                .isEqualTo("Sun, 06 Nov 1994 08:49:37 GMT");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0000-01-01T00:00:00Z | Sat, 01 Jan 0000 00:00:00 GMT",
                "1969-12-31T23:59:59Z | Wed, 31 Dec 1969 23:59:59 GMT",
                "2024-02-29T23:59:59Z | Thu, 29 Feb 2024 23:59:59 GMT",
                "9999-12-31T23:59:59Z | Fri, 31 Dec 9999 23:59:59 GMT"
            })
    void yearsOfFourDigitsAreWritten(Instant instant, String date) {
        assertThat(HttpDate.format(instant)).isEqualTo(date);
        assertThat(HttpDate.parse(date, NOW)).contains(instant);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0001-12-31T23:59:59Z", "+10000-01-01T00:00:00Z"})
    void otherYearsAreRefused(Instant instant) {
        assertThatThrownBy(() -> HttpDate.format(instant))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("date: " + instant + " (expected: a year of four digits)");
    }

    @Test
    void anyInstantIsWrittenAsTheJdkWritesItAndIsReadBack() {
        DateTimeFormatter jdk = DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ROOT)
                .withZone(ZoneOffset.UTC);
        Random random = new Random(1);
        for (int i = 0; i < 2000; i++) {
            Instant instant = Instant.ofEpochSecond(random.nextLong(-62_167_219_200L, 253_402_300_800L));
            String date = HttpDate.format(instant);
            assertThat(date).isEqualTo(jdk.format(instant)).hasSize(29);
            assertThat(HttpDate.parse(date, NOW)).contains(instant);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Sun, 06 Nov 1994 08:49:37 GMT",
                "Sunday, 06-Nov-94 08:49:37 GMT",
                "Sun Nov  6 08:49:37 1994",
                "Sun Nov 06 08:49:37 1994"
            })
    void allThreeFormsAreRead(String date) {
        assertThat(HttpDate.parse(date, NOW)).contains(Instant.parse("1994-11-06T08:49:37Z"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Thursday, 01-Jan-26 00:00:00 GMT | 2026-01-01T00:00:00Z",
                "Friday, 31-Dec-76 00:00:00 GMT   |",
                "Thursday, 31-Dec-76 00:00:00 GMT | 2076-12-31T00:00:00Z",
                "Saturday, 01-Jan-77 00:00:00 GMT | 1977-01-01T00:00:00Z",
                "Friday, 31-Dec-99 00:00:00 GMT   | 1999-12-31T00:00:00Z"
            })
    void aYearOfTwoDigitsIsAtMostFiftyYearsAhead(String date, Instant instant) {
        assertThat(HttpDate.parse(date, NOW).orElse(null)).isEqualTo(instant);
    }

    @Test
    void aLeapSecondIsTheSecondAfter() {
        assertThat(HttpDate.parse("Sat, 31 Dec 2016 23:59:60 GMT", NOW))
                .contains(Instant.parse("2017-01-01T00:00:00Z").truncatedTo(ChronoUnit.SECONDS));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "now",
                "Sun, 06 Nov 1994 08:49:37",
                "Sun, 06 Nov 1994 08:49:37 UTC",
                "Sun, 06 Nov 1994 08:49:37 +0000",
                "Sun, 06 Nov 1994 08:49:37 GMT ",
                " Sun, 06 Nov 1994 08:49:37 GMT",
                "Sun,06 Nov 1994 08:49:37 GMT",
                "Sun, 6 Nov 1994 08:49:37 GMT",
                "Sun, 06 nov 1994 08:49:37 GMT",
                "SUN, 06 Nov 1994 08:49:37 GMT",
                "Mon, 06 Nov 1994 08:49:37 GMT",
                "Sun, 06 Nov 94 08:49:37 GMT",
                "Sun, 31 Feb 1994 08:49:37 GMT",
                "Sun, 00 Nov 1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 24:00:00 GMT",
                "Sun, 06 Nov 1994 08:60:00 GMT",
                "Sun, 06 Nov 1994 08:49:61 GMT",
                "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
                "Sun, 06-Nov-94 08:49:37 GMT",
                "Sunday, 06-Nov-1994 08:49:37 GMT",
                "Sun Nov 6 08:49:37 1994",
                "Sun Nov  6 08:49:37 1994 GMT",
                "Sun, ٠٦ Nov 1994 08:49:37 GMT"
            })
    void whatIsNoDateIsNotRead(String text) {
        assertThat(HttpDate.parse(text, NOW)).isEmpty();
    }
}
