package dev.parley.topic;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber's end of a transport, such as one connection.
 *
 * <p><b>States.</b> {@link #begin} is called once, first; then {@link #write} and {@link #gaps} in any order; {@link #end} is
 * called once, last: without the others, where a subscription ends before it has begun.
 *
 * <p><b>Threading.</b> All methods are called on the subscription's executor, one at a time, and must not block. Only where
 * the executor takes no more tasks {@link #end} is called by the thread that finds that out: one that publishes, subscribes
 * or closes.
 *
 * <p><b>Errors.</b> An outlet that throws ends its own subscription, with {@link Subscription.End#FAILED}.
 *
 * @param <B> what the encoding makes
 */
public interface Outlet<B> {

    /**
     * The subscription begins; {@link Subscription#id} tells where.
     *
     * @param subscription the subscription
     * @param gaps what it was owed and can't get; mostly empty
     */
    default void begin(Subscription subscription, List<Gap> gaps) {}

    /**
     * Gives the next publications to the subscriber.
     *
     * @param encoded the publications; valid during this call
     * @return whether they were taken: if not, they stay in the topic, and {@link Subscription#resume} is to be called when
     *     more can be written
     */
    boolean write(B encoded);

    /**
     * Whether {@link #write} would take publications: asked before some are made for this outlet alone.
     *
     * @return {@code true} where it always does
     */
    default boolean isWritable() {
        return true;
    }

    /**
     * Publications were lost. What is written next follows {@link Gap#to} of each, and {@link Subscription#id} stands behind all
     * of them.
     *
     * @param gaps what was lost, one for each topic that lost something
     */
    default void gaps(List<Gap> gaps) {}

    /**
     * The subscription is over.
     *
     * @param end why
     * @param failure what was thrown, if it {@link Subscription.End#FAILED}
     */
    default void end(Subscription.End end, @Nullable Throwable failure) {}
}
