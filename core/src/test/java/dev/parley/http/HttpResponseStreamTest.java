package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class HttpResponseStreamTest {

    @Test
    @Timeout(60)
    void aWriteThatRacesWithTheEndOfTheServerIsOfNobodyElse() throws Exception {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
        Channel channel = new LocalChannel();
        loops.register(channel).sync();
        ServerContext context = new ServerContext(
                Routes.builder().build(),
                HttpLimits.DEFAULT,
                TrustedProxies.none(),
                InstantSource.system(),
                Runnable::run,
                null);
        HttpResponseStream stream = new HttpResponseStream(new Nobody(), new Wire(channel, context));
        loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
        ByteBuf bytes = Unpooled.buffer().writeByte('a');

        assertThat(stream.write(bytes)).isEqualTo(SendOutcome.CLOSED);

        assertThat(bytes.refCnt()).isZero();
        assertThat(stream.queuedBytes()).isZero();
    }

    private record Wire(Channel channel, ServerContext context) implements BodyWire {
        @Override
        public Loop loop() {
            throw new AssertionError();
        }

        @Override
        public void sendData(Object data, ChannelPromise promise) {
            throw new AssertionError();
        }

        @Override
        public void sendShared(SharedChunk chunk) {
            throw new AssertionError();
        }

        @Override
        public void sendEnd(HttpHeaders trailers) {
            throw new AssertionError();
        }

        @Override
        public void flushSoon() {
            throw new AssertionError();
        }
    }

    private static final class Nobody implements StreamOwner {
        @Override
        public Loop loop() {
            throw new AssertionError();
        }

        @Override
        public Life life() {
            throw new AssertionError();
        }

        @Override
        public void fail(Throwable failure) {
            throw new AssertionError(failure);
        }

        @Override
        public void end(EndReason reason) {
            throw new AssertionError();
        }

        @Override
        public void cutOff(EndReason reason) {
            throw new AssertionError();
        }
    }
}
