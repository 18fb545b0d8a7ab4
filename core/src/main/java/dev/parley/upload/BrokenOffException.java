package dev.parley.upload;

import java.io.IOException;

/** A client has gone away, or was too slow: there is nobody to answer, and nothing wrong here. */
final class BrokenOffException extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenOffException(Throwable cause) {
        super("the client broke off", cause);
    }
}
