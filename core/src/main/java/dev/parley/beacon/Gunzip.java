package dev.parley.beacon;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Undoes the one content coding that beacons may have (RFC 9110 section 8.4.1.3): members one behind the other, each with a
 * header, what was deflated, and a trailer that has to fit (<a href="https://www.rfc-editor.org/rfc/rfc1952">RFC 1952</a>).
 *
 * <p>That of the JDK calls itself for each member that is empty, which a hostile body has by the thousand, and takes anything
 * behind the last one.
 */
final class Gunzip {
    private static final int PIECE_BYTES = 8 * 1024;
    private static final int MAGIC = 0x8B1F;
    private static final int DEFLATE = 8;
    private static final int HEADER_CRC = 1 << 1;
    private static final int EXTRA = 1 << 2;
    private static final int NAME = 1 << 3;
    private static final int COMMENT = 1 << 4;
    private static final int RESERVED = 0xE0;

    private final byte[] coded;
    private final int limit;
    private final ByteArrayOutputStream plain;
    private int at;

    private Gunzip(byte[] coded, int limit) {
        this.coded = coded;
        this.limit = limit;
        this.plain = new ByteArrayOutputStream(Math.min(limit, PIECE_BYTES));
    }

    /**
     * What was coded, as far as the limit and one byte more, so that a bomb costs no more than that.
     *
     * @throws IOException if it is not gzip, or cut off
     */
    static byte[] inflate(byte[] coded, int limit) throws IOException {
        Gunzip gunzip = new Gunzip(coded, limit);
        Inflater inflater = new Inflater(true);
        try {
            gunzip.members(inflater);
        } catch (DataFormatException e) {
            throw new IOException(e);
        } finally {
            inflater.end();
        }
        return gunzip.plain.toByteArray();
    }

    private void members(Inflater inflater) throws IOException, DataFormatException {
        byte[] piece = new byte[Math.min(limit + 1, PIECE_BYTES)];
        do {
            header();
            inflater.reset();
            inflater.setInput(coded, at, coded.length - at);
            if (!body(inflater, piece)) {
                return;
            }
        } while (at < coded.length);
    }

    /** One member's body and trailer. Returns {@code false} where it is over the limit. */
    private boolean body(Inflater inflater, byte[] piece) throws IOException, DataFormatException {
        CRC32 crc = new CRC32();
        while (!inflater.finished()) {
            int came = inflater.inflate(piece, 0, Math.min(piece.length, limit + 1 - plain.size()));
            if (came == 0 && !inflater.finished()) {
                throw new IOException("cut off"); // or a dictionary is wanted, which gzip has none of
            }
            crc.update(piece, 0, came);
            plain.write(piece, 0, came);
            if (plain.size() > limit) {
                return false;
            }
        }
        at = coded.length - inflater.getRemaining();
        int checksum = int32();
        int size = int32();
        if (checksum != (int) crc.getValue() || size != (int) inflater.getBytesWritten()) {
            throw new IOException("the trailer does not fit");
        }
        return true;
    }

    private void header() throws IOException {
        int begin = at;
        if (int16() != MAGIC || octet() != DEFLATE) {
            throw new IOException("not gzip");
        }
        int flags = octet();
        if ((flags & RESERVED) != 0) {
            throw new IOException("reserved flags");
        }
        at += 6; // time, flags of the compressor, system
        if ((flags & EXTRA) != 0) {
            int extra = int16(); // which moves the place itself
            at += extra;
        }
        if ((flags & NAME) != 0) {
            skipText();
        }
        if ((flags & COMMENT) != 0) {
            skipText();
        }
        if (at > coded.length) {
            throw new IOException("cut off");
        }
        if ((flags & HEADER_CRC) != 0) {
            CRC32 crc = new CRC32();
            crc.update(coded, begin, at - begin);
            if (int16() != (crc.getValue() & 0xFFFF)) {
                throw new IOException("the header's checksum does not fit");
            }
        }
    }

    private void skipText() throws IOException {
        int next;
        do {
            next = octet();
        } while (next != 0);
    }

    private int octet() throws IOException {
        if (at >= coded.length) {
            throw new IOException("cut off");
        }
        return coded[at++] & 0xFF;
    }

    private int int16() throws IOException {
        return octet() | octet() << 8;
    }

    private int int32() throws IOException {
        return int16() | int16() << 16;
    }
}
