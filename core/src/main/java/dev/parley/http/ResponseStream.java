package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * A response whose body is sent piece by piece.
 *
 * <p><b>Threading.</b> Thread-safe: all methods but {@link #write(SharedChunk)} may be called from any thread; what is
 * written from one thread arrives in that order. Callbacks run on the connection's event loop and must not block.
 *
 * <p><b>Backpressure.</b> {@link SendOutcome#QUEUED} says that the client is behind; {@link #onWritable} tells when it
 * has caught up. At most {@link HttpLimits#maxQueuedBytes} are queued, then writes are {@link SendOutcome#DROPPED}.
 *
 * <p><b>Memory.</b> A stream outlasts its request. Where thousands are open keep the stream and not the {@link Exchange}:
 * what only a request needs is then let go of.
 */
public interface ResponseStream {

    /**
     * Sends bytes; they go out with the next flush, at the latest when the current callback of the event loop returns.
     *
     * @param bytes the bytes; this method takes the buffer over and releases it, whatever the outcome
     * @return what became of them
     */
    SendOutcome write(ByteBuf bytes);

    /**
     * Sends bytes.
     *
     * @param bytes the bytes, which must not be changed afterwards
     * @return what became of them
     */
    SendOutcome write(byte[] bytes);

    /**
     * Sends text as UTF-8.
     *
     * @param text the text
     * @return what became of it
     */
    SendOutcome write(String text);

    /**
     * Sends bytes that other streams send too. They go out at once. To be called on the event loop of the connection.
     *
     * <p>They are not part of {@link #queuedBytes}, as they belong to all: a client that does not keep up gets none of
     * them, so that at most one chunk waits besides what the transport holds.
     *
     * @param chunk the bytes, which stay the caller's
     * @return what became of them; {@link SendOutcome#DROPPED} if the client was behind before
     * @throws IllegalStateException on another thread
     */
    SendOutcome write(SharedChunk chunk);

    /**
     * Whether the client keeps up: a write now would be {@link SendOutcome#SENT}.
     *
     * @return {@code false} also when the stream is over
     */
    boolean isWritable();

    /**
     * Bytes that were accepted and not yet handed to the transport.
     *
     * @return a number of bytes, 0 or more
     */
    long queuedBytes();

    /**
     * Sets what is called each time the client has caught up after it was behind.
     *
     * @param listener replaces the one before
     */
    void onWritable(Runnable listener);

    /**
     * As {@link Exchange#onEnd}.
     *
     * @param listener gets the reason
     */
    void onEnd(Consumer<EndReason> listener);

    /**
     * As {@link Exchange#onDrain}.
     *
     * @param listener gets the time that is left; replaces the one before
     */
    void onDrain(Consumer<Duration> listener);

    /**
     * As {@link Exchange#after}.
     *
     * @param delay how long, 0 or more
     * @param task what to run
     * @return to cancel it
     */
    Timer after(Duration delay, Runnable task);

    /**
     * The event loop of the connection, on which all callbacks run.
     *
     * @return the event loop
     */
    EventLoop eventLoop();

    /** Ends the body. Further writes are {@link SendOutcome#CLOSED}. Does nothing if the stream is over. */
    void end();

    /**
     * Ends the body with a trailer section. HTTP/1.0 clients do not get the trailers.
     *
     * @param trailers the trailers, without fields that frame or route the message (RFC 9110 section 6.5.1)
     */
    void end(HttpHeaders trailers);

    /**
     * Cuts the body off so that the client can tell that it is not complete: the connection is closed (HTTP/1.1) or
     * the stream reset (HTTP/2). Does nothing if the stream is over.
     */
    void abort();
}
