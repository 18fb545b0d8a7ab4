package dev.parley.topic;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a topic.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into the payload.
 */
public final class Publication {
    /** What the objects around the payload take, about. */
    private static final int OVERHEAD_BYTES = 96;

    private final long epoch;
    private final long offset;
    private final long time;
    private final Draft draft;
    /** What this takes of the heap, about: what limits of bytes count. */
    private final int size;

    private Publication(Position position, long time, Draft draft) {
        this.epoch = position.epoch();
        this.offset = position.offset();
        this.time = time;
        this.draft = draft;
        this.size = size(draft);
    }

    /**
     * A publication: for brokers, which give out positions.
     *
     * @param position where it stands
     * @param time when it was published
     * @param draft what was published
     * @return the publication
     */
    public static Publication of(Position position, Instant time, Draft draft) {
        return new Publication(position, time.toEpochMilli(), draft);
    }

    /** What the publication of a draft takes. */
    static int size(Draft draft) {
        long size = OVERHEAD_BYTES + (long) draft.payload().length + chars(draft.event()) + chars(draft.key());
        for (String tag : draft.tags()) {
            size += OVERHEAD_BYTES + chars(tag);
        }
        return (int) Math.min(Integer.MAX_VALUE, size);
    }

    private static long chars(@Nullable String text) {
        return text == null ? 0 : 2L * text.length();
    }

    /**
     * Where it stands.
     *
     * @return the position
     */
    public Position position() {
        return new Position(epoch, offset);
    }

    long offset() {
        return offset;
    }

    /**
     * When it was published, by the broker's clock, in milliseconds.
     *
     * @return the time
     */
    public Instant time() {
        return Instant.ofEpochMilli(time);
    }

    long millis() {
        return time;
    }

    /**
     * The event name.
     *
     * @return the name; {@code null} if there is none
     */
    public @Nullable String event() {
        return draft.event();
    }

    /**
     * What this is the newest value of.
     *
     * @return the key; {@code null} if there is none
     */
    public @Nullable String key() {
        return draft.key();
    }

    /**
     * The tags.
     *
     * @return the tags, in no order
     */
    public Set<String> tags() {
        return draft.tags();
    }

    /**
     * The payload.
     *
     * @return the bytes themselves, not a copy
     */
    public byte[] payload() {
        return draft.payload();
    }

    /**
     * Whether the payload is text in UTF-8.
     *
     * @return {@code false} for bytes
     */
    public boolean isText() {
        return draft.isText();
    }

    /**
     * The payload as text.
     *
     * @return the text; what is not well-formed is U+FFFD
     */
    public String text() {
        return new String(draft.payload(), UTF_8);
    }

    int size() {
        return size;
    }

    /** Its position and length, for a log. */
    @Override
    public String toString() {
        return position() + " (" + draft.payload().length + " bytes)";
    }
}
