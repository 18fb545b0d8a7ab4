package dev.parley.sse;

import dev.parley.topic.Gap;
import dev.parley.topic.Outlet;
import dev.parley.topic.Subscription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Feeds a compressed stream from its topics. */
record GzipFeed(TopicFeed feed) implements Outlet<GzipChunk> {

    @Override
    public void begin(Subscription subscription, List<Gap> gaps) {
        feed.begin(subscription, gaps);
    }

    @Override
    public boolean write(GzipChunk chunk) {
        return feed.write(chunk);
    }

    @Override
    public boolean isWritable() {
        return feed.isWritable();
    }

    @Override
    public void gaps(List<Gap> gaps) {
        feed.gaps(gaps);
    }

    @Override
    public void end(Subscription.End end, @Nullable Throwable failure) {
        feed.end(end, failure);
    }
}
