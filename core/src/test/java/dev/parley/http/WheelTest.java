package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WheelTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> expired = new ArrayList<>();
    private Wheel wheel = new Wheel(channel.eventLoop());

    private class Named extends Wheel.Deadline {
        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        void expired() {
            expired.add(name);
        }
    }

    @BeforeEach
    void stopTheClock() {
        channel.freezeTime();
        wheel = new Wheel(channel.eventLoop());
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private void pass(long ticks) {
        for (long tick = 0; tick < ticks; tick++) {
            channel.advanceTimeBy(Wheel.TICK_NANOS, TimeUnit.NANOSECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    @Test
    void ticksAreRoundedUp() {
        assertThat(Wheel.ticks(0)).isZero();
        assertThat(Wheel.ticks(1)).isEqualTo(1);
        assertThat(Wheel.ticks(Wheel.TICK_NANOS)).isEqualTo(1);
        assertThat(Wheel.ticks(Wheel.TICK_NANOS + 1)).isEqualTo(2);
        assertThat(Wheel.ticks(Long.MAX_VALUE)).isPositive();
    }

    @Test
    void aDeadlineNeverExpiresTooEarlyAndAtMostATickLate() {
        for (int ticks : new int[] {0, 1, 5, 511, 512, 513, 2000}) {
            expired.clear();
            wheel.arm(new Named("it"), ticks);
            pass(ticks);
            assertThat(expired).as("after %d ticks", ticks).isEmpty();
            pass(1);
            assertThat(expired).as("after %d ticks and one", ticks).containsExactly("it");
            pass(600);
            assertThat(expired).as("later").hasSize(1);
        }
    }

    /** After a stall the event loop reads its sockets first, and only then looks at the wheel. */
    @Test
    void whatIsArmedAfterAStallCountsFromThen() {
        wheel.arm(new Named("before"), 1000);
        channel.advanceTimeBy(30 * Wheel.TICK_NANOS, TimeUnit.NANOSECONDS);
        wheel.arm(new Named("after"), 5);
        channel.runScheduledPendingTasks();
        pass(5);
        assertThat(expired).isEmpty();

        pass(1);
        assertThat(expired).containsExactly("after");
    }

    @Test
    void deadlinesExpireInTheirOrder() {
        wheel.arm(new Named("c"), 700);
        wheel.arm(new Named("a"), 3);
        wheel.arm(new Named("b"), 188); // the slot of c
        pass(800);
        assertThat(expired).containsExactly("a", "b", "c");
    }

    @Test
    void aDeadlineMayBePutOffAndForgotten() {
        Named putOff = new Named("put off");
        Named forgotten = new Named("forgotten");
        wheel.arm(putOff, 5);
        wheel.arm(forgotten, 5);
        pass(4);
        wheel.arm(putOff, 5);
        wheel.disarm(forgotten);
        wheel.disarm(forgotten);
        pass(5);
        assertThat(expired).isEmpty();
        pass(1);
        assertThat(expired).containsExactly("put off");
    }

    @Test
    void aDeadlineMayForgetAnotherOfTheSameTick() {
        List<Named> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            both.add(new Named("one of them") {
                @Override
                void expired() {
                    super.expired();
                    both.forEach(wheel::disarm);
                }
            });
        }
        both.forEach(it -> wheel.arm(it, 3));
        pass(10);
        assertThat(expired).containsExactly("one of them");
    }

    @Test
    void aDeadlineMayArmItselfAgain() {
        wheel.arm(
                new Named("again") {
                    @Override
                    void expired() {
                        super.expired();
                        wheel.arm(this, 1);
                    }
                },
                1);
        pass(20);
        assertThat(expired).hasSize(10);
    }

    @Test
    void aDeadlineThatTakesItsTimeAndArmsItselfAgainDelaysNoOther() {
        wheel.arm(
                new Named("slow") {
                    @Override
                    void expired() {
                        super.expired();
                        channel.advanceTimeBy(2 * Wheel.TICK_NANOS, TimeUnit.NANOSECONDS);
                        wheel.arm(this, 100);
                    }
                },
                1);
        wheel.arm(new Named("next tick"), 2);
        pass(5);
        assertThat(expired).containsExactly("slow", "next tick");
    }

    @Test
    void aDeadlineThatFailsHarmsNoOther() {
        wheel.arm(
                new Named("fails") {
                    @Override
                    void expired() {
                        super.expired();
                        throw new IllegalStateException("on purpose");
                    }
                },
                1);
        wheel.arm(new Named("same tick"), 1);
        wheel.arm(new Named("later"), 2);
        pass(10);
        assertThat(expired).containsExactlyInAnyOrder("fails", "same tick", "later");
    }

    @Test
    void afterAStallAllThatIsOverdueExpires() {
        for (int ticks : new int[] {1, 100, 600, 1200}) {
            wheel.arm(new Named(String.valueOf(ticks)), ticks);
        }
        wheel.arm(new Named("not yet"), 5000);
        channel.advanceTimeBy(2000 * Wheel.TICK_NANOS, TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
        assertThat(expired).containsExactlyInAnyOrder("1", "100", "600", "1200");
    }

    @Test
    void nothingIsScheduledWhileNothingIsArmed() {
        assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1);
        Named deadline = new Named("it");
        wheel.arm(deadline, 3);
        assertThat(channel.runScheduledPendingTasks()).isPositive();
        pass(10);
        assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1);
    }

    @Test
    void theTickIsRightAfterAPauseWithoutDeadlines() {
        pass(1000);
        wheel.arm(new Named("it"), 5);
        assertThat(wheel.tick()).isEqualTo(1000);
        pass(5);
        assertThat(expired).isEmpty();
        pass(1);
        assertThat(expired).containsExactly("it");
    }

    @Test
    void allThatIsArmedIsVisited() {
        wheel.arm(new Named("a"), 1);
        wheel.arm(new Named("b"), 1);
        wheel.arm(new Named("c"), 10_000);
        List<String> visited = new ArrayList<>();
        wheel.forEach(deadline -> {
            visited.add(((Named) deadline).name);
            wheel.disarm(deadline);
        });
        assertThat(visited).containsExactlyInAnyOrder("a", "b", "c");
        pass(20);
        assertThat(expired).isEmpty();
    }
}
