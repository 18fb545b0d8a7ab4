package dev.parley.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpRequestEncoder;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseRequestTest {
    private static final Target TARGET = Target.of(URI.create("http://[::1]:8080/news?a=b"));

    private static String wire(SseRequest request, String lastEventId) {
        EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestEncoder());
        channel.writeOutbound(request.toHttp(TARGET, lastEventId));
        StringBuilder wire = new StringBuilder();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            wire.append(part.toString(UTF_8));
            part.release();
        }
        channel.finish();
        return wire.toString();
    }

    @Test
    void aGetIsWhatEventSourceSends() {
        assertThat(wire(SseRequest.get(), ""))
                .isEqualTo(String.join(
                        "\r\n",
                        "GET /news?a=b HTTP/1.1",
                        "Host: [::1]:8080",
                        "Accept: text/event-stream",
                        "Cache-Control: no-store",
                        "",
                        ""));
    }

    @Test
    void aPostHasItsBody() {
        assertThat(wire(SseRequest.post("application/json", "{\"q\":\"é\"}".getBytes(UTF_8)), "7"))
                .isEqualTo(String.join(
                        "\r\n",
                        "POST /news?a=b HTTP/1.1",
                        "Host: [::1]:8080",
                        "Content-Type: application/json",
                        "Accept: text/event-stream",
                        "Cache-Control: no-store",
                        "Last-Event-ID: 7",
                        "Content-Length: 10",
                        "",
                        "{\"q\":\"é\"}"));
    }

    @Test
    void theIdGoesAsTheBytesThatItCameAs() {
        assertThat(wire(SseRequest.get(), "ü€😀\t\u0001")).contains("\r\nLast-Event-ID: ü€😀\t\u0001\r\n");
    }

    @Test
    void headersOfOnesOwnTakeThePlaceOfDefaults() {
        SseRequest request = SseRequest.get()
                .header("accept", "application/json, text/event-stream")
                .header("Cache-Control", "no-cache")
                .header("X-Two", "1")
                .header("X-Two", "2");

        assertThat(wire(request, ""))
                .isEqualTo(String.join(
                        "\r\n",
                        "GET /news?a=b HTTP/1.1",
                        "Host: [::1]:8080",
                        "accept: application/json, text/event-stream",
                        "Cache-Control: no-cache",
                        "X-Two: 1",
                        "X-Two: 2",
                        "",
                        ""));
    }

    @Test
    void aRequestIsNotChangedByWhatIsMadeOfIt() {
        byte[] body = {'a'};
        SseRequest request = SseRequest.post("text/plain", body);
        request.header("X-More", "1");
        body[0] = 'b';

        assertThat(wire(request, "")).doesNotContain("X-More").endsWith("\r\n\r\na");
    }

    @Test
    void anotherOriginLearnsNoCredentials() {
        SseRequest request = SseRequest.get()
                .header("authorization", "Bearer secret")
                .header("Cookie", "a=secret")
                .header("Proxy-Authorization", "secret")
                .header("X-Kept", "1");

        assertThat(wire(request.withoutCredentials(), ""))
                .doesNotContain("secret")
                .contains("X-Kept: 1\r\n");
    }

    @Test
    void aPostThatBecomesAGetLosesItsBodyAndWhatDescribesIt() {
        SseRequest request = SseRequest.post("text/plain", new byte[] {'a'})
                .header("content-language", "en")
                .header("X-Kept", "1");

        assertThat(wire(request.asGet(), ""))
                .startsWith("GET ")
                .doesNotContainIgnoringCase("content-")
                .contains("X-Kept: 1\r\n")
                .endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rb", "a\nb", "a\r\nX: y", "a\0b", "\u0001", "\u007F", "€"})
    void aValueThatBreaksOutIsRefusedAndNotShown(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SseRequest.get().header("Authorization", value))
                .withMessage("header Authorization (expected: no line break, NUL or character over 0xFF in its value)");
        assertThatIllegalArgumentException().isThrownBy(() -> SseRequest.post(value, new byte[0]));
    }

    @Test
    void aNameThatIsNoTokenIsRefused() {
        for (String name : new String[] {"", "a b", "a:b", "a\r\nb", "a\0", "é"}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SseRequest.get().header(name, "1"))
                    .withMessage(
                            "header name: \"" + name.replaceAll("[^!-~]", "?") + "\" (expected: a token of RFC 9110)");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host",
                "CONTENT-LENGTH",
                "Transfer-Encoding",
                "Connection",
                "Upgrade",
                "Expect",
                "TE",
                "Trailer",
                "Last-Event-ID"
            })
    void whatTheClientSetsIsRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SseRequest.get().header(name, "1"))
                .withMessage("header " + name + " (expected: none, it is set by the client)");
    }
}
