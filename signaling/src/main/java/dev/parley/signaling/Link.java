package dev.parley.signaling;

import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One open connection to a peer, in the words of one wire format. Thread-safe: what is sent after something else, on whatever thread, arrives after it.
 */
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

    /**
     * Hands something to an event loop in the order of the calls. The tasks of a room run on one thread after another, and what is done at once on the event loop itself
     * would overtake what another thread handed to it just before.
     *
     * @param loop the event loop of a connection
     * @param action what to do with the connection: on any other thread it hands itself to the event loop
     */
    static void inOrder(EventLoop loop, Runnable action) {
        if (!loop.inEventLoop()) {
            action.run();
            return;
        }
        try {
            loop.execute(action);
        } catch (RejectedExecutionException ending) {
            return; // and so does the connection
        }
    }
}
