package dev.parley.upload;

import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.upload.Space.Grant;
import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.UploadProgress.Phase;
import dev.parley.upload.UploadState.Stage;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An upload that somebody works on. There is one of these for an id at a time, so its {@link Lane} is all the order that is
 * needed.
 *
 * <p><b>Fencing.</b> At most one {@link Transfer} may append. Whoever comes later takes over: what the one before has received
 * is stored, and from then on it can't store any more.
 *
 * <p><b>Threading.</b> Confined to the lane, except where it is said otherwise.
 */
final class LiveUpload {
    private static final Logger LOG = LoggerFactory.getLogger(LiveUpload.class);

    /** Room for an upload of unknown length is reserved in such steps. */
    private static final long STEP = 8 * 1024 * 1024;

    private static final int COPY_BYTES = 128 * 1024;

    /** Not more than this part of the time is spent on forcing for the sake of progress. */
    private static final int FORCED_PART = 4;

    final String id;
    final Lane lane;
    private final Uploads uploads;
    private final UploadStore store;
    /** Its clock, and what is to be done later. */
    private final EventExecutor timer;
    /** Guarded by the map that it is in. */
    int users;

    private @Nullable UploadState state;
    private @Nullable UploadContent content;
    private @Nullable Transfer transfer;
    private @Nullable CompletableFuture<Optional<KeptResponse>> completion;
    private @Nullable ProgressMeter meter;
    private volatile long offset;
    /** Up to where it was forced. */
    private long forced;

    private long forcedAt;
    private long forcedFor;
    /** For the content. */
    private long reserved;
    /** What the record takes. */
    private long room;

    private boolean deleted;

    LiveUpload(String id, Uploads uploads, Executor executor, EventExecutor timer) {
        this.id = id;
        this.uploads = uploads;
        this.store = uploads.store();
        this.timer = timer;
        lane = new Lane(executor, timer);
    }

    // ---- what it is

    /** Whether there is such an upload, which is looked at in the store if nobody has. */
    boolean exists() throws IOException {
        if (deleted) {
            return false;
        }
        if (state != null) {
            return true;
        }
        Optional<byte[]> record = store.record(id);
        if (record.isEmpty()) {
            return false;
        }
        UploadState found = UploadState.parse(record.get());
        room = Space.roomOf(record.get());
        boolean isLost = false;
        try {
            offset = look(found);
        } catch (NoSuchFileException e) {
            // The application may move away what is complete; what was promised of another can't be kept.
            isLost = found.stage() == Stage.RECEIVING;
            offset = isLost ? 0 : Math.max(found.length(), 0);
        }
        if (found.unchecked() >= 0) {
            found = found.unchecked(-1);
            write(found);
        }
        forced = found.stage() == Stage.RECEIVING && !store.durability().forcesBeforeAck() ? 0 : offset;
        reserved = uploads.reservedFor(id, found, offset);
        open(found);
        if (isLost) {
            LOG.warn("upload {}: its content is gone", id);
            delete(EventType.ERROR);
        } else if (found.mayExpire() && uploads.now().isAfter(found.expires())) {
            cancel(EventType.TIMEOUT);
        }
        return !deleted;
    }

    /** Looks at the content, cuts off what must not be there, and gives how long it is. */
    private long look(UploadState found) throws IOException {
        try (UploadContent looked = store.open(id)) {
            long size = looked.size();
            long safe = size;
            if (found.unchecked() >= 0) {
                safe = Math.min(safe, found.unchecked());
            }
            if (found.length() >= 0) {
                safe = Math.min(safe, found.length());
            }
            if (safe < size) {
                looked.truncate(safe);
                uploads.space().wrote(safe - size);
            }
            if (found.stage() == Stage.RECEIVING
                    && safe > 0
                    && store.durability().forcesBeforeAck()) {
                looked.force(); // by a program before this one, perhaps
            }
            return safe;
        }
    }

    /** It was just created. */
    void created(UploadState first, long bytesReserved, long roomOfRecord) {
        reserved = bytesReserved;
        room = roomOfRecord;
        open(first);
    }

    private void open(UploadState first) {
        state = first;
        meter = uploads.meter(id, offset, first.length(), phase(first));
    }

