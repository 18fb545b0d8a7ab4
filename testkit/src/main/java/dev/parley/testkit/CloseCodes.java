package dev.parley.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.websocket.codec.CloseReason;
import java.util.Arrays;

/** The payload of close frames (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1">RFC 6455 section 5.5.1</a>). */
final class CloseCodes {
    private CloseCodes() {}

    /** What is wrong with it, for a message; empty if nothing is. */
    static String problem(byte[] payload) {
        if (payload.length == 0) {
            return "";
        }
        if (payload.length == 1) {
            return "a close frame with half a code (expected: no payload, or 2 bytes and more, RFC 6455 section 5.5.1)";
        }
        int code = code(payload);
        // Not asked of the library, whose table is under test.
        boolean known = code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014;
        if (!known && (code < 3000 || code > 4999)) {
            return "close code " + code + " (expected: 1000 to 1003, 1007 to 1014, 3000 to 4999, RFC 6455 section 7.4)";
        }
        return Text.utf8(reason(payload)) == null
                ? "a close reason that is not UTF-8: " + Text.hex(reason(payload)) + " (RFC 6455 section 5.5.1)"
                : "";
    }

    /** A payload that has no problem. */
    static CloseReason read(byte[] payload) {
        return payload.length == 0
                ? new CloseReason(CloseReason.NO_STATUS, "")
                : new CloseReason(code(payload), new String(reason(payload), UTF_8));
    }

    private static int code(byte[] payload) {
        return (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
    }

    private static byte[] reason(byte[] payload) {
        return Arrays.copyOfRange(payload, 2, payload.length);
    }
}
