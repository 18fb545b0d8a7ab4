package dev.parley.benchmarks;

import java.util.Arrays;
import java.util.Locale;

/** Durations as they were measured, each of them. Not thread-safe. */
final class Latencies {
    private long[] nanos = new long[1024];
    private int count;

    void add(long taken) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = taken;
    }

    int count() {
        return count;
    }

    /** In nanoseconds; 0 if there are none. */
    long percentile(double percent) {
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return count == 0 ? 0 : sorted[Math.min(count - 1, (int) (count * percent / 100))];
    }

    /** As members of a JSON object, in milliseconds. */
    String members(String name) {
        return String.format(
                Locale.ROOT,
                "\"%1$s_p50_ms\":%2$.3f,\"%1$s_p99_ms\":%3$.3f,\"%1$s_max_ms\":%4$.3f",
                name,
                percentile(50) / 1e6,
                percentile(99) / 1e6,
                percentile(100) / 1e6);
    }
}
