package dev.parley.websocket.codec;

import java.time.Duration;

/**
 * What the connections of one {@link WebSocketHandler} after the other have in common.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param limits how much is taken of a client
 * @param deflateThreshold messages of at least so many bytes are compressed, where that was agreed on
 * @param closeTimeout how long a client has to answer a close frame
 */
public record WebSocketSettings(ReaderLimits limits, int deflateThreshold, Duration closeTimeout) {}
