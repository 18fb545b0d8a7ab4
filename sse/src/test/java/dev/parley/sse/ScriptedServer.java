package dev.parley.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A raw server whose every byte a test decides on, and the event loop of the client beside it. The thread of the test runs
 * both, on real sockets and on a clock that stands still until it is moved.
 */
final class ScriptedServer implements AutoCloseable {
    /** By the real clock: a test that waits so long hangs. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final MockTicker clock = Ticker.newMockTicker();
    private final ManualIoEventLoop loop =
            new ManualIoEventLoop(null, Thread.currentThread(), NioIoHandler.newFactory(), clock);
    private final ServerSocketChannel listening;
    private final List<Call> calls = new ArrayList<>();

    ScriptedServer() {
        this(InetAddress.getLoopbackAddress(), 50);
    }

    ScriptedServer(InetAddress address, int backlog) {
        try {
            listening = ServerSocketChannel.open();
            listening.bind(new InetSocketAddress(address, 0), backlog);
            listening.configureBlocking(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return listening.socket().getLocalPort();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    /** What connects on the event loop that the test runs. */
    Bootstrap bootstrap() {
        return new Bootstrap().group(loop).channel(NioSocketChannel.class);
    }

    void stopLoop() {
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }

    /** Runs the loop until something is so. */
    void until(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("waited in vain");
            }
            loop.runNow();
            Thread.onSpinWait();
        }
        if (!loop.isTerminated()) {
            loop.runNow();
        }
    }

    /** Runs what is due, and what that brings. Bytes on loopback are there when they are written. */
    void settle() {
        for (int i = 0; i < 20; i++) {
            loop.runNow();
        }
    }

    void advance(Duration time) {
        settle();
        clock.advance(time.toNanos(), TimeUnit.NANOSECONDS);
        settle();
    }

    Call accept() {
        until(this::hasCall);
        return calls.remove(0);
    }

    boolean hasCall() {
        try {
            SocketChannel accepted = listening.accept();
            if (accepted != null) {
                accepted.configureBlocking(false);
                accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
                calls.add(new Call(accepted));
            }
            return !calls.isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Call call : calls) {
            call.channel.close();
        }
        stopLoop();
        until(() -> {
            clock.advance(1, TimeUnit.SECONDS); // A loop does not stop in the instant of its last task.
            return loop.isTerminated();
        });
    }

    /** One connection of the client. */
    final class Call {
        private final SocketChannel channel;
        private final StringBuilder received = new StringBuilder();
        private boolean cut;

        private Call(SocketChannel channel) {
            this.channel = channel;
        }

        /** The head and what body came with it, byte by byte as Latin-1. */
        String request() {
            until(() -> {
                read();
                return received.indexOf("\r\n\r\n") >= 0;
            });
            settle();
            read();
            return received.toString();
        }

        Call send(String text) {
            return send(text.getBytes(ISO_8859_1));
        }

        Call send(byte[] bytes) {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            until(() -> {
                write(left);
                return !left.hasRemaining();
            });
            settle();
            return this;
        }

        /** Opens a stream that ends with the connection. */
        Call open() {
            assertThat(request()).startsWith("GET ");
            return send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        }

        Call answer(String statusAndHeaders) {
            request();
            return send("HTTP/1.1 " + statusAndHeaders + "\r\nContent-Length: 0\r\n\r\n");
        }

        int write(ByteBuffer bytes) {
            try {
                return channel.write(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        String requestAndEnd() {
            String request = request();
            end();
            return request;
        }

        void end() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            settle();
        }

        void reset() {
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            end();
        }

        /** Whether the client has closed the connection. */
        boolean isCut() {
            read();
            return cut;
        }

        private void read() {
            ByteBuffer bytes = ByteBuffer.allocate(8192);
            try {
                int count = channel.read(bytes);
                cut |= count < 0;
                received.append(new String(bytes.array(), 0, bytes.position(), ISO_8859_1));
            } catch (IOException reset) {
                cut = true;
            }
        }
    }
}
