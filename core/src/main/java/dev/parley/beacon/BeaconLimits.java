package dev.parley.beacon;

import java.time.Duration;

/** What a collector holds at most, and for how long. */
record BeaconLimits(
        int maxQueuedBeacons,
        long maxQueuedBytes,
        int maxBatchBeacons,
        long maxBatchBytes,
        Duration maxBatchDelay,
        WhenBehind whenBehind) {}
