package dev.parley.examples;

import dev.parley.http.Routes;
import dev.parley.signaling.SignalingEndpoint;

/** Introduces browsers to each other. What they say and show then goes from one to the other, and not through here. */
final class WebRtcDemo {
    // In a mesh everybody sends to everybody: with more, the browsers would have too much to do.
    private final SignalingEndpoint rooms =
            SignalingEndpoint.builder().maxPeers(6).build();

    Routes routes() {
        // WebSockets, and where they are blocked event streams and POST, at one address. The page has signaling.js from
        // /parley, beside beacon.js: see BeaconDemo.
        return Routes.builder().any("/signal", rooms).build();
    }
}
