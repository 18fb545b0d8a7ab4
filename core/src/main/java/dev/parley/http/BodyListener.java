package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Receives a request's body in chunks, as fast as it can take them.
 *
 * <p><b>States.</b> {@link #onChunk} any number of times, one after the other, then exactly one of {@link #onEnd} and
 * {@link #onFailure}.
 *
 * <p><b>Threading.</b> Called on the connection's event loop, in order; must not block.
 *
 * <p><b>Backpressure.</b> The next chunk comes when the stage that {@code onChunk} returned is complete. Until then the
 * socket is not read (HTTP/1.1) or the stream's window is not opened (HTTP/2), so a slow listener costs no memory.
 */
public interface BodyListener {

    /** What {@link #onChunk} returns when it is ready for the next chunk at once. */
    CompletionStage<Void> READY = CompletableFuture.completedStage(null);

    /**
     * The next bytes of the body.
     *
     * @param chunk never empty; it belongs to the caller, who releases it when this method has returned: whoever
     *     needs the bytes longer copies or retains them
     * @return completes when the next chunk may come; completing it with a failure ends the exchange as an exception
     *     of the endpoint would
     * @throws Exception to end the exchange as an exception of the endpoint would
     */
    CompletionStage<?> onChunk(ByteBuf chunk) throws Exception;

    /**
     * The body is complete.
     *
     * @param trailers the trailer section, empty where there was none
     * @throws Exception to end the exchange as an exception of the endpoint would
     */
    void onEnd(HttpHeaders trailers) throws Exception;

    /**
     * The body will not be complete: the client is gone or broke the framing, was too slow ({@link java.net.SocketTimeoutException}), or
     * sent more than the limit ({@link ProblemException} with status 413). What has a status has been answered already.
     *
     * @param cause what happened
     */
    void onFailure(Throwable cause);
}
