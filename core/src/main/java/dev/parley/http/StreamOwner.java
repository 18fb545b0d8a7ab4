package dev.parley.http;

/**
 * What a response stream belongs to: its exchange, or what is left of that during a long answer.
 *
 * <p>Confined to the event loop, except {@link #fail}.
 */
interface StreamOwner {

    /** Of the event loop that all of this is confined to. */
    Loop loop();

    /** Who hears of the end, and when what is called. */
    Life life();

    /** Runs a callback of the application; what it throws is a {@linkplain #fail failure}. */
    default void call(Runnable callback) {
        try {
            callback.run();
        } catch (Throwable t) {
            fail(t);
        }
    }

    /** Something went wrong: it is logged, and the stream cut off. */
    void fail(Throwable failure);

    /** All of the answer was handed to the wire, or can't be. Only the first call counts. */
    void end(EndReason reason);

    /** Cuts the answer off so that the client can tell, and ends. */
    void cutOff(EndReason reason);
}
