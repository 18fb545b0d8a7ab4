package dev.parley.topic;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Publications that are encoded together, in order.
 *
 * <p><b>Threading.</b> Not thread-safe; valid while it is encoded.
 */
public final class Batch {
    /** What a socket takes at once, about. */
    private static final int MAX_BYTES = 64 * 1024;

    private final List<Publication> publications = new ArrayList<>();
    /** With several topics, where the subscription stands behind each publication. */
    private @Nullable List<String> ids;

    private long bytes;

    Batch() {}

    void add(Publication publication, @Nullable String id) {
        publications.add(publication);
        bytes += publication.size();
        if (id != null) {
            if (ids == null) {
                ids = new ArrayList<>();
            }
            ids.add(id);
        }
    }

    /** Whether this is as much as one write should be. */
    boolean isFull() {
        return bytes >= MAX_BYTES;
    }

    List<Publication> publications() {
        return publications;
    }

    /**
     * How many publications there are.
     *
     * @return 1 or more
     */
    public int size() {
        return publications.size();
    }

    /**
     * A publication.
     *
     * @param index 0 for the first
     * @return the publication
     */
    public Publication publication(int index) {
        return publications.get(index);
    }

    /**
     * What a subscriber resumes from who has heard a publication and not the next: its position, and those of the
     * subscription's other topics.
     *
     * @param index 0 for the first
     * @return what {@link Position#parseAll} reads
     */
    public String id(int index) {
        return ids == null ? publications.get(index).position().toString() : ids.get(index);
    }
}
