package dev.parley.websocket;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.ValueInstantiationException;

/**
 * Says what is wrong with a payload, to who sent it: {@code payload.age: a text (expected: a whole number of 32 bits)}. Nothing
 * of the program is in it, and nothing of the values.
 */
final class Shape {
    /** A path may be as long as the message. */
    private static final int MAX_CHARS = 200;

    private static final String A_NUMBER = "a number that fits";
    private static final String OTHER = "what is taken here";

    private Shape() {}

    static MessageException error(JacksonException failure, JsonNode payload, Class<?> type) {
        MessageException own = thrown(failure);
        if (own != null) {
            return own;
        }
        StringBuilder path = new StringBuilder("payload");
        JsonNode found = payload;
        for (JacksonException.Reference step : failure.getPath()) {
            String name = step.getPropertyName();
            if (name == null) {
                path.append('[').append(step.getIndex()).append(']');
                found = found.path(step.getIndex());
            } else {
                path.append('.').append(name);
                found = found.path(name);
            }
        }
        if (failure instanceof ValueInstantiationException) { // a constructor has refused it
            return error(path.toString(), found, "valid values");
        }
        Class<?> target = failure.getPath().isEmpty() ? type : target(failure);
        if (target == null && found.isNumber()) { // no wrong type, so it does not fit into the right one
            return error(path.toString(), found, A_NUMBER);
        }
        return error(path.toString(), found, target == null ? OTHER : expected(target));
    }

    /** A payload that is missing, or {@code null}. */
    static MessageException error(JsonNode payload, Class<?> type) {
        return error("payload", payload, expected(type));
    }

    private static MessageException error(String path, JsonNode found, String expected) {
        String shown = path.length() > MAX_CHARS ? path.substring(0, MAX_CHARS) + "…" : path;
        return new MessageException(
                MessageException.INVALID_PAYLOAD, shown + ": " + found(found) + " (expected: " + expected + ")");
    }

    /** What the application's own code threw, in a constructor for one, in order that the client be told. */
    private static @Nullable MessageException thrown(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof MessageException own) {
                return own;
            }
        }
        return null;
    }

    private static @Nullable Class<?> target(JacksonException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
                return mismatch.getTargetType();
            }
            if (cause instanceof InputCoercionException coercion) {
                return coercion.getTargetType();
            }
        }
        return null;
    }

    private static String found(JsonNode node) {
        return switch (node.getNodeType()) {
            case MISSING -> "missing";
            case NULL -> "null";
            case OBJECT, POJO -> "an object";
            case ARRAY -> "a list";
            case STRING, BINARY -> "a text";
            case NUMBER -> "a number";
            case BOOLEAN -> node.booleanValue() ? "true" : "false";
        };
    }

    private static String expected(Class<?> type) {
        if (type == int.class || type == Integer.class) {
            return "a whole number of 32 bits";
        }
        if (type == long.class || type == Long.class) {
            return "a whole number of 64 bits";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
            return A_NUMBER;
        }
        if (type.isEnum()) {
            return "one of "
                    + Arrays.stream(type.getEnumConstants())
                            .map(Object::toString)
                            .collect(Collectors.joining(", "));
        }
        if (type.isArray() || Collection.class.isAssignableFrom(type)) {
            return "a list";
        }
        if (type.isRecord() || Map.class.isAssignableFrom(type)) {
            return "an object";
        }
        return CharSequence.class.isAssignableFrom(type) ? "a text" : OTHER;
    }
}
