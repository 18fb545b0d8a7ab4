package dev.parley.beacon;

import static dev.parley.beacon.LogFixture.all;
import static dev.parley.beacon.LogFixture.await;
import static dev.parley.beacon.LogFixture.beacon;
import static dev.parley.beacon.LogFixture.rest;
import static dev.parley.beacon.LogFixture.segment;
import static dev.parley.beacon.LogFixture.segments;
import static dev.parley.beacon.LogFixture.text;
import static dev.parley.beacon.LogFixture.texts;
import static dev.parley.beacon.LogFixture.write;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.beacon.LogFixture.ManualClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class BeaconLogTest {
    @TempDir
    Path path;

    private Path directory() {
        return path.resolve("a/log");
    }

    @Test
    void aBeaconIsALineOfJsonWithItsLengthAndCheck() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            write(log, "hello");
        }

        assertThat(segment(directory(), 1))
                .hasContent(
                        "{\"n\":\"0000007c\",\"c\":\"8c34216a\",\"beacon\":{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"text\","
                                + "\"address\":\"192.0.2.1\",\"path\":\"/beacon\",\"contentType\":\"text/plain\",\"text\":\"hello\"}}\n");
    }

    /** Some locales have digits of their own, which no log would find again. */
    @Test
    void segmentsHaveTheSameNamesWhateverTheDigitsOfTheLocale() throws Exception {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            write(log, "hello");
            assertThat(segments(directory())).containsExactly(directory().resolve("00000000000000000001.ndjson"));
            assertThat(all(directory())).containsExactly("hello");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void batchesAreReadInTheirOrder() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            write(log, "a", "b");
            write(log, "c");

            assertThat(all(directory())).containsExactly("a", "b", "c");
        }
    }

    @Test
    void manyLargeBeaconsOfOneBatchAreWrittenInParts() throws Exception {
        List<Beacon> batch = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            batch.add(text(i + "x".repeat(100_000)));
        }
        batch.add(text("y".repeat(2_000_000)));
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            await(log.write(batch));
        }

        List<String> read = all(directory());

        assertThat(read).hasSize(21);
        assertThat(read.get(19)).startsWith("19x").hasSize(100_002);
        assertThat(read.get(20)).hasSize(2_000_000);
    }

    @Test
    void bytesThatAreNoTextComeBack() throws Exception {
        byte[] body = {0, -1, 1, -2};
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            await(log.write(List.of(beacon("image/png", body))));
        }

        try (BeaconReader reader = BeaconReader.open(directory(), BeaconCursor.START)) {
            assertThat(reader.next().orElseThrow().body().bytes()).isEqualTo(body);
        }
    }

    @Test
    void aDurableLogForcesBeforeABatchIsStored() throws Exception {
        TestDisk disk = new TestDisk();
        try (BeaconLog log = BeaconLog.at(directory()).durable().opener(disk).open()) {
            assertThat(log.isDurable()).isTrue();
            int before = disk.forces.get();
            write(log, "a");
            assertThat(disk.forces.get() - before)
                    .as("the segment and its name")
                    .isEqualTo(2);
            write(log, "b");
            assertThat(disk.forces.get() - before).isEqualTo(3);
        }
    }

    @Test
    void anotherLogForcesOnlyAsItIsClosed() throws Exception {
        TestDisk disk = new TestDisk();
        try (BeaconLog log = BeaconLog.at(path).opener(disk).open()) {
            assertThat(log.isDurable()).isFalse();
            write(log, "a");
            assertThat(disk.forces).hasValue(0);
        }
        assertThat(disk.forces).hasValue(1);
    }

    @Test
    void whatWaitsDuringAForceIsForcedTogether() throws Exception {
        TestDisk disk = new TestDisk();
        try (BeaconLog log = BeaconLog.at(directory()).durable().opener(disk).open()) {
            disk.gate = new CountDownLatch(1);
            CompletionStage<?> first = log.write(texts("a"));
            assertThat(disk.writing.await(60, TimeUnit.SECONDS)).isTrue();
            List<CompletionStage<?>> others = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                others.add(log.write(texts("b" + i)));
            }
            disk.gate.countDown();
            await(first);
            int before = disk.forces.get();
            for (CompletionStage<?> other : others) {
                await(other);
            }
            assertThat(disk.forces.get() - before).isLessThanOrEqualTo(1);
        }
        assertThat(all(directory())).hasSize(101);
    }

    @Test
    void aGroupWaitsForOthersAndEndsWhenItIsFull() throws Exception {
        TestDisk disk = new TestDisk();
        try (BeaconLog log = BeaconLog.at(directory())
                .durable()
                .opener(disk)
                .groupDelay(Duration.ofMillis(100))
                .groupBytes(1)
                .open()) {
            int before = disk.forces.get();
            write(log, "a");
            write(log, "b");
            assertThat(disk.forces.get() - before)
                    .as("each batch is a group that is full")
                    .isEqualTo(3);
        }
    }

    @Test
    void moreThanMayWaitFails() throws Exception {
        TestDisk disk = new TestDisk();
        try (BeaconLog log = BeaconLog.at(directory()).opener(disk).open()) {
            disk.gate = new CountDownLatch(1);
            CompletionStage<?> first = log.write(texts("first"));
            assertThat(disk.writing.await(60, TimeUnit.SECONDS)).isTrue();
            List<CompletionStage<?>> waiting = new ArrayList<>();
            for (int i = 0; i < 256; i++) {
                waiting.add(log.write(texts("b" + i)));
            }

            CompletionStage<?> tooMuch = log.write(texts("too much"));

            assertThatThrownBy(() -> await(tooMuch))
                    .hasRootCauseInstanceOf(IOException.class)
                    .hasRootCauseMessage("log: 256 batches wait (expected: fewer)");
            disk.gate.countDown();
            await(first);
            for (CompletionStage<?> stage : waiting) {
                await(stage);
            }
        }
        assertThat(all(directory())).hasSize(257).doesNotContain("too much");
    }

    @Test
    void aBodyThatIsTooLargeFailsAlone() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            CompletionStage<?> tooLarge = log.write(List.of(beacon(null, new byte[16 * 1024 * 1024 + 1])));

            assertThatThrownBy(() -> await(tooLarge))
                    .hasRootCauseMessage("beacon: a body of 16777217 bytes (expected: at most 16777216)");
            write(log, "a");
        }
        assertThat(segments(directory())).hasSize(1);
    }

    @Test
    void theLargestBodyIsRead() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            await(log.write(
                    List.of(beacon("text/plain", "\"".repeat(16 * 1024 * 1024).getBytes(UTF_8)), text("next"))));
        }
        try (BeaconReader reader = BeaconReader.open(directory(), BeaconCursor.START)) {
            assertThat(reader.next().orElseThrow().body().bytes()).hasSize(16 * 1024 * 1024);
            assertThat(rest(reader)).containsExactly("next");
        }
    }

    // ---- one at a time

    @Test
    void aSecondLogOfTheSameProgramIsRefused() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            assertThatThrownBy(() -> BeaconLog.at(path.resolve("a/../a/log")).open())
                    .isInstanceOf(IOException.class)
                    .hasMessage("directory: " + path.resolve("a/../a/log")
                            + " is in use by a log of this program (expected: one at a time)");
            write(log, "a");
        }
        BeaconLog.at(directory()).open().close();
    }

    @Test
    void aLogOfAnotherProgramIsRefusedEvenAfterASecondOneOfThisProgram() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            assertThatThrownBy(() -> BeaconLog.at(directory()).open()).isInstanceOf(IOException.class);

            assertThat(otherProgram())
                    .endsWith(directory() + " is in use by a log of another program (expected: one at a time)");
            write(log, "a");
        }
        assertThat(otherProgram()).isEqualTo("opened");
    }

    private String otherProgram() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        OtherProgram.class.getName(),
                        directory().toString())
                .redirectErrorStream(true)
                .start();
        try {
            List<String> lines = new String(other.getInputStream().readAllBytes(), UTF_8)
                    .lines()
                    .toList();
            return lines.get(lines.size() - 1);
        } finally {
            other.destroyForcibly();
        }
    }

    /** Opens a log, and says how it went. */
    static final class OtherProgram {
        public static void main(String[] args) {
            try {
                BeaconLog.at(Path.of(args[0])).open().close();
                System.out.println("opened");
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void aDirectoryThatIsAFileIsRefusedAndLeftUnlocked() throws Exception {
        Files.writeString(path.resolve("file"), "x");

        assertThatThrownBy(() -> BeaconLog.at(path.resolve("file")).open()).isInstanceOf(IOException.class);
    }

    // ---- rotation and retention

    @Test
    void aFullSegmentIsClosed() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).segmentBytes(1024).open()) {
            for (int i = 0; i < 20; i++) {
                write(log, "beacon " + i);
            }
        }

        assertThat(segments(directory()))
                .hasSize(3)
                .allMatch(file -> file.toFile().length() < 1300);
        assertThat(all(directory())).hasSize(20).startsWith("beacon 0").endsWith("beacon 19");
    }

    @Test
    void anOldSegmentIsClosed() throws Exception {
        ManualClock clock = new ManualClock();
        try (BeaconLog log = BeaconLog.at(directory())
                .segmentAge(Duration.ofMinutes(5))
                .clock(clock)
                .open()) {
            write(log, "a");
            clock.pass(Duration.ofMinutes(5).minusNanos(1));
            write(log, "b");
            assertThat(segments(directory())).hasSize(1);
            clock.pass(Duration.ofNanos(1));
            write(log, "c");
            assertThat(segments(directory())).hasSize(2);
        }
        assertThat(all(directory())).containsExactly("a", "b", "c");
    }

    @Test
    void theOldestSegmentsGoWhenThereIsTooMuch() throws Exception {
        try (BeaconLog log =
                BeaconLog.at(directory()).segmentBytes(1024).retainBytes(4096).open()) {
            for (int i = 0; i < 100; i++) {
                write(log, "beacon " + i);
                long bytes = segments(directory()).stream()
                        .mapToLong(file -> file.toFile().length())
                        .sum();
                assertThat(bytes).isLessThan(4096 + 300);
            }
        }

        assertThat(all(directory())).hasSizeBetween(15, 30).endsWith("beacon 98", "beacon 99");
    }

    @Test
    void segmentsGoWhenTheyAreOldAndTheNewestLeavesItsNumber() throws Exception {
        ManualClock clock = new ManualClock();
        BeaconLog.Builder settings = BeaconLog.at(directory())
                .segmentAge(Duration.ofMinutes(5))
                .retainAge(Duration.ofHours(1))
                .clock(clock);
        try (BeaconLog log = settings.open()) {
            write(log, "a");
            clock.pass(Duration.ofMinutes(10));
            write(log, "b");
            clock.pass(Duration.ofMinutes(55));
            await(log.write(List.of()));
            assertThat(segments(directory())).hasSize(2);
            clock.pass(Duration.ofMinutes(5));
            await(log.write(List.of()));
            assertThat(segments(directory())).containsExactly(segment(directory(), 2));
            clock.pass(Duration.ofMinutes(55));
            await(log.write(List.of()));
            assertThat(segments(directory())).containsExactly(segment(directory(), 3));
            assertThat(segment(directory(), 3)).isEmptyFile();
            assertThat(all(directory())).isEmpty();
        }
        try (BeaconLog log = settings.open()) {
            write(log, "c");
        }
        assertThat(segments(directory())).last().isEqualTo(segment(directory(), 4));
    }

    @Test
    void otherFilesAreLeftAlone() throws Exception {
        Files.createDirectories(directory());
        Files.writeString(directory().resolve("00000000000000000001.ndjson.bak"), "x");
        Files.writeString(directory().resolve("99999999999999999999.ndjson"), "x");
        Files.writeString(directory().resolve("notes"), "x");

        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            write(log, "a");
        }

        assertThat(all(directory())).containsExactly("a");
        assertThat(directory().resolve("99999999999999999999.ndjson")).hasContent("x");
    }

    // ---- the end

    @Test
    void whatWasHandedOverIsStoredBeforeTheLogIsClosed() throws Exception {
        List<CompletionStage<?>> stages = new ArrayList<>();
        try (BeaconLog log = BeaconLog.at(directory()).open()) {
            for (int i = 0; i < 200; i++) {
                stages.add(log.write(texts("beacon " + i)));
            }
        }

        assertThat(stages).allMatch(stage -> stage.toCompletableFuture().isDone());
        assertThat(all(directory())).hasSize(200);
    }

    @Test
    void aLogThatIsClosedTakesNothing() throws Exception {
        BeaconLog log = BeaconLog.at(directory()).open();
        log.close();
        log.close();

        assertThatThrownBy(() -> write(log, "a")).hasRootCauseMessage("log: closed (expected: open)");
    }

    @Test
    void aForceThatFailsAtTheEndIsTold() throws Exception {
        TestDisk disk = new TestDisk();
        BeaconLog log = BeaconLog.at(directory()).opener(disk).open();
        write(log, "a");
        disk.failsForce = true;

        assertThatThrownBy(log::close).isInstanceOf(IOException.class).hasMessage("Input/output error");
        BeaconLog.at(directory()).open().close();
    }

    @Test
    void theLogMayBeClosedByWhatDependsOnAStage() throws Exception {
        BeaconLog log = BeaconLog.at(directory()).open();

        await(log.write(texts("a")).thenRun(() -> {
            try {
                log.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }));

        log.close();
        assertThat(all(directory())).containsExactly("a");
    }

    @Test
    void interruptsOfCallersDoNoHarm() throws Exception {
        BeaconLog log = BeaconLog.at(directory()).durable().open();
        CompletionStage<?> first;
        try {
            Thread.currentThread().interrupt();
            first = log.write(texts("a"));
            log.write(texts("b"));
            log.close();
        } finally {
            assertThat(Thread.interrupted()).as("kept").isTrue();
        }

        await(first);
        assertThat(all(directory())).containsExactly("a", "b");
    }

    @Test
    void anInterruptOfTheLogsOwnThreadCostsOneGroupAtMost() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory()).durable().open()) {
            write(log, "a");
            Thread own = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("parley-beacon-log"))
                    .findFirst()
                    .orElseThrow();
            await(log.write(texts("b")).thenRun(own::interrupt));
            try {
                write(log, "c");
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(IOException.class);
            }
            write(log, "d");
        }
        assertThat(all(directory())).startsWith("a", "b").endsWith("d");
    }

    // ---- settings

    @Test
    void limitsAreChecked() {
        BeaconLog.Builder log = BeaconLog.at(directory());

        assertThatThrownBy(() -> log.segmentBytes(0)).hasMessage("segmentBytes: 0 (expected: 1024 to 68719476736)");
        assertThatThrownBy(() -> log.retainBytes(1023))
                .hasMessage("retainBytes: 1023 (expected: 1024 to 1125899906842624)");
        assertThatThrownBy(() -> log.segmentAge(Duration.ZERO))
                .hasMessage("segmentAge: PT0S (expected: PT1S to PT8760H)");
        assertThatThrownBy(() -> log.retainAge(Duration.ofDays(36_501)))
                .hasMessage("retainAge: PT876024H (expected: PT1S to PT876000H)");
        assertThatThrownBy(() -> log.groupDelay(Duration.ofMillis(101)))
                .hasMessage("groupDelay: PT0.101S (expected: PT0S to PT0.1S)");
        assertThatThrownBy(() -> log.groupBytes(0)).hasMessage("groupBytes: 0 (expected: 1 to 1073741824)");
        assertThatThrownBy(() -> log.retainBytes(1024).open())
                .hasMessage("retainBytes: 1024 (expected: at least segmentBytes, which is 67108864)");
    }
}
