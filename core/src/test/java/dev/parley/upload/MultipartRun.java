package dev.parley.upload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.codec.Boundary;
import dev.parley.http.codec.MultipartLimits;
import dev.parley.http.codec.MultipartReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A body whose boundary is {@code b}, driven as the wire does, on an event loop that runs when it is told to. */
final class MultipartRun {
    static final MultipartLimits LIMITS = new MultipartLimits(20_000, 200, 20, 30);

    final CompletableFuture<Void> whole = new CompletableFuture<>();
    final MultipartBody body;
    /** What the exchange was answered with behind the end of the body. */
    final List<Throwable> answered = new ArrayList<>();

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final List<ByteBuf> chunks = new ArrayList<>();

    MultipartRun(PartListener listener) {
        this(listener, Long.MAX_VALUE);
    }

    MultipartRun(PartListener listener, long maxPartBytes) {
        MultipartReader reader = new MultipartReader(new Boundary("b"), LIMITS);
        body = new MultipartBody(reader, maxPartBytes, listener, tasks::add, whole, answered::add);
    }

    /** A chunk comes, and the event loop runs. */
    CompletableFuture<?> chunk(byte[] bytes) throws Exception {
        ByteBuf chunk =
                PooledByteBufAllocator.DEFAULT.directBuffer(bytes.length).writeBytes(bytes);
        chunks.add(chunk);
        CompletionStage<?> ready;
        try {
            ready = body.onChunk(chunk);
        } finally {
            chunk.release();
        }
        runTasks();
        return ready.toCompletableFuture();
    }

    void end() {
        body.onEnd(EmptyHttpHeaders.INSTANCE);
        runTasks();
    }

    /** The event loop runs. */
    void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** Nothing holds a chunk any more. */
    void assertReleased() {
        assertThat(chunks).extracting(ByteBuf::refCnt).containsOnly(0);
    }

    /** What a recorder hears of a body in pieces, whatever becomes of it. */
    static List<String> heard(List<byte[]> pieces, PartRecorder recorder) {
        MultipartRun run = new MultipartRun(recorder);
        try {
            for (byte[] piece : pieces) {
                CompletableFuture<?> read = run.chunk(piece);
                while (!read.isDone()) {
                    recorder.pending.remove().complete(null);
                    run.runTasks();
                }
                read.join();
            }
            run.end();
        } catch (Exception e) {
            assertThat(run.whole).isCompletedExceptionally();
        }
        assertThat(recorder.pending).isEmpty();
        assertThat(run.whole).isDone();
        run.assertReleased();
        return recorder.heard;
    }
}
