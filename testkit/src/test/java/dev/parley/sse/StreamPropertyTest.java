package dev.parley.sse;

import static dev.parley.sse.Streams.news;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.sse.codec.EventStreamParser;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestStream;
import dev.parley.topic.Draft;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whatever is published, clients get it: but for how lines end in an event stream. */
class StreamPropertyTest {
    private static final String[] PIECES = {
        "\r",
        "\n",
        "\r\n",
        "\n\r",
        "\u0000",
        "\uD800",
        "\uDC00",
        "😀",
        "\u2028",
        "\u2029",
        "\u0085",
        "\uFEFF",
        "\u010A",
        "\u010D",
        " ",
        ":",
        "data: ",
        "id: 1",
        "event: x",
        "retry: 1",
        "\"",
        "\\",
        "/",
        "</script>",
        "\t",
        "\b",
        "\u001F",
        "\u007F",
        "é",
        "a",
        ""
    };

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            text.append(
                    random.nextInt(8) == 0
                            ? String.valueOf((char) random.nextInt(0x10000))
                            : PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    /** What Java makes of it as UTF-8: unpaired surrogates become question marks. */
    private static String asUtf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static String name(Random random) {
        return text(random).replaceAll("[\r\n\u0000]", "") + "n";
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void textComesThrough(long seed) {
        Random random = new Random(seed);
        List<Draft> drafts = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            texts.add(text(random));
            Draft draft = Draft.of(texts.get(i));
            drafts.add(random.nextBoolean() ? draft : draft.event(name(random)));
        }
        try (Streams streams = Streams.of((routes, topics) -> {
            routes.get("/news", SseEndpoint.of(topics.topic("news")));
            routes.get("/lines", news(topics).ndjson().build());
        })) {
            TestConnection connection = streams.bytesOf("/news");
            TestStream lines = streams.server.get("/lines").stream();
            lines.lines();
            List<String> ids =
                    drafts.stream().map(draft -> streams.publish("news", draft)).toList();
            List<ServerSentEvent> events = parse(Streams.body(connection), random);
            List<String> all = lines.lines();

            assertThat(events).hasSize(drafts.size());
            assertThat(all).hasSize(drafts.size());
            for (int i = 0; i < drafts.size(); i++) {
                String text = asUtf8(texts.get(i));
                String event = drafts.get(i).event();
                assertThat(events.get(i).data())
                        .isEqualTo(text.replace("\r\n", "\n").replace('\r', '\n'));
                assertThat(events.get(i).event()).isEqualTo(event == null ? null : asUtf8(event));
                assertThat(events.get(i).id()).isEqualTo(ids.get(i));
                JsonNode line = JsonMapper.shared().readTree(all.get(i));
                assertThat(line.get("data").asString()).isEqualTo(text);
                assertThat(line.get("id").asString()).isEqualTo(ids.get(i));
                assertThat(line.has("event") ? line.get("event").asString() : null)
                        .isEqualTo(event == null ? null : asUtf8(event));
            }
        }
    }

    private static List<ServerSentEvent> parse(String body, Random random) {
        List<ServerSentEvent> events = new ArrayList<>();
        EventStreamParser parser = new EventStreamParser(new EventStreamParser.Listener() {
            @Override
            public void onEvent(ServerSentEvent event) {
                events.add(event);
            }
        });
        ByteBuf bytes = Unpooled.wrappedBuffer(body.getBytes(StandardCharsets.UTF_8));
        while (bytes.isReadable()) {
            parser.parse(bytes.readSlice(Math.min(bytes.readableBytes(), 1 + random.nextInt(40))));
        }
        return events;
    }

    @Test
    void bytesComeThroughAsLines() {
        Random random = new Random(6);
        try (Streams streams = Streams.of(
                (routes, topics) -> routes.get("/lines", news(topics).ndjson().build()))) {
            TestStream lines = streams.server.get("/lines").stream();
            lines.lines();
            for (int size = 0; size < 300; size++) {
                byte[] bytes = new byte[size];
                random.nextBytes(bytes);
                streams.publish("news", Draft.ofBytes(bytes));

                assertThat(lines.lines())
                        .singleElement()
                        .satisfies(line -> assertThat(JsonMapper.shared()
                                        .readTree(line)
                                        .get("base64")
                                        .binaryValue())
                                .isEqualTo(bytes));
            }
        }
    }
}
