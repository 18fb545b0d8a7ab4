package dev.parley.beacon;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

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

    /**
     * The reports that it holds, in one shape: of {@link BeaconKind#REPORT} and {@link BeaconKind#CSP_REPORT} what the browser says, of
     * {@link BeaconKind#TEXT}, {@link BeaconKind#JSON} and {@link BeaconKind#BINARY} measurements of web-vitals, alone, in an array, or as
     * {@link #messages}. They are read anew at each call.
     *
     * @return the reports in order; those of the first 1,000 entries, and {@link BeaconBody#flaw} says when there are more
     */
    public List<Report> reports() {
        return Reports.of(this);
    }

    /**
     * The messages that it holds, if {@code beacon.js} sent it.
     *
     * @return the messages; empty for any other beacon
     */
    public Optional<PageMessages> messages() {
        return Reports.isSentByBrowser(this) ? Optional.empty() : body.json().flatMap(PageMessages::of);
    }

    /** What it takes of the heap, roughly. */
    int weight() {
        String contentType = body.contentType();
        return OVERHEAD_BYTES
                + source.weight()
                + (contentType == null ? 0 : contentType.length())
                + body.bytes().length;
    }

    /**
     * What it is, for logs.
     *
     * @return all but the body, of which it tells kind and length
     */
    @Override
    public String toString() {
        return "Beacon[at=" + at + ", source=" + source + ", body=" + body + "]";
    }
}
