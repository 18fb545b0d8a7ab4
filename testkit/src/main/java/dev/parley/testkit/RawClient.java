package dev.parley.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaders;

/** Sends and records bare bytes. Confined to the event loop. */
final class RawClient extends ChannelInboundHandlerAdapter implements ClientStream {
    private final Socket socket;
    private final Answer answer = new Answer("a connection", new Trail(null, null));

    RawClient(Socket socket) {
        this.socket = socket;
        socket.pipeline().addLast(this);
    }

    Answer answer() {
        return answer;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            answer.data(bytes);
        } finally {
            bytes.release();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    @Override
    public void send(byte[] bytes) {
        socket.writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }

    @Override
    public void end(HttpHeaders trailers) {
        socket.shutdownOutput();
    }

    @Override
    public void cut() {
        socket.cut();
    }

    @Override
    public void stall() {
        socket.config().setAutoRead(false);
    }

    @Override
    public void resume() {
        socket.config().setAutoRead(true);
    }
}
