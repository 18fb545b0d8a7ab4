package dev.parley.http.codec;

/**
 * How much a {@link MultipartReader} takes beside the data of parts, of which it keeps nothing.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param maxParts parts of a body
 * @param maxHeadBytes bytes of a part's head with its line ends, and of the blanks behind a boundary
 * @param maxNameChars characters of a name, and of a file's name
 * @param maxPreambleBytes bytes before the first boundary
 */
public record MultipartLimits(int maxParts, int maxHeadBytes, int maxNameChars, int maxPreambleBytes) {
    /** 1,000 parts, heads of 8 KiB, names of 1,024 characters, a preamble of 1 KiB. */
    public static final MultipartLimits DEFAULT = new MultipartLimits(1000, 8 * 1024, 1024, 1024);

    /**
     * Checks the limits.
     *
     * @param maxParts 1 or more
     * @param maxHeadBytes 1 or more
     * @param maxNameChars 1 or more
     * @param maxPreambleBytes 0 or more
     * @throws IllegalArgumentException if one is less
     */
    public MultipartLimits {
        check("maxParts", maxParts, 1);
        check("maxHeadBytes", maxHeadBytes, 1);
        check("maxNameChars", maxNameChars, 1);
        check("maxPreambleBytes", maxPreambleBytes, 0);
    }

    private static void check(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + " to 2^31 - 1)");
        }
    }
}
