package dev.parley.beacon;

import static dev.parley.beacon.LogFixture.all;
import static dev.parley.beacon.LogFixture.rest;
import static dev.parley.beacon.LogFixture.segment;
import static dev.parley.beacon.LogFixture.segments;
import static dev.parley.beacon.LogFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A log on a disk that fails: each batch has a clear end, and service goes on. */
@Timeout(300)
class BeaconLogFaultTest {
    @TempDir
    Path directory;

    private final TestDisk disk = new TestDisk();
    private BeaconLog log;

    @BeforeEach
    void open() throws IOException {
        log = BeaconLog.at(directory).durable().opener(disk).open();
    }

    @AfterEach
    void close() throws IOException {
        log.close();
    }

    private void fails(String text, String message) {
        assertThatThrownBy(() -> write(log, text))
                .hasCauseInstanceOf(IOException.class)
                .hasRootCauseMessage(message);
    }

    @Test
    void aFullDiskFailsBatchesUntilThereIsRoom() throws Exception {
        write(log, "a");
        for (int room = 0; room < 160; room++) { // a record has more
            disk.room.set(room);
            fails("lost", "No space left on device");
        }
        disk.room.set(Long.MAX_VALUE);
        write(log, "b");

        assertThat(all(directory)).containsExactly("a", "b");
        assertThat(segments(directory))
                .as("no empty segment is left of each failure")
                .hasSize(2);
    }

    @Test
    void aWriteThatIsShortIsGoneOnWith() throws Exception {
        disk.slice = 7;

        write(log, "a", "b");

        assertThat(all(directory)).containsExactly("a", "b");
        assertThat(segments(directory)).hasSize(1);
    }

    @Test
    void aDiskThatTakesNothingAndDoesNotSaySoFails() {
        disk.slice = 0;

        assertThatThrownBy(() -> write(log, "a"))
                .rootCause()
                .hasMessageMatching("segment: the file takes no more \\(expected: [0-9]+ bytes\\)");
    }

    @Test
    void whatCouldNotBeForcedIsCutOffAndItsSegmentNotUsedAgain() throws Exception {
        write(log, "a");
        long before = segment(directory, 1).toFile().length();
        disk.failsForce = true;
        fails("lost", "Input/output error");
        assertThat(segment(directory, 1)).hasSize(before);
        fails("lost too", "Input/output error");
        disk.failsForce = false;

        write(log, "b");

        assertThat(all(directory)).containsExactly("a", "b");
        assertThat(segment(directory, 1)).hasSize(before);
    }

    @Test
    void aSegmentThatCanNotBeCutOffIsNotUsedAgain() throws Exception {
        write(log, "a");
        disk.failsForce = true;
        disk.failsTruncate = true;
        fails("may be there", "Input/output error");
        disk.failsForce = false;

        write(log, "b");

        assertThat(all(directory)).containsExactly("a", "may be there", "b");
        assertThat(segments(directory)).hasSize(2);
    }

    @Test
    void aWriteThatIsCutShortAndStaysIsTorn() throws Exception {
        write(log, "a");
        disk.room.set(50);
        disk.failsTruncate = true;
        fails("lost", "No space left on device");
        disk.room.set(Long.MAX_VALUE);

        write(log, "b");

        try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
            assertThat(rest(reader)).containsExactly("a", "b");
            assertThat(reader.broken()).isEqualTo(1);
        }
    }

    @Test
    void aSegmentThatCanNotBeMadeIsTriedAgain() throws Exception {
        disk.failsOpen = true;
        fails("lost", "no file left");
        fails("lost too", "no file left");
        disk.failsOpen = false;

        write(log, "a");

        assertThat(all(directory)).containsExactly("a");
        assertThat(segments(directory)).containsExactly(segment(directory, 1));
    }

    @Test
    void aReaderThatSawWhatWasTakenBackMissesNothing() throws Exception {
        write(log, "a");
        try (BeaconReader eager = BeaconReader.open(directory, BeaconCursor.START)) {
            assertThat(rest(eager)).containsExactly("a");
            disk.failsForce = true;
            disk.failsTruncate = true;
            fails("seen", "Input/output error");
            assertThat(rest(eager)).containsExactly("seen");
            BeaconCursor behind = eager.cursor();
            try (FileChannel file = FileChannel.open(segment(directory, 1), StandardOpenOption.WRITE)) {
                file.truncate(100); // as a loss of power might do
            }
            disk.failsForce = false;
            disk.failsTruncate = false;
            write(log, "b", "c");

            assertThat(rest(eager)).containsExactly("b", "c");
            try (BeaconReader later = BeaconReader.open(directory, behind)) {
                assertThat(rest(later)).containsExactly("b", "c");
                assertThat(later.lostSegments()).isZero();
            }
        }
    }

    @Test
    void aReaderOfTheLogSeesOnlyWhatIsStored() throws Exception {
        write(log, "a");
        try (BeaconReader reader = log.reader(BeaconCursor.START);
                BeaconReader eager = BeaconReader.open(directory, BeaconCursor.START)) {
            disk.failsForce = true;
            disk.failsTruncate = true;
            fails("not stored", "Input/output error");

            assertThat(rest(eager)).containsExactly("a", "not stored");
            assertThat(rest(reader)).containsExactly("a");
        }
    }

    @Test
    void aSegmentInWhichNothingCouldBeStoredIsNotLost() throws Exception {
        disk.failsForce = true;
        fails("lost", "Input/output error");
        try (BeaconReader reader = BeaconReader.open(directory, new BeaconCursor(1, 0))) {
            assertThat(rest(reader)).isEmpty();
            disk.failsForce = false;
            write(log, "a");
            assertThat(rest(reader)).containsExactly("a");
        }
    }
}
