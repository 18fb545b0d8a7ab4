package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.flow.FlowControlHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** An answer that lasts: the connection gives up what only requests need, and takes it back. */
final class LongAnswerTest {
    private static final String REQUEST = "GET /s HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n";
    private static final String HEAD = "HTTP/1.1 200 OK\r\n" + WireChannel.DATE + "transfer-encoding: chunked\r\n\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" + WireChannel.DATE
            + "content-length: 2\r\n\r\nok";

    private final List<EndReason> ends = new ArrayList<>();
    private final List<Throwable> bodyFailures = new ArrayList<>();
    private @Nullable Exchange exchange;
    private @Nullable ResponseStream stream;

    private final ParleyHandler handler = WireChannel.handler(
            Routes.builder()
                    .get("/s", it -> {
                        exchange = it;
                        stream = it.stream(Response.of(200));
                        it.onEnd(ends::add);
                    })
                    .post("/slow", it -> {
                        it.receive(new BodyListener() {
                            @Override
                            public CompletionStage<?> onChunk(ByteBuf chunk) {
                                return new CompletableFuture<>(); // never ready for more
                            }

                            @Override
                            public void onEnd(HttpHeaders trailers) {}

                            @Override
                            public void onFailure(Throwable cause) {
                                bodyFailures.add(cause);
                            }
                        });
                        stream = it.stream(Response.of(200));
                        it.onEnd(ends::add);
                    })
                    .get("/ok", it -> it.respond(Response.text("ok")))
                    .build(),
            HttpLimits.DEFAULT);
    private final WireChannel client = new WireChannel(handler::addTo);

    @AfterEach
    void close() {
        client.close();
    }

    private ResponseStream stream() {
        return Objects.requireNonNull(stream);
    }

    private boolean isLasting() {
        return client.channel().pipeline().get(Http1LongAnswer.class) != null;
    }

    private void last() {
        client.send(REQUEST);
        assertThat(client.received()).isEqualTo(HEAD);
        client.pass(Duration.ofSeconds(2));
        assertThat(isLasting()).isTrue();
        assertThat(client.channel().pipeline().get(Http1Connection.class)).isNull();
        assertThat(client.channel().pipeline().get(Http1Decoder.class)).isNull();
    }

    @Test
    void aShortAnswerKeepsTheConnectionAsItIs() {
        client.send(REQUEST);
        stream().write("a");
        stream().end();
        client.pass(Duration.ofSeconds(2));

        assertThat(client.received()).isEqualTo(HEAD + "1\r\na\r\n0\r\n\r\n");
        assertThat(isLasting()).isFalse();
    }

    @Test
    void whatIsWrittenLaterIsFramedAsBefore() {
        last();
        stream().write("abc");

        assertThat(client.received()).isEqualTo("3\r\nabc\r\n");
    }

    @Test
    void afterItsEndTheConnectionServesRequests() {
        last();
        stream().end();
        assertThat(client.received()).isEqualTo("0\r\n\r\n");
        client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");

        assertThat(client.received()).isEqualTo(OK);
        assertThat(ends).containsExactly(EndReason.COMPLETED);
        assertThat(isLasting()).isFalse();
    }

