package dev.parley.beacon;

import dev.parley.testkit.BeaconSinkContract;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** A durable log keeps what each sink has to. */
final class BeaconLogSinkTest extends BeaconSinkContract {
    @TempDir
    @Nullable
    Path directory;

    private @Nullable BeaconLog log;

    private Path directory() {
        if (directory == null) {
            throw new IllegalStateException("directory: none (expected: one of JUnit's)");
        }
        return directory;
    }

    @Override
    protected BeaconSink sink() throws IOException {
        log = BeaconLog.at(directory()).durable().open();
        return log;
    }

    @Override
    protected BeaconSink reopened() throws IOException {
        if (log != null) {
            log.close();
        }
        return sink();
    }

    @Override
    protected List<String> stored() throws IOException {
        List<String> stored = new ArrayList<>();
        try (BeaconReader reader = BeaconReader.open(directory(), BeaconCursor.START)) {
            for (Optional<Beacon> next = reader.next(); next.isPresent(); next = reader.next()) {
                stored.add(described(next.get()));
            }
        }
        return stored;
    }

    @Override
    protected boolean isThreadSafe() {
        return true;
    }
}
