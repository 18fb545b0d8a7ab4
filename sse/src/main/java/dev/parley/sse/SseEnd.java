package dev.parley.sse;

import org.jspecify.annotations.Nullable;

/**
 * Why a client has no stream: one attempt is over, or the client is.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param reason what happened, as a program reads it
 * @param detail the same for people
 * @param status the status of the response, where it is the reason; else {@code null}
 * @param cause what was thrown, where something was; else {@code null}
 */
public record SseEnd(
        Reason reason,
        String detail,
        @Nullable Integer status,
        @Nullable Throwable cause) {

    /** What happened. Each reason either always leads to another attempt or never. */
    public enum Reason {
        /** The server ended the stream, as it may. The client comes back. */
        ENDED(false),
        /** The connection broke, or what came was not HTTP. The client comes back. */
        LOST(false),
        /** The response or the next byte of the stream did not come in time. The client comes back. */
        SILENT(false),
        /** The name, the connection or the TLS handshake failed, or took too long. The client comes back. */
        UNREACHABLE(false),
        /** The server can't at the moment: status 408, 425, 429 or 500 to 599. The client comes back. */
        UNAVAILABLE(false),
        /** The application had no request: its function failed or took too long. The client comes back. */
        NO_REQUEST(false),
        /** The server says that there is no more to come: status 204. Final. */
        NO_CONTENT(true),
        /**
         * The server answers, but never with an event stream: any other status, another content type, an encoding that was
         * not asked for, a redirect that can't be followed. Final.
         */
        REFUSED(true),
        /** An event was over {@link SseClient.Builder#maxEventBytes}. It would come again, so this is final. */
        TOO_LONG(true),
        /** A callback of the application failed. Final. */
        LISTENER_FAILED(true),
        /** {@link SseClient#close} was called, or the event loop was shut down. Final. */
        CLOSED(true);

        private final boolean isFinal;

        Reason(boolean isFinal) {
            this.isFinal = isFinal;
        }

        /**
         * Whether the client stops for this reason.
         *
         * @return {@code false} if another attempt follows
         */
        public boolean isFinal() {
            return isFinal;
        }
    }

    static SseEnd of(Reason reason, String detail) {
        return new SseEnd(reason, detail, null, null);
    }

    static SseEnd because(Reason reason, String detail, Throwable cause) {
        return new SseEnd(reason, detail + ": " + cause, null, cause);
    }
}