    private static Phase phase(UploadState state) {
        return switch (state.stage()) {
            case RECEIVING -> Phase.RECEIVING;
            case COMPLETING -> Phase.PROCESSING;
            case DONE -> Phase.DONE;
        };
    }

    UploadState state() {
        return Objects.requireNonNull(state, "an upload that does not exist");
    }

    private ProgressMeter meter() {
        return Objects.requireNonNull(meter, "an upload that does not exist");
    }

    UploadProgress progress() {
        return meter().last();
    }

    /** Bytes that are there. Any thread. */
    long offset() {
        return offset;
    }

    boolean isDeleted() {
        return deleted;
    }

    boolean isDone() {
        return state().stage() == Stage.DONE;
    }

    /** Somebody works on it at this moment. */
    boolean isBusy() {
        return transfer != null || completion != null;
    }

    /** All of its bytes are there, and it is known that these are all. */
    boolean hasAll() {
        return state().length() == offset;
    }

    EventExecutor timer() {
        return timer;
    }

    UploadContent content() throws IOException {
        UploadContent opened = content;
        if (opened == null) {
            opened = store.open(id);
            content = opened;
        }
        return opened;
    }

    private void save(UploadState next) throws IOException {
        write(next);
        state = next;
    }

    private void write(UploadState next) throws IOException {
        byte[] record = next.toJson();
        store.save(id, record);
        long before = room;
        room = Space.roomOf(record);
        uploads.space().replaced(next.about().owner(), before, room);
    }

    /** The length is known now. */
    void length(long length) throws IOException {
        if (state().length() != length) {
            reserve(length);
            save(state().length(length));
        }
    }

    /** From here on bytes are appended that will be compared to a checksum. */
    void unchecked(long from) throws IOException {
        save(state().unchecked(from));
    }

    /** Until when it may be resumed, if it is not complete. */
    Optional<Instant> expires() {
        return state().mayExpire() ? Optional.of(state().expires()) : Optional.empty();
    }

    /** Somebody works on it: that counts, if it is a good deal later than what is written down. */
    private void prolong() throws IOException {
        Instant later = uploads.now().plus(uploads.lifetime());
        if (Duration.between(state().expires(), later)
                        .compareTo(uploads.lifetime().dividedBy(8))
                > 0) {
            save(state().expires(later));
            uploads.expires(id, later);
        }
    }

    // ---- room

    /** Sees to it that there is room for a content of so many bytes. */
    void reserve(long bytes) throws IOException {
        if (bytes <= reserved) {
            return;
        }
        long wanted = state().length() >= 0
                ? bytes
                : Math.max(bytes, Math.min(state().about().maxLength(), reserved + STEP));
        Grant grant = uploads.space().reserve(state().about().owner(), wanted - reserved);
        if (grant != Grant.GRANTED && wanted > bytes) {
            wanted = bytes;
            grant = uploads.space().reserve(state().about().owner(), wanted - reserved);
        }
        if (grant != Grant.GRANTED) {
            throw Uploads.refusal(grant).asException();
        }
        reserved = wanted;
        uploads.reserved(id, wanted);
    }

    // ---- a transfer

    /** Who appends from now on; whoever did before can't any more. */
    void begin(Transfer next) throws IOException {
        takeOver();
        prolong();
        content();
        transfer = next;
        forcedAt = next.now();
        meter().begin(announced(), state().length(), next.now());
    }

    /** Ends the transfer that is going on, if there is one. What it has received is stored. */
    void takeOver() {
        if (revoke()) {
            if (deleted) { // with its only request
                throw Uploads.notFound().asException();
            }
            meter().end(EventType.ABORT, announced(), state().length(), Phase.RECEIVING);
        }
    }

    private boolean revoke() {
        Transfer before = transfer;
        if (before == null) {
            return false;
        }
        transfer = null;
        before.revoke();
        return true;
    }

    void append(ByteBuffer[] bytes, long count) throws IOException {
        long end = offset + count;
        reserve(end);
        UploadContent to = content();
        try {
            to.append(bytes);
            offset = end;
            uploads.space().wrote(count);
        } catch (IOException e) {
            long size = to.size(); // some of it may be there
            uploads.space().wrote(size - offset);
            offset = size;
            throw e;
        }
        if (offset - forced >= store.durability().forcedEvery()) {
            force();
        }
    }

