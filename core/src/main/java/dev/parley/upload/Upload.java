package dev.parley.upload;

import dev.parley.upload.UploadProgress.EventType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One upload, as the application sees it: one file on its way in, or complete. What it says is what was so when it was given to the application,
 * but for {@link #offset}.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class Upload {
    private final Uploads uploads;
    private final LiveUpload live;
    private final UploadState state;

    /** On the lane. */
    Upload(Uploads uploads, LiveUpload live) {
        this.uploads = uploads;
        this.live = live;
        state = live.state();
    }

    /**
     * The id: the last part of its address. Whoever has it may append, cancel, and read what is complete.
     *
     * @return 26 characters of {@code a-z} and {@code 2-7}
     */
    public String id() {
        return live.id;
    }

    /**
     * How many bytes are stored.
     *
     * @return 0 or more
     */
    public long offset() {
        return live.offset();
    }

    /**
     * How long it is, or will be.
     *
     * @return bytes; empty if the client has not said yet
     */
    public OptionalLong length() {
        return state.length() < 0 ? OptionalLong.empty() : OptionalLong.of(state.length());
    }

    /**
     * The name of the file: what the client says, made harmless, or what the application has said. It is never the name that the
     * store uses.
     *
     * @return such as {@code holiday.jpg}
     */
    public Optional<String> fileName() {
        return Optional.ofNullable(state.about().fileName());
    }

    /**
     * The type that the client says it has. Nobody has looked.
     *
     * @return such as {@code image/jpeg}
     */
    public Optional<String> contentType() {
        return Optional.ofNullable(state.about().contentType());
    }

    /**
     * What the client says of it.
     *
     * @return names and values, in order
     */
    public Map<String, String> metadata() {
        return state.about().metadata();
    }

    /**
     * Whose it is.
     *
     * @return what the application said when it was created, or else the name of the principal
     */
    public Optional<String> owner() {
        return Optional.ofNullable(state.about().owner());
    }

    /**
     * When it was created.
     *
     * @return the time
     */
    public Instant created() {
        return state.about().created();
    }

    /**
     * The name of the topic on which its progress is published, where the endpoint has topics.
     *
     * @return the name
     */
    public String progressTopic() {
        return Uploads.topicOf(live.id);
    }

    /**
     * What one has to show to see its progress: the query parameter {@code token} of its address for that.
     *
     * @return the token
     */
    public String progressToken() {
        return state.about().token();
    }

    /**
     * How far it is.
     *
     * @return what was told last
     */
    public UploadProgress progress() {
        return live.progress();
    }

    /**
     * Its file. It belongs to the store, unless the application moves it away.
     *
     * @return where it is
     * @throws UnsupportedOperationException if the store does not keep uploads in files
     */
    public Path file() {
        if (uploads.store() instanceof UploadStore.Files files) {
            return files.file(live.id);
        }
        throw new UnsupportedOperationException(
                "file: the store has none (expected: a FileUploadStore; or use content())");
    }

    /**
     * Its bytes, as far as they are there. Blocks, as reading does.
     *
     * @return to be closed
     * @throws IOException if it can't be opened
     */
    public InputStream content() throws IOException {
        return new ContentStream(uploads.store().open(live.id));
    }

    /** Lets the client wait: nothing more is read from it, until {@link #resume}. A request that resumes the upload waits too. */
    public void pause() {
        uploads.paused().add(live.id);
    }

    /** Lets the client go on. */
    public void resume() {
        if (uploads.paused().remove(live.id)) {
            uploads.work(live, LiveUpload::resume);
        }
    }

    /** Cancels the upload, or deletes it if it is complete. A client that is sending is answered with 409, and one that asks later with 404. */
    public void delete() {
        uploads.work(live, upload -> upload.cancel(EventType.ABORT));
    }

    private static final class ContentStream extends InputStream {
        private final UploadContent content;
        private long position;

        ContentStream(UploadContent content) {
            this.content = content;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            if (count == 0) {
                return 0;
            }
            int read = content.read(position, ByteBuffer.wrap(into, from, count));
            if (read > 0) {
                position += read;
            }
            return read;
        }

        @Override
        public void close() throws IOException {
            content.close();
        }
    }
}
