package dev.parley.upload;

import dev.parley.http.Download;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.upload.UploadState.About;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Gives uploads that are complete to whoever has their id, as what nobody trusts. */
final class UploadDownload {
    /** What is read into memory, from a store that has no files. */
    static final int MAX_BYTES = 8 * 1024 * 1024;

    private final Uploads uploads;

    UploadDownload(Uploads uploads) {
        this.uploads = uploads;
    }

    void send(Exchange exchange, Uploads.Dialect dialect, String id) {
        uploads.visit(exchange, dialect, id, upload -> {
            if (!upload.isDone()) {
                throw Problem.of(409, "This upload is not complete.").asException();
            }
            About about = upload.state().about();
            Download download = content(upload).tag(id); // a complete upload never changes
            if (about.fileName() != null) {
                download = download.name(about.fileName());
            }
            if (about.contentType() != null) {
                download = download.type(about.contentType());
            }
            Response response = download.answer(exchange);
            boolean hasContent = response.status() == 200 || response.status() == 206;
            exchange.respond(hasContent ? Digests.told(response, upload.state()) : response);
        });
    }

    private Download content(LiveUpload upload) throws IOException {
        if (uploads.store() instanceof UploadStore.Files files) {
            return Download.of(files.file(upload.id)).name("");
        }
        try (UploadContent content = uploads.store().open(upload.id)) {
            long size = content.size();
            if (size > MAX_BYTES) {
                throw Problem.of(
                                501,
                                "The store of this upload has no files: more than " + MAX_BYTES
                                        + " bytes are not sent.")
                        .asException();
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            while (bytes.hasRemaining()) {
                if (content.read(bytes.position(), bytes) < 0) {
                    throw new EOFException("upload " + upload.id + " ends at " + bytes.position() + " of " + size);
                }
            }
            return Download.of(bytes.array());
        }
    }
}
