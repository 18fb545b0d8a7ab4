package dev.parley.signaling;

import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What an address tells, as far as it can be seen without asking anybody. */
enum Address {
    /** {@code 0.0.0.0} or {@code ::}: none. */
    UNSPECIFIED,
    /** Means something within a host, a link or a private network only. */
    PRIVATE,
    /** Any other address. */
    PUBLIC,
    /**
     * {@code ….local}: a name of multicast DNS. Browsers make a random one for each page in place of a private address
     * (draft-ietf-mmusic-mdns-ice-candidates), so that it tells nothing, and serves those on the same link only.
     */
    LOCAL_NAME,
    /** Any other name: what it stands for is not known here. */
    NAME;

    private static final String LOCAL = ".local";
    private static final int MAX_NAME_CHARS = 253;
    private static final int MAX_LABEL_CHARS = 63;
    private static final int GROUPS = 8;
    private static final long INVALID = -1;

    /**
     * Reads an address.
     *
     * @return {@code null} if it is none
     */
    static @Nullable Address of(String text, int from, int to) {
        if (isIpv6(text, from, to)) {
            return ipv6(text, from, to);
        }
        long ipv4 = readIpv4(text, from, to);
        return ipv4 == INVALID ? name(text, from, to) : ipv4((int) ipv4);
    }

    static boolean isIpv6(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) == ':') {
                return true;
            }
        }
        return false;
    }

    /** Whether it says where within a private network something is. */
    boolean isPrivate() {
        return switch (this) {
            case PUBLIC, LOCAL_NAME -> false;
            case UNSPECIFIED, PRIVATE, NAME -> true;
        };
    }

    /** RFC 6890, and what is behind carriers: RFC 6598 (shared), RFC 7335 (translated on the host). */
    private static Address ipv4(int address) {
        if (address == 0) {
            return UNSPECIFIED;
        }
        boolean isPrivate = isWithin(address, 0, 8) // this network
                || isWithin(address, 10 << 24, 8)
                || isWithin(address, 100 << 24 | 64 << 16, 10)
                || isWithin(address, 127 << 24, 8)
                || isWithin(address, 169 << 24 | 254 << 16, 16)
                || isWithin(address, 172 << 24 | 16 << 16, 12)
                || isWithin(address, 192 << 24, 24)
                || isWithin(address, 192 << 24 | 168 << 16, 16);
        return isPrivate ? PRIVATE : PUBLIC;
    }

    private static boolean isWithin(int address, int network, int bits) {
        return (address ^ network) >>> (32 - bits) == 0;
    }

    /** {@code 1.2.3.4} in decimal; a zero before other digits is octal to some and is no address here. */
    private static long readIpv4(String text, int from, int to) {
        long address = 0;
        int parts = 0;
        int at = from;
        while (true) {
            int value = 0;
            int begin = at;
            while (at < to && at - begin < 3 && isDigit(text.charAt(at))) {
                value = value * 10 + (text.charAt(at++) - '0');
            }
            if (at == begin || value > 255 || (at - begin > 1 && text.charAt(begin) == '0')) {
                return INVALID;
            }
            address = address << 8 | value;
            parts++;
            if (at == to) {
                return parts == 4 ? address : INVALID;
            }
            if (parts == 4 || text.charAt(at++) != '.') {
                return INVALID;
            }
        }
    }

    /** RFC 4291 section 2.2, without zones: those mean something on one host only. */
    private static @Nullable Address ipv6(String text, int from, int to) {
        int[] groups = new int[GROUPS];
        int count = 0;
        int gap = -1;
        int at = from;
        if (text.startsWith("::", from) && to - from >= 2) {
            gap = 0;
            at += 2;
        }
        while (at < to) {
            int begin = at;
            int value = 0;
            while (at < to && at - begin < 5 && Character.digit(ascii(text.charAt(at)), 16) >= 0) {
                value = value << 4 | Character.digit(text.charAt(at++), 16);
            }
            if (at < to && text.charAt(at) == '.') {
                long ipv4 = readIpv4(text, begin, to);
                if (ipv4 == INVALID || count > GROUPS - 2) {
                    return null;
                }
                groups[count++] = (int) (ipv4 >>> 16);
                groups[count++] = (int) (ipv4 & 0xFFFF);
                at = to;
                break;
            }
            if (at == begin || at - begin > 4 || count == GROUPS) {
                return null;
            }
            groups[count++] = value;
            if (at == to) {
                break;
            }
            if (text.charAt(at++) != ':' || at == to) {
                return null;
            }
            if (text.charAt(at) == ':') {
                if (gap >= 0) {
                    return null;
                }
                gap = count;
                at++;
            }
        }
        if (gap < 0 ? count != GROUPS : count == GROUPS) {
            return null;
        }
        if (gap >= 0) {
            int behind = count - gap;
            System.arraycopy(groups, gap, groups, GROUPS - behind, behind);
            Arrays.fill(groups, gap, GROUPS - behind, 0);
        }
        return ipv6(groups);
    }

    private static Address ipv6(int[] groups) {
        int first = groups[0];
        if ((first & 0xFE00) == 0xFC00 // unique local: RFC 4193
                || (first & 0xFFC0) == 0xFE80 // link-local: RFC 4291
                || (first & 0xFFC0) == 0xFEC0 // site-local, as it once was: RFC 3879
                || (first == 0x64 && groups[1] == 0xFF9B && groups[2] == 1)) { // translated locally: RFC 8215
            return PRIVATE;
        }
        if (first == 0x2002) { // 6to4: RFC 3056
            return embedded(groups[1], groups[2]);
        }
        boolean isTranslated = first == 0x64 && groups[1] == 0xFF9B; // RFC 6052
        int prefix = isTranslated ? 0 : first | groups[1];
        if ((prefix | groups[2] | groups[3] | groups[4]) != 0) {
            return PUBLIC;
        }
        if (groups[5] == 0 || (groups[5] == 0xFFFF && !isTranslated)) { // IPv4 in it: RFC 4291 section 2.5.5
            boolean isNone = !isTranslated && (groups[5] | groups[6] | groups[7]) == 0;
            return isNone ? UNSPECIFIED : embedded(groups[6], groups[7]); // ::1 is 0.0.0.1, and as private
        }
        return PUBLIC;
    }

    private static Address embedded(int high, int low) {
        Address ipv4 = ipv4(high << 16 | low);
        return ipv4 == UNSPECIFIED ? PRIVATE : ipv4;
    }

    /** RFC 1123 section 2.1. As no top-level domain begins with a digit, {@code 1.2.3} and {@code 0x7f000001} are no names. */
    private static @Nullable Address name(String text, int from, int to) {
        if (to - from > MAX_NAME_CHARS) {
            return null;
        }
        int label = from;
        for (int i = from; i <= to; i++) {
            if (i == to || text.charAt(i) == '.') {
                if (i == label || i - label > MAX_LABEL_CHARS) {
                    return null;
                }
                if (i < to) {
                    label = i + 1;
                }
            } else if (!isLetter(text.charAt(i)) && !isDigit(text.charAt(i)) && text.charAt(i) != '-') {
                return null;
            }
        }
        if (!isLetter(text.charAt(label))) {
            return null;
        }
        boolean isLocal = label - 1 > from
                && text.substring(label - 1, to).toLowerCase(Locale.ROOT).equals(LOCAL);
        return isLocal ? LOCAL_NAME : NAME;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** So that digits of other scripts are none. */
    private static char ascii(char c) {
        return c < 0x80 ? c : ' ';
    }
}
