package dev.parley.websocket;

import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.Protocol;
import dev.parley.testkit.TestFrame;
import dev.parley.testkit.TestServer;
import dev.parley.testkit.TestWebSocket;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that send without end and read nothing: they are held back, and cost a bounded amount. */
@ParameterizedClass
@EnumSource(names = {"HTTP_1_1", "HTTP_2"})
final class FloodTest {
    private static final int MESSAGE_BYTES = 32 * 1024;

    private final AtomicLong received = new AtomicLong();
    private final Heard heard = new Heard();
    private final TestServer server;
    private final TestWebSocket ws;

    FloodTest(Protocol protocol) {
        // A record of each access to each buffer takes minutes here; the kit still counts what was not released.
        ResourceLeakDetector.setLevel(Level.SIMPLE);
        server = Heard.server(
                protocol,
                heard.endpoint()
                        .onBinary((connection, bytes) -> {
                            received.addAndGet(bytes.readableBytes());
                            connection.send(bytes.retainedSlice());
                        })
                        .build());
        ws = server.webSocket("/ws");
        ws.stall();
    }

    @AfterEach
    void close() {
        ResourceLeakDetector.setLevel(Level.PARANOID);
        server.close();
    }

    @Test
    void anEchoOfWhatNobodyReadsIsBounded() {
        byte[] message = TestFrame.binary(new byte[MESSAGE_BYTES]).toBytes();
        long most = 0;
        for (int i = 0; i < 64 * 1024 * 1024 / MESSAGE_BYTES; i++) {
            ws.bytes(message);
            most = Math.max(most, heard.connection().queuedBytes());
        }
        assertThat(most).isLessThan(256 * 1024);
        assertThat(received.get()).isLessThan(1024 * 1024);
        assertThat(heard.connection().isOpen()).isTrue();

        ws.cut();
        assertThat(heard.take()).containsExactly("open", "close 1006");
        ws.ignoreRest(); // over HTTP/2 the window that it has
    }

    @Test
    void anEchoGoesOnWhenItIsRead() {
        byte[] message = TestFrame.binary(new byte[MESSAGE_BYTES]).toBytes();
        for (int i = 0; i < 64; i++) {
            ws.bytes(message);
        }
        ws.resume();

        assertThat(ws.binaries()).hasSize(64);
        assertThat(ws).isOpen();
    }

    @Test
    void pongsThatNobodyReadsAreBounded() {
        ByteArrayOutputStream thousand = new ByteArrayOutputStream();
        for (int i = 0; i < 1000; i++) {
            thousand.writeBytes(TestFrame.ping("x".repeat(125)).toBytes());
        }
        long most = 0;
        for (int i = 0; i < 100; i++) {
            ws.bytes(thousand.toByteArray());
            most = Math.max(most, heard.connection().queuedBytes());
        }
        assertThat(most).isLessThan(256 * 1024);

        ws.resume();
        assertThat(ws.pongs()).hasSize(100_000);
        assertThat(ws).isOpen();
    }
}
