package dev.parley.upload;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.BodyListener;
import dev.parley.http.Problem;
import dev.parley.http.ProblemException;
import dev.parley.http.codec.Boundary;
import dev.parley.http.codec.MultipartReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MultipartBodyTest {
    private static final String TWO = "--b\r\n" + head("a") + "one\r\n--b\r\n" + head("b") + "two\r\n--b--\r\n";

    private static String head(String name) {
        return "Content-Disposition: form-data; name=" + name + "\r\n\r\n";
    }

    @Test
    void theFirstChunkIsReadWhenWhoeverAskedHasTheStage() throws Exception {
        PartRecorder recorder = PartRecorder.alwaysReady();
        MultipartRun run = new MultipartRun(recorder);
        ByteBuf chunk = Unpooled.copiedBuffer(TWO, US_ASCII);

        CompletionStage<?> read = run.body.onChunk(chunk);
        assertThat(recorder.heard).isEmpty();
        run.runTasks();
        assertThat(recorder.heard).hasSize(2);
        assertThat(read).isCompleted();
        assertThat(chunk.release()).isTrue();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }

    // ---- backpressure

    @Test
    void aChunkIsReadOnlyAsFarAsTheListenerIsReady() throws Exception {
        PartRecorder recorder = new PartRecorder(() -> true);
        MultipartRun run = new MultipartRun(recorder);

        CompletableFuture<?> read = run.chunk(bytes(TWO));
        List<String> steps = new ArrayList<>();
        while (!read.isDone()) {
            run.runTasks();
            steps.add(String.join(" ", recorder.heard));
            recorder.pending.remove().complete(null);
            assertThat(read).as("before the event loop has its turn").isNotDone();
            run.runTasks();
        }
        run.end();

        String one = "0 a|null|null=one.";
        assertThat(steps)
                .containsExactly(
                        "0 a|null|null=",
                        "0 a|null|null=one",
                        one,
                        one + " 1 b|null|null=",
                        one + " 1 b|null|null=two",
                        one + " 1 b|null|null=two.");
        assertThat(run.whole).isCompletedWithValue(null);
        run.assertReleased();
    }

    @Test
    void aStageThatIsCompleteAtOnceNeedsNoTurnOfTheEventLoop() throws Exception {
        List<String> heard = new ArrayList<>();
        MultipartRun run = new MultipartRun(new PartListener() {
            @Override
            public CompletionStage<?> onPart(Part part) {
                return CompletableFuture.completedFuture(heard.add(part.name()));
            }

            @Override
            public CompletionStage<?> onData(ByteBuf data) {
                return CompletableFuture.completedStage(heard.add(data.toString(US_ASCII)));
            }

            @Override
            public void onFailure(Throwable cause) {
                heard.add(cause.toString());
            }
        });

        assertThat(run.chunk(bytes(TWO))).isDone();
        run.end();
        assertThat(heard).containsExactly("a", "one", "b", "two");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyPartsInOneChunkDoNotFillTheStack(boolean late) throws Exception {
        StringBuilder form = new StringBuilder("--b\r\n");
        for (int i = 0; i < 10_000; i++) {
            form.append(head("n" + i)).append("x\r\n--b").append(i == 9_999 ? "--" : "\r\n");
        }

        List<String> heard = MultipartRun.heard(List.of(bytes(form.toString())), new PartRecorder(() -> late));

        assertThat(heard).hasSize(10_000).last().isEqualTo("9999 n9999|null|null=x.");
    }

    @Test
    void retainedDataIsThereUntilItIsReleased() throws Exception {
        List<ByteBuf> retained = new ArrayList<>();
        MultipartRun run = new MultipartRun(new PartListener() {
            @Override
            public CompletionStage<?> onPart(Part part) {
                return BodyListener.READY;
            }

            @Override
            public CompletionStage<?> onData(ByteBuf data) {
                retained.add(data.retain());
                return BodyListener.READY;
            }

            @Override
            public void onFailure(Throwable cause) {}
        });
        // Cut in a line break that is data, which comes from elsewhere than the chunks.
        run.chunk(bytes("--b\r\n" + head("a") + "one\r"));
        run.chunk(bytes("two\r\n--b--"));
        run.end();

        assertThat(retained).extracting(data -> data.toString(US_ASCII)).containsExactly("one", "\r", "two");
        retained.forEach(ByteBuf::release);
        run.assertReleased();
    }

    @Test
    void stagesMayBeCompletedOnAnyThread() throws Exception {
        ExecutorService others = Executors.newFixedThreadPool(2);
        DefaultEventLoop loop = new DefaultEventLoop();
        try {
            AtomicInteger parts = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            CompletableFuture<Void> whole = new CompletableFuture<>();
            PartListener listener = new PartListener() {
                private CompletionStage<?> elsewhere() {
                    threads.add(Thread.currentThread());
                    return CompletableFuture.runAsync(parts::incrementAndGet, others);
                }

                @Override
                public CompletionStage<?> onPart(Part part) {
                    return elsewhere();
                }

                @Override
                public CompletionStage<?> onData(ByteBuf data) {
                    return elsewhere();
                }

                @Override
                public CompletionStage<?> onPartEnd() {
                    return elsewhere();
                }

                @Override
                public void onFailure(Throwable cause) {}
            };
            String part = head("a") + "x\r\n--b";
            byte[] form = bytes("--b\r\n" + (part + "\r\n").repeat(999) + part + "--");
            MultipartReader reader = new MultipartReader(new Boundary("b"), MultipartRun.LIMITS);
            MultipartBody body = new MultipartBody(reader, Long.MAX_VALUE, listener, loop, whole, failure -> {});
            ByteBuf chunk = PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(form);
            CompletableFuture<Thread> done = new CompletableFuture<>();
            loop.submit(() -> body.onChunk(chunk).whenComplete((ignored, failure) -> {
                        chunk.release();
                        done.complete(Thread.currentThread());
                    }))
                    .get(60, TimeUnit.SECONDS);

            Thread loopThread = done.get(60, TimeUnit.SECONDS);
            assertThat(loop.inEventLoop(loopThread)).isTrue();
            assertThat(threads).hasSize(3000).containsOnly(loopThread);
            assertThat(parts).hasValue(3000);
            loop.submit(() -> assertThat(chunk.refCnt()).isZero()).get(60, TimeUnit.SECONDS);
        } finally {
            others.shutdownNow();
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).get(60, TimeUnit.SECONDS);
        }
    }

    // ---- failures

    @Test
    void aBodyThatBreaksOffWhileTheListenerIsBusyIsLetGo() throws Exception {
        PartRecorder recorder = new PartRecorder(() -> true);
        MultipartRun run = new MultipartRun(recorder);
        run.chunk(bytes(TWO));

        run.body.onFailure(new IOException("gone"));
        run.assertReleased();
        recorder.pending.remove().complete(null);
        run.runTasks();
        run.body.onFailure(new IOException("again"));

        assertThat(recorder.heard).containsExactly("0 a|null|null=", "! gone");
        assertThatThrownBy(run.whole::join).hasRootCauseMessage("gone");
    }

    @Test
    void aBodyThatBreaksOffInACallIsThereUntilItReturns() throws Exception {
        List<String> heard = new ArrayList<>();
        MultipartRun[] run = new MultipartRun[1];
        CompletableFuture<Void> begun = new CompletableFuture<>();
        run[0] = new MultipartRun(new PartListener() {
            @Override
            public CompletionStage<?> onPart(Part part) {
                return begun;
            }

            @Override
            public CompletionStage<?> onData(ByteBuf data) {
                run[0].body.onFailure(new IOException("closed"));
                heard.add(data.toString(US_ASCII));
                return BodyListener.READY;
            }

            @Override
            public void onFailure(Throwable cause) {
                heard.add(cause.getMessage());
            }
        });
        run[0].chunk(bytes(TWO));
        begun.complete(null);
        run[0].runTasks();

        assertThat(heard).containsExactly("closed", "one");
        run[0].assertReleased();
    }

    /** Fails in one of its calls, by an exception, by a stage that has failed, or by one that fails later. */
    private static final class Failing implements PartListener {
        final List<String> heard = new ArrayList<>();
        final CompletableFuture<Void> later = new CompletableFuture<>();
        private final String in;
        private final String how;
        private final Exception failure;

        Failing(String in, String how, Exception failure) {
            this.in = in;
            this.how = how;
            this.failure = failure;
        }

        private CompletionStage<?> called(String method) throws Exception {
            heard.add(method);
            return !method.equals(in)
                    ? BodyListener.READY
                    : switch (how) {
                        case "thrown" -> throw failure;
                        case "failed" -> CompletableFuture.failedStage(failure);
                        default -> later.thenAccept(ignored -> {}); // which wraps what it failed with
                    };
        }

        @Override
        public CompletionStage<?> onPart(Part part) throws Exception {
            return called("part");
        }

        @Override
        public CompletionStage<?> onData(ByteBuf data) throws Exception {
            return called("data");
        }

        @Override
        public CompletionStage<?> onPartEnd() throws Exception {
            return called("end");
        }

        @Override
        public void onFailure(Throwable cause) {
            heard.add(cause.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "part, thrown, part", "part, failed, part", "part, later, part",
        "data, thrown, part data", "data, failed, part data", "data, later, part data",
        "end, thrown, part data end", "end, failed, part data end", "end, later, part data end"
    })
    void aListenerThatFailsHearsOfItOnceAndNothingMore(String in, String how, String calls) {
        for (Exception failure : List.of(
                new IllegalStateException("no"),
                new IOException("no"),
                Problem.of(507).asException())) {
            Failing listener = new Failing(in, how, failure);
            MultipartRun run = new MultipartRun(listener);

            assertThatThrownBy(() -> {
                        CompletableFuture<?> read = run.chunk(bytes(TWO));
                        listener.later.completeExceptionally(failure);
                        run.runTasks();
                        read.get();
                    })
                    .hasCauseInstanceOf(
                            failure instanceof ProblemException ? ProblemException.class : IOException.class);
            run.body.onFailure(new IOException("and the wire says so"));

            List<String> expected = new ArrayList<>(List.of(calls.split(" ")));
            expected.add(failure.getMessage());
            assertThat(listener.heard).isEqualTo(expected);
            assertThatThrownBy(run.whole::get).hasCause(failure);
            run.assertReleased();
        }
    }

    @Test
    void aListenerThatFailsAtHearingOfAFailureKeepsNobodyWaiting() {
        MultipartRun run = new MultipartRun(new PartListener() {
            @Override
            public CompletionStage<?> onPart(Part part) {
                throw new IllegalStateException("first");
            }

            @Override
            public CompletionStage<?> onData(ByteBuf data) {
                return BodyListener.READY;
            }

            @Override
            public void onFailure(Throwable cause) {
                throw new IllegalStateException("second");
            }
        });

        assertThatThrownBy(() -> run.chunk(bytes(TWO)).get()).hasRootCauseMessage("first");
        assertThatThrownBy(run.whole::get).hasRootCauseMessage("first");
        run.assertReleased();
    }

    @Test
    void aBodyThatIsCutOffFails() throws Exception {
        PartRecorder recorder = PartRecorder.alwaysReady();
        MultipartRun run = new MultipartRun(recorder);
        run.chunk(bytes(TWO.substring(0, TWO.length() - 4)));

        run.end();

        assertThat(run.answered).singleElement().isInstanceOf(ProblemException.class);
        assertThat(recorder.heard)
                .last()
                .isEqualTo("! 400 Bad Request: The form can't be read: the body ends before its last boundary.");
    }

    @Test
    void aPartMayBeAsLongAsTheLimit() throws Exception {
        PartRecorder recorder = PartRecorder.alwaysReady();
        MultipartRun run = new MultipartRun(recorder, 3);
        run.chunk(bytes(TWO));
        run.end();
        assertThat(recorder.heard).containsExactly("0 a|null|null=one.", "1 b|null|null=two.");

        PartRecorder other = PartRecorder.alwaysReady();
        MultipartRun over = new MultipartRun(other, 2);
        assertThatThrownBy(() -> over.chunk(bytes(TWO)).get()).hasCauseInstanceOf(ProblemException.class);
        assertThat(other.heard)
                .containsExactly(
                        "0 a|null|null=", "! 413 Request Entity Too Large: A part is over the limit of 2 bytes.");
    }
}
