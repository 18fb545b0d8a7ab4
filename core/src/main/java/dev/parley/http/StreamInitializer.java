package dev.parley.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;

/** Makes the child channels of an HTTP/2 connection serve an exchange each. */
@ChannelHandler.Sharable
final class StreamInitializer extends ChannelInitializer<Channel> {
    private final ServerContext context;
    private final Http2Windows windows;

    StreamInitializer(ServerContext context, Http2Windows windows) {
        this.context = context;
        this.windows = windows;
    }

    @Override
    protected void initChannel(Channel stream) {
        stream.pipeline().addLast(new Http2Stream(context, windows));
    }
}
