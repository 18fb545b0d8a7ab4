package dev.parley.websocket;

import dev.parley.http.SendOutcome;
import io.netty.buffer.ByteBuf;

/**
 * One message that is sent in fragments, as its parts come into being
 * (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-5.4">RFC 6455 section 5.4</a>). It is not compressed.
 *
 * <p>Until it has ended, what else is sent on the connection waits, counted as queued; topics wait where they are. If the connection
 * is closed before it has ended, what waits is dropped.
 *
 * <p><b>Threading.</b> Not thread-safe. It is to be used on the connection's event loop or on other threads, one at a time; not
 * first on these and then on the event loop, which would overtake them.
 */
public interface MessageStream extends AutoCloseable {

    /**
     * Sends a fragment of a text message.
     *
     * @param text whole characters
     * @return what became of it; if it is {@link SendOutcome#DROPPED} the message is not whole any more, and the connection is
     *     closed whatever its {@link WhenFull} says
     * @throws IllegalStateException if the message is binary, or has ended
     */
    SendOutcome write(String text);

    /**
     * Sends a fragment of a binary message.
     *
     * @param bytes the bytes; this method takes the buffer over
     * @return as {@link #write(String)}
     * @throws IllegalStateException if the message is text, or has ended
     */
    SendOutcome write(ByteBuf bytes);

    /** Ends the message. Does nothing if it has ended. */
    @Override
    void close();
}
