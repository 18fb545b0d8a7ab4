package dev.parley.upload;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a store: the names of its files, how they are opened and replaced, and its lock. Thread-safe; for one id, one thread
 * at a time.
 */
final class StoreDirectory implements AutoCloseable {
    /** What a file of a store is. */
    enum Kind {
        /** The bytes of an upload. */
        DATA(".data"),
        /** Its record. */
        RECORD(".json"),
        /** A record that is being written. */
        NEXT_RECORD(".json.tmp");

        private final String suffix;

        Kind(String suffix) {
            this.suffix = suffix;
        }
    }

    /** A file of the store. */
    record Entry(String id, Kind kind) {}

    /**
     * The directories that are open in this program. POSIX locks belong to a process, which loses all that it has on a file when it
     * closes the file once: a second store of the same program must not even open the lock.
     */
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    private static final String LOCK = "uploads.lock";
    private static final Pattern ID = Pattern.compile("[a-z2-7]{26}");
    private static final Pattern NAME = Pattern.compile("([a-z2-7]{26})(\\.data|\\.json|\\.json\\.tmp)");
    /** Ten times what the endpoint writes at most: a file that has more is not a record. */
    static final int MAX_RECORD_BYTES = 1024 * 1024;

    private final Path root;
    private final Disk disk;
    private final Disk.Room room;
    private final boolean isForced;
    private final FileChannel lock;
    private final FileAttribute<?>[] ownerOnly;

    private StoreDirectory(
            Path root, Disk disk, Disk.Room room, boolean isForced, FileChannel lock, FileAttribute<?>[] ownerOnly) {
        this.root = root;
        this.disk = disk;
        this.room = room;
        this.isForced = isForced;
        this.lock = lock;
        this.ownerOnly = ownerOnly;
    }

    /**
     * Makes the directory unless it is there, and locks it.
     *
     * @throws IOException if another store has it, of this program or another
     */
    static StoreDirectory open(Path path, Disk disk, Durability durability) throws IOException {
        boolean isPosix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
        boolean isForced = durability.forcesOnComplete();
        if (!Files.isDirectory(path)) {
            Path parent = path.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectory(path, ownerOnly(isPosix, "rwx------"));
            if (parent != null && isForced) {
                force(disk, parent);
            }
        }
        // A link to a directory is the operator's own; once resolved, nobody can turn it elsewhere.
        Path root = path.toRealPath();
        FileAttribute<?>[] ownerOnly = ownerOnly(isPosix, "rw-------");
        Disk.Room room = disk.room(root); // before the lock, which would have to be given back
        return new StoreDirectory(root, disk, room, isForced, lock(root, ownerOnly), ownerOnly);
    }

