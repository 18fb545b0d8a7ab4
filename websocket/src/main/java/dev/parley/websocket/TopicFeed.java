package dev.parley.websocket;

import dev.parley.topic.Gap;
import dev.parley.topic.Outlet;
import dev.parley.topic.Subscription;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection's end of a subscription. Confined to its event loop, except the constructor and {@link #subscribed}. */
class TopicFeed implements Outlet<ByteBuf> {
    private final OpenConnection connection;
    /** The connection's next. */
    @Nullable
    TopicFeed next;

    private @Nullable Subscription subscription;

    TopicFeed(OpenConnection connection) {
        this.connection = connection;
    }

    /** It is subscribed; nothing is heard before the event loop's next turn. */
    void subscribed(Subscription to) {
        subscription = to;
    }

    @Nullable
    Subscription subscription() {
        return subscription;
    }

    /** What publications look like. */
    PublicationFormat format() {
        return PublicationFormat.PLAIN;
    }

    final OpenConnection connection() {
        return connection;
    }

    @Override
    public boolean write(ByteBuf frames) {
        return connection.writeShared(frames);
    }

    @Override
    public boolean isWritable() {
        return connection.takesShared();
    }

    @Override
    public void begin(Subscription begun, List<Gap> gaps) {
        subscription = begun;
    }

    @Override
    public void end(Subscription.End end, @Nullable Throwable failure) {
        connection.feedEnded(this, end, failure);
    }

    /** The client has caught up. */
    void resume() {
        if (subscription != null) {
            subscription.resume();
        }
    }

    void close() {
        if (subscription != null) {
            subscription.close();
        }
    }
}
