package dev.parley.beacon;

import dev.parley.topic.Draft;
import dev.parley.topic.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Publishes each beacon, as {@link BeaconJson} writes it. */
record TopicSink(Topic topic) implements BeaconSink {

    @Override
    public CompletionStage<?> write(List<Beacon> batch) {
        List<CompletableFuture<?>> published = new ArrayList<>(batch.size());
        for (Beacon beacon : batch) {
            Draft draft = Draft.ofUtf8(BeaconJson.write(beacon))
                    .event(beacon.kind().name().toLowerCase(Locale.ROOT));
            published.add(topic.publish(draft).toCompletableFuture());
        }
        return CompletableFuture.allOf(published.toArray(CompletableFuture<?>[]::new));
    }
}
