package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * The ids that were seen within a window, as 64 bits of a keyed hash each: nobody who does not know the key can make two
 * ids that are taken for one another.
 *
 * <p>Two generations, of which the older is forgotten when the younger is a window old, or full: an id is known for one
 * window at least and for two at most, as long as no more than half of the limit come in a window.
 *
 * <p>Thread-safe.
 */
final class SeenIds {
    private static final int KEY_BYTES = 16;

    private final byte[] key = new byte[KEY_BYTES];
    private final long generationMillis;
    private final int generationSize;
    private Set<Long> younger = new HashSet<>();
    private Set<Long> older = new HashSet<>();
    private long began;

    SeenIds(Duration window, int maxIds) {
        new SecureRandom().nextBytes(key);
        generationMillis = Math.max(1, window.toMillis());
        generationSize = Math.max(1, maxIds / 2);
    }

    /** Remembers an id. Returns whether it had not been seen. */
    boolean add(String id, long nowMillis) {
        long hash = hash(id);
        synchronized (this) {
            if (nowMillis - began >= generationMillis || nowMillis < began || younger.size() >= generationSize) {
                boolean forgotten = nowMillis - began >= 2 * generationMillis || nowMillis < began;
                older = forgotten ? new HashSet<>() : younger;
                younger = new HashSet<>();
                began = nowMillis;
            }
            return !older.contains(hash) && younger.add(hash);
        }
    }

    private long hash(String id) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(key);
            return ByteBuffer.wrap(digest.digest(id.getBytes(UTF_8))).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // each JVM has it
        }
    }
}
