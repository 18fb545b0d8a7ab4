package dev.parley.signaling;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The payload of a token: {@link JoinTokens} documents its JSON.
 *
 * @param from seconds since 1970; {@link Long#MIN_VALUE} if it has always been good
 * @param expires seconds since 1970
 * @param once the id of a token of single use; {@code null} if it may be used again
 */
record JoinClaims(
        String room,
        Admission admission,
        long from,
        long expires,
        boolean joinsOnly,
        @Nullable String once) {
    private static final int VERSION = 1;
    private static final int LEAST_ID_CHARS = 16;
    private static final int MOST_ID_CHARS = 64;
    /** What restricts a token must not be passed over because it isn't known. */
    private static final Set<String> MEMBERS =
            Set.of("v", "room", "exp", "nbf", "name", "metadata", "rights", "joinsOnly", "once");

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    byte[] toJson() {
        ObjectNode json =
                JSON.createObjectNode().put("v", VERSION).put("room", room).put("exp", expires);
        if (from != Long.MIN_VALUE) {
            json.put("nbf", from);
        }
        if (admission.name() != null) {
            json.put("name", admission.name());
        }
        if (admission.metadata() != null) {
            json.set("metadata", admission.metadata());
        }
        if (admission.rights() != null) {
            ArrayNode rights = json.putArray("rights");
            admission.rights().forEach(right -> rights.add(word(right)));
        }
        if (joinsOnly) {
            json.put("joinsOnly", true);
        }
        if (once != null) {
            json.put("once", once);
        }
        return JSON.writeValueAsBytes(json);
    }

    /** Reads what a holder of the secret has signed. Returns {@code null} if it is not as it should be all the same. */
    static @Nullable JoinClaims parse(byte[] payload) {
        try {
            return read(JSON.readTree(payload));
        } catch (JacksonException | IllegalArgumentException e) {
            return null;
        }
    }

    private static JoinClaims read(JsonNode json) {
        expect("payload", json.isObject() && MEMBERS.containsAll(json.propertyNames()));
        expect("v", integer(json, "v") == VERSION);
        // By way of what is issued here, for its limits.
        JoinToken token = JoinToken.room(string(json, "room"));
        if (json.has("name")) {
            token = token.name(string(json, "name"));
        }
        if (json.has("metadata")) {
            token = token.metadata(json.path("metadata"));
        }
        if (json.has("rights")) {
            token = token.rights(rights(json.path("rights")));
        }
        String once = json.has("once") ? string(json, "once") : null;
        expect("once", once == null || once.length() >= LEAST_ID_CHARS && once.length() <= MOST_ID_CHARS);
        return new JoinClaims(
                token.room(),
                token.admission(),
                json.has("nbf") ? integer(json, "nbf") : Long.MIN_VALUE,
                integer(json, "exp"),
                json.has("joinsOnly") && flag(json, "joinsOnly"),
                once);
    }

    private static Right[] rights(JsonNode json) {
        expect("rights", json.isArray());
        return json.values().stream()
                .map(word -> Stream.of(Right.values())
                        .filter(right -> word.isString() && word(right).equals(word.stringValue()))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("rights")))
                .toArray(Right[]::new);
    }

    private static String word(Right right) {
        return right.name().toLowerCase(Locale.ROOT);
    }

    private static String string(JsonNode json, String name) {
        expect(name, json.path(name).isString());
        return json.path(name).stringValue();
    }

    private static long integer(JsonNode json, String name) {
        JsonNode number = json.path(name);
        expect(name, number.isIntegralNumber() && number.canConvertToLong());
        return number.longValue();
    }

    private static boolean flag(JsonNode json, String name) {
        expect(name, json.path(name).isBoolean());
        return json.path(name).booleanValue();
    }

    private static void expect(String name, boolean holds) {
        if (!holds) {
            throw new IllegalArgumentException(name);
        }
    }
}
