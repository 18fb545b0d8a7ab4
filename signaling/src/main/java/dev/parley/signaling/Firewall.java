package dev.parley.signaling;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

final class Firewall {
    record Rules(int maxSdpBytes, int maxCandidateBytes, boolean relayOnly, boolean dropPrivateAddresses) {}

    Firewall(Rules rules) {}

    String description(String sdp) {
        return sdp;
    }

    Optional<String> candidate(String candidate) {
        return Optional.of(candidate);
    }

    void names(@Nullable String sdpMid, @Nullable Integer sdpMLineIndex, @Nullable String usernameFragment) {}
}
