package dev.parley.beacon;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A beacon as one line of JSON. */
final class BeaconJson {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private BeaconJson() {}

    static byte[] write(Beacon beacon) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("at", beacon.at().toString());
        json.put("kind", beacon.kind().name());
        json.put("body", beacon.body().text());
        return MAPPER.writeValueAsBytes(json);
    }
}
