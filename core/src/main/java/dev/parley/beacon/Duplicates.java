package dev.parley.beacon;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which beacons were taken before, by an id that the application knows. A client that is told 503 sends the same beacon again:
 * the id of one that was not taken is therefore forgotten, and that of one for a durable sink is only remembered when it is
 * stored. Until then another of the same id is stored as well, as its 204 would promise what may yet fail.
 *
 * <p>Thread-safe.
 */
final class Duplicates {
    private static final Logger LOG = LoggerFactory.getLogger(Duplicates.class);

    private final Function<Beacon, Optional<String>> id;
    private final SeenIds seen;
    private final boolean durable;

    Duplicates(Function<Beacon, Optional<String>> id, SeenIds seen, boolean durable) {
        this.id = id;
        this.seen = seen;
        this.durable = durable;
    }

    /** Whether a beacon came before. */
    boolean contains(Beacon beacon) {
        Optional<String> known = id.apply(beacon);
        return known.isPresent()
                && (durable ? seen.contains(known.get(), at(beacon)) : !seen.add(known.get(), at(beacon)));
    }

    /** The client was told that its beacon was not taken. */
    void refused(Beacon beacon) {
        if (!durable) {
            known(beacon).ifPresent(seen::remove);
        }
    }

    /** The id of a beacon about which has been decided: a function that fails now must not change that. */
    private Optional<String> known(Beacon beacon) {
        try {
            return id.apply(beacon);
        } catch (RuntimeException e) {
            LOG.error("the id of {} can't be told again", beacon, e);
            return Optional.empty();
        }
    }

    /** The same sink, which remembers here what it has stored, if it is durable. */
    BeaconSink remembering(BeaconSink sink) {
        return durable ? new Remembering(sink) : sink;
    }

    private static long at(Beacon beacon) {
        return beacon.at().toEpochMilli();
    }

    private final class Remembering implements BeaconSink {
        private final BeaconSink sink;

        Remembering(BeaconSink sink) {
            this.sink = sink;
        }

        @Override
        public CompletionStage<?> write(List<Beacon> batch) throws Exception {
            return sink.write(batch).thenRun(() -> batch.forEach(this::remember));
        }

        private void remember(Beacon beacon) {
            known(beacon).ifPresent(it -> seen.add(it, at(beacon)));
        }

        @Override
        public boolean isDurable() {
            return true;
        }
    }
}
