package dev.parley.http;

/** The grammar of {@code Host} and {@code :authority}: a host and perhaps a port (RFC 9110 section 7.2, RFC 3986 section 3.2). */
final class Authority {
    private Authority() {}

    /** Whether it is a host, or a host and a port: no user, no path, no white space. Empty is legal where the target has no authority. */
    static boolean isValid(String authority) {
        int end = authority.length();
        int i = 0;
        if (authority.startsWith("[")) {
            i = authority.indexOf(']') + 1;
            if (i < 3 || !isAddress(authority, i - 1)) {
                return false;
            }
        } else {
            while (i < end && isHostCharacter(authority.charAt(i))) {
                i++;
            }
        }
        if (i == end) {
            return true;
        }
        if (authority.charAt(i) != ':' || end - i > 6) {
            return false;
        }
        int port = 0;
        for (int j = i + 1; j < end; j++) {
            char c = authority.charAt(j);
            if (c < '0' || c > '9') {
                return false;
            }
            port = port * 10 + c - '0';
        }
        return port <= 65_535;
    }

    private static boolean isAddress(String authority, int end) {
        for (int i = 1; i < end; i++) {
            char c = authority.charAt(i);
            if (Character.digit(c, 16) < 0 && c != ':' && c != '.') {
                return false;
            }
        }
        return true;
    }

    /** Unreserved, percent-encoded and sub-delimiters. */
    private static boolean isHostCharacter(char c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || "-._~%!$&'()*+,;=".indexOf(c) >= 0;
    }
}
