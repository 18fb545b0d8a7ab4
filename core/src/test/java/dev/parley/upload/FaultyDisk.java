package dev.parley.upload;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A disk that fails as it is told, and says what was forced. Not thread-safe. */
final class FaultyDisk implements Disk {
    /** How many bytes it still takes. */
    long room = Long.MAX_VALUE;
    /** What it says that it has. */
    long usable = 1L << 50;
    /** How many bytes it takes with one call. */
    int slice = Integer.MAX_VALUE;
    /** What it says when it has no room. */
    String full = "No space left on device";
    /** How many calls go well before one fails; none fails if negative. */
    int untilFailure = -1;
    /** Each file or directory that was forced, and what was beside it then. */
    final List<String> forced = new ArrayList<>();

    @Override
    public FileChannel open(Path file, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        step();
        return new Channel(file, FileChannel.open(file, options, attributes));
    }

    @Override
    public Room room(Path directory) {
        return () -> usable;
    }

    private void step() throws IOException {
        if (untilFailure == 0) {
            untilFailure--;
            throw new IOException("Input/output error");
        }
        untilFailure--;
    }

    /** The names of all files of a directory. */
    static List<String> names(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Channel extends FileChannel {
        private final Path path;
        private final FileChannel file;

        Channel(Path path, FileChannel file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            step();
            if (room == 0) {
                throw new IOException(full);
            }
            int count = (int) Math.min(Math.min(slice, room), source.remaining());
            ByteBuffer part = source.slice(source.position(), count);
            while (part.hasRemaining()) {
                file.write(part);
            }
            source.position(source.position() + count);
            room -= count;
            return count;
        }

        /** As much as fits of the first that has anything: as short as a write may be. */
        @Override
        public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
            for (int i = offset; i < offset + length; i++) {
                if (sources[i].hasRemaining()) {
                    return write(sources[i]);
                }
            }
            return 0;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            step();
            file.force(metaData);
            Path directory = Files.isDirectory(path) ? path : path.resolveSibling(".");
            forced.add(path.getFileName() + " beside "
                    + names(directory).stream()
                            .filter(name -> !name.endsWith(".lock"))
                            .collect(Collectors.joining(" ")));
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
            ByteBuffer part = ByteBuffer.allocate((int) Math.min(slice, count));
            file.read(part, position);
            return target.write(part.flip());
        }

        @Override
        public FileChannel truncate(long size) throws IOException {
            step();
            file.truncate(size);
            return this;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            return file.read(target);
        }

        @Override
        public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
            return file.read(targets, offset, length);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return file.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() throws IOException {
            return file.position();
        }

        @Override
        public FileChannel position(long position) throws IOException {
            file.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
            return file.map(mode, position, size);
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) throws IOException {
            return file.lock(position, size, shared);
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return file.tryLock(position, size, shared);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            file.close();
        }
    }
}
