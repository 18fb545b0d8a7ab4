package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static dev.parley.websocket.Heard.bytes;
import static dev.parley.websocket.Heard.doElsewhere;
import static dev.parley.websocket.Heard.elsewhere;
import static dev.parley.websocket.Heard.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Protocol;
import dev.parley.http.SendOutcome;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.topic.Topics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages that are sent in fragments, and what waits for their end. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class MessageStreamTest {
    private static final int BOUND = 256 * 1024;

    private final Heard heard = new Heard();
    private final TestServer server;
    private final TestWebSocket ws;
    private final WebSocketConnection connection;

    MessageStreamTest(Protocol protocol) {
        server = Heard.server(
                protocol,
                heard.endpoint().maxQueuedBytes(BOUND).whenFull(WhenFull.DROP).build());
        ws = server.webSocket("/ws");
        connection = heard.connection();
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static ByteBuf buffer(String text) {
        return Unpooled.wrappedBuffer(bytes(text));
    }

    @Test
    void eachPartIsAFragment() {
        try (MessageStream stream = connection.streamText()) {
            assertThat(stream.write("a")).isEqualTo(SendOutcome.SENT);
            assertThat(stream.write("é")).isEqualTo(SendOutcome.SENT);
        }
        try (MessageStream stream = connection.streamBinary()) {
            assertThat(stream.write(buffer("b"))).isEqualTo(SendOutcome.SENT);
        }
        connection.streamText().close();

        assertThat(ws)
                .receivedFrames(
                        TestFrame.text("a").notFinal(),
                        TestFrame.continuation("é").notFinal(),
                        TestFrame.continuation(""),
                        TestFrame.binary(bytes("b")).notFinal(),
                        TestFrame.continuation(""),
                        TestFrame.text(""));
    }

    @Test
    void anotherThreadMayStreamOneAfterTheOther() {
        doElsewhere(() -> {
            for (int i = 0; i < 3; i++) {
                try (MessageStream stream = connection.streamText()) {
                    assertThat(stream.write("a" + i)).isEqualTo(SendOutcome.SENT);
                    stream.write("b");
                }
                connection.send("between");
            }
        });

        assertThat(ws).received("a0b", "between", "a1b", "between", "a2b", "between");
    }

    @Test
    void whatElseIsSentWaitsInItsOrder() {
        MessageStream stream = connection.streamText();
        stream.write("a");
        assertThat(connection.send("b")).isEqualTo(SendOutcome.QUEUED);
        assertThat(connection.send(buffer("c"))).isEqualTo(SendOutcome.QUEUED);
        assertThat(elsewhere(() -> connection.send("d"))).isEqualTo(SendOutcome.QUEUED);
        connection.sendUncompressed("e");
        stream.write("a");
        server.run();
        assertThat(connection.queuedBytes()).isEqualTo(4);
        assertThat(ws.frames()).hasSize(2);

        stream.close();
        stream.close();
        assertThat(connection.queuedBytes()).isLessThan(20);
        assertThat(ws.frames())
                .containsExactly(
                        TestFrame.continuation(""),
                        TestFrame.text("b"),
                        TestFrame.binary(bytes("c")),
                        TestFrame.text("e"),
                        TestFrame.text("d"));
        assertThat(connection.send("f")).isEqualTo(SendOutcome.SENT);
        assertThat(ws).received("f");
    }

    @Test
    void controlFramesDoNotWait() {
        MessageStream stream = connection.streamText();
        stream.write("a");
        connection.ping();
        ws.ping("p");
        assertThat(ws).ponged("p");
        stream.close();

        assertThat(ws).received("a");
        assertThat(heard.take()).contains("pong PT0S");
    }

    @Test
    void whoWaitedForTheEndIsTold() {
        connection.onWritable(() -> heard.add("writable"));
        MessageStream stream = connection.streamText();
        stream.write("a");
        connection.send("b");
        server.run();
        assertThat(heard.take()).containsExactly("open");
        stream.close();
        server.run();

        assertThat(heard.take()).containsExactly("writable");
        assertThat(ws).received("a", "b");
    }

    @Test
    void whoStreamsIsToldToWaitAndToGoOn() {
        connection.onWritable(() -> heard.add("writable"));
        ws.stall();
        MessageStream stream = connection.streamBinary();
        SendOutcome outcome = SendOutcome.SENT;
        int parts = 0;
        while (outcome == SendOutcome.SENT) {
            outcome = stream.write(Unpooled.wrappedBuffer(new byte[16 * 1024]));
            server.run();
            parts++;
        }
        assertThat(outcome).isEqualTo(SendOutcome.QUEUED);
        assertThat(parts).isBetween(4, 10);
        heard.take();

        ws.resume();
        assertThat(heard.take()).containsExactly("writable");
        assertThat(stream.write(Unpooled.wrappedBuffer(new byte[1]))).isEqualTo(SendOutcome.SENT);
        stream.close();
        assertThat(ws.binaries()).hasSize(1);
    }

    @Test
    void aMessageThatLostAPartIsNotGoneOnWith() {
        for (boolean here : new boolean[] {true, false}) {
            TestWebSocket slow = server.webSocket("/ws");
            WebSocketConnection to = heard.connection();
            slow.stall();
            MessageStream stream = to.streamBinary();
            SendOutcome outcome = SendOutcome.SENT;
            for (int i = 0; i < 40 && outcome != SendOutcome.DROPPED; i++) {
                ByteBuf part = Unpooled.wrappedBuffer(new byte[16 * 1024]);
                outcome = here ? stream.write(part) : elsewhere(() -> stream.write(part));
                server.run();
            }
            assertThat(outcome).isEqualTo(SendOutcome.DROPPED);
            assertThat(stream.write(buffer("more"))).isEqualTo(SendOutcome.CLOSED);
            stream.close();
            slow.resume();

            slow.frames();
            assertThat(slow).closedWith(1013, "the client does not keep up");
        }
    }

    @Test
    void whatWaitsIsBounded() {
        MessageStream stream = connection.streamText();
        stream.write("a");
        List<SendOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            outcomes.add(connection.send(text(32 * 1024)));
            outcomes.add(elsewhere(() -> connection.send(text(32 * 1024))));
            server.run();
        }
        assertThat(outcomes).startsWith(SendOutcome.QUEUED, SendOutcome.QUEUED).endsWith(SendOutcome.DROPPED);
        assertThat(connection.queuedBytes()).isLessThanOrEqualTo(BOUND);
        stream.close();

        assertThat(ws.texts()).hasSizeBetween(8, 9);
        assertThat(connection.queuedBytes()).isZero();
    }

    @Test
    void oneStreamIsOpenAtATime() {
        MessageStream stream = connection.streamText();
        assertThatThrownBy(connection::streamBinary)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("stream: another is open (expected: that it has ended)");
        stream.close();
        connection.streamBinary().close();

        assertThat(ws.frames()).containsExactly(TestFrame.text(""), TestFrame.binary(new byte[0]));
    }

    @Test
    void aStreamTakesItsOwnKind() {
        MessageStream text = connection.streamText();
        ByteBuf refused = buffer("b");
        assertThatThrownBy(() -> text.write(refused))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the message is text");
        assertThat(refused.refCnt()).isZero();
        text.close();
        assertThatThrownBy(() -> text.write("a"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the message has ended");
        MessageStream binary = connection.streamBinary();
        assertThatThrownBy(() -> binary.write("a"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the message is binary");
        binary.close();

        ws.frames();
    }

    @Test
    void aCloseEndsIt() {
        MessageStream stream = connection.streamText();
        stream.write("a");
        connection.send("never");
        connection.close(4000, "");

        assertThat(stream.write("b")).isEqualTo(SendOutcome.CLOSED);
        assertThat(elsewhere(() -> stream.write("b"))).isEqualTo(SendOutcome.CLOSED);
        server.run();
        assertThat(connection.queuedBytes()).isZero();
        stream.close();
        assertThat(ws).closedWith(4000);
    }

    @Test
    void topicsWait() {
        try (Topics topics = Topics.inMemory()) {
            connection.subscribe(topics.topic("news"));
            MessageStream stream = connection.streamText();
            stream.write("a");
            topics.topic("news").publish("one");
            topics.topic("news").publish("two");
            server.run();
            assertThat(ws.frames()).containsExactly(TestFrame.text("a").notFinal());
            stream.close();
            topics.topic("news").publish("three");

            assertThat(ws.frames())
                    .containsExactly(
                            TestFrame.continuation(""),
                            TestFrame.text("one"),
                            TestFrame.text("two"),
                            TestFrame.text("three"));
            ws.close(1000, "");
            assertThat(ws).closedWith(1000);
        }
    }
}
