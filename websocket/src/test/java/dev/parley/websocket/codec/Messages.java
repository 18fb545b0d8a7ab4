package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Random;

/** Messages that are compressed in tests, the same in each run. */
final class Messages {
    private Messages() {}

    /** What can't be compressed. */
    static byte[] random(int bytes) {
        byte[] message = new byte[bytes];
        new Random(bytes).nextBytes(message);
        return message;
    }

    /** Text in which things come again, near and far. */
    static byte[] text(int bytes, int seed) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder(bytes + 64);
        while (text.length() < bytes) {
            text.append("{\"user\":\"u")
                    .append(random.nextInt(50))
                    .append("\",\"at\":")
                    .append(random.nextInt(10_000));
            text.append("},");
        }
        return text.substring(0, bytes).getBytes(US_ASCII);
    }

    /** Random bytes again and again, so that each refers to just so many bytes before. */
    static byte[] repeated(int bytes, int period) {
        byte[] pattern = random(period);
        byte[] message = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            message[i] = pattern[i % period];
        }
        return message;
    }

    static byte[] deflate(MessageDeflater deflater, byte[] message) {
        ByteBuf payload = Unpooled.wrappedBuffer(message);
        ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer(16);
        try {
            deflater.deflate(payload, out);
            return ByteBufUtil.getBytes(out);
        } finally {
            out.release();
        }
    }

    static byte[] inflate(MessageInflater inflater, byte[] compressed, int maxBytes) {
        ByteBuf message = inflater.inflate(Unpooled.wrappedBuffer(compressed), maxBytes, ByteBufAllocator.DEFAULT);
        try {
            return ByteBufUtil.getBytes(message);
        } finally {
            message.release();
        }
    }
}
