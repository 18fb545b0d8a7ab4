package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-0                         | bytes 0-0/10",
                "bytes=0-9                         | bytes 0-9/10",
                "bytes=0-                          | bytes 0-9/10",
                "bytes=9-                          | bytes 9-9/10",
                "bytes=3-5                         | bytes 3-5/10",
                "bytes=003-0005                    | bytes 3-5/10",
                "bytes=3-10                        | bytes 3-9/10",
                "bytes=3-99999999999999999999999   | bytes 3-9/10",
                "bytes=3-9223372036854775807       | bytes 3-9/10",
                "bytes=-1                          | bytes 9-9/10",
                "bytes=-10                         | bytes 0-9/10",
                "bytes=-11                         | bytes 0-9/10",
                "bytes=-99999999999999999999999    | bytes 0-9/10",
                "BYTES=1-2                         | bytes 1-2/10",
                "bytes= 1-2 ,                      | bytes 1-2/10",
                "bytes=,,1-2,,                     | bytes 1-2/10",
                "bytes=1-2,3-4                     | bytes 1-4/10",
                "bytes=3-4,1-2                     | bytes 1-4/10",
                "bytes=1-5,2-3                     | bytes 1-5/10",
                "bytes=0-,-1                       | bytes 0-9/10",
                "bytes=1-2,20-30,-0                | bytes 1-2/10"
            })
    void whatComesToOneRangeIsOne(String field, String contentRange) {
        assertThat(ByteRange.parse(field, 10).orElseThrow())
                .singleElement()
                .satisfies(range -> assertThat(range.of(10)).isEqualTo(contentRange));
    }

    @Test
    void rangesWithAGapBetweenThemStayApartInOrder() {
        assertThat(ByteRange.parse("bytes=8-,0-1,3-4,4-5", 10).orElseThrow())
                .containsExactly(new ByteRange(0, 1), new ByteRange(3, 5), new ByteRange(8, 9));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=10-",
                "bytes=10-10",
                "bytes=-0",
                "bytes=-000",
                "bytes=99999999999999999999-",
                "bytes=10-11,-0"
            })
    void noneIsLeftWhereNoneCanBeSatisfied(String field) {
        assertThat(ByteRange.parse(field, 10).orElseThrow()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes",
                "bytes=",
                "bytes=,",
                "bytes= ",
                "bytes=-",
                "bytes=--1",
                "bytes=1",
                "bytes=a-b",
                "bytes=1-b",
                "bytes=2-1",
                "bytes=1-2-3",
                "bytes=1 - 2",
                "bytes=+1-2",
                "bytes=0x1-2",
                "bytes=1.0-2",
                "bytes=1-2;3-4",
                "bytes=1-2,x",
                "bytes=1-2 3-4",
                "bytes =1-2",
                " bytes=1-2",
                "bytes:1-2",
                "items=1-2",
                "bytes=1-2,5-4",
                "bytes=\u0661-\u0662",
                "bytes=0-0,2-2,4-4,6-6,8-8,0-0,2-2,4-4,6-6,8-8,0-0,2-2,4-4,6-6,8-8,0-0,2-2"
            })
    void whatIsMalformedOrTooMuchHasNoBearing(String field) {
        assertThat(ByteRange.parse(field, 10)).isEmpty();
    }

    @Test
    void nothingHasNoPartButItsLastBytesAreAllOfIt() {
        assertThat(ByteRange.parse("bytes=0-", 0).orElseThrow()).isEmpty();
        assertThat(ByteRange.parse("bytes=0-0", 0).orElseThrow()).isEmpty();
        assertThat(ByteRange.parse("bytes=-0", 0).orElseThrow()).isEmpty();
        assertThat(ByteRange.parse("bytes=-5", 0)).isEmpty();
    }

    @Test
    void lengthsNearTheLimitOfALongDoNotOverflow() {
        long max = Long.MAX_VALUE;
        assertThat(ByteRange.parse("bytes=0-", max).orElseThrow()).containsExactly(new ByteRange(0, max - 1));
        assertThat(ByteRange.parse("bytes=-1", max).orElseThrow()).containsExactly(new ByteRange(max - 1, max - 1));
        assertThat(ByteRange.parse("bytes=" + (max - 1) + "-" + max, max).orElseThrow())
                .containsExactly(new ByteRange(max - 1, max - 1));
        assertThat(new ByteRange(0, max - 1).length()).isEqualTo(max);
    }

    /** Against a model that marks each byte: the same bytes, and no two ranges that touch. */
    @Test
    void anySetOfRangesCoversJustItsBytes() {
        Random random = new Random(7);
        for (int i = 0; i < 5000; i++) {
            int length = random.nextInt(1, 12);
            BitSet expected = new BitSet();
            List<String> specs = new ArrayList<>();
            for (int n = random.nextInt(1, 6); n > 0; n--) {
                int first = random.nextInt(14);
                int last = first + random.nextInt(4);
                specs.add(first + "-" + last);
                expected.set(Math.min(first, length), Math.min(last + 1, length));
            }

            List<ByteRange> ranges =
                    ByteRange.parse("bytes=" + String.join(", ", specs), length).orElseThrow();

            BitSet actual = new BitSet();
            long end = -2;
            for (ByteRange range : ranges) {
                assertThat(range.first()).as("%s", specs).isGreaterThan(end + 1);
                end = range.last();
                actual.set((int) range.first(), (int) range.last() + 1);
            }
            assertThat(actual).as("%s of %d", specs, length).isEqualTo(expected);
        }
    }
}
