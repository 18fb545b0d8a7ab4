package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.parley.http.Protocol;
import io.netty.handler.codec.http.HttpHeaders;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a WebSocket was opened with: the answer of a server, checked as a browser checks it (<a
 * href="https://www.rfc-editor.org/rfc/rfc6455#section-4.1">RFC 6455 section 4.1</a>, <a
 * href="https://www.rfc-editor.org/rfc/rfc8441#section-5">RFC 8441 section 5</a>). Immutable.
 *
 * @param headers of the answer
 * @param subprotocol {@code null} if the server chose none
 * @param deflate {@code null} if messages are not compressed
 */
record Handshake(
        HttpHeaders headers,
        @Nullable String subprotocol,
        @Nullable DeflateTerms deflate) {
    static final String KEY = "Sec-WebSocket-Key";
    static final String VERSION = "Sec-WebSocket-Version";
    static final String PROTOCOL = "Sec-WebSocket-Protocol";
    static final String EXTENSIONS = "Sec-WebSocket-Extensions";
    private static final String ACCEPT = "Sec-WebSocket-Accept";
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /**
     * Checks an answer that switched.
     *
     * @throws AssertionError if a browser would not take it for a WebSocket
     */
    static Handshake of(TestRequest request, Protocol protocol, HttpHeaders answer) {
        if (protocol == Protocol.HTTP_2) {
            for (String name : List.of("Connection", "Upgrade", ACCEPT)) {
                check(name, answer.getAll(name), List.of());
            }
        } else {
            check("Upgrade", lower(answer.getAll("Upgrade")), List.of("websocket"));
            check("Connection", lower(answer.getAll("Connection")), List.of("upgrade"));
            check(ACCEPT, answer.getAll(ACCEPT), List.of(accept(request.key())));
        }
        return new Handshake(answer, subprotocol(request, answer), deflate(request, answer));
    }

    private static List<String> lower(List<String> values) {
        return values.stream().map(value -> value.toLowerCase(Locale.ROOT)).toList();
    }

    private static @Nullable String subprotocol(TestRequest request, HttpHeaders answer) {
        List<String> chosen = answer.getAll(PROTOCOL);
        List<String> offered = list(request.headers().getAll(PROTOCOL));
        if (chosen.isEmpty()) {
            return null;
        }
        if (chosen.size() > 1 || !offered.contains(chosen.get(0))) {
            throw new AssertionError("header " + PROTOCOL + ": " + chosen + " (expected: "
                    + (offered.isEmpty() ? "none, as none was offered" : "one of " + offered + ", or none") + ")");
        }
        return chosen.get(0);
    }

    private static @Nullable DeflateTerms deflate(TestRequest request, HttpHeaders answer) {
        List<String> chosen = list(answer.getAll(EXTENSIONS));
        if (chosen.isEmpty()) {
            return null;
        }
        if (chosen.size() > 1) {
            throw new AssertionError("header " + EXTENSIONS + ": " + chosen + " (expected: one, as only "
                    + DeflateTerms.NAME + " is known here)");
        }
        return DeflateTerms.agreed(list(request.headers().getAll(EXTENSIONS)), chosen.get(0));
    }

    /** Several lines are one list (RFC 9110 section 5.3). */
    private static List<String> list(List<String> lines) {
        List<String> values = new ArrayList<>();
        for (String value : String.join(",", lines).split(",", -1)) {
            if (!value.isBlank()) {
                values.add(value.strip());
            }
        }
        return values;
    }

    private static void check(String name, List<String> is, List<String> expected) {
        if (!is.equals(expected)) {
            throw new AssertionError("header " + name + ": " + is + " (expected: " + expected + ")");
        }
    }

    /** The answer to a key (RFC 6455 section 4.2.2). */
    static String accept(String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-1: none (expected: each JVM has it)", e);
        }
    }
}
