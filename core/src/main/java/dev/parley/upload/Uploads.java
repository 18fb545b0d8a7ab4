package dev.parley.upload;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.ProblemException;
import dev.parley.http.Response;
import dev.parley.topic.Draft;
import dev.parley.topic.TopicException;
import dev.parley.topic.Topics;
import dev.parley.upload.Space.Grant;
import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.UploadProgress.Phase;
import dev.parley.upload.UploadState.About;
import dev.parley.upload.UploadState.Stage;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The uploads of a store, whichever way they come: what the wire formats of {@link UploadEndpoint} have in common.
 *
 * <pre>
 *   wire format ── create, visit ──→ LiveUpload (one lane each) ──→ UploadStore
 *        │                               ↑
 *        └── Exchange.receive ──→ Transfer
 * </pre>
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Uploads {
    private static final Logger LOG = LoggerFactory.getLogger(Uploads.class);
    private static final Pattern ID = Pattern.compile("[a-z2-7]{26}");
    private static final String ID_LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
    private static final int ID_LENGTH = 26;
    private static final String TOPIC = "upload/";

    /** Milliseconds from one look at what has expired to the next. */
    private static final long SWEEP_EVERY = 10_000;

    /** How a wire format says that something is wrong. */
    interface Dialect {
        Response refusal(Problem problem);

        /** The bytes of a request were not what its checksum says. */
        default Problem mismatch() {
            return Problem.of(400, "The bytes of this request do not have its digest; they were not kept.");
        }
    }

    /** What is done with an upload, on its lane. A failure is answered. */
    @FunctionalInterface
    interface LaneTask {
        void run(LiveUpload upload) throws Exception;
    }

    /**
     * What a client says of an upload to be.
     *
     * @param length the length in bytes, or -1
     */
    record Wish(
            long length,
            @Nullable String fileName,
            @Nullable String contentType,
            Map<String, String> metadata,
            @Nullable String tusMetadata,
            @Nullable String tusConcat,
            @Nullable UploadDigest digest) {}

    /**
     * Settings.
     *
     * @param maxUploadBytes how long one may be
     * @param maxBytesInFlight how many bytes may wait for the disk
     * @param maxUnfinished how many may be unfinished
     * @param lifetime for how long after somebody last worked on it an unfinished one is kept
     */
    record Settings(
            long maxUploadBytes,
            long maxBytesInFlight,
            int maxUnfinished,
            Duration lifetime,
            InstantSource clock,
            Function<UploadRequest, CompletionStage<Admission>> onCreate,
            @Nullable Function<Upload, CompletionStage<Response>> onComplete,
            Consumer<UploadProgress> onProgress,
            @Nullable Topics topics) {}

    /**
     * What is remembered of an upload that is not complete, while nobody works on it.
     *
     * @param client whose address it counts for, if it has no owner and was begun in this program: addresses are not written down
     */
    private record Unfinished(
            @Nullable String owner, @Nullable String client, Instant expires, long reserved) {
        Unfinished expires(Instant later) {
            return new Unfinished(owner, client, later, reserved);
        }

        Unfinished reserved(long bytes) {
            return new Unfinished(owner, client, expires, bytes);
        }
    }

    /** Where an upload is worked on. */
    private record Place(Executor executor, EventExecutor timer) {}

    private final UploadStore store;
    private final Settings settings;
    private final Space space;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, LiveUpload> live = new ConcurrentHashMap<>();
    private final Map<String, Unfinished> unfinished = new ConcurrentHashMap<>();
    /** Of those that are unfinished. */
    private final Set<String> paused = ConcurrentHashMap.newKeySet();

    /** Of those that are unfinished, and on which somebody has worked. */
    private final Map<String, ProgressMeter> meters = new ConcurrentHashMap<>();

    private final AtomicLong inFlight = new AtomicLong();
    private final AtomicLong sweepAt = new AtomicLong(Long.MIN_VALUE);

    /** Where is worked without an exchange: where it was last with one. */
    private volatile Place place = new Place(ForkJoinPool.commonPool(), GlobalEventExecutor.INSTANCE);

    Uploads(UploadStore store, Settings settings, Space space) {
        this.store = store;
        this.settings = settings;
        this.space = space;
    }

    /** Looks at what is in the store. Blocks. */
    void open() throws IOException {
        for (String id : store.ids()) {
            try {
                Optional<byte[]> record = store.record(id);
                if (record.isPresent()) {
                    found(id, UploadState.parse(record.get()), Space.roomOf(record.get()));
                }
            } catch (IOException | RuntimeException e) { // that one can't be used; it is for somebody to look at
                LOG.error("upload {} can't be read", id, e);
            }
        }
    }

    private void found(String id, UploadState state, long room) throws IOException {
        long size;
        try (UploadContent content = store.open(id)) {
            size = content.size();
        } catch (NoSuchFileException e) {
            // The application has moved it away; it counts until it is deleted.
            size = state.stage() == Stage.RECEIVING ? 0 : Math.max(0, state.length());
        }
        boolean isUnfinished = state.mayExpire();
        long reserved = state.stage() == Stage.RECEIVING ? Math.max(size, state.length()) : size;
        space.found(state.about().owner(), reserved + room, size + room, isUnfinished);
        if (isUnfinished) {
            unfinished.put(id, new Unfinished(state.about().owner(), null, state.expires(), reserved));
        }
    }

    UploadStore store() {
        return store;
    }

    Space space() {
        return space;
    }

    Instant now() {
        return settings.clock().instant();
    }

    Duration lifetime() {
        return settings.lifetime();
    }

    long maxUploadBytes() {
        return settings.maxUploadBytes();
    }

    /** What the application does with an upload that has all of its bytes, if it does anything. */
    @Nullable
    Function<Upload, CompletionStage<Response>> onComplete() {
        return settings.onComplete();
    }

    /** Adds to what waits for the disk. */
    long inFlight(long bytes) {
        return inFlight.addAndGet(bytes);
    }

    long maxBytesInFlight() {
        return settings.maxBytesInFlight();
    }

    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /** 130 bits that nobody guesses. */
    String newId() {
        StringBuilder id = new StringBuilder(ID_LENGTH);
        for (int i = 0; i < ID_LENGTH; i++) {
            id.append(ID_LETTERS.charAt(random.nextInt(ID_LETTERS.length())));
        }
        return id.toString();
    }

    // ---- who works on an upload

    private LiveUpload acquire(String id, Executor executor, EventExecutor timer) {
        Place last = place;
        if (last.executor() != executor || last.timer().isShuttingDown()) {
            place = new Place(executor, timer);
        }
        return Objects.requireNonNull(live.compute(id, (key, before) -> {
            LiveUpload upload = before != null ? before : new LiveUpload(id, this, executor, timer);
            upload.users++;
            return upload;
        }));
    }

    /** One more works on it, besides the caller. */
    void retain(LiveUpload upload) {
        live.computeIfPresent(upload.id, (key, same) -> {
            same.users++;
            return same;
        });
    }

    /** One less works on it. On its lane, behind all that has to be done. */
    void release(LiveUpload upload) {
        upload.close(); // not under the lock of the map, for which event loops may have to wait
        live.computeIfPresent(upload.id, (key, same) -> --same.users == 0 ? null : same);
    }

    /**
     * Does something with an upload, on its lane, for an exchange; it is there until the exchange has ended.
     *
     * @param id what the client says is the id
     */
    void visit(Exchange exchange, Dialect dialect, String id, LaneTask task) {
        sweepSoon(exchange);
        if (!isId(id)) {
            exchange.respond(dialect.refusal(notFound()));
            return;
        }
        LiveUpload upload = acquire(id, exchange.executor(), exchange.eventLoop());
        upload.lane.execute(() -> {
            exchange.onEnd(reason -> upload.lane.execute(() -> release(upload)));
            attempt(failure -> answer(exchange, dialect, failure), () -> {
                if (!upload.exists()) {
                    throw notFound().asException();
                }
                task.run(upload);
            });
        });
    }

    /** What is asked of an upload, on its lane. */
    @FunctionalInterface
    interface Question<T> {
        T ask(LiveUpload upload) throws Exception;
    }

    /** Asks something of an upload, if there is one of that id. */
    <T> CompletionStage<Optional<T>> look(Exchange exchange, String id, Question<T> question) {
        return look(new Place(exchange.executor(), exchange.eventLoop()), id, question);
    }

    /** Asks something of an upload without an exchange, if there is one of that id. */
    <T> CompletionStage<Optional<T>> look(String id, Question<T> question) {
        return look(place, id, question);
    }

    private <T> CompletionStage<Optional<T>> look(Place where, String id, Question<T> question) {
        if (!isId(id)) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        CompletableFuture<Optional<T>> answer = new CompletableFuture<>();
        LiveUpload upload = acquire(id, where.executor(), where.timer());
        upload.lane.execute(() -> {
            try {
                answer.complete(upload.exists() ? Optional.of(question.ask(upload)) : Optional.empty());
            } catch (Exception e) { // told to who asks
                answer.completeExceptionally(e);
            } finally {
                release(upload);
            }
        });
        return answer;
    }

    static Problem notFound() {
        return Problem.of(404, "There is no such upload.");
    }

    /** Does something with an upload without an exchange. */
    void work(LiveUpload known, LaneTask task) {
        LiveUpload upload = acquire(known.id, known.lane.executor(), known.timer());
        upload.lane.execute(() -> {
            try {
                if (upload.exists()) {
                    task.run(upload);
                }
            } catch (Exception e) {
                LOG.warn("upload {}", upload.id, e);
            } finally {
                release(upload);
            }
        });
    }

    /** Asks the application, off the event loop. Fails where the executor has no room. */
    static <T> CompletionStage<T> ask(Executor executor, Supplier<? extends CompletionStage<? extends T>> question) {
        try {
            return CompletableFuture.supplyAsync(question, executor)
                    .thenCompose(answer -> answer.<T>thenApply(value -> value));
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    @FunctionalInterface
    private interface Attempt {
        void run() throws Exception;
    }

    private static void attempt(Consumer<Throwable> failed, Attempt attempt) {
        try {
            attempt.run();
        } catch (Exception e) {
            failed.accept(e);
        }
    }

    /** Answers with what went wrong. */
    static void answer(Exchange exchange, Dialect dialect, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof BrokenOffException) {
            LOG.debug("an upload was broken off", cause);
        } else if (cause instanceof ProblemException refusal) {
            Response response = dialect.refusal(refusal.problem());
            exchange.respond(refusal.problem().status() == 503 ? response.header("Retry-After", "60") : response);
        } else if (cause instanceof ChecksumMismatchException) {
            exchange.respond(dialect.refusal(dialect.mismatch()));
        } else if (cause instanceof TooLongException tooLong) {
            exchange.respond(dialect.refusal(tooLong.problem()));
        } else if (cause instanceof NoSpaceException) {
            LOG.warn("no space for an upload: {}", cause.getMessage());
            exchange.respond(dialect.refusal(refusal(Grant.FULL)));
        } else if (cause instanceof RejectedExecutionException) {
            exchange.respond(dialect.refusal(Problem.of(503)).header("Retry-After", "1"));
        } else {
            LOG.error("an upload failed", cause);
            exchange.respond(dialect.refusal(Problem.of(500)));
        }
    }

    static Problem refusal(Grant grant) {
        return grant == Grant.OVER_OWNER
                ? Problem.of(413, "That would be more than you may store.")
                : Problem.of(507, "There is no room for that now.");
    }

    // ---- a new one

    /** Begins an upload, if the application and the limits allow; it is there until the exchange has ended. */
    void create(Exchange exchange, Dialect dialect, Wish wish, LaneTask then) {
        create(exchange, wish, 0, then, failure -> answer(exchange, dialect, failure));
    }

    /**
     * As {@link #create(Exchange, Dialect, Wish, LaneTask)}, for one of several uploads of an exchange.
     *
     * @param siblings how many it has begun before
     * @param failed hears why there is none, or what {@code then} failed with; on any thread
     */
    void create(Exchange exchange, Wish wish, int siblings, LaneTask then, Consumer<Throwable> failed) {
        sweepSoon(exchange);
        UploadRequest request = new UploadRequest(
                exchange, newId(), newId(), wish.length(), wish.fileName(), wish.contentType(), wish.metadata());
        Executor executor = exchange.executor();
        try {
            executor.execute(() -> attempt(
                    failed,
                    () -> settings.onCreate()
                            .apply(request)
                            .handleAsync(
                                    (admission, failure) -> {
                                        attempt(failed, () -> {
                                            if (failure != null) {
                                                failed.accept(failure);
                                            } else {
                                                create(request, wish, siblings, admission, then, failed);
                                            }
                                        });
                                        return true;
                                    },
                                    executor)
                            .exceptionally(
                                    rejected -> { // the executor has no room
                                        failed.accept(rejected);
                                        return false;
                                    })));
        } catch (RejectedExecutionException e) {
            failed.accept(e);
        }
    }

    private void create(
            UploadRequest request,
            Wish wish,
            int siblings,
            Admission admission,
            LaneTask then,
            Consumer<Throwable> failed)
            throws IOException {
        Exchange exchange = request.exchange();
        Problem refusal = admission.refusal();
        if (refusal != null) {
            throw refusal.asException();
        }
        long maxLength = Math.min(settings.maxUploadBytes(), admission.maxBytes());
        if (wish.length() > maxLength) {
            throw Problem.of(413, "An upload may have " + maxLength + " bytes.")
                    .with("max-size", maxLength)
                    .asException();
        }
        String owner = admission.owner() != null
                ? admission.owner()
                : exchange.principal().map(java.security.Principal::getName).orElse(null);
        if (unfinished.size() >= settings.maxUnfinished() || !space.begin(owner, request.client(), siblings)) {
            throw Problem.of(503, "Too many uploads are unfinished.").asException();
        }
        String id = request.id();
        Instant now = now();
        UploadState state = new UploadState(
                new About(
                        now,
                        admission.fileName() != null ? admission.fileName() : wish.fileName(),
                        wish.contentType(),
                        wish.metadata(),
                        wish.tusMetadata(),
                        wish.tusConcat(),
                        owner,
                        maxLength,
                        request.progressToken(),
                        wish.digest()),
                wish.length(),
                now.plus(settings.lifetime()),
                -1,
                Stage.RECEIVING,
                null);
        byte[] record = state.toJson();
        long room = Space.roomOf(record);
        long reserved = Math.max(0, wish.length());
        try {
            make(id, owner, record, reserved + room);
        } catch (IOException | RuntimeException e) {
            space.end(owner, request.client());
            throw e;
        }
        space.wrote(room);
        unfinished.put(id, new Unfinished(owner, request.client(), state.expires(), reserved));
        LiveUpload upload = acquire(id, exchange.executor(), exchange.eventLoop());
        upload.lane.execute(() -> {
            exchange.onEnd(reason -> upload.lane.execute(() -> release(upload)));
            upload.created(state, reserved, room);
            attempt(failed, () -> then.run(upload));
        });
    }

    /** Makes an upload for which there is room. */
    private void make(String id, @Nullable String owner, byte[] record, long bytes) throws IOException {
        Grant grant = space.reserve(owner, bytes);
        if (grant != Grant.GRANTED) {
            throw refusal(grant).asException();
        }
        try {
            store.create(id, record);
        } catch (IOException | RuntimeException e) {
            space.release(owner, bytes, 0);
            throw e;
        }
    }

    /** Looks at some uploads, one after the other, and goes on with the sum of their lengths. */
    void total(Exchange exchange, Dialect dialect, List<String> ids, LaneTask check, LongConsumer then) {
        total(exchange, dialect, ids, 0, 0, check, then);
    }

    private void total(
            Exchange exchange, Dialect dialect, List<String> ids, int at, long sum, LaneTask check, LongConsumer then) {
        if (at == ids.size()) {
            then.accept(sum);
            return;
        }
        visit(exchange, dialect, ids.get(at), upload -> {
            check.run(upload);
            total(exchange, dialect, ids, at + 1, Math.addExact(sum, upload.offset()), check, then);
        });
    }

    // ---- what becomes of them

    Set<String> paused() {
        return paused;
    }

    /** What is reserved for one that is looked at again. */
    long reservedFor(String id, UploadState state, long size) {
        Unfinished known = unfinished.get(id);
        return known == null ? size : Math.max(known.reserved(), Math.max(size, state.length()));
    }

    /** More was reserved. */
    void reserved(String id, long bytes) {
        unfinished.computeIfPresent(id, (key, known) -> known.reserved(bytes));
    }

    void expires(String id, Instant later) {
        unfinished.computeIfPresent(id, (key, known) -> known.expires(later));
    }

    void completed(String id, UploadState state, long reserved, long size) {
        space.release(state.about().owner(), reserved - size, 0);
        paused.remove(id);
        meters.remove(id);
        if (state.mayExpire()) {
            reserved(id, size);
        } else {
            end(id);
        }
    }

    void gone(String id, UploadState state, long reserved, long size) {
        space.release(state.about().owner(), reserved, size);
        paused.remove(id);
        meters.remove(id);
        end(id);
    }

    private void end(String id) {
        Unfinished known = unfinished.remove(id);
        if (known != null) {
            space.end(known.owner(), known.client());
        }
    }

    /** Deletes what has expired, every now and then. */
    private void sweepSoon(Exchange exchange) {
        long now = settings.clock().millis();
        long due = sweepAt.get();
        if (now >= due && sweepAt.compareAndSet(due, now + SWEEP_EVERY)) {
            sweep(exchange.executor(), exchange.eventLoop());
        }
    }

    private void sweep(Executor executor, EventExecutor timer) {
        Instant now = now();
        List<String> expired = new ArrayList<>();
        unfinished.forEach((id, known) -> {
            if (now.isAfter(known.expires())) {
                expired.add(id);
            }
        });
        for (String id : expired) {
            LiveUpload upload = acquire(id, executor, timer);
            upload.lane.execute(() -> {
                try {
                    if (upload.exists()
                            && !upload.isBusy()
                            && upload.state().mayExpire()
                            && now().isAfter(upload.state().expires())) {
                        upload.cancel(EventType.TIMEOUT);
                    }
                } catch (IOException | RuntimeException e) {
                    LOG.warn("upload {} has expired, and can't be deleted", id, e);
                } finally {
                    release(upload);
                }
            });
        }
    }

    // ---- progress

    static String topicOf(String id) {
        return TOPIC + id;
    }

    /** What tells how far an upload is: the same while it is unfinished, whoever works on it in turn. */
    ProgressMeter meter(String id, long loaded, long length, Phase phase) {
        Function<String, ProgressMeter> made = same -> new ProgressMeter(id, this::tell, loaded, length, phase);
        return unfinished.containsKey(id) ? meters.computeIfAbsent(id, made) : made.apply(id);
    }

    private void tell(UploadProgress progress) {
        try {
            settings.onProgress().accept(progress);
        } catch (RuntimeException e) {
            LOG.error("the listener of progress failed", e);
        }
        Topics topics = settings.topics();
        if (topics != null) {
            try {
                topics.topic(topicOf(progress.upload()))
                        .publish(Draft.of(progress.toJson())
                                .event(progress.type().event())
                                .key(progress.upload()));
            } catch (TopicException e) { // as many topics as there may be: a watcher sees less, the upload goes on
                LOG.debug("progress of an upload is not told", e);
            }
        }
    }
}
