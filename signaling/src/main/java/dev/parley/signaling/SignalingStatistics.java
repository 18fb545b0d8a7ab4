package dev.parley.signaling;

/**
 * What an endpoint has and has done.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param rooms rooms there are
 * @param peers peers in them, those that are away or knock included
 * @param relayed signals that were passed on since the endpoint was built
 * @param refused messages that were answered with an error
 * @param keptBytes characters of JSON that are kept for peers that may have missed them, or wait for the policy
 */
public record SignalingStatistics(int rooms, int peers, long relayed, long refused, long keptBytes) {}
