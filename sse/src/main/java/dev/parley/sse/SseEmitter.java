package dev.parley.sse;

import dev.parley.http.EndReason;
import dev.parley.http.Exchange;
import dev.parley.http.SendOutcome;
import dev.parley.sse.codec.ServerSentEvent;
import java.time.Duration;
import java.util.Optional;
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
    private final Exchange exchange;
    private final OpenStream stream;

    SseEmitter(Exchange exchange, OpenStream stream) {
        this.exchange = exchange;
        this.stream = stream;
    }

    /**
     * Sends an event; it goes out with the next flush, at the latest when the current callback of the event loop
     * returns.
     *
     * @param event the event
     * @return what became of it
     */
    public SendOutcome send(ServerSentEvent event) {
        return stream.isOpen() ? stream.write(stream.settings().format().event(event)) : SendOutcome.CLOSED;
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
        stream.close();
    }

    /**
     * Whether events can still be sent.
     *
     * @return {@code false} from the first sign of the end on, for good
     */
    public boolean isOpen() {
        return stream.isOpen();
    }

    /**
     * Whether the client keeps up: an event now would be {@link SendOutcome#SENT}.
     *
     * @return {@code false} also when the stream is closed
     */
    public boolean isWritable() {
        return stream.isWritable();
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
        stream.stream().onEnd(listener);
    }

    /**
     * Sets what is called when the server drains: the stream should be closed within the time given, or it will be cut
     * off. Unless this is set, the stream is closed at some moment of that time, and told to reconnect after its usual
     * time and a random part of the time given, so that not all clients leave and come back together.
     *
     * @param listener gets the time that is left; replaces the one before
     */
    public void onDrain(Consumer<Duration> listener) {
        stream.stream().onDrain(listener);
    }

    /**
     * The id of the last event that the client has heard, as its {@code Last-Event-ID} header tells when it reconnects.
     * A client may send anything here, so take it for a wish.
     *
     * @return the id; empty where the client tells none, or one of more than 1024 characters
     */
    public Optional<String> lastEventId() {
        return LastEventId.header(exchange);
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
