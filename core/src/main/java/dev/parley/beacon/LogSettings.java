package dev.parley.beacon;

import java.time.Duration;
import java.time.InstantSource;

/** What {@link BeaconLog.Builder} was told about files; see there. */
record LogSettings(
        boolean durable,
        long segmentBytes,
        Duration segmentAge,
        long retainBytes,
        Duration retainAge,
        InstantSource clock) {}
