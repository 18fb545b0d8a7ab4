package dev.parley.upload;

import dev.parley.http.Exchange;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A wish to upload: what the application decides on before anything is stored. All but {@link #exchange} is what the client says, and
 * not to be believed.
 *
 * <p><b>Threading.</b> Immutable, but for the exchange.
 */
public final class UploadRequest {
    private final Exchange exchange;
    private final long length;
    private final @Nullable String fileName;
    private final @Nullable String contentType;
    private final Map<String, String> metadata;

    UploadRequest(
            Exchange exchange,
            long length,
            @Nullable String fileName,
            @Nullable String contentType,
            Map<String, String> metadata) {
        this.exchange = exchange;
        this.length = length;
        this.fileName = fileName;
        this.contentType = contentType;
        this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * The exchange: who asks. It is answered by the endpoint.
     *
     * @return the exchange
     */
    public Exchange exchange() {
        return exchange;
    }

    /**
     * How long it will be.
     *
     * @return bytes; empty if the client does not say yet
     */
    public OptionalLong length() {
        return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
    }

    /**
     * The name that the client gives the file: without directories, and without what would harm where it is shown or saved. It is
     * never the name that the store uses.
     *
     * @return such as {@code holiday.jpg}
     */
    public Optional<String> fileName() {
        return Optional.ofNullable(fileName);
    }

    /**
     * The type that the client says it has.
     *
     * @return such as {@code image/jpeg}
     */
    public Optional<String> contentType() {
        return Optional.ofNullable(contentType);
    }

    /**
     * What the client says of it: the fields of {@code Upload-Metadata}, or of the form before the file.
     *
     * @return names and values, in order
     */
    public Map<String, String> metadata() {
        return metadata;
    }
}