    private static FileAttribute<?>[] ownerOnly(boolean isPosix, String permissions) {
        return isPosix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static FileChannel lock(Path root, FileAttribute<?>[] ownerOnly) throws IOException {
        if (!OPEN.add(root)) {
            throw inUse(root, "this program", null);
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    root.resolve(LOCK),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                    ownerOnly);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse(root, "another program", null);
            }
            return channel;
        } catch (IOException | OverlappingFileLockException e) {
            OPEN.remove(root);
            if (channel != null) {
                channel.close();
            }
            throw e instanceof IOException failure ? failure : inUse(root, "this program", e);
        }
    }

    private static IOException inUse(Path root, String whose, @Nullable Throwable cause) {
        return new IOException(
                "directory: " + root + " is in use by a store of " + whose
                        + " (expected: one at a time; close that one, or give each a directory of its own)",
                cause);
    }

    /** Where a file is. */
    Path file(String id, Kind kind) {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("id: " + quoted(id) + " (expected: 26 of a-z and 2-7)");
        }
        return root.resolve(id + kind.suffix);
    }

    /** What may be shown in a log, of an id that may be anything. */
    private static String quoted(String id) {
        String shown = id.length() <= 64 ? id : id.substring(0, 64) + "...";
        return '"' + shown.replaceAll("[^ -~]", "?") + '"';
    }

    /** The files of the store that are there. Whatever else is in the directory is somebody else's. */
    List<Entry> entries() throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (Stream<Path> files = Files.list(root)) {
            files.forEach(file -> {
                Matcher name = NAME.matcher(file.getFileName().toString());
                if (name.matches()) {
                    for (Kind kind : Kind.values()) {
                        if (kind.suffix.equals(name.group(2))) {
                            entries.add(new Entry(name.group(1), kind));
                        }
                    }
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return entries;
    }

    boolean exists(String id, Kind kind) {
        return Files.exists(file(id, kind), LinkOption.NOFOLLOW_LINKS);
    }

    /** How many bytes a file has; 0 if it is none. */
    long size(String id, Kind kind) throws IOException {
        Path file = file(id, kind);
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0;
    }

    /** Makes a file that must not be there, not even as a link to nowhere. */
    FileChannel make(String id, Kind kind) throws IOException {
        return disk.open(file(id, kind), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly);
    }

    /** Opens a file that is there, and not a link. */
    FileChannel open(String id, Kind kind, StandardOpenOption... options) throws IOException {
        Set<OpenOption> all = new HashSet<>(Set.of(options));
        all.add(LinkOption.NOFOLLOW_LINKS);
        return disk.open(file(id, kind), all);
    }

    /** Returns whether it was there. */
    boolean delete(String id, Kind kind) throws IOException {
        return Files.deleteIfExists(file(id, kind));
    }

    /**
     * Puts a record in place of the one before, in one step: it is written aside and forced first, as a rename may otherwise reach the
     * disk before what is renamed.
     */
    void replaceRecord(String id, byte[] record) throws IOException {
        if (record.length > MAX_RECORD_BYTES) {
            throw new IllegalArgumentException(
                    "record: " + record.length + " bytes (expected: at most " + MAX_RECORD_BYTES + ")");
        }
        delete(id, Kind.NEXT_RECORD); // of an attempt before, that could not even be cleared away
        try {
            try (FileChannel next = make(id, Kind.NEXT_RECORD)) {
                ByteBuffer left = ByteBuffer.wrap(record);
                while (left.hasRemaining()) {
                    if (next.write(left) <= 0) {
                        throw tookNothing(left.remaining());
                    }
                }
                if (isForced) {
                    next.force(true);
                }
            }
            Files.move(file(id, Kind.NEXT_RECORD), file(id, Kind.RECORD), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            try {
                delete(id, Kind.NEXT_RECORD);
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw orNoSpace(e, record.length);
        }
        force();
    }

    Optional<byte[]> record(String id) throws IOException {
        try (FileChannel file = open(id, Kind.RECORD, StandardOpenOption.READ)) {
            long size = file.size();
            if (size > MAX_RECORD_BYTES) {
                throw new IOException("record: " + file(id, Kind.RECORD) + " has " + size + " bytes (expected: at most "
                        + MAX_RECORD_BYTES + ")");
            }
            ByteBuffer record = ByteBuffer.allocate((int) size);
            while (record.hasRemaining()) {
                if (file.read(record) < 0) {
                    throw new IOException("record: " + file(id, Kind.RECORD) + " became shorter as it was read");
                }
            }
            return Optional.of(record.array());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Sees to it that what was made, renamed or deleted stays so after a loss of power, unless nothing is to be forced. */
    void force() throws IOException {
        if (isForced) {
            force(disk, root);
        }
    }

    private static void force(Disk disk, Path directory) throws IOException {
        FileChannel channel;
        try {
            channel = disk.open(directory, Set.of(StandardOpenOption.READ));
        } catch (AccessDeniedException e) {
            return; // Windows, which opens no directory, and keeps its entries by itself
        }
        try (channel) {
            channel.force(true);
        }
    }

    long usableBytes() throws IOException {
        return room.usableBytes();
    }

    static IOException tookNothing(long left) {
        return new IOException("file: it takes no more (expected: " + left + " bytes)");
    }

    /**
     * What to throw when something could not be written. Java has no type for a full disk: there is the message of the system, which may be
     * in its user's language, and whether there is room.
     */
    IOException orNoSpace(IOException e, long bytes) {
        if (e instanceof NoSpaceException || e instanceof ClosedChannelException) {
            return e;
        }
        String message = String.valueOf(e.getMessage());
        boolean isFull = message.contains("No space left on device")
                || message.contains("quota exceeded")
                || message.contains("not enough space on the disk");
        try {
            isFull |= usableBytes() < bytes;
        } catch (IOException unknown) {
            e.addSuppressed(unknown);
        }
        return isFull ? new NoSpaceException("directory: " + root + " has no room for " + bytes + " bytes more", e) : e;
    }

    @Override
    public String toString() {
        return root.toString();
    }

    /** Unlocks it. */
    @Override
    public void close() throws IOException {
        try {
            lock.close();
        } finally {
            OPEN.remove(root);
        }
    }
}
