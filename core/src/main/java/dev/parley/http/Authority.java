package dev.parley.http;

import io.netty.util.NetUtil;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The host, and perhaps the port, that a client names: {@code shop.example}, {@code 127.0.0.1:8080}, {@code [::1]}.
 *
 * <p><b>Wire.</b> {@code uri-host [ ":" port ]} of RFC 9110 section 7.2, without user information. Of what RFC 3986 allows
 * in a registered name only letters, digits, hyphen, underscore and dot are taken: nothing else names a host, and nothing else is
 * safe to be repeated in a header or a link.
 *
 * @param host in lower case, an IPv6 address in its brackets
 * @param port 1 to 65535, or {@link #NO_PORT}
 */
record Authority(String host, int port) {
    static final int NO_PORT = -1;

    /** Reads an authority; {@code null} where the text is none. */
    static @Nullable Authority parse(String text) {
        int colon = text.startsWith("[") ? text.indexOf(':', text.indexOf(']') + 1) : text.indexOf(':');
        String host = colon < 0 ? text : text.substring(0, colon);
        int port = colon < 0 ? NO_PORT : port(text, colon + 1);
        boolean valid = port != 0 && (host.startsWith("[") ? isIpv6(host) : isName(host));
        return valid ? new Authority(host.toLowerCase(Locale.ROOT), port) : null;
    }

    /** The port at the end of a text: {@link #NO_PORT} where it is empty (RFC 3986 section 3.2.3), 0 where it is none. */
    private static int port(String text, int from) {
        int port = 0;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            port = port * 10 + c - '0';
            if (c < '0' || c > '9' || port > 0xFFFF) {
                return 0;
            }
        }
        return from == text.length() ? NO_PORT : port;
    }

    private static boolean isIpv6(String host) {
        return host.endsWith("]")
                && host.lastIndexOf('[') == 0
                && host.indexOf('%') < 0
                && NetUtil.isValidIpV6Address(host.substring(1, host.length() - 1));
    }

    /** Letters, digits, hyphens and underscores in labels that are not empty; one dot may end the name. */
    private static boolean isName(String host) {
        char previous = '.';
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c == '.' ? previous == '.' : !isOfLabel(c)) {
                return false;
            }
            previous = c;
        }
        return !host.isEmpty();
    }

    private static boolean isOfLabel(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }

    @Override
    public String toString() {
        return port == NO_PORT ? host : host + ':' + port;
    }
}
