package dev.parley.signaling;

import io.netty.util.NetUtil;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The STUN and TURN servers that peers are told of: by STUN they learn their public address, and a TURN server relays what can't go
 * directly.
 *
 * <pre>{@code
 * IceServers servers = IceServers.stun("stun:stun.example").turn("turn:turn.example", TurnCredentials.rest(secret));
 * }</pre>
 *
 * <p>An URL is {@code stun:host}, {@code stuns:host}, {@code turn:host} or {@code turns:host}, with a {@code :port} or without, and for
 * TURN with {@code ?transport=udp} or {@code ?transport=tcp} or without (RFC 7064 section 3.1, RFC 7065 section 3.1). The host is a
 * name of ASCII, an IPv4 address, or an IPv6 address in brackets. All in lower case but the host, as not every browser takes the rest.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class IceServers {
    private static final IceServers NONE = new IceServers(List.of());
    private static final Pattern URL = Pattern.compile("(?<scheme>stuns?|turns?):"
            + "(?:\\[(?<v6>[0-9A-Fa-f:.]+)]|(?<host>[A-Za-z0-9._-]+))"
            + "(?::(?<port>[0-9]{1,5}))?"
            + "(?<transport>\\?transport=(?:udp|tcp))?");
    /** What is one number, or four, is no name. */
    private static final Pattern NUMBERS = Pattern.compile("[0-9.]+");

    private static final int MAX_HOST_CHARS = 253;

    private final List<Entry> entries;

    private IceServers(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /**
     * No servers: peers find each other on one network only.
     *
     * @return what holds unless others are set
     */
    public static IceServers none() {
        return NONE;
    }

    /**
     * STUN servers.
     *
     * @param urls {@code stun:} or {@code stuns:}, at least one
     * @return the servers
     * @throws IllegalArgumentException if an URL is not one
     */
    public static IceServers stun(String... urls) {
        return NONE.and(new Entry(checked("stun", Arrays.asList(urls)), null, null, null));
    }

    /**
     * Adds a TURN server with credentials that expire. Before they do, each peer is sent others.
     *
     * @param url {@code turn:} or {@code turns:}
     * @param credentials how its credentials are made
     * @return new servers: these and that one
     * @throws IllegalArgumentException if the URL is not one
     */
    public IceServers turn(String url, TurnCredentials credentials) {
        return turn(List.of(url), credentials);
    }

    /**
     * Adds TURN servers with credentials that expire, or several ways to one: such as UDP, TCP and TLS.
     *
     * @param urls {@code turn:} or {@code turns:}, at least one
     * @param credentials how the credentials for all of them are made
     * @return new servers: these and those
     * @throws IllegalArgumentException if an URL is not one
     */
    public IceServers turn(List<String> urls, TurnCredentials credentials) {
        return and(new Entry(checked("turn", urls), null, null, credentials));
    }

    /**
     * Adds a TURN server with credentials that never change. Whoever opens the page can read them and use them elsewhere: for tests and
     * closed networks.
     *
     * @param url {@code turn:} or {@code turns:}
     * @param username not empty
     * @param credential the password, not empty
     * @return new servers: these and that one
     * @throws IllegalArgumentException if the URL is not one, or something is empty
     */
    public IceServers turn(String url, String username, String credential) {
        if (username.isEmpty() || credential.isEmpty()) {
            throw new IllegalArgumentException(
                    (username.isEmpty() ? "username" : "credential") + ": empty (expected: one)");
        }
        return and(new Entry(checked("turn", List.of(url)), username, credential, null));
    }

    /**
     * What one peer is told.
     *
     * @param user who uses the credentials: the id of the peer
     * @param now the time
     */
    Grant grant(String user, Instant now) {
        List<IceServer> servers = new ArrayList<>(entries.size());
        Instant renew = null;
        for (Entry entry : entries) {
            servers.add(entry.server(user, now));
            if (entry.credentials != null) {
                Instant next = entry.credentials.renew(now);
                renew = renew == null || next.isBefore(renew) ? next : renew;
            }
        }
        return new Grant(List.copyOf(servers), renew);
    }

    private IceServers and(Entry entry) {
        return new IceServers(Stream.concat(entries.stream(), Stream.of(entry)).toList());
    }

    private static List<String> checked(String scheme, List<String> urls) {
        if (urls.isEmpty()) {
            throw new IllegalArgumentException("urls: none (expected: at least one)");
        }
        urls.forEach(url -> check(scheme, url));
        return List.copyOf(urls);
    }

    private static void check(String scheme, String url) {
        Matcher parts = URL.matcher(url);
        if (!parts.matches() || !parts.group("scheme").startsWith(scheme)) {
            throw refused(
                    url,
                    scheme + ":host[:port]" + (scheme.equals("turn") ? "[?transport=udp|tcp]" : "") + " or " + scheme
                            + "s:…");
        }
        if (scheme.equals("stun") && parts.group("transport") != null) {
            throw refused(url, "no transport, which is for TURN only");
        }
        String port = parts.group("port");
        if (port != null && (Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535)) {
            throw refused(url, "a port of 1 to 65535");
        }
        String v6 = parts.group("v6");
        if (v6 != null ? !NetUtil.isValidIpV6Address(v6) : !isHost(parts.group("host"))) {
            throw refused(url, "a name, an IPv4 address, or an IPv6 address in brackets");
        }
    }

    private static boolean isHost(String host) {
        return NUMBERS.matcher(host).matches()
                ? NetUtil.isValidIpV4Address(host)
                : host.length() <= MAX_HOST_CHARS && !host.startsWith(".") && !host.contains("..");
    }

    private static IllegalArgumentException refused(String url, String expected) {
        return new IllegalArgumentException("url: " + url + " (expected: " + expected + ")");
    }

    /** The servers, without credentials. */
    @Override
    public String toString() {
        return "IceServers" + entries.stream().map(Entry::urls).toList();
    }

    /** Servers of which a browser is told in one. */
    private record Entry(
            List<String> urls,
            @Nullable String username,
            @Nullable String credential,
            @Nullable TurnCredentials credentials) {

        IceServer server(String user, Instant now) {
            return credentials == null
                    ? new IceServer(urls, username, credential)
                    : credentials.server(urls, user, now);
        }
    }

    /**
     * What one peer is told.
     *
     * @param servers the servers
     * @param renew when others are to be sent, well before these expire; {@code null} if they don't
     */
    record Grant(List<IceServer> servers, @Nullable Instant renew) {}
}
