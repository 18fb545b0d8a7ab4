package dev.parley.sse;

import java.util.List;
import java.util.Locale;

/**
 * What a request's {@code Accept} says of a media type
 * (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1">RFC 9110, 12.5.1</a>).
 */
final class Accept {
    private Accept() {}

    /**
     * The most specific range that matches decides. No range at all allows everything; a weight that can't be read
     * counts as 1, since to refuse a client that may well understand helps nobody.
     */
    static boolean allows(List<String> accept, String type, String subtype) {
        boolean allowed = true;
        boolean empty = true;
        int specificity = -1;
        for (String field : accept) {
            for (String range : field.split(",", -1)) {
                String[] parts = range.toLowerCase(Locale.ROOT).split(";", -1);
                String name = parts[0].strip();
                if (name.isEmpty()) {
                    continue;
                }
                empty = false;
                int specific = specificity(name, type, subtype);
                if (specific > specificity) {
                    specificity = specific;
                    allowed = !hasZeroWeight(parts);
                }
            }
        }
        return empty || (specificity >= 0 && allowed);
    }

    private static int specificity(String range, String type, String subtype) {
        if (range.equals(type + '/' + subtype)) {
            return 2;
        }
        if (range.equals(type + "/*")) {
            return 1;
        }
        return range.equals("*/*") || range.equals("*") ? 0 : -1; // The second is what java.net's old client sends.
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
