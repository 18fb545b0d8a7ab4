package dev.parley.testkit;

import static dev.parley.testkit.ContractRun.expectFailure;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.upload.Durability;
import dev.parley.upload.MemoryUploadStore;
import dev.parley.upload.UploadContent;
import dev.parley.upload.UploadStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A store that breaks a guarantee does not pass: each that follows breaks one. */
final class UploadStoreContractTest {

    @Test
    void whatKeepsAllGuaranteesPasses() {
        ContractRun.expectAll(Sound.class, 40, 2);
    }

    @Test
    void whatAStoreDoesNotClaimIsSkipped() {
        ContractRun.expectAll(Modest.class, 30, 12);
    }

    static final class Modest extends UploadStoreContract {
        @Override
        protected UploadStore store() {
            return MemoryUploadStore.create();
        }
    }

    // ---- records

    @Test
    void oneThatBeginsWithSomethingFails() {
        expectFailure(BeginsFull.class, "thereAreNoUploadsAtFirst", "old");
    }

    static final class BeginsFull extends Sound {
        @Override
        public List<String> ids() {
            return List.of("old");
        }
    }

    @Test
    void oneThatChangesRecordsFails() {
        expectFailure(MakesTextOfRecords.class, "recordsAreKeptAsTheyAre", "created with it");
        expectFailure(CutsRecords.class, "recordsAreKeptAsTheyAre", "created with it");
    }

    static final class MakesTextOfRecords extends Sound {
        @Override
        byte[] stored(byte[] record) {
            return new String(record, UTF_8).getBytes(UTF_8);
        }
    }

    static final class CutsRecords extends Sound {
        @Override
        byte[] stored(byte[] record) {
            return Arrays.copyOf(record, Math.min(65_535, record.length));
        }
    }

    @Test
    void oneThatWritesARecordOverTheOneBeforeFails() {
        expectFailure(WritesOver.class, "aRecordThatIsSavedReplacesTheOneBefore", "short");
    }

    static final class WritesOver extends Sound {
        @Override
        public void save(String id, byte[] record) throws IOException {
            byte[] whole = record(id).orElse(record);
            System.arraycopy(record, 0, whole, 0, Math.min(record.length, whole.length));
            super.save(id, whole);
        }
    }

    @Test
    void oneThatKeepsArraysOfItsCallersFails() {
        expectFailure(Shares.class, "recordsAreNotSharedWithCallers", "mine");
    }

    static final class Shares extends Sound {
        private byte[] last = {};

        @Override
        public void create(String id, byte[] record) throws IOException {
            super.create(id, record);
            last = record;
        }

        @Override
        public Optional<byte[]> record(String id) {
            return Optional.of(last);
        }
    }

    @Test
    void oneThatMakesUploadsAgainFails() {
        expectFailure(MakesAgain.class, "anUploadThatExistsIsNotMadeAgain", "Expecting code to raise a throwable");
    }

    static final class MakesAgain extends Sound {
        @Override
        public void create(String id, byte[] record) throws IOException {
            if (record(id).isPresent()) {
                delete(id);
            }
            super.create(id, record);
        }
    }

    @Test
    void oneThatSavesWhatIsGoneFails() {
        expectFailure(Resurrects.class, "whatIsNotThereCanNotBeSaved", "Expecting code to raise a throwable");
        expectFailure(Resurrects.class, "whatIsDeletedIsGone", "Expecting code to raise a throwable");
        expectFailure(OpensAnything.class, "whatIsNotThereCanNotBeOpened", "Expecting code to raise a throwable");
    }

    static final class Resurrects extends Sound {
        @Override
        public void save(String id, byte[] record) throws IOException {
            if (record(id).isEmpty()) {
                create(id, record);
            }
            super.save(id, record);
        }
    }

    static final class OpensAnything extends Sound {
        @Override
        public UploadContent open(String id) throws IOException {
            if (record(id).isEmpty()) {
                create(id, new byte[0]);
            }
            return super.open(id);
        }
    }

    // ---- contents

    @Test
    void oneThatDoesNotAppendAllFails() {
        expectFailure(AppendsOneBuffer.class, "allBuffersAreAppendedInOrder", "28");
        expectFailure(AppendsSome.class, "manyBuffersAreAppendedAtOnce", "9000");
        expectFailure(AppendsFromZero.class, "allBuffersAreAppendedInOrder", "");
        expectFailure(Peeks.class, "allBuffersAreAppendedInOrder", "all were read to their limit");
    }

