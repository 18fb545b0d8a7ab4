package dev.parley.upload;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code Upload-Metadata} (<a href="https://tus.io/protocols/resumable-upload#upload-metadata">tus 1.0.0</a>): names and
 * values, {@code filename cGhvdG8uanBn,public}.
 */
final class TusMetadata {
    private static final int MAX_ENTRIES = 100;
    private static final int MAX_CHARS = 8 * 1024;

    private TusMetadata() {}

    /** The names and values, in order; a name without a value has the empty one. */
    static Map<String, String> parse(String field) {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (field.isBlank()) {
            return metadata;
        }
        if (field.length() > MAX_CHARS) {
            throw Fields.wrong(
                    "Upload-Metadata: " + field.length() + " characters (expected: " + MAX_CHARS + " at most)");
        }
        for (String entry : field.split(",", -1)) {
            String[] pair = entry.strip().split(" ", -1);
            if (pair.length > 2 || pair[0].isEmpty() || !pair[0].chars().allMatch(c -> c > ' ' && c < 0x7F)) {
                throw Fields.wrong("Upload-Metadata (expected: name SP base64, ...)");
            }
            if (metadata.size() == MAX_ENTRIES
                    || metadata.put(pair[0], pair.length == 1 ? "" : decoded(pair[1])) != null) {
                throw Fields.wrong("Upload-Metadata (expected: each name once, and " + MAX_ENTRIES + " at most)");
            }
        }
        return metadata;
    }

    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), UTF_8);
        } catch (IllegalArgumentException e) {
            throw Fields.wrong("Upload-Metadata (expected: name SP base64, ...)");
        }
    }
}
