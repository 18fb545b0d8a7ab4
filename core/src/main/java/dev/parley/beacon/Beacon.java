package dev.parley.beacon;

import java.time.Instant;

/**
 * One message that a page sent in passing.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into the bytes of its body.
 *
 * @param at when its last byte arrived, by the collector's clock
 * @param source whence it came, as far as the request tells
 * @param body what was sent
 */
public record Beacon(Instant at, BeaconSource source, BeaconBody body) {
    /** What an object of this kind takes of the heap beside its texts and bytes, roughly. */
    private static final int OVERHEAD_BYTES = 256;

    /**
     * What kind of body it has, by its content type.
     *
     * @return the kind
     */
    public BeaconKind kind() {
        return body.kind();
    }

    /** What it takes of the heap, roughly. */
    int weight() {
        String contentType = body.contentType();
        return OVERHEAD_BYTES
                + source.weight()
                + (contentType == null ? 0 : contentType.length())
                + body.bytes().length;
    }
}
