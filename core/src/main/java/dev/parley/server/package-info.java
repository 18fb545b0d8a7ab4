/** A server that listens for HTTP/1.1 and HTTP/2, with or without TLS. */
@NullMarked
package dev.parley.server;

import org.jspecify.annotations.NullMarked;
