package dev.parley.beacon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directory of a log: the names of its segments, and its lock. Thread-safe, but for the lock. */
final class LogDirectory {

    /** Opens the files of a log; tests put channels in between that fail. */
    @FunctionalInterface
    interface Opener {
        FileChannel open(Path file, OpenOption... options) throws IOException;
    }

    /**
     * The logs that are open in this program. POSIX locks belong to a process, which loses all that it has on a file when it
     * closes the file once: a second log of the same program must not even open the lock.
     */
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    private static final String LOCK = "log.lock";
    private static final Pattern NAME = Pattern.compile("00([0-9]{18})\\.ndjson");

    private final Path path;
    private final Opener opener;

    LogDirectory(Path path, Opener opener) {
        this.path = path;
        this.opener = opener;
    }

    Path path() {
        return path;
    }

    Path segment(long number) {
        return path.resolve(String.format(Locale.ROOT, "%020d.ndjson", number));
    }

    FileChannel open(long number, OpenOption... options) throws IOException {
        return opener.open(segment(number), options);
    }

    /** The numbers of the segments that are there. */
    NavigableSet<Long> segments() throws IOException {
        NavigableSet<Long> numbers = new TreeSet<>();
        try (Stream<Path> files = Files.list(path)) {
            files.map(file -> NAME.matcher(file.getFileName().toString())).forEach(name -> {
                if (name.matches()) {
                    numbers.add(Long.parseLong(name.group(1)));
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return numbers;
    }

    /** Sees to it that the names of files that were made outlive the machine. */
    void force() throws IOException {
        force(path);
    }

    private void force(Path directory) throws IOException {
        FileChannel channel;
        try {
            channel = opener.open(directory, StandardOpenOption.READ);
        } catch (AccessDeniedException e) {
            return; // Windows, which opens no directory, and keeps its entries by itself
        }
        try (channel) {
            channel.force(true);
        }
    }

    /** Makes the directory unless it is there. */
    void make() throws IOException {
        if (!Files.isDirectory(path)) {
            Files.createDirectories(path);
            Path parent = path.toAbsolutePath().getParent();
            if (parent != null) {
                force(parent);
            }
        }
    }

    /**
     * Locks the directory for the one log that writes to it.
     *
     * @return unlocks it
     * @throws IOException if another log has it, of this program or another
     */
    Lock lock() throws IOException {
        Path real = path.toRealPath();
        if (!OPEN.add(real)) {
            throw inUse("of this program", null);
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(real.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse("of another program", null);
            }
            return new Lock(real, channel);
        } catch (IOException | OverlappingFileLockException e) {
            OPEN.remove(real);
            if (channel != null) {
                channel.close();
            }
            throw e instanceof IOException failure ? failure : inUse("of this program", e);
        }
    }

    private IOException inUse(String whose, @Nullable Throwable cause) {
        return new IOException(
                "directory: " + path + " is in use by a log " + whose + " (expected: one at a time)", cause);
    }

    /** What holds the lock. */
    record Lock(Path directory, FileChannel channel) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            try {
                channel.close();
            } finally {
                OPEN.remove(directory);
            }
        }
    }
}
