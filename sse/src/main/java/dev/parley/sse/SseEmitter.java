package dev.parley.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.EndReason;
import dev.parley.http.Exchange;
import dev.parley.http.ResponseStream;
import dev.parley.http.SendOutcome;
import dev.parley.sse.codec.EventStreamEncoder;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * One open event stream, on which the application sends events to one client.
 *
 * <pre>{@code
 * SendOutcome outcome = emitter.send(ServerSentEvent.builder().id("42").event("price").data("17.3").build());
 * emitter.onClose(reason -> prices.remove(emitter));
 * }</pre>
 *
 * <p><b>States.</b> Open from the start. It closes when the application closes it, when the client goes away or is too
 * slow, when the server shuts down, or when a callback fails; each {@link #onClose} callback is then called once.
 *
 * <p><b>Threading.</b> Thread-safe: all methods may be called from any thread; what one thread sends arrives in that
 * order. Callbacks run on the event loop of the connection, in order, and must not block.
 *
 * <p><b>Backpressure.</b> {@link SendOutcome#QUEUED} says that the client is behind; {@link #onWritable} tells when it
 * has caught up. An event is sent whole or not at all.
 *
 * <p><b>Errors.</b> A callback that throws closes this stream, is logged once, and harms no other. The client
 * reconnects.
 *
 * <p><b>Memory.</b> Nothing is queued here: what waits for the client is the response stream's, and so is its limit
 * ({@link dev.parley.http.HttpLimits#maxQueuedBytes}). Events that were dropped are not kept.
 */
public final class SseEmitter {
    /** No id that a server of this library gives comes near to it, and it is small beside the header limit. */
    private static final int MAX_LAST_EVENT_ID_CHARS = 1024;

    private static final byte[] HEARTBEAT = ":\n\n".getBytes(US_ASCII);

    private final Exchange exchange;
    private final ResponseStream stream;
    private final Duration retry;
    /** Half of the longest silence: see {@link #beat}. */
    private final Duration beat;

    private final Runnable beating = this::beat;

    private volatile boolean closed;
    /** Whether something was sent since the last beat. */
    private volatile boolean sentSinceBeat;

    SseEmitter(Exchange exchange, ResponseStream stream, Duration retry, Duration keepAlive) {
        this.exchange = exchange;
        this.stream = stream;
        this.retry = retry;
        this.beat = keepAlive.dividedBy(2);
    }

    /** Begins the stream: before the application knows of it. */
    void open() {
        exchange.onEnd(reason -> closed = true);
        // Bytes behind the head make proxies pass it on, so that the client hears at once that the stream is open.
        sendRetry(retry);
        exchange.after(beat, beating);
        exchange.onDrain(this::leave);
    }

    /**
     * Called twice in the longest silence that is allowed. A comment is due when nothing was sent since the call before:
     * then the silence lasts at least half of that time, and it would pass all of it before the next call. So a busy
     * stream costs neither comments nor, with each event, a look at the clock or a timer moved.
     */
    private void beat() {
        if (sentSinceBeat) {
            sentSinceBeat = false;
        } else if (stream.isWritable()) { // A client that is behind has enough to read.
            stream.write(HEARTBEAT);
            sentSinceBeat = true;
        }
        exchange.after(beat, beating);
    }

    /** What a stream does when the server drains, unless the application has another wish. */
    private void leave(Duration left) {
        // All clients leave now; so that they do not all come back in one moment, each gets a time of its own.
        long spread = ThreadLocalRandom.current().nextLong(Math.max(1, left.toMillis()));
        sendRetry(retry.plusMillis(spread));
        close();
    }

    private void sendRetry(Duration time) {
        send(ServerSentEvent.builder().retry(time).build());
    }

    /**
     * Sends an event; it goes out with the next flush, at the latest when the current callback of the event loop
     * returns.
     *
     * @param event the event
     * @return what became of it
     */
    public SendOutcome send(ServerSentEvent event) {
        if (closed) {
            return SendOutcome.CLOSED;
        }
        SendOutcome outcome = stream.write(EventStreamEncoder.encode(event, ByteBufAllocator.DEFAULT));
        if (!sentSinceBeat && (outcome == SendOutcome.SENT || outcome == SendOutcome.QUEUED)) {
            sentSinceBeat = true; // Read before it is written: many threads may send, and few writes keep it cheap.
        }
        return outcome;
    }

    /**
     * Sends a comment, which clients ignore. A silent stream is kept alive without it.
     *
     * @param text any text
     * @return what became of it
     */
    public SendOutcome comment(String text) {
        return send(ServerSentEvent.builder().comment(text).build());
    }

    /**
     * Ends the stream behind what was sent. The client reconnects, unless it is told not to: {@code EventSource} has no
     * end, so tell it by an event, or answer its next request with {@code 204}. Does nothing if the stream is closed.
     */
    public void close() {
        closed = true;
        stream.end();
    }

    /**
     * Whether events can still be sent.
     *
     * @return {@code false} from the first sign of the end on, for good
     */
    public boolean isOpen() {
        return !closed;
    }

    /**
     * Whether the client keeps up: an event now would be {@link SendOutcome#SENT}.
     *
     * @return {@code false} also when the stream is closed
     */
    public boolean isWritable() {
        return !closed && stream.isWritable();
    }

    /**
     * Sets what is called each time the client has caught up after it was behind.
     *
     * @param listener replaces the one before
     */
    public void onWritable(Runnable listener) {
        stream.onWritable(listener);
    }

    /**
     * Adds a callback for the end of the stream, however it comes. Called once; at once if the stream has ended.
     *
     * @param listener gets the reason: {@link EndReason#COMPLETED} after {@link #close}
     */
    public void onClose(Consumer<EndReason> listener) {
        exchange.onEnd(listener);
    }

    /**
     * Sets what is called when the server drains: the stream should be closed within the time given, or it will be cut
     * off. Unless this is set, the stream is closed at once, and told to reconnect after its usual time and a random
     * part of the time given, so that not all clients come back together.
     *
     * @param listener gets the time that is left; replaces the one before
     */
    public void onDrain(Consumer<Duration> listener) {
        exchange.onDrain(listener);
    }

    /**
     * The id of the last event that the client has heard, as its {@code Last-Event-ID} header tells when it reconnects.
     * A client may send anything here, so take it for a wish.
     *
     * @return the id; empty where the client tells none, or one of more than 1024 characters
     */
    public Optional<String> lastEventId() {
        return exchange.header("Last-Event-ID")
                .filter(id -> !id.isEmpty() && id.length() <= MAX_LAST_EVENT_ID_CHARS)
                // Browsers send UTF-8, of which a header shows the single bytes.
                .map(id -> new String(id.getBytes(ISO_8859_1), UTF_8));
    }

    /**
     * The exchange that this stream answers: for its path parameters, its principal, its attributes.
     *
     * @return the exchange
     */
    public Exchange exchange() {
        return exchange;
    }
}
