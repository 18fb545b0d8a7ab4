package dev.parley.testkit;

import dev.parley.upload.UploadProgress;
import dev.parley.upload.UploadProgress.EventType;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on the progress of uploads, of which the recorder keeps all: what was looked at may be looked at again. Not thread-safe.
 */
public final class ProgressAssert extends AbstractAssert<ProgressAssert, ProgressRecorder> {
    ProgressAssert(ProgressRecorder actual) {
        super(actual, ProgressAssert.class);
    }

    /**
     * Verifies what happened: all of it, in order. Of several uploads at once say which: {@link ProgressRecorder#of}.
     *
     * @param types what {@link ProgressRecorder#types} is to be, where {@link EventType#PROGRESS} stands for any number of them but none
     * @return this assertion
     */
    public ProgressAssert hasTypes(EventType... types) {
        isNotNull();
        check("types", actual.types(), List.of(types));
        return this;
    }

    /**
     * Verifies how many bytes are stored, as it was told last.
     *
     * @param bytes {@link UploadProgress#loaded} of the last that was told
     * @return this assertion
     */
    public ProgressAssert hasLoaded(long bytes) {
        isNotNull();
        List<UploadProgress> told = actual.told();
        check("loaded", told.isEmpty() ? null : told.get(told.size() - 1).loaded(), bytes);
        return this;
    }

    /**
     * Verifies that each upload was told of as {@link UploadProgress} says:
     *
     * <ul>
     *   <li>{@code loadstart} comes first; {@code progress} and {@code load} only until it has ended, and one that was broken off begins again by
     *       {@code loadstart}; one that is given up after that has {@code abort}, {@code error} or {@code timeout}.
     *   <li>{@code loadend} comes right behind {@code load}, {@code abort}, {@code error} or {@code timeout}, and nowhere else.
     *   <li>{@code loaded} never falls from one {@code loadstart} to {@code load}, and is at most {@code total} where that is known.
     * </ul>
     *
     * Uploads may still go on.
     *
     * @return this assertion
     */
    public ProgressAssert isInOrder() {
        isNotNull();
        for (String upload : actual.uploads()) {
            ProgressRecorder one = actual.of(upload);
            UploadProgress before = null;
            for (UploadProgress next : one.told()) {
                String wrong = wrong(before, next);
                if (wrong != null) {
                    throw failure(
                            "upload %s: %s: %s (told: %s)", upload, next.type().event(), wrong, one);
                }
                before = next;
            }
        }
        return this;
    }

    /** What is wrong with what came behind another, or {@code null}. */
    private static @Nullable String wrong(@Nullable UploadProgress before, UploadProgress next) {
        EventType last = before == null ? EventType.LOADEND : before.type();
        boolean isOpen = last == EventType.LOADSTART || last == EventType.PROGRESS;
        boolean hasEnded = last == EventType.LOADEND;
        boolean fits = switch (next.type()) {
            case LOADSTART -> hasEnded;
            case PROGRESS, LOAD -> isOpen;
            case ABORT, ERROR, TIMEOUT -> isOpen || hasEnded && before != null;
            case LOADEND -> !isOpen && !hasEnded;
        };
        if (!fits) {
            return before == null ? "came first (expected: loadstart)" : "came behind " + last.event();
        }
        if (next.lengthComputable() && next.loaded() > next.total()) {
            return next.loaded() + " bytes (expected: at most " + next.total() + ')';
        }
        boolean goesOn = next.type() == EventType.PROGRESS || next.type() == EventType.LOAD;
        if (before != null && goesOn && next.loaded() < before.loaded()) {
            return next.loaded() + " bytes (expected: at least " + before.loaded() + ", as before)";
        }
        return null;
    }

    private void check(String what, @Nullable Object is, Object expected) {
        if (!Objects.equals(is, expected)) {
            throw failureWithActualExpected(is, expected, "%s: %s: %s (expected: %s)", actual, what, is, expected);
        }
    }
}
