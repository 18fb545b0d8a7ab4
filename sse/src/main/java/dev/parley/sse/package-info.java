/**
 * Server-sent events: streams of events that a browser hears through {@code EventSource}.
 *
 * <p>A {@link dev.parley.sse.SseEndpoint} answers exchanges with event streams; an {@link dev.parley.sse.SseEmitter} is
 * one open stream; a {@link dev.parley.sse.codec.ServerSentEvent} is what is sent on it. A
 * {@link dev.parley.sse.SseClient} hears such streams from Java.
 */
@NullMarked
package dev.parley.sse;

import org.jspecify.annotations.NullMarked;
