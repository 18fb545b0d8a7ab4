/**
 * WebSocket for applications: an {@link dev.parley.websocket.WebSocketEndpoint} opens {@link
 * dev.parley.websocket.WebSocketConnection}s, over HTTP/1.1 and HTTP/2 alike.
 *
 * <p>A <em>connection</em> is one open WebSocket; it dies with its socket. A <em>message</em> is a whole text or binary message.
 */
@NullMarked
package dev.parley.websocket;

import org.jspecify.annotations.NullMarked;
