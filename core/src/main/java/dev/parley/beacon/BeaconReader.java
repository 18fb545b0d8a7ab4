package dev.parley.beacon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@link BeaconLog} in the order in which it was written, from a place that can be kept over restarts.
 *
 * <pre>{@code
 * try (BeaconReader reader = BeaconReader.open(Path.of("beacons"), BeaconCursor.parse(saved))) {
 *     for (Optional<Beacon> next = reader.next(); next.isPresent(); next = reader.next()) {
 *         load(next.get());
 *         save(reader.cursor().toString());
 *     }
 * }
 * }</pre>
 *
 * <p>Any program may read, also while another one writes, without a lock: a log does not know its readers, and deletes its oldest
 * segments whether they have been read or not.
 *
 * <p><b>What is seen.</b> Records that are whole, and whose CRC32C is right; what is broken is passed over, counted, and hides
 * nothing behind it. {@link BeaconLog#reader} sees what is stored. {@link #open} sees also what is written and not yet forced: such
 * a beacon may be lost with the machine, or cut off again as the force fails, but none that stays is missed for it.
 *
 * <p><b>Memory.</b> 64 KiB, or the longest record so far.
 *
 * <p><b>Errors.</b> After an {@link IOException} (a device that fails, an interrupt of the thread) the cursor is still right: open
 * another reader there.
 *
 * <p><b>Threading.</b> Not thread-safe. It reads from a disk, so not for an event loop.
 */
public final class BeaconReader implements AutoCloseable {
    private static final BeaconCursor OPEN_END = new BeaconCursor(Long.MAX_VALUE, Long.MAX_VALUE);

    private final LogDirectory directory;
    /** Where what may be seen ends. */
    private final Supplier<BeaconCursor> end;
    /** The segment, and while it is not open, where to begin in it. */
    private long number;

    private long offset;
    private @Nullable SegmentScanner scanner;
    /** Whether there was a later segment before the last look at this one, so that nothing is added to it. */
    private boolean isOver;

    private long broken;
    private long lost;

    BeaconReader(LogDirectory directory, BeaconCursor from, Supplier<BeaconCursor> end) throws IOException {
        this.directory = directory;
        this.end = end;
        number = from.segment();
        offset = from.offset();
        NavigableSet<Long> segments = directory.segments();
        long newest = segments.isEmpty() ? 0 : segments.last();
        if (number > newest) {
            throw new IOException("cursor: " + from + " (expected: up to segment " + newest + " of " + directory.path()
                    + "; it is of another log)");
        }
    }

    /**
     * Begins to read.
     *
     * @param directory that of a log, which need not be open
     * @param from where to begin
     * @return a new reader
     * @throws IOException if the directory can't be read, or the cursor is of another log
     */
    public static BeaconReader open(Path directory, BeaconCursor from) throws IOException {
        return new BeaconReader(new LogDirectory(directory, FileChannel::open), from, () -> OPEN_END);
    }

    /**
     * The next beacon.
     *
     * @return empty if there is nothing more yet; ask again when it suits
     * @throws IOException if it can't be read
     */
    public Optional<Beacon> next() throws IOException {
        while (true) {
            SegmentScanner at = scanner;
            if (at == null) {
                if (!isEntered()) {
                    return Optional.empty();
                }
                continue;
            }
            switch (at.next(visible())) {
                case RECORD -> {
                    Beacon beacon = beacon(at);
                    if (beacon != null) {
                        return Optional.of(beacon);
                    }
                    broken++;
                }
                case BROKEN -> broken++;
                case END -> {
                    if (isOver) {
                        leave(at);
                    } else if (isFollowed()) {
                        isOver = true; // and look again, for what was added in between
                    } else {
                        return Optional.empty();
                    }
                }
            }
        }
    }

    /** {@code null} for what is not the JSON of a beacon: the check is right, so somebody has written it like that. */
    private static @Nullable Beacon beacon(SegmentScanner at) {
        try {
            return at.beacon();
        } catch (IOException e) {
            return null;
        }
    }

    /** The offset up to which the segment may be seen. */
    private long visible() {
        BeaconCursor last = end.get();
        return number < last.segment() ? Long.MAX_VALUE : number == last.segment() ? last.offset() : 0;
    }

    private boolean isFollowed() throws IOException {
        long last = end.get().segment();
        Long next = directory.segments().higher(number);
        return next != null && next <= last;
    }

    private void leave(SegmentScanner at) throws IOException {
        if (at.isTorn()) {
            broken++;
        }
        scanner = null;
        number++;
        offset = 0;
        at.close();
    }

    /** Opens the segment, or the next one that is still there. Returns whether there is any. */
    private boolean isEntered() throws IOException {
        while (true) {
            long last = end.get().segment();
            NavigableSet<Long> segments = directory.segments();
            Long next = segments.ceiling(number);
            if (next == null || next > last) {
                return false;
            }
            FileChannel channel;
            try {
                channel = directory.open(next, StandardOpenOption.READ);
            } catch (NoSuchFileException e) {
                continue; // deleted since: there is a later one
            }
            // Only the oldest are deleted. A gap behind an older one is a segment that nothing was ever stored in.
            if (number > 0 && next > number && next.equals(segments.first())) {
                lost += next - number;
            }
            offset = next > number ? 0 : offset;
            number = next;
            scanner = new SegmentScanner(channel, offset);
            isOver = false;
            return true;
        }
    }

    /**
     * The place behind the last beacon that was given, and what was passed over.
     *
     * @return a cursor to go on from
     */
    public BeaconCursor cursor() {
        SegmentScanner at = scanner;
        return new BeaconCursor(number, at == null ? offset : at.offset());
    }

    /**
     * How many records were passed over, as they were broken, or torn by a program that died.
     *
     * @return how many, since this reader was opened
     */
    public long broken() {
        return broken;
    }

    /**
     * How many segments were deleted before they had been read to the end.
     *
     * @return how many at most, since this reader was opened: the first of them may have had nothing more to read
     */
    public long lostSegments() {
        return lost;
    }

    @Override
    public void close() throws IOException {
        SegmentScanner at = scanner;
        if (at != null) {
            offset = at.offset();
            scanner = null;
            at.close();
        }
    }
}
