package dev.parley.beacon;

import dev.parley.topic.Draft;
import dev.parley.topic.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Publishes each beacon, as {@link BeaconJson} writes it. */
record TopicSink(Topic topic) implements BeaconSink {

    @Override
    public CompletionStage<?> write(List<Beacon> batch) {
        List<CompletableFuture<?>> published = new ArrayList<>(batch.size());
        for (Beacon beacon : batch) {
            published.add(published(beacon));
        }
        return CompletableFuture.allOf(published.toArray(CompletableFuture<?>[]::new));
    }

    /** One that is over a limit of the topic does not keep the others from it. */
    private CompletableFuture<?> published(Beacon beacon) {
        try {
            Draft draft = Draft.ofUtf8(BeaconJson.write(beacon)).event(BeaconJson.name(beacon.kind()));
            return topic.publish(draft).toCompletableFuture();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
