package dev.parley.benchmarks;

import dev.parley.http.BodyListener;
import dev.parley.http.Exchange;
import dev.parley.http.Response;
import dev.parley.upload.Multipart;
import dev.parley.upload.Part;
import dev.parley.upload.PartListener;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the files of forms in a directory, and answers with what came: names, sizes and digests, all of which are the business of an executor.
 *
 * <p><b>Memory.</b> Of each form at most {@value #MAX_WAITING} bytes and one chunk wait for the executor.
 */
final class FormFiles {
    private static final int MAX_WAITING = 1024 * 1024;
    private static final Multipart FORMS =
            Multipart.builder().maxBytes(2L << 30).build();

    private final Path directory;
    private final AtomicLong names = new AtomicLong(System.currentTimeMillis() << 20);

    FormFiles(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
    }

    /** One that came. */
    record Came(String name, @Nullable String filename, long size, String sha256) {}

    void receive(Exchange exchange) {
        Form form = new Form(exchange.executor());
        exchange.respond(FORMS.receive(exchange, form)
                .thenCompose(whole -> form.done())
                .thenApply(parts -> Response.json(Map.of("parts", parts))));
    }

    /** One form. What is done with its bytes is a chain of stages, one link at a time on the executor. */
    private final class Form implements PartListener {
        private final Executor executor;
        private final List<Came> parts = new ArrayList<>();
        private final List<Path> files = new ArrayList<>();
        private final AtomicLong waiting = new AtomicLong();
        private CompletableFuture<?> last = CompletableFuture.completedFuture(null);
        private @Nullable Sink sink;

        Form(Executor executor) {
            this.executor = executor;
        }

        @Override
        public CompletionStage<?> onPart(Part part) {
            return then(() -> sink = new Sink(part));
        }

        @Override
        public CompletionStage<?> onData(ByteBuf data) {
            ByteBuf kept = data.retain();
            int bytes = kept.readableBytes();
            long waits = waiting.addAndGet(bytes);
            CompletableFuture<Void> taken;
            try {
                taken = last.thenRunAsync(
                        () -> {
                            if (sink != null) {
                                sink.take(kept);
                            }
                        },
                        executor);
            } catch (RejectedExecutionException e) {
                kept.release();
                throw e;
            }
            CompletableFuture<?> written = taken.whenComplete((done, failure) -> {
                waiting.addAndGet(-bytes);
                kept.release();
            });
            last = written;
            return waits < MAX_WAITING ? BodyListener.READY : written;
        }

        @Override
        public CompletionStage<?> onPartEnd() {
            return then(() -> {
                if (sink != null) {
                    parts.add(sink.end());
                    sink = null;
                }
            });
        }

        @Override
        public void onFailure(Throwable cause) {
            last = last.handleAsync(
                    (done, failure) -> {
                        try {
                            if (sink != null) {
                                sink.close();
                            }
                            for (Path file : files) {
                                Files.deleteIfExists(file);
                            }
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                        return null;
                    },
                    executor);
        }

        private CompletionStage<?> then(Task task) {
            last = last.thenRunAsync(
                    () -> {
                        try {
                            task.run();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    executor);
            return BodyListener.READY;
        }

        CompletionStage<List<Came>> done() {
            last.whenComplete((all, failure) -> {
                if (failure != null) {
                    onFailure(failure);
                }
            });
            return last.thenApply(all -> parts);
        }

        /** Where a part goes: to a file if it is one. */
        private final class Sink {
            private final Part part;
            private final MessageDigest digest = sha256();
            private final @Nullable FileChannel file;
            private long size;

            Sink(Part part) throws IOException {
                this.part = part;
                if (part.fileName() == null) {
                    file = null;
                } else {
                    Path path = directory.resolve(names.incrementAndGet() + "-" + part.safeFileName());
                    files.add(path);
                    file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                }
            }

            void take(ByteBuf data) {
                try {
                    for (ByteBuffer bytes : data.nioBuffers()) {
                        size += bytes.remaining();
                        digest.update(bytes.duplicate());
                        while (file != null && bytes.hasRemaining()) {
                            file.write(bytes);
                        }
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            Came end() throws IOException {
                close();
                return new Came(
                        part.name(), part.fileName(), size, HexFormat.of().formatHex(digest.digest()));
            }

            void close() throws IOException {
                if (file != null) {
                    file.close();
                }
            }
        }
    }

    @FunctionalInterface
    private interface Task {
        void run() throws IOException;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256, which every JVM must have, is missing", e);
        }
    }
}
