package dev.parley.signaling;

import org.jspecify.annotations.Nullable;

/** A text in which some ranges are replaced, from left to right. It is copied when the first one is. Not thread-safe. */
final class Edits {
    private final String text;
    private @Nullable StringBuilder out;
    /** Up to where {@link #out} has it. */
    private int copied;

    Edits(String text) {
        this.text = text;
    }

    void replace(int from, int to, String replacement) {
        if (out == null) {
            out = new StringBuilder(text.length());
        }
        out.append(text, copied, from).append(replacement);
        copied = to;
    }

    /** The text as it is now: the same instance if nothing was replaced. */
    String text() {
        return out == null ? text : out.append(text, copied, text.length()).toString();
    }
}
