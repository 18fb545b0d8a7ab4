package dev.parley.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A WebSocket client of a load generator: Netty's own codec, without extensions. Confined to its event loop. */
final class LoadSocket extends SimpleChannelInboundHandler<TextWebSocketFrame> {
    private static final int MAX_FRAME_BYTES = 4 * 1024 * 1024;

    private final Listener listener;
    private @Nullable Channel channel;

    /** Hears what a socket gets. */
    interface Listener {
        /** The handshake is done. */
        void opened(LoadSocket socket);

        /** A message has come. */
        void received(LoadSocket socket, String text, int bytes);

        /** It has ended, or was never open. */
        void closed(LoadSocket socket);
    }

    private LoadSocket(Listener listener) {
        this.listener = listener;
    }

    /** Connects; the listener hears of it. */
    static void connect(
            Bootstrap bootstrap,
            EventLoop loop,
            InetSocketAddress from,
            InetSocketAddress to,
            String path,
            Listener listener) {
        URI uri = URI.create("ws://" + to.getHostString() + ":" + to.getPort() + path);
        LoadSocket socket = new LoadSocket(listener);
        bootstrap
                .clone(loop)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(
                                        new HttpClientCodec(),
                                        new HttpObjectAggregator(8192),
                                        new WebSocketClientProtocolHandler(
                                                WebSocketClientHandshakerFactory.newHandshaker(
                                                        uri,
                                                        WebSocketVersion.V13,
                                                        null,
                                                        false,
                                                        new DefaultHttpHeaders(),
                                                        MAX_FRAME_BYTES)),
                                        socket);
                    }
                })
                .connect(to, from)
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        listener.closed(socket);
                    }
                });
    }

    void send(String text) {
        Channel to = channel;
        if (to != null) {
            to.writeAndFlush(new TextWebSocketFrame(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8))));
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
            channel = context.channel();
            listener.opened(this);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, TextWebSocketFrame frame) {
        ByteBuf content = frame.content();
        listener.received(this, content.toString(StandardCharsets.UTF_8), content.readableBytes());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        listener.closed(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close(); // which is told
    }
}
