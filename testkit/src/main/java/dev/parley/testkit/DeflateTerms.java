package dev.parley.testkit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What was agreed on for permessage-deflate (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-7.1">RFC 7692
 * section 7.1</a>). Immutable.
 *
 * @param serverKeepsContext whether a message of the server may refer to those before it
 * @param serverWindowBits how far back, as a power of 2
 * @param clientKeepsContext whether a message of the client may refer to those before it
 * @param clientWindowBits how far back, as a power of 2
 */
record DeflateTerms(
        boolean serverKeepsContext, int serverWindowBits, boolean clientKeepsContext, int clientWindowBits) {
    static final String NAME = "permessage-deflate";

    private static final String SERVER_NO_CONTEXT = "server_no_context_takeover";
    private static final String CLIENT_NO_CONTEXT = "client_no_context_takeover";
    private static final String SERVER_BITS = "server_max_window_bits";
    private static final String CLIENT_BITS = "client_max_window_bits";
    private static final int MAX_BITS = 15;

    /**
     * What an answer means.
     *
     * @param offered the extensions that the client offered
     * @param answered the extension that the server chose
     * @throws AssertionError if that is no answer to any of them; the message tells why
     */
    static DeflateTerms agreed(List<String> offered, String answered) {
        Map<String, String> parameters = parameters(answered);
        if (!name(answered).equals(NAME)) {
            throw new AssertionError("extension " + answered + " (expected: one that was offered: " + offered + ")");
        }
        String wrong = parameters == null ? "a parameter that came twice" : wrongInAnswer(parameters);
        if (parameters == null || !wrong.isEmpty()) {
            throw new AssertionError("extension " + answered + ": " + wrong + " (RFC 7692 section 7.1)");
        }
        if (offered.stream().noneMatch(offer -> fits(offer, parameters))) {
            throw new AssertionError("extension " + answered + " (expected: what answers an offer: " + offered
                    + ", RFC 7692 section 7.1)");
        }
        return new DeflateTerms(
                !parameters.containsKey(SERVER_NO_CONTEXT),
                bits(parameters.get(SERVER_BITS)).orElse(MAX_BITS),
                !parameters.containsKey(CLIENT_NO_CONTEXT),
                bits(parameters.get(CLIENT_BITS)).orElse(MAX_BITS));
    }

    private static String wrongInAnswer(Map<String, String> parameters) {
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            String value = parameter.getValue();
            boolean right = switch (parameter.getKey()) {
                case SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT -> value.isEmpty();
                case SERVER_BITS, CLIENT_BITS -> bits(value).isPresent();
                default -> false;
            };
            if (!right) {
                return "parameter " + parameter.getKey() + (value.isEmpty() ? "" : "=" + value);
            }
        }
        return "";
    }

    /** Whether an answer, right in itself, is one to this offer. */
    private static boolean fits(String offer, Map<String, String> answer) {
        Map<String, String> asked = parameters(offer);
        if (asked == null || !name(offer).equals(NAME)) {
            return false;
        }
        for (Map.Entry<String, String> parameter : asked.entrySet()) {
            String value = parameter.getValue();
            boolean fits = switch (parameter.getKey()) {
                case SERVER_NO_CONTEXT -> value.isEmpty() && answer.containsKey(SERVER_NO_CONTEXT);
                case CLIENT_NO_CONTEXT -> value.isEmpty();
                case SERVER_BITS -> isWithin(answer.get(SERVER_BITS), bits(value), false);
                case CLIENT_BITS -> value.isEmpty() || isWithin(answer.get(CLIENT_BITS), bits(value), true);
                default -> false;
            };
            if (!fits) {
                return false;
            }
        }
        return !answer.containsKey(CLIENT_BITS) || asked.containsKey(CLIENT_BITS);
    }

    private static boolean isWithin(@Nullable String answer, Optional<Integer> most, boolean optional) {
        return most.isPresent() && (answer == null ? optional : bits(answer).orElse(MAX_BITS + 1) <= most.get());
    }

    private static Optional<Integer> bits(@Nullable String value) {
        return value != null && value.matches("[89]|1[0-5]") ? Optional.of(Integer.valueOf(value)) : Optional.empty();
    }

    private static String name(String extension) {
        return extension.split(";", 2)[0].strip();
    }

    /** By name; {@code null} if one came twice. Values that are quoted are taken for what is between the quotes. */
    private static @Nullable Map<String, String> parameters(String extension) {
        Map<String, String> parameters = new LinkedHashMap<>();
        String[] parts = extension.split(";", -1);
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", 2);
            // A name with "=" and nothing behind it has a value, which is wrong.
            String value = pair.length == 1 ? "" : pair[1].isBlank() ? "nothing" : pair[1].strip();
            if (value.length() > 2 && value.startsWith("\"") && value.endsWith("\"")) {
                value = value.substring(1, value.length() - 1);
            }
            if (parameters.put(pair[0].strip(), value) != null) {
                return null;
            }
        }
        return parameters;
    }
}
