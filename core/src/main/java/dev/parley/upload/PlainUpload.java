package dev.parley.upload;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.Uploads.Wish;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A body as it is, by PUT or POST: one request is one upload, and if it breaks off nothing is kept. */
final class PlainUpload implements Uploads.Dialect {
    private static final Logger LOG = LoggerFactory.getLogger(PlainUpload.class);

    private final Uploads uploads;

    PlainUpload(Uploads uploads) {
        this.uploads = uploads;
    }

    @Override
    public Response refusal(Problem problem) {
        return Response.problem(problem);
    }

    void receive(Exchange exchange, @Nullable String fileName) {
        Wish wish = new Wish(
                Fields.bodyLength(exchange),
                fileName,
                exchange.header("Content-Type").orElse(null),
                Map.of(),
                null,
                null,
                Digests.stated(exchange.headers()).orElse(null));
        uploads.create(exchange, this, wish, upload -> {
            UploadState state = upload.state();
            Transfer transfer = new Transfer(
                    exchange,
                    upload,
                    uploads,
                    state.length() >= 0 ? state.length() : state.about().maxLength(),
                    null,
                    false,
                    new Transfer.Listener() {
                        @Override
                        public void received() throws IOException {
                            complete(exchange, upload);
                        }

                        @Override
                        public void failed(Throwable cause) {
                            giveUp(upload);
                            Uploads.answer(exchange, PlainUpload.this, cause);
                        }
                    });
            transfer.begin();
            exchange.receive(transfer);
        });
    }

    private void complete(Exchange exchange, LiveUpload upload) throws IOException {
        upload.complete(exchange.executor()).whenComplete((kept, failure) -> {
            if (failure != null) {
                upload.lane.execute(() -> giveUp(upload)); // nobody can ask for it again
                Uploads.answer(exchange, this, failure);
            } else {
                exchange.respond(TusProtocol.merged(kept, created(exchange, upload)));
            }
        });
    }

    private static Response created(Exchange exchange, LiveUpload upload) {
        String location = location(exchange, upload.id);
        Map<String, Object> what = new LinkedHashMap<>();
        what.put("id", upload.id);
        what.put("bytes", upload.offset());
        Response created = Response.json(what).status(201).header("Location", location);
        return Fields.withProgress(created, location, upload);
    }

    /** By PUT the last part of the path is the name of the file: the upload is beside it. */
    static String location(Exchange exchange, String id) {
        return exchange.path("*").isEmpty() ? Fields.location(exchange, id) : id;
    }

    private static void giveUp(LiveUpload upload) {
        try {
            if (upload.exists()) {
                upload.delete(EventType.ERROR);
            }
        } catch (IOException e) {
            LOG.warn("upload {} was given up, and can't be deleted", upload.id, e);
        }
    }
}
