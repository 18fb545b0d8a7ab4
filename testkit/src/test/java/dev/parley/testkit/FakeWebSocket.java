package dev.parley.testkit;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A server's side of a WebSocket that does nothing by itself but the handshake: it sends what the test says, byte by byte,
 * and so can be as wrong as no real one is.
 */
final class FakeWebSocket implements Endpoint {
    final HttpHeaders answer = new DefaultHttpHeaders();
    private Consumer<TestFrame> onFrame = frame -> {};
    private final List<TestFrame> frames = new ArrayList<>();
    /** The bytes of the frames, masked as they came. */
    private final StringBuilder hex = new StringBuilder();

    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Exchange exchange;
    private byte[] pending = {};
    private boolean gone;

    TestServer server(Protocol protocol) {
        return TestServer.builder(Routes.builder().get("/ws", this).build())
                .protocol(protocol)
                .build();
    }

    /** Does this with each frame. */
    FakeWebSocket onFrame(Consumer<TestFrame> action) {
        onFrame = action;
        return this;
    }

    /** Answers a close frame with the same, and ends the connection. */
    FakeWebSocket closing() {
        return onFrame(frame -> {
            if (frame.opcode() == 8) {
                send(TestFrame.of(8, frame.payload()));
                end();
            }
        });
    }

    @Override
    public void handle(Exchange asked) {
        exchange = asked;
        HttpHeaders headers = new DefaultHttpHeaders();
        String key = asked.headers().get("Sec-WebSocket-Key");
        if (asked.protocol() != Protocol.HTTP_2 && key != null) {
            headers.set("Sec-WebSocket-Accept", Handshake.accept(key));
        }
        // One that is empty is taken away.
        answer.forEach(field -> headers.set(field.getKey(), field.getValue()));
        answer.names().stream().filter(name -> answer.get(name).isEmpty()).forEach(headers::remove);
        switchProtocol(asked, headers, pipeline -> pipeline.addLast(new Side()));
    }

    /** The only place of these tests that knows what an exchange hands over. */
    private static void switchProtocol(Exchange asked, HttpHeaders headers, Consumer<ChannelPipeline> protocol) {
        asked.switchProtocol(headers, tunnel -> protocol.accept(tunnel.pipeline()));
    }

    Exchange exchange() {
        return Objects.requireNonNull(exchange);
    }

    // ---- what the server sends

    /** Sends a frame as a server does, without a mask. */
    void send(TestFrame frame) {
        write(frame.unmasked().toBytes());
    }

    /** Sends bytes. */
    void sendHex(String bytes) {
        write(HexFormat.of().parseHex(bytes.replace(" ", "")));
    }

    void write(byte[] bytes) {
        ctx().writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }

    /** Ends the connection or stream. */
    void end() {
        ctx().channel().close();
    }

    /** Resets the HTTP/2 stream. */
    void reset() {
        ctx().writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
    }

    private ChannelHandlerContext ctx() {
        return Objects.requireNonNull(ctx);
    }

    // ---- what came

    /** Takes the frames that came, without their masks. */
    List<TestFrame> frames() {
        List<TestFrame> taken = List.copyOf(frames);
        frames.clear();
        return taken;
    }

    /** All bytes that came. */
    String hex() {
        return hex.toString();
    }

    boolean isWritable() {
        return ctx().channel().isWritable();
    }

    boolean isGone() {
        return gone;
    }

    /** Takes apart what comes, as far as it is right. */
    private final class Side extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext added) {
            ctx = added;
        }

        @Override
        public void channelRead(ChannelHandlerContext read, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            hex.append(ByteBufUtil.hexDump(bytes));
            byte[] more = ByteBufUtil.getBytes(bytes);
            bytes.release();
            ByteBuffer in = ByteBuffer.allocate(pending.length + more.length)
                    .put(pending)
                    .put(more)
                    .flip();
            while (readFrame(in)) {}
            pending = new byte[in.remaining()];
            in.get(pending);
        }

        private boolean readFrame(ByteBuffer in) {
            int start = in.position();
            if (in.remaining() < 2) {
                return false;
            }
            int first = in.get();
            int second = in.get();
            int field = second & 0x7F;
            int extra = field == 126 ? 2 : field == 127 ? 8 : 0;
            int maskBytes = second < 0 ? 4 : 0;
            if (in.remaining() < extra + maskBytes) {
                in.position(start);
                return false;
            }
            long length = field == 126 ? in.getShort() & 0xFFFF : field == 127 ? in.getLong() : field;
            byte[] mask = new byte[4];
            in.get(mask, 0, maskBytes);
            if (length < 0 || in.remaining() < length) {
                in.position(start);
                return false;
            }
            byte[] payload = new byte[(int) length];
            in.get(payload);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= mask[i % 4];
            }
            TestFrame frame = TestFrame.of(first & 0xF, payload).rsv(first >> 4 & 7);
            frames.add(first < 0 ? frame : frame.notFinal());
            onFrame.accept(frame);
            return true;
        }

        @Override
        public void channelInactive(ChannelHandlerContext inactive) {
            gone = true;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
            failed.close();
        }
    }
}
