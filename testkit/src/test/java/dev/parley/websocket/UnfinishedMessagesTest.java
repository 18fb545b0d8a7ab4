package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import dev.parley.websocket.codec.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that begin messages and do not end them: all together they get so much memory, and each so much time. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class UnfinishedMessagesTest {
    private static final int MESSAGE_BYTES = 10_000;
    private static final int BUDGET_BYTES = 100_000;
    private static final byte[] MESSAGE =
            TestFrame.binary(new byte[MESSAGE_BYTES]).toBytes();
    private static final byte[] HALF = Arrays.copyOf(MESSAGE, MESSAGE_BYTES / 2);
    private static final byte[] REST = Arrays.copyOfRange(MESSAGE, MESSAGE_BYTES / 2, MESSAGE.length);

    private final Heard heard = new Heard();
    private final WebSocketEndpoint endpoint = heard.endpoint()
            .onBinary((connection, bytes) -> heard.add("binary of " + bytes.readableBytes()))
            .maxMessageBytes(MESSAGE_BYTES)
            .maxUnfinishedBytes(BUDGET_BYTES)
            .build();
    private final TestServer server;

    UnfinishedMessagesTest(Protocol protocol) {
        server = Heard.server(protocol, endpoint);
    }

    @AfterEach
    void close() {
        server.close();
        assertThat(endpoint.unfinishedBytes()).isZero();
    }

    private TestWebSocket open() {
        TestWebSocket ws = server.webSocket("/ws");
        assertThat(heard.take()).containsExactly("open");
        return ws;
    }

    @Test
    void attackersWithHalvesAreToldToComeAgainAndOthersGoOn() {
        TestWebSocket other = open();
        TestWebSocket begun = open().frame(TestFrame.text("be").notFinal());
        List<TestWebSocket> held = new ArrayList<>();
        int refused = 0;
        for (int i = 0; i < 40; i++) {
            TestWebSocket attacker = open().bytes(HALF);
            assertThat(endpoint.unfinishedBytes()).isBetween(1L, (long) BUDGET_BYTES);
            if (attacker.isOpen()) {
                held.add(attacker);
            } else {
                assertThat(attacker).closedWith(1013, "too many messages are unfinished");
                assertThat(heard.take()).containsExactly("close 1013 too many messages are unfinished");
                refused++;
            }
        }
        assertThat(held).hasSizeBetween(5, 20);
        assertThat(endpoint.violations()).isEqualTo(Map.of(Violation.NO_ROOM, (long) refused));

        other.send("whole");
        begun.frame(TestFrame.continuation("gun"));
        assertThat(heard.take()).containsExactly("text whole", "text begun");
        assertThat(other).isOpen();

        held.forEach(TestWebSocket::cut);
        assertThat(endpoint.unfinishedBytes()).isZero();
        heard.take();
        open().bytes(HALF).bytes(REST);
        assertThat(heard.take()).containsExactly("binary of " + MESSAGE_BYTES);
    }

    @Test
    void aMessageThatIsNotWholeInTimeCloses() {
        TestWebSocket ws = open().frame(TestFrame.text("a").notFinal());
        for (int second = 0; second < 59; second++) {
            server.advance(Duration.ofSeconds(1));
            ws.frame(TestFrame.ping("p"), TestFrame.continuation("b").notFinal()); // as lively as can be
        }
        assertThat(ws).isOpen();
        server.advance(Duration.ofSeconds(10));

        assertThat(ws).closedWith(1008, "the message comes too slowly");
        assertThat(ws.pongs()).hasSize(59);
        assertThat(heard.take()).containsExactly("close 1008 the message comes too slowly");
        assertThat(endpoint.violations()).isEqualTo(Map.of(Violation.MESSAGE_TOO_SLOW, 1L));
        assertThat(endpoint.unfinishedBytes()).isZero();
    }

    @Test
    void aClientInTheMidstOfAFrameIsNotTakenForDead() {
        TestWebSocket ws = open().ignorePings().bytes(HALF);
        server.advance(Duration.ofSeconds(59)); // it could not answer a ping
        assertThat(ws).isOpen();
        ws.bytes(REST);
        assertThat(heard.take()).containsExactly("binary of " + MESSAGE_BYTES);

        server.advance(Duration.ofSeconds(49));
        assertThat(ws).isOpen();
        server.advance(Duration.ofSeconds(15));
        assertThat(ws).closedWith(1001, "no answer to a ping");
    }

    @Test
    void theTimeInWhichTheApplicationHasPausedDoesNotCount() {
        TestWebSocket ws = open().frame(TestFrame.text("a").notFinal());
        heard.connection().pauseReading();
        server.advance(Duration.ofMinutes(10));
        heard.connection().resumeReading();
        server.advance(Duration.ofSeconds(50));
        ws.frame(TestFrame.continuation("b"));

        assertThat(heard.take()).contains("text ab");
        assertThat(ws).isOpen();
    }
}
