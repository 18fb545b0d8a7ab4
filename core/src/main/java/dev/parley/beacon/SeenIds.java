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
 * <p>Thread-safe. Threads may be a little late with the time that they tell: only a clock that is set back by a whole window
 * makes all forgotten.
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
            age(nowMillis);
            if (isKnown(hash)) {
                return false;
            }
            if (younger.size() >= generationSize) {
                turn(nowMillis);
            }
            return younger.add(hash);
        }
    }

    /** Whether an id has been seen. */
    boolean contains(String id, long nowMillis) {
        long hash = hash(id);
        synchronized (this) {
            age(nowMillis);
            return isKnown(hash);
        }
    }

    /** Forgets an id, whose beacon was not taken after all. */
    void remove(String id) {
        long hash = hash(id);
        synchronized (this) {
            younger.remove(hash);
            older.remove(hash);
        }
    }

    private boolean isKnown(long hash) {
        return younger.contains(hash) || older.contains(hash);
    }

    private void age(long nowMillis) {
        long age = nowMillis - began;
        if (age >= 2 * generationMillis || age <= -generationMillis) {
            turn(nowMillis);
            older = new HashSet<>();
        } else if (age >= generationMillis) {
            turn(began + generationMillis); // not now: what is younger would be known for three windows
        }
    }

    private void turn(long atMillis) {
        older = younger;
        younger = new HashSet<>();
        began = atMillis;
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

    /** How many are remembered. */
    synchronized int size() {
        return younger.size() + older.size();
    }
}
