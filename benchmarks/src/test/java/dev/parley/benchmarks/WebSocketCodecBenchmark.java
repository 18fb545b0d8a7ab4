package dev.parley.benchmarks;

import dev.parley.websocket.codec.CloseReason;
import dev.parley.websocket.codec.DeflateAgreement;
import dev.parley.websocket.codec.DeflateSettings;
import dev.parley.websocket.codec.Opcode;
import dev.parley.websocket.codec.ReaderLimits;
import dev.parley.websocket.codec.WebSocketHandler;
import dev.parley.websocket.codec.WebSocketListener;
import dev.parley.websocket.codec.WebSocketSettings;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketExtensionData;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketServerExtension;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateServerExtensionHandshaker;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Reading and writing of messages, beside Netty's codec, each in a channel without a socket: text is checked, frames are
 * limited, as a server does it.
 *
 * <p>16 messages come in one read, as they do from a client that is busy. Their masking key turns ASCII into ASCII, so that the
 * same bytes can be unmasked again and again.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class WebSocketCodecBenchmark {
    private static final int MESSAGES = 16;
    private static final int MASK = 0x01020304;
    private static final int LIMIT = 1 << 20;

    /** How the messages are. */
    public enum Kind {
        /** ASCII, as text. */
        TEXT,
        /** The same bytes, as binary. */
        BINARY,
        /** Text, compressed, without context takeover. */
        DEFLATED
    }

    /** Whose codec it is. */
    public enum Codec {
        /** The library's. */
        PARLEY,
        /** Netty's own. */
        NETTY
    }

    /** Whose codec it is. */
    @Param
    public Codec codec;

    /** How the messages are. */
    @Param
    public Kind kind;

    /** Bytes of a message. */
    @Param({"8", "128", "1024", "65536"})
    public int size;

    private EmbeddedChannel channel;
    private WebSocketHandler handler;
    private ByteBuf received;
    private ByteBuf payload;

    /** Opens a channel, and makes what a client sends. */
    @Setup
    public void setUp() {
        byte[] text = new byte[size];
        for (int i = 0; i < size; i++) {
            text[i] = (byte) ('a' + i * 7 % 25);
        }
        payload = PooledByteBufAllocator.DEFAULT.directBuffer(size).writeBytes(text);
        received = PooledByteBufAllocator.DEFAULT.directBuffer(MESSAGES * (size + 14));
        byte[] content = kind == Kind.DEFLATED ? deflated(text) : text;
        for (int i = 0; i < MESSAGES; i++) {
            frame(received, content);
        }
        channel = codec == Codec.PARLEY ? parley() : netty();
    }

    private static byte[] deflated(byte[] text) {
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        deflater.setInput(text);
        byte[] out = new byte[text.length + 64];
        int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
        deflater.end();
        return Arrays.copyOf(out, length - 4);
    }

    private void frame(ByteBuf out, byte[] content) {
        int opcode = kind == Kind.BINARY ? Opcode.BINARY : Opcode.TEXT;
        out.writeByte(0x80 | (kind == Kind.DEFLATED ? 0x40 : 0) | opcode);
        if (content.length < 126) {
            out.writeByte(0x80 | content.length);
        } else if (content.length < 0x10000) {
            out.writeByte(0x80 | 126).writeShort(content.length);
        } else {
            out.writeByte(0x80 | 127).writeLong(content.length);
        }
        // What is compressed can't be unmasked twice: it comes with a key that changes nothing.
        int mask = kind == Kind.DEFLATED ? 0 : MASK;
        out.writeInt(mask);
        for (int i = 0; i < content.length; i++) {
            out.writeByte(content[i] ^ mask >>> 24 - 8 * (i & 3));
        }
    }

    private EmbeddedChannel parley() {
        DeflateAgreement deflate = kind == Kind.DEFLATED
                ? DeflateAgreement.negotiate(List.of("permessage-deflate"), DeflateSettings.withoutTakeover())
                        .orElseThrow()
                : null;
        WebSocketSettings settings = new WebSocketSettings(ReaderLimits.of(LIMIT), 0, Duration.ofSeconds(5));
        handler = new WebSocketHandler(settings, deflate, new WebSocketListener() {
            @Override
            public void text(ByteBuf utf8) {
                take(utf8);
            }

            @Override
            public void binary(ByteBuf bytes) {
                take(bytes);
            }

            @Override
            public void closed(CloseReason reason) {
                throw new IllegalStateException("closed: " + reason);
            }
        });
        return new EmbeddedChannel(handler);
    }

    private void take(ByteBuf message) {
        if (message.readableBytes() != size) {
            throw new IllegalStateException("length: " + message.readableBytes() + " (expected: " + size + ")");
        }
    }

    private EmbeddedChannel netty() {
        WebSocketDecoderConfig config = WebSocketDecoderConfig.newBuilder()
                .expectMaskedFrames(true)
                .allowExtensions(kind == Kind.DEFLATED)
                .maxFramePayloadLength(LIMIT)
                .build();
        EmbeddedChannel netty =
                new EmbeddedChannel(new WebSocket13FrameDecoder(config), new WebSocket13FrameEncoder(false));
        if (kind == Kind.DEFLATED) {
            WebSocketServerExtension extension = new PerMessageDeflateServerExtensionHandshaker(
                            6, false, 15, true, true, LIMIT)
                    .handshakeExtension(new WebSocketExtensionData(
                            "permessage-deflate",
                            Map.of("server_no_context_takeover", "", "client_no_context_takeover", "")));
            netty.pipeline().addLast(extension.newExtensionDecoder(), extension.newExtensionEncoder());
        }
        netty.pipeline().addLast(new Utf8FrameValidator());
        return netty;
    }

    /** Reads messages. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void read() {
        ByteBuf in = received.retainedDuplicate();
        if (codec == Codec.PARLEY) {
            channel.writeInbound(in);
            return;
        }
        channel.writeInbound(in);
        for (int i = 0; i < MESSAGES; i++) {
            WebSocketFrame frame = channel.readInbound();
            take(frame.content());
            frame.release();
        }
    }

    /** Writes messages, and flushes. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void write() {
        for (int i = 0; i < MESSAGES; i++) {
            if (codec == Codec.PARLEY) {
                handler.write(kind == Kind.BINARY ? Opcode.BINARY : Opcode.TEXT, payload);
            } else {
                ByteBuf content = payload.retainedDuplicate();
                channel.write(
                        kind == Kind.BINARY ? new BinaryWebSocketFrame(content) : new TextWebSocketFrame(content));
            }
        }
        if (codec == Codec.PARLEY) {
            handler.flush();
        } else {
            channel.flush();
        }
        for (Object written = channel.readOutbound(); written != null; written = channel.readOutbound()) {
            ReferenceCountUtil.release(written);
        }
        channel.runPendingTasks();
    }

    /** Gives buffers back. */
    @TearDown
    public void tearDown() {
        received.release();
        payload.release();
    }
}
