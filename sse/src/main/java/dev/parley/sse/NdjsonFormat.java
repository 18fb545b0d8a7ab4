package dev.parley.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Gap;
import dev.parley.topic.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * {@code application/x-ndjson}: one JSON object in each line, for those who read a stream with {@code fetch}. The members are
 * those of an event stream.
 *
 * <pre>
 * {"id":"k3f9x2a-42","event":"name","data":"text"}   a publication; "base64" in place of "data" for bytes
 * {"id":"k3f9x2a-42"}                                a place
 * {}                                                 a heartbeat
 * {"id":"…","event":"parley:gap","gap":{…}}          what happened to the subscription
 * {"retry":3000}                                     how long to wait before coming back
 * </pre>
 */
final class NdjsonFormat implements StreamFormat {
    static final NdjsonFormat INSTANCE = new NdjsonFormat();

    private static final Response HEAD = Response.of(200)
            .header("Content-Type", "application/x-ndjson")
            .header("Cache-Control", "no-store, no-transform")
            .header("X-Accel-Buffering", "no")
            .header("X-Content-Type-Options", "nosniff");

    private static final Response NOT_ACCEPTABLE =
            Response.problem(Problem.of(406, "this resource is NDJSON: Accept must allow application/x-ndjson"));

    private static final byte[] HEARTBEAT = "{}\n".getBytes(US_ASCII);
    /** What the members around the data take, about. */
    private static final int MEMBERS_BYTES = 64;

    private NdjsonFormat() {}

    @Override
    public Response head() {
        return HEAD;
    }

    @Override
    public boolean isAcceptedBy(List<String> accept) {
        return Accept.allows(accept, "application", "x-ndjson");
    }

    @Override
    public Response notAcceptable() {
        return NOT_ACCEPTABLE;
    }

    @Override
    public ByteBuf retry(Duration retry) {
        return line(json -> json.writeNumberProperty("retry", retry.toMillis()));
    }

    @Override
    public ByteBuf place(String id) {
        return line(json -> json.writeStringProperty("id", id));
    }

    @Override
    public ByteBuf event(ServerSentEvent event) {
        return line(json -> {
            Json.optional(json, "id", event.id());
            Json.optional(json, "event", event.event());
            Json.optional(json, "data", event.data());
            if (event.retry() != null) {
                json.writeNumberProperty("retry", event.retry().toMillis());
            }
            Json.optional(json, "comment", event.comment());
        });
    }

    @Override
    public ByteBuf resumed(String id) {
        return line(json -> {
            json.writeStringProperty("id", id);
            json.writeStringProperty("event", "parley:resumed");
        });
    }

    @Override
    public ByteBuf gap(Gap gap, @Nullable String id) {
        return line(json -> {
            Json.optional(json, "id", id);
            json.writeStringProperty("event", gap.isReset() ? "parley:reset" : "parley:gap");
            json.writeObjectPropertyStart("gap");
            Json.gap(json, gap);
            json.writeEndObject();
        });
    }

    @Override
    public ByteBuf heartbeat() {
        return Unpooled.wrappedBuffer(HEARTBEAT);
    }

    @Override
    public void publication(String id, Publication publication, ByteBuf out) {
        String line = Json.object(json -> {
            json.writeStringProperty("id", id);
            Json.optional(json, "event", publication.event());
            if (publication.isText()) {
                json.writeStringProperty("data", publication.text());
            } else {
                json.writeStringProperty("base64", Base64.getEncoder().encodeToString(publication.payload()));
            }
        });
        out.writeBytes(line.getBytes(UTF_8)).writeByte('\n');
    }

    @Override
    public int overheadBytes() {
        return MEMBERS_BYTES;
    }

    private static ByteBuf line(Consumer<JsonGenerator> members) {
        return Unpooled.wrappedBuffer((Json.object(members) + "\n").getBytes(UTF_8));
    }
}
