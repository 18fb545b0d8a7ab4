package dev.parley.topic;

/** How texts of callers and clients are shown in messages. */
final class Names {
    private static final int SHOWN_CHARS = 64;

    private Names() {}

    /** The beginning of a text, without what would break out of a line of a log. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < Math.min(SHOWN_CHARS, text.length()); i++) {
            char c = text.charAt(i);
            shown.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
        }
        return text.length() > SHOWN_CHARS ? shown + "…" : shown.toString();
    }
}
