package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of the opening handshake: decides whether a request opens a WebSocket, and what is agreed on.
 *
 * <p><b>Wire.</b> HTTP/1.1: a {@code GET} with {@code Upgrade}, as in
 * <a href="https://www.rfc-editor.org/rfc/rfc6455#section-4.2">RFC 6455 section 4.2</a>. HTTP/2: an extended {@code CONNECT},
 * as in <a href="https://www.rfc-editor.org/rfc/rfc8441#section-5">RFC 8441 section 5</a>, with neither key nor {@code
 * Sec-WebSocket-Accept}. Whoever calls has read {@code Host}, {@code Connection} and {@code Upgrade}, or the pseudo-headers,
 * and decides on the {@code Origin}.
 *
 * <p><b>Threading.</b> Immutable. One is enough for all requests to an endpoint.
 */
public final class Handshake {
    /** RFC 6455 section 4.2.2, item 5.4. */
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private static final String WEBSOCKET = "websocket";
    private static final String VERSION = "13";
    /** The base64 of 16 bytes: the last digit has but two bits of them. */
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9+/]{21}[AQgw]==");

    private final Set<String> subprotocols;
    private final @Nullable DeflateSettings deflate;

    /**
     * What an endpoint offers.
     *
     * @param subprotocols the subprotocols that it speaks
     * @param deflate what it is ready to compress; {@code null} for nothing
     * @throws IllegalArgumentException if a subprotocol is not a token
     */
    public Handshake(List<String> subprotocols, @Nullable DeflateSettings deflate) {
        for (String subprotocol : subprotocols) {
            if (!FieldScanner.isToken(subprotocol)) {
                throw new IllegalArgumentException(
                        "subprotocol: \"" + subprotocol + "\" (expected: a token of RFC 9110)");
            }
        }
        this.subprotocols = Set.copyOf(subprotocols);
        this.deflate = deflate;
    }

    /** What became of a request. */
    public sealed interface Outcome {}

    /**
     * The WebSocket may be opened.
     *
     * @param headers what the response has beside {@code Connection} and {@code Upgrade}
     * @param subprotocol the first that the client asked for and the endpoint speaks; {@code null} if there is none, on which
     *     a browser that asked for some closes the connection
     * @param deflate what was agreed on; {@code null} if nothing is compressed. It must be closed when the connection has
     *     ended, or is not opened after all
     */
    public record Accepted(
            HttpHeaders headers,
            @Nullable String subprotocol,
            @Nullable DeflateAgreement deflate) implements Outcome {}

    /**
     * The request does not open a WebSocket.
     *
     * @param status the response's status: 400, 405 or 426
     * @param headers what the response must have beside {@code Connection}
     * @param detail what is wrong, as a sentence for developers
     */
    public record Refused(int status, HttpHeaders headers, String detail) implements Outcome {}

    /**
     * Reads a request over HTTP/1.1.
     *
     * @param method its method
     * @param requestedProtocol what {@code Upgrade} names, in lower case, if {@code Connection} goes with it
     * @param headers its headers
     * @return what becomes of it; 101 is the status if it is accepted
     */
    public Outcome http1(HttpMethod method, Optional<String> requestedProtocol, HttpHeaders headers) {
        if (!HttpMethod.GET.equals(method)) {
            return refused(405, "A WebSocket is opened with GET.", HttpHeaderNames.ALLOW, "GET");
        }
        if (!asksForWebSocket(requestedProtocol)) {
            return refused(426, "This is a WebSocket: ask for an upgrade.", HttpHeaderNames.UPGRADE, WEBSOCKET);
        }
        if (!hasVersion(headers)) {
            Refused refused =
                    refused(426, "Sec-WebSocket-Version must be 13, once.", HttpHeaderNames.UPGRADE, WEBSOCKET);
            refused.headers().set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, VERSION);
            return refused;
        }
        List<String> keys = headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_KEY);
        if (keys.size() != 1 || !KEY.matcher(keys.get(0)).matches()) {
            return refused(400, "Sec-WebSocket-Key must be 16 bytes in base64, once.");
        }
        boolean empty = headers.getAll(HttpHeaderNames.CONTENT_LENGTH).stream().allMatch("0"::equals);
        if (!empty || headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            return refused(400, "A request for a WebSocket has no body.");
        }
        HttpHeaders answer = new DefaultHttpHeaders();
        answer.set(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT, accept(keys.get(0)));
        return agreed(headers, answer);
    }

    /**
     * Reads a request over HTTP/2. A client that sends no version is refused as RFC 8441 keeps that field, with 400, since a
     * 426 would need {@code Upgrade}, which HTTP/2 forbids (RFC 9113 section 8.2.2).
     *
     * @param method its method
     * @param requestedProtocol its {@code :protocol}, in lower case, if it has one
     * @param headers its headers without the pseudo-headers
     * @return what becomes of it; 200 is the status if it is accepted
     */
    public Outcome http2(HttpMethod method, Optional<String> requestedProtocol, HttpHeaders headers) {
        if (!HttpMethod.CONNECT.equals(method) || !asksForWebSocket(requestedProtocol)) {
            return refused(400, "This is a WebSocket: ask with CONNECT and the protocol websocket.");
        }
        if (!hasVersion(headers)) {
            return refused(
                    400, "sec-websocket-version must be 13, once.", HttpHeaderNames.SEC_WEBSOCKET_VERSION, VERSION);
        }
        if (headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            return refused(400, "A request for a WebSocket has no content-length."); // RFC 9110 section 9.3.6
        }
        return agreed(headers, new DefaultHttpHeaders());
    }

    private static boolean asksForWebSocket(Optional<String> requestedProtocol) {
        return requestedProtocol.filter(WEBSOCKET::equals).isPresent();
    }

    private static boolean hasVersion(HttpHeaders headers) {
        return headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_VERSION).equals(List.of(VERSION));
    }

    private Outcome agreed(HttpHeaders request, HttpHeaders answer) {
        List<String> lines = request.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        Set<String> asked = asked(lines);
        if (asked == null || asked.isEmpty() != lines.isEmpty()) {
            return refused(400, "Sec-WebSocket-Protocol must be a list of tokens, all different.");
        }
        // RFC 6455 section 4.1 has the client list them in the order it prefers.
        String subprotocol =
                asked.stream().filter(subprotocols::contains).findFirst().orElse(null);
        if (subprotocol != null) {
            answer.set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        // Comes last, as there must be no refusal once memory is taken for it.
        DeflateAgreement agreement = deflate == null
                ? null
                : DeflateAgreement.negotiate(request.getAll(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS), deflate)
                        .orElse(null);
        if (agreement != null) {
            answer.set(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS, agreement.headerValue());
        }
        return new Accepted(answer, subprotocol, agreement);
    }

    /** The subprotocols in all lines, which are one list; {@code null} if it is malformed, or has one twice. */
    private static @Nullable Set<String> asked(List<String> lines) {
        Set<String> asked = new LinkedHashSet<>();
        for (String line : lines) {
            FieldScanner scanner = new FieldScanner(line);
            do {
                String subprotocol = scanner.token();
                if (subprotocol != null && !asked.add(subprotocol)) {
                    return null;
                }
            } while (scanner.skip(','));
            if (!scanner.isAtEnd()) {
                return null;
            }
        }
        return asked;
    }

    /** What proves to the client that it talks to a WebSocket server (RFC 6455 section 4.2.2, item 5.4). */
    static String accept(String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-1 (expected: in every JDK)", e);
        }
    }

    private static Refused refused(int status, String detail) {
        return new Refused(status, new DefaultHttpHeaders(), detail);
    }

    private static Refused refused(int status, String detail, CharSequence name, String value) {
        Refused refused = refused(status, detail);
        refused.headers().set(name, value);
        return refused;
    }
}
