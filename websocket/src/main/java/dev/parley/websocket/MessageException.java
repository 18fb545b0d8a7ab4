package dev.parley.websocket;

/**
 * Says that a JSON message can't be answered as it was meant, in words for whoever sent it.
 *
 * <p>A listener that throws it, or whose stage fails with it, has the client told: {@code {"type":"error","id":…,"payload":
 * {"code":…,"message":…}}}. The other way round {@link WebSocketConnection#request} fails with it when the client answers so.
 * The connection stays open.
 *
 * <pre>{@code
 * .on("join", Join.class, (connection, join) -> {
 *     if (room.isFull()) {
 *         throw new MessageException("room_full", "come back later");
 *     }
 *     return room.join(join.name());
 * })
 * }</pre>
 *
 * <p>It has no stack trace, as it is an answer and no fault.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class MessageException extends RuntimeException {
    /** The message is not JSON, not an object, nested too deeply, or has a name twice. It is answered without an id. */
    public static final String INVALID_JSON = "invalid_json";
    /** There is no {@code type}, or {@code type} or {@code id} are not what they should be. */
    public static final String INVALID_MESSAGE = "invalid_message";
    /** Nobody listens to messages of this type. */
    public static final String UNKNOWN_TYPE = "unknown_type";
    /** The payload is not of the shape that its type has: the message names the field. */
    public static final String INVALID_PAYLOAD = "invalid_payload";
    /** A rule does not allow it. */
    public static final String NOT_ALLOWED = "not_allowed";
    /** There is no topic of this name, or the client has not subscribed to it. */
    public static final String UNKNOWN_TOPIC = "unknown_topic";
    /** The client has subscribed to this topic already. */
    public static final String ALREADY_SUBSCRIBED = "already_subscribed";
    /** As many subscriptions, or requests, are open as may be. */
    public static final String TOO_MANY = "too_many";
    /** A listener failed: what happened is the server's to know. */
    public static final String FAILED = "failed";

    private static final long serialVersionUID = 1;

    /** What kind of failure it is. */
    private final String code;

    /**
     * Says what went wrong.
     *
     * @param code what kind of failure it is, for programs: one of the constants, or the application's own
     * @param message what went wrong, for people; the other side gets it as it is
     */
    public MessageException(String code, String message) {
        super(message, null, false, false);
        this.code = code;
    }

    /**
     * What kind of failure it is. If a client told it, it may be any text.
     *
     * @return one of the constants, or the application's own
     */
    public String code() {
        return code;
    }
}
