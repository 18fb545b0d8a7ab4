package dev.parley.topic;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cursor on one topic or several: it hears what it is owed once and in order, first what is kept behind the place
 * where it {@linkplain From begins}, then what is published, without a seam.
 *
 * <pre>{@code
 * try (Subscription s = Subscription.to(news).from(From.oldest()).listen(publication -> index.add(publication))) { … }
 * }</pre>
 *
 * <p>With several topics, what waits comes in the order of its time; within a topic always in the topic's order.
 *
 * <p><b>Threading.</b> Thread-safe. What it hears comes on its executor, one at a time.
 */
public interface Subscription extends AutoCloseable {
    /** How many topics one subscription has at most, as each id tells the positions of all. */
    int MAX_TOPICS = 16;

    /** Why a subscription is over. */
    enum End {
        /** Its owner closed it. */
        CLOSED,
        /** What it was owed next is not kept any more, or the log began anew: {@link OverflowPolicy#RESUME}. */
        OVERRUN,
        /** A listener, a filter, an encoding or an outlet threw, or the executor was shut down. */
        FAILED,
        /** The topics were closed. */
        TOPICS_CLOSED
    }

    /**
     * Whether it goes on.
     *
     * @return {@code false} from the end on, for good
     */
    boolean isOpen();

    /**
     * What one resumes from who has heard all up to now; after the end, all up to then. To be called on the subscription's
     * executor.
     *
     * @return what {@link Position#parseAll} reads; empty before it has begun
     */
    String id();

    /** The outlet, which took no more, takes more again. May be called at any time, on any thread. */
    void resume();

    /** Ends it. What is being delivered on another thread may still arrive. Does nothing if it is over. */
    @Override
    void close();

    /**
     * Begins a subscription to a topic.
     *
     * @param topic the topic
     * @return a new builder
     */
    static Builder to(Topic topic) {
        return new Builder(List.of(topic));
    }

    /**
     * Begins a subscription to several topics.
     *
     * @param topics 1 to 16 topics of the same {@link Topics}, none twice
     * @return a new builder
     * @throws IllegalArgumentException if they are not
     */
    static Builder to(List<Topic> topics) {
        if (topics.isEmpty()
                || topics.size() > MAX_TOPICS
                || topics.stream().distinct().count() < topics.size()
                || topics.stream()
                        .anyMatch(topic -> topic.topics() != topics.get(0).topics())) {
            throw new IllegalArgumentException(
                    "topics: " + topics + " (expected: 1 to " + MAX_TOPICS + " of the same Topics, none twice)");
        }
        return new Builder(List.copyOf(topics));
    }

    /** Sets a subscription up. Not thread-safe. */
    final class Builder {
        private final List<Topic> topics;
        private From from = From.tail();
        private Filter filter = Filter.ALL;
        private OverflowPolicy overflow = OverflowPolicy.RESUME;
        private @Nullable String who;
        private @Nullable Executor executor;
        private Consumer<Gap> onGap = gap -> {};
        private @Nullable BiConsumer<End, @Nullable Throwable> onEnd;

        private Builder(List<Topic> topics) {
            this.topics = topics;
        }

        /**
         * Sets where it begins: at the tail, unless this is set.
         *
         * @param from the place
         * @return this builder
         */
        public Builder from(From from) {
            this.from = from;
            return this;
        }

        /**
         * Sets what it hears: all, unless this is set.
         *
         * @param filter the filter
         * @return this builder
         */
        public Builder filter(Filter filter) {
            this.filter = filter;
            return this;
        }

        /**
         * Sets what becomes of it when it is too slow: {@link OverflowPolicy#RESUME}, unless this is set.
         *
         * @param overflow the policy
         * @return this builder
         */
        public Builder overflow(OverflowPolicy overflow) {
            this.overflow = overflow;
            return this;
        }

        /**
         * Sets the name that {@link Presence} tells.
         *
         * @param who the subscriber's name
         * @return this builder
         */
        public Builder as(@Nullable String who) {
            this.who = who;
            return this;
        }

