package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.http.Response;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseEndpointTest {
    private final RecordedExchange exchange = new RecordedExchange();
    private final List<SseEmitter> opened = new ArrayList<>();
    private final SseEndpoint endpoint = SseEndpoint.emitting(opened::add);

    @Test
    void theHeadTellsProxiesToPassTheStreamOn() {
        endpoint.handle(exchange);

        Response head = Objects.requireNonNull(exchange.head);
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("Content-Type")).isEqualTo("text/event-stream");
        assertThat(head.header("Cache-Control")).isEqualTo("no-store, no-transform");
        assertThat(head.header("X-Accel-Buffering")).isEqualTo("no");
        assertThat(head.header("Content-Length")).isNull();
    }

    @Test
    void theStreamBeginsWithARetry() {
        endpoint.handle(exchange);

        assertThat(exchange.sent()).isEqualTo("retry: 3000\n\n");
    }

    @Test
    void theRetryCanBeSet() {
        SseEndpoint.builder()
                .onOpen(opened::add)
                .retry(Duration.ofMillis(250))
                .build()
                .handle(exchange);

        assertThat(exchange.sent()).isEqualTo("retry: 250\n\n");
    }

    @Test
    void theListenerGetsTheOpenStream() {
        SseEndpoint.emitting(emitter -> {
                    emitter.send(ServerSentEvent.of("3"));
                    emitter.send(
                            ServerSentEvent.builder().event("done").data("go").build());
                    emitter.close();
                })
                .handle(exchange);

        assertThat(exchange.sent()).isEqualTo("retry: 3000\n\ndata: 3\n\nevent: done\ndata: go\n\n");
        assertThat(exchange.ended).isNotNull();
    }

    @Test
    void headGetsTheHeadAndOpensNoStream() {
        exchange.method = HttpMethod.HEAD;

        endpoint.handle(exchange);

        assertThat(exchange.head).isNotNull();
        assertThat(exchange.sent()).isEmpty();
        assertThat(exchange.alarms()).isZero();
        assertThat(opened).isEmpty();
    }

    @Test
    void postOpensAStreamForFetchClients() {
        exchange.method = HttpMethod.POST;

        endpoint.handle(exchange);

        assertThat(opened).hasSize(1);
    }

    @Test
    void whatTheListenerThrowsIsLeftToTheExchange() {
        SseEndpoint failing = SseEndpoint.emitting(emitter -> {
            throw new IllegalStateException("no");
        });

        assertThatThrownBy(() -> failing.handle(exchange)).hasMessage("no");
    }

    @Test
    void aClientThatComesWhileTheServerDrainsIsSentAwayAndNobodyIsTold() {
        exchange.draining = Duration.ofSeconds(10);

        endpoint.handle(exchange);

        assertThat(exchange.sent()).matches("retry: 3000\n\nretry: \\d+\n\n");
        assertThat(exchange.ended).isNotNull();
        assertThat(opened).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/event-stream",
                "Text/Event-Stream",
                "text/event-stream;q=0.1",
                "text/event-stream; charset=utf-8",
                "text/html, text/event-stream",
                "text/*",
                "*/*",
                "*",
                "text/html;q=0.9, */*;q=0.001",
                "*/*;q=0, text/event-stream",
                "text/*;q=0.0, text/event-stream;q=0.5",
                "text/event-stream;q=nonsense",
                "",
                ", ,",
                ";",
            })
    void acceptAllowsAnEventStream(String accept) {
        exchange.headers.add("Accept", accept);

        endpoint.handle(exchange);

        assertThat(opened).hasSize(1);
        assertThat(exchange.response).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "text/html, application/xhtml+xml",
                "text/event-stream;q=0",
                "text/event-stream; q=0.000, */*",
                "text/*;q=0, */*",
                "*/*;q=0",
                "text/event-streams",
                "json;;",
            })
    void acceptExcludesAnEventStream(String accept) {
        exchange.headers.add("Accept", accept);

        endpoint.handle(exchange);

        assertThat(opened).isEmpty();
        assertThat(Objects.requireNonNull(exchange.response).status()).isEqualTo(406);
    }

    @Test
    void severalAcceptFieldsAreOneList() {
        exchange.headers.add("Accept", "text/html").add("Accept", "text/event-stream");

        endpoint.handle(exchange);

        assertThat(opened).hasSize(1);
    }

    @Test
    void aSettingOutOfBoundsIsRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SseEndpoint.builder().keepAlive(Duration.ZERO))
                .withMessage("keepAlive: PT0S (expected: 1 s to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SseEndpoint.builder().retry(Duration.ofMillis(-1)))
                .withMessage("retry: PT-0.001S (expected: 0 to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SseEndpoint.builder().retry(Duration.ofDays(2)))
                .withMessage("retry: PT48H (expected: 0 to 1 day)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SseEndpoint.builder().build())
                .withMessage("onOpen: null (expected: what gets the streams, or topics)");
    }
}
