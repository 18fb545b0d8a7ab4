package dev.parley.examples;

import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.sse.SseEndpoint;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.Topics;
import dev.parley.upload.FileUploadStore;
import dev.parley.upload.Upload;
import dev.parley.upload.UploadEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Map;

/** Takes uploads that may be paused and go on, and tells how much of each is on disk to everybody who has the link. */
final class ProgressEventDemo implements AutoCloseable {
    private static final long MIB = 1024 * 1024;
    /** Of what is complete, so much stays: the rest of the store is for what is on its way. */
    private static final long MAX_COMPLETE = 128 * MIB;

    private final Path directory;
    private final FileUploadStore store;
    private final UploadEndpoint uploads;
    private final Topics topics = Topics.builder().history(History.last(100)).build();
    /** Guarded by itself. */
    private final Deque<Upload> complete = new ArrayDeque<>();

    ProgressEventDemo() {
        try {
            directory = Files.createTempDirectory("parley-gallery-");
            store = FileUploadStore.at(directory).maxBytes(256 * MIB).open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        uploads = UploadEndpoint.builder(store)
                .maxUploadBytes(64 * MIB)
                .maxUnfinished(100)
                .expireAfter(Duration.ofHours(1))
                .onComplete(this::complete)
                .progress(topics)
                .build();
    }

    Routes routes() {
        return Routes.builder()
                .any("/uploads/*", uploads)
                // From the oldest on: so who comes later sees how it began.
                .get(
                        "/uploads/{id}/progress",
                        SseEndpoint.builder()
                                .topics(uploads::progress)
                                .from(From.oldest())
                                .build())
                .build();
    }

    /** Its answer is the answer to the last request of the upload, and is kept for a client that did not get it. */
    private Response complete(Upload upload) {
        Response answer = Response.json(Map.of("sha256", sha256(upload)));
        synchronized (complete) {
            complete.add(upload);
            long bytes = complete.stream().mapToLong(Upload::offset).sum();
            while (bytes > MAX_COMPLETE) {
                Upload oldest = complete.remove();
                bytes -= oldest.offset();
                oldest.delete();
            }
        }
        return answer;
    }

    private static String sha256(Upload upload) {
        try (InputStream content = upload.content()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            new DigestInputStream(content, digest).transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public void close() {
        topics.close();
        try {
            store.close();
            try (var files = Files.newDirectoryStream(directory)) {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
