package dev.parley.upload;

import dev.parley.http.BodyListener;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.Uploads.Wish;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A form by POST: each of its files is an upload, and all of them are kept or none.
 *
 * <pre>
 *   part begins ── onCreate ──→ LiveUpload ── Transfer ──→ part ends ── onPart
 *   form ends   ── onComplete for each file, in order ── onForm ──→ answer
 * </pre>
 */
final class FormUpload implements Uploads.Dialect {
    private static final Logger LOG = LoggerFactory.getLogger(FormUpload.class);
    private static final String TYPE = "multipart/form-data";

    /** What the files of a form keep of its fields, all together: each keeps those before it. */
    private static final long MAX_COPIED_CHARS = 1024 * 1024;

    /**
     * Settings.
     *
     * @param maxFieldBytes how many bytes of fields a form may have; each of its files keeps them as metadata
     */
    record Settings(
            Multipart limits,
            int maxFieldBytes,
            @Nullable Function<UploadForm.File, CompletionStage<?>> onPart,
            @Nullable Function<UploadForm, CompletionStage<Response>> onForm) {}

    private final Uploads uploads;
    private final Settings settings;

    FormUpload(Uploads uploads, Settings settings) {
        this.uploads = uploads;
        this.settings = settings;
    }

    @Override
    public Response refusal(Problem problem) {
        return Response.problem(problem);
    }

    /** Whether a body says that it is one. */
    static boolean isForm(Exchange exchange) {
        return exchange.header("Content-Type")
                .filter(type -> type.strip().toLowerCase(Locale.ROOT).startsWith(TYPE))
                .isPresent();
    }

    void receive(Exchange exchange) {
        Form form = new Form(exchange);
        settings.limits()
                .receive(exchange, form.fields.andFiles(form))
                .thenRun(form::complete); // who fails it has answered, or has no one to answer to
    }

    /** One of its files. */
    private final class FormFile implements Transfer.Listener {
        private final Form form;
        private final String field;
        private final LiveUpload upload;
        private final Transfer transfer;
        /** All of it is stored, and the application has nothing against it. */
        private final CompletableFuture<Void> taken = new CompletableFuture<>();
        /** What the application has answered. */
        private Optional<KeptResponse> answer = Optional.empty();

        FormFile(Form form, String field, LiveUpload upload) {
            this.form = form;
            this.field = field;
            this.upload = upload;
            transfer = new Transfer(
                    form.exchange, upload, uploads, upload.state().about().maxLength(), null, false, this);
        }

        UploadForm.File view() {
            return new UploadForm.File(field, new Upload(uploads, upload));
        }

        @Override
        public void received() throws IOException {
            upload.length(upload.offset());
            Function<UploadForm.File, CompletionStage<?>> onPart = settings.onPart();
            if (onPart == null) {
                taken.complete(null);
                return;
            }
            UploadForm.File view = view();
            Uploads.ask(form.exchange.executor(), () -> onPart.apply(view)).whenComplete((done, failure) -> {
                if (failure != null) {
                    form.failSoon(failure);
                } else {
                    taken.complete(null);
                }
            });
        }

        @Override
        public void failed(Throwable cause) {
            form.failSoon(cause);
        }

        Map<String, Object> toMap() {
            String location = Fields.location(form.exchange, upload.id);
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("field", field);
            map.put("name", upload.state().about().fileName());
            map.put("bytes", upload.offset());
            map.put("id", upload.id);
            map.put("location", location);
            map.put("progress", Fields.progress(location, upload));
            return map;
        }

        /** Nothing more is done with it. On the lane. */
        void giveUp(EventType type) {
            try {
                if (upload.exists()) {
                    upload.delete(type);
                }
            } catch (IOException e) {
                LOG.warn("upload {} is of a form that was given up, and can't be deleted", upload.id, e);
            } finally {
                uploads.release(upload);
            }
        }
    }

    /**
     * One form.
     *
     * <p><b>States.</b> Coming in; or given up, and then it does nothing more; or whole: then its files are completed one after the other.
     *
     * <p><b>Threading.</b> Confined to the event loop until it is whole. Then to the lane of the file whose turn it is.
     */
    private final class Form implements PartListener {
        private final Exchange exchange;
        private final EventLoop loop;
        private final FormFields fields = new FormFields(settings.maxFieldBytes(), settings.maxFieldBytes());
        private final List<FormFile> files = new ArrayList<>();
        /** Those that are complete. */
        private final List<UploadForm.File> views = new ArrayList<>();

        private Map<String, String> metadata = Map.of();
        private int fieldsInMetadata;
        private long metadataChars;
        /** Of all of its files. */
        private long copiedChars;

        /** What begins, while it has no upload. */
        private @Nullable Part begins;
        /** The one that is coming in. */
        private @Nullable FormFile current;

        private boolean isOver;

        Form(Exchange exchange) {
            this.exchange = exchange;
            loop = exchange.eventLoop();
        }

        // ---- parts, on the event loop

        @Override
        public CompletionStage<?> onPart(Part part) {
            if (part.mayBeEmptyFileInput()) {
                begins = part;
                return BodyListener.READY;
            }
            return begin(part);
        }

        @Override
        public CompletionStage<?> onData(ByteBuf data) {
            Part part = begins;
            if (part != null) { // it has no name, but it is a file
                begins = null;
                ByteBuf first = data.retain();
                return begin(part)
                        .thenCompose(file -> file.transfer.onChunk(first))
                        .whenComplete((taken, failure) -> first.release());
            }
            return current == null ? BodyListener.READY : current.transfer.onChunk(data);
        }

