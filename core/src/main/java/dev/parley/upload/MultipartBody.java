package dev.parley.upload;

import dev.parley.http.BodyListener;
import dev.parley.http.Problem;
import dev.parley.http.ProblemException;
import dev.parley.http.codec.MultipartReader;
import dev.parley.http.codec.MultipartReader.Event;
import dev.parley.http.codec.PartHead;
import dev.parley.http.codec.ViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The body of one form: chunks in, calls of a {@link PartListener} out.
 *
 * <p><b>States.</b> Reading; or waiting, for a stage that the listener returned, with the chunk that is not read to its end; or over,
 * when all has come or the listener knows that it won't.
 *
 * <p>A chunk that has many parts is read in a loop as long as stages are complete when they are returned. When one is complete only later,
 * a task of its own goes on. So the stack is as deep for 10,000 parts as for one.
 *
 * <p><b>Threading.</b> Confined to the event loop.
 */
final class MultipartBody implements BodyListener {
    private static final Logger LOG = LoggerFactory.getLogger(Multipart.class);

    /** What an exchange does not log, or not when it is answered. */
    private static final List<Class<? extends Exception>> UNLOGGED =
            List.of(ProblemException.class, RejectedExecutionException.class, IOException.class);

    private final MultipartReader reader;
    private final long maxPartBytes;
    private final PartListener listener;
    private final Executor loop;
    private final CompletableFuture<Void> whole;
    private final Consumer<Throwable> answer;

    private int parts;
    private long partBytes;
    private boolean hasBegun;
    private boolean isOver;
    private @Nullable Held held;

    /**
     * A chunk whose rest is to be read when the listener is ready.
     *
     * @param chunk retained
     * @param read completes when all of it was read
     */
    private record Held(ByteBuf chunk, CompletableFuture<Void> read) {}

    /**
     * A body that has not begun.
     *
     * @param answer answers the exchange, unless the application has done so, where the body has ended already
     */
    MultipartBody(
            MultipartReader reader,
            long maxPartBytes,
            PartListener listener,
            Executor loop,
            CompletableFuture<Void> whole,
            Consumer<Throwable> answer) {
        this.reader = reader;
        this.maxPartBytes = maxPartBytes;
        this.listener = listener;
        this.loop = loop;
        this.whole = whole;
        this.answer = answer;
    }

    @Override
    public CompletionStage<?> onChunk(ByteBuf chunk) throws Exception {
        if (!hasBegun) {
            // It may have come with the request: then whoever gets the form's stage does not have it yet.
            hasBegun = true;
            loop.execute(() -> goOn(null));
            return hold(chunk);
        }
        try {
            return isReadWhole(chunk) ? READY : hold(chunk);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    private CompletionStage<?> hold(ByteBuf chunk) {
        Held rest = new Held(chunk.retain(), new CompletableFuture<>());
        held = rest;
        return rest.read();
    }

    @Override
    public void onEnd(HttpHeaders trailers) {
        try {
            reader.end();
        } catch (ViolationException e) {
            ProblemException refusal = Multipart.refusal(e);
            loop.execute(() -> refuse(refusal)); // later, as with the first chunk
            return;
        }
        isOver = true;
        whole.complete(null);
    }

    private void refuse(ProblemException refusal) {
        onFailure(refusal);
        answer.accept(refusal);
    }

    @Override
    public void onFailure(Throwable cause) {
        if (isOver) {
            return; // it is this body that ended the exchange, and the listener knows
        }
        isOver = true;
        Held rest = held;
        held = null;
        if (rest != null) {
            rest.chunk().release();
        }
        tell(listener, whole, cause);
    }

    /** Tells a listener, and whoever waits for the form, that it won't be whole. */
    static void tell(PartListener listener, CompletableFuture<Void> whole, Throwable cause) {
        try {
            listener.onFailure(cause);
        } catch (Throwable t) {
            LOG.error("a listener of parts failed at hearing of a failure", t);
        }
        whole.completeExceptionally(cause);
    }

    /** Reads on where a stage was waited for. */
    private void goOn(@Nullable Throwable failure) {
        Held rest = held;
        if (rest == null) {
            return; // it is over
        }
        held = null; // whatever happens meanwhile, the chunk is there until this method ends
        try {
            if (failure != null) {
                throw failure;
            }
            if (isReadWhole(rest.chunk())) {
                rest.read().complete(null);
            } else {
                rest.chunk().retain();
                held = rest;
            }
        } catch (Throwable t) {
            rest.read().completeExceptionally(failed(t));
        } finally {
            rest.chunk().release();
        }
    }

    /** Reads a chunk until it is read, or a stage is not complete. Returns whether there is nothing more to read. */
    private boolean isReadWhole(ByteBuf chunk) throws Throwable {
        while (!isOver) {
            Event event = next(chunk);
            if (event == Event.NEEDS_INPUT) {
                return true;
            }
            CompletionStage<?> ready = tell(event);
            if (ready != READY && !isOver && !isComplete(ready)) {
                return false;
            }
        }
        return true;
    }

    private Event next(ByteBuf chunk) {
        try {
            return reader.next(chunk);
        } catch (ViolationException e) {
            throw Multipart.refusal(e);
        }
    }

    private CompletionStage<?> tell(Event event) throws Exception {
        return switch (event) {
            case PART -> {
                PartHead head = reader.part();
                partBytes = 0;
                yield listener.onPart(new Part(parts++, head.name(), head.fileName(), head.contentType()));
            }
            case DATA -> {
                ByteBuf data = reader.data();
                partBytes += data.readableBytes();
                if (partBytes > maxPartBytes) {
                    throw Problem.of(413, "A part is over the limit of " + maxPartBytes + " bytes.")
                            .asException();
                }
                yield listener.onData(data);
            }
            case PART_END -> listener.onPartEnd();
            case END, NEEDS_INPUT -> READY;
        };
    }

    /** Whether a stage is complete; if it is not, its completion goes on. Throws what it failed with. */
    private boolean isComplete(CompletionStage<?> stage) throws Throwable {
        Completion completion = new Completion();
        stage.whenComplete(completion);
        completion.caller = null;
        if (completion.failure != null) {
            throw completion.failure;
        }
        return completion.isAtOnce;
    }

    /** What a stage calls: at once, on this thread, if it is complete. A stage has no other way to tell that all of its kind have. */
    private final class Completion implements BiConsumer<Object, @Nullable Throwable> {
        /** The thread that asks, until it has its answer. Another thread that reads it sees anything but itself. */
        private @Nullable Thread caller = Thread.currentThread();

        private boolean isAtOnce;
        private @Nullable Throwable failure;

        @Override
        public void accept(Object value, @Nullable Throwable thrown) {
            Throwable cause =
                    thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
            if (caller == Thread.currentThread()) {
                isAtOnce = true;
                failure = cause;
            } else {
                loop.execute(() -> goOn(cause));
            }
        }
    }

    /**
     * Tells whoever has to know, of whom the application may answer. Returns what ends the exchange if it doesn't.
     *
     * <p>That is an {@link IOException} where it would be logged a second time otherwise: an exchange that was answered by the failure of a
     * stage takes it for the end of the body.
     */
    private Exception failed(Throwable thrown) {
        onFailure(thrown);
        return thrown instanceof Exception e && UNLOGGED.stream().anyMatch(it -> it.isInstance(thrown))
                ? e
                : new IOException("a listener of parts failed", thrown);
    }
}
