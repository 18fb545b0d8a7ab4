package dev.parley.upload;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.parley.http.BodyListener;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;

/** Hears a form, a line for each part: {@code index name|fileName|contentType=data}, and {@code .} when it has ended. */
final class PartRecorder implements PartListener {
    final List<String> heard = new ArrayList<>();
    /** The stages that were returned and are not complete. */
    final Deque<CompletableFuture<Void>> pending = new ArrayDeque<>();
    /** Whether the next stage is one that is not complete. */
    private final BooleanSupplier isLate;

    PartRecorder(BooleanSupplier isLate) {
        this.isLate = isLate;
    }

    static PartRecorder alwaysReady() {
        return new PartRecorder(() -> false);
    }

    private CompletionStage<?> ready() {
        if (!isLate.getAsBoolean()) {
            return BodyListener.READY;
        }
        CompletableFuture<Void> late = new CompletableFuture<>();
        pending.add(late);
        return late;
    }

    private void addToLast(String text) {
        heard.add(heard.remove(heard.size() - 1) + text);
    }

    @Override
    public CompletionStage<?> onPart(Part part) {
        heard.add(part.index() + " " + part.name() + "|" + part.fileName() + "|" + part.contentType() + "=");
        return ready();
    }

    @Override
    public CompletionStage<?> onData(ByteBuf data) {
        if (!data.isReadable()) {
            throw new AssertionError("onData: no data (expected: 1 byte or more)");
        }
        addToLast(data.toString(ISO_8859_1));
        return ready();
    }

    @Override
    public CompletionStage<?> onPartEnd() {
        addToLast(".");
        return ready();
    }

    @Override
    public void onFailure(Throwable cause) {
        heard.add("! " + cause.getMessage());
    }
}
