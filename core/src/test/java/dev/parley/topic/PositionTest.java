package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PositionTest {
    /** Bytes that make a {@code Last-Event-ID} unsafe for requests across origins (Fetch, CORS-unsafe request-header bytes). */
    private static final String UNSAFE = "\"():<>?@[\\]{}\u007f";

    @ParameterizedTest
    @CsvSource({
        "0,0,0-0",
        "35,7,z-7",
        "36,42,10-42",
        "9223372036854775807,9223372036854775807,1y2p0ij32e8e7-9223372036854775807"
    })
    void aPositionIsWrittenAsEpochAndOffset(long epoch, long offset, String text) {
        assertThat(new Position(epoch, offset)).hasToString(text);
        assertThat(Position.parse(text)).contains(new Position(epoch, offset));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "a",
                "a-",
                "-1",
                "a-1-2",
                "a--1",
                "-a-1",
                "+a-1",
                "a-+1",
                "a-01",
                "0a-1",
                "A-1",
                "a-1 ",
                " a-1",
                "a-1\n",
                "a -1",
                "a_1",
                "a-b",
                "é-1",
                "a-\u0661",
                "\uff21-1",
                "a-1~b-2",
                "1y2p0ij32e8e8-1",
                "a-9223372036854775808",
                "11111111111111-1",
                "a-0000000000000000000000000000000001"
            })
    void whatIsNoPositionIsNone(String text) {
        assertThat(Position.parse(text)).isEmpty();
    }

    @Test
    void anyPositionReadsBackAndIsSafeInALastEventId() {
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            Position position = new Position(
                    random.nextLong() >>> 1 + random.nextInt(63), random.nextLong() >>> 1 + random.nextInt(63));
            String text = position.toString();
            assertThat(Position.parse(text)).contains(position);
            assertThat(text.chars()).allMatch(c -> c > 0x20 && c < 0x7f && UNSAFE.indexOf(c) < 0);
        }
    }

    @Test
    void anyTextIsReadStrictlyOrNotAtAll() {
        Random random = new Random(2);
        String alphabet = "019azAZ-~+ _\u0661\u0000é";
        int read = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(8); length > 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String each = text.toString();
            Position.parse(each).ifPresent(position -> assertThat(position).hasToString(each));
            read += Position.parse(each).isPresent() ? 1 : 0;
            assertThat(Position.parseAll(each).size()).isLessThanOrEqualTo(each.length());
        }
        assertThat(read).isPositive();
    }

    @Test
    void severalPositionsAreOneText() {
        List<Position> positions = List.of(new Position(1, 2), new Position(99, 0), new Position(3, 4));

        String text = Position.join(positions);

        assertThat(text).isEqualTo("1-2~2r-0~3-4");
        assertThat(Position.parseAll(text)).isEqualTo(positions);
    }

    @Test
    void whatIsNoPositionAmongSeveralIsPassedOver() {
        assertThat(Position.parseAll("~1-2~~x~3-4~")).containsExactly(new Position(1, 2), new Position(3, 4));
        assertThat(Position.parseAll("")).isEmpty();
    }

    @Test
    void negativeNumbersAreRefused() {
        assertThatThrownBy(() -> new Position(-1, 2)).hasMessage("position: -1, 2 (expected: none negative)");
        assertThatThrownBy(() -> new Position(1, -2)).hasMessage("position: 1, -2 (expected: none negative)");
    }

    @Test
    void positionsAreOrderedWithinAnEpoch() {
        assertThat(new Position(1, 2).isAfter(new Position(1, 1))).isTrue();
        assertThat(new Position(1, 2).isAfter(new Position(1, 2))).isFalse();
        assertThat(new Position(1, 2).isAfter(new Position(2, 1))).isFalse();
    }

    @Test
    void aGapSaysHowManyAreLostWhereThatIsKnown() {
        assertThat(new Gap("t", new Position(1, 2), new Position(1, 5)).count()).isEqualTo(3);
        assertThat(new Gap("t", new Position(1, 2), new Position(1, 5)).isReset())
                .isFalse();
        assertThat(new Gap("t", new Position(2, 2), new Position(1, 5)).count()).isEqualTo(-1);
        assertThat(new Gap("t", new Position(1, 900_000), new Position(1, 5)).count())
                .as("the log has never been there")
                .isEqualTo(-1);
    }
}
