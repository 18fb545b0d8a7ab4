/**
 * Beacons: small messages that pages send in passing and do not wait for.
 *
 * <p>A {@link dev.parley.beacon.BeaconCollector} is an endpoint that takes what {@code navigator.sendBeacon}, {@code fetch}
 * with {@code keepalive}, {@code fetchLater}, the Reporting API and Content Security Policy send, and gives it in batches to
 * a {@link dev.parley.beacon.BeaconSink}. A {@link dev.parley.beacon.Beacon} says when and whence it came, and reads its
 * body only as far as somebody asks.
 *
 * <pre>
 *   POST ─→ BeaconCollector: limits, rates, guards ─→ queue ─ batch ─→ BeaconSink (callback, topic, BeaconLog)
 *                   │                                                     │
 *                   └──── 204 at once, or when it is stored ←─────────────┘
 * </pre>
 */
@NullMarked
package dev.parley.beacon;

import org.jspecify.annotations.NullMarked;
