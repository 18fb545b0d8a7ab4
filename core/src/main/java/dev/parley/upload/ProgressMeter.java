package dev.parley.upload;

import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.UploadProgress.Phase;
import java.util.function.Consumer;

/**
 * Tells how far an upload is, in the order of {@code ProgressEvent}: not more often than anybody can look, and the last always.
 *
 * <p>Confined to the lane of its upload, except {@link #last}.
 */
final class ProgressMeter {
    /** At most 20 a second. */
    static final long LEAST_NANOS = 50_000_000;

    /** How long ago what came before has half its weight in the rate, about. */
    private static final double MEMORY_NANOS = 2e9;

    private final String upload;
    private final Consumer<UploadProgress> listener;
    private boolean open;
    /** It will be looked at again, as what was stored last has not been told. */
    private boolean late;

    private long told;
    private long toldAt;
    private double rate;
    private boolean rated;
    private volatile UploadProgress last;

    ProgressMeter(String upload, Consumer<UploadProgress> listener, long loaded, long length, Phase phase) {
        this.upload = upload;
        this.listener = listener;
        // What has begun has ended until somebody goes on: nobody is sending when this is made.
        last = progress(
                loaded > 0 || phase != Phase.RECEIVING ? EventType.LOADEND : EventType.PROGRESS, loaded, length, phase);
    }

    /** The latest. */
    UploadProgress last() {
        return last;
    }

    /** A transfer begins. */
    void begin(long loaded, long length, long now) {
        if (!open) {
            open = true;
            told = loaded;
            toldAt = now;
            rated = false;
            rate = 0;
            tell(progress(EventType.LOADSTART, loaded, length, Phase.RECEIVING));
        }
    }

    /** Whether it is time to tell again. */
    boolean isDue(long now) {
        return now - toldAt >= LEAST_NANOS;
    }

    /** More is stored; to be told when it is due. */
    void moved(long loaded, long length, long now) {
        long nanos = now - toldAt;
        if (nanos > 0) {
            double lately = (loaded - told) * 1e9 / nanos;
            rate = rated ? rate + (lately - rate) * (1 - Math.exp(-nanos / MEMORY_NANOS)) : lately;
            rated = true;
        }
        told = loaded;
        toldAt = now;
        tell(progress(EventType.PROGRESS, loaded, length, Phase.RECEIVING));
    }

    /** Whether it has to be looked at later; then that is noted. */
    boolean waits() {
        boolean first = open && !late;
        late |= open;
        return first;
    }

    /** It is looked at again. */
    void late(long loaded, long length, long now) {
        late = false;
        if (open && loaded != told) {
            moved(loaded, length, now);
        }
    }

    void phase(long loaded, long length, Phase phase) {
        rate = 0;
        tell(progress(EventType.PROGRESS, loaded, length, phase));
    }

    /** It is given up, which is told even if it has ended for a while already. */
    void giveUp(EventType type, long loaded, long length, Phase phase) {
        open = true;
        end(type, loaded, length, phase);
    }

    /** It has ended, for good or until it is resumed. */
    void end(EventType type, long loaded, long length, Phase phase) {
        if (open) {
            open = false;
            rate = 0;
            tell(progress(type, loaded, length, phase));
            tell(progress(EventType.LOADEND, loaded, length, phase));
        }
    }

    private void tell(UploadProgress progress) {
        last = progress;
        listener.accept(progress);
    }

    private UploadProgress progress(EventType type, long loaded, long length, Phase phase) {
        return new UploadProgress(upload, type, length >= 0, loaded, Math.max(length, 0), Math.round(rate), phase);
    }
}
