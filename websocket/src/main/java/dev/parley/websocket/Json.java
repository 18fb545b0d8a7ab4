package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.MutableCoercionConfig;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/** The JSON of messages. */
final class Json {
    /** Deep enough for any message of an application, shallow enough for any stack. */
    static final int MAX_DEPTH = 64;

    /**
     * Strict where a slip would go unseen: names that are there twice, what follows the end, fractions cut off, empty texts that
     * become 0. A text that is a number is taken as one, as forms send it.
     */
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS) // what a tree holds is as it was sent
            .withCoercionConfig(LogicalType.Integer, Json::noEmptyText)
            .withCoercionConfig(LogicalType.Float, Json::noEmptyText)
            .withCoercionConfig(LogicalType.Boolean, Json::noEmptyText)
            .annotationIntrospector(new RequiredComponents())
            .build();

    private Json() {}

    private static void noEmptyText(MutableCoercionConfig config) {
        config.setCoercion(CoercionInputShape.EmptyString, CoercionAction.Fail);
    }

    /** A message: {@code {"type":…,"id":…,"payload":…}}, of which what is {@code null} is left out. */
    static byte[] message(String type, @Nullable Object id, @Nullable Object payload) {
        Map<String, Object> message = object("type", type, "id", id, "payload", payload);
        try {
            // By way of text: a generator of UTF-8 fails at an unpaired surrogate, where the JDK writes '?'.
            return MAPPER.writeValueAsString(message).getBytes(UTF_8);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("payload of " + type + " (expected: what can be made JSON)", e);
        }
    }

    /** An object of names and values in turn, of which what is {@code null} is left out. */
    static Map<String, Object> object(@Nullable Object... members) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < members.length; i += 2) {
            Object value = members[i + 1];
            if (value != null) {
                object.put(String.valueOf(members[i]), value);
            }
        }
        return object;
    }

    /** Reads a message, of any shape. */
    static JsonNode tree(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (StreamConstraintsException e) {
            throw new MessageException(
                    MessageException.INVALID_JSON,
                    "message: too much (expected: " + MAX_DEPTH + " levels at most, numbers of 1000 digits at most)");
        } catch (NumberFormatException e) { // of an exponent beyond all limits
            throw new MessageException(
                    MessageException.INVALID_JSON, "message: a number is not taken (expected: of a size)");
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String place = at == null || at.getLineNr() < 1
                    ? "message"
                    : "line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw new MessageException(
                    MessageException.INVALID_JSON, place + ": not taken (expected: one JSON object, each name once)");
        }
    }

    /** Reads a payload; what can't be read of it is named. */
    static <T> T payload(JsonNode message, Class<T> type) {
        JsonNode payload = message.path("payload");
        if (payload.isMissingNode() && type.isRecord()) {
            payload = MAPPER.createObjectNode(); // if it has to have a component, that is what is missing
        }
        try {
            T value = payload.isMissingNode() ? null : MAPPER.treeToValue(payload, type);
            if (value != null) {
                return value;
            }
        } catch (JacksonException e) {
            throw Shape.error(e, payload, type);
        }
        throw Shape.error(payload, type);
    }
}
