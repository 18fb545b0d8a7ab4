package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In a pipeline of the user's, which gives Netty's HTTP objects. */
class ParleyHandlerTest {
    private static FullHttpRequest request(String target, String body) {
        FullHttpRequest request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.GET,
                target,
                Unpooled.buffer().writeBytes(body.getBytes(StandardCharsets.US_ASCII)));
        request.headers().set("Host", "a");
        return request;
    }

    @Test
    void whatIsNotHttpIsPassedOn() {
        EmbeddedChannel channel =
                new EmbeddedChannel(new ParleyHandler(Routes.builder().build()));

        channel.writeInbound("not HTTP");

        assertThat(channel.<String>readInbound()).isEqualTo("not HTTP");
        channel.finishAndReleaseAll();
    }

    @Test
    void requestsBehindASwitchOfProtocolAreReleased() {
        List<Exchange> asked = new ArrayList<>();
        Routes routes = Routes.builder().get("/ws", asked::add).build();
        EmbeddedChannel channel = new EmbeddedChannel(new ParleyHandler(routes));
        FullHttpRequest upgrade = request("/ws", "");
        upgrade.headers().set("Connection", "upgrade").set("Upgrade", "echo");
        FullHttpRequest behind = request("/behind", "body");
        channel.writeInbound(upgrade);
        channel.writeInbound(behind);
        assertThat(behind.refCnt()).isOne();

        asked.get(0).switchProtocol(new DefaultHttpHeaders(), tunnel -> {});

        assertThat(behind.refCnt()).isZero();
        channel.finishAndReleaseAll();
    }
}
