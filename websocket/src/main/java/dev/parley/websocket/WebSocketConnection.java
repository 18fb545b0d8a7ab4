package dev.parley.websocket;

import dev.parley.http.Protocol;
import dev.parley.http.SendOutcome;
import dev.parley.topic.From;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.topic.TopicException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One open WebSocket. It dies with its socket.
 *
 * <pre>{@code
 * switch (connection.send("still there?")) {
 *     case SENT, QUEUED -> { }
 *     case DROPPED, CLOSED -> log.debug("{} is slow or gone", connection);
 * }
 * }</pre>
 *
 * <p><b>Threading.</b> Thread-safe: all methods may be called from any thread; what one thread sends arrives in that order.
 * Callbacks run where the endpoint's listeners do.
 *
 * <p><b>Backpressure.</b> {@link SendOutcome#QUEUED} says that the client is behind; {@link #onWritable} tells when it has caught
 * up. At most {@link WebSocketEndpoint.Builder#maxQueuedBytes} are queued; a message beyond that is
 * {@link SendOutcome#DROPPED}, and the connection closed with 1013 unless the endpoint's {@link WhenFull} says otherwise. A
 * client that does not read what it is sent is not read either.
 *
 * <p><b>Compression.</b> Messages are compressed where the client and the endpoint agreed on it, and they are long enough. Who sees
 * the length of what is compressed, and may choose a part of it, can find out the rest: what holds a secret besides what others
 * wrote is to be sent {@linkplain #sendUncompressed(String) as it is}. What a listener of JSON messages returns, and what topics
 * publish, is compressed as any other: where that holds secrets, {@link WebSocketEndpoint.Builder#noDeflate}.
 */
public interface WebSocketConnection {

    /**
     * Sends a text message.
     *
     * @param text the text; an unpaired surrogate becomes a question mark
     * @return what became of it
     */
    SendOutcome send(String text);

    /**
     * Sends a binary message.
     *
     * @param bytes the bytes, which must not be changed afterwards
     * @return what became of it
     */
    SendOutcome send(byte[] bytes);

    /**
     * Sends a binary message.
     *
     * @param bytes the bytes; this method takes the buffer over and releases it, whatever the outcome
     * @return what became of it
     */
    SendOutcome send(ByteBuf bytes);

    /**
     * Sends a JSON message: {@code {"type":…,"payload":…}}.
     *
     * @param type its type
     * @param payload what becomes its payload, such as a record; {@code null} for none
     * @return what became of it
     * @throws IllegalArgumentException if the payload can't be made JSON
     */
    SendOutcome send(String type, @Nullable Object payload);

    /**
     * Asks the client: {@code {"type":…,"id":…,"payload":…}}, which it answers with {@code {"type":"reply","id":…,"payload":…}},
     * or with {@code {"type":"error","id":…,"payload":{"code":…,"message":…}}}. Ids of requests begin with {@code parley:}.
     *
     * <pre>{@code
     * connection.request("confirm", new Question("really?"), Boolean.class, Duration.ofSeconds(30))
     *         .thenAccept(sure -> { if (sure) delete(); });
     * }</pre>
     *
     * <p>While a listener runs no message is read: it must not wait for the answer.
     *
     * @param type its type
     * @param payload what becomes its payload; {@code null} for none
     * @param reply what the payload of the answer is
     * @param deadline how long the client has, more than 0
     * @param <R> what the payload of the answer is
     * @return completes on the event loop. Fails with a {@link MessageException} if the client answers with an error, or with what
     *     is no such payload, or if as many requests are open as {@linkplain WebSocketEndpoint.Builder#maxRequests may be}
     *     ({@link MessageException#TOO_MANY}); with a {@link java.util.concurrent.TimeoutException} after the deadline; with an
     *     {@link java.io.IOException} if it can't be sent, or the connection ends before
     * @throws IllegalArgumentException if the payload can't be made JSON
     * @throws IllegalStateException if the endpoint is not one of {@linkplain WebSocketEndpoint#json() JSON messages}
     */
    <R> CompletionStage<R> request(String type, @Nullable Object payload, Class<R> reply, Duration deadline);

    /**
     * Sends a text message that is never compressed.
     *
     * @param text the text
     * @return what became of it
     */
    SendOutcome sendUncompressed(String text);

    /**
     * Sends a binary message that is never compressed.
     *
     * @param bytes the bytes, which must not be changed afterwards
     * @return what became of it
     */
    SendOutcome sendUncompressed(byte[] bytes);

    /**
     * Sends a JSON message that is never compressed.
     *
     * @param type its type
     * @param payload what becomes its payload; {@code null} for none
     * @return what became of it
     * @throws IllegalArgumentException if the payload can't be made JSON
     */
    SendOutcome sendUncompressed(String type, @Nullable Object payload);

    /**
     * Begins a text message that is sent in fragments.
     *
     * @return what its parts are written to
     * @throws IllegalStateException if another such message has not ended
     */
    MessageStream streamText();

    /**
     * Begins a binary message that is sent in fragments.
     *
     * @return what its parts are written to
     * @throws IllegalStateException if another such message has not ended
     */
    MessageStream streamBinary();

    /**
     * Sends a ping. The endpoint sends its own to keep the connection alive; this one is for who wants to know
     * {@link #roundTripTime} now.
     *
     * @return what became of it
     */
    SendOutcome ping();

    /**
     * When what was sent up to now is with the operating system. Messages that wait for the end of one
     * {@linkplain #streamText in fragments} are not waited for.
     *
     * @return completes on the event loop; fails with an {@link java.io.IOException} if the connection ends before
     */
    CompletionStage<Void> flushed();

    /**
     * Bytes that were accepted and are not with the operating system yet.
     *
     * @return a number of bytes, 0 or more
     */
    long queuedBytes();

    /**
     * Whether the client keeps up: a send now would be {@link SendOutcome#SENT}.
     *
     * @return {@code false} also when the connection is closed
     */
    boolean isWritable();

    /**
     * Sets what is called each time the client has caught up after it was behind.
     *
     * @param listener replaces the one before
     */
    void onWritable(Runnable listener);

    /** Tells no more messages until {@link #resumeReading}; what the client sends waits in its own socket. Pings wait as well. */
    void pauseReading();

    /** Tells messages again. */
    void resumeReading();

    /**
     * Subscribes the connection to a topic, from its tail on: see {@link #subscribe(Subscription.Builder)}.
     *
     * @param topic the topic
     * @return the subscription, which ends with the connection
     * @throws TopicException if there are too many subscriptions, or the topics were closed
     */
    default Subscription subscribe(Topic topic) {
        return subscribe(topic, From.tail());
    }

    /**
     * Subscribes the connection to a topic: see {@link #subscribe(Subscription.Builder)}.
     *
     * @param topic the topic
     * @param from where it begins
     * @return the subscription, which ends with the connection
     * @throws TopicException if there are too many subscriptions, or the topics were closed
     */
    Subscription subscribe(Topic topic, From from);

    /**
     * Subscribes the connection to topics. Each publication is sent as one message: by itself, or on an endpoint of
     * {@linkplain WebSocketEndpoint#json() JSON messages} in an envelope with its position; there the client is also told where
     * it begins, and of gaps. The envelope has the topic's name if the connection was subscribed by it, and not by a builder.
     *
     * <p>A client that is behind costs no memory: it goes on from the topic. If what it needs is not kept any more, its
     * {@link dev.parley.topic.OverflowPolicy} says what happens: with {@code RESUME}, which holds unless another is set, the
     * connection is closed with 1013.
     *
     * @param subscription topics, place, filter and policy; its listeners and its executor are not used
     * @return the subscription, which ends with the connection
     * @throws TopicException if there are too many subscriptions, or the topics were closed
     */
    Subscription subscribe(Subscription.Builder subscription);

    /**
     * Sets how long the client's credential is good from now on, as it has shown a new one. Then the connection is closed with
     * 1008.
     *
     * @param left the time that is left; 0 or less closes at once
     */
    void credential(Duration left);

    /**
     * Something that was left on the connection.
     *
     * @param key its key
     * @param <T> its type
     * @return the value; empty where none was set
     */
    <T> Optional<T> attribute(AttributeKey<T> key);

    /**
     * Leaves something on the connection.
     *
     * @param key its key
     * @param value the value, or {@code null} to take it away
     * @param <T> its type
     */
    <T> void attribute(AttributeKey<T> key, @Nullable T value);

    /**
     * Who a {@link dev.parley.http.Guard} recognised.
     *
     * @return the principal; empty where no guard recognised anybody
     */
    Optional<Principal> principal();

    /**
     * What was agreed on of the client's {@code Sec-WebSocket-Protocol}.
     *
     * @return one of {@link WebSocketEndpoint.Builder#subprotocols}; empty if none was
     */
    Optional<String> subprotocol();

    /**
     * The client's address: what a trusted proxy says, else the address of the connection.
     *
     * @return the address
     */
    InetSocketAddress peerAddress();

    /**
     * The version of HTTP that the connection began with.
     *
     * @return the version
     */
    Protocol protocol();

    /**
     * How long the last ping took to be answered, in whole microseconds.
     *
     * @return the time; empty if none was answered yet
     */
    Optional<Duration> roundTripTime();

    /**
     * Whether messages can be sent: neither side has closed.
     *
     * @return whether it is open
     */
    boolean isOpen();

    /** Closes the connection with 1000. Does nothing if it is closed. */
    void close();

    /**
     * Closes the connection: what was sent before still arrives. Does nothing if it is closed.
     *
     * @param code a code that may be sent: 4000 to 4999 are the application's
     * @param text for people who look for a fault; what does not fit 123 bytes of UTF-8 is cut off
     * @throws IllegalArgumentException if the code may not be sent
     */
    void close(int code, String text);

    /**
     * The event loop of the connection.
     *
     * @return the event loop
     */
    EventLoop eventLoop();
}
