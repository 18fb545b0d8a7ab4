package dev.parley.beacon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Finds the records of one segment, one after the other, and its way behind those that are broken.
 *
 * <p>Holds 64 KiB, or the longest record that it met. Not thread-safe.
 */
final class SegmentScanner implements AutoCloseable {
    private static final int WINDOW_BYTES = 64 * 1024;
    private static final int MAX_WINDOW_BYTES = LogRecord.HEAD_BYTES + LogRecord.MAX_BYTES + LogRecord.TAIL_BYTES;

    /** What is at {@link #offset}. */
    enum Found {
        /** A beacon: {@link #beacon} reads it. The offset is behind it already. */
        RECORD,
        /** Something that is no record, or no longer. The offset is behind it already. */
        BROKEN,
        /** Nothing, or a line without its end. The offset is still before it. */
        END
    }

    private final FileChannel channel;
    private byte[] window = new byte[WINDOW_BYTES];
    /** Of what the window holds, the bytes from the offset on. */
    private int from;

    private int to;
    private long offset;
    /** Where the segment ends for one look at it, or negative before it is asked for: what grows meanwhile is for the next look. */
    private long last;
    /** Whether what is before the offset is broken, and its end perhaps no end of a record. */
    private boolean isLost;

    private boolean isTorn;
    private int beaconFrom;
    private int beaconLength;

    SegmentScanner(FileChannel channel, long offset) {
        this.channel = channel;
        this.offset = offset;
    }

    long offset() {
        return offset;
    }

    /** Whether there was a line without its end, when {@link #next} last found the end. */
    boolean isTorn() {
        return isTorn;
    }

    /**
     * The beacon of the record that was found last.
     *
     * @throws IOException if it is what was written, but no beacon
     */
    Beacon beacon() throws IOException {
        return BeaconJson.read(window, beaconFrom, beaconLength);
    }

    /**
     * Goes to the next record, or over something broken.
     *
     * @param end the offset from which on nothing counts
     */
    Found next(long end) throws IOException {
        last = -1;
        while (true) {
            int length = intact(end);
            if (length >= 0) {
                beaconFrom = from + LogRecord.HEAD_BYTES;
                beaconLength = length;
                boolean isWhole = LogRecord.isTail(window, beaconFrom + length);
                pass(frame(length));
                isLost = false;
                return isWhole ? Found.RECORD : Found.BROKEN;
            }
            // A line end that stands where none was written cuts a record in two: what follows is not another one.
            boolean isAnother = !isLost || holds(LogRecord.BEGINNING_BYTES, end) && LogRecord.isBeginning(window, from);
            if (!passLine(end)) {
                isTorn = to > from;
                to = from; // it may be cut off, or become whole, until it is read again
                return Found.END;
            }
            isLost = true;
            if (isAnother) {
                return Found.BROKEN;
            }
        }
    }

    /** The length of the beacon at the offset, or negative if there is no intact one. */
    private int intact(long end) throws IOException {
        if (!holds(LogRecord.HEAD_BYTES, end)) {
            return -1;
        }
        int length = LogRecord.length(window, from);
        return length >= 0 && holds(frame(length), end) && LogRecord.isIntact(window, from, length) ? length : -1;
    }

    private static int frame(int length) {
        return LogRecord.HEAD_BYTES + length + LogRecord.TAIL_BYTES;
    }

    /** Goes behind the next line end, or over as much as no record can be. Returns whether there was either. */
    private boolean passLine(long end) throws IOException {
        int scanned = 0;
        while (true) {
            for (; from + scanned < to; scanned++) {
                if (window[from + scanned] == '\n') {
                    pass(scanned + 1);
                    return true;
                }
            }
            if (scanned >= MAX_WINDOW_BYTES) {
                pass(scanned);
                return true;
            }
            if (!holds(scanned + 1, end)) {
                return false;
            }
        }
    }

    private void pass(int bytes) {
        from += bytes;
        offset += bytes;
    }

    /** Sees to it that the window holds so many bytes from the offset on. Returns whether there are so many. */
    private boolean holds(int bytes, long end) throws IOException {
        if (to - from >= bytes) {
            return true;
        }
        if (last < 0) {
            last = Math.min(end, channel.size());
        }
        if (offset + bytes > last) {
            return false;
        }
        if (from + bytes > window.length) {
            byte[] roomier = bytes > window.length ? new byte[Math.min(2 * bytes, MAX_WINDOW_BYTES)] : window;
            System.arraycopy(window, from, roomier, 0, to - from);
            window = roomier;
            to -= from;
            from = 0;
        }
        while (to - from < bytes) {
            long at = offset + to - from;
            ByteBuffer free = ByteBuffer.wrap(window, to, (int) Math.min(window.length - to, last - at));
            int read = channel.read(free, at);
            if (read <= 0) {
                return false; // cut off in the meantime
            }
            to += read;
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
