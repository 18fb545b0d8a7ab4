package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.testkit.BeaconSinkContract;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class SinkGroupTest extends BeaconSinkContract {
    private final List<String> one = Collections.synchronizedList(new ArrayList<>());
    private final List<String> two = Collections.synchronizedList(new ArrayList<>());
    private final AtomicBoolean failing = new AtomicBoolean();

    @Override
    protected BeaconSink sink() {
        BeaconSink fails = batch -> {
            if (failing.getAndSet(false)) {
                throw new IllegalStateException("a sink that fails");
            }
            return BeaconSink.STORED;
        };
        return BeaconSink.all(
                fails,
                BeaconSink.each(beacon -> one.add(described(beacon))),
                BeaconSink.each(beacon -> two.add(described(beacon))));
    }

    @Override
    protected List<String> stored() {
        assertThat(two).containsExactlyInAnyOrderElementsOf(one);
        return List.copyOf(one);
    }

    @Override
    protected boolean failNext() {
        failing.set(true);
        return true;
    }

    @Override
    protected boolean isThreadSafe() {
        return true;
    }

    // ---- what is the group's own

    private static List<Beacon> batch() {
        BeaconSource source = new BeaconSource(InetAddress.getLoopbackAddress(), "/", null, null, null, Map.of());
        return List.of(new Beacon(Instant.EPOCH, source, BeaconBody.of(null, new byte[0])));
    }

    private static BeaconSink durable() {
        return new BeaconSink() {
            @Override
            public CompletionStage<?> write(List<Beacon> batch) {
                return STORED;
            }

            @Override
            public boolean isDurable() {
                return true;
            }
        };
    }

    @Test
    void aGroupIsDurableIfOneOfItIs() {
        BeaconSink other = batch -> BeaconSink.STORED;

        assertThat(BeaconSink.all(other, other).isDurable()).isFalse();
        assertThat(BeaconSink.all(other, durable()).isDurable()).isTrue();
    }

    @Test
    void aBatchIsStoredWhenAllHaveStoredIt() throws Exception {
        CompletableFuture<Void> late = new CompletableFuture<>();
        CompletionStage<?> stored =
                BeaconSink.all(batch -> late, batch -> BeaconSink.STORED).write(batch());

        assertThat(stored.toCompletableFuture()).isNotDone();
        late.complete(null);
        assertThat(stored.toCompletableFuture()).isCompleted();
    }

    @Test
    @SuppressWarnings("NullAway") // what an application may do by mistake
    void whateverOneThrowsOrLeavesOutTheOthersGetTheBatch() throws Exception {
        List<BeaconSink> broken = List.of(
                batch -> {
                    throw new IllegalStateException("a sink that throws");
                },
                batch -> {
                    throw new StackOverflowError("a sink that is an error");
                },
                batch -> CompletableFuture.failedStage(new IllegalStateException("a sink that fails")),
                batch -> null);
        for (BeaconSink sink : broken) {
            List<Beacon> heard = new ArrayList<>();
            CompletionStage<?> stored =
                    BeaconSink.all(sink, BeaconSink.each(heard::add)).write(batch());

            assertThat(stored.toCompletableFuture()).isCompletedExceptionally();
            assertThat(heard).hasSize(1);
        }
    }

    @Test
    void aGroupOfNoneIsRefused() {
        assertThatThrownBy(BeaconSink::all)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("sinks: none (expected: one or more)");
    }
}
