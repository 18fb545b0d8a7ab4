package dev.parley.signaling;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.parley.websocket.MessageException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/** Signals as JSON: {@code {"type":…,"payload":…,"id":…,"seq":…}}. */
final class SignalFormat {
    static final int MAX_DEPTH = 32;
    static final int MAX_ROOM_CHARS = 128;
    static final int MAX_NAME_CHARS = 64;
    /** An id is kept until it is answered, so it is short. */
    private static final int MAX_ID_CHARS = 128;

    private static final int MAX_KEY_CHARS = 64;
    private static final int MAX_REASON_CHARS = 256;
    private static final int MAX_TOKEN_CHARS = 8192;
    private static final int SHOWN_CHARS = 64;

    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS) // what a tree holds is as it was sent
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .changeDefaultPropertyInclusion(inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_NULL))
            .build();

    /** Never changed. */
    private static final JsonNode NOTHING = JsonNodeFactory.instance.objectNode();

    private static final Map<Class<?>, String> TYPES = new ConcurrentHashMap<>();

    private SignalFormat() {}

    /** A message as it came. */
    record Incoming(@Nullable Object id, ClientSignal signal) {}

    // ---- what goes out

    static String write(ServerSignal signal) {
        return "{\"type\":\"" + type(signal) + "\",\"payload\":" + MAPPER.writeValueAsString(signal) + '}';
    }

    /** The answer to a message with an id for which there is no better one. */
    static String reply(Object id) {
        return with("{\"type\":\"reply\"}", 0, id);
    }

    /** Adds members to an object. */
    static String with(String json, long seq, @Nullable Object id) {
        if (seq == 0 && id == null) {
            return json;
        }
        StringBuilder text = new StringBuilder(json.length() + 48);
        text.append(json, 0, json.length() - 1);
        if (seq > 0) {
            text.append(",\"seq\":").append(seq);
        }
        if (id != null) {
            text.append(",\"id\":").append(MAPPER.writeValueAsString(id));
        }
        return text.append('}').toString();
    }

    private static String type(ServerSignal signal) {
        return signal instanceof ServerSignal.Failure
                ? "error"
                : TYPES.computeIfAbsent(signal.getClass(), SignalFormat::hyphenated);
    }

    private static String hyphenated(Class<?> type) {
        return type.getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    // ---- what comes in

    /** The message itself, of whatever shape. */
    static JsonNode tree(String text) {
        JsonNode message;
        try {
            message = MAPPER.readTree(text);
        } catch (JacksonException | NumberFormatException e) { // the latter for an exponent beyond all limits
            throw new MessageException(
                    MessageException.INVALID_JSON,
                    "message: not taken (expected: one JSON object, each name once, at most " + MAX_DEPTH + " levels)");
        }
        if (!message.isObject()) {
            throw new MessageException(MessageException.INVALID_JSON, "message: not taken (expected: a JSON object)");
        }
        return message;
    }

    /** The id of a message, as it is to be sent back. */
    static @Nullable Object id(JsonNode message) {
        JsonNode id = message.path("id");
        if (id.isMissingNode() || id.isNull()) {
            return null;
        }
        if (id.isIntegralNumber() && id.canConvertToLong()) {
            return id.longValue();
        }
        if (id.isString() && id.stringValue().length() <= MAX_ID_CHARS) {
            return id.stringValue();
        }
        throw new MessageException(
                MessageException.INVALID_MESSAGE,
                "id: not taken (expected: a whole number of 64 bits, or a text of at most " + MAX_ID_CHARS
                        + " characters)");
    }

    static ClientSignal read(JsonNode message) {
        JsonNode type = message.path("type");
        if (!type.isString()) {
            throw new MessageException(MessageException.INVALID_MESSAGE, "type: missing (expected: a text)");
        }
        JsonNode payload = message.path("payload");
        return switch (type.stringValue()) {
            case "join" ->
                new ClientSignal.Join(
                        name("room", text(payload, "room", 1, MAX_ROOM_CHARS)),
                        name("name", optional(payload, "name", MAX_NAME_CHARS).orElse("")),
                        object(payload, "metadata").orElse(NOTHING),
                        optional(payload, "token", MAX_TOKEN_CHARS).orElse(null));
            case "resume" ->
                new ClientSignal.Resume(
                        text(payload, "session", 1, MAX_KEY_CHARS), whole(payload, "seen", Long.MAX_VALUE));
            case "offer" -> new ClientSignal.Offer(to(payload), sdp(payload), generation(payload));
            case "answer" -> new ClientSignal.Answer(to(payload), sdp(payload), generation(payload));
            case "candidate" ->
                new ClientSignal.Candidate(
                        to(payload),
                        text(payload, "candidate", 0, Integer.MAX_VALUE),
                        optional(payload, "sdpMid", MAX_REASON_CHARS).orElse(null),
                        absent(payload, "sdpMLineIndex") ? null : (int) whole(payload, "sdpMLineIndex", 0xFFFF),
                        optional(payload, "usernameFragment", MAX_REASON_CHARS).orElse(null),
                        generation(payload));
            case "restart" -> new ClientSignal.Restart(to(payload));
            case "message" ->
                new ClientSignal.Message(optional(payload, "to", MAX_KEY_CHARS).orElse(null), data(payload));
            case "update" ->
                new ClientSignal.Update(
                        optional(payload, "name", MAX_NAME_CHARS)
                                .map(name -> name("name", name))
                                .orElse(null),
                        object(payload, "metadata").orElse(null));
            case "update-room" ->
                new ClientSignal.UpdateRoom(
                        truth(payload, "locked"), object(payload, "metadata").orElse(null));
            case "admit" -> new ClientSignal.Admit(text(payload, "peer", 1, MAX_KEY_CHARS));
            case "evict" ->
                new ClientSignal.Evict(
                        text(payload, "peer", 1, MAX_KEY_CHARS),
                        optional(payload, "reason", MAX_REASON_CHARS).orElse(""));
            case "close-room" -> new ClientSignal.CloseRoom();
            case "leave" -> new ClientSignal.Leave();
            case "ack" -> new ClientSignal.Ack(whole(payload, "seq", Long.MAX_VALUE));
            default -> throw new MessageException(MessageException.UNKNOWN_TYPE, "type: " + shown(type.stringValue()));
        };
    }

    private static String to(JsonNode payload) {
        return text(payload, "to", 1, MAX_KEY_CHARS);
    }

    private static String sdp(JsonNode payload) {
        return text(payload, "sdp", 1, Integer.MAX_VALUE);
    }

    private static int generation(JsonNode payload) {
        return absent(payload, "generation") ? 0 : (int) whole(payload, "generation", Integer.MAX_VALUE);
    }

    private static JsonNode data(JsonNode payload) {
        JsonNode data = payload.path("data");
        if (data.isMissingNode()) {
            throw invalid("data", "any JSON");
        }
        return data;
    }

    private static boolean absent(JsonNode payload, String name) {
        JsonNode value = payload.path(name);
        return value.isMissingNode() || value.isNull();
    }

    private static String text(JsonNode payload, String name, int least, int most) {
        JsonNode value = payload.path(name);
        if (value.isString()
                && value.stringValue().length() >= least
                && value.stringValue().length() <= most) {
            return value.stringValue();
        }
        throw invalid(
                name, most == Integer.MAX_VALUE ? "a text" : "a text of " + least + " to " + most + " characters");
    }

    private static Optional<String> optional(JsonNode payload, String name, int most) {
        return absent(payload, name) ? Optional.empty() : Optional.of(text(payload, name, 0, most));
    }

    private static Optional<JsonNode> object(JsonNode payload, String name) {
        if (absent(payload, name)) {
            return Optional.empty();
        }
        if (!payload.path(name).isObject()) {
            throw invalid(name, "an object");
        }
        return Optional.of(payload.path(name));
    }

    private static long whole(JsonNode payload, String name, long most) {
        JsonNode value = payload.path(name);
        if (value.isIntegralNumber()
                && value.canConvertToLong()
                && value.longValue() >= 0
                && value.longValue() <= most) {
            return value.longValue();
        }
        throw invalid(name, "a whole number of 0 to " + most);
    }

    private static @Nullable Boolean truth(JsonNode payload, String name) {
        if (absent(payload, name)) {
            return null;
        }
        if (!payload.path(name).isBoolean()) {
            throw invalid(name, "true or false");
        }
        return payload.path(name).booleanValue();
    }

    /** Names are shown to people and written to logs: nothing that would break a line or turn a text round. */
    static String name(String member, String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c)
                    || Character.isSurrogate(c) && !isPair(name, i)
                    || c == '\u2028'
                    || c == '\u2029'
                    || c >= '\u202A' && c <= '\u202E'
                    || c >= '\u2066' && c <= '\u2069') {
                throw invalid(member, "no control characters");
            }
        }
        return name;
    }

    private static boolean isPair(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }

    private static MessageException invalid(String name, String expected) {
        return new MessageException(
                MessageException.INVALID_PAYLOAD, name + ": not taken (expected: " + expected + ")");
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    static List<String> words(Collection<? extends Enum<?>> values) {
        return values.stream().map(SignalFormat::word).toList();
    }

    /** Text of a client's, as it may be shown to it again. */
    static String shown(String text) {
        return text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) + "…" : text;
    }
}
