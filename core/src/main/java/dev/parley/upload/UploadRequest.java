package dev.parley.upload;

import dev.parley.http.Exchange;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ShortBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A wish to upload: what the application decides on before anything is stored. Its length, names, type and metadata are what the
 * client says, and not to be believed.
 *
 * <p><b>Threading.</b> Immutable, but for the exchange.
 */
public final class UploadRequest {
    private final Exchange exchange;
    private final String client;
    private final String id;
    private final String progressToken;
    private final long length;
    private final @Nullable String fileName;
    private final @Nullable String contentType;
    private final Map<String, String> metadata;

    UploadRequest(
            Exchange exchange,
            String id,
            String progressToken,
            long length,
            @Nullable String fileName,
            @Nullable String contentType,
            Map<String, String> metadata) {
        this.exchange = exchange;
        this.client = clientOf(exchange.peerAddress().getAddress());
        this.id = id;
        this.progressToken = progressToken;
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
     * The client's address, as uploads that have no owner are counted: {@link Exchange#peerAddress} without its port, and of IPv6 the first 64
     * bits, as a household has all that are behind them. So {@code accept().owner(upload.client())} makes it the owner, for which the bytes
     * count too, and which is written down.
     *
     * @return such as {@code 192.0.2.7} or {@code 2001:db8:0:7::/64}
     */
    public String client() {
        return client;
    }

    static String clientOf(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            return address.getHostAddress();
        }
        ShortBuffer groups = ByteBuffer.wrap(bytes).asShortBuffer();
        StringBuilder network = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            network.append(Integer.toHexString(Short.toUnsignedInt(groups.get(i))))
                    .append(':');
        }
        return network.append(":/64").toString();
    }

    /**
     * The id that the upload will have, once it is accepted and there is room for it.
     *
     * @return what {@link Upload#id} will be
     */
    public String id() {
        return id;
    }

    /**
     * What one will have to show to see its progress. To hand on id and token here lets others watch even what is not named to its client before all
     * of it has come, which is a plain body or a file of a form. Until this decision is made there is nothing to be seen: 404.
     *
     * @return what {@link Upload#progressToken} will be
     */
    public String progressToken() {
        return progressToken;
    }

    /**
     * The name of the topic on which its progress will be published, where the endpoint has topics.
     *
     * @return what {@link Upload#progressTopic} will be
     */
    public String progressTopic() {
        return Uploads.topicOf(id);
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
