package dev.parley.upload;

import dev.parley.upload.UploadDigest.Algorithm;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is known of an upload besides its bytes: the record that an {@link UploadStore} keeps, as JSON.
 *
 * @param about what was said when it was created
 * @param length the length in bytes, or -1 while it is not known
 * @param expires until when it may be resumed
 * @param unchecked from where on a request with a checksum has appended bytes that have not been compared to it yet, or -1: after a crash they are
 *     cut off
 * @param stage how far it is
 * @param answer what was answered when it was complete
 */
record UploadState(
        About about,
        long length,
        Instant expires,
        long unchecked,
        Stage stage,
        @Nullable KeptResponse answer) {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int VERSION = 1;

    /** How far an upload is. */
    enum Stage {
        /** Bytes are missing. */
        RECEIVING,
        /** All bytes are there; the application has not said that it is done with it. */
        COMPLETING,
        /** It is complete. */
        DONE
    }

    /**
     * What was said of an upload when it was created.
     *
     * @param created when
     * @param fileName the name that the client gives the file, safe to be shown
     * @param contentType the type that the client says it has
     * @param metadata what the client said of it
     * @param tusMetadata {@code Upload-Metadata} as it came
     * @param tusConcat {@code Upload-Concat} as it came
     * @param owner whose it is
     * @param maxLength how long it may be, in bytes
     * @param token by which it may be watched
     * @param digest what the whole must come to
     */
    record About(
            Instant created,
            @Nullable String fileName,
            @Nullable String contentType,
            Map<String, String> metadata,
            @Nullable String tusMetadata,
            @Nullable String tusConcat,
            @Nullable String owner,
            long maxLength,
            String token,
            @Nullable UploadDigest digest) {
        About {
            metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        }

        boolean isPartial() {
            return "partial".equals(tusConcat);
        }
    }

    /** Whether it is to be given up when nobody works on it: a part of what is to be put together is for that only. */
    boolean mayExpire() {
        return stage != Stage.DONE || about.isPartial();
    }

    UploadState length(long known) {
        return new UploadState(about, known, expires, unchecked, stage, answer);
    }

    UploadState expires(Instant later) {
        return new UploadState(about, length, later, unchecked, stage, answer);
    }

    UploadState unchecked(long from) {
        return new UploadState(about, length, expires, from, stage, answer);
    }

    UploadState stage(Stage next) {
        return new UploadState(about, length, expires, unchecked, next, answer);
    }

    UploadState done(@Nullable KeptResponse response) {
        return new UploadState(about, length, expires, -1, Stage.DONE, response);
    }

    byte[] toJson() {
        ObjectNode json = JSON.createObjectNode()
                .put("version", VERSION)
                .put("stage", stage.name())
                .put("created", about.created.toString())
                .put("expires", expires.toString())
                .put("maxLength", about.maxLength)
                .put("token", about.token);
        if (length >= 0) {
            json.put("length", length);
        }
        if (unchecked >= 0) {
            json.put("unchecked", unchecked);
        }
        put(json, "fileName", about.fileName);
        put(json, "contentType", about.contentType);
        put(json, "tusMetadata", about.tusMetadata);
        put(json, "tusConcat", about.tusConcat);
        put(json, "owner", about.owner);
        if (!about.metadata.isEmpty()) {
            ObjectNode metadata = json.putObject("metadata");
            about.metadata.forEach(metadata::put);
        }
        if (about.digest != null) {
            json.putObject("digest")
                    .put("algorithm", about.digest.algorithm().name())
                    .put("expected", about.digest.expected());
        }
        if (answer != null) {
            answer.addTo(json.putObject("answer"));
        }
        return JSON.writeValueAsBytes(json);
    }

    private static void put(ObjectNode json, String name, @Nullable String value) {
        if (value != null) {
            json.put(name, value);
        }
    }

    static UploadState parse(byte[] record) throws IOException {
        try {
            JsonNode json = JSON.readTree(record);
            if (json.path("version").asInt(0) != VERSION) {
                throw new IOException(
                        "the record of an upload has another version than " + VERSION + ": " + json.path("version"));
            }
            Map<String, String> metadata = new LinkedHashMap<>();
            json.path("metadata")
                    .properties()
                    .forEach(entry ->
                            metadata.put(entry.getKey(), entry.getValue().asString()));
            JsonNode digest = json.path("digest");
            About about = new About(
                    Instant.parse(json.get("created").asString()),
                    text(json, "fileName"),
                    text(json, "contentType"),
                    metadata,
                    text(json, "tusMetadata"),
                    text(json, "tusConcat"),
                    text(json, "owner"),
                    json.get("maxLength").asLong(),
                    json.get("token").asString(),
                    digest.isMissingNode()
                            ? null
                            : new UploadDigest(
                                    Algorithm.valueOf(digest.get("algorithm").asString()),
                                    digest.get("expected").binaryValue()));
            return new UploadState(
                    about,
                    json.path("length").asLong(-1),
                    Instant.parse(json.get("expires").asString()),
                    json.path("unchecked").asLong(-1),
                    Stage.valueOf(json.get("stage").asString()),
                    json.has("answer") ? KeptResponse.parse(json.get("answer")) : null);
        } catch (JacksonException | DateTimeException | IllegalArgumentException | NullPointerException e) {
            throw new IOException("the record of an upload can't be read: " + record.length + " bytes", e);
        }
    }

    private static @Nullable String text(JsonNode json, String name) {
        return json.has(name) ? json.get(name).asString() : null;
    }
}
