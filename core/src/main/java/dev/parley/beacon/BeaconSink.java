package dev.parley.beacon;

import dev.parley.topic.Topic;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Where beacons go: what a {@link BeaconCollector} gives its batches to.
 *
 * <pre>{@code
 * BeaconSink table = batch -> CompletableFuture.completedStage(database.insert(batch));
 * }</pre>
 *
 * <p><b>What a sink may rely on.</b> Batches of one collector come one at a time: the next comes when the stage of the last
 * is complete. They are never empty, hold at most as many beacons as the collector was told, each beacon once, in order of
 * arrival.
 *
 * <p><b>What a collector relies on.</b> The stage completes, with success if and only if all of the batch is stored. If it
 * fails, or {@link #write} throws, all of the batch counts as failed, and the next batch comes all the same.
 *
 * <p><b>Threading.</b> Called on the server's {@link dev.parley.http.Exchange#executor}, never on an event loop: it may block.
 * A sink that several collectors share must be thread-safe.
 *
 * <p>Those who write their own run it against {@code BeaconSinkContract} of the test kit.
 */
@FunctionalInterface
public interface BeaconSink {
    /** What {@link #write} returns when a batch is stored already. */
    CompletionStage<Void> STORED = CompletableFuture.completedStage(null);

    /**
     * Takes a batch.
     *
     * @param batch one beacon or more, in order of arrival; not to be changed, and valid for as long as one likes
     * @return completes when all of it is stored
     * @throws Exception if it can't be stored
     */
    CompletionStage<?> write(List<Beacon> batch) throws Exception;

    /**
     * Whether what is stored outlives the program. If so, a collector answers a beacon only when it is stored: 204 is then a
     * promise, and a failure is answered with 503.
     *
     * @return {@code false} unless a sink says otherwise
     */
    default boolean isDurable() {
        return false;
    }

    /**
     * A sink that calls back for each beacon.
     *
     * @param listener gets each beacon, one after the other; it may block. If it throws, the others of the batch still get to
     *     it, and all of the batch counts as failed
     * @return the sink
     */
    static BeaconSink each(Consumer<Beacon> listener) {
        return batch -> {
            Throwable failure = null;
            for (Beacon beacon : batch) {
                try {
                    listener.accept(beacon);
                } catch (Throwable t) {
                    failure = failure == null ? t : failure;
                }
            }
            return failure == null ? STORED : CompletableFuture.failedStage(failure);
        };
    }

    /**
     * A sink that publishes each beacon on a topic, as JSON, with its kind ({@code text}, {@code csp-report}, …) as the event name: a dashboard that follows the
     * topic sees beacons live. All of a beacon is in it, addresses and kept cookies too: see to it who may follow the topic.
     *
     * @param topic where they are published
     * @return the sink; a batch is stored when the topic has appended all of it
     */
    static BeaconSink to(Topic topic) {
        return new TopicSink(topic);
    }

    /**
     * A sink that gives each batch to several.
     *
     * @param sinks they get each batch at the same time
     * @return the sink: a batch is stored when all have stored it, and it is durable if one of them is
     */
    static BeaconSink all(BeaconSink... sinks) {
        return new SinkGroup(List.of(sinks));
    }
}
