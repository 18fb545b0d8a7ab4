package dev.parley.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.EndReason;
import dev.parley.http.SendOutcome;
import dev.parley.sse.codec.ServerSentEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SseEmitterTest {
    private static final ServerSentEvent EVENT = ServerSentEvent.of("x");

    private final RecordedExchange exchange = new RecordedExchange();
    private final SseEmitter emitter = opened();

    private SseEmitter opened() {
        List<SseEmitter> opened = new ArrayList<>();
        SseEndpoint.builder()
                .onOpen(opened::add)
                .keepAlive(Duration.ofSeconds(10))
                .build()
                .handle(exchange);
        return opened.get(0);
    }

    @BeforeEach
    void forgetTheOpening() {
        assertThat(exchange.sent()).isEqualTo("retry: 3000\n\n");
    }

    @Test
    void anEventIsOneWrite() {
        SendOutcome outcome =
                emitter.send(ServerSentEvent.builder().id("1").data("a\nb").build());

        assertThat(outcome).isEqualTo(SendOutcome.SENT);
        assertThat(exchange.sent()).isEqualTo("id: 1\ndata: a\ndata: b\n\n");
    }

    @Test
    void aCommentIsABlock() {
        assertThat(emitter.comment("a\nb")).isEqualTo(SendOutcome.SENT);

        assertThat(exchange.sent()).isEqualTo(": a\n: b\n\n");
    }

    @Test
    void theSenderHearsWhatBecameOfAnEvent() {
        exchange.outcome = SendOutcome.QUEUED;
        assertThat(emitter.send(EVENT)).isEqualTo(SendOutcome.QUEUED);
        assertThat(emitter.isWritable()).isFalse();

        exchange.outcome = SendOutcome.DROPPED;
        assertThat(emitter.send(EVENT)).isEqualTo(SendOutcome.DROPPED);
        assertThat(emitter.isOpen()).isTrue();

        exchange.end(EndReason.CLIENT_GONE);
        assertThat(emitter.send(EVENT)).isEqualTo(SendOutcome.CLOSED);
    }

    @Test
    void aClientThatCaughtUpIsToldOf() {
        List<String> called = new ArrayList<>();
        emitter.onWritable(() -> called.add("first"));
        emitter.onWritable(() -> called.add("second"));
        exchange.outcome = SendOutcome.QUEUED;
        emitter.send(EVENT);

        exchange.caughtUp();

        assertThat(called).containsExactly("second");
        assertThat(emitter.isWritable()).isTrue();
    }

    @Test
    void closingEndsTheStreamAndTellsEachListenerOnce() {
        List<EndReason> reasons = new ArrayList<>();
        emitter.onClose(reasons::add);
        emitter.onClose(reasons::add);

        emitter.close();
        emitter.close();
        exchange.end(EndReason.CLIENT_GONE);

        assertThat(reasons).containsExactly(EndReason.COMPLETED, EndReason.COMPLETED);
        assertThat(emitter.isOpen()).isFalse();
        assertThat(emitter.isWritable()).isFalse();
        assertThat(emitter.send(EVENT)).isEqualTo(SendOutcome.CLOSED);
        assertThat(exchange.sent()).isEmpty();
    }

    @Test
    void aListenerThatComesLateHearsTheReasonAtOnce() {
        exchange.end(EndReason.CLIENT_GONE);
        List<EndReason> reasons = new ArrayList<>();

        emitter.onClose(reasons::add);

        assertThat(reasons).containsExactly(EndReason.CLIENT_GONE);
        assertThat(emitter.isOpen()).isFalse();
    }

    @Test
    void aSilentStreamGetsACommentEachTimeItsSilenceIsLongEnough() {
        exchange.advance(Duration.ofMillis(9_999));
        assertThat(exchange.sent()).isEmpty();

        exchange.advance(Duration.ofMillis(1));
        assertThat(exchange.sent()).isEqualTo(":\n\n");

        exchange.advance(Duration.ofSeconds(30));
        assertThat(exchange.sent()).isEqualTo(":\n\n".repeat(3));
    }

    @Test
    void aStreamThatIsNotSilentGetsNoComment() {
        for (int i = 0; i < 20; i++) {
            emitter.send(EVENT);
            exchange.advance(Duration.ofMillis(4_900));
        }

        assertThat(exchange.sent()).isEqualTo("data: x\n\n".repeat(20));
    }

    @Test
    void noSilenceIsLongerThanWasAskedFor() {
        for (int millis = 0; millis < 10_000; millis += 250) {
            exchange.advance(Duration.ofMillis(millis));
            emitter.send(EVENT);
            exchange.sent();

            exchange.advance(Duration.ofMillis(4_999));
            assertThat(exchange.sent()).as("sent %d ms after a beat", millis).isEmpty();
            exchange.advance(Duration.ofMillis(5_001));
            assertThat(exchange.sent()).as("sent %d ms after a beat", millis).isEqualTo(":\n\n");
        }
    }

    @Test
    void aClientThatIsBehindGetsNoComment() {
        exchange.outcome = SendOutcome.QUEUED;
        exchange.advance(Duration.ofSeconds(60));
        assertThat(exchange.sent()).isEmpty();

        exchange.caughtUp();
        exchange.advance(Duration.ofSeconds(5));
        assertThat(exchange.sent()).isEqualTo(":\n\n");
    }

    @Test
    void anEventThatWasDroppedDoesNotCountAsASignOfLife() {
        exchange.advance(Duration.ofSeconds(5));
        exchange.outcome = SendOutcome.DROPPED;
        emitter.send(EVENT);
        exchange.outcome = SendOutcome.SENT;

        exchange.advance(Duration.ofSeconds(5));

        assertThat(exchange.sent()).isEqualTo(":\n\n");
    }

    @Test
    void aStreamHasOneTimerHoweverMuchIsSent() {
        for (int i = 0; i < 10; i++) {
            emitter.send(EVENT);
            exchange.advance(Duration.ofSeconds(3));
        }

        assertThat(exchange.alarms()).isEqualTo(1);
    }

    @Test
    void aDrainSendsClientsAwayForDifferentTimes() {
        exchange.drain(Duration.ofSeconds(10));
        exchange.advance(Duration.ofSeconds(8)); // the last two seconds are for the last bytes

        String sent = exchange.sent();
        assertThat(sent).matches("retry: \\d+\n\n");
        assertThat(Integer.parseInt(sent.substring(7).strip())).isBetween(3_000, 12_999);
        assertThat(exchange.ended).isEqualTo(EndReason.COMPLETED);
        assertThat(emitter.isOpen()).isFalse();
    }

    @Test
    void aDrainWithoutTimeStillEndsTheStream() {
        exchange.drain(Duration.ZERO);

        assertThat(exchange.sent()).isEqualTo("retry: 3000\n\n");
        assertThat(emitter.isOpen()).isFalse();
    }

    @Test
    void theApplicationMayDrainInItsOwnWay() {
        List<Duration> left = new ArrayList<>();
        emitter.onDrain(left::add);

        exchange.drain(Duration.ofSeconds(10));

        assertThat(left).containsExactly(Duration.ofSeconds(10));
        assertThat(emitter.isOpen()).isTrue();
        assertThat(exchange.sent()).isEmpty();
    }

    @Test
    void theLastEventIdIsWhatTheClientSays() {
        assertThat(emitter.lastEventId()).isEmpty();

        exchange.headers.set("Last-Event-ID", "a7-42");
        assertThat(emitter.lastEventId()).hasValue("a7-42");

        exchange.headers.set("Last-Event-ID", "");
        assertThat(emitter.lastEventId()).isEmpty();
    }

    @Test
    void theLastEventIdIsUtf8() {
        exchange.headers.set("Last-Event-ID", new String("é\u2026".getBytes(UTF_8), ISO_8859_1));

        assertThat(emitter.lastEventId()).hasValue("é\u2026");
    }

    @Test
    void aLastEventIdThatIsTooLongIsNone() {
        exchange.headers.set("Last-Event-ID", "x".repeat(1024));
        assertThat(emitter.lastEventId()).isPresent();

        exchange.headers.set("Last-Event-ID", "x".repeat(1025));
        assertThat(emitter.lastEventId()).isEmpty();
    }

    @Test
    void theExchangeIsAtHand() {
        assertThat(emitter.exchange()).isSameAs(exchange);
    }
}
