package dev.parley.testkit;

import io.netty.handler.codec.http.HttpHeaders;

/** What a client can do with one exchange, or with a bare connection: how HTTP/1.1, HTTP/2 and bytes differ. */
interface ClientStream {

    /** Sends a part of the body, or plain bytes where no HTTP is spoken (any more). */
    void send(byte[] bytes);

    /** Ends what the client sends. */
    void end(HttpHeaders trailers);

    /** Is gone without a word: the connection (HTTP/1.1) or the stream (HTTP/2). */
    void cut();

    /** Reads no more. */
    void stall();

    /** Reads again. */
    void resume();
}
