package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class SeenIdsTest {
    private static final long NOW = 1_767_225_600_000L;
    private static final long WINDOW = 1000;

    private static SeenIds ids() {
        return ids(1000);
    }

    private static SeenIds ids(int most) {
        return new SeenIds(Duration.ofMillis(WINDOW), most);
    }

    @Test
    void anIdIsNewOnce() {
        SeenIds ids = ids();

        assertThat(ids.add("a", NOW)).isTrue();
        assertThat(ids.add("a", NOW)).isFalse();
        assertThat(ids.add("b", NOW)).isTrue();
        assertThat(ids.add("", NOW)).isTrue();
        assertThat(ids.add("", NOW)).isFalse();
    }

    @Test
    void anIdIsKnownForOneWindowAtLeastAndForTwoAtMostWheneverItCame() {
        for (long came = 0; came < 2 * WINDOW; came += 111) {
            for (long asked = came; asked < came + 3 * WINDOW; asked += 37) {
                SeenIds ids = ids();
                ids.add("first", NOW);
                ids.add("id", NOW + came);

                boolean known = !ids.add("id", NOW + asked);

                if (asked - came <= WINDOW) {
                    assertThat(known).as("came %d, asked %d", came, asked).isTrue();
                }
                if (asked - came >= 2 * WINDOW) {
                    assertThat(known).as("came %d, asked %d", came, asked).isFalse();
                }
            }
        }
    }

    @Test
    void whoeverComesInBetweenDoesNotChangeThat() {
        SeenIds ids = ids();
        ids.add("a", NOW);
        ids.add("b", NOW + 2 * WINDOW - 1);

        assertThat(ids.add("a", NOW + 2 * WINDOW)).as("two windows old").isTrue();
        assertThat(ids.add("b", NOW + 2 * WINDOW + 500)).isFalse();
    }

    @Test
    void ofTooManyTheOldestAreForgotten() {
        SeenIds ids = ids(4);
        for (String id : new String[] {"a", "b", "c", "d", "e"}) {
            assertThat(ids.add(id, NOW)).isTrue();
        }

        assertThat(ids.add("e", NOW)).isFalse();
        assertThat(ids.add("d", NOW)).isFalse();
        assertThat(ids.add("c", NOW)).isFalse();
        assertThat(ids.contains("a", NOW)).isFalse();
    }

    @Test
    void whatIsKnownForgetsNothing() {
        SeenIds ids = ids(4);
        for (String id : new String[] {"a", "b", "c", "d"}) {
            ids.add(id, NOW);
        }
        for (int i = 0; i < 10; i++) {
            ids.add("d", NOW);
        }
        assertThat(ids.contains("a", NOW)).isTrue();
    }

    @Test
    void aMillionIdsAreBounded() {
        SeenIds ids = ids(10_000);
        for (int i = 0; i < 1_000_000; i++) {
            assertThat(ids.add("id" + i, NOW + i / 10_000)).isTrue();
            if (ids.size() > 10_000) {
                throw new AssertionError("size: " + ids.size());
            }
        }
        assertThat(ids.size()).isBetween(5_000, 10_000);
    }

    @Test
    void threadsThatAreALittleLateMakeNothingForgotten() {
        SeenIds ids = ids();
        ids.add("a", NOW);
        ids.add("b", NOW + WINDOW);
        ids.add("c", NOW + WINDOW - 1);

        assertThat(ids.add("a", NOW + WINDOW)).isFalse();
        assertThat(ids.add("b", NOW + WINDOW - 1)).isFalse();
    }

    @Test
    void aClockThatIsSetBackBeginsAnew() {
        SeenIds ids = ids();
        ids.add("a", NOW);

        assertThat(ids.add("a", NOW - 3_600_000)).isTrue();
        assertThat(ids.add("a", NOW - 3_600_000)).isFalse();
    }

    @Test
    void whatIsTakenOutIsNewAgain() {
        SeenIds ids = ids();
        ids.add("a", NOW);
        ids.add("b", NOW + WINDOW);

        ids.remove("a");
        ids.remove("b");

        assertThat(ids.contains("a", NOW + WINDOW)).isFalse();
        assertThat(ids.contains("b", NOW + WINDOW)).isFalse();
    }

    @Test
    void ofSeveralThreadsOneIsFirst() throws InterruptedException {
        SeenIds ids = ids(1_000_000);
        AtomicInteger first = new AtomicInteger();
        Thread[] threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                for (int k = 0; k < 10_000; k++) {
                    if (ids.add("id" + k, NOW)) {
                        first.incrementAndGet();
                    }
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(first).hasValue(10_000);
    }
}
