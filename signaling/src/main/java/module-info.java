/** WebRTC signaling: rooms and peers, ICE servers and TURN credentials, a browser module; the protocols of PeerJS and y-webrtc. */
module dev.parley.signaling {
    requires transitive dev.parley.core;
    requires transitive dev.parley.websocket;
    requires transitive tools.jackson.databind;
    requires dev.parley.sse;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.parley.signaling;
}
