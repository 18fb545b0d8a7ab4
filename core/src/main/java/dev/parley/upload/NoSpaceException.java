package dev.parley.upload;

import java.io.IOException;

/** There is no room for more: thrown by an {@link UploadStore}, and answered with 507. */
public final class NoSpaceException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * An exception.
     *
     * @param message what is full, for the log; clients don't see it
     */
    public NoSpaceException(String message) {
        super(message);
    }

    /**
     * An exception.
     *
     * @param message what is full, for the log; clients don't see it
     * @param cause what the system says
     */
    public NoSpaceException(String message, Throwable cause) {
        super(message, cause);
    }
}
