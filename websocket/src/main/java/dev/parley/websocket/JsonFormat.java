package dev.parley.websocket;

import dev.parley.topic.Publication;
import dev.parley.websocket.codec.Opcode;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A publication as a JSON message: {@code {"type":"publication","payload":{"topic":…,"position":…,"event":…,"data":…}}}, with
 * {@code base64} in place of {@code data} for bytes.
 *
 * @param topic what the client knows the topic by; {@code null} if nobody has said
 */
record JsonFormat(@Nullable String topic) implements PublicationFormat {

    @Override
    public int opcode(Publication publication) {
        return Opcode.TEXT;
    }

    @Override
    public byte[] payload(String id, Publication publication) {
        return Json.message(
                "publication",
                null,
                Json.object(
                        "topic",
                        topic,
                        "position",
                        id,
                        "event",
                        publication.event(),
                        "data",
                        publication.isText() ? publication.text() : null,
                        "base64",
                        publication.isText() ? null : base64(publication)));
    }

    private static String base64(Publication publication) {
        return Base64.getEncoder().encodeToString(publication.payload());
    }
}
