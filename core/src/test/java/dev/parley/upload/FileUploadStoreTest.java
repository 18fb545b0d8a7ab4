package dev.parley.upload;

import static dev.parley.upload.FaultyDisk.names;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the store of files does beyond the contract, which it keeps: its files, its lock, and a disk that fails. */
@Timeout(300)
class FileUploadStoreTest {
    private static final String A = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
    private static final String B = "bbbbbbbbbbbbbbbbbbbbbbbbbb";

    @TempDir
    Path temporary;

    private Path directory;
    private final FaultyDisk disk = new FaultyDisk();

    @BeforeEach
    void chooseDirectory() throws IOException {
        directory = temporary.toRealPath().resolve("uploads");
    }

    private FileUploadStore.Builder builder() {
        return FileUploadStore.at(directory).minFreeBytes(0).disk(disk);
    }

    private FileUploadStore open() throws IOException {
        return builder().open();
    }

    private static void append(UploadStore store, String id, String text) throws IOException {
        try (UploadContent content = store.open(id)) {
            content.append(buffers(text));
        }
    }

    private static ByteBuffer[] buffers(String text) {
        byte[] bytes = utf8(text);
        int half = bytes.length / 2;
        return new ByteBuffer[] {ByteBuffer.wrap(bytes, 0, half), ByteBuffer.wrap(bytes, half, bytes.length - half)};
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    private static String record(UploadStore store, String id) throws IOException {
        return new String(store.record(id).orElseThrow(), UTF_8);
    }

    private Path data(String id) {
        return directory.resolve(id + ".data");
    }

    private Path json(String id) {
        return directory.resolve(id + ".json");
    }

    // ---- files

    @Test
    void anUploadIsTwoFilesNamedAfterIt() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{\"a\":1}"));
            append(store, A, "content");

            assertThat(names(directory)).containsExactly(A + ".data", A + ".json", "uploads.lock");
            assertThat(data(A)).hasContent("content");
            assertThat(json(A)).hasContent("{\"a\":1}");
            assertThat(store.file(A)).isEqualTo(data(A));

