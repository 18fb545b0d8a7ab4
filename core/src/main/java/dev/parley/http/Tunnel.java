package dev.parley.http;

import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * A connection, or an HTTP/2 stream, that another protocol has taken over: plain bytes in both directions
 * ({@link Exchange#switchProtocol}).
 *
 * <p><b>Threading.</b> {@link #after}, {@link #onEnd} and {@link #onDrain} may be called from any thread; all else is the event
 * loop's. Callbacks run on the event loop and must not block.
 *
 * <p><b>Memory.</b> A tunnel outlasts its request. Where thousands are open keep the tunnel and not the {@link Exchange}: what
 * only a request needs is then let go of.
 *
 * <p><b>Limits.</b> A client that reads nothing of what waits for it is given up after {@link HttpLimits#writeTimeout}. There is
 * no limit on silence: that is the protocol's to say.
 */
public interface Tunnel {

    /**
     * Where the protocol adds its handlers, at the end. They get and write {@code ByteBuf}s.
     *
     * @return the pipeline
     */
    ChannelPipeline pipeline();

    /**
     * The version of HTTP that it began with.
     *
     * @return {@link Protocol#HTTP_2} for a stream of such a connection
     */
    Protocol protocol();

    /**
     * Ends this side when all that was written is sent: FIN, or {@code END_STREAM} over HTTP/2. What the client still sends
     * is read; when it ends its side too, or after two seconds, the tunnel is closed. Does nothing if that was done.
     *
     * <p>So nothing that was written is lost. A connection that is closed at once, with bytes of the client on their way, may
     * be reset before the client has read the last that it was sent.
     */
    void end();

    /**
     * Adds a callback for the end of the tunnel, however it comes. Called once; at once if it has ended already.
     *
     * @param listener gets the reason
     */
    void onEnd(Consumer<EndReason> listener);

    /**
     * Sets what is called when the server begins to drain: the protocol should then end itself within the time given, or it
     * will be cut off. Called at once if the server is draining already.
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
     * Calls a task again and again, on the event loop, until the tunnel has ended. It costs a tunnel next to nothing, where
     * {@link #after} costs a timer each time. To be called on the event loop.
     *
     * @param period how long from one call to the next, 100 ms or more; up to 200 ms late
     * @param task what to run; replaces the one before
     */
    void every(Duration period, Runnable task);

    /**
     * The event loop of the connection, on which all callbacks run.
     *
     * @return the event loop
     */
    EventLoop eventLoop();
}
