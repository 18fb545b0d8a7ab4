package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.websocket.codec.CloseReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Assertions on a WebSocket. Those on what was received take it; each fails if the server sent what it must not. Not
 * thread-safe.
 */
public final class WebSocketAssert extends AbstractAssert<WebSocketAssert, TestWebSocket> {
    WebSocketAssert(TestWebSocket actual) {
        super(actual, WebSocketAssert.class);
    }

    // ---- received

    /**
     * Takes the messages since the last look, and verifies them: all of them, in order, and all of them text.
     *
     * @param texts the messages
     * @return this assertion
     */
    public WebSocketAssert received(String... texts) {
        isNotNull();
        List<TestWebSocket.Message> expected = new ArrayList<>();
        for (String text : texts) {
            expected.add(new TestWebSocket.Message(text, text.getBytes(UTF_8)));
        }
        return checkReceived(expected);
    }

    /**
     * Takes the messages since the last look, and verifies them: all of them, in order, and all of them binary.
     *
     * @param messages the messages
     * @return this assertion
     */
    public WebSocketAssert received(byte[]... messages) {
        isNotNull();
        List<TestWebSocket.Message> expected = new ArrayList<>();
        for (byte[] message : messages) {
            expected.add(new TestWebSocket.Message(null, message));
        }
        return checkReceived(expected);
    }

    private WebSocketAssert checkReceived(List<TestWebSocket.Message> expected) {
        List<TestWebSocket.Message> is = actual.takeMessages();
        if (!is.equals(expected)) {
            String shown = TestWebSocket.show(is);
            String wanted = TestWebSocket.show(expected);
            throw failureWithActualExpected(is, expected, "%s: received: %s (expected: %s)", actual, shown, wanted);
        }
        return this;
    }

    /**
     * Takes the next message only, and verifies that it is a text with this JSON, whatever its spaces and the order of its
     * members.
     *
     * @param json the JSON that is expected
     * @return this assertion
     */
    public WebSocketAssert receivedJson(String json) {
        isNotNull();
        TestWebSocket.Message message = actual.takeMessage();
        if (message == null) {
            throw failure("%s: received: nothing (expected: %s)", actual, json);
        }
        JsonNode expected = JsonMapper.shared().readTree(json);
        JsonNode is = tree(message, expected);
        if (!is.equals(expected)) {
            throw failureWithActualExpected(is, expected, "%s: received: %s (expected: %s)", actual, is, expected);
        }
        return this;
    }

    private JsonNode tree(TestWebSocket.Message message, JsonNode expected) {
        try {
            if (message.isText()) {
                return JsonMapper.shared().readTree(message.bytes());
            }
        } catch (JacksonException e) {
            throw failure(
                    "%s: received: %s (expected: %s; no JSON: %s)", actual, message, expected, e.getOriginalMessage());
        }
        throw failure("%s: received: %s (expected: text)", actual, message);
    }

    /**
     * Takes the next message only, and verifies that it is {@code {"type": …, "payload": …}}, without an id.
     *
     * <pre>{@code
     * assertThat(ws).receivedJson("joined", Map.of("name", "mai")).receivedJson("said", line).receivedNothing();
     * }</pre>
     *
     * @param type the type
     * @param payload what Jackson can write; compared as JSON
     * @return this assertion
     */
    public WebSocketAssert receivedJson(String type, @Nullable Object payload) {
        return receivedJson(TestWebSocket.json(type, payload, null));
    }

    /**
     * Takes the next message only, and verifies that it is {@code {"type": …, "payload": …, "id": …}}.
     *
     * @param type the type
     * @param payload what Jackson can write; compared as JSON
     * @param id text or a number
     * @return this assertion
     */
    public WebSocketAssert receivedJson(String type, @Nullable Object payload, Object id) {
        return receivedJson(TestWebSocket.json(type, payload, id));
    }

    /**
     * Takes all that has come since the last look, and verifies it frame by frame: {@link TestWebSocket#frames}.
     *
     * @param frames the frames: FIN, reserved bits, opcode and payload of each
     * @return this assertion
     */
    public WebSocketAssert receivedFrames(TestFrame... frames) {
        isNotNull();
        check("received", actual.frames(), List.of(frames));
        return this;
    }

