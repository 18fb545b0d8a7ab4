package dev.parley.beacon;

import static dev.parley.beacon.LogFixture.await;
import static dev.parley.beacon.LogFixture.rest;
import static dev.parley.beacon.LogFixture.segment;
import static dev.parley.beacon.LogFixture.segments;
import static dev.parley.beacon.LogFixture.texts;
import static dev.parley.beacon.LogFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class BeaconReaderTest {
    @TempDir
    Path directory;

    private BeaconLog log() throws IOException {
        return BeaconLog.at(directory).segmentBytes(1024).open();
    }

    @Test
    void aLogWithoutBeaconsHasNone() throws Exception {
        try (BeaconLog log = log();
                BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
            assertThat(reader.next()).isEmpty();
            assertThat(reader.cursor()).isEqualTo(BeaconCursor.START);
            write(log, "a");
            assertThat(rest(reader)).containsExactly("a");
        }
    }

    @Test
    void aDirectoryThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> BeaconReader.open(directory.resolve("none"), BeaconCursor.START))
                .isInstanceOf(IOException.class);
    }

    @Test
    void aCursorOfAnotherLogIsRefused() throws Exception {
        try (BeaconLog log = log()) {
            write(log, "a");
        }

        assertThatThrownBy(() -> BeaconReader.open(directory, new BeaconCursor(2, 0)))
                .isInstanceOf(IOException.class)
                .hasMessage("cursor: 2-0 (expected: up to segment 1 of " + directory + "; it is of another log)");
    }

    @Test
    void eachPlaceLeadsToWhatComesBehindItThroughRestartsOfBoth() throws Exception {
        List<BeaconCursor> places = new ArrayList<>();
        List<String> written = new ArrayList<>();
        BeaconCursor last = BeaconCursor.START;
        for (int opening = 0; opening < 5; opening++) {
            try (BeaconLog log = log()) {
                for (int i = 0; i < 11; i++) {
                    String text = opening + "." + i;
                    write(log, text);
                    written.add(text);
                    try (BeaconReader reader = BeaconReader.open(directory, last)) {
                        assertThat(rest(reader)).containsExactly(text);
                        last = BeaconCursor.parse(reader.cursor().toString());
                        places.add(last);
                    }
                }
            }
        }

        assertThat(segments(directory)).hasSizeGreaterThan(5);
        assertThat(places).isSorted().doesNotHaveDuplicates();
        for (int i = 0; i < places.size(); i++) {
            try (BeaconReader reader = BeaconReader.open(directory, places.get(i))) {
                assertThat(rest(reader)).isEqualTo(written.subList(i + 1, written.size()));
                assertThat(reader.lostSegments()).isZero();
            }
        }
    }

    @Test
    void aReaderFollowsALogThatIsWritten() throws Exception {
        int count = 5000;
        List<String> seen = new ArrayList<>();
        List<String> seenByLog = new ArrayList<>();
        try (BeaconLog log = BeaconLog.at(directory).segmentBytes(64 * 1024).open();
                BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START);
                BeaconReader ofLog = log.reader(BeaconCursor.START)) {
            CountDownLatch started = new CountDownLatch(1);
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
                started.countDown();
                CompletionStage<Void> stored = log.write(texts("beacon 0"));
                for (int i = 1; i < count; i++) {
                    if (i % 100 == 0) {
                        stored.toCompletableFuture().join();
                    }
                    stored = log.write(texts("beacon " + i));
                }
                stored.toCompletableFuture().join();
            });
            assertThat(started.await(60, TimeUnit.SECONDS)).isTrue();
            while (!written.isDone()) {
                seen.addAll(rest(reader));
                seenByLog.addAll(rest(ofLog));
                Thread.onSpinWait();
            }
            await(written);
            seen.addAll(rest(reader));
            seenByLog.addAll(rest(ofLog));
            assertThat(reader.broken()).isZero();
            assertThat(ofLog.broken()).isZero();
        }

        assertThat(seen).hasSize(count);
        for (int i = 0; i < count; i++) {
            assertThat(seen.get(i)).isEqualTo("beacon " + i);
        }
        assertThat(seenByLog).isEqualTo(seen);
    }

    /** What is written is seen page by page: a record may become whole between two looks at it. */
    @Test
    void aRecordThatGrowsWhileItIsLookedAtIsNotBroken() throws Exception {
        List<String> texts = IntStream.range(0, 20).mapToObj(Integer::toString).toList();
        try (BeaconLog log = BeaconLog.at(directory).open()) {
            write(log, texts.toArray(String[]::new));
        }
        long size = Files.size(segment(directory, 1));
        for (int growth = 1; growth < 300; growth++) {
            TestDisk disk = new TestDisk();
            disk.seen.set(0);
            disk.growth = growth;
            LogDirectory growing = new LogDirectory(directory, disk);
            List<String> seen = new ArrayList<>();
            try (BeaconReader reader = new BeaconReader(
                    growing, BeaconCursor.START, () -> new BeaconCursor(Long.MAX_VALUE, Long.MAX_VALUE))) {
                while (disk.seen.get() <= size + growth) {
                    seen.addAll(rest(reader));
                }
                seen.addAll(rest(reader));

                assertThat(reader.broken())
                        .as("broken at a growth of %s", growth)
                        .isZero();
            }
            assertThat(seen).isEqualTo(texts);
        }
    }

    @Test
    void aLineWithoutItsEndIsNotYet() throws Exception {
        try (BeaconLog log = log()) {
            write(log, "a", "b");
        }
        byte[] whole = Files.readAllBytes(segment(directory, 1));
        for (int size = 0; size <= whole.length; size++) {
            Files.delete(segment(directory, 1)); // cut to nothing instead, the disk would be waited for
            Files.write(segment(directory, 1), Arrays.copyOf(whole, size));
            try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
                List<String> seen = rest(reader);
                byte[] end = Arrays.copyOfRange(whole, size, whole.length);
                Files.write(segment(directory, 1), end, StandardOpenOption.APPEND);
                seen.addAll(rest(reader));

                assertThat(seen).containsExactly("a", "b");
                assertThat(reader.broken()).isZero();
            }
        }
    }

    @Test
    void whatWasDeletedIsCountedAsLost() throws Exception {
        try (BeaconLog log =
                BeaconLog.at(directory).segmentBytes(1024).retainBytes(2048).open()) {
            write(log, "first");
            BeaconCursor early;
            try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START);
                    BeaconReader slow = BeaconReader.open(directory, BeaconCursor.START)) {
                assertThat(rest(reader)).containsExactly("first");
                assertThat(slow.next().map(beacon -> beacon.body().text())).contains("first");
                early = reader.cursor();
                for (int i = 0; i < 60; i++) {
                    write(log, "beacon " + i);
                    rest(reader);
                }
                assertThat(reader.lostSegments()).as("it kept up").isZero();
                List<String> left = rest(slow);
                assertThat(slow.lostSegments()).isPositive();
                assertThat(left).endsWith("beacon 59").hasSizeLessThan(30);
            }
            try (BeaconReader again = BeaconReader.open(directory, early);
                    BeaconReader fresh = BeaconReader.open(directory, BeaconCursor.START)) {
                String oldest = segments(directory).get(0).getFileName().toString();
                Optional<Beacon> next = again.next();
                assertThat(next).isPresent();
                assertThat(again.lostSegments()).isEqualTo(Long.parseLong(oldest.substring(0, 20)) - 1);
                rest(fresh);
                assertThat(fresh.lostSegments())
                        .as("it asked for what there is")
                        .isZero();
            }
        }
    }

    @Test
    void aReaderMayOutliveItsLog() throws Exception {
        BeaconReader reader;
        try (BeaconLog log = log()) {
            await(log.write(texts("a", "b")));
            reader = log.reader(BeaconCursor.START);
        }
        try (reader) {
            assertThat(rest(reader)).containsExactly("a", "b");
        }
    }

    @Test
    void theCursorIsRightAfterAnInterrupt() throws Exception {
        try (BeaconLog log = log()) {
            write(log, "a", "b");
        }
        try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
            assertThat(reader.next()).isPresent();
            BeaconCursor before = reader.cursor();
            try {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> {
                            while (reader.next().isPresent()) {
                                // until it has to read
                            }
                        })
                        .isInstanceOf(IOException.class);
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(reader.cursor()).isGreaterThanOrEqualTo(before);
            try (BeaconReader other = BeaconReader.open(directory, before)) {
                assertThat(rest(other)).containsExactly("b");
            }
        }
    }
}
