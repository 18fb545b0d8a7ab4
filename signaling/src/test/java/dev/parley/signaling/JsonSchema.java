package dev.parley.signaling;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * As much of JSON Schema (2020-12) as {@code signaling.schema.json} needs. A keyword that is not known here fails, so that none is there that nobody checks.
 */
final class JsonSchema {
    private static final Set<String> WORDS =
            Set.of("$schema", "$defs", "title", "description", "examples", "properties", "required");

    private final JsonNode root;

    private JsonSchema(JsonNode root) {
        this.root = root;
    }

    /** The one that lies in the jar. */
    static JsonSchema ofSignals() throws IOException {
        try (InputStream in =
                JsonSchema.class.getResourceAsStream("/META-INF/resources/parley/signaling.schema.json")) {
            return new JsonSchema(SignalFormat.MAPPER.readTree(Objects.requireNonNull(in)));
        }
    }

    JsonNode definitions() {
        return root.path("$defs");
    }

    JsonNode definition(String name) {
        return definitions().required(name);
    }

    /** What is wrong with a value, by a definition; empty if nothing is. */
    List<String> check(String definition, String json) {
        List<String> wrong = new ArrayList<>();
        check(definition(definition), SignalFormat.MAPPER.readTree(json), "", wrong);
        return wrong;
    }

    private void check(JsonNode schema, JsonNode value, String where, List<String> wrong) {
        for (Map.Entry<String, JsonNode> rule : schema.properties()) {
            String keyword = rule.getKey();
            if (!WORDS.contains(keyword) && !holds(keyword, rule.getValue(), value, where, wrong)) {
                wrong.add(where + ": " + value + " (expected: " + keyword + " " + rule.getValue() + ")");
            }
        }
        if (value.isObject()) {
            schema.path("required").forEach(name -> {
                if (!value.has(name.stringValue())) {
                    wrong.add(where + "/" + name.stringValue() + ": missing");
                }
            });
            for (Map.Entry<String, JsonNode> member : schema.path("properties").properties()) {
                if (value.has(member.getKey())) {
                    check(member.getValue(), value.path(member.getKey()), where + "/" + member.getKey(), wrong);
                }
            }
        }
    }

    private boolean holds(String keyword, JsonNode rule, JsonNode value, String where, List<String> wrong) {
        switch (keyword) {
            case "$ref" -> check(definition(rule.stringValue().substring("#/$defs/".length())), value, where, wrong);
            case "items" -> value.forEach(item -> check(rule, item, where + "/*", wrong));
            case "oneOf", "anyOf" -> {
                return matching(rule, value, where) == 1;
            }
            case "type" -> {
                return rule.isArray() ? rule.valueStream().anyMatch(type -> is(type, value)) : is(rule, value);
            }
            case "const" -> {
                return rule.equals(value);
            }
            case "enum" -> {
                return rule.valueStream().anyMatch(value::equals);
            }
            case "minimum" -> {
                return !value.isNumber() || number(value).compareTo(number(rule)) >= 0;
            }
            case "maximum" -> {
                return !value.isNumber() || number(value).compareTo(number(rule)) <= 0;
            }
            case "minLength" -> {
                return !value.isString() || value.stringValue().length() >= rule.intValue();
            }
            case "maxLength" -> {
                return !value.isString() || value.stringValue().length() <= rule.intValue();
            }
            case "pattern" -> {
                return !value.isString()
                        || Pattern.compile(rule.stringValue())
                                .matcher(value.stringValue())
                                .find();
            }
            default -> throw new IllegalArgumentException("keyword: " + keyword + " (expected: one that is known)");
        }
        return true;
    }

    private long matching(JsonNode rules, JsonNode value, String where) {
        return rules.valueStream()
                .filter(rule -> {
                    List<String> wrong = new ArrayList<>();
                    check(rule, value, where, wrong);
                    return wrong.isEmpty();
                })
                .count();
    }

    private static BigDecimal number(JsonNode value) {
        return value.decimalValue();
    }

    private static boolean is(JsonNode type, JsonNode value) {
        return switch (type.stringValue()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "integer" -> value.isIntegralNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            default -> throw new IllegalArgumentException("type: " + type + " (expected: one that is known)");
        };
    }
}
