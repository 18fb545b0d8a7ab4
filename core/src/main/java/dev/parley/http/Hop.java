package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one proxy tells of the request that it passed on.
 *
 * @param from who sent it; {@code null} where that is hidden or malformed
 * @param scheme {@code http} or {@code https}; {@code null} where neither is told
 * @param authority {@code null} where none is told
 */
record Hop(
        @Nullable InetSocketAddress from,
        @Nullable String scheme,
        @Nullable String authority) {
    /** Zones and brackets, which Netty takes for a part of an address. */
    private static final Pattern IPV6_EXTRAS = Pattern.compile("[%\\[\\]]");
    /** RFC 7239 section 6: an address, and a port that may be obfuscated. */
    private static final Pattern NODE =
            Pattern.compile("(?:([0-9.]+)|\\[([0-9A-Fa-f:.]+)])(?::([0-9]{1,5}|_[A-Za-z0-9._-]+))?");

    /**
     * Reads {@code Forwarded} (RFC 7239 section 4), the nearest proxy first. Each line is read by itself: where one is
     * malformed the hops end, and those before it count, as other proxies have written them.
     */
    static List<Hop> ofForwarded(List<String> lines) {
        List<Hop> hops = new ArrayList<>();
        for (int i = lines.size() - 1; i >= 0; i--) {
            List<Hop> line = ofForwarded(lines.get(i));
            if (line == null) {
                break;
            }
            Collections.reverse(line);
            hops.addAll(line);
        }
        return hops;
    }

    private static @Nullable List<Hop> ofForwarded(String line) {
        ForwardedScanner scanner = new ForwardedScanner(line);
        List<Hop> hops = new ArrayList<>();
        do {
            Map<String, String> element = scanner.element();
            if (element == null) {
                return null;
            }
            // An empty member of a list is none (RFC 9110 section 5.6.1).
            if (!element.isEmpty()) {
                hops.add(new Hop(
                        node(element.get("for")), schemeOf(element.get("proto")), authorityOf(element.get("host"))));
            }
        } while (scanner.skip(','));
        return hops;
    }

    static boolean hasXForwarded(HttpHeaders headers) {
        return headers.contains("x-forwarded-for")
                || headers.contains("x-forwarded-proto")
                || headers.contains("x-forwarded-host");
    }

    /**
     * Reads the three headers, the nearest proxy first. They need not have the same length: many proxies append to the
     * addresses, and set the others.
     */
    static List<Hop> ofXForwarded(HttpHeaders headers) {
        List<String> addresses = members(headers, "x-forwarded-for");
        List<String> schemes = members(headers, "x-forwarded-proto");
        List<String> authorities = members(headers, "x-forwarded-host");
        List<Hop> hops = new ArrayList<>();
        do {
            int i = hops.size();
            String address = at(addresses, i);
            hops.add(new Hop(
                    i < addresses.size() && address != null ? node(bracketed(address)) : null,
                    schemeOf(at(schemes, i)),
                    authorityOf(at(authorities, i))));
        } while (hops.size() < addresses.size());
        return hops;
    }

    private static List<String> members(HttpHeaders headers, String name) {
        List<String> members = new ArrayList<>(headers.getAll(name).stream()
                .flatMap(line -> Stream.of(line.split(",", -1)))
                .map(String::strip)
                .toList());
        Collections.reverse(members);
        return members;
    }

    /** The member of a hop; the outermost where the list is shorter than that of the addresses. */
    private static @Nullable String at(List<String> members, int hop) {
        return members.isEmpty() ? null : members.get(Math.min(hop, members.size() - 1));
    }

    /** In X-Forwarded-For an IPv6 address may stand without brackets, and then without a port. */
    private static String bracketed(String address) {
        boolean bare = !address.startsWith("[") && address.indexOf(':') != address.lastIndexOf(':');
        return bare ? "[" + address + "]" : address;
    }

    private static @Nullable String schemeOf(@Nullable String text) {
        String scheme = text == null ? "" : text.toLowerCase(Locale.ROOT);
        return scheme.equals("http") || scheme.equals("https") ? scheme : null;
    }

    private static @Nullable String authorityOf(@Nullable String text) {
        return text == null || Authority.parse(text) == null ? null : text;
    }

    private static @Nullable InetSocketAddress node(@Nullable String text) {
        Matcher node = NODE.matcher(text == null ? "" : text);
        if (!node.matches()) {
            return null;
        }
        boolean ipv4 = node.group(1) != null;
        String literal = ipv4 ? node.group(1) : node.group(2);
        InetAddress address = ipv4 || literal.indexOf(':') >= 0 ? address(literal) : null;
        String digits = node.group(3) == null || node.group(3).startsWith("_") ? "0" : node.group(3);
        int port = Integer.parseInt(digits);
        return address == null || port > 0xFFFF ? null : new InetSocketAddress(address, port);
    }

    /** The address that a text spells, without asking the name service; a mapped IPv4 address is IPv4. */
    static @Nullable InetAddress address(String text) {
        byte[] octets = IPV6_EXTRAS.matcher(text).find() ? null : NetUtil.createByteArrayFromIpAddressString(text);
        try {
            return octets == null ? null : InetAddress.getByAddress(octets);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address has 4 or 16 octets", e);
        }
    }
}
