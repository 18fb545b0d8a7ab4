package dev.parley.http;

/** Why an exchange ended. */
public enum EndReason {
    /** It was answered in full. */
    COMPLETED,
    /** The client went away, or reset the stream, before the answer was complete. */
    CLIENT_GONE,
    /** The client was too slow: its request did not arrive, or its answer was not read, in time. */
    TIMEOUT,
    /** The server closed while the exchange was open. */
    SHUTDOWN,
    /** The request broke the protocol, or the endpoint failed or aborted after its answer had begun. */
    ERROR
}
