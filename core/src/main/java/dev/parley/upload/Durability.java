package dev.parley.upload;

/**
 * When the bytes of an upload are forced to disk. Whatever is chosen, an offset that a client is told of is one up to which all was handed to
 * the store before: it survives the end of the program. What is forced survives the loss of power too.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class Durability {
    /** Nothing is forced: the system writes when it likes. */
    public static final Durability NONE = new Durability("NONE", false, false, Long.MAX_VALUE);
    /** All is forced once, before an upload counts as complete. */
    public static final Durability ON_COMPLETE = new Durability("ON_COMPLETE", true, false, Long.MAX_VALUE);
    /** Each offset that a client or a watcher is told of is forced before. */
    public static final Durability BEFORE_ACK = new Durability("BEFORE_ACK", true, true, Long.MAX_VALUE);

    private final String name;
    private final boolean onComplete;
    private final boolean beforeAck;
    private final long every;

    private Durability(String name, boolean onComplete, boolean beforeAck, long every) {
        this.name = name;
        this.onComplete = onComplete;
        this.beforeAck = beforeAck;
        this.every = every;
    }

    /**
     * As {@link #BEFORE_ACK}, and besides whenever so much has come: less is left to be forced at the end of a request, and the page cache
     * of the machine is not flooded.
     *
     * @param bytes 64 KiB or more
     * @return the choice
     */
    public static Durability every(long bytes) {
        if (bytes < 64 * 1024) {
            throw new IllegalArgumentException("every: " + bytes + " bytes (expected: 65536 or more)");
        }
        return new Durability("EVERY " + bytes, true, true, bytes);
    }

    boolean forcesOnComplete() {
        return onComplete;
    }

    boolean forcesBeforeAck() {
        return beforeAck;
    }

    /** After how many bytes it is forced, whether or not anybody is told. */
    long forcedEvery() {
        return every;
    }

    /**
     * Its name.
     *
     * @return such as {@code BEFORE_ACK}
     */
    @Override
    public String toString() {
        return name;
    }
}