    /** Cuts off what a transfer appended. */
    void cutBack(long to) throws IOException {
        content().truncate(to);
        uploads.space().wrote(to - offset);
        offset = to;
        forced = Math.min(forced, to);
        if (state().unchecked() >= 0) {
            save(state().unchecked(-1));
        }
    }

    /** What was appended has been compared to its checksum. */
    void checked() throws IOException {
        if (state().unchecked() >= 0) {
            if (store.durability().forcesBeforeAck()) {
                force();
            }
            save(state().unchecked(-1));
        }
    }

    /** Puts other uploads together to this one, which is empty. */
    void join(List<String> parts) throws IOException {
        try {
            if (store instanceof UploadStore.Joining joining) {
                close();
                joining.join(id, parts);
            } else {
                copy(parts);
            }
        } catch (IOException | RuntimeException e) {
            offset = content().size();
            uploads.space().wrote(offset);
            delete(EventType.ERROR); // nobody knows where it is
            if (e instanceof NoSuchFileException) {
                throw partIsGone();
            }
            throw e;
        }
        offset = content().size();
        uploads.space().wrote(offset);
        if (offset != state().length()) {
            delete(EventType.ERROR);
            throw partIsGone();
        }
    }

    private static RuntimeException partIsGone() {
        return Problem.of(409, "A part of this upload has changed meanwhile.").asException();
    }

