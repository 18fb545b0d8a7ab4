package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LinkTest {
    private final EventLoop loop = new DefaultEventLoop();
    private final List<String> sent = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    /** As a connection does: at once on its event loop, else by a task there. */
    private void send(String text) {
        if (loop.inEventLoop()) {
            sent.add(text);
        } else {
            loop.execute(() -> sent.add(text));
        }
    }

    @Test
    void whatTheEventLoopSendsDoesNotOvertakeWhatAnotherThreadSentBefore() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch first = new CountDownLatch(1);
        loop.execute(() -> {
            begun.countDown();
            await(first);
            Link.inOrder(loop, () -> send("second"));
        });
        begun.await();
        Link.inOrder(loop, () -> send("first"));
        first.countDown();

        while (sent.size() < 2) {
            loop.submit(() -> {}).sync();
        }
        assertThat(sent).containsExactly("first", "second");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