    static final class AppendsOneBuffer extends Sound {
        @Override
        void append(UploadContent to, ByteBuffer[] bytes) throws IOException {
            to.append(new ByteBuffer[] {bytes[0]});
        }
    }

    /** As an operating system does, that takes 1024 buffers at most. */
    static final class AppendsSome extends Sound {
        @Override
        void append(UploadContent to, ByteBuffer[] bytes) throws IOException {
            to.append(List.of(bytes).subList(0, Math.min(1024, bytes.length)).toArray(new ByteBuffer[0]));
        }
    }

    static final class AppendsFromZero extends Sound {
        @Override
        void append(UploadContent to, ByteBuffer[] bytes) throws IOException {
            for (ByteBuffer buffer : bytes) {
                buffer.rewind();
            }
            to.append(bytes);
        }
    }

    static final class Peeks extends Sound {
        @Override
        void append(UploadContent to, ByteBuffer[] bytes) throws IOException {
            List<ByteBuffer> own = new ArrayList<>();
            for (ByteBuffer buffer : bytes) {
                own.add(buffer.duplicate());
            }
            to.append(own.toArray(new ByteBuffer[0]));
        }
    }

    @Test
    void oneThatBeginsAnewWhenItIsOpenedFails() {
        expectFailure(OpensToWrite.class, "aContentThatIsOpenedAgainGoesOnAtItsEnd", "");
        expectFailure(OpensToWrite.class, "whatWasKeptOutlivesTheStore", "");
    }

    static final class OpensToWrite extends Sound {
        @Override
        public UploadContent open(String id) throws IOException {
            UploadContent content = super.open(id);
            content.truncate(0);
            return content;
        }
    }

    @Test
    void oneThatReadsElsewhereFails() {
        expectFailure(ReadsFromTheStart.class, "aContentIsReadFromAnyPosition", "from 39999");
        expectFailure(SaysNothingWasRead.class, "atTheEndNothingIsRead", "-1");
        expectFailure(ReadsTooMuch.class, "onlyWhatThereIsRoomForIsRead", "");
    }

    static final class ReadsFromTheStart extends Sound {
        @Override
        int read(UploadContent from, long position, ByteBuffer into) throws IOException {
            return from.read(0, into);
        }
    }

    static final class SaysNothingWasRead extends Sound {
        @Override
        int read(UploadContent from, long position, ByteBuffer into) throws IOException {
            return Math.max(0, from.read(position, into));
        }
    }

    static final class ReadsTooMuch extends Sound {
        @Override
        int read(UploadContent from, long position, ByteBuffer into) throws IOException {
            int limit = into.limit();
            into.limit(into.capacity());
            int count = from.read(position, into);
            into.position(Math.min(limit, into.position())).limit(limit);
            return Math.min(count, 3);
        }
    }

    @Test
    void oneThatDoesNotCutFails() {
        expectFailure(DoesNotCut.class, "theEndIsCutOff", "40000");
        expectFailure(DoesNotCut.class, "whatComesAfterACutFollowsIt", "");
        expectFailure(GrowsByACut.class, "aCutDoesNotMakeItLonger", "Expecting code to raise a throwable");
    }

    static final class DoesNotCut extends Sound {
        @Override
        void truncate(UploadContent content, long size) {
            // as it is
        }
    }

    static final class GrowsByACut extends Sound {
        @Override
        void truncate(UploadContent content, long size) throws IOException {
            long more = size - content.size();
            if (more > 0) {
                content.append(new ByteBuffer[] {ByteBuffer.allocate((int) more)});
            } else {
                content.truncate(size);
            }
        }
    }

    // ---- all uploads

    @Test
    void oneThatDoesNotDeleteFails() {
        expectFailure(Keeps.class, "whatIsDeletedIsGone", "");
        expectFailure(DeletesAll.class, "whatIsDeletedIsGone", "");
        expectFailure(DeletesOnce.class, "toDeleteWhatIsNotThereDoesNothing", IOException.class, "no such upload");
    }

    static final class Keeps extends Sound {
        @Override
        public void delete(String id) {
            // somebody may want it back
        }
    }

    static final class DeletesAll extends Sound {
        @Override
        public void delete(String id) throws IOException {
            for (String each : ids()) {
                super.delete(each);
            }
        }
    }

