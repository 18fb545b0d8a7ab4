package dev.parley.beacon;

/** Checks what builders are told. */
final class Setting {
    private Setting() {}

    /** The value, if it is within its bounds, both of which it may have. */
    static <T extends Comparable<T>> T within(String setting, T value, T least, T most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(setting + ": " + value + " (expected: " + least + " to " + most + ")");
        }
        return value;
    }
}
