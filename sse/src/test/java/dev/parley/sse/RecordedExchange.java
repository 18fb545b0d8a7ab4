package dev.parley.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Body;
import dev.parley.http.BodyListener;
import dev.parley.http.EndReason;
import dev.parley.http.Exchange;
import dev.parley.http.OriginPolicy;
import dev.parley.http.Protocol;
import dev.parley.http.Response;
import dev.parley.http.ResponseStream;
import dev.parley.http.SendOutcome;
import dev.parley.http.SharedChunk;
import dev.parley.http.Timer;
import dev.parley.http.Tunnel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An exchange that records what an endpoint does with it, on a clock that the test moves. One thread only. */
final class RecordedExchange implements Exchange {
    final HttpHeaders headers = new DefaultHttpHeaders();
    HttpMethod method = HttpMethod.GET;

    @Nullable
    Response response;

    @Nullable
    Response head;

    @Nullable
    EndReason ended;
    /** The time that is left, once the server drains. */
    @Nullable
    Duration draining;
    /** What the next writes become. */
    SendOutcome outcome = SendOutcome.SENT;

    private final StringBuilder body = new StringBuilder();
    private final List<Consumer<EndReason>> endListeners = new ArrayList<>();
    private final List<Alarm> alarms = new ArrayList<>();
    private @Nullable Consumer<Duration> drainListener;
    private @Nullable Runnable writableListener;
    private Duration now = Duration.ZERO;

    private record Alarm(Duration time, Runnable task) {}

    /** What was written since the last call. */
    String sent() {
        String sent = body.toString();
        body.setLength(0);
        return sent;
    }

    void end(EndReason reason) {
        if (ended == null) {
            ended = reason;
            endListeners.forEach(listener -> listener.accept(reason));
        }
    }

    void drain(Duration left) {
        draining = left;
        if (drainListener != null) {
            drainListener.accept(left);
        }
    }

    void caughtUp() {
        outcome = SendOutcome.SENT;
        if (writableListener != null) {
            writableListener.run();
        }
    }

    void advance(Duration time) {
        Duration until = now.plus(time);
        while (true) {
            Alarm next = alarms.stream()
                    .filter(alarm -> alarm.time.compareTo(until) <= 0)
                    .findFirst()
                    .orElse(null);
            if (next == null || ended != null) {
                now = until;
                return;
            }
            alarms.remove(next);
            now = next.time;
            next.task.run();
        }
    }

    int alarms() {
        return alarms.size();
    }

    private final class Stream implements ResponseStream {
        @Override
        public SendOutcome write(ByteBuf bytes) {
            try {
                if (ended != null) {
                    return SendOutcome.CLOSED;
                }
                if (outcome != SendOutcome.DROPPED) {
                    body.append(bytes.toString(UTF_8));
                }
                return outcome;
            } finally {
                bytes.release();
            }
        }

        @Override
        public SendOutcome write(byte[] bytes) {
            return write(Unpooled.wrappedBuffer(bytes));
        }

        @Override
        public SendOutcome write(String text) {
            return write(text.getBytes(UTF_8));
        }

        @Override
        public SendOutcome write(SharedChunk chunk) {
            throw notRecorded();
        }

        @Override
        public boolean isWritable() {
            return ended == null && outcome == SendOutcome.SENT;
        }

        @Override
        public long queuedBytes() {
            return 0;
        }

        @Override
        public void onWritable(Runnable listener) {
            writableListener = listener;
        }

        @Override
        public void onEnd(Consumer<EndReason> listener) {
            RecordedExchange.this.onEnd(listener);
        }

        @Override
        public void onDrain(Consumer<Duration> listener) {
            RecordedExchange.this.onDrain(listener);
        }

        @Override
        public Timer after(Duration delay, Runnable task) {
            return RecordedExchange.this.after(delay, task);
        }

        @Override
        public EventLoop eventLoop() {
            throw notRecorded();
        }

        @Override
        public void end() {
            RecordedExchange.this.end(EndReason.COMPLETED);
        }

        @Override
        public void end(HttpHeaders trailers) {
            end();
        }

        @Override
        public void abort() {
            RecordedExchange.this.end(EndReason.ERROR);
        }
    }

    @Override
    public HttpMethod method() {
        return method;
    }

    @Override
    public HttpHeaders headers() {
        return headers;
    }

    @Override
    public Optional<String> header(CharSequence name) {
        return Optional.ofNullable(headers.get(name));
    }

    @Override
    public void interim(int status, HttpHeaders fields) {
        throw notRecorded();
    }

    @Override
    public void respond(Response whole) {
        response = whole;
    }

    @Override
    public ResponseStream stream(Response streamHead) {
        head = streamHead;
        if (method.equals(HttpMethod.HEAD)) {
            end(EndReason.COMPLETED);
        }
        return new Stream();
    }

    @Override
    public void onEnd(Consumer<EndReason> listener) {
        if (ended != null) {
            listener.accept(ended);
        } else {
            endListeners.add(listener);
        }
    }

    @Override
    public void onDrain(Consumer<Duration> listener) {
        drainListener = listener;
        if (draining != null) {
            listener.accept(draining);
        }
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        Alarm alarm = new Alarm(now.plus(delay), task);
        alarms.add(alarm);
        return () -> alarms.remove(alarm);
    }

    private static UnsupportedOperationException notRecorded() {
        return new UnsupportedOperationException("not recorded");
    }

    @Override
    public String path() {
        throw notRecorded();
    }

    @Override
    public String path(String name) {
        throw notRecorded();
    }

    @Override
    public Optional<String> query(String name) {
        throw notRecorded();
    }

    @Override
    public List<String> queryAll(String name) {
        throw notRecorded();
    }

    @Override
    public String target() {
        throw notRecorded();
    }

    @Override
    public Protocol protocol() {
        throw notRecorded();
    }

    @Override
    public String scheme() {
        throw notRecorded();
    }

    @Override
    public String authority() {
        throw notRecorded();
    }

    @Override
    public InetSocketAddress peerAddress() {
        throw notRecorded();
    }

    @Override
    public Optional<String> requestedProtocol() {
        throw notRecorded();
    }

    @Override
    public OriginPolicy originPolicy() {
        throw notRecorded();
    }

    @Override
    public Optional<Principal> principal() {
        throw notRecorded();
    }

    @Override
    public <T> Optional<T> attribute(AttributeKey<T> key) {
        throw notRecorded();
    }

    @Override
    public <T> void attribute(AttributeKey<T> key, @Nullable T value) {
        throw notRecorded();
    }

    @Override
    public void maxBodyBytes(long bytes) {
        throw notRecorded();
    }

    @Override
    public CompletionStage<Body> body() {
        throw notRecorded();
    }

    @Override
    public <T> CompletionStage<T> json(Class<T> type) {
        throw notRecorded();
    }

    @Override
    public void receive(BodyListener listener) {
        throw notRecorded();
    }

    @Override
    public void respond(CompletionStage<Response> later) {
        throw notRecorded();
    }

    @Override
    public void respondInTurn(CompletionStage<Response> later) {
        throw notRecorded();
    }

    @Override
    public void switchProtocol(HttpHeaders responseHeaders, Consumer<Tunnel> protocol) {
        throw notRecorded();
    }

    @Override
    public EventLoop eventLoop() {
        throw notRecorded();
    }

    @Override
    public Executor executor() {
        throw notRecorded();
    }
}
