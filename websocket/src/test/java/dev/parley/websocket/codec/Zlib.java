package dev.parley.websocket.codec;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** A client's side of permessage-deflate, on the JDK's zlib alone: each message by itself, or all as one stream. */
final class Zlib implements AutoCloseable {
    private static final byte[] TAIL = {0, 0, (byte) 0xFF, (byte) 0xFF};

    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    private final Inflater inflater = new Inflater(true);

    /** One message, compressed by itself. */
    static byte[] deflated(byte[] message) {
        try (Zlib zlib = new Zlib()) {
            return zlib.deflate(message);
        }
    }

    /** One message that refers to no other. */
    static byte[] inflated(byte[] compressed) {
        try (Zlib zlib = new Zlib()) {
            return zlib.inflate(compressed);
        }
    }

    byte[] deflate(byte[] message) {
        if (message.length == 0) {
            return new byte[1];
        }
        deflater.setInput(message);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] room = new byte[64 * 1024];
        int bytes;
        do {
            bytes = deflater.deflate(room, 0, room.length, Deflater.SYNC_FLUSH);
            out.write(room, 0, bytes);
        } while (bytes == room.length);
        byte[] all = out.toByteArray();
        return Arrays.copyOf(all, all.length - TAIL.length);
    }

    byte[] inflate(byte[] compressed) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        inflate(compressed, out);
        inflate(TAIL, out);
        return out.toByteArray();
    }

    private void inflate(byte[] compressed, ByteArrayOutputStream out) {
        inflater.setInput(compressed);
        byte[] room = new byte[64 * 1024];
        try {
            for (int bytes = inflater.inflate(room); bytes > 0; bytes = inflater.inflate(room)) {
                out.write(room, 0, bytes);
            }
        } catch (DataFormatException e) {
            throw new IllegalArgumentException("not DEFLATE", e);
        }
    }

    void forget() {
        deflater.reset();
    }

    @Override
    public void close() {
        deflater.end();
        inflater.end();
    }
}
