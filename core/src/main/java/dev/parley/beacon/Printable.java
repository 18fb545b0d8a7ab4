package dev.parley.beacon;

import org.jspecify.annotations.Nullable;

/** A text of a client as a log may show it: nothing in it moves a cursor, begins a line or turns the order of reading. */
final class Printable {
    /** Enough to know it by. */
    private static final int MAX_CHARS = 200;

    private Printable() {}

    /** The text, cut, with what does not print as {@code \}{@code uXXXX}, and a backslash doubled. */
    static String of(@Nullable String text) {
        if (text == null) {
            return "null";
        }
        int length = Math.min(text.length(), MAX_CHARS);
        StringBuilder printable = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                printable.append("\\\\");
            } else if (isPrinted(c)) {
                printable.append(c);
            } else {
                printable.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.length() > length ? printable.append("...").toString() : printable.toString();
    }

    /** Beyond the 16 bits everything is escaped: there are format characters, too. */
    private static boolean isPrinted(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
