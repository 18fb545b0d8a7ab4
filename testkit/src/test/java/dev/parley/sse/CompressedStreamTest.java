package dev.parley.sse;

import static dev.parley.sse.Streams.news;
import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.HttpLimits;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.http.SendOutcome;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestResponse;
import dev.parley.testkit.TestStream;
import dev.parley.topic.Draft;
import dev.parley.topic.Filter;
import dev.parley.topic.From;
import dev.parley.topic.Topics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Streams that are compressed are those that are not, once a client has decompressed them. */
class CompressedStreamTest {
    private static final String GZIP = "Accept-Encoding: gzip, deflate, br";
    private static final int HEADER_BYTES = 10;

    private final List<SseEmitter> emitters = new CopyOnWriteArrayList<>();

    private void routes(Routes.Builder routes, Topics topics) {
        routes.get("/news", news(topics).gzip().build());
        routes.get("/news/again", news(topics).gzip().build());
        routes.get("/plain", SseEndpoint.of(topics.topic("news")));
        routes.get("/oldest", news(topics).from(From.oldest()).gzip().build());
        routes.get("/none", news(topics).filter(Filter.tags("none")).gzip().build());
        routes.get("/lines", news(topics).ndjson().gzip().build());
        routes.get(
                "/emitter", SseEndpoint.builder().gzip().onOpen(emitters::add).build());
    }

    private Streams streams() {
        return streams(Protocol.HTTP_1_1);
    }

    private Streams streams(Protocol protocol) {
        HttpLimits limits =
                HttpLimits.builder().writeTimeout(Duration.ofHours(1)).build();
        return Streams.of(protocol, it -> it, it -> it.limits(limits), this::routes);
    }

    /** A client on a bare connection that decompresses what comes, as far as it has come. */
    private static final class Client {
        final TestConnection connection;
        final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private final Inflater inflater = new Inflater(true);
        private boolean atHeader = true;

        Client(TestConnection connection) {
            this.connection = connection;
            String all = new String(connection.received(), ISO_8859_1);
            int end = all.indexOf("\r\n\r\n") + 4;
            take(all.substring(end));
        }

        /** What came since the last look. */
        byte[] bytes() {
            return take(new String(connection.received(), ISO_8859_1));
        }

        private byte[] take(String chunks) {
            ByteArrayOutputStream taken = new ByteArrayOutputStream();
            for (int at = 0; at < chunks.length(); ) {
                int end = chunks.indexOf("\r\n", at);
                int size = Integer.parseInt(chunks.substring(at, end), 16);
                taken.writeBytes(chunks.substring(end + 2, end + 2 + size).getBytes(ISO_8859_1));
                at = end + 2 + size + 2;
            }
            body.writeBytes(taken.toByteArray());
            return taken.toByteArray();
        }

        String inflate(byte[] bytes) {
            byte[] deflated = atHeader ? Arrays.copyOfRange(bytes, HEADER_BYTES, bytes.length) : bytes;
            atHeader = false;
            inflater.setInput(deflated);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] room = new byte[64 * 1024];
            try {
                for (int n; (n = inflater.inflate(room)) > 0; ) {
                    out.write(room, 0, n);
                }
            } catch (DataFormatException e) {
                throw new AssertionError(e);
            }
            return out.toString(UTF_8);
        }

