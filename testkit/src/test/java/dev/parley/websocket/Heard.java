package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.HttpLimits;
import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestServer;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.assertj.core.api.Assertions;

/** Records what an endpoint's listeners hear, in order, and keeps the connections. */
final class Heard {
    private final List<String> all = new ArrayList<>();
    private final List<WebSocketConnection> connections = new ArrayList<>();

    /** An endpoint that records everything, but failures. */
    WebSocketEndpoint.Builder endpoint() {
        return WebSocketEndpoint.builder()
                .onOpen(this::opened)
                .onText((connection, text) -> add("text " + text))
                .onBinary((connection, bytes) -> add("binary " + ByteBufUtil.hexDump(bytes)))
                .onPong((connection, time) -> add("pong " + time))
                .onClose((connection, reason) ->
                        add("close " + reason.code() + (reason.text().isEmpty() ? "" : " " + reason.text())));
    }

    void opened(WebSocketConnection connection) {
        connections.add(connection);
        add("open");
    }

    synchronized void add(String what) {
        all.add(what);
    }

    /** Takes what was heard since the last look. */
    synchronized List<String> take() {
        List<String> taken = List.copyOf(all);
        all.clear();
        return taken;
    }

    /** The newest connection. */
    WebSocketConnection connection() {
        return connections.get(connections.size() - 1);
    }

    // ---- servers

    static TestServer server(Protocol protocol, WebSocketEndpoint endpoint) {
        return server(protocol, endpoint, HttpLimits.DEFAULT);
    }

    static TestServer server(Protocol protocol, WebSocketEndpoint endpoint, HttpLimits limits) {
        return TestServer.builder(Routes.builder().get("/ws", endpoint).build())
                .protocol(protocol)
                .limits(limits)
                .build();
    }

    // ---- threads

    /** Does something on another thread, and waits for it. */
    static <T> T elsewhere(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread thread = new Thread(future);
        thread.start();
        try {
            return future.get();
        } catch (Exception e) {
            return Assertions.fail("failed on another thread", e);
        }
    }

    static void doElsewhere(Runnable task) {
        elsewhere(() -> {
            task.run();
            return true;
        });
    }

    /** A text of so many bytes. */
    static String text(int bytes) {
        return "x".repeat(bytes);
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
