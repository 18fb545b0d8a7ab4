package dev.parley.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.sse.codec.EventStreamEncoder;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Gap;
import dev.parley.topic.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code text/event-stream}.
 *
 * <pre>
 * id: k3f9x2a-42 LF  event: name LF  data: text LF  LF      a publication
 * id: k3f9x2a-42 LF  LF                                     a place: sets the last event id, and dispatches nothing
 * event: parley:gap LF  id: … LF  data: {…} LF  LF          what happened to the subscription
 * : LF  LF                                                  a heartbeat
 * </pre>
 */
final class EventStreamFormat implements StreamFormat {
    static final EventStreamFormat INSTANCE = new EventStreamFormat();

    /**
     * No {@code charset}: the format is UTF-8 and nothing else, clients ignore the parameter, and some compare the whole
     * value.
     */
    private static final Response HEAD = Response.of(200)
            .header("Content-Type", "text/event-stream")
            .header("Cache-Control", "no-store, no-transform") // who compresses on the way may hold events back
            .header("X-Accel-Buffering", "no");

    private static final Response NOT_ACCEPTABLE =
            Response.problem(Problem.of(406, "this resource is an event stream: Accept must allow text/event-stream"));

    private static final byte[] HEARTBEAT = ":\n\n".getBytes(US_ASCII);
    /** What the fields around the data take, about. */
    private static final int FIELDS_BYTES = 48;

    private EventStreamFormat() {}

    @Override
    public Response head() {
        return HEAD;
    }

    @Override
    public boolean isAcceptedBy(List<String> accept) {
        return Accept.allows(accept, "text", "event-stream");
    }

    @Override
    public Response notAcceptable() {
        return NOT_ACCEPTABLE;
    }

    @Override
    public ByteBuf retry(Duration retry) {
        return event(ServerSentEvent.builder().retry(retry).build());
    }

    @Override
    public ByteBuf place(String id) {
        return event(ServerSentEvent.builder().id(id).build());
    }

    @Override
    public ByteBuf event(ServerSentEvent event) {
        return EventStreamEncoder.encode(event, ByteBufAllocator.DEFAULT);
    }

    @Override
    public ByteBuf resumed(String id) {
        return notice("parley:resumed", "{}", id);
    }

    @Override
    public ByteBuf gap(Gap gap, @Nullable String id) {
        return notice(gap.isReset() ? "parley:reset" : "parley:gap", Json.object(json -> Json.gap(json, gap)), id);
    }

    private ByteBuf notice(String name, String json, @Nullable String id) {
        return event(new ServerSentEvent(id, name, json, null, null));
    }

    @Override
    public ByteBuf heartbeat() {
        return Unpooled.wrappedBuffer(HEARTBEAT);
    }

    @Override
    public void publication(String id, Publication publication, ByteBuf out) {
        byte[] payload = publication.payload();
        byte[] data = publication.isText() ? payload : Base64.getEncoder().encode(payload);
        EventStreamEncoder.encode(id, publication.event(), data, out);
    }

    @Override
    public int overheadBytes() {
        return FIELDS_BYTES;
    }
}