    static final class DeletesOnce extends Sound {
        @Override
        public void delete(String id) throws IOException {
            if (record(id).isEmpty()) {
                throw new IOException("no such upload");
            }
            super.delete(id);
        }
    }

    @Test
    void oneThatListsSomeFails() {
        expectFailure(ListsAPage.class, "allUploadsAreListedOnce", "");
        expectFailure(ListsTwice.class, "allUploadsAreListedOnce", "");
    }

    static final class ListsAPage extends Sound {
        @Override
        public List<String> ids() throws IOException {
            return super.ids().stream().limit(50).toList();
        }
    }

    static final class ListsTwice extends Sound {
        @Override
        public List<String> ids() throws IOException {
            List<String> twice = new ArrayList<>(super.ids());
            twice.addAll(super.ids());
            return twice;
        }
    }

    @Test
    void oneThatMixesUploadsFails() {
        expectFailure(HasOneContent.class, "uploadsOnSeveralThreadsDoNotTouchEachOther", "");
        expectFailure(HasOneContent.class, "whatIsDeletedIsGone", "");
    }

    static final class HasOneContent extends Sound {
        private static final String ALL = "zzzzzzzzzzzzzzzzzzzzzzzzzz";
        private final MemoryUploadStore one = MemoryUploadStore.create();

        @Override
        public synchronized UploadContent open(String id) throws IOException {
            if (record(id).isEmpty()) {
                throw new IOException("no such upload");
            }
            if (one.record(ALL).isEmpty()) {
                one.create(ALL, new byte[0]);
            }
            return one.open(ALL);
        }
    }

    // ---- what it says of itself

    @Test
    void oneThatDoesNotKnowHowDurableItIsFails() {
        expectFailure(ChangesItsMind.class, "itsDurabilityDoesNotChange", "ON_COMPLETE");
    }

    static final class ChangesItsMind extends Sound {
        @Override
        public Durability durability() {
            return kept.ids().isEmpty() ? Durability.ON_COMPLETE : Durability.NONE;
        }
    }

    @Test
    void oneThatOnlySaysThatItIsKeptFails() {
        expectFailure(IsForgotten.class, "whatWasKeptOutlivesTheStore", "");
        expectFailure(BreaksWhenClosedTwice.class, "itMayBeClosedTwice", IllegalStateException.class, "closed");
    }

    static final class IsForgotten extends Sound {
        @Override
        protected Optional<UploadStore> reopened() {
            kept = MemoryUploadStore.create();
            return Optional.of(this);
        }
    }

    static final class BreaksWhenClosedTwice extends Sound {
        private boolean closed;

        @Override
        public void close() {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            closed = true;
        }
    }

    // ---- stores that join

    @Test
    void oneThatJoinsOtherwiseFails() {
        expectFailure(JoinsTheFirst.class, "partsAreJoinedInOrder", "100008");
        expectFailure(JoinsSorted.class, "aPartMayBeJoinedTwice", "4");
        expectFailure(JoinsAndDeletes.class, "partsAreJoinedInOrder", "the parts stay");
        expectFailure(PassesOver.class, "aPartThatIsNotThereIsNotPassedOver", "Expecting code to raise a throwable");
    }

    static final class JoinsTheFirst extends Sound {
        @Override
        public void join(String id, List<String> parts) throws IOException {
            super.join(id, parts.subList(0, 1));
        }
    }

    static final class JoinsSorted extends Sound {
        @Override
        public void join(String id, List<String> parts) throws IOException {
            super.join(id, List.copyOf(new TreeSet<>(parts)));
        }
    }

    static final class JoinsAndDeletes extends Sound {
        @Override
        public void join(String id, List<String> parts) throws IOException {
            super.join(id, parts);
            for (String part : parts) {
                delete(part);
            }
        }
    }

    static final class PassesOver extends Sound {
        @Override
        public void join(String id, List<String> parts) throws IOException {
            List<String> there = new ArrayList<>(ids());
            super.join(id, parts.stream().filter(there::contains).toList());
        }
    }

    // ---- stores with a bound

    @Test
    void oneThatDoesNotMindItsBoundFails() {
        expectFailure(HasNoBound.class, "nothingIsKeptBeyondTheBound", "");
        expectFailure(HasNoBound.class, "whatIsJoinedTakesRoomToo", "Expecting code to raise a throwable");
        expectFailure(FailsOtherwise.class, "nothingIsKeptBeyondTheBound", "NoSpaceException");
        expectFailure(AlwaysHasRoom.class, "thereIsAsMuchRoomAsItSays", "");
        expectFailure(NeverGivesBack.class, "whatIsCutOffOrDeletedMakesRoom", IOException.class, "");
    }

