package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.beacon.LostMessages.Hole;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

class LostMessagesTest {
    private final LostMessages lost = new LostMessages(3);

    private static PageMessages messages(String page, long first, long last) {
        return new PageMessages(
                page, first, Collections.nCopies((int) (last - first + 1), (JsonNode) NullNode.instance));
    }

    @Test
    void nothingIsMissingOfWhatComesInOrder() {
        assertThat(lost.observe(messages("a", 1, 3))).isZero();
        assertThat(lost.observe(messages("a", 4, 4))).isZero();
        assertThat(lost.lost()).isZero();
        assertThat(lost.holes("a")).isEmpty();
    }

    @Test
    void whatWasSkippedIsMissingUntilItComes() {
        assertThat(lost.observe(messages("a", 5, 6))).isEqualTo(4);
        assertThat(lost.observe(messages("a", 10, 10))).isEqualTo(7);
        assertThat(lost.holes("a")).containsExactly(new Hole(1, 4), new Hole(7, 9));
        assertThat(lost.observe(messages("a", 2, 3))).isEqualTo(5);
        assertThat(lost.holes("a")).containsExactly(new Hole(1, 1), new Hole(4, 4), new Hole(7, 9));
        assertThat(lost.observe(messages("a", 1, 12))).isZero();
        assertThat(lost.lost()).isZero();
    }

    @Test
    void whatComesTwiceCountsOnce() {
        lost.observe(messages("a", 3, 4));
        lost.observe(messages("a", 3, 4));

        assertThat(lost.observe(messages("a", 4, 4))).isEqualTo(2);
        assertThat(lost.lost()).isEqualTo(2);
    }

    @Test
    void noMessagesSayWhatWasSentBefore() {
        assertThat(lost.observe(messages("a", 8, 7))).isEqualTo(7);
        assertThat(lost.observe(messages("a", 3, 2))).isEqualTo(7);
        assertThat(lost.observe(messages("a", 8, 8))).isEqualTo(7);
    }

    @Test
    void pagesAreCountedApart() {
        lost.observe(messages("a", 3, 3));
        lost.observe(messages("b", 1, 1));

        assertThat(lost.observe(messages("b", 3, 3))).isEqualTo(1);
        assertThat(lost.lost()).isEqualTo(3);
    }

    @Test
    void thePageThatWasNotHeardOfForLongestIsForgotten() {
        lost.observe(messages("a", 3, 3));
        lost.observe(messages("b", 4, 4));
        lost.observe(messages("c", 1, 1));
        lost.observe(messages("a", 4, 4));
        lost.observe(messages("d", 1, 1));

        assertThat(lost.holes("a")).containsExactly(new Hole(1, 2));
        assertThat(lost.holes("b")).isEmpty();
        assertThat(lost.lost()).isEqualTo(5); // what b lacked stays lost
    }

    @Test
    void holesOfAPageAreBounded() {
        for (int i = 1; i <= 1000; i++) {
            lost.observe(messages("a", 2L * i, 2L * i));
        }

        assertThat(lost.holes("a")).hasSize(64).startsWith(new Hole(1873, 1873)).endsWith(new Hole(1999, 1999));
        assertThat(lost.lost()).isEqualTo(1000);
        assertThat(lost.observe(messages("a", 1, 2000))).isZero();
        assertThat(lost.lost()).isEqualTo(1000 - 64);
    }

    @Test
    void manyPagesTakeNoMoreThanTheirLimit() {
        for (int i = 0; i < 10_000; i++) {
            lost.observe(messages("page" + i, 1_000_000_000, 999_999_999));
        }

        assertThat(lost.lost()).isEqualTo(10_000L * 999_999_999);
        assertThat(lost.holes("page9996")).isEmpty();
        assertThat(lost.holes("page9997")).isNotEmpty();
    }

    @Test
    void holesAreWhatASetOfNumbersSays() {
        SplittableRandom random = new SplittableRandom(17);
        for (int round = 0; round < 300; round++) {
            LostMessages holes = new LostMessages(1);
            BitSet come = new BitSet();
            int highest = 0;
            for (int i = 0; i < 30; i++) {
                int first = random.nextInt(1, 60);
                int last = first + random.nextInt(-1, 8);
                come.set(first, last + 1);
                highest = Math.max(highest, last);
                long missing = holes.observe(messages("a", first, last));

                assertThat(missing).isEqualTo(highest - come.get(1, highest + 1).cardinality());
                assertThat(holes.lost()).isEqualTo(missing);
                assertThat(holes.holes("a").stream().mapToLong(Hole::count).sum())
                        .isEqualTo(missing);
            }
        }
    }

    @Test
    void theLimitIsChecked() {
        assertThatThrownBy(() -> new LostMessages(0)).hasMessage("maxPages: 0 (expected: 1 to 10000000)");
        assertThat(List.of(new Hole(2, 4).count())).containsExactly(3L);
    }
}
