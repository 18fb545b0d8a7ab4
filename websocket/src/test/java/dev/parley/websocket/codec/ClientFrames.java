package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Puts together what a client sends, frame by frame; also what it must not send. Shares no code with the library's writer. */
final class ClientFrames {
    private static final int FIN = 0x80;
    private static final int RSV1 = 0x40;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int mask = 0x37FA213D; // of the example in RFC 6455 section 5.7

    static ClientFrames frames() {
        return new ClientFrames();
    }

    /** The masking key of the frames that follow. */
    ClientFrames mask(int key) {
        mask = key;
        return this;
    }

    /** Bytes as they are. */
    ClientFrames hex(String hex) {
        bytes.writeBytes(HexFormat.of().parseHex(hex.replace(" ", "")));
        return this;
    }

    /** A head with the shortest length, and no payload. */
    ClientFrames head(int first, long length) {
        bytes.write(first);
        if (length <= 125) {
            bytes.write(0x80 | (int) length);
        } else if (length <= 0xFFFF) {
            bytes.write(0x80 | 126);
            big(length, 2);
        } else {
            bytes.write(0x80 | 127);
            big(length, 8);
        }
        big(mask & 0xFFFFFFFFL, 4);
        return this;
    }

    /** A number of so many bytes. */
    ClientFrames big(long number, int size) {
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
            bytes.write((int) (number >>> shift));
        }
        return this;
    }

    /** A frame with any first byte. */
    ClientFrames frame(int first, byte[] payload) {
        head(first, payload.length);
        return payload(payload, 0, payload.length);
    }

    /** A part of a payload, masked as if it began at a multiple of four of the frame's. */
    ClientFrames payload(byte[] payload, int from, int to) {
        for (int i = from; i < to; i++) {
            bytes.write(payload[i] ^ mask >>> 24 - 8 * (i % 4));
        }
        return this;
    }

    ClientFrames frame(int first, String payload) {
        return frame(first, payload.getBytes(UTF_8));
    }

    ClientFrames text(String text) {
        return frame(FIN | Opcode.TEXT, text);
    }

    ClientFrames binary(byte[] payload) {
        return frame(FIN | Opcode.BINARY, payload);
    }

    /** The first frame of a text. */
    ClientFrames textBegins(String text) {
        return frame(Opcode.TEXT, text);
    }

    ClientFrames goesOn(String text) {
        return frame(Opcode.CONTINUATION, text);
    }

    ClientFrames ends(String text) {
        return frame(FIN | Opcode.CONTINUATION, text);
    }

    ClientFrames ping(String payload) {
        return frame(FIN | Opcode.PING, payload);
    }

    ClientFrames pong(String payload) {
        return frame(FIN | Opcode.PONG, payload);
    }

    /** A compressed message in one frame. */
    ClientFrames compressed(int opcode, byte[] payload) {
        return frame(FIN | RSV1 | opcode, Zlib.deflated(payload));
    }

    ClientFrames close() {
        return frame(FIN | Opcode.CLOSE, "");
    }

    ClientFrames close(int code, String reason) {
        return close(code, reason.getBytes(UTF_8));
    }

    ClientFrames close(int code, byte[] reason) {
        ByteBuf body = Unpooled.buffer().writeShort(code).writeBytes(reason);
        return frame(FIN | Opcode.CLOSE, ByteBufUtil.getBytes(body));
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    /** A new buffer with the bytes, as a transport would give it. */
    ByteBuf buffer() {
        return Pieces.buffer(bytes());
    }
}
