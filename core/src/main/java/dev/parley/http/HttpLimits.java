package dev.parley.http;

import java.time.Duration;

/**
 * What one connection and one exchange may use.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * <table>
 * <caption>Limits, defaults and outcomes</caption>
 * <tr><th>limit</th><th>default</th><th>outcome when it is passed</th></tr>
 * <tr><td>{@link #maxUriBytes}</td><td>8 KiB</td><td>414, the connection is closed</td></tr>
 * <tr><td>{@link #maxHeaderBytes}</td><td>16 KiB</td><td>431, the connection is closed</td></tr>
 * <tr><td>{@link #maxBodyBytes}</td><td>1 MiB</td><td>413, the connection is closed if the body is not read to its end</td></tr>
 * <tr><td>{@link #maxGatheredBytes}</td><td>a quarter of the heap</td><td>503, and what still comes of the body is thrown away</td></tr>
 * <tr><td>{@link #maxPipelined}</td><td>16</td><td>the socket is not read until an answer is out</td></tr>
 * <tr><td>{@link #maxQueuedBytes}</td><td>1 MiB</td><td>{@link SendOutcome#DROPPED}</td></tr>
 * <tr><td>{@link #headerTimeout}</td><td>10 s</td><td>408, the connection is closed</td></tr>
 * <tr><td>{@link #bodyTimeout}, {@link #minBodyBytesPerSecond}</td><td>10 s, 240</td><td>408, the connection is closed</td></tr>
 * <tr><td>{@link #http2StreamWindowBytes}, {@link #http2ConnectionWindowBytes}</td><td>1 MiB, 4 MiB</td><td>the client waits (RFC 9113 section 5.2)</td></tr>
 * <tr><td>{@link #http2MaxStreamWindowBytes}</td><td>16 MiB</td><td>the window of an upload that is taken fast is opened no further</td></tr>
 * <tr><td>{@link #http2MaxStreams}</td><td>100</td><td>the stream is refused (RFC 9113 section 5.1.2)</td></tr>
 * <tr><td>{@link #idleTimeout}</td><td>60 s</td><td>the connection is closed</td></tr>
 * <tr><td>{@link #writeTimeout}</td><td>120 s</td><td>the connection is closed</td></tr>
 * <tr><td>{@link #lingerTimeout}</td><td>2 s</td><td>the connection is closed, after 15 times as long in any case</td></tr>
 * </table>
 *
 * @param maxUriBytes the longest request line's target, in bytes
 * @param maxHeaderBytes the largest header section, and the largest trailer section, in bytes
 * @param maxBodyBytes the largest request body, in bytes; {@link Exchange#maxBodyBytes} overrides it
 * @param maxGatheredBytes what bodies that are read whole may take while they are on their way, over all connections, in bytes; one that
 *     came with its head is not on its way, and one that is read in chunks is never gathered
 * @param maxPipelined requests of one HTTP/1.1 connection that wait behind the one being answered
 * @param maxQueuedBytes bytes of one streamed response that wait for the client
 * @param http2StreamWindowBytes what a client may send on one HTTP/2 stream before it is read
 * @param http2ConnectionWindowBytes what a client may send on all streams of a connection before it is read; Netty opens it
 *     to about twice the stream's window by itself, so less than that has no effect
 * @param http2MaxStreamWindowBytes how far the window of a stream is opened while a {@link BodyListener} takes a whole body of it as fast as it
 *     comes, so that its rate is not bound by the window and the way to the client: 16 MiB at 50 ms are 320 MB a second. The window of the connection is
 *     opened by as much, and closed again at the end of the stream; all streams of a connection together are opened by no more than one may be. So
 *     what a client may send on a connection before it is read is at most {@code http2ConnectionWindowBytes + http2MaxStreamWindowBytes -
 *     http2StreamWindowBytes}: 19 MiB by default. With less than {@code http2StreamWindowBytes} none is opened further
 * @param http2MaxStreams streams that may be open on one HTTP/2 connection
 * @param headerTimeout from the first byte of a request (on a new connection: from its start, or from the end of the TLS handshake,
 *     which may take as long) to the end of its headers
 * @param bodyTimeout the span over which the rate of a body is measured, while the server is willing to read
 * @param minBodyBytesPerSecond the least rate of a body over each {@code bodyTimeout}
 * @param idleTimeout how long a connection may stay open without a request
 * @param writeTimeout how long bytes may wait without the client reading any of them
 * @param lingerTimeout how long a client may be silent that was told that the connection ends before it had sent all: until then what it
 *     sends is read and thrown away, as a reset would cost it the last answer (RFC 9112 section 9.6)
 */
