package dev.parley.beacon;

import java.util.Base64;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A beacon as one line of JSON. */
final class BeaconJson {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private BeaconJson() {}

    static byte[] write(Beacon beacon) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("at", beacon.at().toString());
        json.put("kind", beacon.kind().name().toLowerCase(Locale.ROOT));
        json.put("address", beacon.source().address().getHostAddress());
        json.put("path", beacon.source().path());
        json.put("origin", beacon.source().origin());
        json.put("referrer", beacon.source().referrer());
        json.put("userAgent", beacon.source().userAgent());
        json.put("contentType", beacon.body().contentType());
        if (beacon.kind() == BeaconKind.BINARY) {
            json.put("base64", Base64.getEncoder().encodeToString(beacon.body().bytes()));
        } else {
            json.put("text", beacon.body().text());
        }
        return MAPPER.writeValueAsBytes(json);
    }
}
