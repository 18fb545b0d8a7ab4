package dev.parley.websocket.codec;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** The other side of a connection, straight on zlib. */
final class ZlibClient implements AutoCloseable {
    private static final byte[] TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF};

    private final Inflater inflater = new Inflater(true);
    private final Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);

    /** Inflates a message of the server's, which may refer to those before. */
    byte[] received(byte[] compressed) throws DataFormatException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        byte[] buffer = new byte[997];
        for (byte[] part : new byte[][] {compressed, TAIL}) {
            inflater.setInput(part);
            for (int n = inflater.inflate(buffer); n > 0; n = inflater.inflate(buffer)) {
                message.write(buffer, 0, n);
            }
        }
        return message.toByteArray();
    }

    /** Deflates a message of the client's, which may refer to those before. */
    byte[] sent(byte[] message) {
        if (message.length == 0) {
            return new byte[1];
        }
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        byte[] buffer = new byte[997];
        deflater.setInput(message);
        for (int n = buffer.length; n == buffer.length; ) {
            n = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
            compressed.write(buffer, 0, n);
        }
        byte[] all = compressed.toByteArray();
        return Arrays.copyOf(all, all.length - TAIL.length);
    }

    /** Forgets what was sent, as a client without context takeover does. */
    void forgetSent() {
        deflater.reset();
    }

    @Override
    public void close() {
        inflater.end();
        deflater.end();
    }
}
