package dev.parley.sse;

import dev.parley.http.Response;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Gap;
import dev.parley.topic.Publication;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a stream of events is written. What a method returns is a buffer that its caller releases.
 *
 * <p>Thread-safe.
 */
interface StreamFormat {

    Response head();

    /** Whether a request's {@code Accept} allows this. */
    boolean isAcceptedBy(List<String> accept);

    /** The answer to a request whose {@code Accept} does not. */
    Response notAcceptable();

    /** How long to wait before coming back. A stream begins with it: bytes behind the head make proxies pass that on. */
    ByteBuf retry(Duration retry);

    /** Where the client is now, so that it comes back to there. */
    ByteBuf place(String id);

    ByteBuf event(ServerSentEvent event);

    /** The subscription has gone on where the client was. */
    ByteBuf resumed(String id);

    /** Publications were lost; without the id where the client has to hear more before it is behind the gap. */
    ByteBuf gap(Gap gap, @Nullable String id);

    /** For a stream that has been silent. */
    ByteBuf heartbeat();

    /**
     * Writes a publication behind what a buffer holds.
     *
     * @param id what a client resumes from that has heard it
     */
    void publication(String id, Publication publication, ByteBuf out);

    /** What a publication takes besides its payload, about. */
    int overheadBytes();
}
