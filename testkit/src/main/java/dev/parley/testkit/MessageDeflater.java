package dev.parley.testkit;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * Deflates the messages of a client as was agreed on (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1">RFC 7692
 * section 7.2.1</a>). Confined to the test's thread.
 */
final class MessageDeflater {
    private static final int TAIL_BYTES = 4;
    /** What {@link Deflater} refers back to: it can't be told to keep within less. */
    private static final int WINDOW_BITS = 15;

    private final boolean keepsContext;
    private final int windowBytes;
    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);

    MessageDeflater(DeflateTerms terms) {
        this.keepsContext = terms.clientKeepsContext() && terms.clientWindowBits() == WINDOW_BITS;
        this.windowBytes = 1 << terms.clientWindowBits();
    }

    byte[] deflate(byte[] message) {
        if (!keepsContext) {
            deflater.reset();
        }
        boolean refersTooFar = windowBytes < 1 << WINDOW_BITS && message.length > windowBytes;
        deflater.setStrategy(refersTooFar ? Deflater.HUFFMAN_ONLY : Deflater.DEFAULT_STRATEGY);
        deflater.setInput(message);
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        byte[] room = new byte[8192];
        int size;
        do {
            size = deflater.deflate(room, 0, room.length, Deflater.SYNC_FLUSH);
            output.write(room, 0, size);
        } while (size == room.length || !deflater.needsInput()); // the first call may only set the strategy
        byte[] payload = output.toByteArray();
        // A flush of nothing, where nothing was written since the last one, gives nothing (RFC 7692 section 7.2.3.6).
        return payload.length == 0 ? new byte[1] : Arrays.copyOf(payload, payload.length - TAIL_BYTES);
    }
}
