package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Endpoint;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.Routes;
import dev.parley.sse.codec.ServerSentEvent;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the kit makes of the bytes of a stream, and what it finds wrong with them. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class EventStreamRecordingTest {
    private static final String RESUMED = "event: parley:resumed\nid: k-1\ndata: {}\n\n";
    private static final String GAP = """
            event: parley:gap
            id: k-5
            data: {"topic":"news","from":"k-1","to":"k-5","lost":4}

            """;
    private static final String RESET = """
            event: parley:reset
            id: z-5
            data: {"topic":"news","from":"k-1","to":"z-5"}

            """;

    private final Protocol protocol;
    /** What each request said, without what the codec adds. */
    private final List<String> requests = new ArrayList<>();

    EventStreamRecordingTest(Protocol protocol) {
        this.protocol = protocol;
    }

    /** A server that writes these bytes on each stream, and then leaves it open. */
    private TestServer server(String contentType, String bytes) {
        return server(exchange -> exchange.stream(Response.of(200).header("Content-Type", contentType))
                .write(bytes));
    }

    private TestServer server(Endpoint endpoint) {
        return TestServer.builder(Routes.builder()
                        .get("/news", endpoint)
                        .post("/news", endpoint)
                        .build())
                .protocol(protocol)
                .build();
    }

    private TestServer events(String bytes) {
        return server("text/event-stream", bytes);
    }

    private static String event(String id, String data) {
        return "id: " + id + "\ndata: " + data + "\n\n";
    }

    private static void fails(ThrowingCallable assertion, String message) {
        assertThatThrownBy(assertion).isInstanceOf(AssertionError.class).hasMessageContaining(message);
    }

    // ---- notices

    @Test
    void whatTheLibraryTellsIsNoEventOfTheApplication() {
        try (TestServer server = events("retry: 3000\nid: k-1\n\n" + RESUMED + event("k-2", "b"))) {
            TestStream news = server.get("/news").lastEventId("k-1").stream();

            assertThat(news).received("b").isResumed().hasNoGap().hasNoDuplicate();
            assertThat(news.notices())
                    .containsExactly(new ServerSentEvent("k-1", "parley:resumed", "{}", null, null))
                    .isEqualTo(news.notices());
        }
    }

    @Test
    void nobodyHasToLookAtWhatTheLibraryTells() {
        TestServer server = events(RESUMED);
        TestStream news = server.get("/news").stream();

        assertThat(news).receivedNothing();
        assertThatCode(server::close).doesNotThrowAnyException();
    }

    @Test
    void anEventWhoseNameOnlyLooksAlikeIsAnEvent() {
        try (TestServer server = events("event: parley\ndata: a\n\nevent: Parley:gap\ndata: b\n\n")) {
            TestStream news = server.get("/news").stream();

            assertThat(news).received("a", "b").hasNoGap();
            assertThat(news.notices()).isEmpty();
        }
    }

    @Test
    void aGapTellsHowMuchWasLost() {
        try (TestServer server = events("id: k-5\n\n" + GAP + event("k-6", "f"))) {
            TestStream news = server.get("/news").lastEventId("k-1").stream();

            assertThat(news).hasGap(4).received("f");
            fails(() -> assertThat(news).hasGap(3), "told of 4 lost (expected: parley:gap, with 3 lost)");
            fails(() -> assertThat(news).hasNoGap(), "answered 200, and goes on, told parley:gap {\"topic\":\"news\",");
            fails(() -> assertThat(news).hasNoGap(), "(expected: no loss; let the topic keep more, by");
            fails(() -> assertThat(news).isResumed(), "(expected: parley:resumed and no loss; the stream came with ");
            fails(() -> assertThat(news).isReset(), "(expected: parley:reset; the stream came with Last-Event-ID k-1)");
        }
    }

    @Test
    void gapsOfSeveralTopicsAddUp() {
        try (TestServer server = events(GAP + GAP.replace("news", "sport").replace("k-", "m-"))) {
            assertThat(server.get("/news").stream()).hasGap(8);
        }
    }

    @Test
    void aResetTellsOfALossWithoutANumber() {
        try (TestServer server = events("id: z-5\n\n" + RESET + event("z-6", "f"))) {
            TestStream news = server.get("/news").lastEventId("k-1").stream();

            assertThat(news).isReset().received("f");
            fails(() -> assertThat(news).hasNoGap(), "told parley:reset {");
            fails(() -> assertThat(news).hasGap(0), "told of 0 lost (expected: parley:gap, with 0 lost)");
            assertThat(news.trail().holes()).isEmpty();
        }
    }

    @Test
    void aStreamThatTellsNothingIsNotResumed() {
        try (TestServer server = events("id: k-1\n\n")) {
            TestStream news = server.get("/news").stream();

            fails(
                    () -> assertThat(news).isResumed(),
                    "(expected: parley:resumed and no loss; the stream came with " + "Last-Event-ID null)");
        }
    }

    // ---- holes

    @Test
    void offsetsThatFollowHaveNoGap() {
        try (TestServer server = events("id: k-3\n\n" + event("k-4", "d") + ": hi\n\n" + event("k-5", "e"))) {
            assertThat(server.get("/news").stream())
                    .hasNoGap()
                    .received("d", "e")
                    .hasNoGap();
        }
    }

    @Test
    void aHoleBetweenEventsIsAGap() {
        expectHole("", event("k-1", "a") + event("k-3", "c"), "[what was between k-1 and k-3]");
    }

    @Test
    void aHoleBehindWhereTheStreamBeganIsAGap() {
        expectHole("", "retry: 3000\nid: k-3\n\n" + event("k-5", "e"), "[what was between k-3 and k-5]");
    }

    @Test
    void aHoleBehindWhatTheClientHadIsAGapWhateverTheStreamSaysOfItsBegin() {
        expectHole("k-1", "retry: 3000\nid: k-4\n\n" + event("k-5", "e"), "[what was between k-1 and k-5]");
        expectHole("k-1", RESUMED.replace("k-1", "k-4") + event("k-5", "e"), "[what was between k-1 and k-5]");
    }

    @Test
    void anotherEpochWithoutAWordIsAGap() {
        expectHole("k-1", event("z-2", "b"), "[whatever was before z-2, as its epoch is another]");
    }

    @Test
    void eachOfSeveralTopicsIsLookedAt() {
        String begin = "id: k-1~m-7\n\n" + event("k-2~m-7", "b") + event("k-2~m-8", "h");
        try (TestServer server = events(begin)) {
            assertThat(server.get("/news").stream())
                    .received("b", "h")
                    .hasNoGap()
                    .hasNoDuplicate();
        }
        expectHole("", begin + event("k-3~m-10", "?"), "[what was between m-8 and m-10]");
    }

    private void expectHole(String lastEventId, String bytes, String hole) {
        try (TestServer server = events(bytes)) {
            TestStream news = server.get("/news").lastEventId(lastEventId).stream();
            news.ignoreRest();

            fails(() -> assertThat(news).hasNoGap(), "lost without a word: " + hole + " (expected: each offset, or");
        }
    }

    @Test
    void theQueryTellsWhatTheClientHadAsWellAsTheHeader() {
        try (TestServer server = events(event("k-5", "e"))) {
            TestStream news = server.get("/news?lastEventId=k-3").stream();

            assertThat(news).received("e");
            fails(() -> assertThat(news).hasNoGap(), "between k-3 and k-5");
        }
    }

    @Test
    void idsThatAreNoPositionsHaveNoHoles() {
        try (TestServer server = events(event("1", "a") + event("7", "b") + event("k-1~7", "c") + event("", "d"))) {
            assertThat(server.get("/news").stream())
                    .received("a", "b", "c", "d")
                    .hasNoGap()
                    .hasNoDuplicate();
        }
    }

    // ---- duplicates

    @Test
    void anEventThatCameTwiceIsADuplicate() {
        expectDuplicate(event("k-1", "a") + event("k-2", "b") + event("k-2", "b"), "[k-2]");
        expectDuplicate(event("7", "a") + event("8", "b") + event("7", "a"), "[7]");
    }

    @Test
    void anEventThatCameTooLateIsADuplicate() {
        expectDuplicate(event("k-2", "b") + event("k-1", "a"), "[k-1]");
    }

    @Test
    void withSeveralTopicsAnEventThatBringsNoneFurtherIsADuplicate() {
        expectDuplicate(event("k-1~m-1", "a") + event("k-1~m-2", "b") + event("k-1~m-1", "a"), "[k-1~m-1]");
    }

    private void expectDuplicate(String bytes, String ids) {
        try (TestServer server = events(bytes)) {
            TestStream news = server.get("/news").stream();
            news.ignoreRest();

            fails(
                    () -> assertThat(news).hasNoDuplicate(),
                    "came again, or too late: events " + ids + " (expected: each event once, in order;");
        }
    }

    @Test
    void idsWithoutAnEventAndNoticesAreNoDuplicates() {
        try (TestServer server = events("id: k-1\n\n" + RESUMED + "id: k-1\n\n" + event("k-2", "b") + "id: k-2\n\n")) {
            assertThat(server.get("/news").stream()).received("b").hasNoDuplicate();
        }
    }

    @Test
    void anEventThatCameAgainAfterAReconnectIsADuplicate() {
        try (TestServer server = events(event("k-1", "a") + event("k-2", "b"))) {
            TestStream first = server.get("/news").stream();
            assertThat(first).received("a", "b").hasNoDuplicate();

            TestStream second = first.reconnect();

            assertThat(second).receivedInAll("a", "b");
            fails(
                    () -> assertThat(second).hasNoDuplicate(),
                    "events [k-1, k-2] (expected: each event once, in order; the stream came with Last-Event-ID k-2)");
            assertThat(first).hasNoDuplicate().hasNoGap();
        }
    }

    // ---- the last event id

    @Test
    void onlyCompleteBlocksCountForTheLastEventId() {
        String bytes =
                "retry: 3000\nid: k-1\n\n" + "id: k-2\nevent: e\ndata: b\n\n" + ": hi\n\n" + "id: k-3\n\n" + RESUMED;
        try (TestServer server = events(bytes)) {
            for (int n = 0; n <= bytes.length(); n++) {
                TestStream news = server.get("/news").cutAfterBytes(n).stream();
                news.ignoreRest();

                assertThat(news).isCutOff();
                assertThat(news.lastEventId()).as("after %s bytes", n).isEqualTo(idAfter(bytes.substring(0, n)));
            }
        }
    }

    /** By the rules of the HTML standard, on text: the id of the last block that is followed by an empty line. */
    private static @Nullable String idAfter(String bytes) {
        String id = null;
        int end = bytes.lastIndexOf("\n\n");
        if (end >= 0) {
            for (String line : bytes.substring(0, end).split("\n", -1)) {
                id = line.startsWith("id: ") ? line.substring(4) : id;
            }
        }
        return id;
    }

    @Test
    void aStreamWithoutAnIdKeepsTheOneThatTheClientCameWith() {
        try (TestServer server = events("data: a\n\n")) {
            TestStream news = server.get("/news").lastEventId("k-1").stream();

            assertThat(news).received("a");
            assertThat(news.lastEventId()).isEqualTo("k-1");
        }
    }

    @Test
    void anEmptyIdTakesTheLastOneBack() {
        try (TestServer server = server(exchange -> {
            requests.add(exchange.header("Last-Event-ID").orElse("none"));
            exchange.stream(Response.of(200).header("Content-Type", "text/event-stream"))
                    .write("id\n\n");
        })) {
            TestStream news = server.get("/news").lastEventId("k-1").stream();

            assertThat(news.lastEventId()).isEmpty();
            assertThat(news.reconnect().lastEventId()).isEmpty();
            assertThat(requests).containsExactly("k-1", "none");
        }
    }

    // ---- reconnects

    @Test
    void aReconnectSendsTheSameRequestWithTheNewId() {
        Endpoint endpoint = exchange -> exchange.body().thenAccept(body -> {
            requests.add(exchange.method() + " " + exchange.header("X-Room").orElse("") + " "
                    + exchange.headers().getAll("Last-Event-ID") + " " + body.text());
            exchange.stream(Response.of(200).header("Content-Type", "text/event-stream"))
                    .write("id: k-" + requests.size() + "\n\n");
        });
        try (TestServer server = server(endpoint)) {
            TestStream first = server.post("/news").header("X-Room", "7").lastEventId("k-0").body("ask").stream();
            TestStream second = first.reconnect();
            second.reconnection().header("X-Room", "8").stream();

            assertThat(requests).containsExactly("POST 7 [k-0] ask", "POST 7 [k-1] ask", "POST 7 [k-2] ask");
            assertThat(first).isCutOff();
            assertThat(second).isCutOff();
        }
    }

    @Test
    void aReconnectIsOnAConnectionOfItsOwn() {
        try (TestServer server = events("id: k-1\n\n")) {
            TestClient client = server.client();
            TestStream first = client.get("/news").stream();
            client.cut();

            assertThat(first.reconnect()).isOpen();
        }
    }

    @Test
    void theCutIsNotPartOfTheReconnect() {
        try (TestServer server = events(event("k-1", "a") + event("k-2", "b"))) {
            TestStream first = server.get("/news").cutAfterEvents(1).stream();
            assertThat(first).isCutOff().received("a");
            assertThat(first.toString())
                    .endsWith("answered 200, then cut off after 17 bytes of the body, as was scripted");

            assertThat(first.reconnect()).isOpen().received("a", "b");
        }
    }

    @Test
    void whicheverCutIsDueFirstIsMade() {
        try (TestServer server = events(event("k-1", "a") + event("k-2", "b"))) {
            assertThat(server.get("/news").cutAfterEvents(1).cutAfterBytes(16).stream())
                    .isCutOff()
                    .receivedNothing();
            assertThat(server.get("/news").cutAfterBytes(33).cutAfterEvents(1).stream())
                    .isCutOff()
                    .received("a");
            assertThat(server.get("/news").cutAfterBytes(35).cutAfterEvents(3).stream())
                    .isOpen()
                    .received("a", "b");
        }
    }

    @Test
    void aCutIsSeenByTheServer() {
        List<String> ends = new ArrayList<>();
        List<ResponseStream> streams = new ArrayList<>();
        try (TestServer server = server(exchange -> {
            exchange.onEnd(reason -> ends.add(reason.toString()));
            streams.add(exchange.stream(Response.of(200).header("Content-Type", "text/event-stream")));
        })) {
            TestStream news = server.get("/news").cutAfterBytes(9).stream();
            streams.get(0).write("data: a\n");
            assertThat(news).isOpen();
            assertThat(ends).isEmpty();

            streams.get(0).write("\ndata: b\n\n");

            assertThat(news).isCutOff().received("a");
            assertThat(ends).containsExactly("CLIENT_GONE");
        }
    }

    @Test
    void anAnswerThatEndsWhereItIsCutIsNotWhole() {
        try (TestServer server = server(exchange -> exchange.respond(Response.text("abc")))) {
            TestStream cut = server.get("/news").cutAfterBytes(3).stream();

            assertThat(cut).isCutOff().receivedText("abc");
            fails(() -> server.get("/news").cutAfterBytes(2).send(), "then cut off after 2 bytes of the body");
        }
    }

    @Test
    void cutsNeedANumber() {
        try (TestServer server = events("")) {
            assertThatThrownBy(() -> server.get("/news").cutAfterBytes(-1)).hasMessage("bytes: -1 (expected: >= 0)");
            assertThatThrownBy(() -> server.get("/news").cutAfterEvents(0)).hasMessage("events: 0 (expected: >= 1)");
        }
    }

    @Test
    void anEventSourceDoesNotComeBackAfterAnythingElse() {
        Endpoint endpoint = exchange ->
                exchange.respond(exchange.query("gone").isPresent() ? Response.noContent() : Response.text("a"));
        try (TestServer server = server(endpoint)) {
            TestStream text = server.get("/news").stream();
            TestStream gone = server.get("/news?gone=1").stream();
            text.ignoreRest();

            assertThatThrownBy(text::reconnect)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(": 200, Content-Type text/plain")
                    .hasMessageEndingWith(
                            "(expected: 200 and text/event-stream; after anything else an EventSource does"
                                    + " not come back)");
            assertThatThrownBy(gone::reconnect).hasMessageContaining(": 204, Content-Type none (expected: ");
        }
    }

    @Test
    void whatWasSentPieceByPieceIsNotSentAgain() {
        try (TestServer server = events("id: k-1\n\n")) {
            TestStream news = server.get("/news").open().end().stream();

            assertThatThrownBy(news::reconnect)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageEndingWith(": sent piece by piece (expected: TestRequest.stream(), to send it again)");
        }
    }

    @Test
    void whatNobodyTookBeforeAReconnectStillFailsTheTest() {
        TestServer server = events(event("k-1", "a"));
        TestStream first = server.get("/news").stream();
        assertThat(first.reconnect()).received("a");

        assertThatThrownBy(server::close).hasMessageContaining("nobody looked at events [");
    }

    // ---- lines of JSON

    @Test
    void linesOfJsonAreTakenWhenTheyAreComplete() {
        List<ResponseStream> streams = new ArrayList<>();
        try (TestServer server = server(exchange -> streams.add(
                exchange.stream(Response.of(200).header("Content-Type", "application/x-ndjson; charset=utf-8"))))) {
            TestStream lines = server.get("/news").stream();
            assertThat(lines).receivedLines();
            byte[] bytes = "{\"a\":\"é\"}\n\n{\"b\":1}\r\n{\"c".getBytes(UTF_8);
            List<String> taken = new ArrayList<>();
            for (byte one : bytes) {
                streams.get(0).write(new byte[] {one});
                taken.addAll(lines.lines());
            }

            assertThat(taken).containsExactly("{\"a\":\"é\"}", "", "{\"b\":1}\r");
            streams.get(0).write("\":2}\n{\"d\":3}\n");
            assertThat(lines).receivedLines("{\"c\":2}", "{\"d\":3}");
        }
    }

    @Test
    void aLineWithoutItsEndIsNotTaken() {
        TestServer server = server("application/x-ndjson", "1\n2");
        assertThat(server.get("/news").stream()).receivedLines("1");

        assertThatThrownBy(server::close).hasMessageContaining("nobody looked at \"2\"");
    }

    @Test
    void eachKindOfBodyIsTakenAsWhatItIs() {
        try (TestServer server = events("")) {
            TestStream news = server.get("/news").stream();
            assertThatThrownBy(news::lines)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageEndingWith(
                            ": Content-Type text/event-stream (expected: application/x-ndjson; else use text())");
        }
        try (TestServer server = server("application/x-ndjson", "")) {
            TestStream lines = server.get("/news").stream();
            assertThatThrownBy(lines::notices)
                    .hasMessageContaining(": Content-Type application/x-ndjson (expected: text/event-stream;");
            assertThatThrownBy(() -> assertThat(lines).hasNoDuplicate()).isInstanceOf(IllegalStateException.class);
        }
    }
}
