package dev.parley.beacon;

import static dev.parley.beacon.LogFixture.all;
import static dev.parley.beacon.LogFixture.rest;
import static dev.parley.beacon.LogFixture.segment;
import static dev.parley.beacon.LogFixture.segments;
import static dev.parley.beacon.LogFixture.write;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a log after its files have suffered. */
@Timeout(600)
class BeaconLogDamageTest {
    private static final List<String> TEXTS = List.of("a", "b:\n\"J", "c", "{\"n\":\"", "e");

    @TempDir
    Path directory;

    private byte[] intact = {};
    /** Where each record ends. */
    private final List<Integer> ends = new ArrayList<>();

    @BeforeEach
    void fill() throws Exception {
        try (BeaconLog log = BeaconLog.at(directory).open()) {
            write(log, TEXTS.toArray(String[]::new));
        }
        intact = Files.readAllBytes(segment(directory, 1));
        for (int i = 0; i < intact.length; i++) {
            if (intact[i] == '\n') {
                ends.add(i + 1);
            }
        }
    }

    private void damaged(byte[] bytes) throws IOException {
        for (Path segment : segments(directory)) {
            Files.delete(segment);
        }
        Files.write(segment(directory, 1), bytes);
    }

    @Test
    void aTornTailIsCutOffWhereverItIsTorn() throws Exception {
        for (int size = 0; size <= intact.length; size++) {
            damaged(Arrays.copyOf(intact, size));
            int length = size;
            int whole = (int) ends.stream().filter(end -> end <= length).count();
            int end = whole == 0 ? 0 : ends.get(whole - 1);
            List<String> expected = new ArrayList<>(TEXTS.subList(0, whole));
            try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
                assertThat(rest(reader)).isEqualTo(expected);
                assertThat(reader.broken()).as("what is torn may be on its way").isZero();
                assertThat(reader.cursor().offset()).isEqualTo(end);

                try (BeaconLog log =
                        BeaconLog.at(directory).opener(new TestDisk()).open()) {
                    assertThat(log.repairedBytes()).isEqualTo(size - end);
                    assertThat(segment(directory, 1)).hasSize(end);
                    write(log, "new");
                }

                assertThat(rest(reader)).containsExactly("new");
                assertThat(reader.broken()).isZero();
            }
            expected.add("new");
            assertThat(all(directory)).isEqualTo(expected);
        }
    }

    @Test
    void aTornTailOfAnOlderSegmentIsOneBrokenRecord() throws Exception {
        for (int size = 0; size <= intact.length; size++) {
            damaged(Arrays.copyOf(intact, size));
            Files.write(segment(directory, 2), intact);
            int length = size;
            int whole = (int) ends.stream().filter(end -> end <= length).count();
            List<String> expected = new ArrayList<>(TEXTS.subList(0, whole));
            expected.addAll(TEXTS);
            try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
                assertThat(rest(reader)).isEqualTo(expected);
                assertThat(reader.broken()).isEqualTo(size == 0 || ends.contains(size) ? 0 : 1);
            }
        }
    }

    @Test
    void aFlippedBitCostsOneRecordAndHidesNoOther() throws Exception {
        Path file = segment(directory, 1);
        Files.createFile(segment(directory, 2)); // so that nothing may be on its way in the first
        for (int bit = 0; bit < 8 * intact.length; bit++) {
            byte[] bytes = intact.clone();
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, bytes, StandardOpenOption.WRITE); // cut to nothing first, the disk would be waited for
            int at = bit / 8;
            int hit = (int) ends.stream().filter(end -> end <= at).count();
            List<String> expected = new ArrayList<>(TEXTS);
            expected.remove(hit);
            try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
                assertThat(rest(reader)).as("bit %s", bit).isEqualTo(expected);
                assertThat(reader.broken()).as("bit %s", bit).isEqualTo(1);
            }
        }
    }

    @Test
    void aBrokenRecordInTheMiddleStaysWhenTheLogIsOpened() throws Exception {
        byte[] bytes = intact.clone();
        bytes[ends.get(0) + 50] ^= 1;
        damaged(bytes);

        try (BeaconLog log = BeaconLog.at(directory).open()) {
            assertThat(log.repairedBytes()).isZero();
        }

        assertThat(segment(directory, 1)).hasBinaryContent(bytes);
        assertThat(all(directory)).containsExactly("a", "c", "{\"n\":\"", "e");
    }

    @Test
    void zerosBehindTheLastRecordAreCutOff() throws Exception {
        damaged(Arrays.copyOf(intact, intact.length + 100_000));

        assertThat(all(directory)).isEqualTo(TEXTS);
        try (BeaconLog log = BeaconLog.at(directory).open()) {
            assertThat(log.repairedBytes()).isEqualTo(100_000);
        }
        assertThat(segment(directory, 1)).hasBinaryContent(intact);
    }

    @Test
    void junkOfAnySizeIsPassedOver() throws Exception {
        byte[] junk = new byte[66 * 1024 * 1024];
        Arrays.fill(junk, (byte) 'x');
        byte[] bytes = new byte[intact.length + junk.length + 1 + intact.length];
        System.arraycopy(intact, 0, bytes, 0, intact.length);
        System.arraycopy(junk, 0, bytes, intact.length, junk.length);
        bytes[intact.length + junk.length] = '\n';
        System.arraycopy(intact, 0, bytes, intact.length + junk.length + 1, intact.length);
        damaged(bytes);

        try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
            assertThat(rest(reader)).hasSize(2 * TEXTS.size());
            assertThat(reader.broken()).isEqualTo(1);
        }
    }

    @Test
    void anyBytesAreReadWithoutFailing() throws Exception {
        Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            byte[] bytes = intact.clone();
            for (int i = random.nextInt(20); i >= 0; i--) {
                int at = random.nextInt(bytes.length);
                switch (random.nextInt(3)) {
                    case 0 -> bytes[at] = (byte) random.nextInt();
                    case 1 -> bytes[at] = '\n';
                    default -> {
                        int length = random.nextInt(Math.min(60, bytes.length - at));
                        System.arraycopy(bytes, random.nextInt(bytes.length - length), bytes, at, length);
                    }
                }
            }
            damaged(bytes);
            try (BeaconReader reader = BeaconReader.open(directory, new BeaconCursor(1, random.nextInt(100)))) {
                assertThat(rest(reader)).allMatch(TEXTS::contains);
            }
        }
    }

    @Test
    void aRecordThatIsWholeButNoBeaconIsPassedOver() throws Exception {
        JsonBytes out = new JsonBytes(100);
        LogRecord.append(LogFixture.text("x"), out);
        byte[] first = out.copy();
        String line = new String(first, ISO_8859_1).replace("\"path\"", "\"htap\"");
        CRC32C crc = new CRC32C();
        byte[] changed = line.getBytes(ISO_8859_1);
        crc.update(changed, 40, changed.length - 42);
        System.arraycopy("%08x".formatted(crc.getValue()).getBytes(ISO_8859_1), 0, changed, 21, 8);
        byte[] bytes = Arrays.copyOf(changed, changed.length + intact.length);
        System.arraycopy(intact, 0, bytes, changed.length, intact.length);
        damaged(bytes);

        try (BeaconReader reader = BeaconReader.open(directory, BeaconCursor.START)) {
            assertThat(rest(reader)).isEqualTo(TEXTS);
            assertThat(reader.broken()).isEqualTo(1);
        }
    }

    @Test
    void aCursorWithinARecordFindsTheNext() throws Exception {
        try (BeaconReader reader = BeaconReader.open(directory, new BeaconCursor(1, 20))) {
            Optional<Beacon> next = reader.next();

            assertThat(next.orElseThrow().body().text()).isEqualTo(TEXTS.get(1));
            assertThat(reader.broken()).isEqualTo(1);
        }
    }
}
