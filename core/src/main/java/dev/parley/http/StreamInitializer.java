package dev.parley.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;

/** Makes the child channel of an HTTP/2 stream serve its exchange. */
@ChannelHandler.Sharable
final class StreamInitializer extends ChannelInitializer<Channel> {
    private final ServerContext context;

    StreamInitializer(ServerContext context) {
        this.context = context;
    }

    @Override
    protected void initChannel(Channel stream) {
        stream.pipeline().addLast(new Http2Stream(context));
    }
}