    @Test
    void whatWasSentAheadIsAnsweredAfterIt() {
        last();
        for (char c : "GET /ok HTTP/1.1\r\nHost: a\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\nGET /o".toCharArray()) {
            client.send(String.valueOf(c));
        }
        assertThat(client.received()).isEmpty();

        stream().end();
        assertThat(client.received()).isEqualTo("0\r\n\r\n" + OK + OK);
        client.send("k HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(client.received()).isEqualTo(OK);
    }

    @Test
    void aClientThatSendsAheadWithoutEndIsNotRead() {
        last();
        for (int i = 0; i < 64; i++) {
            client.send("x".repeat(1024));
        }

        assertThat(client.isReading()).isFalse();
    }

    @Test
    void anIdleConnectionAfterItIsClosedInTime() {
        last();
        stream().end();
        client.pass(HttpLimits.DEFAULT.idleTimeout().minusSeconds(1));
        assertThat(client.isOpen()).isTrue();

        client.pass(Duration.ofSeconds(2));
        client.assertClosed();
    }

    @Test
    void aSecondLongAnswerLastsAsWell() {
        last();
        stream().end();
        client.received();

        last();
        stream().end();
        assertThat(ends).containsExactly(EndReason.COMPLETED, EndReason.COMPLETED);
    }

    @Test
    void whoHoldsTheExchangeStillHasTheRequest() {
        last();
        Exchange held = Objects.requireNonNull(exchange);
        List<String> called = new ArrayList<>();
        held.after(Duration.ofSeconds(1), () -> called.add("after"));
        held.onEnd(reason -> called.add("end"));
        client.pass(Duration.ofSeconds(2));
        stream().end();
        held.onEnd(reason -> called.add("late"));

        assertThat(held.header("x-a")).contains("b");
        assertThat(held.path()).isEqualTo("/s");
        assertThat(called).containsExactly("after", "end", "late");
    }

    @Test
    void timersSetBeforeStillRunAndCanBeCancelled() {
        client.send(REQUEST);
        List<String> called = new ArrayList<>();
        stream().after(Duration.ofSeconds(5), () -> called.add("kept"));
        Timer cancelled = stream().after(Duration.ofSeconds(5), () -> called.add("cancelled"));
        client.pass(Duration.ofSeconds(2));
        assertThat(isLasting()).isTrue();
        cancelled.cancel();
        client.pass(Duration.ofSeconds(4));

        assertThat(called).containsExactly("kept");
        client.received();
    }

    @Test
    void aClientThatGoesAwayEndsIt() {
        last();
        client.channel().close();

        assertThat(ends).containsExactly(EndReason.CLIENT_GONE);
        assertThat(stream().write("a")).isEqualTo(SendOutcome.CLOSED);
    }

    @Test
    void aClientThatReadsNothingIsGivenUp() {
        last();
        client.stall(true);
        stream().write("a");
        client.pass(HttpLimits.DEFAULT.writeTimeout().multipliedBy(3));

        assertThat(ends).containsExactly(EndReason.TIMEOUT);
        client.assertClosed();
    }

    @Test
    void aClientThatCatchesUpIsTold() {
        last();
        List<String> told = new ArrayList<>();
        stream().onWritable(() -> told.add("writable"));
        client.stall(true);
        assertThat(stream().write(new byte[200_000])).isEqualTo(SendOutcome.QUEUED);
        client.channel().runPendingTasks();
        client.stall(false);
        client.channel().runPendingTasks();

        assertThat(told).containsExactly("writable");
        client.received();
    }

    @Test
    void anAbortCutsItOff() {
        last();
        stream().abort();

        assertThat(ends).containsExactly(EndReason.ERROR);
        client.assertClosed();
        assertThat(client.received()).isEmpty();
    }

    @Test
    void aCallbackThatThrowsCutsItOff() {
        last();
        stream().after(Duration.ZERO, () -> {
            throw new IllegalStateException("mine");
        });
        client.pass(Duration.ofSeconds(1));

        assertThat(ends).containsExactly(EndReason.ERROR);
        client.assertClosed();
    }

    @Test
    void aDrainIsToldAndCutsOffInTheEnd() {
        last();
        List<Duration> told = new ArrayList<>();
        stream().onDrain(told::add);
        CompletableFuture<Void> drained = handler.drain(Duration.ofSeconds(5)).toCompletableFuture();
        client.pass(Duration.ofMillis(100));
        assertThat(told).containsExactly(Duration.ofSeconds(5));
        assertThat(drained).isNotDone();

        client.pass(Duration.ofSeconds(6));
        assertThat(ends).containsExactly(EndReason.SHUTDOWN);
        client.assertClosed();
        assertThat(drained).isDone();
    }

    @Test
    void whenItEndsInADrainTheConnectionIsClosed() {
        last();
        stream().onDrain(left -> stream().end());
        CompletableFuture<Void> drained = handler.drain(Duration.ofSeconds(5)).toCompletableFuture();
        client.pass(Duration.ofMillis(100));

        assertThat(client.received()).isEqualTo("0\r\n\r\n");
        client.assertClosed();
        assertThat(drained).isDone();
    }

    @Test
    void closeIsHonouredAtItsEnd() {
        client.send("GET /s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.pass(Duration.ofSeconds(2));
        assertThat(isLasting()).isTrue();
        stream().end();

        assertThat(client.received()).endsWith("connection: close\r\n\r\n0\r\n\r\n");
        client.assertClosed();
    }

    @Test
    void sharedChunksGoOut() {
        last();
        SharedChunk chunk = SharedChunk.allocate(client.channel().alloc(), 4);
        chunk.content().writeBytes("0123456789abcdef".getBytes(StandardCharsets.US_ASCII));
        assertThat(stream().write(chunk)).isEqualTo(SendOutcome.SENT);
        chunk.release();

        assertThat(client.received()).isEqualTo("10\r\n0123456789abcdef\r\n");
    }

    /** A client alone can cause it: TLS records that are broken, for one. */
    @Test
    void whatACodecInFrontCannotReadIsNoErrorOfTheServer() {
        Logger logger = (Logger) LoggerFactory.getLogger(Http1LongAnswer.class.getPackageName());
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        last();
        client.channel().pipeline().fireExceptionCaught(new DecoderException("broken"));
        logger.detachAppender(lines);

        assertThat(lines.list).extracting(ILoggingEvent::getLevel).doesNotContain(Level.ERROR);
        assertThat(ends).containsExactly(EndReason.CLIENT_GONE);
        client.assertClosed();
    }

    @Test
    void whatOtherHandlersMakeIsPassedOn() {
        last();
        ChannelPipeline pipeline = client.channel().pipeline();
        ChannelHandlerContext first = Objects.requireNonNull(pipeline.firstContext());
        first.fireUserEventTriggered("event");
        pipeline.fireChannelRead("not bytes");

        String passedOn = client.channel().readInbound();
        assertThat(passedOn).isEqualTo("not bytes");
    }

    @Test
    void aClientThatWasBehindIsReadAgain() {
        client.send(REQUEST);
        client.stall(true);
        stream().write(new byte[200_000]);
        client.channel().runPendingTasks();
        assertThat(client.isReading()).isFalse();

        client.pass(Duration.ofSeconds(2));
        assertThat(isLasting()).isTrue();
        assertThat(client.isReading()).isTrue(); // else nobody would see that it is gone
        client.stall(false);
        client.received();
    }

    @Test
    void whatAHandlerInFrontHeldBackFollowsWhatWasSentAhead() {
        client.channel().pipeline().addFirst(new FlowControlHandler());
        last();
        String large = "GET /ok HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(1024) + "\r\n\r\n";
        int sent = 0;
        for (; client.isReading(); sent++) {
            client.send(large);
        }
        client.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n");

        stream().end();
        String received = client.received();
        assertThat(received).startsWith("0\r\n\r\n" + OK.repeat(sent) + "HTTP/1.1 404 Not Found\r\n");
        assertThat(client.isReading()).isTrue();
    }

    @Test
    void aBodyThatIsStillBeingReadKeepsTheConnectionAsItIs() {
        client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
        client.pass(Duration.ofSeconds(2));
        client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
        client.received();
        client.channel().close();

        assertThat(bodyFailures).hasSize(1);
        assertThat(ends).containsExactly(EndReason.CLIENT_GONE);
    }

    @Test
    void aRequestBodyThatIsNotThereYetKeepsTheConnectionAsItIs() {
        client.send("GET /s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
        client.pass(Duration.ofSeconds(2));
        assertThat(isLasting()).isFalse();
        client.received();
    }
}