public record HttpLimits(
        int maxUriBytes,
        int maxHeaderBytes,
        long maxBodyBytes,
        long maxGatheredBytes,
        int maxPipelined,
        int maxQueuedBytes,
        int http2StreamWindowBytes,
        int http2ConnectionWindowBytes,
        int http2MaxStreamWindowBytes,
        int http2MaxStreams,
        Duration headerTimeout,
        Duration bodyTimeout,
        int minBodyBytesPerSecond,
        Duration idleTimeout,
        Duration writeTimeout,
        Duration lingerTimeout) {

    /** The limits that hold where nobody sets others. */
    public static final HttpLimits DEFAULT = builder().build();

    /**
     * Checks each limit.
     *
     * @param maxUriBytes 1 or more
     * @param maxHeaderBytes 1 or more
     * @param maxBodyBytes 0 or more
     * @param maxGatheredBytes 1 or more
     * @param maxPipelined 1 or more
     * @param maxQueuedBytes 1 or more
     * @param http2StreamWindowBytes 65,535 or more
     * @param http2ConnectionWindowBytes 65,535 or more
     * @param http2MaxStreamWindowBytes 0 or more
     * @param http2MaxStreams 1 or more
     * @param headerTimeout more than 0
     * @param bodyTimeout more than 0
     * @param minBodyBytesPerSecond 0 or more
     * @param idleTimeout more than 0
     * @param writeTimeout more than 0
     * @param lingerTimeout more than 0
     */
    public HttpLimits {
        atLeast("maxUriBytes", maxUriBytes, 1);
        atLeast("maxHeaderBytes", maxHeaderBytes, 1);
        atLeast("maxBodyBytes", maxBodyBytes, 0);
        atLeast("maxGatheredBytes", maxGatheredBytes, 1);
        atLeast("maxPipelined", maxPipelined, 1);
        atLeast("maxQueuedBytes", maxQueuedBytes, 1);
        atLeast("http2StreamWindowBytes", http2StreamWindowBytes, 65_535);
        atLeast("http2ConnectionWindowBytes", http2ConnectionWindowBytes, 65_535);
        atLeast("http2MaxStreamWindowBytes", http2MaxStreamWindowBytes, 0);
        atLeast("http2MaxStreams", http2MaxStreams, 1);
        atLeast("minBodyBytesPerSecond", minBodyBytesPerSecond, 0);
        positive("headerTimeout", headerTimeout);
        positive("bodyTimeout", bodyTimeout);
        positive("idleTimeout", idleTimeout);
        positive("writeTimeout", writeTimeout);
        positive("lingerTimeout", lingerTimeout);
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + least + ")");
        }
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
        }
    }

    /**
     * Begins with the defaults.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds {@link HttpLimits}. Not thread-safe. */
    public static final class Builder {
        /** What the smallest heap is asked for: some bodies of the default limit. */
        private static final long LEAST_GATHERED_BYTES = 8L * 1024 * 1024;

        private int maxUriBytes = 8 * 1024;
        private int maxHeaderBytes = 16 * 1024;
        private long maxBodyBytes = 1024 * 1024;
        private long maxGatheredBytes =
                Math.max(LEAST_GATHERED_BYTES, Runtime.getRuntime().maxMemory() / 4);
        private int maxPipelined = 16;
        private int maxQueuedBytes = 1024 * 1024;
        private int http2StreamWindowBytes = 1024 * 1024;
        private int http2ConnectionWindowBytes = 4 * 1024 * 1024;
        private int http2MaxStreamWindowBytes = 16 * 1024 * 1024;
        private int http2MaxStreams = 100;
        private Duration headerTimeout = Duration.ofSeconds(10);
        private Duration bodyTimeout = Duration.ofSeconds(10);
        private int minBodyBytesPerSecond = 240;
        private Duration idleTimeout = Duration.ofSeconds(60);
        private Duration writeTimeout = Duration.ofMinutes(2);
        private Duration lingerTimeout = Duration.ofSeconds(2);

        private Builder() {}

        /**
         * Sets {@link HttpLimits#maxUriBytes}.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxUriBytes(int bytes) {
            atLeast("maxUriBytes", bytes, 1);
            maxUriBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#maxHeaderBytes}.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxHeaderBytes(int bytes) {
            atLeast("maxHeaderBytes", bytes, 1);
            maxHeaderBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#maxBodyBytes}.
         *
         * @param bytes 0 or more
         * @return this builder
         */
        public Builder maxBodyBytes(long bytes) {
            atLeast("maxBodyBytes", bytes, 0);
            maxBodyBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#maxGatheredBytes}.
         *
         * @param bytes 1 or more; default a quarter of the heap, and 8 MiB at least
         * @return this builder
         */
        public Builder maxGatheredBytes(long bytes) {
            atLeast("maxGatheredBytes", bytes, 1);
            maxGatheredBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#maxPipelined}.
         *
         * @param requests 1 or more
         * @return this builder
         */
        public Builder maxPipelined(int requests) {
            atLeast("maxPipelined", requests, 1);
            maxPipelined = requests;
            return this;
        }

        /**
         * Sets {@link HttpLimits#maxQueuedBytes}.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxQueuedBytes(int bytes) {
            atLeast("maxQueuedBytes", bytes, 1);
            maxQueuedBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#http2StreamWindowBytes}.
         *
         * @param bytes 65,535 or more
         * @return this builder
         */
        public Builder http2StreamWindowBytes(int bytes) {
            atLeast("http2StreamWindowBytes", bytes, 65_535);
            http2StreamWindowBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#http2ConnectionWindowBytes}.
         *
         * @param bytes 65,535 or more
         * @return this builder
         */
        public Builder http2ConnectionWindowBytes(int bytes) {
            atLeast("http2ConnectionWindowBytes", bytes, 65_535);
            http2ConnectionWindowBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#http2MaxStreamWindowBytes}.
         *
         * @param bytes 0 or more; 0 to leave every window as it is
         * @return this builder
         */
        public Builder http2MaxStreamWindowBytes(int bytes) {
            atLeast("http2MaxStreamWindowBytes", bytes, 0);
            http2MaxStreamWindowBytes = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#http2MaxStreams}.
         *
         * @param streams 1 or more
         * @return this builder
         */
        public Builder http2MaxStreams(int streams) {
            atLeast("http2MaxStreams", streams, 1);
            http2MaxStreams = streams;
            return this;
        }

        /**
         * Sets {@link HttpLimits#headerTimeout}.
         *
         * @param timeout more than 0
         * @return this builder
         */
        public Builder headerTimeout(Duration timeout) {
            positive("headerTimeout", timeout);
            headerTimeout = timeout;
            return this;
        }

        /**
         * Sets {@link HttpLimits#bodyTimeout}.
         *
         * @param timeout more than 0
         * @return this builder
         */
        public Builder bodyTimeout(Duration timeout) {
            positive("bodyTimeout", timeout);
            bodyTimeout = timeout;
            return this;
        }

        /**
         * Sets {@link HttpLimits#minBodyBytesPerSecond}.
         *
         * @param bytes 0 or more; with 0, one byte in each {@code bodyTimeout} is enough
         * @return this builder
         */
        public Builder minBodyBytesPerSecond(int bytes) {
            atLeast("minBodyBytesPerSecond", bytes, 0);
            minBodyBytesPerSecond = bytes;
            return this;
        }

        /**
         * Sets {@link HttpLimits#idleTimeout}.
         *
         * @param timeout more than 0
         * @return this builder
         */
        public Builder idleTimeout(Duration timeout) {
            positive("idleTimeout", timeout);
            idleTimeout = timeout;
            return this;
        }

        /**
         * Sets {@link HttpLimits#writeTimeout}.
         *
         * @param timeout more than 0
         * @return this builder
         */
        public Builder writeTimeout(Duration timeout) {
            positive("writeTimeout", timeout);
            writeTimeout = timeout;
            return this;
        }

        /**
         * Sets {@link HttpLimits#lingerTimeout}.
         *
         * @param timeout more than 0
         * @return this builder
         */
        public Builder lingerTimeout(Duration timeout) {
            positive("lingerTimeout", timeout);
            lingerTimeout = timeout;
            return this;
        }

        /**
         * The limits.
         *
         * @return what was set, and the defaults for the rest
         */
        public HttpLimits build() {
            return new HttpLimits(
                    maxUriBytes,
                    maxHeaderBytes,
                    maxBodyBytes,
                    maxGatheredBytes,
                    maxPipelined,
                    maxQueuedBytes,
                    http2StreamWindowBytes,
                    http2ConnectionWindowBytes,
                    http2MaxStreamWindowBytes,
                    http2MaxStreams,
                    headerTimeout,
                    bodyTimeout,
                    minBodyBytesPerSecond,
                    idleTimeout,
                    writeTimeout,
                    lingerTimeout);
        }
    }
}
