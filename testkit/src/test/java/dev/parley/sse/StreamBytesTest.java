package dev.parley.sse;

import static dev.parley.sse.Streams.news;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestStream;
import dev.parley.topic.Draft;
import dev.parley.topic.From;
import dev.parley.topic.History;
import dev.parley.topic.Topics;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** What streams from topics are on the wire, byte for byte. */
class StreamBytesTest {
    private static final byte[] BYTES = {0, -1, 10, 13};

    private static void routes(Routes.Builder routes, Topics topics) {
        routes.get("/news", SseEndpoint.of(topics.topic("news")));
        routes.get("/oldest", news(topics).from(From.oldest()).build());
        routes.get("/lines", news(topics).ndjson().build());
    }

    private static Streams streams() {
        return Streams.of(StreamBytesTest::routes);
    }

    private static Streams streams(History history) {
        return Streams.of(history, StreamBytesTest::routes);
    }

    @Test
    void theHeadTellsThatThisIsAStreamAndNobodyShouldKeepOrChangeIt() {
        try (Streams streams = streams()) {
            assertThat(streams.bytesOf("/news").receivedText().split("\r\n"))
                    .startsWith(
                            "HTTP/1.1 200 OK",
                            "Content-Type: text/event-stream",
                            "Cache-Control: no-store, no-transform",
                            "X-Accel-Buffering: no");
        }
    }

    @Test
    void aStreamBeginsWithARetryAndItsPlace() {
        try (Streams streams = streams()) {
            String place = streams.publish("news", "a");
            TestConnection connection = streams.bytesOf("/news");

            assertThat(Streams.body(connection)).isEqualTo("retry: 3000\n\nid: " + place + "\n\n");
        }
    }