    /**
     * Verifies that no message has come since the last look.
     *
     * @return this assertion
     */
    public WebSocketAssert receivedNothing() {
        isNotNull();
        List<TestWebSocket.Message> is = actual.takeMessages();
        if (!is.isEmpty()) {
            throw failure("%s: received: %s (expected: nothing)", actual, TestWebSocket.show(is));
        }
        return this;
    }

    /**
     * Takes the pongs since the last look, and verifies them: all of them, in order.
     *
     * @param payloads what they have, as UTF-8
     * @return this assertion
     */
    public WebSocketAssert ponged(String... payloads) {
        isNotNull();
        check("pongs", actual.pongs(), List.of(payloads));
        return this;
    }

    // ---- the handshake

    /**
     * Verifies which subprotocol the server chose.
     *
     * @param name its name
     * @return this assertion
     */
    public WebSocketAssert hasSubprotocol(String name) {
        isNotNull();
        check("subprotocol", actual.subprotocol().orElse("none"), name);
        return this;
    }

    /**
     * Verifies that the server chose no subprotocol.
     *
     * @return this assertion
     */
    public WebSocketAssert hasNoSubprotocol() {
        isNotNull();
        check("subprotocol", actual.subprotocol(), Optional.empty());
        return this;
    }

    /**
     * Verifies the {@code Sec-WebSocket-Extensions} that the server chose, word by word.
     *
     * @param extensions the header, one for each line; none for no extension
     * @return this assertion
     */
    public WebSocketAssert hasExtensions(String... extensions) {
        isNotNull();
        check("extensions", actual.extensions(), List.of(extensions));
        return this;
    }

    // ---- the end

    /**
     * Verifies that the server has sent neither a close frame nor the end of the connection or stream.
     *
     * @return this assertion
     */
    public WebSocketAssert isOpen() {
        isNotNull();
        if (!actual.isOpen()) {
            throw failure("%s (expected: open)", actual);
        }
        return this;
    }

    /**
     * Verifies that the server sent a close frame with a code; and, if this client sent one too, that the server then ended
     * the connection (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1">RFC 6455 section 7.1.1</a>) or the
     * stream.
     *
     * @param code the code; 1005 for a close frame without one
     * @return this assertion
     */
    public WebSocketAssert closedWith(int code) {
        checkClosed(code, null);
        return this;
    }

    /**
     * Verifies as {@link #closedWith(int)} does, and the reason too.
     *
     * @param code the code
     * @param reason all of the text
     * @return this assertion
     */
    public WebSocketAssert closedWith(int code, String reason) {
        checkClosed(code, reason);
        return this;
    }

    private void checkClosed(int code, @Nullable String text) {
        isNotNull();
        Optional<CloseReason> is = actual.closeReason();
        String expected = text == null || text.isEmpty() ? "closed with " + code : "closed with " + code + " " + text;
        boolean same = is.isPresent()
                && is.get().code() == code
                && (text == null || text.equals(is.get().text()));
        if (!same || code == CloseReason.ABNORMAL) {
            throw failure("%s%s (expected: %s)", actual, untaken(), expected);
        }
        if (actual.isClosedByBoth()) {
            isEnded();
        }
    }

    private String untaken() {
        String untaken = actual.untaken();
        return untaken.isEmpty() ? "" : ", not looked at: " + untaken;
    }

    /**
     * Verifies that the server ended the connection (HTTP/1.1), or the stream without a reset (HTTP/2).
     *
     * @return this assertion
     */
    public WebSocketAssert isEnded() {
        isNotNull();
        boolean over = actual.closeReason().isPresent() && actual.isEnded();
        if (!over || actual.isCutHere()) {
            throw failure("%s, and the connection or stream goes on (expected: ended by the server)", actual);
        }
        if (actual.isReset()) {
            throw failure("%s, and the stream is reset (expected: END_STREAM, RFC 8441 section 5)", actual);
        }
        return this;
    }

    /**
     * Verifies that the server ended the connection or stream without a close frame.
     *
     * @return this assertion
     */
    public WebSocketAssert wasCut() {
        isNotNull();
        Optional<CloseReason> is = actual.closeReason();
        if (is.isEmpty() || is.get().code() != CloseReason.ABNORMAL || actual.isCutHere()) {
            throw failure("%s%s (expected: ended by the server without a close frame)", actual, untaken());
        }
        return this;
    }

    private void check(String what, Object is, Object expected) {
        if (!Objects.equals(is, expected)) {
            throw failureWithActualExpected(is, expected, "%s: %s: %s (expected: %s)", actual, what, is, expected);
        }
    }
}
