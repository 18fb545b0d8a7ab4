package dev.parley.sse;

import dev.parley.http.Response;

/**
 * What an endpoint needs whose streams may be compressed.
 *
 * @param plainHead for clients that do not allow it
 */
record GzipFormat(Response head, Response plainHead, GzipEncoding encoding) {

    static GzipFormat of(ChunkEncoding encoding) {
        Response plain = encoding.format().head().header("Vary", "Accept-Encoding");
        return new GzipFormat(plain.header("Content-Encoding", "gzip"), plain, new GzipEncoding(encoding));
    }
}
