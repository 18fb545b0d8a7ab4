/**
 * The wire of server-sent events: {@code text/event-stream} as the
 * <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">HTML standard</a> defines it.
 *
 * <p>An <em>event</em> is what a client's listener gets. A <em>block</em> is the lines up to an empty line; it holds at
 * most one event, and may hold none (a comment, a {@code retry}, an {@code id}). A {@link
 * dev.parley.sse.codec.ServerSentEvent} is a block as a value; {@link dev.parley.sse.codec.EventStreamEncoder} writes
 * blocks, {@link dev.parley.sse.codec.EventStreamParser} reads a stream of them.
 */
@NullMarked
package dev.parley.sse.codec;

import org.jspecify.annotations.NullMarked;
