package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Objects;

/**
 * Why a WebSocket is closed: a code and a text (<a href="https://www.rfc-editor.org/rfc/rfc6455#section-7.4">RFC 6455
 * section 7.4</a>).
 *
 * <p><b>Wire.</b> Two bytes and UTF-8, 125 bytes at most. {@link #NO_STATUS} and {@link #ABNORMAL} are never on the wire: they
 * tell that the close frame had no code, or that there was none.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param code 1000 to 4999
 * @param text for people who look for a fault; not for the eyes of users
 */
public record CloseReason(int code, String text) {
    /** The purpose is fulfilled. */
    public static final int NORMAL = 1000;
    /** The server goes down, or the page is left. */
    public static final int GOING_AWAY = 1001;
    /** The other side broke the protocol. */
    public static final int PROTOCOL_ERROR = 1002;
    /** A kind of message that is not taken here, such as binary. */
    public static final int UNSUPPORTED = 1003;
    /** Not sent: the close frame had no code. */
    public static final int NO_STATUS = 1005;
    /** Not sent: there was no close frame. */
    public static final int ABNORMAL = 1006;
    /** A message that does not fit its type, such as text that is not UTF-8. */
    public static final int INVALID_PAYLOAD = 1007;
    /** A message that is against the rules of the application, or a limit on the rate. */
    public static final int POLICY = 1008;
    /** A message that is too big. */
    public static final int TOO_BIG = 1009;
    /** Something failed. */
    public static final int INTERNAL_ERROR = 1011;
    /** The server restarts: come back, at a moment of your own choice. */
    public static final int SERVICE_RESTART = 1012;
    /** The server, or this connection of it, has too much to do: come back later. */
    public static final int TRY_AGAIN_LATER = 1013;

    /** What a control frame holds (RFC 6455 section 5.5), without the code. */
    private static final int MAX_TEXT_BYTES = 123;

    /**
     * Checks the code.
     *
     * @param code 1000 to 4999
     * @param text any text, which is cut where it is sent
     * @throws IllegalArgumentException if it is not a close code
     */
    public CloseReason {
        Objects.requireNonNull(text, "text");
        if (code < 1000 || code > 4999) {
            throw new IllegalArgumentException("code: " + code + " (expected: 1000 to 4999)");
        }
    }

    /**
     * A reason of the application, or one that this class names.
     *
     * @param code a code that may be sent
     * @param text the text; what does not fit 123 bytes of UTF-8 is cut off at a character's end
     * @return the reason
     * @throws IllegalArgumentException if the code may not be sent
     */
    public static CloseReason of(int code, String text) {
        if (!isSendable(code)) {
            throw new IllegalArgumentException(
                    "code: " + code
                            + " (expected: 1000 to 1003, 1007 to 1014, or 3000 to 4999, of which 4000 and more are the application's)");
        }
        return new CloseReason(code, cut(text));
    }

    /**
     * Whether a code may be on the wire: those that RFC 6455 or IANA's registry give a meaning (1000 to 1003, 1007 to
     * 1014), those of libraries (3000 to 3999) and of applications (4000 to 4999).
     *
     * @param code a number
     * @return whether it may
     */
    public static boolean isSendable(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    }

    private static String cut(String text) {
        if (text.length() <= MAX_TEXT_BYTES / 3) { // no char takes more than three bytes
            return text;
        }
        int bytes = 0;
        int end = 0;
        while (end < text.length()) {
            int codePoint = text.codePointAt(end);
            bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            if (bytes > MAX_TEXT_BYTES) {
                break;
            }
            end += Character.charCount(codePoint);
        }
        return text.substring(0, end);
    }

    /** The text as it is sent. */
    byte[] textBytes() {
        return cut(text).getBytes(UTF_8);
    }

    @Override
    public String toString() {
        return text.isEmpty() ? Integer.toString(code) : code + " " + text;
    }
}
