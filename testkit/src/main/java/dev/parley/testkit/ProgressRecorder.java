package dev.parley.testkit;

import dev.parley.upload.UploadProgress;
import dev.parley.upload.UploadProgress.EventType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Keeps what uploads tell of their progress, for a test to look at.
 *
 * <pre>{@code
 * ProgressRecorder progress = new ProgressRecorder();
 * UploadEndpoint uploads = UploadEndpoint.builder(store).onProgress(progress).build();
 * …
 * assertThat(progress).isInOrder().hasTypes(LOADSTART, PROGRESS, LOAD, LOADEND).hasLoaded(11);
 * }</pre>
 *
 * <p><b>Memory.</b> All is kept as long as the recorder.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class ProgressRecorder implements Consumer<UploadProgress> {
    private final List<UploadProgress> told = new CopyOnWriteArrayList<>();

    /** A recorder that has heard nothing yet. */
    public ProgressRecorder() {}

    @Override
    public void accept(UploadProgress progress) {
        told.add(progress);
    }

    /**
     * What was told so far.
     *
     * @return all of it, of all uploads, in the order in which it was told
     */
    public List<UploadProgress> told() {
        return List.copyOf(told);
    }

    /**
     * The uploads that were heard of.
     *
     * @return their ids, in the order in which the first was told of each
     */
    public List<String> uploads() {
        return told.stream().map(UploadProgress::upload).distinct().toList();
    }

    /**
     * What was told of one upload so far.
     *
     * @param upload its id, which is the last part of its {@code Location}
     * @return a recorder that has heard only that, and hears no more by itself; one that has heard nothing if there is no such upload
     */
    public ProgressRecorder of(String upload) {
        ProgressRecorder one = new ProgressRecorder();
        told.stream().filter(progress -> progress.upload().equals(upload)).forEach(one);
        return one;
    }

    /**
     * What happened so far.
     *
     * @return the types of what was told, in its order. Several {@link EventType#PROGRESS} of an upload that follow each other are one: how many
     *     there are is up to the time that it took
     */
    public List<EventType> types() {
        List<EventType> types = new ArrayList<>();
        UploadProgress before = null;
        for (UploadProgress progress : told) {
            boolean again = before != null
                    && before.type() == EventType.PROGRESS
                    && progress.type() == EventType.PROGRESS
                    && before.upload().equals(progress.upload());
            if (!again) {
                types.add(progress.type());
            }
            before = progress;
        }
        return List.copyOf(types);
    }

    /**
     * What was told, for messages.
     *
     * @return such as {@code loadstart 0, progress 6, loadend 6}
     */
    @Override
    public String toString() {
        List<String> shown = new ArrayList<>();
        boolean isOne = uploads().size() < 2;
        told.forEach(progress -> shown.add(
                (isOne ? "" : progress.upload() + ' ') + progress.type().event() + ' ' + progress.loaded()));
        return shown.isEmpty() ? "nothing" : String.join(", ", shown);
    }
}
