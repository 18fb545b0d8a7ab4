package dev.parley.sse;

import dev.parley.http.Response;
import dev.parley.http.SharedChunk;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Encoding;
import dev.parley.topic.Gap;
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

    /** What a stream begins with: bytes behind the head make proxies pass it on, so that the client hears that it is open. */
    ByteBuf opening(Duration retry, @Nullable String id);

    ByteBuf event(ServerSentEvent event);

    /** The subscription has gone on where the client was. */
    ByteBuf resumed(String id);

    /** Publications were lost. */
    ByteBuf gap(Gap gap, String id);

    /** For a stream that has been silent; with the id, if the client would not know it otherwise. */
    ByteBuf heartbeat(@Nullable String id);

    /** The server ends the stream, and the client should come back after a while. */
    ByteBuf leave(Duration retry);

    Encoding<SharedChunk> encoding();
}
