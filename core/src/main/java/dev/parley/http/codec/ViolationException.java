package dev.parley.http.codec;

/** A body in several parts is not as it must be: nothing more of it can be understood. Has no stack trace, as a client alone causes it. */
public final class ViolationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What is wrong. */
    private final Violation violation;

    /**
     * Makes one.
     *
     * @param violation what is wrong
     */
    public ViolationException(Violation violation) {
        super(violation.text() + " (" + violation.source() + ")", null, false, false);
        this.violation = violation;
    }

    /**
     * What is wrong.
     *
     * @return the violation
     */
    public Violation violation() {
        return violation;
    }
}
