package dev.parley.upload;

/** Checks what builders are told. */
final class Setting {
    private Setting() {}

    /** The value, if it is not less than what it may be. */
    static <T extends Comparable<T>> T atLeast(String setting, T value, T least) {
        if (value.compareTo(least) < 0) {
            throw new IllegalArgumentException(setting + ": " + value + " (expected: >= " + least + ")");
        }
        return value;
    }
}