    static Stream<Arguments> texts() {
        return Stream.of(
                Arguments.of("text", "data: text\n"),
                Arguments.of("", "data: \n"),
                Arguments.of(" text", "data:  text\n"),
                Arguments.of("a\nb", "data: a\ndata: b\n"),
                Arguments.of("a\rb", "data: a\ndata: b\n"),
                Arguments.of("a\r\nb", "data: a\ndata: b\n"),
                Arguments.of("a\n\rb", "data: a\ndata: \ndata: b\n"),
                Arguments.of("\n", "data: \ndata: \n"),
                Arguments.of("a\n\n", "data: a\ndata: \ndata: \n"),
                Arguments.of("a\revent: x\r\rid: 1", "data: a\ndata: event: x\ndata: \ndata: id: 1\n"),
                Arguments.of("\u0000\u2028\uFEFFä€😀", "data: \u0000\u2028\uFEFFä€😀\n"),
                Arguments.of("a\uD800\u010Ab\uDC00", "data: a?\u010Ab?\n"));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void aPublicationIsOneBlock(String text, String lines) {
        try (Streams streams = streams()) {
            TestConnection connection = streams.bytesOf("/news");
            Streams.body(connection);
            String unnamed = streams.publish("news", text);
            String named = streams.publish("news", Draft.of(text).event("named é"));

            assertThat(Streams.body(connection))
                    .isEqualTo(
                            "id: " + unnamed + "\n" + lines + "\nid: " + named + "\nevent: named é\n" + lines + "\n");
        }
    }

    @Test
    void bytesAreBase64() {
        try (Streams streams = streams()) {
            TestConnection connection = streams.bytesOf("/news");
            Streams.body(connection);
            String id = streams.publish("news", Draft.ofBytes(BYTES));
            String empty = streams.publish("news", Draft.ofBytes(new byte[0]));

            assertThat(Streams.body(connection))
                    .isEqualTo("id: " + id + "\ndata: AP8KDQ==\n\nid: " + empty + "\ndata: \n\n");
        }
    }

    @Test
    void whatIsNotWellFormedStaysInItsLine() {
        byte[] utf8 = {'a', (byte) 0xC3, '\n', (byte) 0xE2, (byte) 0x82, '\r', 'b'};
        try (Streams streams = streams()) {
            TestStream stream = streams.server.get("/news").stream();
            TestStream lines = streams.server.get("/lines").stream();
            lines.text();
            String id = streams.publish("news", Draft.ofUtf8(utf8));

            assertThat(stream.events()).singleElement().satisfies(event -> {
                assertThat(event.data()).isEqualTo("a\uFFFD\n\uFFFD\nb");
                assertThat(event.id()).isEqualTo(id);
            });
            assertThat(lines.text()).isEqualTo("{\"id\":\"" + id + "\",\"data\":\"a\uFFFD\\n\uFFFD\\rb\"}\n");
        }
    }

    @Test
    void whoComesBackHearsThatItGoesOn() {
        try (Streams streams = streams()) {
            String last = streams.publish("news", "a");
            String next = streams.publish("news", "b");

            assertThat(Streams.body(streams.bytesOf("/news", "Last-Event-ID: " + last)))
                    .isEqualTo("retry: 3000\n\nid: " + last + "\nevent: parley:resumed\ndata: {}\n\n" + "id: " + next
                            + "\ndata: b\n\n");
        }
    }

    @Test
    void aGapTellsHowMuchWasLost() {
        try (Streams streams = streams(History.last(2))) {
            String start = streams.start("news");
            streams.publish("news", "b");
            String kept = streams.publish("news", "c");
            String last = streams.publish("news", "d");
            String lost = Streams.behind(start, 2);

            assertThat(Streams.body(streams.bytesOf("/news", "Last-Event-ID: " + start)))
                    .isEqualTo("retry: 3000\n\nid: " + lost
                            + "\nevent: parley:gap\ndata: {\"topic\":\"news\",\"from\":\"" + start + "\",\"to\":\""
                            + lost
                            + "\",\"lost\":2}\n\nid: " + kept + "\ndata: c\n\nid: " + last + "\ndata: d\n\n");
        }
    }

    @Test
    void aResetTellsNoNumber() {
        try (Streams streams = streams()) {
            String first = streams.publish("news", "a");
            String start = Streams.behind(first, -1);

            assertThat(Streams.body(streams.bytesOf("/news", "Last-Event-ID: 7-3")))
                    .isEqualTo("retry: 3000\n\nid: " + start
                            + "\nevent: parley:reset\ndata: {\"topic\":\"news\",\"from\":\"7-3\",\"to\":\"" + start
                            + "\"}\n\nid: " + first + "\ndata: a\n\n");
        }
    }

    @Test
    void linesHaveTheSame() {
        try (Streams streams = streams(History.last(2))) {
            String start = streams.start("news");
            TestStream lines = streams.server.get("/lines").stream();
            assertThat(lines.text()).isEqualTo("{\"retry\":3000}\n{\"id\":\"" + Streams.behind(start, 1) + "\"}\n");
            String a = streams.publish("news", "a\r\n\"\\/\u007F\u2028\u0000\uD800");
            String b = streams.publish("news", Draft.ofBytes(BYTES).event("bytes \""));
            String c = streams.publish("news", "");

            String publications = "{\"id\":\"" + b + "\",\"event\":\"bytes \\\"\",\"base64\":\"AP8KDQ==\"}\n{\"id\":\""
                    + c + "\",\"data\":\"\"}\n";
            assertThat(lines.text())
                    .isEqualTo("{\"id\":\"" + a + "\",\"data\":\"a\\r\\n\\\"\\\\/\u007F\u2028\\u0000?\"}\n"
                            + publications);
            assertThat(streams.server.get("/lines").lastEventId(a).stream().text())
                    .isEqualTo(
                            "{\"retry\":3000}\n{\"id\":\"" + a + "\",\"event\":\"parley:resumed\"}\n" + publications);
            assertThat(streams.server.get("/lines").lastEventId(start).stream().text())
                    .isEqualTo("{\"retry\":3000}\n{\"id\":\"" + a
                            + "\",\"event\":\"parley:gap\",\"gap\":{\"topic\":\"news\",\"from\":\"" + start
                            + "\",\"to\":\"" + a + "\",\"lost\":2}}\n" + publications);
            assertThat(streams.server.get("/lines").lastEventId("?").stream().text())
                    .isEqualTo("{\"retry\":3000}\n{\"id\":\"" + a
                            + "\",\"event\":\"parley:reset\",\"gap\":{\"topic\":\"news\",\"from\":\"0-0\",\"to\":\"" + a
                            + "\"}}\n" + publications);
        }
    }

    @Test
    void everyLineIsAJsonObject() {
        try (Streams streams = streams()) {
            TestStream lines = streams.server.get("/lines").lastEventId("?").stream();
            streams.publish("news", Draft.of("\"\\\n").event("\"\\"));
            streams.publish("news", Draft.ofBytes(BYTES));
            streams.server.advance(Duration.ofMinutes(1));

            assertThat(lines.lines())
                    .hasSizeGreaterThan(4)
                    .allSatisfy(line -> assertThat(
                                    JsonMapper.shared().readTree(line).isObject())
                            .isTrue());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/oldest", "/lines"})
    void aClientOfHttp10GetsTheBytesAlone(String target) {
        try (Streams streams = streams()) {
            String start = streams.start("news");
            String place = target.equals("/lines") ? Streams.behind(start, 1) : start;
            TestConnection connection = streams.server.connect();
            connection.send("GET " + target + " HTTP/1.0\r\n\r\n");
            String id = streams.publish("news", "a");

            String answer = connection.receivedText();
            assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").doesNotContain("chunked");
            assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4))
                    .isEqualTo(
                            target.equals("/lines")
                                    ? "{\"retry\":3000}\n{\"id\":\"" + place + "\"}\n{\"id\":\"" + id
                                            + "\",\"data\":\"a\"}\n"
                                    : "retry: 3000\n\nid: " + place + "\n\nid: " + Streams.behind(place, 1)
                                            + "\ndata: first\n\nid: " + id + "\ndata: a\n\n");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7})
    void aNetworkMayCutTheBytesAnywhere(int piece) {
        try (Streams streams =
                Streams.of(Protocol.HTTP_1_1, it -> it, it -> it.pieceBytes(piece), StreamBytesTest::routes)) {
            TestStream stream = streams.server.get("/news").stream();
            streams.publish("news", "a\nb");
            streams.publish("news", Draft.of("").event("e"));

            assertThat(stream.events())
                    .extracting(event -> event.event() + "=" + event.data())
                    .containsExactly("null=a\nb", "e=");
        }
    }
}
