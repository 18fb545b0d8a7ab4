package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The proxies whose word is taken for where a request came from: the client's address, the scheme and the authority that
 * it used.
 *
 * <pre>{@code
 * TrustedProxies.of("10.0.0.0/8", "::1")
 * }</pre>
 *
 * <p><b>Wire.</b> <a href="https://www.rfc-editor.org/rfc/rfc7239">{@code Forwarded} (RFC 7239)</a>, or {@code X-Forwarded-For},
 * {@code X-Forwarded-Proto} and {@code X-Forwarded-Host}. A request with both kinds has neither believed: a proxy writes one kind and
 * passes on the other, which may be the client's own. A proxy appends what it saw at the right; what stands further left came in from
 * outside, and anybody can have written it.
 *
 * <p><b>Safety.</b> Nothing is believed unless the connection itself comes from a trusted address. Then the hops are walked from
 * the right, past those that are trusted: the first that is not is the client, and scheme and authority are those that the outermost trusted
 * proxy tells. Where a hop is malformed, or hides its address ({@code unknown}, {@code _name}), the walk ends, and the client's
 * address is the last trusted one. A header never makes a request fail.
 *
 * <p>A proxy that is named here must set or append to these headers, as it otherwise passes on what a client wrote.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class TrustedProxies {
    private static final TrustedProxies NONE = new TrustedProxies(List.of());

    private final List<Block> blocks;

    private TrustedProxies(List<Block> blocks) {
        this.blocks = blocks;
    }

    /**
     * Whom a request came from.
     *
     * @param address the client's; port 0 where a proxy does not tell it
     * @param scheme {@code http} or {@code https}
     * @param authority what the client asked for
     */
    record Client(InetSocketAddress address, String scheme, String authority) {}

    /**
     * Trusts nobody, so that such headers are text like any other.
     *
     * @return the setting that is the default
     */
    public static TrustedProxies none() {
        return NONE;
    }

    /**
     * Trusts these addresses.
     *
     * @param addresses IPv4 or IPv6 addresses ({@code 192.0.2.1}, {@code ::1}) and blocks of them ({@code 10.0.0.0/8}); an
     *     IPv4 address that is mapped into IPv6 is the IPv4 address
     * @return the setting
     * @throws IllegalArgumentException if one of them is no address, such as a name, or no block
     */
    public static TrustedProxies of(String... addresses) {
        return new TrustedProxies(Stream.of(addresses).map(Block::parse).toList());
    }

    /** The addresses that have their first bits in common. */
    private record Block(InetAddress address, int bits) {

        static Block parse(String text) {
            int slash = text.indexOf('/');
            String literal = slash < 0 ? text : text.substring(0, slash);
            InetAddress address = Hop.address(literal);
            if (address == null) {
                throw bad(text, "an IP address, or a block such as 10.0.0.0/8");
            }
            int most = address.getAddress().length * 8;
            // The bits of a mapped address are counted from the start of the IPv6 address.
            int mapped = most == 32 && literal.indexOf(':') >= 0 ? 96 : 0;
            int bits = slash < 0 ? most : number(text.substring(slash + 1)) - mapped;
            if (bits < 0 || bits > most) {
                throw bad(text, "a prefix of " + mapped + " to " + (mapped + most) + " bits");
            }
            Block block = new Block(address, bits);
            if (!block.isBlank()) {
                throw bad(text, "no bits set behind the prefix");
            }
            return block;
        }

        private static int number(String digits) {
            return digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
        }

        private static IllegalArgumentException bad(String text, String expected) {
            return new IllegalArgumentException("trusted proxy: " + text + " (expected: " + expected + ")");
        }

        private boolean isBlank() {
            byte[] octets = address.getAddress();
            for (int bit = bits; bit < octets.length * 8; bit++) {
                if ((octets[bit / 8] & (0x80 >> bit % 8)) != 0) {
                    return false;
                }
            }
            return true;
        }

        boolean contains(InetAddress other) {
            byte[] ours = address.getAddress();
            byte[] theirs = other.getAddress();
            int whole = bits / 8;
            return ours.length == theirs.length
                    && Arrays.equals(ours, 0, whole, theirs, 0, whole)
                    && (bits % 8 == 0 || ((ours[whole] ^ theirs[whole]) & 0xFF) >> (8 - bits % 8) == 0);
        }
    }

    /** Whether an address is trusted. For a connection this is asked once; where it is not, nothing need be resolved. */
    boolean trusts(InetSocketAddress peer) {
        return !blocks.isEmpty() && peer.getAddress() != null && trusts(peer.getAddress());
    }

    private boolean trusts(InetAddress address) {
        for (Block block : blocks) {
            if (block.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Finds out whom a request came from.
     *
     * @param peer the other end of the connection
     * @param scheme what the connection is
     * @param authority what the request says
     */
    Client resolve(InetSocketAddress peer, String scheme, String authority, HttpHeaders headers) {
        Client client = new Client(peer, scheme, authority);
        if (!trusts(peer)) {
            return client;
        }
        List<String> forwarded = headers.getAll("forwarded");
        if (!forwarded.isEmpty() && Hop.hasXForwarded(headers)) {
            return client; // a proxy writes one of the two kinds and passes on the other, which may be the client's own
        }
        List<Hop> hops = forwarded.isEmpty() ? Hop.ofXForwarded(headers) : Hop.ofForwarded(forwarded);
        for (Hop hop : hops) {
            InetSocketAddress from = hop.from();
            client = new Client(
                    from == null ? client.address() : from,
                    Objects.requireNonNullElse(hop.scheme(), client.scheme()),
                    Objects.requireNonNullElse(hop.authority(), client.authority()));
            if (from == null || !trusts(from.getAddress())) {
                break;
            }
        }
        return client;
    }
}
