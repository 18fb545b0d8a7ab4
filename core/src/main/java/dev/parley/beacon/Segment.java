package dev.parley.beacon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * The segment that a log appends to.
 *
 * <pre>
 *   ├──────── committed ────────┤── written ──┤
 *    what this log answers for    not yet: cut off, if anything fails
 * </pre>
 *
 * <p>Not thread-safe.
 */
final class Segment implements AutoCloseable {
    /** As much as one call writes: the JDK copies it to memory outside the heap, and keeps that. */
    private static final int SLICE_BYTES = 256 * 1024;

    private final long number;
    private final Instant began;
    private final FileChannel channel;
    private long written;
    private long committed;

    private Segment(long number, Instant began, FileChannel channel) {
        this.number = number;
        this.began = began;
        this.channel = channel;
    }

    /** Makes a file that must not be there. */
    static Segment begin(LogDirectory directory, long number, Instant now) throws IOException {
        FileChannel channel = directory.open(number, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        return new Segment(number, now, channel);
    }

    long number() {
        return number;
    }

    Instant began() {
        return began;
    }

    long committed() {
        return committed;
    }

    void write(byte[] bytes, int length) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        int at = 0;
        while (at < length) {
            left.limit(Math.min(length, at + SLICE_BYTES));
            int count = channel.write(left);
            if (count <= 0) {
                throw new IOException("segment: the file takes no more (expected: " + (length - at) + " bytes)");
            }
            at += count;
            written += count;
        }
    }

    /** Whether something is written and not committed. */
    boolean isAhead() {
        return written > committed;
    }

    void force() throws IOException {
        channel.force(false);
    }

    void commit() {
        committed = written;
    }

    /** Cuts off what is not committed, so that not even a loss of power brings it back. */
    void rollBack() throws IOException {
        channel.truncate(committed);
        written = committed;
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
