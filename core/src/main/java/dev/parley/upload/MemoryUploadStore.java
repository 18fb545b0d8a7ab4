package dev.parley.upload;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A store of uploads in memory, for tests and demos: all is lost with the program.
 *
 * <p><b>Memory.</b> Contents are held on the heap, in segments of 16 KiB: an upload takes up to one more than its bytes. Records come on
 * top: an {@link UploadEndpoint} counts them for the bound, the store itself does not.
 *
 * <p><b>Errors.</b> What goes beyond the bound is a {@link NoSpaceException}, and nothing of it is appended.
 *
 * <p><b>Threading.</b> Thread-safe, as {@link UploadStore} says. A content that is open stays as it is when its upload is deleted or the
 * store closed.
 */
public final class MemoryUploadStore implements UploadStore.Bounded {
    private static final int SEGMENT_BYTES = 16 * 1024;
    private static final long DEFAULT_BYTES = 64L * 1024 * 1024;

    private final Ledger ledger;
    private final Map<String, Upload> uploads = new ConcurrentHashMap<>();

    private MemoryUploadStore(long maxBytes) {
        ledger = new Ledger(maxBytes);
    }

    /**
     * A store with room for 64 MiB.
     *
     * @return a new store, with nothing in it
     */
    public static MemoryUploadStore create() {
        return of(DEFAULT_BYTES);
    }

    /**
     * A store.
     *
     * @param maxBytes the most that all contents together may take, 0 or more; of what an {@link UploadEndpoint} stores, with their records, each of which
     *     counts as 4 KiB or more
     * @return a new store, with nothing in it
     */
    public static MemoryUploadStore of(long maxBytes) {
        return new MemoryUploadStore(Setting.atLeast("maxBytes", maxBytes, 0L));
    }

    @Override
    public void create(String id, byte[] record) throws IOException {
        if (uploads.putIfAbsent(id, new Upload(id, record.clone())) != null) {
            throw new FileAlreadyExistsException(id);
        }
        ledger.enter(id, 0);
    }

    @Override
    public void save(String id, byte[] record) throws IOException {
        upload(id).record = record.clone();
    }

    @Override
    public Optional<byte[]> record(String id) {
        return Optional.ofNullable(uploads.get(id)).map(upload -> upload.record.clone());
    }

    @Override
    public UploadContent open(String id) throws IOException {
        return upload(id).new Content();
    }

    private Upload upload(String id) throws NoSuchFileException {
        Upload upload = uploads.get(id);
        if (upload == null) {
            throw new NoSuchFileException(id);
        }
        return upload;
    }

    @Override
    public void delete(String id) {
        uploads.remove(id);
        ledger.forget(id);
    }

    @Override
    public List<String> ids() {
        return List.copyOf(uploads.keySet());
    }

    @Override
    public long maxBytes() {
        return ledger.maxBytes();
    }

    @Override
    public long usableBytes() {
        return ledger.freeBytes();
    }

    /** Forgets all uploads. */
    @Override
    public void close() {
        ids().forEach(this::delete);
    }

    private final class Upload {
        private final String id;
        private volatile byte[] record;
        /** All but the last are full. Guarded by this, as is {@link #size}. */
        private final List<byte[]> segments = new ArrayList<>();

        private long size;

        Upload(String id, byte[] record) {
            this.id = id;
            this.record = record;
        }

        /** Holds nothing of its own, so that closing it does nothing. */
        private final class Content implements UploadContent {

            @Override
            public long size() {
                synchronized (Upload.this) {
                    return size;
                }
            }

            @Override
            public void append(ByteBuffer[] bytes) throws IOException {
                long count = 0;
                for (ByteBuffer buffer : bytes) {
                    count += buffer.remaining();
                }
                ledger.take(id, count);
                synchronized (Upload.this) {
                    for (ByteBuffer buffer : bytes) {
                        while (buffer.hasRemaining()) {
                            appendSome(buffer);
                        }
                    }
                }
            }

            private void appendSome(ByteBuffer buffer) {
                int at = (int) (size % SEGMENT_BYTES);
                if (at == 0) {
                    segments.add(new byte[SEGMENT_BYTES]);
                }
                int count = Math.min(buffer.remaining(), SEGMENT_BYTES - at);
                buffer.get(segments.get(segments.size() - 1), at, count);
                size += count;
            }

            @Override
            public int read(long position, ByteBuffer into) {
                synchronized (Upload.this) {
                    if (position >= size) {
                        return -1;
                    }
                    int count = (int) Math.min(into.remaining(), size - position);
                    int end = into.position() + count;
                    for (long from = position; into.position() < end; ) {
                        int at = (int) (from % SEGMENT_BYTES);
                        int some = Math.min(end - into.position(), SEGMENT_BYTES - at);
                        into.put(segments.get((int) (from / SEGMENT_BYTES)), at, some);
                        from += some;
                    }
                    return count;
                }
            }

            @Override
            public void truncate(long newSize) {
                synchronized (Upload.this) {
                    if (newSize < 0 || newSize > size) {
                        throw new IllegalArgumentException("size: " + newSize + " (expected: 0 to " + size + ")");
                    }
                    int kept = (int) ((newSize + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
                    segments.subList(kept, segments.size()).clear();
                    ledger.giveBack(id, size - newSize);
                    size = newSize;
                }
            }

            @Override
            public void force() {
                // there is no disk
            }

            @Override
            public void close() {
                // the bytes are the store's
            }
        }
    }
}
