/**
 * WebRTC signaling: browsers meet in a {@link dev.parley.signaling.Room}, find each other, and agree on how to talk directly. A
 * {@link dev.parley.signaling.SignalingEndpoint} serves them over WebSocket, and over event streams where that is blocked.
 *
 * <p>A <em>peer</em> is one participant of a room; what peers send each other are <em>signals</em>. A peer is a session: it outlives
 * its connection by a grace period. Media never passes through the server.
 */
@NullMarked
package dev.parley.signaling;

import org.jspecify.annotations.NullMarked;
