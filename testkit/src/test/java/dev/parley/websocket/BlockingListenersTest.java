package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import io.netty.buffer.ByteBufUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Listeners on an executor, whose tasks run when the test says so, on a thread of their own. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class BlockingListenersTest {
    private final Protocol protocol;
    private final Heard heard = new Heard();
    private final List<TestServer> servers = new ArrayList<>();
    private final Tasks tasks = new Tasks();

    BlockingListenersTest(Protocol protocol) {
        this.protocol = protocol;
    }

    @AfterEach
    void close() {
        servers.forEach(TestServer::close);
        tasks.runAll();
    }

    /** Keeps tasks until they are run, or refuses them. */
    private static final class Tasks implements Executor {
        private final Queue<Runnable> waiting = new ArrayDeque<>();
        private boolean refuses;

        @Override
        public void execute(Runnable task) {
            if (refuses) {
                throw new RejectedExecutionException("full");
            }
            waiting.add(task);
        }

        void runAll() {
            for (Runnable task = waiting.poll(); task != null; task = waiting.poll()) {
                Heard.doElsewhere(task);
            }
        }
    }

    private TestWebSocket open(WebSocketEndpoint.Builder endpoint) {
        TestServer server = Heard.server(protocol, endpoint.blocking(tasks).build());
        servers.add(server);
        return server.webSocket("/ws");
    }

    private void work() {
        tasks.runAll();
        servers.forEach(TestServer::run);
    }

    private void workAll() {
        for (int i = 0; i < 10; i++) {
            work();
        }
    }

    @Test
    void oneListenerRunsAtATimeAndTheClientIsNotReadMeanwhile() {
        TestWebSocket ws = open(heard.endpoint());
        ws.frame(TestFrame.text("a"), TestFrame.binary(new byte[] {1}), TestFrame.ping("p"));
        assertThat(heard.take()).isEmpty();
        assertThat(tasks.waiting).hasSize(1);

        work();
        assertThat(heard.take()).containsExactly("open");
        assertThat(tasks.waiting).hasSize(1);
        work();
        assertThat(heard.take()).containsExactly("text a");
        assertThat(ws).receivedNothing();
        work();
        assertThat(heard.take()).containsExactly("binary 01");
        assertThat(ws).ponged("p").isOpen();
    }

    @Test
    void aBufferIsGoodDuringTheCall() {
        TestWebSocket ws = open(heard.endpoint().onBinary((connection, bytes) -> {
            heard.add(ByteBufUtil.hexDump(bytes));
        }));
        ws.frame(TestFrame.binary(new byte[] {1, 2}), TestFrame.binary(new byte[] {3}));
        workAll();

        assertThat(heard.take()).containsExactly("open", "0102", "03");
    }

    @Test
    void listenersSend() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> connection.send(text + "!")));
        ws.send("a").send("b");
        workAll();

        assertThat(ws).received("a!", "b!").isOpen();
    }

    @Test
    void theEndIsToldBehindTheListenerThatRuns() {
        TestWebSocket ws = open(heard.endpoint());
        work();
        ws.send("a").cut();
        work();

        assertThat(heard.take()).containsExactly("open", "text a", "close 1006");
    }

    @Test
    void theEndIsToldWhereTheListenerBeforeWaits() {
        TestWebSocket ws = open(heard.endpoint());
        heard.take();
        ws.cut();
        work();

        assertThat(heard.take()).containsExactly("open", "close 1006");
    }

    @Test
    void aListenerThatThrowsCloses() {
        TestWebSocket ws = open(heard.endpoint()
                .onText((connection, text) -> {
                    throw new IllegalStateException("broken");
                })
                .onError((connection, failure) -> heard.add("error " + failure.getMessage())));
        ws.frame(TestFrame.text("a"), TestFrame.text("b"));
        workAll();

        assertThat(ws).closedWith(1011);
        assertThat(heard.take()).containsExactly("open", "error broken", "close 1011 something failed");
    }

    @Test
    void whatTheExecutorRefusesClosesAndTheEndIsToldEvenSo() {
        TestWebSocket ws = open(heard.endpoint());
        workAll();
        tasks.refuses = true;
        ws.frame(TestFrame.binary(new byte[] {1}), TestFrame.text("b"));

        assertThat(ws).closedWith(1013, "the server has too much to do");
        assertThat(heard.take()).containsExactly("open", "close 1013 the server has too much to do");
    }

    @Test
    void anOpeningThatTheExecutorRefusesIsClosedAsWell() {
        tasks.refuses = true;
        TestWebSocket ws = open(heard.endpoint());
        assertThat(ws).closedWith(1013);
    }

    @Test
    void anApplicationThatPausesInsideAListenerStaysPaused() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> {
            heard.add("text " + text);
            connection.pauseReading();
        }));
        ws.frame(TestFrame.text("a"), TestFrame.text("b"));
        workAll();
        assertThat(heard.take()).containsExactly("open", "text a");

        heard.connection().resumeReading();
        workAll();
        assertThat(heard.take()).containsExactly("text b");
    }

    @Test
    void anApplicationThatResumesInsideAListenerIsStillCalledOnceAtATime() {
        TestWebSocket ws = open(heard.endpoint().onText((connection, text) -> {
            connection.resumeReading();
            heard.add("text " + text);
        }));
        ws.frame(TestFrame.text("a"), TestFrame.text("b"), TestFrame.text("c"));
        work();
        heard.connection().resumeReading();
        servers.forEach(TestServer::run);
        assertThat(tasks.waiting).hasSize(1);

        workAll();
        assertThat(heard.take()).containsExactly("open", "text a", "text b", "text c");
        assertThat(ws).isOpen();
    }

    @Test
    void aListenerThatTakesLongIsNoSilenceOfTheClient() {
        TestWebSocket ws = open(heard.endpoint()
                .readIdle(Duration.ofMinutes(1))
                .keepAlive(Duration.ofSeconds(10))
                .pongTimeout(Duration.ofSeconds(10)));
        workAll();
        ws.send("a");
        servers.forEach(server -> server.advance(Duration.ofMinutes(10)));
        assertThat(ws).isOpen();

        workAll();
        assertThat(heard.take()).contains("text a");
        assertThat(ws).isOpen();
    }
}
