package dev.parley.topic;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A named, ordered log of publications with a bounded history.
 *
 * <pre>{@code
 * news.publish("breaking");
 * try (Subscription s = news.subscribe(From.since(position), publication -> index.add(publication))) { … }
 * }</pre>
 *
 * <p>This is a handle: it may be kept for as long as one likes, whether or not the topic is used meanwhile.
 *
 * <p><b>Threading.</b> Thread-safe. Publishing never waits for a subscriber.
 */
public final class Topic {
    private final String name;
    private final Topics topics;
    private volatile @Nullable Log log;

    Topic(String name, Topics topics) {
        this.name = name;
        this.topics = topics;
    }

    /**
     * The topic's name.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    Topics topics() {
        return topics;
    }

    /**
     * The log as it is now, to be released when something was done with it. One that was unused for long has been
     * forgotten, and another begins.
     */
    Log hold() {
        Log current = log;
        if (current == null || !current.hold()) {
            current = topics.hold(name);
            log = current;
        }
        return current;
    }

    /**
     * Publishes text.
     *
     * @param text any text; an unpaired surrogate becomes {@code ?}
     * @return as {@link #publish(Draft)}
     */
    public CompletionStage<Position> publish(String text) {
        return publish(Draft.of(text));
    }

    /**
     * Publishes.
     *
     * @param draft payload, event name, key and tags
     * @return completes with the position when the publication has its place in the topic: at once where topics are in
     *     memory; fails if the broker can't be reached, and with {@link TopicException.Reason#FULL} if a backlog of
     *     publications waits for it already. What one thread publishes has the order in which it was published
     * @throws IllegalArgumentException if it is over a limit of {@link Topics.Builder}
     * @throws TopicException if there are too many topics, or they were closed
     */
    public CompletionStage<Position> publish(Draft draft) {
        topics.check(draft);
        Log current = hold();
        try {
            return current.append(draft);
        } finally {
            current.release();
        }
    }

    /**
     * Subscribes to what is published from now on; {@link Subscription#to(Topic)} has more to choose.
     *
     * @param listener called on the common pool, one publication at a time, in order
     * @return the subscription
     * @throws TopicException if there are too many topics or subscriptions, or the topics were closed
     */
    public Subscription subscribe(Consumer<Publication> listener) {
        return Subscription.to(this).listen(listener);
    }

    /**
     * Subscribes from some place on; {@link Subscription#to(Topic)} has more to choose.
     *
     * @param from where it begins
     * @param listener called on the common pool, one publication at a time, in order
     * @return the subscription
     * @throws TopicException if there are too many topics or subscriptions, or the topics were closed
     */
    public Subscription subscribe(From from, Consumer<Publication> listener) {
        return Subscription.to(this).from(from).listen(listener);
    }

    /**
     * How many subscriptions there are on this node.
     *
     * @return 0 or more
     */
    public int subscriptions() {
        return topics.subscriptions(name);
    }

    /**
     * Tells who comes and goes, from now on, in order.
     *
     * @param executor where the listener is called
     * @param listener called after each change, with the count as it was then
     * @return to tell no more
     * @throws TopicException if there are too many topics, or they were closed
     */
    public Presence.Watch onPresence(Executor executor, Consumer<Presence> listener) {
        Log current = hold();
        try {
            return current.onPresence(executor, listener);
        } finally {
            current.release();
        }
    }

    /** Whether the other is a handle of the same topic. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Topic topic && topic.topics == topics && topic.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** Its name. */
    @Override
    public String toString() {
        return Names.printable(name);
    }
}
