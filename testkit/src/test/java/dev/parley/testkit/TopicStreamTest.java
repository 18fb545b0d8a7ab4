package dev.parley.testkit;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Exchange;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.Routes;
import dev.parley.http.SendOutcome;
import dev.parley.topic.Batch;
import dev.parley.topic.Encoding;
import dev.parley.topic.From;
import dev.parley.topic.Gap;
import dev.parley.topic.History;
import dev.parley.topic.Outlet;
import dev.parley.topic.Position;
import dev.parley.topic.Publication;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A topic, streams of it on the event loop, and time, together in a test. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class TopicStreamTest {
    private static final Encoding<String> BLOCKS = TopicStreamTest::blocks;

    private final TestServer server;
    private @Nullable Topics topics;

    TopicStreamTest(Protocol protocol) {
        server = TestServer.builder(this::routes).protocol(protocol).build();
    }

    private Routes routes(InstantSource clock) {
        topics = Topics.builder()
                .clock(clock)
                .history(new History(3, 1024 * 1024, Duration.ofMinutes(5)))
                .build();
        return Routes.builder().get("/api/news", this::subscribe).build();
    }

    private Topic news() {
        return topics().topic("news");
    }

    private Topics topics() {
        if (topics == null) {
            throw new IllegalStateException("no topics");
        }
        return topics;
    }

    private Position publish(String text) {
        return news().publish(text).toCompletableFuture().join();
    }

    @AfterEach
    void closeServer() {
        server.close();
        assertThat(news().subscriptions()).isZero();
        topics().close();
    }

    // ---- the stream, by hand

    private static String blocks(Batch batch) {
        StringBuilder blocks = new StringBuilder();
        for (int i = 0; i < batch.size(); i++) {
            Publication publication = batch.publication(i);
            blocks.append("id: ").append(batch.id(i)).append("\ndata: ").append(publication.text());
            blocks.append("\n\n");
        }
        return blocks.toString();
    }

    private void subscribe(Exchange exchange) {
        ResponseStream stream = exchange.stream(Response.of(200).header("Content-Type", "text/event-stream"));
        List<Position> heard =
                Position.parseAll(exchange.header("Last-Event-ID").orElse(""));
        Executor eventLoop = server::execute;
        Subscription subscription = Subscription.to(news())
                .from(heard.isEmpty() ? From.tail() : From.since(heard))
                .feed(eventLoop, BLOCKS, new Stream(stream, !heard.isEmpty()));
        stream.onWritable(subscription::resume);
        exchange.onEnd(reason -> subscription.close());
    }

    private record Stream(ResponseStream stream, boolean goesOn) implements Outlet<String> {
        @Override
        public void begin(Subscription subscription, List<Gap> gaps) {
            stream.write("retry: 3000\nid: " + subscription.id() + "\n\n");
            if (goesOn && gaps.isEmpty()) {
                stream.write("event: parley:resumed\nid: " + subscription.id() + "\ndata: {}\n\n");
            }
            gaps.forEach(this::gap);
        }

        @Override
        public boolean write(String blocks) {
            return stream.write(blocks) != SendOutcome.DROPPED;
        }

        @Override
        public boolean isWritable() {
            return stream.isWritable();
        }

        @Override
        public void gaps(List<Gap> gaps) {
            gaps.forEach(this::gap);
        }

        private void gap(Gap gap) {
            String lost = gap.isReset() ? "" : ",\"lost\":" + gap.count();
            stream.write("event: parley:" + (gap.isReset() ? "reset" : "gap") + "\nid: " + gap.to()
                    + "\ndata: {\"topic\":\"" + gap.topic() + "\",\"from\":\"" + gap.from() + "\",\"to\":\"" + gap.to()
                    + '"' + lost + "}\n\n");
        }

        @Override
        public void end(Subscription.End end, @Nullable Throwable failure) {
            stream.end();
        }
    }

    // ---- tests

    @Test
    void lateJoinerGetsWhatItMissed() {
        TestStream first = server.get("/api/news").stream();
        publish("a");
        publish("b");
        assertThat(first).received("a", "b");
        first.cut();
        publish("c");

        TestStream stream = server.get("/api/news").lastEventId(first.lastEventId()).stream();

        assertThat(stream).received("c").hasNoGap();
        assertThat(stream).isResumed().hasNoDuplicate();
    }

    @Test
    void whoeverIsCutAtAnyByteHearsEachPublicationOnce() {
        Position start = publish("-");
        int bytes = wholeStream(start.toString());
        for (int n = 0; n <= bytes; n++) {
            Position before = publish("before");
            TestStream first = server.get("/api/news").lastEventId(before.toString()).cutAfterBytes(n).stream();
            publish("a");
            publish("b");

            TestStream second = first.reconnect();
            assertThat(second)
                    .receivedInAll("a", "b")
                    .hasNoDuplicate()
                    .hasNoGap()
                    .isResumed();
            second.cut();
        }
    }

    /** How many bytes a stream has that brings two publications, at least. */
    private int wholeStream(String lastEventId) {
        String blocks =
                "retry: 3000\nid: \n\nevent: parley:resumed\nid: \ndata: {}\n\nid: \ndata: a\n\nid: \ndata: b\n\n";
        return blocks.length() + 4 * (lastEventId.length() + 2);
    }

    @Test
    void aClientThatIsCutAfterEachEventComesBackAgainAndAgain() {
        TestStream stream = server.get("/api/news").cutAfterEvents(1).stream();
        for (String text : List.of("a", "b", "c", "d", "e")) {
            publish(text);
            publish(text + "'");
            assertThat(stream).isCutOff();
            stream = stream.reconnection().cutAfterEvents(1).stream();
            assertThat(stream).isCutOff();
            stream = stream.reconnection().cutAfterEvents(1).stream();
        }

        assertThat(stream)
                .isOpen()
                .receivedInAll("a", "a'", "b", "b'", "c", "c'", "d", "d'", "e", "e'")
                .hasNoDuplicate()
                .hasNoGap();
    }

    @Test
    void whoeverComesTooLateHearsOfTheGap() {
        TestStream first = server.get("/api/news").stream();
        first.cut();
        List.of("a", "b", "c", "d", "e").forEach(this::publish);

        assertThat(first.reconnect()).hasGap(2).received("c", "d", "e").hasNoDuplicate();
    }

    @Test
    void timePassesForWhatATopicKeeps() {
        TestStream first = server.get("/api/news").stream();
        publish("a");
        assertThat(first).received("a");
        first.cut();
        publish("b");
        server.advance(Duration.ofMinutes(3));
        publish("c");
        server.advance(Duration.ofMinutes(3));

        assertThat(first.reconnect()).hasGap(1).received("c");
    }

    @Test
    void publicationsHaveTheTimeOfTheTest() {
        server.advance(Duration.ofHours(1));
        publish("a");
        List<Publication> heard = new ArrayList<>();
        Subscription.to(news())
                .from(From.oldest())
                .executor(Runnable::run)
                .listen(heard::add)
                .close();

        assertThat(heard)
                .singleElement()
                .extracting(Publication::time)
                .isEqualTo(server.clock().instant());
    }

    @Test
    void positionsOfAnotherLifeOfTheTopicAreReset() {
        publish("a");

        assertThat(server.get("/api/news").lastEventId("7-3").stream())
                .isReset()
                .received("a");
    }

    @Test
    void aClientThatStallsGoesOnFromTheTopic() {
        TestStream slow = server.get("/api/news").stream();
        TestStream quick = server.get("/api/news").stream();
        slow.stall();
        String big = "x".repeat(64 * 1024);
        for (int i = 0; i < 10; i++) {
            publish(big);
            assertThat(quick).received(big);
        }

        slow.resume();

        assertThat(slow.events()).hasSize(10);
        assertThat(slow).hasNoGap().hasNoDuplicate();
    }
}
