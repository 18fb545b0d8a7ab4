package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A {@link WebSocketHandler} in a channel of which both ends are in the test's hands. Its time stands still. */
final class Socket implements WebSocketListener, AutoCloseable {
    static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    static final WebSocketSettings SETTINGS = new WebSocketSettings(ReaderLimits.of(1 << 20), 64, CLOSE_TIMEOUT);

    final WebSocketHandler handler;
    final EmbeddedChannel channel;
    /** What was told, as {@link Heard} has it; and {@code closed 1000 bye}, {@code writable}, {@code failed …}. */
    final List<String> told = new ArrayList<>();

    /** The frames of both sides. */
    final List<FrameListener.Frame> seen = new ArrayList<>();

    /** What was received, and not released then. */
    private final List<ByteBuf> held = new ArrayList<>();

    private final Brake brake = new Brake();
    /** Told of each message after it was written down: its first word and its payload. */
    private Consumer<Message> onMessage = message -> {};

    record Message(int opcode, ByteBuf payload) {
        String text() {
            return payload.toString(UTF_8);
        }
    }

    Socket(WebSocketSettings settings, @Nullable DeflateAgreement deflate) {
        this(settings, deflate, ByteBufAllocator.DEFAULT);
    }

    Socket(WebSocketSettings settings, @Nullable DeflateAgreement deflate, ByteBufAllocator allocator) {
        handler = new WebSocketHandler(settings, deflate, this);
        channel = new EmbeddedChannel();
        channel.config().setAllocator(allocator);
        channel.freezeTime();
        channel.pipeline().addLast(brake, handler);
    }

    static Socket open() {
        return new Socket(SETTINGS, null);
    }

    static Socket open(DeflateAgreement deflate) {
        return new Socket(SETTINGS, deflate);
    }

    /** One that answers each message with the same. */
    static Socket echo(WebSocketSettings settings, @Nullable DeflateAgreement deflate) {
        return new Socket(settings, deflate).echoing();
    }

    Socket echoing() {
        return onMessage(message -> handler.write(message.opcode(), message.payload()));
    }

    static Socket echo() {
        return echo(SETTINGS, null);
    }

    Socket onMessage(Consumer<Message> then) {
        onMessage = then;
        return this;
    }

    @Override
    public FrameListener observer() {
        return seen::add;
    }

    // ---- the client's end

    /** The client sends, which is one read. */
    Socket receives(ClientFrames frames) {
        return receives(frames.bytes());
    }

    Socket receives(byte[] bytes) {
        ByteBuf in = Pieces.buffer(bytes);
        channel.writeInbound(in);
        if (in.refCnt() > 0) {
            held.add(in);
        }
        return this;
    }

    /** All that was sent since the last call, in hex. */
    String sent() {
        return HexFormat.of().formatHex(sentBytes());
    }

    byte[] sentBytes() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        writes().forEach(all::writeBytes);
        return all.toByteArray();
    }

    /** What was sent since the last call, write by write. */
    List<byte[]> writes() {
        channel.runPendingTasks();
        List<byte[]> writes = new ArrayList<>();
        for (ByteBuf write = channel.readOutbound(); write != null; write = channel.readOutbound()) {
            if (write.isReadable()) {
                writes.add(ByteBufUtil.getBytes(write));
            }
            write.release();
        }
        return writes;
    }

    /** The client does not take what is sent. */
    void stalls() {
        brake.on = true;
    }

    /** It does again. */
    void reads() {
        brake.on = false;
        channel.flush();
        channel.runPendingTasks();
    }

    void timePasses(Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runPendingTasks();
    }

    boolean isRead() {
        return channel.config().isAutoRead();
    }

    /** The hex of a server's frame of at most 125 bytes. */
    static String frame(int first, String payload) {
        return HexFormat.of().toHexDigits((byte) first)
                + HexFormat.of().toHexDigits((byte) payload.getBytes(UTF_8).length)
                + HexFormat.of().formatHex(payload.getBytes(UTF_8));
    }

    static String textFrame(String payload) {
        return frame(0x81, payload);
    }

    static String pongFrame(String payload) {
        return frame(0x8A, payload);
    }

    /** The hex of a server's close frame. */
    static String closeFrame(int code, String reason) {
        ByteBuf body = Unpooled.buffer().writeShort(code).writeBytes(reason.getBytes(UTF_8));
        return "88" + HexFormat.of().toHexDigits((byte) body.readableBytes()) + ByteBufUtil.hexDump(body);
    }

    static String closeFrame(Violation violation) {
        return closeFrame(violation.code(), violation.text());
    }

    @Override
    public void close() {
        brake.on = false;
        channel.finishAndReleaseAll();
        assertThat(held).as("received and kept").allMatch(in -> in.refCnt() == 0);
    }

    // ---- the listener

    @Override
    public void text(ByteBuf utf8) {
        told.add(Heard.text(ByteBufUtil.getBytes(utf8)));
        onMessage.accept(new Message(Opcode.TEXT, utf8));
    }

    @Override
    public void binary(ByteBuf bytes) {
        told.add(Heard.binary(ByteBufUtil.getBytes(bytes)));
        onMessage.accept(new Message(Opcode.BINARY, bytes));
    }

    @Override
    public void ping(ByteBuf payload) {
        told.add("ping " + payload.toString(UTF_8));
    }

    @Override
    public void pong(ByteBuf payload) {
        told.add("pong " + payload.toString(UTF_8));
    }

    @Override
    public void writable() {
        told.add("writable");
    }

    @Override
    public void violated(Violation violation) {
        told.add("! " + violation);
    }

    @Override
    public void failed(Throwable failure) {
        told.add("failed " + failure.getMessage());
    }

    @Override
    public void closed(CloseReason reason) {
        told.add("closed " + reason);
    }

    /** Keeps what is written in the channel, as a socket does whose other side does not read. */
    private static final class Brake extends ChannelOutboundHandlerAdapter {
        boolean on;

        @Override
        public void flush(ChannelHandlerContext ctx) {
            if (!on) {
                ctx.flush();
            }
        }
    }
}
