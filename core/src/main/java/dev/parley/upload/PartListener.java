package dev.parley.upload;

import dev.parley.http.BodyListener;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletionStage;

/**
 * Receives the parts of a form as they come, as fast as it can take them: {@link Multipart#receive}.
 *
 * <p><b>States.</b> For each part {@link #onPart}, {@link #onData} any number of times, {@link #onPartEnd}; one part after the other, and
 * one call after the other. If the form does not come whole, {@link #onFailure} once, after which nothing more is called; it may come in the middle
 * of a part, and while a stage that was returned is not complete.
 *
 * <p><b>Threading.</b> Called on the connection's event loop, in order; must not block. The stages may be completed on any thread.
 *
 * <p><b>Backpressure.</b> The next call comes when the stage that the last one returned is complete. Until then nothing more of the body is
 * parsed, and at most the chunk at hand is held: a slow listener costs no memory. {@link BodyListener#READY} is ready at once.
 *
 * <p><b>Errors.</b> What a method throws, or what its stage fails with, ends the exchange as an exception of an endpoint would: a
 * {@link dev.parley.http.ProblemException} is answered with its problem. {@code onFailure} hears of that too.
 */
public interface PartListener {

    /**
     * A part begins.
     *
     * @param part what its head says
     * @return completes when its data may come
     * @throws Exception to end the exchange
     */
    CompletionStage<?> onPart(Part part) throws Exception;

    /**
     * The next bytes of the part.
     *
     * @param data never empty; it belongs to the caller, who releases it when this method has returned: whoever needs the bytes longer
     *     copies or retains them
     * @return completes when more may come
     * @throws Exception to end the exchange
     */
    CompletionStage<?> onData(ByteBuf data) throws Exception;

    /**
     * The part is complete.
     *
     * @return completes when the next part may come; ready unless this is overridden
     * @throws Exception to end the exchange
     */
    default CompletionStage<?> onPartEnd() throws Exception {
        return BodyListener.READY;
    }

    /**
     * The form will not be complete, so that what is half written can be deleted: the client is gone or too slow, or sent too much, or
     * what is no form, or this listener failed.
     *
     * @param cause what happened: what the stage of {@link Multipart#receive} fails with
     */
    void onFailure(Throwable cause);
}
