package dev.parley.topic;

import java.time.InstantSource;
import java.util.concurrent.CompletionStage;

/**
 * What joins the topics of several nodes.
 *
 * <p><b>Guarantees</b> that an implementation gives, and {@code BrokerContract} of the test kit checks:
 *
 * <ol>
 *   <li><b>One order.</b> The publications of a topic have one epoch and the offsets 1, 2, 3, …, and all nodes hear them in
 *       this order, each once.
 *   <li><b>History, then live, without a seam.</b> A node that joins hears {@link Listener#began}, then what is kept,
 *       then all that follows.
 *   <li><b>No silent loss.</b> Where the link to other nodes has lost publications for good, or the log has begun anew
 *       under another epoch, the node hears {@code began} again before anything else.
 *   <li><b>An answer.</b> {@link #append} completes with the position that the publication got, or fails. If it fails
 *       the publication may have been made; it is never made twice.
 *   <li><b>What was appended is heard</b>, by the node that appended it as well.
 * </ol>
 *
 * <p><b>Threading.</b> Thread-safe. Nothing blocks.
 */
public interface Broker extends AutoCloseable {

    /**
     * Joins a topic: from now on its publications are heard.
     *
     * @param topic the topic's name
     * @param history how many publications of the past are wanted at most
     * @param listener hears them
     * @return completes, on any thread, when what was kept has been heard; fails if the topic can't be joined
     */
    CompletionStage<Link> join(String topic, int history, Listener listener);

    /**
     * Appends a publication to a topic.
     *
     * @param topic the topic's name
     * @param draft what is published
     * @return completes, on any thread, with its position
     */
    CompletionStage<Position> append(String topic, Draft draft);

    /** Leaves all topics. */
    @Override
    void close();

    /**
     * Broker for the topics of one program, and for nodes that share it in one program: tests.
     *
     * @return a new broker, which keeps 1,000 publications of each topic while a node has joined it
     */
    static Broker inMemory() {
        return new InMemoryBroker(InstantSource.system(), 1000);
    }

    /** A topic that a node has joined. Thread-safe. */
    interface Link extends AutoCloseable {
        /** Leaves the topic: nothing more is heard, but for what is on its way to other threads already. Called once. */
        @Override
        void close();
    }

    /**
     * What a node hears of a topic.
     *
     * <p><b>Threading.</b> For each topic {@link #began} and {@link #published} come one at a time, in order, from any thread;
     * they are quick, run no code of the application, and may be called under a lock. {@link #ready} may come from several
     * threads at a time, and under no lock.
     */
    interface Listener {
        /**
         * What is told next follows this position: nothing before it will be heard. If it is not where the node stands,
         * what lies between is lost.
         *
         * @param position its offset is 0 if nothing was ever published under this epoch
         */
        void began(Position position);

        /**
         * The next publication.
         *
         * @param publication its offset is one more than that of the call before
         */
        void published(Publication publication);

        /** Something was told since the last time: now it is passed on. Called outside of all locks. */
        void ready();
    }
}