        /** All of it, which must be a whole member. */
        String whole() throws IOException {
            bytes();
            return unzipped(body.toByteArray());
        }
    }

    private static String unzipped(byte[] member) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(member))) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    private static void drain(Streams streams) {
        streams.server.drain(Duration.ofSeconds(5));
        streams.server.advance(Duration.ofSeconds(6));
    }

    // ---- heads

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void theHeadTellsWhatTheClientGets(Protocol protocol) {
        try (Streams streams = streams(protocol)) {
            for (String target : List.of("/news", "/lines", "/emitter")) {
                TestResponse head = streams.server
                        .head(target)
                        .header("Accept-Encoding", "gzip")
                        .send();
                assertThat(head.header("Content-Encoding")).hasValue("gzip");
                assertThat(head.header("Vary")).hasValue("Accept-Encoding");
                TestStream compressed = streams.server.get(target).header("Accept-Encoding", "gzip").stream();
                assertThat(compressed.header("Content-Encoding")).hasValue("gzip");
                assertThat(compressed.header("Vary")).hasValue("Accept-Encoding");
                compressed.ignoreRest();
                TestStream plain = streams.server.get(target).header("Accept-Encoding", "gzip;q=0").stream();
                assertThat(plain.header("Content-Encoding")).isEmpty();
                assertThat(plain.header("Vary")).hasValue("Accept-Encoding");
                plain.ignoreRest();
            }
            TestStream never = streams.server.get("/plain").header("Accept-Encoding", "gzip").stream();
            assertThat(never.header("Content-Encoding")).isEmpty();
            assertThat(never.header("Vary")).isEmpty();
            never.ignoreRest();
        }
    }

    // ---- bodies

    @Test
    void whatCameCanBeReadAtOnceAndTheWholeIsAMember() throws IOException {
        try (Streams streams = streams()) {
            Client client = new Client(streams.bytesOf("/news", GZIP));
            TestConnection plain = streams.bytesOf("/plain");
            StringBuilder expected = new StringBuilder(Streams.body(plain));
            assertThat(client.inflate(client.body.toByteArray())).isEqualTo(expected.toString());
            assertThat(client.body.toByteArray()).startsWith(0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF);

            for (String text : List.of("a", "", "x".repeat(100_000), "two\nlines", "f\u00FCnf \uD83D\uDE00")) {
                streams.publish("news", text);
                String next = Streams.body(plain);
                assertThat(client.inflate(client.bytes())).isEqualTo(next);
                expected.append(next);
            }
            streams.server.advance(Duration.ofMinutes(1));
            String silence = Streams.body(plain);
            assertThat(silence).contains(":\n\n");
            assertThat(client.inflate(client.bytes())).isEqualTo(silence);
            expected.append(silence);

            drain(streams);
            String whole = client.whole();
            assertThat(whole).startsWith(expected.toString());
            assertThat(whole.substring(expected.length())).matches("retry: \\d+\n\n");
            plain.received();
        }
    }

    @Test
    void aBatchIsTheSameBytesForAllHoweverLongTheyAreThere() throws IOException {
        try (Streams streams = streams()) {
            Client first = new Client(streams.bytesOf("/news", GZIP));
            streams.publish("news", "only the first hears this");
            first.bytes();
            Client second = new Client(streams.bytesOf("/news/again", GZIP));
            streams.publish("news", Draft.of("both hear this ".repeat(50)).event("named"));

            byte[] piece = first.bytes();
            assertThat(piece).hasSizeBetween(20, 200).isEqualTo(second.bytes());
            drain(streams);
            assertThat(first.whole()).contains("only the first").contains("both hear this");
            assertThat(second.whole()).doesNotContain("only the first").contains("both hear this");
        }
    }

    @Test
    void whoComesBackCatchesUp() throws IOException {
        try (Streams streams = streams()) {
            String place = streams.publish("news", "0");
            for (int i = 1; i < 300; i++) {
                streams.publish("news", i + " " + "x".repeat(1000));
            }
            Client resumed = new Client(streams.bytesOf("/news", GZIP, "Last-Event-ID: " + place));
            Client oldest = new Client(streams.bytesOf("/oldest", GZIP));
            streams.publish("news", "last");
            drain(streams);

            assertThat(resumed.whole())
                    .contains("parley:resumed")
                    .contains("data: 1 x", "data: 299 x", "data: last")
                    .doesNotContain("data: 0\n");
            assertThat(oldest.whole()).contains("data: 0\n", "data: 299 x", "data: last");
            assertThat(oldest.body.size()).isLessThan(30_000);
        }
    }

    @Test
    void jsonLinesAreCompressedAsWell() throws IOException {
        try (Streams streams = streams()) {
            TestStream lines = streams.server.get("/lines").header("Accept-Encoding", "gzip").stream();
            String id = streams.publish("news", "text");
            streams.server.advance(Duration.ofMinutes(1));
            drain(streams);

            assertThat(lines.isComplete()).isTrue();
            assertThat(unzipped(lines.bytes()))
                    .contains("{\"id\":\"" + id + "\",\"data\":\"text\"}\n")
                    .contains("\n{}\n");
        }
    }

    @Test
    void placesAreToldWhereAllIsPassedOver() {
        try (Streams streams = streams()) {
            TestStream none = streams.server.get("/none").header("Accept-Encoding", "gzip").stream();
            none.events();
            String id = streams.publish("news", "text");
            streams.server.advance(Duration.ofMinutes(1));

            assertThat(none.lastEventId()).isEqualTo(id);
            assertThat(none.events()).isEmpty();
        }
    }

    // ---- whatever the client does

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoStallsMissesNothing(Protocol protocol) {
        try (Streams streams = streams(protocol)) {
            TestStream stream = streams.server.get("/news").header("Accept-Encoding", "gzip").stream();
            assertThat(stream.events()).isEmpty();
            stream.stall();
            List<String> texts = new ArrayList<>();
            Random random = new Random(1);
            for (int i = 0; i < 60; i++) {
                byte[] noise = new byte[6 * 1024]; // else all of it would fit the window
                random.nextBytes(noise);
                texts.add(i + " " + Base64.getEncoder().encodeToString(noise));
                streams.publish("news", texts.get(i));
            }
            stream.resume();
            streams.publish("news", "last");
            texts.add("last");

            assertThat(stream.events().stream().map(ServerSentEvent::data)).isEqualTo(texts);
            assertThat(stream).hasNoGap().hasNoDuplicate();
            drain(streams);
            assertThat(stream.isComplete()).isTrue();
        }
    }

    @Test
    void whoIsCutOffAnywhereGoesOn() {
        for (int bytes = 1; bytes < 200; bytes += 3) {
            try (Streams streams = streams()) {
                TestStream stream =
                        streams.server.get("/news").header("Accept-Encoding", "gzip").cutAfterBytes(bytes).stream();
                List<String> texts = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    streams.publish("news", "text " + i);
                }
                if (stream.lastEventId() == null) {
                    stream.ignoreRest();
                    continue; // it had heard of no place to go on from
                }
                stream.events().forEach(event -> texts.add(event.data()));
                TestStream next = stream.reconnect();
                next.events().forEach(event -> texts.add(event.data()));
                assertThat(texts).containsExactly("text 0", "text 1", "text 2", "text 3", "text 4");
            }
        }
    }

    // ---- emitters

    @Test
    void theEventsOfEmittersAreCompressed() {
        try (Streams streams = streams()) {
            TestStream stream = streams.server.get("/emitter").header("Accept-Encoding", "gzip").stream();
            SseEmitter emitter = emitters.get(0);
            assertThat(emitter.send(ServerSentEvent.of("a"))).isEqualTo(SendOutcome.SENT);
            assertThat(stream).received("a");
            emitter.comment("note");
            assertThat(stream.comments()).contains("note");
            emitter.send(ServerSentEvent.of("b"));
            emitter.close();
            assertThat(emitter.send(ServerSentEvent.of("c"))).isEqualTo(SendOutcome.CLOSED);

            assertThat(stream).received("b");
            assertThat(stream.isComplete()).isTrue();
        }
    }

    @Test
    void aFullQueueDropsEventsAndStillEndsWell() {
        HttpLimits limits = HttpLimits.builder()
                .writeTimeout(Duration.ofHours(1))
                .maxQueuedBytes(64 * 1024)
                .build();
        try (Streams streams = Streams.of(Protocol.HTTP_1_1, it -> it, it -> it.limits(limits), this::routes)) {
            TestStream stream = streams.server.get("/emitter").header("Accept-Encoding", "gzip").stream();
            stream.stall();
            byte[] noise = new byte[64 * 1024];
            new Random(1).nextBytes(noise);
            String text = Base64.getEncoder().encodeToString(noise);
            int sent = 0;
            while (emitters.get(0).send(ServerSentEvent.of(sent + text)) != SendOutcome.DROPPED) {
                sent++;
                streams.server.run();
            }
            emitters.get(0).close();
            stream.resume();
            streams.server.advance(Duration.ofSeconds(1));

            assertThat(stream.events()).hasSize(sent);
            assertThat(stream.isComplete()).isTrue();
        }
    }
}