            store.delete(A);
            assertThat(names(directory)).containsExactly("uploads.lock");
        }
    }

    @Test
    void whatItMakesIsForItsOwnerOnly() throws IOException {
        assumeThat(temporary.getFileSystem().supportedFileAttributeViews())
                .as("a file system with owners")
                .contains("posix");
        directory = directory.resolve("deep").resolve("down");
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            store.save(A, utf8("saved"));

            assertThat(permissions(directory)).isEqualTo("rwx------");
            for (String name : names(directory)) {
                assertThat(permissions(directory.resolve(name))).as(name).isEqualTo("rw-------");
            }
        }
    }

    @Test
    void aDirectoryThatIsThereKeepsItsPermissions() throws IOException {
        assumeThat(temporary.getFileSystem().supportedFileAttributeViews())
                .as("a file system with owners")
                .contains("posix");
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));

        open().close();

        assertThat(permissions(directory)).isEqualTo("rwxr-x---");
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void filesOfOthersAreLeftAlone() throws IOException {
        Files.createDirectory(directory);
        List<String> others = List.of(
                "README",
                ".data",
                ".json.tmp",
                A.substring(1) + ".data",
                A + "a.data",
                A.replace('a', 'A') + ".data",
                A.replace('a', '1') + ".json.tmp",
                A + ".data.bak",
                A + ".json.tmp~",
                A);
        for (String other : others) {
            Files.writeString(directory.resolve(other), "theirs");
        }
        try (FileUploadStore store = open()) {
            assertThat(store.ids()).isEmpty();
            store.create(A, utf8("{}"));
            store.delete(A);
        }
        for (String other : others) {
            assertThat(directory.resolve(other)).hasContent("theirs");
        }
    }

    // ---- ids

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "/",
                "a",
                "../../../../etc/passwd",
                "../aaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaa/aaaaaaaaaaaaa",
                "aaaaaaaaaaaa\\aaaaaaaaaaaaa",
                "/aaaaaaaaaaaaaaaaaaaaaaaaa",
                "C:\\aaaaaaaaaaaaaaaaaaaaaaa",
                "CON",
                "aaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaa\n",
                "\naaaaaaaaaaaaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaa\0",
                "aaaaaaaaaaaaaaaaaaaaaaaaaa\0",
                "aaaaaaaaaaaaaaaaaaaaaaaaa ",
                "aaaaaaaaaaaaaaaaaaaaaaaaa.",
                "aaaaaaaaaaaaaaaaaaaaa.data",
                "Aaaaaaaaaaaaaaaaaaaaaaaaaa",
                "0aaaaaaaaaaaaaaaaaaaaaaaaa",
                "1aaaaaaaaaaaaaaaaaaaaaaaaa",
                "8aaaaaaaaaaaaaaaaaaaaaaaaa",
                "éaaaaaaaaaaaaaaaaaaaaaaaaa",
                "\uFF41aaaaaaaaaaaaaaaaaaaaaaaaa",
                "\u202Eaaaaaaaaaaaaaaaaaaaaaaaaa",
                "%2e%2e%2faaaaaaaaaaaaaaaaa",
                "\uD800aaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void whatIsNoIdIsRefusedBeforeAnyPathIsMade(String id) throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            for (ThrowingCall call : List.<ThrowingCall>of(
                    () -> store.create(id, utf8("{}")),
                    () -> store.save(id, utf8("{}")),
                    () -> store.record(id),
                    () -> store.open(id),
                    () -> store.delete(id),
                    () -> store.file(id),
                    () -> store.join(id, List.of(A)),
                    () -> store.join(A, List.of(id)))) {
                assertThatThrownBy(call::run)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageMatching("id: \"[ -~]*\" \\(expected: 26 of a-z and 2-7\\)");
            }
            assertThat(names(directory)).containsExactly(A + ".data", A + ".json", "uploads.lock");
        }
    }

    private interface ThrowingCall {
        void run() throws IOException;
    }

    @Test
    void noTextLeadsOutOfTheDirectory() throws IOException {
        Random random = new Random(1);
        String signs = "aaabz27\0\n/\\.:*~% A018\u202E\uFF41é";
        try (FileUploadStore store = open()) {
            for (int i = 0; i < 100_000; i++) {
                StringBuilder id = new StringBuilder();
                for (int length = i % 2 == 0 ? 26 : random.nextInt(40); id.length() < length; ) {
                    int known = random.nextInt(100) == 0 ? signs.length() : 7;
                    id.append(signs.charAt(random.nextInt(known)));
                }
                boolean isId =
                        id.length() == 26 && id.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= '2' && c <= '7');
                if (isId) {
                    assertThat(store.file(id.toString())).isEqualTo(data(id.toString()));
                } else {
                    assertThatThrownBy(() -> store.file(id.toString())).isInstanceOf(IllegalArgumentException.class);
                }
            }
        }
    }

    @Test
    void anIdIsNotShownAtLength() throws IOException {
        try (FileUploadStore store = open()) {
            assertThatThrownBy(() -> store.file("x".repeat(100_000)))
                    .hasMessage("id: \"" + "x".repeat(64) + "...\" (expected: 26 of a-z and 2-7)");
        }
    }

    // ---- links

    private Path victim() throws IOException {
        return Files.writeString(temporary.resolve("victim"), "victim");
    }

    @Test
    void aLinkInPlaceOfANewContentIsNotFollowed() throws IOException {
        Path victim = victim();
        Path nowhere = temporary.resolve("nowhere");
        try (FileUploadStore store = open()) {
            for (Path target : List.of(victim, nowhere)) {
                Files.createSymbolicLink(data(A), target);
                assertThatThrownBy(() -> store.create(A, utf8("{}"))).isInstanceOf(FileAlreadyExistsException.class);
                Files.delete(data(A));
            }
            assertThat(names(directory)).containsExactly("uploads.lock");
        }
        assertThat(victim).hasContent("victim");
        assertThat(nowhere).doesNotExist();
    }

    @Test
    void aLinkInPlaceOfAContentIsNotOpened() throws IOException {
        Path victim = victim();
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            store.create(B, utf8("{}"));
            Files.delete(data(A));
            Files.createSymbolicLink(data(A), victim);

            assertThatThrownBy(() -> store.open(A)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> store.join(B, List.of(A))).isInstanceOf(IOException.class);

            assertThat(data(B)).isEmptyFile();
            store.delete(A);
        }
        assertThat(victim).hasContent("victim");
        assertThat(data(A)).doesNotExist();
    }

    @Test
    void aLinkInPlaceOfARecordIsNotReadAndItselfReplaced() throws IOException {
        Path victim = victim();
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            Files.delete(json(A));
            Files.createSymbolicLink(json(A), victim);
            Files.createSymbolicLink(directory.resolve(A + ".json.tmp"), victim);

            assertThatThrownBy(() -> store.record(A)).isInstanceOf(IOException.class);
            store.save(A, utf8("saved"));

            assertThat(record(store, A)).isEqualTo("saved");
        }
        assertThat(victim).hasContent("victim");
    }

    @Test
    void aLinkInPlaceOfTheLockIsNotFollowed() throws IOException {
        Files.createDirectory(directory);
        Path nowhere = temporary.resolve("nowhere");
        Files.createSymbolicLink(directory.resolve("uploads.lock"), nowhere);

        assertThatThrownBy(this::open).isInstanceOf(IOException.class);

        assertThat(nowhere).doesNotExist();
    }

    // ---- one at a time

    @Test
    void aDirectoryIsForOneStore() throws IOException {
        try (FileUploadStore store = open()) {
            Path link = Files.createSymbolicLink(temporary.resolve("link"), directory);
            for (Path path : List.of(directory, link, directory.resolve("..").resolve("uploads"))) {
                assertThatThrownBy(() -> FileUploadStore.at(path).open())
                        .isInstanceOf(IOException.class)
                        .hasMessage("directory: " + directory + " is in use by a store of this program"
                                + " (expected: one at a time; close that one, or give each a directory of its own)");
            }
            store.create(A, utf8("still there"));
        }
        try (FileUploadStore store = open()) {
            assertThat(record(store, A)).isEqualTo("still there");
        }
    }

    @Test
    void aStoreThatCouldNotBeOpenedHasNoLock() throws IOException {
        Files.createDirectories(directory.resolve("uploads.lock"));
        assertThatThrownBy(this::open).isInstanceOf(IOException.class);
        Files.delete(directory.resolve("uploads.lock"));

        open().close();
    }

    @Test
    void aFileIsNoDirectory() throws IOException {
        Files.writeString(directory, "a file");

        assertThatThrownBy(this::open).isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void aStoreThatIsClosedDoesNothing() throws IOException {
        FileUploadStore store = open();
        store.create(A, utf8("{}"));
        store.close();
        store.close();

        for (ThrowingCall call : List.<ThrowingCall>of(
                () -> store.create(B, utf8("{}")),
                () -> store.save(A, utf8("{}")),
                () -> store.record(A),
                () -> store.open(A),
                () -> store.delete(A),
                store::ids)) {
            assertThatThrownBy(call::run).isInstanceOf(IOException.class).hasMessage("store: closed (expected: open)");
        }
        assertThat(names(directory)).containsExactly(A + ".data", A + ".json", "uploads.lock");
    }

    // ---- what a crash leaves

    @Test
    void whatACrashLeftIsDeletedWhenItIsOpened() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("whole"));
            append(store, A, "content");
        }
        Files.writeString(directory.resolve(A + ".json.tmp"), "{\"half");
        Files.writeString(data(B), "of one that was being made or deleted");
        Files.writeString(directory.resolve(B + ".json.tmp"), "");

        try (FileUploadStore store = open()) {
            assertThat(names(directory)).containsExactly(A + ".data", A + ".json", "uploads.lock");
            assertThat(record(store, A)).isEqualTo("whole");
            assertThat(store.file(A)).hasContent("content");
            store.create(B, utf8("again"));
        }
    }

    @Test
    void aRecordWithoutAContentIsKept() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("done"));
        }
        Files.delete(data(A));

        try (FileUploadStore store = open()) {
            assertThat(store.ids()).containsExactly(A);
            assertThat(record(store, A)).isEqualTo("done");
            assertThatThrownBy(() -> store.open(A)).isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> store.create(A, utf8("{}"))).isInstanceOf(FileAlreadyExistsException.class);
            store.save(A, utf8("done, and answered"));
            store.delete(A);
            assertThat(names(directory)).containsExactly("uploads.lock");
        }
    }

    @Test
    void aLeftoverThatStaysDoesNoHarm() throws IOException {
        Files.createDirectories(data(A).resolve("not ours"));

        try (FileUploadStore store = open()) {
            assertThat(store.ids()).isEmpty();
            assertThatThrownBy(() -> store.create(A, utf8("{}"))).isInstanceOf(FileAlreadyExistsException.class);
            store.create(B, utf8("{}"));
        }
        assertThat(data(A).resolve("not ours")).exists();
    }

    @Test
    void aRecordThatIsNoneIsNotReadIntoMemory() throws IOException {
        try (FileUploadStore store = open()) {
            assertThatThrownBy(() -> store.create(A, new byte[1024 * 1024 + 1]))
                    .hasMessage("record: 1048577 bytes (expected: at most 1048576)");
            assertThat(names(directory)).containsExactly("uploads.lock");
            store.create(A, new byte[1024 * 1024]);
            Files.write(json(A), new byte[1024 * 1024 + 1]);

            assertThatThrownBy(() -> store.record(A))
                    .hasMessage("record: " + json(A) + " has 1048577 bytes (expected: at most 1048576)");
        }
    }

    // ---- what is forced, and when

    @Test
    void aRecordIsForcedBeforeItIsRenamedAndTheDirectoryAfterwards() throws IOException {
        try (FileUploadStore store = open()) {
            disk.forced.clear();
            store.create(A, utf8("{}"));
            assertThat(disk.forced)
                    .containsExactly(
                            "%1$s.json.tmp beside %1$s.data %1$s.json.tmp".formatted(A),
                            "uploads beside %1$s.data %1$s.json".formatted(A));

            disk.forced.clear();
            store.save(A, utf8("saved"));
            assertThat(disk.forced)
                    .containsExactly(
                            "%1$s.json.tmp beside %1$s.data %1$s.json %1$s.json.tmp".formatted(A),
                            "uploads beside %1$s.data %1$s.json".formatted(A));
        }
    }

    @Test
    void theRecordIsGoneForGoodBeforeTheContentIs() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            disk.forced.clear();

            store.delete(A);

            assertThat(disk.forced).containsExactly("uploads beside %s.data".formatted(A));
            store.delete(A);
            assertThat(disk.forced).hasSize(1);
        }
    }

    @Test
    void aContentIsForcedWhenItIsAskedTo() throws IOException {
        try (FileUploadStore store =
                builder().durability(Durability.ON_COMPLETE).open()) {
            store.create(A, utf8("{}"));
            disk.forced.clear();
            try (UploadContent content = store.open(A)) {
                content.append(buffers("content"));
                assertThat(disk.forced).isEmpty();
                content.force();
                assertThat(disk.forced).hasSize(1).first().asString().startsWith(A + ".data ");

                disk.untilFailure = 0;
                assertThatThrownBy(content::force)
                        .isInstanceOf(IOException.class)
                        .hasMessage("Input/output error");
            }
        }
    }

    @Test
    void nothingIsForcedWithoutDurability() throws IOException {
        try (FileUploadStore store = builder().durability(Durability.NONE).open()) {
            store.create(A, utf8("{}"));
            store.save(A, utf8("saved"));
            store.delete(A);
        }
        assertThat(disk.forced).isEmpty();
    }

    @Test
    void aDirectoryThatIsMadeOutlivesTheMachine() throws IOException {
        open().close();

        assertThat(disk.forced).hasSize(1).first().asString().contains(" beside uploads");
    }

    // ---- a disk that fails

    @Test
    void nothingIsLeftOfAnUploadThatCouldNotBeMade() throws IOException {
        try (FileUploadStore store = open()) {
            int failures = 0;
            for (boolean isMade = false; !isMade; failures++) {
                disk.untilFailure = failures;
                try {
                    store.create(A, utf8("{}"));
                    isMade = true;
                } catch (IOException e) {
                    assertThat(e).hasMessage("Input/output error");
                    assertThat(names(directory))
                            .as("after failure %s", failures)
                            .containsExactly("uploads.lock");
                    assertThat(store.record(A)).isEmpty();
                }
            }
            assertThat(failures - 1)
                    .as("to make two files, write and force one, open and force the directory")
                    .isEqualTo(6);
            disk.untilFailure = -1;
            assertThat(record(store, A)).isEqualTo("{}");
        }
    }

    @Test
    void theOldRecordStaysIfTheNewOneCouldNotBeSaved() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("old"));
            for (int failure = 0; failure < 3; failure++) { // to make, write, force
                disk.untilFailure = failure;
                assertThatThrownBy(() -> store.save(A, utf8("new"))).hasMessage("Input/output error");
                assertThat(record(store, A)).isEqualTo("old");
                assertThat(names(directory)).containsExactly(A + ".data", A + ".json", "uploads.lock");
            }
            for (int room = 0; room < 3; room++) {
                disk.room = room;
                assertThatThrownBy(() -> store.save(A, utf8("new"))).isInstanceOf(NoSpaceException.class);
                assertThat(record(store, A)).isEqualTo("old");
                assertThat(names(directory)).containsExactly(A + ".data", A + ".json", "uploads.lock");
            }
            disk.room = Long.MAX_VALUE;
            store.save(A, utf8("new"));
            assertThat(record(store, A)).isEqualTo("new");
        }
    }

    @Test
    void aRecordThatIsInPlaceButNotForcedIsToldAsAFailure() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("old"));
            for (int failure = 3; failure < 5; failure++) { // to open and force the directory
                disk.untilFailure = failure;
                assertThatThrownBy(() -> store.save(A, utf8("new"))).hasMessage("Input/output error");
                assertThat(record(store, A)).isEqualTo("new");
            }
        }
    }

    @Test
    void anUploadThatCouldNotBeDeletedIsDeletedTheNextTime() throws IOException {
        try (FileUploadStore store = builder().maxBytes(10).open()) {
            store.create(A, utf8("{}"));
            append(store, A, "0123456789");
            for (int failure = 0; failure < 2; failure++) { // to open and force the directory
                disk.untilFailure = failure;
                assertThatThrownBy(() -> store.delete(A)).hasMessage("Input/output error");
                assertThat(store.ids()).isEmpty();
                assertThat(store.usableBytes()).as("its bytes are still there").isZero();
            }
            disk.untilFailure = -1;
            store.delete(A);

            assertThat(names(directory)).containsExactly("uploads.lock");
            assertThat(store.usableBytes()).isEqualTo(10);
        }
    }

    @Test
    void aWriteThatIsShortIsGoneOnWith() throws IOException {
        disk.slice = 3;
        try (FileUploadStore store = open()) {
            store.create(A, utf8("a record of some bytes"));
            append(store, A, "a content of some bytes");
            store.create(B, utf8("{}"));
            store.join(B, List.of(A, A));

            assertThat(record(store, A)).isEqualTo("a record of some bytes");
            assertThat(data(A)).hasContent("a content of some bytes");
            assertThat(data(B)).hasContent("a content of some bytesa content of some bytes");
        }
    }

    @Test
    void aDiskThatTakesNothingAndDoesNotSaySoFails() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            store.create(B, utf8("{}"));
            append(store, B, "content");
            disk.slice = 0;

            assertThatThrownBy(() -> append(store, A, "content"))
                    .hasMessage("file: it takes no more (expected: 7 bytes)");
            assertThatThrownBy(() -> store.join(A, List.of(B)))
                    .hasMessage("file: it takes no more (expected: 7 bytes)");
            assertThatThrownBy(() -> store.save(A, utf8("saved")))
                    .hasMessage("file: it takes no more (expected: 5 bytes)");
            assertThat(record(store, A)).isEqualTo("{}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"No space left on device", "Disk quota exceeded", "There is not enough space on the disk"})
    void aFullDiskIsToldFromOneThatFails(String message) throws IOException {
        try (FileUploadStore store = builder().maxBytes(1000).open()) {
            store.create(A, utf8("{}"));
            store.create(B, utf8("{}"));
            append(store, B, "content");
            disk.full = message;
            disk.room = 4;

            assertThatThrownBy(() -> append(store, A, "content"))
                    .isInstanceOf(NoSpaceException.class)
                    .hasMessage("directory: " + directory + " has no room for 3 bytes more")
                    .hasRootCauseMessage(message);
            assertThat(data(A)).hasContent("cont");
            assertThat(store.usableBytes()).isEqualTo(1000 - 7 - 4);

            disk.room = 0;
            assertThatThrownBy(() -> store.join(A, List.of(B))).isInstanceOf(NoSpaceException.class);
            assertThat(store.usableBytes()).isEqualTo(1000 - 7 - 4);

            disk.room = Long.MAX_VALUE;
            append(store, A, "ent");
            assertThat(data(A)).hasContent("content");
        }
    }

    @Test
    void aFullDiskMaySpeakAnyLanguage() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            disk.full = "Auf dem Gerät ist kein Speicherplatz mehr verfügbar";
            disk.room = 0;
            append(store, A, ""); // somebody has looked
            assertThatThrownBy(() -> append(store, A, "content")).isNotInstanceOf(NoSpaceException.class);

            disk.usable = 6;
            assertThatThrownBy(() -> append(store, A, "content")).isInstanceOf(NoSpaceException.class);
        }
    }

    @Test
    void whatFailsOtherwiseIsNotTakenForAFullDisk() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            try (UploadContent content = store.open(A)) {
                disk.untilFailure = 0;
                assertThatThrownBy(() -> content.append(buffers("content")))
                        .isNotInstanceOf(NoSpaceException.class)
                        .hasMessage("Input/output error");
                content.append(buffers("content"));
            }
            assertThat(data(A)).hasContent("content");
        }
    }

    // ---- bounds

    @Test
    void someOfTheDiskIsLeftToOthers() throws IOException {
        long mib = 1024 * 1024;
        String oneMib = "x".repeat(1024 * 1024);
        disk.usable = 10 * mib;
        try (FileUploadStore store = builder().minFreeBytes(8 * mib).open()) {
            assertThat(store.maxBytes()).isEqualTo(Long.MAX_VALUE);
            assertThat(store.usableBytes()).isEqualTo(2 * mib);
            store.create(A, utf8("{}"));
            assertThatThrownBy(() -> append(store, A, oneMib.repeat(3)))
                    .isInstanceOf(NoSpaceException.class)
                    .hasMessage("disk: of " + directory
                            + " has room for 2097152 bytes (expected: 3145728, beside 8388608" + " that stay free)");
            assertThat(data(A)).isEmptyFile();

            append(store, A, oneMib.repeat(2));
            disk.usable = 8 * mib;
            assertThat(store.usableBytes()).isZero();
            assertThatThrownBy(() -> append(store, A, oneMib)).isInstanceOf(NoSpaceException.class);
            assertThatThrownBy(() -> append(store, A, "x"))
                    .as("everybody looks while it is full")
                    .isInstanceOf(NoSpaceException.class);
            assertThatThrownBy(() -> store.create(B, utf8("{}"))).isInstanceOf(NoSpaceException.class);
            store.save(A, utf8("saved all the same"));

            disk.usable = 9 * mib;
            append(store, A, "x");
            store.create(B, utf8("{}"));
            assertThat(data(A)).hasSize(2 * mib + 1);
        }
    }

    @Test
    void aBoundMayBeLowerThanWhatIsThere() throws IOException {
        try (FileUploadStore store = open()) {
            store.create(A, utf8("{}"));
            append(store, A, "0123456789");
        }
        try (FileUploadStore store = builder().maxBytes(4).open()) {
            assertThat(store.usableBytes()).isZero();
            assertThatThrownBy(() -> append(store, A, "x"))
                    .isInstanceOf(NoSpaceException.class)
                    .hasMessage("store: 1 bytes more than 10 (expected: at most 4 bytes in all)");
            append(store, A, "");
            try (UploadContent content = store.open(A)) {
                content.truncate(3);
            }
            append(store, A, "x");
        }
    }

    @Test
    void whatWasMovedAwayMakesRoomWhenItIsDeleted() throws IOException {
        try (FileUploadStore store = builder().maxBytes(10).open()) {
            store.create(A, utf8("{}"));
            append(store, A, "0123456789");
            Files.move(store.file(A), temporary.resolve("moved"));
            store.delete(A);

            assertThat(store.usableBytes()).isEqualTo(10);
        }
    }

    @Test
    void whatIsWrittenToADeletedUploadIsNotCounted() throws IOException {
        try (FileUploadStore store = builder().maxBytes(10).open()) {
            store.create(A, utf8("{}"));
            try (UploadContent content = store.open(A)) {
                content.append(buffers("01234"));
                store.delete(A);
                content.append(buffers("56789"));
                content.truncate(0);
            }
            assertThat(store.usableBytes()).isEqualTo(10);
            assertThat(names(directory)).containsExactly("uploads.lock");
        }
    }

    // ---- settings

    @Test
    void settingsAreChecked() {
        assertThatThrownBy(() -> builder().maxBytes(-1)).hasMessage("maxBytes: -1 (expected: >= 0)");
        assertThatThrownBy(() -> builder().minFreeBytes(-1)).hasMessage("minFreeBytes: -1 (expected: >= 0)");
    }

    @Test
    void itSaysWhenToForce() throws IOException {
        try (FileUploadStore store = open()) {
            assertThat(store.durability()).isSameAs(Durability.BEFORE_ACK);
        }
        try (FileUploadStore store = builder().durability(Durability.NONE).open()) {
            assertThat(store.durability()).isSameAs(Durability.NONE);
        }
    }

    @Test
    void theSystemsDiskHasRoom() throws IOException {
        try (FileUploadStore store =
                FileUploadStore.at(directory).minFreeBytes(0).open()) {
            assertThat(store.usableBytes()).isPositive();
        }
    }
}
