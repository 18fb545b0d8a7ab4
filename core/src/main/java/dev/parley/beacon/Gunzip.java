package dev.parley.beacon;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.GZIPInputStream;

/** Undoes the one content coding that beacons may have (RFC 9110 section 8.4.1.3). */
final class Gunzip {
    private Gunzip() {}

    /**
     * What was coded, as far as the limit and one byte more, so that a bomb costs no more than that.
     *
     * @throws IOException if it is not gzip, or cut off
     */
    static byte[] inflate(byte[] coded, int limit) throws IOException {
        try (GZIPInputStream plain = new GZIPInputStream(new ByteArrayInputStream(coded))) {
            return plain.readNBytes(limit + 1);
        }
    }
}