        /**
         * Sets where listeners are called: on the common pool, unless this is set. Listeners that block need one of their
         * own.
         *
         * @param executor an executor; one that runs tasks in the calling thread makes {@link Topic#publish} deliver
         * @return this builder
         */
        public Builder executor(Executor executor) {
            this.executor = executor;
            return this;
        }

        /**
         * Sets what hears of gaps.
         *
         * @param onGap called in its place among the publications
         * @return this builder
         */
        public Builder onGap(Consumer<Gap> onGap) {
            this.onGap = onGap;
            return this;
        }

        /**
         * Sets what hears of the end, once, with what was thrown if it {@link End#FAILED}. A failure that nobody hears
         * of is logged.
         *
         * @param onEnd called last
         * @return this builder
         */
        public Builder onEnd(BiConsumer<End, @Nullable Throwable> onEnd) {
            this.onEnd = onEnd;
            return this;
        }

        /**
         * Subscribes. What is published after this returns is heard.
         *
         * @param listener gets the publications, one at a time, in order; while it runs the next wait in the topic
         * @return the subscription
         * @throws TopicException if there are too many topics or subscriptions, or the topics were closed
         */
        public Subscription listen(Consumer<Publication> listener) {
            Topics all = topics.get(0).topics();
            // Each listener is a group of its own, so that none waits for another.
            Dispatcher own = new Dispatcher(executor == null ? ForkJoinPool.commonPool() : executor);
            BiConsumer<End, @Nullable Throwable> ended = onEnd == null ? all::ended : onEnd;
            return subscribe(all, () -> own, Listening.ENCODING, new Listening(listener, onGap, ended));
        }

        /**
         * Subscribes an outlet of a transport. What is published after this returns is written to it.
         *
         * @param executor where the outlet is called, such as a connection's event loop
         * @param encoding what makes bytes of publications
         * @param outlet what gets them
         * @param <B> what the encoding makes
         * @return the subscription
         * @throws TopicException if there are too many topics or subscriptions, or the topics were closed
         */
        public <B> Subscription feed(Executor executor, Encoding<B> encoding, Outlet<B> outlet) {
            Topics all = topics.get(0).topics();
            return subscribe(all, () -> all.dispatcher(executor), encoding, outlet);
        }

        private <B> Subscription subscribe(
                Topics all, Supplier<Dispatcher> dispatching, Encoding<B> encoding, Outlet<B> outlet) {
            Log[] logs = new Log[topics.size()];
            int held = 0;
            Cursor<B> cursor;
            try {
                for (; held < logs.length; held++) {
                    logs[held] = topics.get(held).hold();
                }
                all.enter(); // from here on nothing is refused
                Dispatcher dispatcher = dispatching.get();
                Object key = List.of(List.of(logs), dispatcher, encoding, filter, overflow);
                Group<B> group =
                        logs[0].group(key, () -> new Group<>(all, logs, key, dispatcher, encoding, filter, overflow));
                cursor = new Cursor<>(group, outlet, who);
                for (Log log : logs) {
                    log.entered(who);
                    log.add(group);
                }
                start(logs, group, cursor);
            } finally {
                for (int i = 0; i < held; i++) {
                    logs[i].release();
                }
            }
            return cursor;
        }

        private <B> void start(Log[] logs, Group<B> group, Cursor<B> cursor) {
            Mark[] marks = new Mark[logs.length];
            AtomicInteger missing = new AtomicInteger(logs.length);
            for (int i = 0; i < logs.length; i++) {
                int index = i;
                // Each mark is set as soon as it can be: what is published to one topic while another joins is heard.
                logs[i].whenJoined(failure -> {
                    if (failure != null) {
                        group.fail(cursor, failure);
                        return;
                    }
                    marks[index] = logs[index].start(from);
                    if (missing.decrementAndGet() == 0) {
                        group.start(cursor, List.of(marks));
                    }
                });
            }
        }
    }
}
