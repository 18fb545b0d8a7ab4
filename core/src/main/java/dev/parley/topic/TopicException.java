package dev.parley.topic;

/** Says that a topic can't be used. Thread-safe. */
public final class TopicException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What stands against it. */
    public enum Reason {
        /** The name is empty, too long, or has control characters. A client that chose it has asked for nothing that exists. */
        NAME,
        /** There are as many topics, or subscriptions, as may be. Later there may be room. */
        FULL,
        /** The topics were closed. */
        CLOSED
    }

    /** What stands against it. */
    private final Reason reason;

    TopicException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * What stands against it.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
