package dev.parley.websocket;

import dev.parley.topic.Gap;
import dev.parley.topic.Subscription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A subscription that the client has asked for: it is answered, and its end closes nothing. */
final class InBandFeed extends JsonFeed {
    private final InBandTopics topics;
    private final String name;
    private final String resumed;
    private final @Nullable Object id;
    private boolean begun;
    /** The id of the message that ends it. */
    private @Nullable Object leaving;

    /**
     * A connection's end of a subscription.
     *
     * @param name what the client knows the topic by
     * @param resumed the type of the answer if nothing was lost
     * @param id the id of the message that asked for it
     */
    InBandFeed(InBandTopics topics, OpenConnection connection, String name, String resumed, @Nullable Object id) {
        super(connection, name);
        this.topics = topics;
        this.name = name;
        this.resumed = resumed;
        this.id = id;
    }

    @Override
    public void begin(Subscription subscription, List<Gap> gaps) {
        subscribed(subscription);
        begun = true;
        begun(subscription.id(), gaps, resumed, id);
    }

    /** The client does not want it any more; it is answered when it has ended. */
    void leave(@Nullable Object by) {
        leaving = by;
        close();
    }

    @Override
    public void end(Subscription.End end, @Nullable Throwable failure) {
        topics.ended(name, this);
        if (end == Subscription.End.TOPICS_CLOSED) {
            super.end(end, failure);
            return;
        }
        connection().forget(this);
        if (failure != null) {
            connection().listenerFailed(failure);
        }
        if (!begun && id != null) {
            unsubscribed(id, reason(end));
        }
        unsubscribed(leaving, reason(end));
    }

    private static @Nullable String reason(Subscription.End end) {
        return switch (end) {
            case OVERRUN -> "overrun";
            case FAILED -> MessageException.FAILED;
            case CLOSED, TOPICS_CLOSED -> null;
        };
    }

    private void unsubscribed(@Nullable Object by, @Nullable String reason) {
        String position = position();
        tell(
                "unsubscribed",
                by,
                Json.object("topic", name, "position", position.isEmpty() ? null : position, "reason", reason));
    }
}
