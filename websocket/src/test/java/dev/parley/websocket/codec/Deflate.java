package dev.parley.websocket.codec;

import java.util.List;

/** What is agreed on with a client that offers permessage-deflate. */
final class Deflate {
    private Deflate() {}

    static DeflateAgreement withoutTakeover() {
        return agree("permessage-deflate", DeflateSettings.withoutTakeover());
    }

    static DeflateAgreement withTakeover() {
        return agree("permessage-deflate", DeflateSettings.withTakeover(new MemoryBudget(1 << 20)));
    }

    static DeflateAgreement agree(String offers, DeflateSettings settings) {
        return DeflateAgreement.negotiate(List.of(offers), settings).orElseThrow();
    }
}
