package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration BASE = Duration.ofSeconds(3);
    private static final Duration MAX = Duration.ofMinutes(1);

    private static Backoff longest(Duration base, Duration max) {
        return new Backoff(base, max, most -> most);
    }

    private static Stream<Long> seconds(Backoff backoff, int count) {
        return Stream.generate(backoff::next).limit(count).map(Duration::toSeconds);
    }

    @Test
    void theRandomPartDoublesUpToItsMaximum() {
        assertThat(seconds(longest(BASE, MAX), 7)).containsExactly(6L, 9L, 15L, 27L, 51L, 63L, 63L);
    }

    @Test
    void theBaseIsAFloor() {
        assertThat(seconds(new Backoff(BASE, MAX, most -> 0), 3)).containsExactly(3L, 3L, 3L);
    }

    @Test
    void aResetMakesTheRandomPartSmall() {
        Backoff backoff = longest(BASE, MAX);
        backoff.next();
        backoff.next();

        backoff.reset();

        assertThat(seconds(backoff, 2)).containsExactly(6L, 9L);
    }

    @Test
    void theServersWordTakesTheBasesPlace() {
        Backoff backoff = longest(BASE, MAX);

        backoff.base(Duration.ofSeconds(10));

        assertThat(seconds(backoff, 4)).containsExactly(20L, 30L, 50L, 70L);
    }

    @Test
    void noServerSendsAClientAwayForMoreThanADay() {
        Backoff backoff = longest(BASE, MAX);

        backoff.base(Duration.ofMillis(Long.MAX_VALUE));

        assertThat(backoff.next()).isEqualTo(Duration.ofDays(1).plus(MAX));
    }

    @Test
    void aBaseOfZeroIsNoWishToBeCalledWithoutAPause() {
        Backoff backoff = longest(Duration.ZERO, MAX);

        assertThat(Stream.generate(backoff::next).limit(3).map(Duration::toMillis))
                .containsExactly(100L, 200L, 400L);
    }

    @Test
    void aMaximumOfZeroLeavesTheBase() {
        assertThat(seconds(longest(BASE, Duration.ZERO), 3)).containsExactly(3L, 3L, 3L);
    }

    @Test
    void theMaximumHoldsAfterAnyNumberOfFailures() {
        assertThat(seconds(longest(Duration.ofDays(1), Duration.ofDays(1)), 1000)
                        .skip(900))
                .allMatch(delay -> delay == Duration.ofDays(2).toSeconds());
    }
}
