package dev.parley.websocket;

import org.jspecify.annotations.Nullable;

/**
 * What a listener of JSON messages returns that wants to say more than a plain value does: no answer, or one with a type of its
 * own.
 *
 * <p>A plain value, such as a record, is answered as {@code {"type":"reply","id":…,"payload":…}}.
 *
 * <p><b>Threading.</b> Immutable, as far as its payload is.
 */
public final class Reply {
    /** The type of an answer, unless another was chosen. */
    static final String TYPE = "reply";

    private static final Reply NONE = new Reply("", null);

    private final String type;
    private final @Nullable Object payload;

    private Reply(String type, @Nullable Object payload) {
        this.type = type;
        this.payload = payload;
    }

    /**
     * Nothing is sent.
     *
     * @return no reply
     */
    public static Reply none() {
        return NONE;
    }

    /**
     * A reply of some type, with the id of the message that it answers.
     *
     * @param type its type
     * @param payload what becomes its payload, such as a record; {@code null} for none
     * @return the reply
     */
    public static Reply of(String type, @Nullable Object payload) {
        return new Reply(type, payload);
    }

    /** What a listener has returned. {@code null} is "done, and nothing to tell", which who gave an id wants to know. */
    static Reply to(@Nullable Object id, @Nullable Object returned) {
        if (returned instanceof Reply reply) {
            return reply;
        }
        return id == null && returned == null ? NONE : new Reply(TYPE, returned);
    }

    boolean isNone() {
        return this == NONE;
    }

    /** Its message, as JSON. */
    byte[] message(@Nullable Object id) {
        return Json.message(type, id, payload);
    }
}
