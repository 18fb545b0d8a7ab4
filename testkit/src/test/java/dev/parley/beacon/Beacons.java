package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.HttpLimits;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestRequest;
import dev.parley.testkit.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPOutputStream;

/** A collector on a server whose clock stands still, and the batches that its sink got. */
final class Beacons implements AutoCloseable {
    /** What a sink of a test does with a batch. */
    @FunctionalInterface
    interface Writer {
        CompletionStage<?> write(List<Beacon> batch) throws Exception;
    }

    final List<List<Beacon>> batches = new ArrayList<>();
    final BeaconCollector collector;
    final TestServer server;

    private Beacons(Settings settings) {
        AtomicReference<BeaconCollector> made = new AtomicReference<>();
        BeaconSink sink = new BeaconSink() {
            @Override
            public CompletionStage<?> write(List<Beacon> batch) throws Exception {
                batches.add(batch);
                return settings.writer.write(batch);
            }

            @Override
            public boolean isDurable() {
                return settings.durable;
            }
        };
        server = TestServer.builder(clock -> {
                    BeaconCollector collecting = settings.collector
                            .apply(BeaconCollector.builder(sink).clock(clock))
                            .build();
                    made.set(collecting);
                    return Routes.builder()
                            .origins(settings.origins)
                            .post("/beacon", collecting)
                            .any("/any", collecting)
                            .build();
                })
                .protocol(settings.protocol)
                .pieceBytes(settings.pieceBytes)
                .limits(settings.limits)
                .build();
        collector = Objects.requireNonNull(made.get());
    }

    /** How a collector and its server are to be. Not thread-safe. */
    static final class Settings {
        private Protocol protocol = Protocol.HTTP_1_1;
        private int pieceBytes = Integer.MAX_VALUE;
        private HttpLimits limits = HttpLimits.DEFAULT;
        private OriginPolicy origins = OriginPolicy.sameOrigin();
        private boolean durable;
        private Writer writer = batch -> BeaconSink.STORED;
        private UnaryOperator<BeaconCollector.Builder> collector = it -> it;

        Settings wire(Protocol spoken, int bytes) {
            protocol = spoken;
            pieceBytes = bytes;
            return this;
        }

        Settings limits(HttpLimits set) {
            limits = set;
            return this;
        }

        Settings origins(OriginPolicy policy) {
            origins = policy;
            return this;
        }

        Settings durable(Writer how) {
            durable = true;
            writer = how;
            return this;
        }

        Settings writer(Writer how) {
            writer = how;
            return this;
        }

        Settings collector(UnaryOperator<BeaconCollector.Builder> settings) {
            collector = settings;
            return this;
        }

        Beacons start() {
            return new Beacons(this);
        }
    }

    static Beacons with(UnaryOperator<BeaconCollector.Builder> settings) {
        return new Settings().collector(settings).start();
    }

    static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream coded = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(coded)) {
            gzip.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return coded.toByteArray();
    }

    TestRequest post(String body) {
        return server.post("/beacon")
                .header("Content-Type", "text/plain;charset=UTF-8")
                .body(body);
    }

    /** Sends one that is answered with 204. */
    void take(String body) {
        assertThat(post(body).send().status()).isEqualTo(204);
    }

    void takeAll(String... texts) {
        for (String text : texts) {
            take(text);
        }
    }

    /** The texts of each batch that the sink got, after so much time. */
    List<List<String>> after(Duration time) {
        server.advance(time);
        return batches.stream()
                .map(batch -> batch.stream().map(it -> it.body().text()).toList())
                .toList();
    }

    /** All that the sink got, once no batch is due any more. */
    List<Beacon> all() {
        server.advance(Duration.ofSeconds(11));
        return batches.stream().flatMap(List::stream).toList();
    }

    List<String> texts() {
        return all().stream().map(it -> it.body().text()).toList();
    }

    /** All have come to an end, of which so many with this cause and the others stored. */
    void expectCounts(long stored, long failed, BeaconCause... causes) {
        all();
        BeaconCounts counts = collector.counts();
        assertThat(counts.accepted()).as("accepted").isZero();
        assertThat(counts.stored()).as("stored").isEqualTo(stored);
        assertThat(counts.failed()).as("failed").isEqualTo(failed);
        for (BeaconCause cause : BeaconCause.values()) {
            assertThat(counts.of(cause))
                    .as(cause.name())
                    .isEqualTo(
                            List.of(causes).stream().filter(it -> it == cause).count());
        }
        assertThat(counts.received()).isEqualTo(stored + failed + causes.length);
    }

    @Override
    public void close() {
        server.close();
    }
}
