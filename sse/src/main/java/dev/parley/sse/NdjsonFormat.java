package dev.parley.sse;

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
import org.jspecify.annotations.Nullable;

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
        return line("{\"retry\":" + retry.toMillis() + "}");
    }

    @Override
    public ByteBuf place(String id) {
        return line("{\"id\":" + Json.quote(id) + "}");
    }

    @Override
    public ByteBuf event(ServerSentEvent event) {
        StringBuilder members = new StringBuilder();
        if (event.id() != null) {
            members.append(",\"id\":").append(Json.quote(event.id()));
        }
        if (event.event() != null) {
            members.append(",\"event\":").append(Json.quote(event.event()));
        }
        if (event.data() != null) {
            members.append(",\"data\":").append(Json.quote(event.data()));
        }
        if (event.retry() != null) {
            members.append(",\"retry\":").append(event.retry().toMillis());
        }
        if (event.comment() != null) {
            members.append(",\"comment\":").append(Json.quote(event.comment()));
        }
        return line("{" + members.substring(1) + "}");
    }

    @Override
    public ByteBuf resumed(String id) {
        return line("{\"id\":" + Json.quote(id) + ",\"event\":\"parley:resumed\"}");
    }

    @Override
    public ByteBuf gap(Gap gap, @Nullable String id) {
        return line("{" + (id == null ? "" : "\"id\":" + Json.quote(id) + ",") + "\"event\":\""
                + (gap.isReset() ? "parley:reset" : "parley:gap") + "\",\"gap\":" + Json.gap(gap) + "}");
    }

    @Override
    public ByteBuf heartbeat() {
        return line("{}");
    }

    private static ByteBuf line(String json) {
        return Unpooled.wrappedBuffer((json + "\n").getBytes(UTF_8));
    }

    @Override
    public void publication(String id, Publication publication, ByteBuf out) {
        StringBuilder line = new StringBuilder(publication.payload().length + MEMBERS_BYTES);
        line.append("{\"id\":\"").append(id).append('"');
        if (publication.event() != null) {
            line.append(",\"event\":").append(Json.quote(publication.event()));
        }
        if (publication.isText()) {
            line.append(",\"data\":").append(Json.quote(publication.text()));
        } else {
            line.append(",\"base64\":\"")
                    .append(Base64.getEncoder().encodeToString(publication.payload()))
                    .append('"');
        }
        out.writeBytes(line.append("}\n").toString().getBytes(UTF_8));
    }

    @Override
    public int overheadBytes() {
        return MEMBERS_BYTES;
    }
}
