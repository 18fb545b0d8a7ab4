package dev.parley.http;

/** What became of something that was sent to a client: told by each send, so that no caller has to guess. */
public enum SendOutcome {
    /** Handed to the transport, which has room for more. */
    SENT,
    /** Accepted, but the client is behind: send no more until it can be written to again. */
    QUEUED,
    /** Not accepted, because as much is queued as the limit allows. Nothing was written. */
    DROPPED,
    /** Not accepted, because the stream is over. Nothing was written. */
    CLOSED
}
