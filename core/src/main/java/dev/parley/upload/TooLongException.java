package dev.parley.upload;

import dev.parley.http.Problem;
import java.io.IOException;

/** More bytes than an upload may have; those that are too many are not kept. */
final class TooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long maxBytes;

    TooLongException(long maxBytes) {
        super("more than " + maxBytes + " bytes");
        this.maxBytes = maxBytes;
    }

    Problem problem() {
        return Problem.of(413, "The upload would have more than the " + maxBytes + " bytes that there may be.")
                .with("max-size", maxBytes);
    }
}
