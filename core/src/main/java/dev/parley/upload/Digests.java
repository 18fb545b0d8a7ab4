package dev.parley.upload;

import dev.parley.http.Response;
import dev.parley.upload.UploadDigest.Algorithm;
import dev.parley.upload.UploadState.Stage;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code Repr-Digest} and {@code Content-Digest} (<a href="https://www.rfc-editor.org/rfc/rfc9530">RFC 9530</a>): dictionaries of
 * structured fields, whose values are byte sequences, {@code sha-256=:base64:}.
 */
final class Digests {
    private Digests() {}

    /** What a whole body must come to: its representation's digest, or else its own. */
    static Optional<UploadDigest> stated(HttpHeaders headers) {
        Optional<UploadDigest> whole = strongest(headers, "Repr-Digest");
        return whole.isPresent() ? whole : strongest(headers, "Content-Digest");
    }

    /** The strongest digest of a field that is known here; empty if there is none, as others are to be ignored. */
    static Optional<UploadDigest> strongest(HttpHeaders headers, String name) {
        Map<String, String> members = new LinkedHashMap<>();
        List<String> values = headers.getAll(name);
        for (String value : values) {
            for (String member : value.split(",", -1)) {
                int equals = member.indexOf('=');
                if (equals > 0) {
                    members.put(
                            member.substring(0, equals).strip(),
                            member.substring(equals + 1).strip());
                }
            }
        }
        for (Algorithm algorithm : Algorithm.values()) {
            String value = members.get(algorithm.fieldName());
            if (value != null) {
                return Optional.of(new UploadDigest(algorithm, bytes(name, algorithm, value)));
            }
        }
        return Optional.empty();
    }

    /**
     * Tells the digest that a complete upload has been compared to, if it came with one. It costs nothing, so it is told unasked; to {@code
     * Want-Repr-Digest} that names another algorithm too, as that is a wish and no condition (RFC 9530 section 4).
     */
    static Response told(Response response, UploadState state) {
        UploadDigest digest = state.about().digest();
        return digest == null || state.stage() != Stage.DONE
                ? response
                : response.header("Repr-Digest", digest.toField());
    }

    private static byte[] bytes(String name, Algorithm algorithm, String value) {
        if (value.length() > 2 && value.startsWith(":") && value.endsWith(":")) {
            try {
                byte[] bytes = Base64.getDecoder().decode(value.substring(1, value.length() - 1));
                if (bytes.length == algorithm.bytes()) {
                    return bytes;
                }
            } catch (IllegalArgumentException e) {
                // told below
            }
        }
        throw Fields.wrong(
                name + " (expected: " + algorithm.fieldName() + "=:base64 of " + algorithm.bytes() + " bytes:)");
    }
}
