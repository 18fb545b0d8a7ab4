package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.parley.upload.NoSpaceException;
import dev.parley.upload.UploadContent;
import dev.parley.upload.UploadStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The tests that each {@link UploadStore} must pass. Who writes one extends this class:
 *
 * <pre>{@code
 * final class BucketStoreTest extends UploadStoreContract {
 *     private final Bucket bucket = Bucket.local();
 *
 *     @Override
 *     protected UploadStore store() {
 *         return new BucketStore(bucket);
 *     }
 *
 *     @Override
 *     protected Optional<UploadStore> reopened() {
 *         return Optional.of(new BucketStore(bucket));
 *     }
 * }
 * }</pre>
 *
 * <p>They show what an endpoint relies on: records are kept as they are and replaced as a whole; a content grows at its end only, by all
 * that is appended, in order, and can be cut off there; what is deleted is gone; no upload touches another. What only some stores can
 * do is shown where they say so by the interfaces in {@link UploadStore}, and where the subclass does: {@link #reopened}, {@link #bounded}.
 *
 * <p>That a store keeps its promises when the machine fails, no such test can show: kill a program that uses it, many times.
 *
 * <p><b>Threading.</b> One test at a time. Nothing sleeps; whatever takes longer than {@link #patience} fails.
 */
public abstract class UploadStoreContract {
    private static final int THREADS = 4;
    /** As long as an endpoint makes them. */
    private static final int RECORD_BYTES = 100 * 1024;

    private static final String A = id(1);
    private static final String B = id(2);
    private static final String C = id(3);
    private static final String D = id(4);

    private @Nullable UploadStore store;

    /** For the subclass. */
    protected UploadStoreContract() {}

    /**
     * The store. Called once before each test, which closes it.
     *
     * @return a store that has no uploads
     * @throws Exception if it can't be opened, which fails the test
     */
    protected abstract UploadStore store() throws Exception;

    /**
     * Opens another store on what the one of this test kept, which is closed, as the next start of the program does.
     *
     * @return empty where all is lost with the program, as it is unless this is overridden; the tests of that are then skipped
     * @throws Exception if it can't be opened, which fails the test
     */
    protected Optional<UploadStore> reopened() throws Exception {
        return Optional.empty();
    }

    /**
     * Opens a store with a bound, without uploads. The one of {@link #store} is closed.
     *
     * @param maxBytes what {@link UploadStore.Bounded#maxBytes} is to be
     * @return empty where none can be set, as it is unless this is overridden; the tests of that are then skipped
     * @throws Exception if it can't be opened, which fails the test
     */
    protected Optional<UploadStore> bounded(long maxBytes) throws Exception {
        return Optional.empty();
    }

    /**
     * How long a test waits for any single step before it fails.
     *
     * @return 60 s, unless this is overridden: long enough for a machine or a disk that others keep busy
     */
    protected Duration patience() {
        return Duration.ofSeconds(60);
    }

    @BeforeEach
    final void openStore() throws Exception {
        store = store();
    }

    @AfterEach
    final void closeStore() throws Exception {
        opened().close();
    }

    private UploadStore opened() {
        if (store == null) {
            throw new IllegalStateException("store: none (expected: store())");
        }
        return store;
    }

    // ---- records

    @Test
    void thereAreNoUploadsAtFirst() throws Exception {
        assertThat(opened().ids()).isEmpty();
        assertThat(opened().record(A)).isEmpty();
    }

    @Test
    void aNewUploadHasItsRecordAndAnEmptyContent() throws Exception {
        opened().create(A, utf8("{}"));

        assertThat(record(A)).isEqualTo("{}");
        assertThat(opened().ids()).containsExactly(A);
        expectContent(A, new byte[0]);
    }

    @Test
    void recordsAreKeptAsTheyAre() throws Exception {
        List<byte[]> records = List.of(
                new byte[0],
                utf8("{}"),
                utf8("{\"name\":\"é 漢 🎉 \\u0000\"}\r\n"),
                new byte[] {0, -1, '\n', -128, 127, 0},
                bytes(7, RECORD_BYTES));
        opened().create(A, utf8("first"));
        int next = 100;
        for (byte[] record : records) {
            String id = id(next++);
            opened().create(id, record);
            opened().save(A, record);

            assertThat(opened().record(id)).as("created with it").hasValue(record);
            assertThat(opened().record(A)).as("saved").hasValue(record);
        }
    }

    @Test
    void aRecordThatIsSavedReplacesTheOneBefore() throws Exception {
        opened().create(A, utf8("a long one, to begin with"));
        opened().create(B, utf8("another's"));
        append(A, utf8("content"));

        opened().save(A, utf8("short"));

        assertThat(record(A)).isEqualTo("short");
        assertThat(record(B)).isEqualTo("another's");
        expectContent(A, utf8("content"));
    }

    @Test
    void recordsAreNotSharedWithCallers() throws Exception {
        byte[] record = utf8("mine");
        opened().create(A, record);
        record[0] = '!';
        assertThat(record(A)).isEqualTo("mine");

        byte[] saved = utf8("saved");
        opened().save(A, saved);
        saved[0] = '!';
        opened().record(A).orElseThrow()[1] = '!';

        assertThat(record(A)).isEqualTo("saved");
    }

    @Test
    void aRecordIsNotLockedByAnOpenContent() throws Exception {
        opened().create(A, utf8("before"));
        try (UploadContent content = opened().open(A)) {
            append(content, utf8("some"));
            opened().save(A, utf8("after"));
            append(content, utf8(" more"));
        }

        assertThat(record(A)).isEqualTo("after");
        expectContent(A, utf8("some more"));
    }

    @Test
    void anUploadThatExistsIsNotMadeAgain() throws Exception {
        opened().create(A, utf8("first"));
        append(A, utf8("content"));

        assertThatThrownBy(() -> opened().create(A, utf8("second"))).isInstanceOf(IOException.class);

        assertThat(record(A)).isEqualTo("first");
        expectContent(A, utf8("content"));
    }

    @Test
    void whatIsNotThereCanNotBeSaved() throws Exception {
        assertThatThrownBy(() -> opened().save(A, utf8("late"))).isInstanceOf(IOException.class);

        assertThat(opened().record(A)).as("nothing comes back to life").isEmpty();
        assertThat(opened().ids()).isEmpty();
    }

    @Test
    void whatIsNotThereCanNotBeOpened() throws Exception {
        assertThatThrownBy(() -> opened().open(A)).isInstanceOf(IOException.class);

        assertThat(opened().ids()).isEmpty();
    }

    // ---- contents

    @Test
    void allBuffersAreAppendedInOrder() throws Exception {
        opened().create(A, utf8("{}"));
        ByteBuffer direct = ByteBuffer.allocateDirect(4).put(utf8("dddd")).flip();
        ByteBuffer part = ByteBuffer.wrap(utf8("<part>")).position(1).limit(5);
        ByteBuffer[] buffers = {
            ByteBuffer.allocate(0),
            ByteBuffer.wrap(utf8("one ")),
            ByteBuffer.allocate(0),
            part,
            direct,
            ByteBuffer.wrap(utf8(" slice")).slice(),
            ByteBuffer.wrap(utf8(" read-only")).asReadOnlyBuffer(),
            ByteBuffer.allocate(0)
        };
        try (UploadContent content = opened().open(A)) {
            content.append(buffers);
            assertThat(content.size()).isEqualTo(28);
        }

        expectContent(A, utf8("one partdddd slice read-only"));
        assertThat(buffers).as("all were read to their limit").noneMatch(ByteBuffer::hasRemaining);
    }

    @Test
    void nothingMayBeAppended() throws Exception {
        opened().create(A, utf8("{}"));
        try (UploadContent content = opened().open(A)) {
            content.append(new ByteBuffer[0]);
            content.append(new ByteBuffer[] {ByteBuffer.allocate(0), ByteBuffer.allocateDirect(0)});
            assertThat(content.size()).isZero();
        }
        expectContent(A, new byte[0]);
    }

    @Test
    void appendsOfAnySizeFollowEachOther() throws Exception {
        opened().create(A, utf8("{}"));
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        try (UploadContent content = opened().open(A)) {
            int seed = 0;
            for (int size : new int[] {1, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_535, 65_536, 1, 1_048_577, 3}) {
                byte[] next = bytes(seed++, size);
                append(content, next);
                expected.writeBytes(next);
                assertThat(content.size()).isEqualTo(expected.size());
            }
        }
        expectContent(A, expected.toByteArray());
    }

    @Test
    void manyBuffersAreAppendedAtOnce() throws Exception {
        int count = 3000; // more than an operating system takes in one call
        opened().create(A, utf8("{}"));
        byte[] expected = bytes(1, count * 3);
        ByteBuffer[] buffers = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            buffers[i] = ByteBuffer.wrap(expected, i * 3, 3);
        }
        try (UploadContent content = opened().open(A)) {
            content.append(buffers);
        }
        expectContent(A, expected);
    }

    @Test
    void aContentThatIsOpenedAgainGoesOnAtItsEnd() throws Exception {
        opened().create(A, utf8("{}"));
        append(A, utf8("one"));
        append(A, utf8(" two"));
        append(A, utf8(" three"));

        expectContent(A, utf8("one two three"));
    }

    @Test
    void aContentIsReadFromAnyPosition() throws Exception {
        opened().create(A, utf8("{}"));
        byte[] all = bytes(3, 40_000);
        append(A, all);
        try (UploadContent content = opened().open(A)) {
            for (int position : new int[] {39_999, 0, 16_383, 1, 16_384, 39_000}) {
                byte[] rest = new byte[Math.min(20_000, all.length - position)];
                readFully(content, position, ByteBuffer.wrap(rest));
                assertThat(rest)
                        .as("from %s", position)
                        .isEqualTo(Arrays.copyOfRange(all, position, position + rest.length));
            }
        }
    }

    @Test
    void atTheEndNothingIsRead() throws Exception {
        opened().create(A, utf8("{}"));
        append(A, utf8("abc"));
        try (UploadContent content = opened().open(A)) {
            ByteBuffer into = ByteBuffer.allocate(10);
            assertThat(content.read(3, into)).isEqualTo(-1);
            assertThat(content.read(1_000_000_000_000L, into)).isEqualTo(-1);
            assertThat(into.position()).isZero();

            assertThat(content.read(1, into)).isBetween(1, 2);
        }
    }

    @Test
    void onlyWhatThereIsRoomForIsRead() throws Exception {
        opened().create(A, utf8("{}"));
        append(A, utf8("abcdefgh"));
        try (UploadContent content = opened().open(A)) {
            ByteBuffer into = ByteBuffer.allocate(8).position(2).limit(5);
            readFully(content, 1, into);

            assertThat(into.array()).containsExactly(0, 0, 'b', 'c', 'd', 0, 0, 0);
        }
    }

    @Test
    void toReadDoesNotMoveTheEnd() throws Exception {
        opened().create(A, utf8("{}"));
        try (UploadContent content = opened().open(A)) {
            append(content, utf8("abc"));
            readFully(content, 0, ByteBuffer.allocate(2));
            append(content, utf8("def"));
        }
        expectContent(A, utf8("abcdef"));
    }

    @Test
    void severalMayReadTheSame() throws Exception {
        opened().create(A, utf8("{}"));
        append(A, utf8("abcdef"));
        ByteBuffer first = ByteBuffer.allocate(3);
        ByteBuffer second = ByteBuffer.allocate(3);
        try (UploadContent one = opened().open(A)) {
            try (UploadContent another = opened().open(A)) {
                readFully(another, 0, first);
            }
            readFully(one, 3, second);
        }

        assertThat(first.array()).isEqualTo(utf8("abc"));
        assertThat(second.array()).isEqualTo(utf8("def"));
    }

    @Test
    void theEndIsCutOff() throws Exception {
        opened().create(A, utf8("{}"));
        byte[] all = bytes(5, 50_000);
        append(A, all);
        try (UploadContent content = opened().open(A)) {
            for (int size : new int[] {50_000, 40_000, 32_768, 32_767, 1}) {
                content.truncate(size);
                assertThat(content.size()).isEqualTo(size);
                assertThat(content.read(size, ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        }
        expectContent(A, Arrays.copyOf(all, 1));
    }

    @Test
    void whatComesAfterACutFollowsIt() throws Exception {
        opened().create(A, utf8("{}"));
        try (UploadContent content = opened().open(A)) {
            append(content, utf8("abcdef"));
            content.truncate(2);
            append(content, utf8("X"));
            assertThat(content.size()).isEqualTo(3);
            content.truncate(0);
            append(content, bytes(1, 20_000));
            content.truncate(16_384);
            append(content, utf8("end"));
        }
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        expected.write(bytes(1, 20_000), 0, 16_384);
        expected.writeBytes(utf8("end"));
        expectContent(A, expected.toByteArray());
    }

    @Test
    void aCutDoesNotMakeItLonger() throws Exception {
        opened().create(A, utf8("{}"));
        append(A, utf8("abc"));
        try (UploadContent content = opened().open(A)) {
            assertThatThrownBy(() -> content.truncate(4)).isInstanceOf(Exception.class);
            assertThat(content.size()).isEqualTo(3);
        }
        expectContent(A, utf8("abc"));
    }

    @Test
    void toForceChangesNothing() throws Exception {
        opened().create(A, utf8("{}"));
        try (UploadContent content = opened().open(A)) {
            content.force();
            append(content, utf8("abc"));
            content.force();
            content.force();
            append(content, utf8("def"));
            assertThat(content.size()).isEqualTo(6);
        }
        expectContent(A, utf8("abcdef"));
    }

    // ---- all uploads

    @Test
    void whatIsDeletedIsGone() throws Exception {
        opened().create(A, utf8("a"));
        opened().create(B, utf8("b"));
        append(A, utf8("of a"));
        append(B, utf8("of b"));

        opened().delete(A);

        assertThat(opened().record(A)).isEmpty();
        assertThat(opened().ids()).containsExactly(B);
        assertThatThrownBy(() -> opened().open(A)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> opened().save(A, utf8("late"))).isInstanceOf(IOException.class);
        assertThat(opened().ids()).containsExactly(B);
        assertThat(record(B)).isEqualTo("b");
        expectContent(B, utf8("of b"));
    }

    @Test
    void whatIsMadeInPlaceOfWhatWasDeletedIsNew() throws Exception {
        opened().create(A, utf8("old"));
        append(A, utf8("old bytes"));
        opened().delete(A);

        opened().create(A, utf8("new"));

        assertThat(record(A)).isEqualTo("new");
        expectContent(A, new byte[0]);
    }

    @Test
    void toDeleteWhatIsNotThereDoesNothing() throws Exception {
        opened().create(B, utf8("b"));

        opened().delete(A);
        opened().delete(B);
        opened().delete(B);

        assertThat(opened().ids()).isEmpty();
    }

    @Test
    void allUploadsAreListedOnce() throws Exception {
        List<String> ids =
                IntStream.range(0, 100).mapToObj(UploadStoreContract::id).toList();
        for (String id : ids) {
            opened().create(id, utf8(id));
        }
        assertThat(opened().ids()).containsExactlyInAnyOrderElementsOf(ids);
    }

    @Test
    void uploadsOnSeveralThreadsDoNotTouchEachOther() throws Exception {
        int each = 10;
        int appends = 20;
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<CompletableFuture<Void>> parts = IntStream.range(0, THREADS * each)
                    .mapToObj(number -> CompletableFuture.runAsync(
                            () -> {
                                try {
                                    write(number, appends);
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            },
                            threads))
                    .toList();
            for (CompletableFuture<Void> part : parts) {
                part.get(patience().toNanos(), TimeUnit.NANOSECONDS);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(opened().ids()).hasSize(THREADS * each);
        for (int number = 0; number < THREADS * each; number++) {
            assertThat(record(id(number))).isEqualTo("saved " + appends);
            expectContent(id(number), bytes(number, appends * 1000));
        }
    }

    private void write(int number, int appends) throws IOException {
        String id = id(number);
        byte[] all = bytes(number, appends * 1000);
        opened().create(id, utf8("new"));
        for (int i = 0; i < appends; i++) {
            try (UploadContent content = opened().open(id)) {
                append(content, Arrays.copyOfRange(all, i * 1000, (i + 1) * 1000));
            }
            opened().save(id, utf8("saved " + (i + 1)));
        }
    }

    // ---- what it says of itself

    @Test
    void itsDurabilityDoesNotChange() throws Exception {
        String before = opened().durability().toString();
        opened().create(A, utf8("{}"));
        append(A, utf8("abc"));

        assertThat(opened().durability()).hasToString(before);
    }

    @Test
    void itMayBeClosedTwice() throws Exception {
        opened().close();
        opened().close();
    }

    @Test
    void whatWasKeptOutlivesTheStore() throws Exception {
        opened().create(A, utf8("old"));
        append(A, bytes(1, 30_000));
        opened().save(A, utf8("a"));
        opened().create(B, utf8("deleted"));
        append(B, utf8("deleted"));
        opened().delete(B);
        opened().create(C, utf8("empty"));

        opened().close();
        Optional<UploadStore> next = reopened();
        assumeThat(next).as("a store that outlives the program: reopened()").isPresent();
        store = next.orElseThrow();

        assertThat(opened().ids()).containsExactlyInAnyOrder(A, C);
        assertThat(record(A)).isEqualTo("a");
        assertThat(opened().record(B)).isEmpty();
        expectContent(A, bytes(1, 30_000));
        expectContent(C, new byte[0]);
        append(C, utf8("goes on"));
        expectContent(C, utf8("goes on"));
    }

    // ---- stores with files

    @Test
    void theFileHasTheBytes() throws Exception {
        UploadStore.Files files = having(UploadStore.Files.class);
        files.create(A, utf8("{}"));
        files.create(B, utf8("{}"));
        append(A, bytes(1, 30_000));

        assertThat(files.file(A)).hasBinaryContent(bytes(1, 30_000));
        assertThat(files.file(B)).isEmptyFile();
    }

    @Test
    void anUploadWhoseFileWasMovedAwayIsDeletedLikeAnyOther() throws Exception {
        UploadStore.Files files = having(UploadStore.Files.class);
        files.create(A, utf8("{}"));
        append(A, utf8("abc"));
        Path file = files.file(A);
        Path elsewhere = Files.createTempFile("upload", null);
        try {
            Files.move(file, elsewhere, StandardCopyOption.REPLACE_EXISTING);
            assertThat(record(A)).isEqualTo("{}");

            files.delete(A);

            assertThat(elsewhere).hasContent("abc");
        } finally {
            Files.delete(elsewhere);
        }
        assertThat(files.ids()).isEmpty();
        assertThat(files.record(A)).isEmpty();
    }

    // ---- stores that join

    @Test
    void partsAreJoinedInOrder() throws Exception {
        UploadStore.Joining joining = having(UploadStore.Joining.class);
        for (String id : List.of(A, B, C, D)) {
            joining.create(id, utf8("{}"));
        }
        append(A, bytes(1, 100_000));
        append(C, utf8("the last"));

        joining.join(D, List.of(A, B, C));

        assertThat(joining.ids()).as("the parts stay").containsExactlyInAnyOrder(A, B, C, D);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        expected.writeBytes(bytes(1, 100_000));
        expected.writeBytes(utf8("the last"));
        expectContent(D, expected.toByteArray());
        expectContent(A, bytes(1, 100_000));
        expectContent(C, utf8("the last"));
        append(D, utf8("!"));
        expected.writeBytes(utf8("!"));
        expectContent(D, expected.toByteArray());
    }

    @Test
    void aPartMayBeJoinedTwice() throws Exception {
        UploadStore.Joining joining = having(UploadStore.Joining.class);
        joining.create(A, utf8("{}"));
        joining.create(B, utf8("{}"));
        append(A, utf8("ab"));

        joining.join(B, List.of(A, A));

        expectContent(B, utf8("abab"));
    }

    @Test
    void aPartThatIsNotThereIsNotPassedOver() throws Exception {
        UploadStore.Joining joining = having(UploadStore.Joining.class);
        joining.create(A, utf8("{}"));
        joining.create(B, utf8("{}"));
        append(A, utf8("ab"));

        assertThatThrownBy(() -> joining.join(B, List.of(A, C))).isInstanceOf(IOException.class);
        assertThat(joining.ids()).containsExactlyInAnyOrder(A, B);
    }

    private <T extends UploadStore> T having(Class<T> capability) {
        assumeThat(opened()).as("a store that is " + capability.getSimpleName()).isInstanceOf(capability);
        return capability.cast(opened());
    }

    // ---- stores with a bound

    @Test
    void thereIsAsMuchRoomAsItSays() throws Exception {
        UploadStore.Bounded bounded = boundedBy(100_000);
        assertThat(bounded.maxBytes()).isEqualTo(100_000);
        assertThat(bounded.usableBytes()).isBetween(0L, 100_000L);
        bounded.create(A, utf8("{}"));
        long before = bounded.usableBytes();

        append(A, bytes(1, 60_000));

        assertThat(bounded.usableBytes()).isBetween(0L, Math.max(0, before - 60_000));
    }

    @Test
    void nothingIsKeptBeyondTheBound() throws Exception {
        UploadStore.Bounded bounded = boundedBy(100_000);
        bounded.create(A, utf8("{}"));
        bounded.create(B, utf8("{}"));
        append(A, bytes(1, 60_000));
        append(B, bytes(2, 40_000));
        assertThat(bounded.usableBytes()).isZero();

        assertThatThrownBy(() -> append(B, new byte[1])).isInstanceOf(NoSpaceException.class);
        assertThatThrownBy(() -> append(A, new byte[1_000_000])).isInstanceOf(NoSpaceException.class);

        append(A, new byte[0]);
        expectContent(A, bytes(1, 60_000));
        expectContent(B, bytes(2, 40_000));
        bounded.save(A, utf8("a record is saved all the same"));
    }

    @Test
    void whatWasRefusedTakesNoRoom() throws Exception {
        UploadStore.Bounded bounded = boundedBy(100_000);
        bounded.create(A, utf8("{}"));
        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> append(A, new byte[100_001])).isInstanceOf(NoSpaceException.class);
            try (UploadContent content = bounded.open(A)) {
                content.truncate(0); // some of it may have been appended
            }
        }
        append(A, bytes(1, 100_000));
        expectContent(A, bytes(1, 100_000));
    }

    @Test
    void whatIsCutOffOrDeletedMakesRoom() throws Exception {
        UploadStore.Bounded bounded = boundedBy(100_000);
        for (int i = 0; i < 3; i++) {
            bounded.create(A, utf8("{}"));
            bounded.create(B, utf8("{}"));
            append(A, bytes(1, 100_000));
            try (UploadContent content = bounded.open(A)) {
                content.truncate(30_000);
            }
            append(B, bytes(2, 70_000));
            bounded.delete(A);
            append(B, bytes(3, 30_000));
            bounded.delete(B);
            assertThat(bounded.usableBytes()).isPositive();
        }
    }

    @Test
    void whatIsJoinedTakesRoomToo() throws Exception {
        UploadStore.Bounded bounded = boundedBy(100_000);
        assumeThat(bounded).as("a store that joins").isInstanceOf(UploadStore.Joining.class);
        UploadStore.Joining joining = (UploadStore.Joining) bounded;
        joining.create(A, utf8("{}"));
        joining.create(B, utf8("{}"));
        append(A, bytes(1, 50_001));

        assertThatThrownBy(() -> joining.join(B, List.of(A))).isInstanceOf(NoSpaceException.class);

        joining.delete(B);
        joining.create(B, utf8("{}"));
        append(B, bytes(2, 49_999));
        expectContent(A, bytes(1, 50_001));
    }

    @Test
    void aBoundCountsWhatWasThereBefore() throws Exception {
        UploadStore.Bounded bounded = boundedBy(100_000);
        bounded.create(A, utf8("{}"));
        append(A, bytes(1, 60_000));
        bounded.close();
        Optional<UploadStore> next = reopened();
        assumeThat(next).as("a store that outlives the program: reopened()").isPresent();
        store = next.orElseThrow();
        assumeThat(((UploadStore.Bounded) opened()).maxBytes())
                .as("with the same bound")
                .isEqualTo(100_000);

        assertThatThrownBy(() -> append(A, new byte[40_001])).isInstanceOf(NoSpaceException.class);
    }

    private UploadStore.Bounded boundedBy(long maxBytes) throws Exception {
        opened().close();
        Optional<UploadStore> next = bounded(maxBytes);
        assumeThat(next).as("a store with a bound: bounded(…)").isPresent();
        store = next.orElseThrow();
        return having(UploadStore.Bounded.class);
    }

    // ---- how

    /** An id as an endpoint makes it. */
    private static String id(int number) {
        StringBuilder id = new StringBuilder("abcdefghijklmnopqrstu");
        for (int shift = 20; shift >= 0; shift -= 5) {
            id.append("abcdefghijklmnopqrstuvwxyz234567".charAt(number >> shift & 31));
        }
        return id.toString();
    }

    private String record(String id) throws IOException {
        return new String(opened().record(id).orElseThrow(() -> new AssertionError("no record of " + id)), UTF_8);
    }

    private void append(String id, byte[] bytes) throws IOException {
        try (UploadContent content = opened().open(id)) {
            append(content, bytes);
        }
    }

    /** In two buffers, as bytes come from a connection. */
    private static void append(UploadContent content, byte[] bytes) throws IOException {
        int half = bytes.length / 2;
        content.append(new ByteBuffer[] {
            ByteBuffer.wrap(bytes, 0, half),
            ByteBuffer.allocateDirect(bytes.length - half)
                    .put(bytes, half, bytes.length - half)
                    .flip()
        });
    }

    private void expectContent(String id, byte[] expected) throws IOException {
        try (UploadContent content = opened().open(id)) {
            assertThat(content.size()).as("size of %s", id).isEqualTo(expected.length);
            ByteBuffer all = ByteBuffer.allocate(expected.length);
            readFully(content, 0, all);
            // Not their bytes, of which there may be a million: only where they differ.
            assertThat(Arrays.mismatch(all.array(), expected))
                    .as("where the content of %s differs", id)
                    .isEqualTo(-1);
            assertThat(content.read(expected.length, ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    private static void readFully(UploadContent content, long position, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            int before = into.position();
            int count = content.read(position, into);
            assertThat(count).as("bytes read at %s", position).isPositive();
            assertThat(into.position() - before).as("bytes that came").isEqualTo(count);
            position += count;
        }
    }

    /** Bytes that look different everywhere, and with each seed. */
    private static byte[] bytes(int seed, int count) {
        byte[] bytes = new byte[count];
        int state = seed * 0x9E3779B9 + 1;
        for (int i = 0; i < count; i++) {
            state = state * 1664525 + 1013904223;
            bytes[i] = (byte) (state >>> 24);
        }
        return bytes;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }
}
