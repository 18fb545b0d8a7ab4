package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/**
 * The client of a case of the Autobahn test suite, in front of a server that echoes. The cases are ours; their numbers, and what
 * they are after, are those of the suite. Only its verdict "OK" passes: neither "non-strict" nor "informational" does.
 */
final class AutobahnClient implements AutoCloseable {
    /** What a read from a socket gives at a time, where the case does not say. */
    private static final int USUAL_READ_BYTES = 64 * 1024;

    private static final WebSocketSettings SETTINGS =
            new WebSocketSettings(ReaderLimits.of(16 << 20), 0, Socket.CLOSE_TIMEOUT);

    /** Not watched by the leak detector, which would take most of the time: that nothing is left of it shows at the end. */
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

    private final Socket socket;
    private final @Nullable DeflateAgreement deflate;
    private final Zlib zlib = new Zlib();

    AutobahnClient(@Nullable DeflateAgreement deflate) {
        this.deflate = deflate;
        socket = new Socket(SETTINGS, deflate, allocator).echoing();
    }

    /** One case, without compression. */
    static DynamicTest test(String number, Consumer<AutobahnClient> body) {
        return dynamicTest(number, () -> {
            try (AutobahnClient client = new AutobahnClient(null)) {
                body.accept(client);
            }
        });
    }

    // ---- what the client sends

    AutobahnClient send(ClientFrames frames) {
        return send(frames, USUAL_READ_BYTES);
    }

    /** Sends so many bytes at a time. */
    AutobahnClient send(ClientFrames frames, int chop) {
        for (byte[] piece : Pieces.of(frames.bytes(), chop)) {
            if (socket.channel.isOpen()) {
                socket.receives(piece);
            }
        }
        return this;
    }

    /** Sends a message that is compressed as was agreed on, in fragments of so many bytes; 0 for one. */
    AutobahnClient sendCompressed(int opcode, byte[] message, int fragmentBytes) {
        byte[] compressed = zlib.deflate(message);
        if (deflate == null || !deflate.clientTakesOver()) {
            zlib.forget();
        }
        ClientFrames frames = frames();
        int first = 0x40 | opcode;
        List<byte[]> fragments = fragmentBytes == 0 ? List.of(compressed) : Pieces.of(compressed, fragmentBytes);
        for (int i = 0; i < fragments.size(); i++) {
            frames.frame(first | (i == fragments.size() - 1 ? 0x80 : 0), fragments.get(i));
            first = 0;
        }
        return send(frames);
    }

    // ---- what it expects

    /** What it got since the last call, in the words of {@link Heard}, is this and no more. */
    AutobahnClient gets(String... lines) {
        assertThat(got()).containsExactly(lines);
        return this;
    }

    AutobahnClient getsNothing() {
        return gets();
    }

    /** It closes with 1000, which is answered, and the server ends it. */
    void closes() {
        assertThat(socket.channel.isOpen()).isTrue();
        send(frames().close(1000, "")).gets("close 1000");
        isOver();
    }

    /** The server has closed with a code, and sent nothing else. */
    void isClosedWith(int code) {
        assertThat(got()).singleElement().asString().startsWith("close " + code);
        isOver();
    }

    /** The same behind an echo. */
    void isClosedBehind(String line, int code) {
        List<String> got = got();
        assertThat(got).hasSize(2).startsWith(line);
        assertThat(got.get(1)).startsWith("close " + code);
        isOver();
    }

    void isOver() {
        assertThat(socket.channel.isOpen()).isFalse();
        assertThat(got()).isEmpty();
    }

    private List<String> got() {
        List<String> lines = new ArrayList<>();
        ByteBuf in = Unpooled.wrappedBuffer(socket.sentBytes());
        while (in.isReadable()) {
            lines.add(frame(in));
        }
        return lines;
    }

    private String frame(ByteBuf in) {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        assertThat(length).as("not masked").isLessThan(0x80);
        assertThat(first & 0x80).as("FIN").isEqualTo(0x80);
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = Math.toIntExact(in.readLong());
        }
        byte[] payload = new byte[length];
        in.readBytes(payload);
        if ((first & 0x40) != 0) {
            assertThat(deflate).as("RSV1").isNotNull();
            payload = zlib.inflate(payload);
        }
        return line(first & 0x0F, payload);
    }

    static String line(int opcode, byte[] payload) {
        return switch (opcode) {
            case Opcode.TEXT -> Heard.text(payload);
            case Opcode.BINARY -> Heard.binary(payload);
            case Opcode.PONG -> "pong " + new String(payload, ISO_8859_1);
            case Opcode.CLOSE ->
                payload.length == 0
                        ? "close 1005"
                        : "close "
                                + new CloseReason(
                                        (payload[0] & 0xFF) << 8 | (payload[1] & 0xFF),
                                        new String(payload, 2, payload.length - 2, UTF_8));
            default -> throw new AssertionError("opcode: " + opcode + " (expected: a server's)");
        };
    }

    /** A message in fragments of so many bytes. */
    static ClientFrames fragments(int opcode, byte[] message, int size) {
        ClientFrames frames = frames();
        int first = opcode;
        for (int at = 0; at < message.length; at += size) {
            int end = Math.min(message.length, at + size);
            frames.frame(first | (end == message.length ? 0x80 : 0), Arrays.copyOfRange(message, at, end));
            first = Opcode.CONTINUATION;
        }
        return frames;
    }

    static byte[] repeated(String what, int bytes) {
        ByteArrayOutputStream all = new ByteArrayOutputStream(bytes);
        byte[] one = what.getBytes(UTF_8);
        while (all.size() < bytes) {
            all.writeBytes(one);
        }
        return Arrays.copyOf(all.toByteArray(), bytes);
    }

    @Override
    public void close() {
        socket.close();
        zlib.close();
        if (deflate != null) {
            deflate.close();
        }
        assertThat(allocator.metric().usedDirectMemory())
                .as("leaked outside of the heap")
                .isZero();
        assertThat(allocator.metric().usedHeapMemory()).as("leaked on the heap").isZero();
    }
}
