package dev.parley.testkit;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates the messages of a server, and verifies that they are what was agreed on (<a
 * href="https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2">RFC 7692 section 7.2.2</a>). Each message gets an inflater of
 * its own, which knows no more of the messages before it than the server may refer to. Confined to the test's thread.
 */
final class MessageInflater {
    /** What the sender took off, and behind it a last block: only who stands between two blocks can read that one. */
    private static final byte[] TAIL = {0, 0, -1, -1, 1, 0, 0, -1, -1};

    private static final int MAX_BYTES = 64 * 1024 * 1024;

    private final boolean keepsContext;
    private final int windowBytes;
    private byte[] context = {};

    MessageInflater(DeflateTerms terms) {
        this.keepsContext = terms.serverKeepsContext();
        this.windowBytes = 1 << terms.serverWindowBits();
    }

    /**
     * The message.
     *
     * @throws DataFormatException if it is not one; the message tells why
     */
    byte[] inflate(byte[] payload) throws DataFormatException {
        int n = payload.length;
        if (n >= 4 && Arrays.equals(payload, n - 4, n, TAIL, 0, 4)) {
            throw new DataFormatException("ends in 00 00 ff ff (expected: that taken off, RFC 7692 section 7.2.1)");
        }
        byte[] input = Arrays.copyOf(payload, n + TAIL.length);
        System.arraycopy(TAIL, 0, input, n, TAIL.length);
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int left = input.length;
        while (left > 0) { // more than once where the sender ended its stream of blocks
            left = inflate(input, input.length - left, output);
        }
        if (keepsContext) {
            context = window(output.toByteArray());
        }
        return output.toByteArray();
    }

    /** Inflates up to a last block. How much is behind it. */
    private int inflate(byte[] input, int from, ByteArrayOutputStream output) throws DataFormatException {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setDictionary(window(output.toByteArray()));
            inflater.setInput(input, from, input.length - from);
            byte[] room = new byte[8192];
            while (!inflater.finished()) {
                int size = inflater.inflate(room);
                if (size == 0 && !inflater.finished()) {
                    throw new DataFormatException("ends in the midst of a block");
                }
                if (output.size() > MAX_BYTES - size) {
                    throw new DataFormatException("gets longer than " + MAX_BYTES + " bytes");
                }
                output.write(room, 0, size);
            }
            return inflater.getRemaining();
        } finally {
            inflater.end();
        }
    }

    /** The last bytes of what came before: of this message, and of those before it. */
    private byte[] window(byte[] output) {
        byte[] all = Arrays.copyOf(context, context.length + output.length);
        System.arraycopy(output, 0, all, context.length, output.length);
        return Arrays.copyOfRange(all, Math.max(0, all.length - windowBytes), all.length);
    }
}
