package dev.parley.sse;

import dev.parley.http.Exchange;
import dev.parley.http.Response;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What holds for all streams of an endpoint.
 *
 * @param encoding of publications, for streams that are not compressed
 * @param gzip {@code null} where no stream is compressed
 * @param beat half of the longest silence
 * @param maxAge {@code null} for no limit
 * @param credential how long the credential of an exchange is good; empty for ever
 * @param leaving how many streams have left because of a drain
 */
record StreamSettings(
        ChunkEncoding encoding,
        @Nullable GzipFormat gzip,
        Duration retry,
        Duration beat,
        @Nullable Duration maxAge,
        Function<Exchange, Optional<Duration>> credential,
        AtomicInteger leaving) {
    /** By how much ages differ, so that streams that were opened together do not end together. */
    private static final double JITTER = 0.1;
    /** Longer than any server runs, and far from what overflows in nanoseconds. */
    static final Duration LONGEST = Duration.ofDays(365);

    StreamFormat format() {
        return encoding.format();
    }

    /** How the stream of a client is compressed; {@code null} if it is not. */
    @Nullable
    GzipFormat compression(Exchange exchange) {
        return gzip != null && AcceptEncoding.prefersGzip(exchange.headers().getAll("Accept-Encoding")) ? gzip : null;
    }

    /** The head of a stream that is compressed so. */
    Response head(@Nullable GzipFormat compression) {
        if (compression != null) {
            return compression.head();
        }
        return gzip == null ? format().head() : gzip.plainHead();
    }

    /**
     * When a stream that is asked for now is to end in any case; empty if nothing says so. It has passed already where no
     * time is left to the credential, and only there.
     */
    Optional<Deadline> end(Exchange exchange) {
        return longest(exchange)
                .map(time -> Deadline.after(time, exchange.eventLoop().ticker()));
    }

    private Optional<Duration> longest(Exchange exchange) {
        Optional<Duration> expiry = credential
                .apply(exchange)
                .map(left -> left.isNegative() ? Duration.ZERO : left.compareTo(LONGEST) > 0 ? LONGEST : left);
        if (maxAge == null) {
            return expiry;
        }
        double part = 1 - JITTER * ThreadLocalRandom.current().nextDouble();
        Duration age = Duration.ofMillis((long) (maxAge.toMillis() * part));
        return Optional.of(expiry.filter(it -> it.compareTo(age) < 0).orElse(age));
    }
}
