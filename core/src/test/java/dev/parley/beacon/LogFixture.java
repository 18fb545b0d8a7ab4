package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Beacons, and what is in a log. */
final class LogFixture {
    static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");

    /** A clock that the test owns. Thread-safe. */
    static final class ManualClock implements InstantSource {
        private volatile Instant now = AT;

        @Override
        public Instant instant() {
            return now;
        }

        void pass(Duration duration) {
            now = now.plus(duration);
        }
    }

    private LogFixture() {}

    static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    static BeaconSource source() {
        return new BeaconSource(address("192.0.2.1"), "/beacon", null, null, null, Map.of());
    }

    static Beacon beacon(@Nullable String contentType, byte[] body) {
        return new Beacon(AT, source(), BeaconBody.of(contentType, body));
    }

    static Beacon text(String text) {
        return beacon("text/plain", text.getBytes(UTF_8));
    }

    static List<Beacon> texts(String... texts) {
        return Arrays.stream(texts).map(LogFixture::text).toList();
    }

    /** Waits for a stage; fails as it fails. */
    static void await(CompletionStage<?> stage) throws Exception {
        stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    static void write(BeaconLog log, String... texts) throws Exception {
        await(log.write(texts(texts)));
    }

    /** What a reader gives until it has nothing more. */
    static List<String> rest(BeaconReader reader) throws IOException {
        List<String> texts = new ArrayList<>();
        for (Optional<Beacon> next = reader.next(); next.isPresent(); next = reader.next()) {
            texts.add(next.get().body().text());
        }
        return texts;
    }

    static List<String> all(Path directory) throws IOException {
        try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
            return rest(reader);
        }
    }

    static List<Path> segments(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".ndjson"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path segment(Path directory, int number) {
        return directory.resolve(String.format(Locale.ROOT, "%020d.ndjson", number));
    }
}
