package dev.parley.sse;

import dev.parley.http.Exchange;
import dev.parley.http.ResponseStream;
import dev.parley.http.SendOutcome;
import dev.parley.http.SharedChunk;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Gap;
import dev.parley.topic.Outlet;
import dev.parley.topic.Subscription;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds a stream from its topics: the stream's end of the subscription.
 *
 * <p>Confined to the event loop of the connection.
 */
final class TopicFeed implements Outlet<SharedChunk>, Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicFeed.class);

    private final TopicSource source;
    /** For the snapshot, as long as that is not there; of the request nothing else is held. */
    private @Nullable Exchange exchange;

    /** Whether the client has told where it was. */
    private final boolean resuming;

    private @Nullable OpenStream stream;
    /** The stream's response itself: with thousands of clients each step to it counts. */
    private @Nullable ResponseStream out;

    private @Nullable Subscription subscription;
    private boolean sentSinceBeat;
    /** Nothing of the topics may be sent yet. */
    private boolean held = true;

    TopicFeed(TopicSource source, Exchange exchange, boolean resuming) {
        this.source = source;
        this.exchange = source.snapshot() == null ? null : exchange;
        this.resuming = resuming;
    }

    /** It is subscribed; nothing is heard before this event loop's next turn. */
    void subscribed(Subscription to) {
        subscription = to;
    }

    /** The stream that it feeds has begun. */
    void opened(OpenStream opened) {
        stream = opened;
        out = opened.stream();
    }

    private OpenStream stream() {
        if (stream == null) {
            throw new IllegalStateException("no stream (expected: opened in the turn in which it was subscribed)");
        }
        return stream;
    }

    private Subscription subscription() {
        if (subscription == null) {
            throw new IllegalStateException("not subscribed");
        }
        return subscription;
    }

    private StreamFormat format() {
        return stream().settings().format();
    }

    // ---- the subscription's side

    @Override
    public void begin(Subscription begun, List<Gap> gaps) {
        String id = begun.id();
        if (resuming && gaps.isEmpty()) {
            stream().write(format().resumed(id));
            exchange = null;
            held = false;
            return;
        }
        boolean settled = source.snapshot() == null || exchange == null;
        tell(gaps, settled ? id : null);
        if (source.snapshot() == null || exchange == null) {
            if (gaps.isEmpty()) {
                stream().write(format().place(id));
            }
            held = false;
        } else {
            source.snapshot()
                    .apply(exchange)
                    .whenComplete(
                            (event, failure) -> stream().stream().eventLoop().execute(() -> begin(id, event, failure)));
        }
        exchange = null;
    }

    /** Goes on when the snapshot is there. */
    private void begin(String id, @Nullable ServerSentEvent snapshot, @Nullable Throwable failure) {
        if (failure != null || snapshot == null) {
            LOG.error("no snapshot for an event stream, which is closed", failure);
            stream().close();
            return;
        }
        stream()
                .write(format().event(new ServerSentEvent(
                        id, snapshot.event(), snapshot.data(), snapshot.retry(), snapshot.comment())));
        held = false;
        run();
    }

    @Override
    public boolean write(SharedChunk chunk) {
        ResponseStream to = out;
        if (held || to == null) {
            return false;
        }
        sentSinceBeat = true;
        return to.write(chunk) != SendOutcome.DROPPED; // one that is closed will be told so
    }

    /** As above, where the stream is compressed. */
    boolean write(GzipChunk chunk) {
        if (held || !(out instanceof GzipStream to)) {
            return false;
        }
        sentSinceBeat = true;
        return to.write(chunk) != SendOutcome.DROPPED;
    }

    @Override
    public boolean isWritable() {
        return !held && stream().isWritable();
    }

    @Override
    public void gaps(List<Gap> gaps) {
        tell(gaps, subscription().id());
    }

    /**
     * Tells of losses. The client may be cut off at any byte, so it gets its new place with the last of what it has to
     * hear: who has not heard all of it comes back with the old place, and hears all of it again.
     *
     * @param id {@code null} if more is to be heard
     */
    private void tell(List<Gap> gaps, @Nullable String id) {
        for (int i = 0; i < gaps.size(); i++) {
            stream().write(format().gap(gaps.get(i), i == gaps.size() - 1 ? id : null));
        }
    }

    @Override
    public void end(Subscription.End end, @Nullable Throwable failure) {
        if (failure != null) {
            LOG.error("an event stream failed, and is closed", failure);
        }
        stream().finish(); // whatever it was, the client comes back with its last id
    }

    // ---- the stream's side

    /** The client has caught up. */
    @Override
    public void run() {
        subscription().resume();
    }

    void close() {
        subscription().close();
    }

    /** Whether something was sent since the last call. */
    boolean hasSent() {
        boolean sent = sentSinceBeat;
        sentSinceBeat = false;
        return sent;
    }

    /** What a client should know that hears nothing, as all is passed over; {@code null} if it knows, or may not yet. */
    @Nullable
    String silentId() {
        return source.isFiltered() && !held ? subscription().id() : null;
    }
}
