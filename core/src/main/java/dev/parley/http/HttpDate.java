package dev.parley.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Dates as HTTP writes them: <a href="https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7">RFC 9110 section 5.6.7</a>.
 *
 * <pre>
 * Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate, the only form that is written
 * Sunday, 06-Nov-94 08:49:37 GMT   RFC 850, obsolete, read
 * Sun Nov  6 08:49:37 1994         asctime, obsolete, read
 * </pre>
 *
 * <p>Names and layout are spelt out here and not left to {@code DateTimeFormatter}, whose names follow the locale data
 * of the JVM.
 */
final class HttpDate {
    private static final List<String> DAYS =
            List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
    private static final List<String> MONTHS =
            List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");

    private static final String MONTH = "(?<month>" + String.join("|", MONTHS) + ")";
    private static final String SHORT_DAY = "(?<weekday>Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
    private static final String LONG_DAY = "(?<weekday>" + String.join("|", DAYS) + ")";
    private static final String TIME = "(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})";

    private static final Pattern IMF_FIXDATE =
            Pattern.compile(SHORT_DAY + ", (?<day>\\d{2}) " + MONTH + " (?<year>\\d{4}) " + TIME + " GMT");
    private static final Pattern RFC_850 =
            Pattern.compile(LONG_DAY + ", (?<day>\\d{2})-" + MONTH + "-(?<year>\\d{2}) " + TIME + " GMT");
    private static final Pattern ASCTIME =
            Pattern.compile(SHORT_DAY + " " + MONTH + " (?<day>\\d{2}| \\d) " + TIME + " (?<year>\\d{4})");

    private HttpDate() {}

    /**
     * Writes an instant as an IMF-fixdate.
     *
     * @param instant an instant of the years 0 to 9999; parts of a second are cut off
     * @return 29 characters
     */
    static String format(Instant instant) {
        LocalDateTime date = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        if (date.getYear() < 0 || date.getYear() > 9999) {
            throw new IllegalArgumentException("date: " + instant + " (expected: a year of four digits)");
        }
        StringBuilder text = new StringBuilder(29);
        text.append(DAYS.get(date.getDayOfWeek().getValue() - 1), 0, 3).append(", ");
        padded(text, date.getDayOfMonth()).append(' ');
        text.append(MONTHS.get(date.getMonthValue() - 1)).append(' ');
        padded(text, date.getYear() / 100);
        padded(text, date.getYear() % 100).append(' ');
        padded(text, date.getHour()).append(':');
        padded(text, date.getMinute()).append(':');
        padded(text, date.getSecond());
        return text.append(" GMT").toString();
    }

    private static StringBuilder padded(StringBuilder text, int number) {
        return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
    }

    /**
     * Reads a date in any of the three forms.
     *
     * @param text what the field says
     * @param now decides the century of a year of two digits: none is taken to be more than 50 years ahead
     * @return the instant; empty for what is no date, such as one whose day of the week is wrong
     */
    static Optional<Instant> parse(String text, Instant now) {
        for (Pattern form : List.of(IMF_FIXDATE, RFC_850, ASCTIME)) {
            Matcher date = form.matcher(text);
            if (date.matches()) {
                return instant(date, now);
            }
        }
        return Optional.empty();
    }

    private static Optional<Instant> instant(Matcher date, Instant now) {
        int second = number(date, "second");
        // A leap second is the only one that counts to 60; it is taken for the second after.
        boolean leap = second == 60;
        try {
            LocalDateTime time = LocalDateTime.of(
                    date.group("year").length() == 2 ? century(date, now) : number(date, "year"),
                    MONTHS.indexOf(date.group("month")) + 1,
                    number(date, "day"),
                    number(date, "hour"),
                    number(date, "minute"),
                    leap ? 59 : second);
            String weekday = DAYS.get(time.getDayOfWeek().getValue() - 1);
            return weekday.startsWith(date.group("weekday"))
                    ? Optional.of(time.plusSeconds(leap ? 1 : 0).toInstant(ZoneOffset.UTC))
                    : Optional.empty();
        } catch (DateTimeException noSuchDate) {
            return Optional.empty();
        }
    }

    /** The latest year that ends in these two digits and is at most 50 years ahead. */
    private static int century(Matcher date, Instant now) {
        int latest = now.atOffset(ZoneOffset.UTC).getYear() + 50;
        return latest - Math.floorMod(latest - number(date, "year"), 100);
    }

    private static int number(Matcher date, String group) {
        return Integer.parseInt(date.group(group).strip());
    }
}
