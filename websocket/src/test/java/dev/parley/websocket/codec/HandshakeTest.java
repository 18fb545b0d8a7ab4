package dev.parley.websocket.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.parley.websocket.codec.Handshake.Accepted;
import dev.parley.websocket.codec.Handshake.Outcome;
import dev.parley.websocket.codec.Handshake.Refused;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeTest {
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private static final String NO_TAKEOVER =
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    private static final Optional<String> WEBSOCKET = Optional.of("websocket");

    private final Handshake handshake = new Handshake(List.of("chat", "json.v1"), DeflateSettings.withoutTakeover());
    private final HttpHeaders http1 = new DefaultHttpHeaders()
            .add("Host", "example.org")
            .add("Upgrade", "websocket")
            .add("Connection", "Upgrade")
            .add("Sec-WebSocket-Key", KEY)
            .add("Sec-WebSocket-Version", "13");
    private final HttpHeaders http2 = new DefaultHttpHeaders().add("sec-websocket-version", "13");

    private Outcome http1() {
        return handshake.http1(HttpMethod.GET, WEBSOCKET, http1);
    }

    private Outcome http2() {
        return handshake.http2(HttpMethod.CONNECT, WEBSOCKET, http2);
    }

    private static Accepted accepted(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Accepted.class);
        return (Accepted) outcome;
    }

    private static void assertHeaders(HttpHeaders headers, String... lines) {
        assertThat(headers)
                .extracting(header -> header.getKey() + ": " + header.getValue())
                .usingElementComparator(String.CASE_INSENSITIVE_ORDER)
                .containsExactlyInAnyOrder(lines);
    }

    private static void assertRefused(Outcome outcome, int status, String detail, String... headers) {
        assertThat(outcome).isInstanceOf(Refused.class);
        Refused refused = (Refused) outcome;
        assertThat(refused.status()).isEqualTo(status);
        assertThat(refused.detail()).isEqualTo(detail);
        assertHeaders(refused.headers(), headers);
    }

    @Test
    void theKeyOfTheRfcHasTheAnswerOfTheRfc() {
        assertThat(Handshake.accept(KEY)).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    @Test
    void aPlainRequestOverHttp1IsAccepted() {
        Accepted accepted = accepted(http1());

        assertHeaders(accepted.headers(), ACCEPT);
        assertThat(accepted.subprotocol()).isNull();
        assertThat(accepted.deflate()).isNull();
    }

    @Test
    void aPlainRequestOverHttp2IsAcceptedWithoutKey() {
        Accepted accepted = accepted(http2());

        assertHeaders(accepted.headers());
        assertThat(accepted.subprotocol()).isNull();
        assertThat(accepted.deflate()).isNull();
    }

    @Test
    void aKeyOverHttp2IsNotAnswered() {
        http2.add("sec-websocket-key", KEY);

        assertHeaders(accepted(http2()).headers());
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "HEAD", "CONNECT", "get"})
    void overHttp1TheMethodMustBeGet(String method) {
        assertRefused(
                handshake.http1(new HttpMethod(method), WEBSOCKET, http1),
                405,
                "A WebSocket is opened with GET.",
                "Allow: GET");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "h2c", "websocket2", "websocket, h2c"})
    void overHttp1TheUpgradeMustBeToWebSocket(String protocol) {
        assertRefused(
                handshake.http1(HttpMethod.GET, Optional.of(protocol).filter(name -> !name.isEmpty()), http1),
                426,
                "This is a WebSocket: ask for an upgrade.",
                "Upgrade: websocket");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "8", "12", "14", "013", "13.0", "13, 8", "13, 13", "x"})
    void theVersionMustBe13(String version) {
        http1.set("Sec-WebSocket-Version", version);
        http2.set("sec-websocket-version", version);

        assertVersionRefused();
    }

    @Test
    void theVersionMustBeThere() {
        http1.remove("Sec-WebSocket-Version");
        http2.remove("sec-websocket-version");

        assertVersionRefused();
    }

    @Test
    void theVersionMustBeThereOnce() {
        http1.add("Sec-WebSocket-Version", "13");
        http2.add("sec-websocket-version", "13");

        assertVersionRefused();
    }

    private void assertVersionRefused() {
        assertRefused(
                http1(),
                426,
                "Sec-WebSocket-Version must be 13, once.",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13");
        assertRefused(http2(), 400, "sec-websocket-version must be 13, once.", "Sec-WebSocket-Version: 13");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AAAAAAAAAAAAAAAAAAAAAA==",
                "/////////////////////w==",
                "++++++++++++++++++++/Q==",
                "x3JJHMbDL1EzLkh9GBhXDg=="
            })
    void keysAre16BytesInBase64(String key) {
        http1.set("Sec-WebSocket-Key", key);

        assertHeaders(accepted(http1()).headers(), "Sec-WebSocket-Accept: " + Handshake.accept(key));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "AAAAAAAAAAAAAAAAAAAA", // 15 bytes
                "AAAAAAAAAAAAAAAAAAAAAAA=", // 17 bytes
                "AAAAAAAAAAAAAAAAAAAAAA", // no padding
                "AAAAAAAAAAAAAAAAAAAAAA=",
                "AAAAAAAAAAAAAAAAAAAAAA===",
                "AAAAAAAAAAAAAAAAAAAAAB==", // not canonical
                "AAAAAAAAAAAAAAAAAAAAA-==", // another alphabet
                "AAAAAAAAAAAAAAAAAAAA_w==",
                "AAAAAAAAAA AAAAAAAAAAA==",
                "AAAAAAAAAAAAAAAAAAAAAA== ",
                "AAAAAAAAAAAAAAAAAAAAAA==,",
                "\u00e9AAAAAAAAAAAAAAAAAAAAA=="
            })
    void otherKeysAreRefused(String key) {
        http1.set("Sec-WebSocket-Key", key);

        assertRefused(http1(), 400, "Sec-WebSocket-Key must be 16 bytes in base64, once.");
    }

    @Test
    void thereMustBeOneKey() {
        http1.add("Sec-WebSocket-Key", KEY);
        assertRefused(http1(), 400, "Sec-WebSocket-Key must be 16 bytes in base64, once.");

        http1.remove("Sec-WebSocket-Key");
        assertRefused(http1(), 400, "Sec-WebSocket-Key must be 16 bytes in base64, once.");
    }

    @Test
    void thereMustBeNoBody() {
        http1.set("Content-Length", "0");
        assertHeaders(accepted(http1()).headers(), ACCEPT);

        http1.set("Content-Length", "1");
        assertRefused(http1(), 400, "A request for a WebSocket has no body.");

        http1.remove("Content-Length").set("Transfer-Encoding", "chunked");
        assertRefused(http1(), 400, "A request for a WebSocket has no body.");

        http2.set("content-length", "0");
        assertRefused(http2(), 400, "A request for a WebSocket has no content-length.");
    }

    @Test
    void overHttp2TheRequestMustBeAnExtendedConnect() {
        String detail = "This is a WebSocket: ask with CONNECT and the protocol websocket.";

        assertRefused(handshake.http2(HttpMethod.GET, WEBSOCKET, http2), 400, detail);
        assertRefused(handshake.http2(HttpMethod.GET, Optional.empty(), http2), 400, detail);
        assertRefused(handshake.http2(HttpMethod.CONNECT, Optional.empty(), http2), 400, detail);
        assertRefused(handshake.http2(HttpMethod.CONNECT, Optional.of("connect-udp"), http2), 400, detail);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat", "chat, json.v1", "other,chat", ", ,chat ,", "other ,\tchat", "CHAT, Json.v1, chat"})
    void theFirstSubprotocolThatIsSpokenIsChosen(String line) {
        http1.add("Sec-WebSocket-Protocol", line);
        http2.add("sec-websocket-protocol", line);

        Accepted overHttp1 = accepted(http1());
        Accepted overHttp2 = accepted(http2());

        assertThat(overHttp1.subprotocol()).isEqualTo("chat");
        assertHeaders(overHttp1.headers(), ACCEPT, "Sec-WebSocket-Protocol: chat");
        assertThat(overHttp2.subprotocol()).isEqualTo("chat");
        assertHeaders(overHttp2.headers(), "Sec-WebSocket-Protocol: chat");
    }

    @Test
    void theClientsOrderOfSubprotocolsDecides() {
        http1.add("Sec-WebSocket-Protocol", "json.v1, chat");

        assertThat(accepted(http1()).subprotocol()).isEqualTo("json.v1");
    }

    @Test
    void linesOfSubprotocolsAreOneList() {
        http1.add("Sec-WebSocket-Protocol", "other").add("Sec-WebSocket-Protocol", "more, chat");
        assertThat(accepted(http1()).subprotocol()).isEqualTo("chat");

        http1.add("Sec-WebSocket-Protocol", "other");
        assertRefused(http1(), 400, "Sec-WebSocket-Protocol must be a list of tokens, all different.");
    }

    @Test
    void unknownSubprotocolsAreNotAnswered() {
        http1.add("Sec-WebSocket-Protocol", "Chat, other");

        Accepted accepted = accepted(http1());

        assertThat(accepted.subprotocol()).isNull();
        assertHeaders(accepted.headers(), ACCEPT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "chat, chat", "chat chat", "chat;q=1", "\"chat\"", "a/b", "ch\u00e4t", "chat, ("})
    void malformedSubprotocolsAreRefused(String line) {
        http1.add("Sec-WebSocket-Protocol", line);
        http2.add("sec-websocket-protocol", line);

        assertRefused(http1(), 400, "Sec-WebSocket-Protocol must be a list of tokens, all different.");
        assertRefused(http2(), 400, "Sec-WebSocket-Protocol must be a list of tokens, all different.");
    }

    @Test
    void compressionIsAgreedOn() {
        http1.add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
        http2.add("sec-websocket-extensions", "x-other")
                .add("sec-websocket-extensions", "permessage-deflate; server_max_window_bits=10");

        Accepted overHttp1 = accepted(http1());
        Accepted overHttp2 = accepted(http2());

        assertHeaders(overHttp1.headers(), ACCEPT, NO_TAKEOVER);
        assertThat(overHttp1.deflate())
                .extracting(DeflateAgreement::serverMaxWindowBits)
                .isEqualTo(15);
        assertHeaders(overHttp2.headers(), NO_TAKEOVER + "; server_max_window_bits=10");
        assertThat(overHttp2.deflate())
                .extracting(DeflateAgreement::serverMaxWindowBits)
                .isEqualTo(10);
    }

    @Test
    void badOffersOfCompressionAreDeclinedAndRefuseNothing() {
        http1.add("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits");

        Accepted accepted = accepted(http1());

        assertThat(accepted.deflate()).isNull();
        assertHeaders(accepted.headers(), ACCEPT);
    }

    @Test
    void withoutSettingsNothingIsCompressed() {
        http1.add("Sec-WebSocket-Extensions", "permessage-deflate");

        Outcome outcome = new Handshake(List.of(), null).http1(HttpMethod.GET, WEBSOCKET, http1);

        assertThat(accepted(outcome).deflate()).isNull();
        assertHeaders(accepted(outcome).headers(), ACCEPT);
    }

    @Test
    void refusedRequestsTakeNoMemory() {
        MemoryBudget budget = new MemoryBudget(Long.MAX_VALUE);
        http1.add("Sec-WebSocket-Extensions", "permessage-deflate").add("Sec-WebSocket-Protocol", "(");

        Outcome outcome =
                new Handshake(List.of(), DeflateSettings.withTakeover(budget)).http1(HttpMethod.GET, WEBSOCKET, http1);

        assertThat(outcome).isInstanceOf(Refused.class);
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void subprotocolsOfTheServerMustBeTokens() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Handshake(List.of("a b"), null))
                .withMessage("subprotocol: \"a b\" (expected: a token of RFC 9110)");
    }
}