    static final class HasNoBound extends Sound {
        private long bound;

        @Override
        protected Optional<UploadStore> bounded(long maxBytes) {
            bound = maxBytes;
            return Optional.of(this);
        }

        @Override
        public long maxBytes() {
            return bound;
        }
    }

    static final class FailsOtherwise extends Sound {
        @Override
        void append(UploadContent to, ByteBuffer[] bytes) throws IOException {
            try {
                to.append(bytes);
            } catch (IOException e) {
                throw new IOException("disk full", e);
            }
        }
    }

    static final class AlwaysHasRoom extends Sound {
        @Override
        public long usableBytes() {
            return maxBytes();
        }
    }

    static final class NeverGivesBack extends Sound {
        private int deleted;

        @Override
        public void delete(String id) throws IOException {
            try (UploadContent content = kept.open(id)) {
                long size = content.size();
                super.delete(id);
                String shadow = "abcdefghijklmnopqrstuvwxy" + (char) ('a' + deleted++);
                kept.create(shadow, new byte[0]);
                try (UploadContent copy = kept.open(shadow)) {
                    copy.append(new ByteBuffer[] {ByteBuffer.allocate((int) size)});
                }
            }
        }
    }

    // ---- how

    /** The contract, of a store that keeps all guarantees as it stands: one in memory, that outlives itself, and joins by copying. */
    static class Sound extends UploadStoreContract implements UploadStore.Joining, UploadStore.Bounded {
        MemoryUploadStore kept = MemoryUploadStore.create();

        byte[] stored(byte[] record) {
            return record;
        }

        void append(UploadContent to, ByteBuffer[] bytes) throws IOException {
            to.append(bytes);
        }

        int read(UploadContent from, long position, ByteBuffer into) throws IOException {
            return from.read(position, into);
        }

        void truncate(UploadContent content, long size) throws IOException {
            content.truncate(size);
        }

        @Override
        protected UploadStore store() {
            return this;
        }

        @Override
        protected Optional<UploadStore> reopened() {
            return Optional.of(this);
        }

        @Override
        protected Optional<UploadStore> bounded(long maxBytes) {
            kept = MemoryUploadStore.of(maxBytes);
            return Optional.of(this);
        }

        @Override
        public void create(String id, byte[] record) throws IOException {
            kept.create(id, stored(record));
        }

        @Override
        public void save(String id, byte[] record) throws IOException {
            kept.save(id, stored(record));
        }

        @Override
        public Optional<byte[]> record(String id) {
            return kept.record(id);
        }

        @Override
        public UploadContent open(String id) throws IOException {
            UploadContent content = kept.open(id);
            return new UploadContent() {
                @Override
                public long size() throws IOException {
                    return content.size();
                }

                @Override
                public void append(ByteBuffer[] bytes) throws IOException {
                    Sound.this.append(content, bytes);
                }

                @Override
                public int read(long position, ByteBuffer into) throws IOException {
                    return Sound.this.read(content, position, into);
                }

                @Override
                public void truncate(long size) throws IOException {
                    Sound.this.truncate(content, size);
                }

                @Override
                public void force() throws IOException {
                    content.force();
                }

                @Override
                public void close() throws IOException {
                    content.close();
                }
            };
        }

        @Override
        public void delete(String id) throws IOException {
            kept.delete(id);
        }

        @Override
        public List<String> ids() throws IOException {
            return kept.ids();
        }

        @Override
        public void join(String id, List<String> parts) throws IOException {
            try (UploadContent to = kept.open(id)) {
                for (String part : parts) {
                    try (UploadContent from = kept.open(part)) {
                        ByteBuffer all = ByteBuffer.allocate((int) from.size());
                        from.read(0, all);
                        to.append(new ByteBuffer[] {all.flip()});
                    }
                }
            }
        }

        @Override
        public long maxBytes() {
            return kept.maxBytes();
        }

        @Override
        public long usableBytes() {
            return kept.usableBytes();
        }

        /** Keeps all, for whoever opens it again. */
        @Override
        public void close() {
            // there is nothing to let go of
        }
    }
}
