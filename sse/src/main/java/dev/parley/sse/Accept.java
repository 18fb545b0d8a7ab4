package dev.parley.sse;

import java.util.List;
import java.util.Locale;

/**
 * What a request's {@code Accept} says of event streams
 * (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1">RFC 9110, 12.5.1</a>).
 */
final class Accept {
    private Accept() {}

    /**
     * The most specific range that matches decides. No range at all allows everything; a weight that can't be read
     * counts as 1, since to refuse a client that may well understand helps nobody.
     */
    static boolean allowsEventStream(List<String> accept) {
        boolean allowed = true;
        boolean empty = true;
        int specificity = -1;
        for (String field : accept) {
            for (String range : field.split(",", -1)) {
                String[] parts = range.toLowerCase(Locale.ROOT).split(";", -1);
                String type = parts[0].strip();
                if (type.isEmpty()) {
                    continue;
                }
                empty = false;
                int specific = switch (type) {
                    case "text/event-stream" -> 2;
                    case "text/*" -> 1;
                    case "*/*", "*" -> 0; // The second is what java.net's old client sends.
                    default -> -1;
                };
                if (specific > specificity) {
                    specificity = specific;
                    allowed = !hasZeroWeight(parts);
                }
            }
        }
        return empty || (specificity >= 0 && allowed);
    }

    private static boolean hasZeroWeight(String[] parts) {
        for (int i = 1; i < parts.length; i++) {
            if (parts[i].strip().matches("q\\s*=\\s*0(\\.0{0,3})?")) {
                return true;
            }
        }
        return false;
    }
}
