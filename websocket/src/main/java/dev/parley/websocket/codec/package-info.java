/**
 * The wire of WebSocket: <a href="https://www.rfc-editor.org/rfc/rfc6455">RFC 6455</a>, its compression
 * (<a href="https://www.rfc-editor.org/rfc/rfc7692">RFC 7692</a>) and its handshake over HTTP/1.1 and over HTTP/2
 * (<a href="https://www.rfc-editor.org/rfc/rfc8441">RFC 8441</a>), from the server's side.
 *
 * <p>A <em>frame</em> is a unit on the wire. A <em>message</em> is a whole text or binary message, in one frame or several.
 */
@NullMarked
package dev.parley.websocket.codec;

import org.jspecify.annotations.NullMarked;
