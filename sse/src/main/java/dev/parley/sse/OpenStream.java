package dev.parley.sse;

import dev.parley.http.EndReason;
import dev.parley.http.ResponseStream;
import dev.parley.http.SendOutcome;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One open response that events are sent on, whoever sends them: its heartbeats, and its end. As there may be thousands,
 * it holds nothing of the request, and is itself the task of its heartbeats and the listener for its end.
 *
 * <p><b>Threading.</b> {@link #write(ByteBuf)} and {@link #close} may be called from any thread; all else is the event loop's.
 */
final class OpenStream implements Runnable, Consumer<EndReason> {
    /** Where the ends of a drain fall: each is far from all before it (multiples of the golden ratio, modulo 1). */
    private static final double GOLDEN = 0.6180339887498949;
    /** The part of the time to drain in which streams are closed: what is left is for the last bytes. */
    private static final double CLOSING_PART = 0.8;

    private final StreamSettings settings;
    private final ResponseStream stream;
    private @Nullable TopicFeed feed;

    private boolean opening = true;
    private volatile boolean closed;
    /** Whether something was sent since the last beat. */
    private volatile boolean sentSinceBeat = true;

    OpenStream(StreamSettings settings, ResponseStream stream) {
        this.settings = settings;
        this.stream = stream;
    }

    StreamSettings settings() {
        return settings;
    }

    ResponseStream stream() {
        return stream;
    }

    /** Begins the stream, which has an end perhaps: before anybody else knows of it. */
    void open(Optional<Deadline> end, @Nullable TopicFeed fedBy) {
        feed = fedBy;
        stream.onEnd(this);
        write(settings.format().retry(settings.retry()));
        stream.after(settings.beat(), this);
        end.ifPresent(deadline -> stream.after(deadline.left(), this::finish));
        stream.onDrain(this::drain); // at once, if the server drains already
        opening = false;
    }

    /** The stream has ended. */
    @Override
    public void accept(EndReason reason) {
        closed = true;
        if (feed != null) {
            feed.close();
        }
    }

    /**
     * Called twice in the longest silence that is allowed. A heartbeat is due when nothing was sent since the call
     * before: then the silence lasts at least half of that time, and it would pass all of it before the next call. So a
     * busy stream costs neither heartbeats nor, with each event, a look at the clock or a timer moved.
     */
    @Override
    public void run() {
        boolean fed = feed != null && feed.hasSent();
        if (fed || sentSinceBeat) {
            sentSinceBeat = false;
        } else if (stream.isWritable()) { // A client that is behind has enough to read.
            if (!writePlace()) {
                stream.write(settings.format().heartbeat());
            }
            sentSinceBeat = true;
        }
        stream.after(settings.beat(), this);
    }

    /** What a stream does when the server drains, unless the application has another wish. */
    private void drain(Duration left) {
        double part = settings.leaving().getAndIncrement() * GOLDEN % 1.0 * CLOSING_PART;
        long wait = opening ? 0 : (long) (left.toMillis() * part);
        if (wait == 0) {
            leave(left);
        } else {
            stream.after(Duration.ofMillis(wait), () -> leave(left));
        }
    }

    /** Sends the client away. So that those which were closed together do not come back together, each has its own time. */
    private void leave(Duration within) {
        long spread = ThreadLocalRandom.current().nextLong(Math.max(1, within.toMillis()));
        write(settings.format().retry(settings.retry().plusMillis(spread)));
        finish();
    }

    /** Ends the stream; the client will come back, and go on from here. */
    void finish() {
        writePlace();
        close();
    }

    /** Where a filter passes publications over, the client learns in this way that it need not hear them again. */
    private boolean writePlace() {
        String id = feed == null ? null : feed.silentId();
        if (id != null) {
            write(settings.format().place(id));
        }
        return id != null;
    }

    /** Sets what is called when the client has caught up, besides the topics that feed it. */
    void onWritable(Runnable listener) {
        TopicFeed fed = feed;
        stream.onWritable(
                fed == null
                        ? listener
                        : () -> {
                            fed.run();
                            listener.run();
                        });
    }

    SendOutcome write(ByteBuf bytes) {
        if (closed) {
            bytes.release();
            return SendOutcome.CLOSED;
        }
        return noted(stream.write(bytes));
    }

    private SendOutcome noted(SendOutcome outcome) {
        if (!sentSinceBeat && (outcome == SendOutcome.SENT || outcome == SendOutcome.QUEUED)) {
            sentSinceBeat = true; // Read before it is written: many threads may send, and few writes keep it cheap.
        }
        return outcome;
    }

    void close() {
        closed = true;
        stream.end();
    }

    boolean isOpen() {
        return !closed;
    }

    boolean isWritable() {
        return !closed && stream.isWritable();
    }
}
