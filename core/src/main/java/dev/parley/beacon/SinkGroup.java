package dev.parley.beacon;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Several sinks that get the same batches. */
record SinkGroup(List<BeaconSink> sinks) implements BeaconSink {

    SinkGroup {
        if (sinks.isEmpty()) {
            throw new IllegalArgumentException("sinks: none (expected: one or more)");
        }
    }

    @Override
    public CompletionStage<?> write(List<Beacon> batch) {
        CompletableFuture<?>[] all =
                sinks.stream().map(sink -> written(sink, batch)).toArray(CompletableFuture<?>[]::new);
        return CompletableFuture.allOf(all);
    }

    /** One that throws does not keep the batch from the others. */
    private static CompletableFuture<?> written(BeaconSink sink, List<Beacon> batch) {
        try {
            return sink.write(batch).toCompletableFuture();
        } catch (Throwable t) {
            return CompletableFuture.failedFuture(t);
        }
    }

    @Override
    public boolean isDurable() {
        return sinks.stream().anyMatch(BeaconSink::isDurable);
    }
}
