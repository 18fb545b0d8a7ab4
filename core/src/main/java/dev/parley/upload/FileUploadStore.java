package dev.parley.upload;

import dev.parley.upload.StoreDirectory.Entry;
import dev.parley.upload.StoreDirectory.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store of uploads in a directory.
 *
 * <pre>{@code
 * try (FileUploadStore store = FileUploadStore.at(Path.of("uploads")).maxBytes(100L << 30).open()) {
 *     …
 * }
 * }</pre>
 *
 * <p><b>Layout.</b> For each upload two files, {@code <id>.data} with its bytes and {@code <id>.json} with its record, beside
 * {@code uploads.lock}. An upload exists if its record does. A new record is written to {@code <id>.json.tmp} and renamed. What the store makes
 * is for its owner only, where the file system knows owners; other files in the directory are left alone. All is in one level, which is good
 * for some 100,000 uploads: to list so many takes about a second, and to open the store a few.
 *
 * <p><b>What is promised.</b> Whenever the program is killed, what was appended is there, and a record is the old or the new one. With a {@link
 * Builder#durability} other than {@link Durability#NONE} that is so for records after a loss of power too, and for contents once they are
 * {@linkplain UploadContent#force forced}.
 *
 * <p><b>States.</b> One store, of one program, uses a directory at a time. When it is opened, what a crash left is deleted: records that were being
 * written, and contents without a record, of uploads that were being made or deleted. A record without a content is kept: the application
 * may have moved the content away, and what the record says of its end is still asked for. {@link #open} of it fails with {@link NoSuchFileException}.
 *
 * <p><b>Errors.</b> A full disk or quota is a {@link NoSpaceException}, and so is what goes beyond {@link Builder#maxBytes} or {@link
 * Builder#minFreeBytes}. If {@link #save} could put the record in place but not force the directory, it fails, and the new record is there.
 * Names are made of ids only after they were checked; a link in place of a file is not followed. An interrupt of a thread that reads or writes
 * closes its content.
 *
 * <p><b>Limits.</b> A record has at most 1 MiB. Some 100 bytes of memory are held for each upload.
 *
 * <p><b>Threading.</b> Thread-safe, as {@link UploadStore} says. Close it after all contents.
 */
public final class FileUploadStore implements UploadStore.Files, UploadStore.Joining, UploadStore.Bounded {
    private static final Logger LOG = LoggerFactory.getLogger(FileUploadStore.class);

    /** After so many bytes it is looked how much room the disk has, which is a system call. */
    private static final long LOOK_BYTES = 1024 * 1024;

    private final StoreDirectory directory;
    private final Durability durability;
    private final long minFreeBytes;
    private final Ledger ledger;
    /** How much was written since somebody looked. Begins, and stays while the disk is full, so that everybody does. */
    private final AtomicLong unseen = new AtomicLong(LOOK_BYTES);

    private final AtomicBoolean closed = new AtomicBoolean();

    private FileUploadStore(Builder builder, StoreDirectory directory) throws IOException {
        this.directory = directory;
        this.durability = builder.durability;
        this.minFreeBytes = builder.minFreeBytes;
        this.ledger = new Ledger(builder.maxBytes);
        takeOver();
    }

    /**
     * Begins a store with all defaults.
     *
     * @param directory where its files are; made if it is not there
     * @return a new builder
     */
    public static Builder at(Path directory) {
        return new Builder(directory);
    }

    /** Counts what is there, and deletes what a crash left. */
    private void takeOver() throws IOException {
        List<Entry> entries = directory.entries();
        Set<String> ids = new HashSet<>();
        for (Entry entry : entries) {
            if (entry.kind() == Kind.RECORD) {
                ids.add(entry.id());
                ledger.enter(entry.id(), directory.size(entry.id(), Kind.DATA));
            }
        }
        int deleted = 0;
        for (Entry entry : entries) {
            if (entry.kind() == Kind.NEXT_RECORD || entry.kind() == Kind.DATA && !ids.contains(entry.id())) {
                try {
                    directory.delete(entry.id(), entry.kind());
                    deleted++;
                } catch (IOException e) {
                    // no harm but the room it takes: its id is never given again
                    LOG.warn("{}: left by a crash, and not deleted", directory.file(entry.id(), entry.kind()), e);
                }
            }
        }
        if (deleted > 0) {
            LOG.info("{}: {} files that a crash left were deleted", directory, deleted);
        }
    }

    @Override
    public void create(String id, byte[] record) throws IOException {
        requireOpen();
        if (directory.exists(id, Kind.RECORD)) {
            throw new FileAlreadyExistsException(directory.file(id, Kind.RECORD).toString());
        }
        look(record.length); // many empty uploads take room too
        try {
            directory.make(id, Kind.DATA).close();
        } catch (IOException e) {
            throw directory.orNoSpace(e, record.length); // a file system may have no room for files, and yet for bytes
        }
        try {
            // The record last, as it is what makes the upload exist. The directory is forced behind both.
            directory.replaceRecord(id, record);
        } catch (IOException | RuntimeException e) {
            clear(id, e);
            throw e;
        }
        ledger.enter(id, 0);
    }

    private void clear(String id, Exception cause) {
        for (Kind kind : new Kind[] {Kind.RECORD, Kind.DATA}) {
            try {
                directory.delete(id, kind);
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }

    @Override
    public void save(String id, byte[] record) throws IOException {
        requireOpen();
        requireRecord(id); // one that comes late must not bring back half of what was deleted
        directory.replaceRecord(id, record);
    }

    @Override
    public Optional<byte[]> record(String id) throws IOException {
        requireOpen();
        return directory.record(id);
    }

    @Override
    public UploadContent open(String id) throws IOException {
        requireOpen();
        requireRecord(id);
        FileChannel channel = directory.open(id, Kind.DATA, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            channel.position(channel.size());
            return new Content(id, channel);
        } catch (IOException e) {
            try (channel) {
                throw e;
            }
        }
    }

    private void requireRecord(String id) throws NoSuchFileException {
        if (!directory.exists(id, Kind.RECORD)) {
            throw new NoSuchFileException(directory.file(id, Kind.RECORD).toString());
        }
    }

    /**
     * Deletes an upload. The record goes first, and for good: a content without a record is a leftover, that is deleted when the store is opened
     * again. The other way round a crash would leave a record that speaks of bytes, told to a client as safe, that are gone.
     */
    @Override
    public void delete(String id) throws IOException {
        requireOpen();
        boolean isThere = directory.delete(id, Kind.RECORD);
        if (isThere || directory.exists(id, Kind.DATA)) { // the content alone, if it could not be deleted the last time
            directory.force();
            directory.delete(id, Kind.DATA);
        }
        ledger.forget(id);
    }

    @Override
    public List<String> ids() throws IOException {
        requireOpen();
        return directory.entries().stream()
                .filter(entry -> entry.kind() == Kind.RECORD)
                .map(Entry::id)
                .toList();
    }

    @Override
    public Path file(String id) {
        return directory.file(id, Kind.DATA);
    }

    @Override
    public void join(String id, List<String> parts) throws IOException {
        try (UploadContent content = open(id)) {
            for (String part : parts) {
                ((Content) content).appendAll(part);
            }
        }
    }

    /**
     * The most that all contents together may take.
     *
     * @return bytes; {@link Long#MAX_VALUE} if there is no bound but the disk's
     */
    @Override
    public long maxBytes() {
        return ledger.maxBytes();
    }

    @Override
    public long usableBytes() throws IOException {
        return Math.min(ledger.freeBytes(), Math.max(0, directory.usableBytes() - minFreeBytes));
    }

    @Override
    public Durability durability() {
        return durability;
    }

    /** Lets another store have the directory. */
    @Override
    public void close() throws IOException {
        if (closed.compareAndSet(false, true)) {
            directory.close();
        }
    }

    private void requireOpen() throws IOException {
        if (closed.get()) {
            throw new IOException("store: closed (expected: open)");
        }
    }

    /** Takes room for what is to be written. */
    private void take(String id, long bytes) throws IOException {
        if (unseen.addAndGet(bytes) >= LOOK_BYTES) {
            look(bytes);
        }
        ledger.take(id, bytes);
    }

    /** Looks whether the disk has room. */
    private void look(long bytes) throws IOException {
        long left = directory.usableBytes() - minFreeBytes;
        if (bytes > left) {
            throw new NoSpaceException("disk: of " + directory + " has room for " + Math.max(0, left)
                    + " bytes (expected: " + bytes + ", beside " + minFreeBytes + " that stay free)");
        }
        unseen.set(0);
    }

    /** The content of an upload. */
    private final class Content implements UploadContent {
        private final String id;
        /** Its position is its end. */
        private final FileChannel channel;

        Content(String id, FileChannel channel) {
            this.id = id;
            this.channel = channel;
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void append(ByteBuffer[] bytes) throws IOException {
            long left = 0;
            for (ByteBuffer buffer : bytes) {
                left += buffer.remaining();
            }
            take(id, left);
            int first = 0;
            try {
                while (left > 0) {
                    while (!bytes[first].hasRemaining()) {
                        first++;
                    }
                    long count = channel.write(bytes, first, bytes.length - first);
                    if (count <= 0) {
                        throw StoreDirectory.tookNothing(left);
                    }
                    left -= count;
                }
            } catch (IOException e) {
                throw directory.orNoSpace(e, left);
            } finally {
                ledger.giveBack(id, left);
            }
        }

        /** Appends another content, without its bytes passing through this program where the system can do that. */
        void appendAll(String part) throws IOException {
            try (FileChannel source = directory.open(part, Kind.DATA, StandardOpenOption.READ)) {
                long size = source.size();
                take(id, size);
                long end = channel.size() + size;
                long position = 0;
                try {
                    while (position < size) {
                        long count = source.transferTo(position, size - position, channel);
                        if (count <= 0) {
                            throw StoreDirectory.tookNothing(size - position);
                        }
                        position += count;
                    }
                } catch (IOException e) {
                    throw directory.orNoSpace(e, size - position);
                } finally {
                    ledger.giveBack(id, end - channel.size()); // a transfer that fails does not tell how far it came
                }
            }
        }

        @Override
        public int read(long position, ByteBuffer into) throws IOException {
            return channel.read(into, position);
        }

        @Override
        public void truncate(long size) throws IOException {
            long before = channel.size();
            if (size < 0 || size > before) {
                throw new IllegalArgumentException("size: " + size + " (expected: 0 to " + before + ")");
            }
            channel.truncate(size);
            ledger.giveBack(id, before - size);
        }

        @Override
        public void force() throws IOException {
            channel.force(false); // the size is forced all the same, as without it the bytes could not be read
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** Sets up a store. Not thread-safe. */
    public static final class Builder {
        private static final long DEFAULT_FREE_BYTES = 256L * 1024 * 1024;

        private final Path directory;
        private Durability durability = Durability.BEFORE_ACK;
        private long maxBytes = Long.MAX_VALUE;
        private long minFreeBytes = DEFAULT_FREE_BYTES;
        private Disk disk = Disk.REAL;

        private Builder(Path directory) {
            this.directory = Objects.requireNonNull(directory);
        }

        /**
         * When bytes are forced to disk. With anything but {@link Durability#NONE} records are forced whenever they are written. With {@code NONE}
         * a loss of power may leave an upload in any state.
         *
         * @param durability {@link Durability#BEFORE_ACK}, unless this is called
         * @return this
         */
        public Builder durability(Durability durability) {
            this.durability = Objects.requireNonNull(durability);
            return this;
        }

        /**
         * The most that all contents together may take. An {@link UploadEndpoint} sees to it that their records are within it too, each of which counts in
         * blocks of 4 KiB: so it bounds how many uploads there are, were they all empty.
         *
         * @param maxBytes 0 or more; what the disk has, unless this is called
         * @return this
         */
        public Builder maxBytes(long maxBytes) {
            this.maxBytes = Setting.atLeast("maxBytes", maxBytes, 0L);
            return this;
        }

        /**
         * What is left free on the disk for others. It is looked every MiB: several uploads at once may go beyond by some MiB.
         *
         * @param minFreeBytes 0 or more; 256 MiB, unless this is called
         * @return this
         */
        public Builder minFreeBytes(long minFreeBytes) {
            this.minFreeBytes = Setting.atLeast("minFreeBytes", minFreeBytes, 0L);
            return this;
        }

        Builder disk(Disk disk) {
            this.disk = disk;
            return this;
        }

        /**
         * Opens the store: makes and locks the directory, and deletes what a crash left.
         *
         * @return a new store, to be closed
         * @throws IOException if the directory can't be made or read, or another store has it
         */
        public FileUploadStore open() throws IOException {
            StoreDirectory locked = StoreDirectory.open(directory, disk, durability);
            try {
                return new FileUploadStore(this, locked);
            } catch (IOException | RuntimeException e) {
                try (locked) {
                    throw e;
                }
            }
        }
    }
}
