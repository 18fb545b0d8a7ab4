package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.testkit.BeaconSinkContract;
import dev.parley.topic.Broker;
import dev.parley.topic.Draft;
import dev.parley.topic.Position;
import dev.parley.topic.Publication;
import dev.parley.topic.Topics;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class TopicSinkTest extends BeaconSinkContract {
    private final List<String> published = Collections.synchronizedList(new ArrayList<>());
    private final AtomicBoolean failing = new AtomicBoolean();

    /** Fails once it is told to. */
    private final class Node implements Broker {
        private final Broker sound = Broker.inMemory();

        @Override
        public CompletionStage<Link> join(String topic, int history, Listener listener) {
            return sound.join(topic, history, listener);
        }

        @Override
        public CompletionStage<Position> append(String topic, Draft draft) {
            return failing.getAndSet(false)
                    ? CompletableFuture.failedStage(new IllegalStateException("a broker that fails"))
                    : sound.append(topic, draft);
        }

        @Override
        public void close() {
            sound.close();
        }
    }

    private BeaconSink sink(int maxPublicationBytes) throws Exception {
        Broker broker = new Node();
        broker.join("beacons", 0, new Broker.Listener() {
                    @Override
                    public void began(Position position) {}

                    @Override
                    public void published(Publication publication) {
                        published.add(publication.event() + " " + publication.text());
                    }

                    @Override
                    public void ready() {}
                })
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        Topics topics = Topics.builder()
                .broker(broker)
                .maxPublicationBytes(maxPublicationBytes)
                .build();
        return BeaconSink.to(topics.topic("beacons"));
    }

    @Override
    protected BeaconSink sink() throws Exception {
        return sink(1024 * 1024);
    }

    @Override
    protected List<String> stored() {
        return List.copyOf(published);
    }

    /** What a dashboard gets. */
    @Override
    protected String described(Beacon beacon) {
        return BeaconJson.name(beacon.kind()) + " " + new String(BeaconJson.write(beacon), UTF_8);
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

    @Test
    void aBeaconOverTheLimitOfTheTopicFailsAndTheOthersArePublished() throws Exception {
        BeaconSource source = new BeaconSource(InetAddress.getLoopbackAddress(), "/", null, null, null, Map.of());
        Beacon large = new Beacon(Instant.EPOCH, source, BeaconBody.of("text/plain", new byte[2000]));
        Beacon small = new Beacon(Instant.EPOCH, source, BeaconBody.of("text/plain", new byte[] {'x'}));

        CompletionStage<?> stage = sink(1000).write(List.of(small, large, small));

        assertThat(stage.toCompletableFuture())
                .failsWithin(60, TimeUnit.SECONDS)
                .withThrowableThat()
                .withMessageContaining("maxPublicationBytes");
        assertThat(stored()).containsExactly(described(small), described(small));
    }
}
