package dev.parley.upload;

import java.util.Locale;
import java.util.Set;

/** The name that a client gives a file, as it may be shown, and offered for saving. No path is made of it, whatever it is. */
final class FileName {
    private static final int MAX_CHARS = 255;

    /** Names of devices on Windows, with whatever extension. */
    private static final Set<String> DEVICES = Set.of(
            "con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
            "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9");

    private static final String UNNAMED = "upload";

    private FileName() {}

    /** Without directories, and without what harms where it is shown or saved. */
    static String safe(String name) {
        String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
        StringBuilder safe = new StringBuilder();
        last.codePoints()
                .filter(FileName::isShown)
                .map(c -> "<>:\"|?*".indexOf(c) >= 0 ? '_' : c)
                .limit(MAX_CHARS)
                .forEach(safe::appendCodePoint);
        String stripped = safe.toString().replaceAll("^[. ]+|[. ]+$", "");
        if (stripped.isEmpty()) {
            return UNNAMED;
        }
        int dot = stripped.indexOf('.');
        String stem = dot < 0 ? stripped : stripped.substring(0, dot);
        return DEVICES.contains(stem.strip().toLowerCase(Locale.ROOT)) ? '_' + stripped : stripped;
    }

    /** Not controls, not what turns the direction of writing, not halves of characters. */
    private static boolean isShown(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
