package dev.parley.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.ParleyHandler;
import dev.parley.http.Routes;
import dev.parley.topic.Draft;
import dev.parley.topic.Topics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import org.junit.jupiter.api.Test;

/** Streams in a pipeline of the user's own. */
class BehindCodecTest {
    private static String sent(EmbeddedChannel channel) {
        channel.runPendingTasks();
        StringBuilder sent = new StringBuilder();
        for (ByteBuf bytes; (bytes = channel.readOutbound()) != null; ) {
            sent.append(bytes.toString(UTF_8));
            bytes.release();
        }
        return sent.toString();
    }

    @Test
    void publicationsAreChunksOfTheUsersCodec() {
        try (Topics topics = Topics.inMemory()) {
            Routes routes = Routes.builder()
                    .get("/news", SseEndpoint.of(topics.topic("news")))
                    .build();
            EmbeddedChannel channel = new EmbeddedChannel(new HttpServerCodec(), new ParleyHandler(routes));
            channel.writeInbound(Unpooled.copiedBuffer("GET /news HTTP/1.1\r\nHost: parley\r\n\r\n", UTF_8));
            assertThat(sent(channel)).startsWith("HTTP/1.1 200 OK\r\n").contains("\r\n\r\nd\r\nretry: 3000\n\n\r\n");
            for (String text : new String[] {"a", "x".repeat(5000)}) {
                String id = topics.topic("news")
                        .publish(Draft.of(text))
                        .toCompletableFuture()
                        .join()
                        .toString();
                String block = "id: " + id + "\ndata: " + text + "\n\n";

                assertThat(sent(channel)).isEqualTo(Integer.toHexString(block.length()) + "\r\n" + block + "\r\n");
            }
            assertThat(topics.subscriptions()).isEqualTo(1);
            channel.finishAndReleaseAll();
            assertThat(topics.subscriptions()).isZero();
        }
    }
}