        @Override
        public CompletionStage<?> onPartEnd() {
            begins = null;
            FormFile file = current;
            if (file == null) {
                return BodyListener.READY;
            }
            current = null;
            file.transfer.onEnd(EmptyHttpHeaders.INSTANCE);
            return file.taken;
        }

        @Override
        public void onFailure(Throwable cause) {
            if (!isOver) {
                isOver = true;
                if (current != null) {
                    current.transfer.onFailure(cause);
                }
                giveUp(cause);
            }
        }

        private CompletableFuture<FormFile> begin(Part part) {
            CompletableFuture<FormFile> begun = new CompletableFuture<>();
            uploads.create(
                    exchange,
                    wish(part),
                    files.size(),
                    upload -> {
                        uploads.retain(upload);
                        FormFile file = new FormFile(this, part.name(), upload);
                        try {
                            file.transfer.begin();
                        } catch (IOException | RuntimeException e) {
                            file.giveUp(EventType.ERROR);
                            throw e;
                        }
                        loop.execute(() -> begin(file, begun));
                    },
                    failure -> loop.execute(() -> {
                        fail(failure);
                        begun.completeExceptionally(failure);
                    }));
            return begun;
        }

        private void begin(FormFile file, CompletableFuture<FormFile> begun) {
            if (isOver) {
                Throwable gone = new IOException("the form was given up");
                file.transfer.onFailure(gone);
                file.upload.lane.execute(() -> file.giveUp(EventType.ABORT));
                begun.completeExceptionally(gone);
            } else {
                files.add(file);
                current = file;
                begun.complete(file);
            }
        }

        private Wish wish(Part part) {
            if (fields.count() != fieldsInMetadata) {
                fieldsInMetadata = fields.count();
                Map<String, String> firsts = new LinkedHashMap<>();
                fields.toMap().forEach((name, values) -> firsts.put(name, values.get(0)));
                metadata = firsts;
                metadataChars = firsts.entrySet().stream()
                        .mapToLong(entry -> entry.getKey().length()
                                + (long) entry.getValue().length())
                        .sum();
            }
            copiedChars += metadataChars;
            if (copiedChars > MAX_COPIED_CHARS) {
                throw Problem.of(413, "Each file keeps the fields before it: there are too many of both.")
                        .asException();
            }
            return new Wish(-1, part.safeFileName(), part.contentType(), metadata, null, null, null);
        }

        // ---- no form

        private void failSoon(Throwable cause) {
            loop.execute(() -> fail(cause));
        }

        /** Answers with what went wrong, which ends the body. */
        private void fail(Throwable cause) {
            if (!isOver) {
                isOver = true;
                giveUp(cause);
                Uploads.answer(exchange, FormUpload.this, cause);
            }
        }

        private void giveUp(Throwable cause) {
            EventType type = type(cause);
            files.forEach(file -> file.upload.lane.execute(() -> file.giveUp(type)));
        }

        private static EventType type(Throwable cause) {
            if (cause instanceof SocketTimeoutException) {
                return EventType.TIMEOUT;
            }
            return cause instanceof IOException ? EventType.ABORT : EventType.ERROR;
        }

        // ---- a form

        /** All of it is there. */
        private void complete() {
            isOver = true;
            complete(0);
        }

        private void complete(int from) {
            if (from == files.size()) {
                answer();
                return;
            }
            FormFile file = files.get(from);
            file.upload.lane.execute(() -> {
                try {
                    if (!file.upload.exists()) {
                        throw Problem.of(409, "A file of this form was deleted meanwhile.")
                                .asException();
                    }
                    file.upload.complete(exchange.executor()).whenComplete((kept, failure) -> {
                        if (failure != null) {
                            refuse(failure);
                        } else {
                            file.answer = kept;
                            views.add(file.view());
                            complete(from + 1);
                        }
                    });
                } catch (IOException | RuntimeException e) {
                    refuse(e);
                }
            });
        }

        private void refuse(Throwable cause) {
            files.forEach(file -> file.upload.lane.execute(() -> file.giveUp(EventType.ERROR)));
            Uploads.answer(exchange, FormUpload.this, cause);
        }

        private void answer() {
            Function<UploadForm, CompletionStage<Response>> onForm = settings.onForm();
            if (onForm == null) {
                answer(ownAnswer());
                return;
            }
            UploadForm form = new UploadForm(exchange, fields, views);
            Uploads.ask(exchange.executor(), () -> onForm.apply(form)).whenComplete((response, failure) -> {
                if (failure != null) {
                    refuse(failure);
                } else if (response == null) {
                    refuse(new NullPointerException("onForm: null (expected: a response)"));
                } else {
                    answer(response);
                }
            });
        }

        private void answer(Response response) {
            files.forEach(file -> file.upload.lane.execute(() -> uploads.release(file.upload)));
            exchange.respond(response);
        }

        /** What the application says of the only file, or against one; else what was stored. */
        private Response ownAnswer() {
            List<KeptResponse> answers =
                    files.stream().flatMap(file -> file.answer.stream()).toList();
            for (KeptResponse answer : answers) {
                if (answer.status() >= 400 || files.size() == 1) {
                    return answer.toResponse();
                }
            }
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("fields", fields.toMap());
            all.put("files", files.stream().map(FormFile::toMap).toList());
            return Response.json(all);
        }
    }
}
