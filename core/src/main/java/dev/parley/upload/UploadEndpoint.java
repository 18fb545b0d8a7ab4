package dev.parley.upload;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.ProblemException;
import dev.parley.http.Response;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Takes uploads in whatever way a browser sends them, and keeps them in a store.
 *
 * <pre>{@code
 * UploadStore store = FileUploadStore.at(Path.of("uploads")).open();
 * UploadEndpoint uploads = UploadEndpoint.builder(store)
 *         .onCreate(upload -> users.mayUpload(upload) ? accept() : refuse(403, "quota"))
 *         .onComplete(upload -> Response.json(photos.add(upload)))
 *         .progress(topics)
 *         .build();
 * routes.any("/uploads/*", uploads)
 *       .get("/uploads/{id}/progress", SseEndpoint.builder().topics(uploads::progress).from(From.last(1)).build());
 * }</pre>
 *
 * <table>
 * <caption>What is answered under its path</caption>
 * <tr><td>{@code POST} with {@code Tus-Resumable}; {@code PATCH}, {@code HEAD} and {@code DELETE} of an upload</td><td><a
 * href="https://tus.io/protocols/resumable-upload">tus 1.0.0</a></td></tr>
 * <tr><td>{@code POST} of {@code multipart/form-data}</td><td>a form: each file in it is an upload. All of them are kept, or none: if the form breaks
 * off, is malformed or over a limit, if a file of it is refused or the application fails, all are deleted. Inputs that were left empty are no files. The
 * fields before a file are its metadata, the first value where a name has several</td></tr>
 * <tr><td>{@code POST} of anything else; {@code PUT}, whose path may end with the file's name</td><td>the body is the file</td></tr>
 * <tr><td>{@code GET /id/progress?token=…}</td><td>how far an upload is: {@link UploadProgress#toJson}. Whoever creates an upload is told by
 * {@code Upload-Progress} where that is, relative as {@code Location}. 403 if the token is another</td></tr>
 * <tr><td>{@code GET /id}</td><td>the file, if there are {@link Builder#downloads}</td></tr>
 * </table>
 *
 * <p><b>Threading.</b> Thread-safe. Nothing touches the disk on an event loop.
 */
public final class UploadEndpoint implements Endpoint {
    private static final String PROGRESS = "/progress";

    private final Uploads uploads;
    private final TusProtocol tus;
    private final ResumableProtocol resumable;
    private final PlainUpload plain;
    private final FormUpload form;
    private final @Nullable UploadDownload download;
    private final @Nullable Topics topics;

    private UploadEndpoint(Builder builder) {
        topics = builder.topics;
        uploads = new Uploads(
                builder.store,
                new Uploads.Settings(
                        builder.maxUploadBytes,
                        builder.maxBytesInFlight,
                        builder.maxUnfinished,
                        builder.expireAfter,
                        builder.clock,
                        builder.onCreate,
                        builder.onComplete,
                        builder.onProgress,
                        builder.topics),
                new Space(
                        builder.store,
                        builder.maxBytesPerOwner,
                        builder.maxUnfinishedPerOwner,
                        builder.maxUnfinishedPerClient));
        try {
            uploads.open();
        } catch (IOException e) {
            throw new UncheckedIOException("the uploads of the store can't be listed", e);
        }
        tus = new TusProtocol(uploads);
        resumable = new ResumableProtocol(uploads);
        plain = new PlainUpload(uploads);
        form = new FormUpload(
                uploads,
                new FormUpload.Settings(builder.form, builder.maxFormFieldBytes, builder.onPart, builder.onForm));
        download = builder.downloads ? new UploadDownload(uploads) : null;
    }

    /**
     * Begins an endpoint.
     *
     * @param store where uploads are kept; it stays the caller's, who closes it when nothing is served any more
     * @return a new builder
     */
    public static Builder builder(UploadStore store) {
        return new Builder(store);
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.maxBodyBytes(Long.MAX_VALUE); // the limits are those of uploads
        try {
            HttpMethod method = method(exchange);
            String rest = exchange.path("*");
            if (rest.isEmpty()) {
                handleAll(exchange, method);
            } else {
                handleOne(exchange, method, rest);
            }
        } catch (ProblemException refusal) {
            exchange.respond(dialect(exchange).refusal(refusal.problem()));
        }
    }

    /** The one that a request speaks. */
    private Uploads.Dialect dialect(Exchange exchange) {
        return isTus(exchange) ? tus : ResumableProtocol.isMeant(exchange) ? resumable : plain;
    }

    /** Requests of those that may send GET and POST only say what they mean. */
    private static HttpMethod method(Exchange exchange) {
        Optional<String> override = Fields.one(exchange, "X-HTTP-Method-Override");
        if (override.isEmpty() || !exchange.method().equals(HttpMethod.POST)) {
            return exchange.method();
        }
        try {
            return HttpMethod.valueOf(override.get().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw Fields.wrong("X-HTTP-Method-Override (expected: a method)");
        }
    }

    private static boolean isTus(Exchange exchange) {
        return exchange.headers().contains("Tus-Resumable");
    }

    private Response described() {
        return resumable.described(TusProtocol.described(Response.noContent(), uploads.maxUploadBytes()));
    }

    private void handleAll(Exchange exchange, HttpMethod method) {
        if (method.equals(HttpMethod.OPTIONS)) {
            exchange.respond(described());
        } else if (method.equals(HttpMethod.POST) && isTus(exchange)) {
            tus.create(exchange);
        } else if ((method.equals(HttpMethod.POST) || method.equals(HttpMethod.PUT))
                && ResumableProtocol.isMeant(exchange)) {
            resumable.create(exchange, null);
        } else if (method.equals(HttpMethod.POST) && FormUpload.isForm(exchange)) {
            form.receive(exchange);
        } else if (method.equals(HttpMethod.POST) || method.equals(HttpMethod.PUT)) {
            plain.receive(exchange, null);
        } else {
            exchange.respond(notAllowed("OPTIONS, POST, PUT"));
        }
    }

    private void handleOne(Exchange exchange, HttpMethod method, String id) {
        if (method.equals(HttpMethod.OPTIONS)) {
            exchange.respond(described());
        } else if (method.equals(HttpMethod.PATCH)) {
            if (isTus(exchange) || TusProtocol.isPatch(exchange)) {
                tus.append(exchange, id);
            } else {
                resumable.append(exchange, id);
            }
        } else if (method.equals(HttpMethod.HEAD)) {
            if (isTus(exchange)) {
                tus.offset(exchange, id);
            } else {
                resumable.offset(exchange, id);
            }
        } else if (method.equals(HttpMethod.DELETE)) {
            if (isTus(exchange)) {
                tus.terminate(exchange, id);
            } else {
                resumable.cancel(exchange, id);
            }
        } else if (id.indexOf('/') >= 0 && !(method.equals(HttpMethod.GET) && id.endsWith(PROGRESS))) {
            exchange.respond(dialect(exchange).refusal(Uploads.notFound()));
        } else if (method.equals(HttpMethod.PUT) && !isTus(exchange) && ResumableProtocol.isMeant(exchange)) {
            resumable.create(exchange, FileName.safe(id));
        } else if (method.equals(HttpMethod.PUT)) {
            plain.receive(exchange, FileName.safe(id));
        } else if (method.equals(HttpMethod.GET) && id.endsWith(PROGRESS)) {
            answerProgress(exchange, id.substring(0, id.length() - PROGRESS.length()));
        } else if (method.equals(HttpMethod.GET) && download != null) {
            download.send(exchange, plain, id);
        } else {
            exchange.respond(notAllowed("DELETE, " + (download == null ? "" : "GET, ") + "HEAD, OPTIONS, PATCH, PUT"));
        }
    }

    private static Response notAllowed(String allowed) {
        return Response.problem(Problem.of(405)).header("Allow", allowed);
    }

    // ---- the application

    /**
     * Finds an upload, so that the application can look at it, pause it, or delete it.
     *
     * @param exchange whose work this is part of
     * @param id an id, whatever a client says it is
     * @return the upload; empty if there is none
     */
    public CompletionStage<Optional<Upload>> find(Exchange exchange, String id) {
        return uploads.look(exchange, id, upload -> new Upload(uploads, upload));
    }

    /**
     * Finds an upload as {@link #find(Exchange, String)} does, for work of the application that is part of no exchange, such as a job that gives up what
     * nobody wants any more.
     *
     * @param id an id
     * @return the upload; empty if there is none. Completes on the executor of the server, or on the common pool if nothing was uploaded yet
     */
    public CompletionStage<Optional<Upload>> find(String id) {
        return uploads.look(id, upload -> new Upload(uploads, upload));
    }

    // ---- progress

    /**
     * The topic on which the progress of an upload is published, for who may see it: the exchange has a path parameter {@code id}, and a
     * query parameter {@code token} that is the upload's {@link Upload#progressToken}. It is what event streams are made of; with the last
     * that was told, for who joins late:
     *
     * <pre>{@code
     * SseEndpoint.builder().topics(uploads::progress).from(From.last(1)).build()
     * }</pre>
     *
     * @param exchange who asks
     * @return one topic; fails with a {@link ProblemException}: 404 if there is no such upload, 403 if the token is another
     * @throws IllegalStateException if {@link Builder#progress} was not set
     */
    public CompletionStage<List<Topic>> progress(Exchange exchange) {
        Topics published = topics;
        if (published == null) {
            throw new IllegalStateException("progress: no topics (expected: those of Builder.progress)");
        }
        return uploads.look(exchange, exchange.path("id"), upload -> {
                    checkToken(exchange, upload);
                    return List.of(published.topic(Uploads.topicOf(upload.id)));
                })
                .thenApply(found -> found.orElseThrow(() -> Uploads.notFound().asException()));
    }

    private void answerProgress(Exchange exchange, String id) {
        uploads.visit(exchange, plain, id, upload -> {
            checkToken(exchange, upload);
            exchange.respond(Response.bytes(
                            "application/json", upload.progress().toJson().getBytes(StandardCharsets.UTF_8))
                    .header("Cache-Control", "no-store"));
        });
    }

    private static void checkToken(Exchange exchange, LiveUpload upload) {
        byte[] expected = upload.state().about().token().getBytes(StandardCharsets.UTF_8);
        byte[] shown = exchange.query("token").orElse("").getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(expected, shown)) {
            throw Problem.of(403, "token (expected: the one of this upload)").asException();
        }
    }

    /**
     * What the application does at some point of an upload, and answers: a lambda, which may block, and throw as an {@link Endpoint} may.
     *
     * @param <T> what it is called with
     * @param <R> what it answers
     */
    @FunctionalInterface
    public interface Hook<T, R> {
        /**
         * Is called on {@link Exchange#executor}.
         *
         * @param what the upload, or the wish or form of which there is question
         * @return what is to be done or answered
         * @throws Exception to answer 500, or what a {@link ProblemException} says
         */
        R call(T what) throws Exception;
    }

    /** What the application does with a file of a form that has come whole: as {@link Hook}, without an answer. */
    @FunctionalInterface
    public interface PartHook {
        /**
         * Is called on {@link Exchange#executor}.
         *
         * @param file the file
         * @throws Exception to refuse the form: with 500, or what a {@link ProblemException} says
         */
        void call(UploadForm.File file) throws Exception;
    }

    /** Builds an {@link UploadEndpoint}. Not thread-safe. */
    public static final class Builder {
        private final UploadStore store;
        private long maxUploadBytes = 16L << 30;
        private long maxBytesInFlight = 64L << 20;
        private int maxUnfinished = 10_000;
        private int maxUnfinishedPerOwner = 100;
        private int maxUnfinishedPerClient = 1000;
        private long maxBytesPerOwner = Long.MAX_VALUE;
        private Duration expireAfter = Duration.ofDays(1);
        private InstantSource clock = InstantSource.system();
        private Function<UploadRequest, CompletionStage<Admission>> onCreate =
                request -> CompletableFuture.completedStage(Admission.accept());
        private @Nullable Function<Upload, CompletionStage<Response>> onComplete;
        private Consumer<UploadProgress> onProgress = progress -> {};
        private @Nullable Topics topics;
        private Multipart form = Multipart.builder().maxBytes(Long.MAX_VALUE).build();
        private int maxFormFieldBytes = 64 * 1024;
        private @Nullable Function<UploadForm.File, CompletionStage<?>> onPart;
        private @Nullable Function<UploadForm, CompletionStage<Response>> onForm;
        private boolean downloads;

        private Builder(UploadStore store) {
            this.store = Objects.requireNonNull(store, "store");
        }

        /**
         * Sets how long an upload may be. Default: 16 GiB. A longer one gets 413.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxUploadBytes(long bytes) {
            maxUploadBytes = Setting.atLeast("maxUploadBytes", bytes, 1L);
            return this;
        }

        /**
         * Sets how many bytes of all uploads may wait for the disk. Default: 64 MiB. When it is passed each request may have one read of
         * its socket wait, and no more: clients are slowed down.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxBytesInFlight(long bytes) {
            maxBytesInFlight = Setting.atLeast("maxBytesInFlight", bytes, 1L);
            return this;
        }

        /**
         * Sets how many uploads may be unfinished. Default: 10,000. One more gets 503.
         *
         * @param uploads 1 or more
         * @return this builder
         */
        public Builder maxUnfinished(int uploads) {
            maxUnfinished = Setting.atLeast("maxUnfinished", uploads, 1);
            return this;
        }

        /**
         * Sets how many uploads of one owner may be unfinished. Default: 100. One more gets 503. The files of a form count, but not against each
         * other: a form may have more of them.
         *
         * @param uploads 1 or more
         * @return this builder
         */
        public Builder maxUnfinishedPerOwner(int uploads) {
            maxUnfinishedPerOwner = Setting.atLeast("maxUnfinishedPerOwner", uploads, 1);
            return this;
        }

        /**
         * Sets how many uploads that have no owner may be unfinished of one client, which is told by its address: {@link UploadRequest#client}. Default: 1,000,
         * as many people may share an address. One more gets 503; files of a form count as for an owner. Addresses are only held in memory: what was
         * begun in a program before counts for nobody.
         *
         * <p>Behind a proxy that is not {@linkplain dev.parley.http.Exchange#peerAddress trusted} all clients have its address.
         *
         * @param uploads 1 or more
         * @return this builder
         */
        public Builder maxUnfinishedPerClient(int uploads) {
            maxUnfinishedPerClient = Setting.atLeast("maxUnfinishedPerClient", uploads, 1);
            return this;
        }

        /**
         * Sets how much one owner may have in the store, complete or not. Default: no bound. What would be more gets 413. Each upload counts with its bytes, or
         * those it has announced, and with its record, in blocks of 4 KiB.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxBytesPerOwner(long bytes) {
            maxBytesPerOwner = Setting.atLeast("maxBytesPerOwner", bytes, 1L);
            return this;
        }

        /**
         * Sets for how long after somebody last worked on it an unfinished upload is kept. Default: a day. After that it is not found, and is
         * deleted when uploads are next used.
         *
         * @param lifetime a second or more
         * @return this builder
         */
        public Builder expireAfter(Duration lifetime) {
            if (lifetime.compareTo(Duration.ofSeconds(1)) < 0 || lifetime.compareTo(Duration.ofDays(36_500)) > 0) {
                throw new IllegalArgumentException("expireAfter: " + lifetime + " (expected: PT1S to P36500D)");
            }
            expireAfter = lifetime;
            return this;
        }

        /**
         * Sets who may upload what: asked before anything is stored. Default: all is accepted.
         *
         * @param decision called on {@link Exchange#executor}, where it may block
         * @return this builder
         */
        public Builder onCreate(Hook<UploadRequest, Admission> decision) {
            return onCreateAsync(staged(decision));
        }

        /**
         * As {@link #onCreate}, for a decision that comes later.
         *
         * @param decision called on {@link Exchange#executor}; a stage that fails answers as one that an endpoint responds with
         * @return this builder
         */
        public Builder onCreateAsync(Function<UploadRequest, CompletionStage<Admission>> decision) {
            onCreate = Objects.requireNonNull(decision, "decision");
            return this;
        }

        /**
         * Sets what is done with an upload that has all of its bytes. Its answer, whatever the status, is the answer to the client; it is kept, and given
         * again to a client that did not get it. From then on the upload is complete, and this is not called again for it.
         *
         * <p>If it throws, the client is told (500, or what a {@link dev.parley.http.ProblemException} says), and the upload is not
         * complete: a client that resumes it causes another attempt. The same is so if the program ends before the answer is kept: who must
         * not do a thing twice remembers {@link Upload#id}.
         *
         * @param action called on {@link Exchange#executor}, where it may block
         * @return this builder
         */
        public Builder onComplete(Hook<Upload, Response> action) {
            return onCompleteAsync(staged(action));
        }

        /**
         * As {@link #onComplete}, for an answer that comes later.
         *
         * @param action called on {@link Exchange#executor}
         * @return this builder
         */
        public Builder onCompleteAsync(Function<Upload, CompletionStage<Response>> action) {
            onComplete = Objects.requireNonNull(action, "action");
            return this;
        }

        /**
         * Sets how much there may be of a form. Default: what {@link Multipart} has, 1,000 parts among it, but for the bytes of the form, of which
         * there may be any number: each file of it is an upload with its own limits. More gets 413.
         *
         * @param limits the limits
         * @return this builder
         */
        public Builder form(Multipart limits) {
            form = Objects.requireNonNull(limits, "limits");
            return this;
        }

        /**
         * Sets how many bytes the fields of a form may have that are no files, with their names and a little for each. Default: 64 KiB. More gets 413. Each
         * file of a form keeps the fields before it as its metadata.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxFormFieldBytes(int bytes) {
            maxFormFieldBytes = Setting.atLeast("maxFormFieldBytes", bytes, 1);
            return this;
        }

        /**
         * Sets what looks at each file of a form when it has come whole, before the next comes. A
         * {@link dev.parley.http.ProblemException} refuses the form, and is what the client is told.
         *
         * @param action called on {@link Exchange#executor}, where it may block
         * @return this builder
         */
        public Builder onPart(PartHook action) {
            Objects.requireNonNull(action, "action");
            Hook<UploadForm.File, UploadForm.File> hook = file -> {
                action.call(file);
                return file;
            };
            return onPartAsync(staged(hook)::apply);
        }

        /**
         * As {@link #onPart}, for what takes longer.
         *
         * @param action called on {@link Exchange#executor}; the next file comes when its stage is complete
         * @return this builder
         */
        public Builder onPartAsync(Function<UploadForm.File, CompletionStage<?>> action) {
            onPart = Objects.requireNonNull(action, "action");
            return this;
        }

        /**
         * Sets what answers a form that has come whole, when {@link #onComplete} has been called for each of its files. If it throws, none of them is
         * kept.
         *
         * <p>Unless this is set, the answer to a form with one file is what {@link #onComplete} says of it, if that is set, as it is for any other upload; if
         * it is a form with several, the first answer of which the status is 400 or more; else
         *
         * <pre>{@code
         * {"fields":{"title":["Two days"]},
         *  "files":[{"field":"photo","name":"a.jpg","bytes":5,"id":"…","location":"uploads/…","progress":"uploads/…"}]}
         * }</pre>
         *
         * @param action called on {@link Exchange#executor}, where it may block
         * @return this builder
         */
        public Builder onForm(Hook<UploadForm, Response> action) {
            return onFormAsync(staged(action));
        }

        /**
         * As {@link #onForm}, for an answer that comes later.
         *
         * @param action called on {@link Exchange#executor}
         * @return this builder
         */
        public Builder onFormAsync(Function<UploadForm, CompletionStage<Response>> action) {
            onForm = Objects.requireNonNull(action, "action");
            return this;
        }

        /**
         * Lets whoever has the id of a complete upload download it, by {@code GET}. Default: not, which is answered with 405.
         *
         * <p>It is served as {@link dev.parley.http.Download} serves what nobody trusts: to be saved under its name and never shown as a page, not
         * changed by a coding, with its length and ranges. What is not complete is answered with 409. A store that does not
         * keep {@linkplain UploadStore.Files files} gives up to 8 MiB; more is answered with 501.
         *
         * @return this builder
         */
        public Builder downloads() {
            downloads = true;
            return this;
        }

        /**
         * Sets who hears of the progress of all uploads: at most 20 times a second for each.
         *
         * @param listener called off the event loop, in order for each upload, which waits meanwhile: it should not take long
         * @return this builder
         */
        public Builder onProgress(Consumer<UploadProgress> listener) {
            onProgress = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Publishes the progress of each upload on a topic of its own: {@link Upload#progressTopic}, with the
         * {@linkplain UploadProgress.EventType#event type} as event and {@linkplain UploadProgress#toJson JSON} as payload.
         *
         * @param published where; best topics of their own, as clients cause one for each upload, and can use up all that may be
         * @return this builder
         */
        public Builder progress(Topics published) {
            topics = Objects.requireNonNull(published, "published");
            return this;
        }

        /**
         * Sets the clock that says when uploads expire.
         *
         * @param clock the system's, unless this is set
         * @return this builder
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /** What a hook says as a stage, whether it answers or throws. */
        private static <T, R> Function<T, CompletionStage<R>> staged(Hook<T, R> hook) {
            Objects.requireNonNull(hook, "hook");
            return what -> {
                try {
                    return CompletableFuture.completedStage(hook.call(what));
                } catch (Exception e) { // told to the client
                    return CompletableFuture.failedStage(e);
                }
            };
        }

        /**
         * Makes the endpoint, and looks at what is in the store already. Blocks.
         *
         * @return a new endpoint
         * @throws UncheckedIOException if the uploads of the store can't be listed
         */
        public UploadEndpoint build() {
            return new UploadEndpoint(this);
        }
    }
}
