package dev.parley.upload;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class LaneTest {
    private static final Executor FULL = task -> {
        throw new RejectedExecutionException("full");
    };

    private static void end(EventExecutor loop) throws InterruptedException {
        loop.shutdownGracefully(0, 30, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);
        assertThat(loop.isTerminated()).isTrue();
    }

    @Test
    void tasksThatWaitForRoomRunWhenTheEventLoopEndsAndNotOnIt() throws Exception {
        EventExecutor loop = new DefaultEventLoop();
        Lane lane = new Lane(FULL, loop);
        ConcurrentLinkedQueue<Integer> run = new ConcurrentLinkedQueue<>();
        CompletableFuture<Boolean> last = new CompletableFuture<>();
        loop.submit(() -> {
                    lane.execute(() -> run.add(1));
                    lane.execute(() -> run.add(2));
                    lane.execute(() -> last.complete(loop.inEventLoop()));
                    loop.shutdownGracefully(0, 30, TimeUnit.SECONDS);
                })
                .get(60, TimeUnit.SECONDS);

        end(loop);

        assertThat(last.get(60, TimeUnit.SECONDS)).as("on the event loop").isFalse();
        assertThat(run).containsExactly(1, 2);
    }

    @Test
    void tasksRunAtOnceWhenTheEventLoopHasEnded() throws Exception {
        EventExecutor loop = new DefaultEventLoop();
        end(loop);
        Lane lane = new Lane(FULL, loop);
        ConcurrentLinkedQueue<Integer> run = new ConcurrentLinkedQueue<>();

        lane.execute(() -> run.add(1));

        assertThat(run).containsExactly(1);
    }
}
