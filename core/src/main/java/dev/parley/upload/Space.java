package dev.parley.upload;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What all uploads of a store take, or have been promised: a client that announces a length has that much reserved, so that a disk is found to be
 * full before it is. A record takes room as a content does, or else uploads without a byte would fill a disk and count for nothing.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Space {
    /** What one owner has. */
    private static final class Share {
        private long bytes;
        private int uploads;
    }

    /** What a file takes at least, on most file systems: records are counted in whole blocks. */
    static final long BLOCK = 4096;

    private final UploadStore store;
    private final long maxBytesPerOwner;
    private final int maxUnfinishedPerOwner;
    private final int maxUnfinishedPerClient;
    private final Map<String, Share> shares = new HashMap<>();
    /** How many uploads that have no owner each client has begun. */
    private final Map<String, Integer> clients = new HashMap<>();

    private long reserved;
    /** Of that, what was promised and has not been written. */
    private long outstanding;

    Space(UploadStore store, long maxBytesPerOwner, int maxUnfinishedPerOwner, int maxUnfinishedPerClient) {
        this.store = store;
        this.maxBytesPerOwner = maxBytesPerOwner;
        this.maxUnfinishedPerOwner = maxUnfinishedPerOwner;
        this.maxUnfinishedPerClient = maxUnfinishedPerClient;
    }

    /** The room that a record takes. */
    static long roomOf(byte[] record) {
        return (record.length + BLOCK - 1) / BLOCK * BLOCK;
    }

    /** What there is when the program begins; it is not refused. */
    synchronized void found(@Nullable String owner, long bytes, long written, boolean unfinished) {
        add(owner, bytes);
        outstanding += bytes - written;
        if (owner != null && unfinished) {
            share(owner).uploads++;
        }
    }

    /**
     * Whether one more upload may be begun by an owner, or by a client if there is no owner; if so, it counts.
     *
     * @param siblings how many files the same form has begun before. They don't count against it, as it is kept whole or not at all, and else a long
     *     form could never come
     */
    synchronized boolean begin(@Nullable String owner, String client, int siblings) {
        if (owner == null) {
            int begun = clients.getOrDefault(client, 0);
            if (begun - siblings >= maxUnfinishedPerClient) {
                return false;
            }
            clients.put(client, begun + 1);
            return true;
        }
        Share share = share(owner);
        if (share.uploads - siblings >= maxUnfinishedPerOwner) {
            return false;
        }
        share.uploads++;
        return true;
    }

    /**
     * An upload is not unfinished any more.
     *
     * @param client who began it; null if that was in a program before this one
     */
    synchronized void end(@Nullable String owner, @Nullable String client) {
        if (owner != null) {
            share(owner).uploads--;
            forget(owner);
        } else if (client != null) {
            clients.computeIfPresent(client, (same, begun) -> begun == 1 ? null : begun - 1);
        }
    }

    /** What became of a wish for room. */
    enum Grant {
        GRANTED,
        OVER_OWNER,
        FULL
    }

    /** Reserves room for so many more bytes. A sum that has become negative is more than any store has. */
    Grant reserve(@Nullable String owner, long bytes) throws IOException {
        long max = Long.MAX_VALUE;
        long usable = Long.MAX_VALUE;
        if (store instanceof UploadStore.Bounded bounded) {
            max = bounded.maxBytes();
            usable = bounded.usableBytes();
        }
        synchronized (this) {
            if (bytes < 0) {
                return Grant.FULL;
            }
            if (owner != null && bytes > maxBytesPerOwner - share(owner).bytes) {
                forget(owner);
                return Grant.OVER_OWNER;
            }
            if (bytes > max - reserved || bytes > usable - outstanding) {
                return Grant.FULL;
            }
            add(owner, bytes);
            outstanding += bytes;
            return Grant.GRANTED;
        }
    }

    /** Bytes that were promised have been written; a negative number were cut off again. */
    synchronized void wrote(long bytes) {
        outstanding -= bytes;
    }

    /** A record takes more room than the one before, or less. It is not refused: what has come must find its end in a full store too. */
    synchronized void replaced(@Nullable String owner, long before, long after) {
        add(owner, after - before);
    }

    /** Gives back what an upload has, of which so much was written. */
    synchronized void release(@Nullable String owner, long bytes, long written) {
        add(owner, -bytes);
        outstanding -= bytes - written;
        if (owner != null) {
            forget(owner);
        }
    }

    synchronized long reserved() {
        return reserved;
    }

    private void add(@Nullable String owner, long bytes) {
        reserved += bytes;
        if (owner != null) {
            share(owner).bytes += bytes;
        }
    }

    private Share share(String owner) {
        return shares.computeIfAbsent(owner, name -> new Share());
    }

    private void forget(String owner) {
        Share share = shares.get(owner);
        if (share != null && share.bytes == 0 && share.uploads == 0) {
            shares.remove(owner);
        }
    }
}
