package dev.parley.beacon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The segments of a log: the one that is appended to, and those before it, of which the oldest are deleted.
 *
 * <p>A place in a segment is never written twice, so that a cursor means the same for ever. Two rules see to it. What can't be
 * committed is cut off, and what comes next goes into another segment: a reader that has seen what was cut off goes on there.
 * And the newest segment is never deleted, even if nothing is in it, so that numbers go up even over restarts.
 *
 * <p>Confined to the log's thread, but for {@link #committed}.
 */
final class SegmentWriter {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentWriter.class);

    /** As much as is gathered before it is written. */
    private static final int BUFFER_BYTES = 256 * 1024;

    /** A segment that nothing is appended to any more. */
    private record Closed(long number, long bytes, Instant last) {}

    private final LogDirectory directory;
    private final LogSettings settings;
    private final JsonBytes buffer = new JsonBytes(BUFFER_BYTES);
    private final Deque<Closed> closed = new ArrayDeque<>();
    private long closedBytes;
    /** The highest number that was ever given to a segment. */
    private long newest;

    private @Nullable Segment segment;
    /** A segment in which nothing could be committed: its file is deleted when there is another. */
    private long blank;

    private final long repairedBytes;
    private volatile BeaconCursor committed = BeaconCursor.START;

    /** Takes over what the directory holds. */
    SegmentWriter(LogDirectory directory, LogSettings settings) throws IOException {
        this.directory = directory;
        this.settings = settings;
        long repaired = 0;
        NavigableSet<Long> numbers = directory.segments();
        newest = numbers.isEmpty() ? 0 : numbers.last();
        for (long number : numbers) {
            if (number == newest) {
                repaired = repair(number);
            }
            Path file = directory.segment(number);
            close(number, Files.size(file), Files.getLastModifiedTime(file).toInstant());
        }
        repairedBytes = repaired;
    }

    /** What all readers may see. */
    BeaconCursor committed() {
        return committed;
    }

    long repairedBytes() {
        return repairedBytes;
    }

    /** Cuts off what is behind the last whole record. Returns how much that was. */
    private long repair(long number) throws IOException {
        try (FileChannel file = directory.open(number, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            SegmentScanner scanner = new SegmentScanner(file, 0);
            long end = 0;
            SegmentScanner.Found found;
            do {
                found = scanner.next(Long.MAX_VALUE);
                end = found == SegmentScanner.Found.RECORD ? scanner.offset() : end;
            } while (found != SegmentScanner.Found.END);
            long torn = file.size() - end;
            if (torn > 0) {
                LOG.warn("{}: {} bytes behind the last whole record are cut off", directory.segment(number), torn);
                file.truncate(end);
            }
            if (settings.durable()) {
                file.force(true); // a program that died may have written it without
            }
            committed = new BeaconCursor(number, end);
            return torn;
        }
    }

    /** Closes a segment that is full or old, and deletes what is not to be kept. */
    void upkeep() {
        Instant now = settings.clock().instant();
        Segment current = segment;
        if (current != null
                && current.committed() > 0
                && (current.committed() >= settings.segmentBytes()
                        || isOlder(current.began(), settings.segmentAge(), now))) {
            rotate(current, now);
        }
        retain(now);
    }

    private static boolean isOlder(Instant then, Duration age, Instant now) {
        return Duration.between(then, now).compareTo(age) >= 0;
    }

    /** Writes beacons behind all others. They are not committed. */
    void write(List<Beacon> beacons) throws IOException {
        for (Beacon beacon : beacons) {
            LogRecord.append(beacon, buffer);
            if (buffer.size() >= BUFFER_BYTES) {
                flush();
            }
        }
    }

    private void flush() throws IOException {
        current().write(buffer.array(), buffer.size());
        buffer.clear(2 * BUFFER_BYTES);
    }

    private Segment current() throws IOException {
        Segment current = segment;
        return current == null ? begin() : current;
    }

    private Segment begin() throws IOException {
        Segment next;
        try {
            next = Segment.begin(directory, newest + 1, settings.clock().instant());
        } catch (FileAlreadyExistsException e) {
            newest++; // somebody else's: the next write passes it over
            throw e;
        }
        newest++;
        segment = next;
        if (blank > 0) {
            delete(blank);
            blank = 0;
        }
        if (settings.durable()) {
            directory.force();
        }
        return next;
    }

    /** Makes what was written count: when durable, it outlives the machine from now on. */
    void commit() throws IOException {
        if (buffer.size() > 0) {
            flush();
        }
        Segment current = segment;
        if (current != null && current.isAhead()) {
            if (settings.durable()) {
                current.force();
            }
            current.commit();
            committed = new BeaconCursor(current.number(), current.committed());
        }
    }

    /** Takes back what was written and not committed, after something failed. What comes next begins another segment. */
    void abandon() {
        buffer.clear(2 * BUFFER_BYTES);
        Segment current = segment;
        if (current == null) {
            return;
        }
        segment = null;
        boolean isCut = false;
        try (current) {
            current.rollBack();
            isCut = true;
        } catch (IOException e) {
            LOG.warn(
                    "{}: what could not be committed may still be in it, behind {}",
                    directory.segment(current.number()),
                    current.committed(),
                    e);
        }
        if (isCut && current.committed() == 0) {
            blank = current.number();
        } else {
            close(current.number(), current.committed(), settings.clock().instant());
        }
    }

    private void rotate(Segment current, Instant now) {
        segment = null;
        try (current) {
            Files.setLastModifiedTime(directory.segment(current.number()), FileTime.from(now));
        } catch (IOException e) {
            LOG.warn("{}: closed, but not well", directory.segment(current.number()), e);
        }
        close(current.number(), current.committed(), now);
    }

    private void close(long number, long bytes, Instant last) {
        closed.add(new Closed(number, bytes, last));
        closedBytes += bytes;
    }

    private void retain(Instant now) {
        while (true) {
            Closed oldest = closed.peek();
            Segment current = segment;
            long bytes = closedBytes + (current == null ? 0 : current.committed());
            if (oldest == null
                    || bytes <= settings.retainBytes() && !isOlder(oldest.last(), settings.retainAge(), now)
                    || oldest.number() == newest && !isReplaced(oldest)) {
                return;
            }
            closed.remove();
            closedBytes -= oldest.bytes();
            delete(oldest.number());
        }
    }

    /** The newest segment can't go without another that keeps its number; an empty one may as well stay itself. */
    private boolean isReplaced(Closed last) {
        if (last.bytes() == 0) {
            return false;
        }
        try {
            begin();
            return true;
        } catch (IOException e) {
            LOG.debug("{}: too old to be kept, but can't be deleted yet", directory.segment(last.number()), e);
            abandon();
            return false;
        }
    }

    private void delete(long number) {
        try {
            Files.deleteIfExists(directory.segment(number));
        } catch (IOException e) {
            LOG.warn("{}: not deleted; it stays until the log is opened again", directory.segment(number), e);
        }
    }

    /** Forces all that was written. */
    void close() throws IOException {
        Segment current = segment;
        segment = null;
        if (current != null) {
            try (current) {
                current.force();
            }
        }
    }
}
