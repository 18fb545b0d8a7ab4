package dev.parley.beacon;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a beacon holds: bytes, and views of them that are parsed when somebody asks.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into {@link #bytes}.
 */
public final class BeaconBody {
    private final @Nullable String contentType;
    private final byte[] bytes;

    private BeaconBody(@Nullable String contentType, byte[] bytes) {
        this.contentType = contentType;
        this.bytes = bytes;
    }

    /**
     * A body.
     *
     * @param contentType the {@code Content-Type} as it came, or {@code null}
     * @param bytes the bytes, which must not be changed afterwards
     * @return the body
     */
    public static BeaconBody of(@Nullable String contentType, byte[] bytes) {
        return new BeaconBody(contentType, bytes);
    }

    /**
     * The content type.
     *
     * @return the {@code Content-Type} as it came, or {@code null}
     */
    public @Nullable String contentType() {
        return contentType;
    }

    /**
     * The bytes as they were sent, without a content coding.
     *
     * @return the bytes themselves, not a copy
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * What kind of body it is, by its content type.
     *
     * @return the kind
     */
    public BeaconKind kind() {
        return BeaconKind.of(contentType);
    }

    /**
     * The body as text.
     *
     * @return the text
     */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * What is wrong with the body, for its kind.
     *
     * @return one line without anything of the body; empty where it is well-formed, or of a kind that has no form
     */
    public Optional<String> flaw() {
        return Optional.empty();
    }
}