    private void copy(List<String> parts) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(COPY_BYTES);
        for (String part : parts) {
            try (UploadContent from = store.open(part)) {
                for (long at = 0; from.read(at, buffer.clear()) >= 0; at += buffer.limit()) {
                    content().append(new ByteBuffer[] {buffer.flip()});
                }
            }
        }
    }

    private void force() throws IOException {
        long before = timer.ticker().nanoTime();
        try {
            content().force();
        } catch (IOException e) {
            // A disk says once that it has lost something, and next time that all is well.
            try {
                cutBack(forced);
            } catch (IOException lost) {
                e.addSuppressed(lost);
            }
            throw e;
        }
        forcedAt = timer.ticker().nanoTime();
        forcedFor = forcedAt - before;
        forced = offset;
    }

    /** Makes sure that a client can be told of all that is there. */
    void acknowledge() throws IOException {
        if (store.durability().forcesBeforeAck() && forced < offset) {
            force();
        }
    }

    /** What anybody may be told of. */
    long announced() {
        long safe = store.durability().forcesBeforeAck() ? forced : offset;
        long unchecked = state().unchecked();
        return unchecked < 0 ? safe : Math.min(safe, unchecked);
    }

    /** Tells how far it is, if it is time to. Returns whether it was. */
    boolean tellProgress(long now) throws IOException {
        if (!meter().isDue(now)) {
            return false;
        }
        if (now - forcedAt > FORCED_PART * forcedFor) {
            acknowledge();
        }
        meter().moved(announced(), state().length(), now);
        return true;
    }

    /** A transfer has ended, and all that it brought is stored. */
    void ended(Transfer of) throws IOException {
        if (transfer == of) {
            left();
            // Of many short requests each would be too soon after the one before.
            if (!hasAll() && !tellProgress(of.now()) && meter().waits()) {
                timer.schedule(
                        () -> uploads.work(this, LiveUpload::tellLate),
                        ProgressMeter.LEAST_NANOS,
                        TimeUnit.NANOSECONDS);
            }
        }
    }

    private void tellLate() {
        meter().late(announced(), state().length(), timer.ticker().nanoTime());
    }

    private void left() {
        transfer = null;
        close();
    }

    /** A transfer was broken off; it can be resumed. */
    void brokenOff(Transfer of, EventType type) {
        if (transfer == of) {
            try {
                acknowledge();
            } catch (IOException e) {
                LOG.warn("upload {}: what came before it was broken off is not durable", id, e);
            }
            left();
            meter().end(type, announced(), state().length(), Phase.RECEIVING);
        }
    }

    /** What is open is closed, unless somebody appends. */
    void close() {
        UploadContent opened = content;
        if (opened != null && transfer == null) {
            content = null;
            try {
                opened.close();
            } catch (IOException e) {
                LOG.warn("upload {}: the content can't be closed", id, e);
            }
        }
    }

    // ---- its end

    /**
     * All bytes are there: compares them to the digest, and lets the application have it; once, whoever asks how often.
     *
     * @param executor runs what the application does
     * @return completes when the upload is; fails if the application refuses or fails, and may then be asked again
     */
    CompletionStage<Optional<KeptResponse>> complete(Executor executor) throws IOException {
        if (isDone()) {
            return CompletableFuture.completedStage(Optional.ofNullable(state().answer()));
        }
        if (completion != null) {
            return completion;
        }
        meter().begin(announced(), state().length(), timer.ticker().nanoTime());
        if (state().length() < 0) {
            save(state().length(offset));
        }
        if (state().stage() == Stage.RECEIVING) {
            verify();
            if (store.durability().forcesOnComplete() && forced < offset) {
                force();
            }
        }
        Function<Upload, CompletionStage<Response>> action = uploads.onComplete();
        if (action == null || state().about().isPartial()) {
            done(null);
            return CompletableFuture.completedStage(Optional.empty());
        }
        save(state().stage(Stage.COMPLETING));
        meter().phase(announced(), offset, Phase.PROCESSING);
        close();
        CompletableFuture<Optional<KeptResponse>> ends = new CompletableFuture<>();
        completion = ends;
        uploads.retain(this);
        Upload upload = new Upload(uploads, this);
        Uploads.ask(executor, () -> action.apply(upload))
                .whenComplete((response, failure) -> lane.execute(() -> {
                    completion = null;
                    try {
                        if (failure == null) {
                            ends.complete(Optional.ofNullable(done(KeptResponse.of(response))));
                        } else {
                            meter().end(EventType.ERROR, announced(), state().length(), Phase.PROCESSING);
                            ends.completeExceptionally(failure);
                        }
                    } catch (IOException | RuntimeException e) {
                        ends.completeExceptionally(e);
                    } finally {
                        uploads.release(this);
                    }
                }));
        return ends;
    }

    private @Nullable KeptResponse done(@Nullable KeptResponse response) throws IOException {
        if (!deleted) { // which the application may have done meanwhile
            save(state().done(response == null ? null : response.kept()));
            uploads.completed(id, state(), reserved, offset);
            reserved = offset;
            close();
            meter().end(EventType.LOAD, offset, offset, Phase.DONE);
        }
        return response;
    }

    private void verify() throws IOException {
        UploadDigest digest = state().about().digest();
        if (digest != null) {
            meter().phase(announced(), offset, Phase.VERIFYING);
            if (!digest.matches(content(), 0, offset)) {
                delete(EventType.ERROR);
                throw Problem.of(400, "The upload does not have the digest that was announced; it is given up.")
                        .asException();
            }
        }
    }

    /** Gives it up, as somebody wants it to be, or nobody has worked on it for long: who watches is told in any case. */
    void cancel(EventType type) throws IOException {
        if (!deleted) {
            if (!isDone()) {
                meter().giveUp(type, announced(), state().length(), phase(state()));
            }
            delete(type);
        }
    }

    /** Gives it up: what is there of it is deleted. */
    void delete(EventType type) throws IOException {
        if (deleted) {
            return;
        }
        deleted = true;
        revoke();
        close();
        UploadState last = state();
        try {
            store.delete(id);
            gone(last);
        } catch (IOException e) {
            if (store.record(id).isEmpty()) { // so it is no upload any more, whatever is left of it
                gone(last);
            }
            throw e;
        }
        if (meter != null) {
            meter.end(type, announced(), last.length(), phase(last));
        }
    }

    private void gone(UploadState last) {
        uploads.gone(id, last, Math.max(reserved, offset) + room, offset + room);
    }

    // ---- the application

    /** Any thread. */
    boolean isPaused() {
        return uploads.paused().contains(id);
    }

    /** Lets what waits go on. On the lane. */
    void resume() {
        if (transfer != null) {
            transfer.goOn();
        }
    }
}
