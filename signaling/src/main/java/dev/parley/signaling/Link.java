package dev.parley.signaling;

import org.jspecify.annotations.Nullable;

/** One open connection to a peer, in the words of one wire format. Thread-safe: what one thread sends arrives in that order. */
interface Link {
    /** Closed, and to come back is no use: the peer is not in the room any more. */
    int GONE = 4000;
    /** Closed, as another connection took over the session. */
    int REPLACED = 4001;

    /**
     * Sends a message.
     *
     * @param message the message
     * @param seq its number, if it has one; else 0
     * @param id the id of what it answers, if it does
     */
    void send(Outgoing message, long seq, @Nullable Object id);

    /** Says that a message was done. */
    void reply(Object id);

    /** Closes it: what was sent before still arrives. */
    void close(int code, String text);

    /** Whether the other side can say something else where its first message was wrong. */
    default boolean isConversation() {
        return true;
    }

    /** Whether the other side says what has arrived, so that what was sent is kept until then. */
    default boolean isAcknowledged() {
        return true;
    }
}
