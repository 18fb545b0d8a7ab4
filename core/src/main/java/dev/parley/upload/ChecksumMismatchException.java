package dev.parley.upload;

import java.io.IOException;

/** The bytes of a request do not come to what it said; they are not kept. */
final class ChecksumMismatchException extends IOException {
    private static final long serialVersionUID = 1L;

    ChecksumMismatchException() {
        super("the checksum is another");
    }
}
