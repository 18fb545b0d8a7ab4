package dev.parley.beacon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A log of beacons in a directory, that any program can read and that outlives the machine if it is asked to.
 *
 * <pre>{@code
 * try (BeaconLog log = BeaconLog.at(Path.of("beacons")).durable().open();
 *         BeaconCollector beacons = BeaconCollector.to(log)) {
 *     …
 * }
 * }</pre>
 *
 * <p><b>Wire.</b> Segments named by number, {@code 00000000000000000001.ndjson}, beside {@code log.lock}. Each beacon is one line
 * of JSON and UTF-8, so that {@code jq .beacon} will do to look at them:
 *
 * <pre>{@code
 * {"n":"0000007b","c":"1a2b3c4d","beacon":{"at":"2026-01-01T00:00:00Z","kind":"text","address":"192.0.2.1","path":"/beacon",
 *  "origin":"https://example.com","referrer":"https://example.com/a","userAgent":"Mozilla/5.0","cookies":{"id":"7"},
 *  "contentType":"text/plain;charset=UTF-8","text":"hello"}}
 * }</pre>
 *
 * <p>({@code n}: how many bytes the object behind {@code "beacon":} takes; {@code c}: their CRC32C (RFC 3720 appendix B.4); both
 * as eight lower-case digits of hex, so that the object begins 40 bytes behind the line. It is broken here to fit the page.)
 * What a beacon does not have is left out. A body that is not well-formed UTF-8, or mostly control characters, is {@code base64}
 * in place of {@code text}. All control characters are escaped, also U+007F to U+009F, U+2028 and U+2029: to show a log on a
 * terminal is safe.
 *
 * <p><b>What is promised.</b> The stage of {@link #write} succeeds when all of the batch is in the log, exactly once: written to the
 * operating system, or, if the log is {@link Builder#durable}, forced to the device. One force does for all batches that
 * wait; a collector has one of them at a time, and gathers the next meanwhile. If it fails, the batch is cut off again.
 * Only if that fails too, or the program ends in between, beacons may be in the log whose clients were not told so.
 *
 * <p><b>States.</b> One log writes to a directory at a time. When it is opened, what is behind the last whole record of the newest
 * segment is cut off. A record in the middle that is broken stays, and readers pass over it. A segment is written by one opening
 * of the log only, and after anything failed the next one is begun; {@link BeaconCursor}s stay right through all of it.
 *
 * <p><b>Errors.</b> A full disk, a device that fails: the stage fails with the {@link IOException}, a durable collector answers
 * 503, and the next batch is tried again, in a new segment.
 *
 * <p><b>Limits.</b> See {@link Builder}. 256 batches may wait, of as many collectors; more fail at once. A body may
 * have 16 MiB. Segments are deleted, the oldest first, by size and age. The log holds 512 KiB of memory, and what waits.
 *
 * <p><b>Threading.</b> Thread-safe. Only a thread of its own touches the disk, so that interrupts of callers do no harm. Stages complete on
 * that thread: what depends on them must not block.
 *
 * <p><b>Life.</b> Close it after its collectors.
 */
public final class BeaconLog implements BeaconSink, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BeaconLog.class);

    private static final int MAX_WAITING = 256;
    private static final int MAX_BODY_BYTES = 16 * 1024 * 1024;
    /** How often an idle log looks whether something has become too old. */
    private static final Duration UPKEEP = Duration.ofMinutes(1);

    /** A batch, and who waits for it. */
    private record Pending(List<Beacon> batch, long bytes, boolean isLast, CompletableFuture<Void> stored) {}

    private final LogDirectory directory;
    private final boolean durable;
    private final long groupNanos;
    private final long groupBytes;
    private final long upkeepMillis;
    private final SegmentWriter writer;
    private final LogDirectory.Lock lock;
    /** One more than may wait: the last, which closes the log. */
    private final BlockingQueue<Pending> waiting = new ArrayBlockingQueue<>(MAX_WAITING + 1);

    private final Object gate = new Object();
    /** Guarded by {@link #gate}. */
    private boolean closed;

    private final Thread thread;
    /** Set by the thread before it ends. */
    private volatile @Nullable IOException unclosed;

    private BeaconLog(Builder builder, LogDirectory directory, LogDirectory.Lock lock, SegmentWriter writer) {
        this.directory = directory;
        this.durable = builder.durable;
        this.groupNanos = builder.groupDelay.toNanos();
        this.groupBytes = builder.groupBytes;
        this.upkeepMillis =
                Math.min(UPKEEP.toMillis(), Math.min(builder.segmentAge.toMillis(), builder.retainAge.toMillis()));
        this.lock = lock;
        this.writer = writer;
        thread = new Thread(this::run, "parley-beacon-log");
        thread.setDaemon(true);
    }

    /**
     * Begins a log with all defaults.
     *
     * @param directory where its segments are; made if it is not there. Nothing else should be in it
     * @return a new builder
     */
    public static Builder at(Path directory) {
        return new Builder(directory);
    }

    /**
     * Appends a batch.
     *
     * @param batch beacons, in order of arrival
     * @return succeeds when they are stored; fails with an {@link IOException} if they can't be, 256 batches wait, or the log is
     *     closed, and with an {@link IllegalArgumentException} for a body of more than 16 MiB
     */
    @Override
    public CompletionStage<Void> write(List<Beacon> batch) {
        long bytes = 0;
        for (Beacon beacon : batch) {
            int length = beacon.body().bytes().length;
            if (length > MAX_BODY_BYTES) {
                return CompletableFuture.failedStage(new IllegalArgumentException(
                        "beacon: a body of " + length + " bytes (expected: at most " + MAX_BODY_BYTES + ")"));
            }
            bytes += beacon.weight();
        }
        Pending pending = new Pending(batch, bytes, false, new CompletableFuture<>());
        synchronized (gate) {
            if (closed) {
                return CompletableFuture.failedStage(new IOException("log: closed (expected: open)"));
            }
            if (waiting.size() >= MAX_WAITING) {
                return CompletableFuture.failedStage(
                        new IOException("log: " + MAX_WAITING + " batches wait (expected: fewer)"));
            }
            waiting.add(pending);
        }
        return pending.stored();
    }

    @Override
    public boolean isDurable() {
        return durable;
    }

    /**
     * Begins to read what this log has stored, and only that. Other programs use {@link BeaconReader#open}.
     *
     * @param from where to begin
     * @return a new reader, which may outlive the log
     * @throws IOException if the directory can't be read, or the cursor is of another log
     */
    public BeaconReader reader(BeaconCursor from) throws IOException {
        return new BeaconReader(directory, from, writer::committed);
    }

    /**
     * What was cut off when the log was opened: what a program that died had not written to its end.
     *
     * @return in bytes
     */
    public long repairedBytes() {
        return writer.repairedBytes();
    }

    /**
     * Takes no more, stores what was handed over, forces it to the device even if the log is not durable, and lets go of the
     * directory. Waits until that is done, however long the disk takes; an interrupt is kept for later.
     *
     * @throws IOException if the last segment can't be forced or closed
     */
    @Override
    public void close() throws IOException {
        synchronized (gate) {
            if (!closed) {
                closed = true;
                waiting.add(new Pending(List.of(), 0, true, new CompletableFuture<>()));
            }
        }
        if (Thread.currentThread() != thread) {
            join();
            IOException failure = unclosed;
            if (failure != null) {
                unclosed = null;
                throw failure;
            }
        }
    }

    private void join() {
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- on the log's thread

    private void run() {
        List<Pending> group = new ArrayList<>();
        boolean isLast = false;
        while (!isLast) {
            try {
                isLast = gather(group);
            } catch (InterruptedException e) {
                LOG.debug("nobody has to interrupt this thread");
            }
            store(group);
            group.clear();
        }
        try (lock) {
            writer.close();
        } catch (IOException e) {
            unclosed = e;
        }
    }

    /** Waits for a batch, and takes what waits with it. Returns whether it was the last. */
    private boolean gather(List<Pending> group) throws InterruptedException {
        Pending next = waiting.poll(upkeepMillis, TimeUnit.MILLISECONDS);
        long began = System.nanoTime();
        long bytes = 0;
        while (next != null) {
            group.add(next);
            bytes += next.bytes();
            if (next.isLast()) {
                return true;
            }
            if (bytes >= groupBytes) {
                return false;
            }
            long left = groupNanos - (System.nanoTime() - began);
            next = left > 0 ? waiting.poll(left, TimeUnit.NANOSECONDS) : waiting.poll();
        }
        return false;
    }

    private void store(List<Pending> group) {
        try {
            writer.upkeep();
            for (Pending pending : group) {
                writer.write(pending.batch());
            }
            writer.commit();
        } catch (Throwable t) { // also what nobody thought of: no stage is left without an end
            if (Thread.interrupted()) {
                LOG.debug("an interrupt has closed the file");
            }
            try {
                writer.abandon();
            } catch (Throwable again) {
                t.addSuppressed(again);
            }
            group.forEach(pending -> pending.stored().completeExceptionally(t));
            return;
        }
        group.forEach(pending -> pending.stored().complete(null));
    }

    /**
     * Collects the settings of a log.
     *
     * <p><b>Threading.</b> Not thread-safe.
     */
    public static final class Builder {
        private static final long MIN_SEGMENT_BYTES = 1024;
        private static final Duration MIN_AGE = Duration.ofSeconds(1);
        private static final Duration MAX_GROUP_DELAY = Duration.ofMillis(100);

        private final Path path;
        private boolean durable;
        private long segmentBytes = 64L << 20;
        private Duration segmentAge = Duration.ofHours(1);
        private long retainBytes = 1L << 30;
        private Duration retainAge = Duration.ofDays(30);
        private Duration groupDelay = Duration.ZERO;
        private int groupBytes = 256 * 1024;
        private InstantSource clock = InstantSource.system();
        private LogDirectory.Opener opener = FileChannel::open;

        private Builder(Path path) {
            this.path = Objects.requireNonNull(path, "directory");
        }

        /**
         * Forces each batch to the device before it counts as stored: what a collector has answered with 204 then outlives a loss of
         * power, as far as the device keeps its word.
         *
         * @return this builder
         */
        public Builder durable() {
            durable = true;
            return this;
        }

        /**
         * Sets at which size a segment is full.
         *
         * @param bytes 1 KiB to 64 GiB; default 64 MiB. It may be longer by what is written at once, which is not split
         * @return this builder
         */
        public Builder segmentBytes(long bytes) {
            segmentBytes = Setting.within("segmentBytes", bytes, MIN_SEGMENT_BYTES, 64L << 30);
            return this;
        }

        /**
         * Sets at which age a segment is closed, though it is not full.
         *
         * @param age 1 s to 365 days; default 1 h
         * @return this builder
         */
        public Builder segmentAge(Duration age) {
            segmentAge = Setting.within("segmentAge", age, MIN_AGE, Duration.ofDays(365));
            return this;
        }

        /**
         * Sets how much is kept: as long as there is more, the oldest closed segment is deleted. It is looked at before each write,
         * so that there may be more by what is written at once.
         *
         * @param bytes {@link #segmentBytes} to 1 PiB; default 1 GiB
         * @return this builder
         */
        public Builder retainBytes(long bytes) {
            retainBytes = Setting.within("retainBytes", bytes, MIN_SEGMENT_BYTES, 1L << 50);
            return this;
        }

        /**
         * Sets how long beacons are kept: a segment is deleted when so long has passed since it was closed, by the time at which its file was last
         * modified. A beacon is kept for the age of a segment longer at most. It is looked at before each write and once a minute.
         *
         * @param age 1 s to 36,500 days; default 30 days
         * @return this builder
         */
        public Builder retainAge(Duration age) {
            retainAge = Setting.within("retainAge", age, MIN_AGE, Duration.ofDays(36_500));
            return this;
        }

        /**
         * Sets how long a batch waits for batches of other collectors, to be forced with them. Those that come during a force go together
         * anyway, and a collector has one batch at a time, for which it has waited itself: this helps only where a force is dear, and
         * many collectors share the log; then 0.2 to 2 ms are useful.
         *
         * @param delay 0 to 100 ms; default 0
         * @return this builder
         */
        public Builder groupDelay(Duration delay) {
            groupDelay = Setting.within("groupDelay", delay, Duration.ZERO, MAX_GROUP_DELAY);
            return this;
        }

        /**
         * Sets how much, counted as {@link BeaconCollector.Builder#maxQueuedBytes} counts, is forced at once at most.
         *
         * @param bytes 1 to 1 GiB; default 256 KiB. It may be more by one batch, which is not split
         * @return this builder
         */
        public Builder groupBytes(int bytes) {
            groupBytes = Setting.within("groupBytes", bytes, 1, 1 << 30);
            return this;
        }

        /**
         * Sets the clock that ages go by.
         *
         * @param clock the system's, unless this is set
         * @return this builder
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        Builder opener(LogDirectory.Opener opener) {
            this.opener = opener;
            return this;
        }

        /**
         * Opens the log: makes the directory, locks it, and cuts off what a program that died had not written to its end.
         *
         * @return the log
         * @throws IOException if another log has the directory, of this program or another, or it can't be written
         * @throws IllegalArgumentException if the settings contradict each other
         */
        public BeaconLog open() throws IOException {
            if (retainBytes < segmentBytes) {
                throw new IllegalArgumentException("retainBytes: " + retainBytes
                        + " (expected: at least segmentBytes, which is " + segmentBytes + ")");
            }
            LogDirectory directory = new LogDirectory(path, opener);
            directory.make();
            LogDirectory.Lock lock = directory.lock();
            try {
                LogSettings settings =
                        new LogSettings(durable, segmentBytes, segmentAge, retainBytes, retainAge, clock);
                BeaconLog log = new BeaconLog(this, directory, lock, new SegmentWriter(directory, settings));
                log.thread.start();
                return log;
            } catch (Throwable t) {
                lock.close();
                throw t;
            }
        }
    }
}
