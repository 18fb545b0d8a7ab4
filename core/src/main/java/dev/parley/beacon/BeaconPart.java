package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One part of a beacon of {@code multipart/form-data}: a field or a file.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into the bytes.
 *
 * @param name the field's name
 * @param fileName the file's name as the page says, or {@code null} for a part that is no file. It may have any character, and is
 *     nothing to make a path of
 * @param contentType the part's {@code Content-Type} as it came, or {@code null}
 * @param bytes the data itself, not a copy
 */
public record BeaconPart(
        String name, @Nullable String fileName, @Nullable String contentType, byte[] bytes) {

    /**
     * The data as UTF-8, in which pages send all text fields.
     *
     * @return the text; what is not UTF-8 is U+FFFD
     */
    public String text() {
        return new String(bytes, UTF_8);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BeaconPart part
                && name.equals(part.name)
                && Objects.equals(fileName, part.fileName)
                && Objects.equals(contentType, part.contentType)
                && Arrays.equals(bytes, part.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Objects.hash(name, fileName, contentType) + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "BeaconPart[name=" + Printable.of(name) + ", fileName=" + Printable.of(fileName) + ", contentType="
                + Printable.of(contentType) + ", " + bytes.length + " bytes]";
    }
}
