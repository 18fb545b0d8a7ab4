package dev.parley.beacon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A disk that fails as it is told. What is forced is only counted: no test ends the machine. Thread-safe. */
final class TestDisk implements LogDirectory.Opener {
    /** How many bytes it still takes. */
    final AtomicLong room = new AtomicLong(Long.MAX_VALUE);
    /** How many bytes it takes with one call. */
    volatile int slice = Integer.MAX_VALUE;

    /** How many bytes of a file are seen, as far as they are written. */
    final AtomicLong seen = new AtomicLong(Long.MAX_VALUE);
    /** By how many they grow each time that somebody asks. */
    volatile long growth;

    volatile boolean failsForce;
    volatile boolean failsTruncate;
    volatile boolean failsOpen;
    /** Writes wait for it. */
    volatile CountDownLatch gate = new CountDownLatch(0);
    /** Counted down as a write begins. */
    volatile CountDownLatch writing = new CountDownLatch(1);

    final AtomicInteger forces = new AtomicInteger();

    @Override
    public FileChannel open(Path file, OpenOption... options) throws IOException {
        if (failsOpen && Arrays.asList(options).contains(StandardOpenOption.WRITE)) {
            throw new IOException("no file left");
        }
        return new Channel(FileChannel.open(file, options));
    }

    private final class Channel extends FileChannel {
        private final FileChannel file;

        Channel(FileChannel file) {
            this.file = file;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            writing.countDown();
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            if (room.get() == 0) {
                throw new IOException("No space left on device");
            }
            int count = (int) Math.min(Math.min(slice, room.get()), source.remaining());
            ByteBuffer part = source.slice(source.position(), count);
            while (part.hasRemaining()) {
                file.write(part);
            }
            source.position(source.position() + count);
            room.addAndGet(-count);
            return count;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            forces.incrementAndGet();
            if (failsForce) {
                throw new IOException("Input/output error");
            }
        }

        @Override
        public FileChannel truncate(long size) throws IOException {
            if (failsTruncate) {
                throw new IOException("Input/output error");
            }
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
        public long write(ByteBuffer[] sources, int offset, int length) {
            throw new UnsupportedOperationException();
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
            return Math.min(file.size(), seen.getAndAdd(growth));
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
            return file.transferTo(position, count, target);
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
