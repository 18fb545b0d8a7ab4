package dev.parley.topic;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The outlet of a subscription in Java: publications reach a listener as they are. */
final class Listening implements Outlet<List<Publication>> {
    static final Encoding<List<Publication>> ENCODING = Batch::publications;

    private final Consumer<Publication> listener;
    private final Consumer<Gap> onGap;
    private final BiConsumer<Subscription.End, @Nullable Throwable> onEnd;
    private @Nullable Subscription subscription;

    Listening(
            Consumer<Publication> listener,
            Consumer<Gap> onGap,
            BiConsumer<Subscription.End, @Nullable Throwable> onEnd) {
        this.listener = listener;
        this.onGap = onGap;
        this.onEnd = onEnd;
    }

    @Override
    public void begin(Subscription begun, List<Gap> gaps) {
        subscription = begun;
        gaps.forEach(onGap);
    }

    @Override
    public boolean write(List<Publication> publications) {
        for (Publication publication : publications) {
            if (subscription != null && !subscription.isOpen()) {
                break; // the listener has closed it
            }
            listener.accept(publication);
        }
        return true;
    }

    @Override
    public void gaps(List<Gap> gaps) {
        gaps.forEach(onGap);
    }

    @Override
    public void end(Subscription.End end, @Nullable Throwable failure) {
        onEnd.accept(end, failure);
    }
}
