package dev.parley.websocket.codec;

/** A client broke the protocol: nothing more of what it sends can be understood. Has no stack trace, as a client alone causes it. */
public final class ViolationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What it did. */
    private final Violation violation;

    /**
     * Makes one.
     *
     * @param violation what the client did
     */
    public ViolationException(Violation violation) {
        super(violation.text() + " (" + violation.source() + ")", null, false, false);
        this.violation = violation;
    }

    /**
     * What the client did.
     *
     * @return the violation
     */
    public Violation violation() {
        return violation;
    }
}
